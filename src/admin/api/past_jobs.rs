//! Comparisons of the past with mluvii: ordered, shown by rule and month, and done once a person confirms one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::answer::{Answer, Done, Made, Page};
use crate::admin::caller::{By, Needs, Operate, See};
use crate::admin::given::{Body, Nothing, Path};
use crate::admin::keyed::{Keyed, Once};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::ledger::{PastCounts, PastState, StoredPastJob};
use crate::operations::reconcile::{self, Asked};

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/past-jobs",
            get_with(list, |op| {
                op.id("list_past_jobs").summary("List comparisons of the past with mluvii, the newest first")
            })
            .post_with(order, |op| {
                op.id("order_past_job")
                    .summary("Find sessions of the past of which nobody told us, and what the rules would do with them")
            }),
        )
        .api_route(
            "/api/v1/past-jobs/{number}",
            get_with(show, |op| {
                op.id("show_past_job").summary("Show what a comparison of the past comes to, and how far it is")
            }),
        )
        .api_route(
            "/api/v1/past-jobs/{number}/confirm",
            post_with(confirm, |op| {
                op.id("confirm_past_job").summary("Have done what is shown of it: the rules decide on its sessions")
            }),
        )
        .api_route(
            "/api/v1/past-jobs/{number}/cancel",
            post_with(cancel, |op| {
                op.id("cancel_past_job").summary("Have no more done of it; what was entered is decided on")
            }),
        )
}

/// A number by month, such as `2026-11`.
type ByMonth = BTreeMap<String, u64>;

/// A comparison of what ended in a time of the past.
#[derive(Debug, Serialize, JsonSchema)]
struct PastJob {
    number: i64,
    company: String,
    #[schemars(with = "String")]
    since: Timestamp,
    #[schemars(with = "String")]
    until: Timestamp,
    state: PastState,
    /// Until when it is done, as far as its state goes.
    #[schemars(with = "String")]
    come: Timestamp,
    /// Since when a person can confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    shown: Option<Timestamp>,
    /// Sessions that mluvii lists.
    listed: u64,
    /// Those that nobody told us of, by the month in which they ended.
    found: ByMonth,
    /// Those of them that any rule would erase.
    would_erase: ByMonth,
    /// The same by rule.
    by_rule: BTreeMap<String, ByMonth>,
    /// Rules of these that erase more than the session: what else goes is not counted.
    reach_further: BTreeSet<String>,
    /// Those that could not be read: what is said of them is what the rules do with an unknown consent.
    unread: u64,
    /// Those of which a rule could not be evaluated: nobody knows what would be done with them.
    failed: u64,
    failed_by_rule: BTreeMap<String, u64>,
    /// Of tenants of no source.
    foreign: u64,
    /// Those that were entered.
    entered: u64,
    /// Why it does not go on; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why it is shown once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<String>,
}

impl From<StoredPastJob> for PastJob {
    fn from(StoredPastJob { id, job, .. }: StoredPastJob) -> Self {
        let PastCounts { listed, found, would_erase, by_rule, reach_further, unread, failed, failed_by_rule, foreign } =
            job.counts;
        // Of what is over, neither is true any more.
        let is_over = job.state.is_over();
        Self {
            number: id,
            company: job.mluvii.to_string(),
            since: job.since,
            until: job.until,
            state: job.state,
            come: job.come,
            shown: job.shown,
            listed,
            found,
            would_erase,
            by_rule,
            reach_further,
            unread,
            failed,
            failed_by_rule,
            foreign,
            entered: job.entered,
            reason: job.reason.filter(|_| !is_over),
            again: job.again.filter(|_| !is_over),
        }
    }
}

async fn list(by: By<See>, _: Nothing) -> Answer<Page<PastJob>> {
    let mut all = reconcile::jobs(&by.on).await?;
    all.retain(|stored| by.sees(&stored.job.mluvii));
    Ok(Done(Page { items: all.into_iter().map(PastJob::from).collect(), next: None }))
}

/// Which time is compared.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrderPastJob {
    /// Needed where the account may see several companies.
    company: Option<String>,
    #[schemars(with = "String")]
    since: Timestamp,
    /// Now, where it is left out.
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
}

async fn order(by: By<Operate>, keyed: Keyed<OrderPastJob>) -> Result<Once<Made<PastJob>>, Problem> {
    let Keyed { body, order } = keyed;
    order.once(by, move |by| async move { ordered(&by, body).await }).await
}

async fn ordered(by: &By<Operate>, body: OrderPastJob) -> Result<Made<PastJob>, Problem> {
    let installation = by.company_or_only(body.company.as_deref())?;
    // What comes later cannot have been compared.
    let to = body.until.unwrap_or(Timestamp::MAX).min(Timestamp::now());
    if to < body.since {
        return Err(Problem::new(Code::Input, "`since` is to come, or `until` is before it"));
    }
    let asked = Asked { installation, from: body.since, to, dry_run: false, of_past: false };
    let number = reconcile::order(&by.on, &asked, &by.actor()).await.map_err(|error| by.told(error))?;
    seen(by, number).await.map(Made).map_err(Problem::after_the_act)
}

/// One, by its number.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichPastJob")]
struct Which {
    number: i64,
}

/// The comparison, as far as the account may see its company.
async fn seen<N: Needs>(by: &By<N>, number: i64) -> Result<PastJob, Problem> {
    let all = reconcile::jobs(&by.on).await?;
    let found = all.into_iter().find(|stored| stored.id == number && by.sees(&stored.job.mluvii));
    found.map(PastJob::from).ok_or_else(|| Problem::not_found("comparison of this number"))
}

async fn show(by: By<See>, Path(Which { number }): Path<Which>, _: Nothing) -> Answer<PastJob> {
    seen(&by, number).await.map(Done)
}

/// What was seen of a comparison.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmPastJob {
    /// When the comparison was shown, as it says itself: it is shown again where mluvii answers otherwise meanwhile.
    #[schemars(with = "String")]
    shown: Timestamp,
}

async fn confirm(
    by: By<Operate>,
    Path(Which { number }): Path<Which>,
    Body(ConfirmPastJob { shown }): Body<ConfirmPastJob>,
) -> Answer<PastJob> {
    seen(&by, number).await?;
    reconcile::confirm(&by.on, number, shown, &by.actor()).await?;
    seen(&by, number).await.map(Done).map_err(Problem::after_the_act)
}

async fn cancel(by: By<Operate>, Path(Which { number }): Path<Which>, _: Nothing) -> Answer<PastJob> {
    seen(&by, number).await?;
    reconcile::cancel(&by.on, number, &by.actor()).await?;
    seen(&by, number).await.map(Done).map_err(Problem::after_the_act)
}
