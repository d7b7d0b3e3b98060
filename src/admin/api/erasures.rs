//! Erasures: what is under way, why it is not over, and what a person orders of it.

mod by_hand;
mod shown;

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::shown::Erasure;
use super::shown::{limit, read_if, words};
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{Approve, By, Needs, Operate, Requests, See};
use crate::admin::given::{Body, Nothing, Path, Query};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::erasure::{self, ErasureId};
use crate::ledger::{ErasureFilter, Stopped};
use crate::operations::{erasures, recheck};
use crate::subject::TargetName;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/erasures",
            get_with(list, |op| op.id("list_erasures").summary("List erasures, the newest first")).post_with(
                by_hand::ask,
                |op| op.id("request_erasure").summary("Have a session or a guest erased, by hand and without a rule"),
            ),
        )
        .api_route(
            "/api/v1/erasures/foresee",
            post_with(by_hand::foresee, |op| {
                op.id("foresee_erasure")
                    .summary("Say which sessions that would reach, and what would go where; nothing is changed")
            }),
        )
        .api_route(
            "/api/v1/erasures/{id}",
            get_with(show, |op| op.id("show_erasure").summary("Show an erasure and its steps")),
        )
        .api_route(
            "/api/v1/erasures/{id}/approve",
            post_with(approve, |op| {
                op.id("approve_erasure").summary("Approve one that waits for it: it begins when its time has come")
            }),
        )
        .api_route(
            "/api/v1/erasures/{id}/reject",
            post_with(reject, |op| {
                op.id("reject_erasure").summary("Reject one that waits for approval: nothing is erased")
            }),
        )
        .api_route(
            "/api/v1/erasures/{id}/retry",
            post_with(retry, |op| op.id("retry_erasure").summary("Retry what is parked of it")),
        )
        .api_route(
            "/api/v1/erasures/{id}/begin",
            post_with(begin, |op| {
                op.id("begin_erasure").summary("Begin a scheduled one now, before its time: what is erased is gone")
            }),
        )
        .api_route(
            "/api/v1/erasures/{id}/stop",
            post_with(stop, |op| {
                op.id("stop_erasure")
                    .summary("Have no further call begin; its receipt says what was done and what was not")
            }),
        )
        .api_route(
            "/api/v1/erasures/{id}/cancel",
            post_with(cancel, |op| {
                op.id("cancel_erasure")
                    .summary("Cancel one that has not begun; close a parked one, with a receipt that says so")
            }),
        )
        .api_route(
            "/api/v1/undecided/retry",
            post_with(retry_undecided, |op| {
                op.id("retry_undecided")
                    .summary("Retry events and sessions that could not be decided on, and call mluvii again, which is needed for that")
            }),
        )
}

/// Which erasures.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListErasures")]
struct ListQuery {
    /// States with commas between them; `parked` finds all that need a person.
    state: Option<String>,
    /// Only those with this target.
    target: Option<String>,
    /// Only those that this rule demands; `request` for those that somebody has asked for by hand.
    rule: Option<String>,
    /// Needed where the account may see several companies, and not all.
    company: Option<String>,
    /// Only those that were created since then.
    since: Option<String>,
    /// Only open ones that are due before then; they are listed with the longest due first.
    due_before: Option<String>,
    /// Where the last answer ended: its `next`.
    cursor: Option<String>,
    /// At most so many; 50 where it is left out, and 500 at most.
    limit: Option<u32>,
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Erasure>> {
    let filter = ErasureFilter {
        states: words("state", query.state.as_deref())?,
        target: query.target.map(|name| TargetName(name.into())),
        rule: query.rule,
        installation: by.listed(query.company.as_deref())?,
        since: read_if::<Timestamp>("since", query.since.as_deref())?,
        due_before: read_if::<Timestamp>("due_before", query.due_before.as_deref())?,
        after: read_if("cursor", query.cursor.as_deref())?,
        limit: limit(query.limit)?,
    };
    let page = erasures::list(&by.on, filter).await?;
    let next = page.next.map(|next| next.to_string());
    let explained = erasures::explain(&by.on, page.items).await?;
    Ok(Done(Page { items: explained.iter().map(|one| Erasure::of(one, None)).collect(), next }))
}

/// An erasure, by its id.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichErasure")]
struct Which {
    /// Such as `e-0192…`.
    id: String,
}

impl Which {
    /// The erasure, as far as the account may see its company.
    async fn erasure<N: Needs>(&self, by: &By<N>) -> Result<erasure::Erasure, Problem> {
        let unknown = || Problem::not_found("erasure of this id");
        let id: ErasureId = self.id.parse().map_err(|_| unknown())?;
        let erasure = by.on.ledger.erasure(id).await.map_err(crate::operations::OperationError::from)?;
        erasure.filter(|erasure| by.sees(erasure.subject.installation())).ok_or_else(unknown)
    }
}

async fn shown<N: Needs>(by: &By<N>, which: &Which) -> Result<Erasure, Problem> {
    let erasure = which.erasure(by).await?;
    let rechecks = recheck::of(&by.on, &[&erasure]).await?.pop().unwrap_or_default();
    let mut explained = erasures::explain(&by.on, vec![erasure]).await?;
    let explained = explained.pop().expect("one was explained for one");
    Ok(Erasure::of(&explained, Some(&rechecks)))
}

/// The same after what was ordered is done.
async fn shown_after<N: Needs>(by: &By<N>, which: &Which) -> Result<Erasure, Problem> {
    shown(by, which).await.map_err(Problem::after_the_act)
}

async fn show(by: By<See>, Path(which): Path<Which>, _: Nothing) -> Answer<Erasure> {
    shown(&by, &which).await.map(Done)
}

/// What was seen of an erasure.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BySeen {
    /// The erasure's `version`, as it was shown.
    version: String,
}

async fn approve(by: By<Approve>, Path(which): Path<Which>, Body(seen): Body<BySeen>) -> Answer<Erasure> {
    let id = which.erasure(&by).await?.id;
    erasures::approve(&by.on, id, &seen.version, &by.actor()).await?;
    shown_after(&by, &which).await.map(Done)
}

async fn reject(by: By<Approve>, Path(which): Path<Which>, _: Nothing) -> Answer<Erasure> {
    let id = which.erasure(&by).await?.id;
    erasures::reject(&by.on, id, &by.actor()).await?;
    shown_after(&by, &which).await.map(Done)
}

/// An erasure that was retried.
#[derive(Debug, Serialize, JsonSchema)]
struct Retried {
    erasure: Erasure,
    /// Targets that must not be asked twice, and are asked to erase once more.
    asked_once_more: Vec<String>,
}

async fn retry(by: By<Operate>, Path(which): Path<Which>, _: Nothing) -> Answer<Retried> {
    let id = which.erasure(&by).await?.id;
    let retried = erasures::retry_parked(&by.on, id, &by.actor()).await?;
    let asked_once_more = retried.asked_once_more.iter().map(ToString::to_string).collect();
    Ok(Done(Retried { erasure: shown_after(&by, &which).await?, asked_once_more }))
}

async fn begin(by: By<Requests>, Path(which): Path<Which>, _: Nothing) -> Answer<Erasure> {
    let id = which.erasure(&by).await?.id;
    erasures::begin(&by.on, id, &by.actor()).await?;
    shown_after(&by, &which).await.map(Done)
}

/// An erasure that was stopped.
#[derive(Debug, Serialize, JsonSchema)]
struct Ended {
    erasure: Erasure,
    /// Targets whose calls are still under way: what they erase is gone.
    under_way: Vec<String>,
}

async fn stop(by: By<Requests>, Path(which): Path<Which>, _: Nothing) -> Answer<Ended> {
    let id = which.erasure(&by).await?.id;
    let under_way = match erasures::stop(&by.on, id, &by.actor()).await? {
        Stopped::AfterCalls(targets) => targets.iter().map(ToString::to_string).collect(),
        Stopped::NotBegun | Stopped::AtOnce | Stopped::Not => Vec::new(),
    };
    Ok(Done(Ended { erasure: shown_after(&by, &which).await?, under_way }))
}

async fn cancel(by: By<Requests>, Path(which): Path<Which>, _: Nothing) -> Answer<Erasure> {
    let id = which.erasure(&by).await?.id;
    erasures::cancel(&by.on, id, &by.actor()).await?;
    shown_after(&by, &which).await.map(Done)
}

/// That it is meant: the order names nothing by which a mistaken one would be noticed, so that it has a body.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RetryUndecided {}

/// What was retried of what could not be decided on.
#[derive(Debug, Serialize, JsonSchema)]
struct RetriedUndecided {
    /// Whether mluvii was out, and is called again.
    mluvii_resumed: bool,
    /// How many events, sessions and erasures.
    retried: u64,
}

/// It is of all companies.
async fn retry_undecided(by: By<Operate>, Body(RetryUndecided {}): Body<RetryUndecided>) -> Answer<RetriedUndecided> {
    by.sees_all()?;
    let erasures::UndecidedRetried { mluvii_resumed, work } = erasures::retry_undecided(&by.on, &by.actor()).await?;
    Ok(Done(RetriedUndecided { mluvii_resumed, retried: work }))
}
