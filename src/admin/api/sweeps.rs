//! Sweeps of other systems that were restored: whom they hold again is found, counted, and erased again by the plan that was shown.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::answer::{Answer, Done, Made, Page};
use crate::admin::caller::{By, Operate, See};
use crate::admin::given::{Body, Nothing};
use crate::admin::keyed::{Keyed, Once};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::ledger::{ListedSweep, Restarted, SweepJob, SweepState};
use crate::operations::erase_again::{self, Asked, ErasedAgain, Is, Then};

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/sweeps",
            get_with(list, |op| {
                op.id("list_sweeps")
                    .summary("List the newest sweep of each restored system: how far it is, and what came of it")
            })
            .post_with(order, |op| {
                op.id("order_sweep")
                    .summary("Find whom a restored system holds again; by a plan, have them erased there")
            }),
        )
        .api_route(
            "/api/v1/sweeps/cancel",
            post_with(cancel, |op| {
                op.id("cancel_sweep").summary("Have no more done of one; who was asked for already is erased")
            }),
        )
}

/// A sweep of one system for the people of one company. Nothing of it names a person.
#[derive(Debug, Serialize, JsonSchema)]
struct Sweep {
    target: String,
    company: String,
    /// Who was erased since then is looked for.
    #[schemars(with = "String")]
    since: Timestamp,
    /// Whether they are only counted.
    count: bool,
    by: String,
    #[schemars(with = "String")]
    begun: Timestamp,
    state: SweepState,
    /// Records that the system has told of so far.
    records: u64,
    /// When it has gone on last.
    #[schemars(with = "String")]
    moved: Timestamp,
    /// How often it has begun from its start once more, and why the last time.
    restarts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    restarted: Option<Restarted>,
    /// Why it does not go on, or was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How many people were asked for.
    asked: usize,
    /// What came of it, once it is done; missing where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<SweepResult>,
}

/// What came of a sweep.
#[derive(Debug, Serialize, JsonSchema)]
struct SweepResult {
    /// Names those who are to be erased again: with it, that is ordered.
    plan: String,
    /// The erasures at this system since then by whose fingerprints people can be found.
    compared: u64,
    /// The others: nothing is kept any more by which they could be found.
    not_comparable: u64,
    /// Those whose data it kept: they are not compared.
    not_erased_then: u64,
    /// Those that are done there and open elsewhere: they are not compared before they have ended.
    still_open: u64,
    /// Since when fingerprints are kept; missing where they are kept for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    kept_since: Option<Timestamp>,
    records: u64,
    found: Vec<PersonAgain>,
    /// Places that it did not tell of. Where there is one, nobody is erased.
    not_looked_at: Vec<String>,
    /// Whether what is asked for waits for somebody else's approval.
    needs_approval: bool,
}

/// Somebody who was erased, and of whom something is there.
#[derive(Debug, Serialize, JsonSchema)]
struct PersonAgain {
    /// The erasure by which.
    erasure: String,
    is: Is,
    /// Records that are to go.
    records: u64,
    /// Records that are theirs and newer, or of which nobody knows whether they are.
    kept: u64,
    /// The erasure by which they go, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<String>,
}

impl From<ErasedAgain> for SweepResult {
    fn from(done: ErasedAgain) -> Self {
        let person = |one: erase_again::FoundAgain| PersonAgain {
            erasure: one.erasure.to_string(),
            is: one.is,
            records: one.records,
            kept: one.kept,
            again: one.again.map(|again| again.to_string()),
        };
        Self {
            plan: done.plan,
            compared: done.compared,
            not_comparable: done.not_comparable,
            not_erased_then: done.not_erased_then,
            still_open: done.still_open,
            kept_since: done.kept_since,
            records: done.records,
            found: done.found.into_iter().map(person).collect(),
            not_looked_at: done.not_looked_at,
            needs_approval: done.needs_approval,
        }
    }
}

impl Sweep {
    fn of(job: SweepJob, asked: usize) -> Self {
        let result = job.result.and_then(|result| serde_json::from_value::<ErasedAgain>(result).ok());
        Self {
            target: job.target.to_string(),
            company: job.mluvii.to_string(),
            since: job.since,
            count: job.then == Then::Count,
            by: job.by.to_string(),
            begun: job.begun,
            state: job.state,
            records: job.records,
            moved: job.moved,
            restarts: job.restarts,
            restarted: job.restarted,
            reason: job.reason,
            asked,
            result: result.map(SweepResult::from),
        }
    }
}

async fn list(by: By<See>, _: Nothing) -> Answer<Page<Sweep>> {
    let mut all = erase_again::jobs(&by.on).await?;
    all.retain(|listed| by.sees(&listed.job.mluvii));
    let items =
        all.into_iter().map(|ListedSweep { job, asked }| Sweep::of(job, usize::try_from(asked).unwrap_or(usize::MAX)));
    Ok(Done(Page { items: items.collect(), next: None }))
}

/// What is swept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrderSweep {
    /// The system that was restored.
    target: String,
    /// Needed where the account may see several companies.
    company: Option<String>,
    /// When the backup was made; better too early.
    #[schemars(with = "String")]
    since: Timestamp,
    /// Those whom this plan is about are erased there; nobody, if they are others by now. They are only counted, where it is left out.
    plan: Option<String>,
}

async fn order(by: By<Operate>, keyed: Keyed<OrderSweep>) -> Result<Once<Made<Sweep>>, Problem> {
    let Keyed { body, order } = keyed;
    order.once(by, move |by| async move { ordered(&by, body).await }).await
}

async fn ordered(by: &By<Operate>, body: OrderSweep) -> Result<Made<Sweep>, Problem> {
    if body.since > Timestamp::now() {
        return Err(Problem::new(Code::Input, "`since` is to come"));
    }
    let installation = Some(by.company_or_only(body.company.as_deref())?);
    let asked = Asked { target: body.target, installation, since: body.since };
    let then = body.plan.map_or(Then::Count, |plan| Then::Erase { plan });
    let job = erase_again::order(&by.on, &asked, &then, &by.actor()).await.map_err(|error| by.told(error))?;
    let asked_for = job.asked.len();
    Ok(Made(Sweep::of(job, asked_for)))
}

/// Which one is cancelled.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CancelSweep {
    target: String,
    /// Needed where the account may see several companies.
    company: Option<String>,
}

/// The sweep that was cancelled.
#[derive(Debug, Serialize, JsonSchema)]
struct CancelledSweep {
    target: String,
    company: String,
}

async fn cancel(by: By<Operate>, Body(body): Body<CancelSweep>) -> Answer<CancelledSweep> {
    let company = by.company_or_only(body.company.as_deref())?;
    let cancelled = erase_again::cancel(&by.on, &body.target, Some(&company), &by.actor()).await;
    cancelled.map_err(|error| by.told(error))?;
    Ok(Done(CancelledSweep { target: body.target, company: company.to_string() }))
}
