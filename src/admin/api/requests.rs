//! What persons ask for: from the letter to the erasure.

mod plan;
mod shown;

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use self::plan::{Planned, Ran};
use self::shown::{PlanSessions, Request};
use super::shown::{GivenIdentifier, identifiers, limit, read_if, words};
use crate::access::Companies;
use crate::admin::answer::{Answer, Done, Made, Page};
use crate::admin::caller::{Approve, By, Requests, See, SeePlans};
use crate::admin::given::{Body, Nothing, Path, Query};
use crate::admin::keyed::{Keyed, Once};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::ledger::{RequestCursor, RequestFilter, RequestOrder};
use crate::operations::requests::{self, Asked, Named};
use crate::request::{Came, ClosedBecause, ExtendedBecause, RejectedBecause, RequestNumber, RequestState, VerifiedBy};
use crate::subject::InstallationName;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/requests",
            get_with(list, |op| {
                op.id("list_requests").summary("List requests, the newest first, or by their last day")
            })
            .post_with(enter, |op| op.id("enter_request").summary("Enter a request")),
        )
        .api_route(
            "/api/v1/requests/find",
            post_with(find, |op| op.id("find_requests").summary("Find a person's requests")),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}",
            get_with(show, |op| op.id("show_request").summary("Show a request")),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/verify",
            post_with(verify, |op| {
                op.id("verify_request").summary("Say how it is known whose it is, or that more was asked for")
            }),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/extend",
            post_with(extend, |op| op.id("extend_request").summary("Answer it one or two months later")),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/reject",
            post_with(reject, |op| op.id("reject_request").summary("Erase nothing, for a reason of the law")),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/withdraw",
            post_with(withdraw, |op| op.id("withdraw_request").summary("The person wants nothing any more")),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/close",
            post_with(close, |op| op.id("close_request").summary("End it otherwise")),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/plan",
            post_with(plan, |op| {
                op.id("plan_request").summary("Show what it would have erased, and keep that as its plan")
            })
            .get_with(view_plan, |op| {
                op.id("show_plan").summary("Show the sessions of its plan: each look is in the audit")
            }),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/approve",
            post_with(approve, |op| op.id("approve_request").summary("Let what somebody else has planned go")),
        )
        .api_route(
            "/api/v1/requests/{company}/{number}/run",
            post_with(run, |op| op.id("run_request").summary("Have done what was planned, and nothing else")),
        )
}

/// Which requests.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// States with commas between them; the open ones where it is left out.
    state: Option<String>,
    /// Also those that have ended.
    #[serde(default)]
    all: bool,
    /// `due` lists open ones by their last day, those that do not run behind the others; `entered`, or left out, the newest first.
    order: Option<String>,
    /// Needed where the account may see several companies, and not all.
    company: Option<String>,
    /// Where the last answer ended: its `next`. It is good for the order in which that was.
    cursor: Option<String>,
    /// At most so many; 50 where it is left out, and 500 at most.
    limit: Option<u32>,
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Request>> {
    let open = || RequestState::ALL.iter().copied().filter(|state| state.is_open()).collect();
    let named = words("state", query.state.as_deref())?;
    if query.all && !named.is_empty() {
        return Err(Problem::new(
            Code::NotUnderstood,
            "`all` lists every state, and `state` only some: leave one of them out",
        ));
    }
    let states: Vec<RequestState> = if named.is_empty() && !query.all { open() } else { named };
    let cursor: Option<RequestCursor> = read_if("cursor", query.cursor.as_deref())?;
    let order = read_if("order", query.order.as_deref())?.or(cursor.map(RequestCursor::order));
    let order = order.unwrap_or(RequestOrder::Entered);
    let refused = |why: &str| Problem::new(Code::NotUnderstood, why.to_owned());
    if !order.has(&states) {
        return Err(refused("what has ended has no last day: list it with `order` left out"));
    }
    let filter = RequestFilter {
        states,
        companies: Companies::named(by.listed(query.company.as_deref())?),
        target: None,
        due: None,
        cursor: order.begin(cursor).ok_or_else(|| refused("`cursor` is of a list in another order"))?,
        limit: limit(query.limit)?,
    };
    let page = requests::list(&by.on, filter).await?;
    Ok(Done(Page::of(page, |shown| Request::from(&shown))))
}

/// A person's request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewRequest {
    /// Needed where the account may see several companies.
    company: Option<String>,
    /// The company's own number of the case; the next one of quietus where it is left out.
    number: Option<String>,
    came: Came,
    /// The day on which it came; today where it is left out.
    #[schemars(with = "Option<String>")]
    received: Option<Date>,
    /// How it is known whose it is, if it is: `document` or `known-contact`.
    verified: Option<VerifiedBy>,
    /// The places to erase from; all where it is left out.
    #[serde(default)]
    targets: Vec<String>,
    identifiers: Vec<GivenIdentifier>,
    /// Whether it is entered although an open one is of the same person.
    #[serde(default)]
    anyway: bool,
}

async fn enter(by: By<Requests>, keyed: Keyed<NewRequest>) -> Result<Once<Made<Request>>, Problem> {
    let Keyed { body, order } = keyed;
    order.once(by, move |by| async move { entered(&by, body).await }).await
}

async fn entered(by: &By<Requests>, new: NewRequest) -> Result<Made<Request>, Problem> {
    let asked = Asked {
        installation: Some(by.company_or_only(new.company.as_deref())?),
        number: read_if("number", new.number.as_deref())?,
        came: new.came,
        received: new.received,
        verified: new.verified,
        targets: new.targets,
        identifiers: identifiers(new.identifiers)?,
        anyway: new.anyway,
    };
    let entered = requests::enter(&by.on, asked, &by.actor()).await.map_err(|error| by.told(error))?;
    Ok(Made(Request::from(&entered)))
}

/// Whose requests.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FindRequests")]
struct Find {
    /// Needed where the account may see several companies, and not all.
    company: Option<String>,
    /// Values of one kind are alternatives; every kind that is given has to agree.
    identifiers: Vec<GivenIdentifier>,
}

async fn find(by: By<Requests>, Body(find): Body<Find>) -> Answer<Page<Request>> {
    let company = by.listed(find.company.as_deref())?;
    let found = requests::find(&by.on, company.as_ref(), &identifiers(find.identifiers)?, &by.actor()).await?;
    Ok(Done(Page { items: found.iter().map(Request::from).collect(), next: None }))
}

/// A request, by its company and its number.
#[derive(Deserialize, JsonSchema)]
struct Which {
    company: String,
    /// Such as `R-7`, or the company's own; a `/` in it is written `%2F`.
    number: String,
}

impl Which {
    fn named<N>(&self, by: &By<N>) -> Result<Named, Problem> {
        let installation: InstallationName = by.company(&self.company)?;
        let number: RequestNumber = self.number.parse().map_err(|_| Problem::not_found("request of this number"))?;
        Ok(Named { number, installation: Some(installation) })
    }
}

async fn show(by: By<See>, Path(which): Path<Which>, _: Nothing) -> Answer<Request> {
    let shown = requests::show(&by.on, &which.named(&by)?).await?;
    Ok(Done(Request::from(&shown)))
}

/// What is known of whose it is: one of `how`, `by_email`, `asked` and `answered`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Verify {
    /// It is known, by this.
    How(VerifiedBy),
    /// A link that is mailed to the request's one address is to show it.
    ByEmail,
    /// More was asked for, and the deadline does not run.
    Asked,
    /// There is an answer that does not show it, and the deadline runs on.
    Answered,
}

/// How it is known whose it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verification {
    verify: Verify,
    /// The day on which that was; today where it is left out.
    #[schemars(with = "Option<String>")]
    on: Option<Date>,
}

async fn verify(by: By<Requests>, Path(which): Path<Which>, Body(body): Body<Verification>) -> Answer<Request> {
    let (on, named, actor) = (&by.on, which.named(&by)?, by.actor());
    let shown = match body.verify {
        Verify::How(how) => requests::verify(on, &named, how, body.on, &actor).await?,
        Verify::ByEmail => requests::send_link(on, &named, &actor).await?,
        Verify::Asked => requests::ask(on, &named, body.on, &actor).await?,
        Verify::Answered => requests::answered(on, &named, body.on, &actor).await?,
    };
    Ok(Done(Request::from(&shown)))
}

/// Until when it is answered instead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Extension {
    /// 1 or 2.
    months: u8,
    because: ExtendedBecause,
}

async fn extend(by: By<Requests>, Path(which): Path<Which>, Body(body): Body<Extension>) -> Answer<Request> {
    let shown = requests::extend(&by.on, &which.named(&by)?, body.months, body.because, &by.actor()).await?;
    Ok(Done(Request::from(&shown)))
}

/// Why nothing is erased.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rejection {
    because: RejectedBecause,
}

async fn reject(by: By<Requests>, Path(which): Path<Which>, Body(body): Body<Rejection>) -> Answer<Request> {
    let shown = requests::reject(&by.on, &which.named(&by)?, body.because, &by.actor()).await?;
    Ok(Done(Request::from(&shown)))
}

async fn withdraw(by: By<Requests>, Path(which): Path<Which>, _: Nothing) -> Answer<Request> {
    let shown = requests::withdraw(&by.on, &which.named(&by)?, &by.actor()).await?;
    Ok(Done(Request::from(&shown)))
}

/// What it came to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closing {
    because: ClosedBecause,
}

async fn close(by: By<Requests>, Path(which): Path<Which>, Body(body): Body<Closing>) -> Answer<Request> {
    let shown = requests::close(&by.on, &which.named(&by)?, body.because, &by.actor()).await?;
    Ok(Done(Request::from(&shown)))
}

async fn plan(by: By<Requests>, Path(which): Path<Which>, Body(body): Body<plan::Wanted>) -> Answer<Planned> {
    let named = which.named(&by)?;
    let (chosen, hints) = body.read(&by, named.installation.as_ref())?;
    let _turn = by.admin.turn_to_plan().await?;
    let planned = requests::plan(&by.on, &named, chosen, hints, &by.actor(), &|_| {}).await;
    let planned = planned.map_err(|error| by.told(error))?;
    Ok(Done(Planned::from(&planned)))
}

async fn view_plan(by: By<SeePlans>, Path(which): Path<Which>, _: Nothing) -> Answer<PlanSessions> {
    let shown = requests::view_plan(&by.on, &which.named(&by)?, &by.actor()).await?;
    Ok(Done(PlanSessions::of(&shown.request).expect("one without a plan is refused")))
}

/// Which plan.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ByPlan {
    /// The plan's hash, as it was shown.
    plan: String,
}

async fn approve(by: By<Approve>, Path(which): Path<Which>, Body(body): Body<ByPlan>) -> Answer<Request> {
    let shown = requests::approve(&by.on, &which.named(&by)?, &body.plan, &by.actor()).await?;
    Ok(Done(Request::from(&shown)))
}

async fn run(by: By<Requests>, Path(which): Path<Which>, keyed: Keyed<ByPlan>) -> Result<Once<Done<Ran>>, Problem> {
    let Keyed { body, order } = keyed;
    order.once(by, move |by| async move { ran(&by, &which, &body).await }).await
}

async fn ran(by: &By<Requests>, which: &Which, body: &ByPlan) -> Answer<Ran> {
    let ran = requests::run(&by.on, &which.named(by)?, &body.plan, &by.actor()).await;
    let ran = ran.map_err(|error| by.told(error))?;
    Ok(Done(Ran::from(&ran)))
}
