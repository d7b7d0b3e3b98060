//! Holds: what stays for now, whoever demands that it goes.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shown::{GivenIdentifier, identifiers, limit, read_if};
use crate::admin::answer::{Answer, Done, Made, Page};
use crate::admin::caller::{By, Requests, See};
use crate::admin::given::{Nothing, Path, Query};
use crate::admin::keyed::{Keyed, Once};
use crate::admin::paged::{HoldPlace, page};
use crate::admin::problem::{Code, Problem};
use crate::admin::seen;
use crate::admin::state::Admin;
use crate::hold::{HoldOn, HoldReason};
use crate::ledger::{self, HoldsListed};
use crate::operations::holds::{self, HoldAbout, HoldRequest};
use crate::subject::{GuestId, SessionId, SessionKey};

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/holds",
            get_with(list, |op| op.id("list_holds").summary("List holds"))
                .post_with(add, |op| op.id("add_hold").summary("Keep something from being erased")),
        )
        .api_route(
            "/api/v1/holds/{id}",
            get_with(show, |op| op.id("show_hold").summary("Show a hold, and what waits for it")),
        )
        .api_route(
            "/api/v1/holds/{id}/lift",
            post_with(lift, |op| op.id("lift_hold").summary("End a hold: what waited for it goes on")),
        )
}

/// A hold.
#[derive(Debug, Serialize, JsonSchema)]
struct Hold {
    id: String,
    company: String,
    /// `session`, `guest`, `person` or `rule`.
    on: String,
    /// The session or the rule; of a guest or a person nothing is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    reason: HoldReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
    #[schemars(with = "String")]
    added: Timestamp,
    by: String,
    /// When it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    ended: Option<Timestamp>,
    /// Who has lifted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted_by: Option<String>,
    /// Erasures that wait for it, some of them where there are many; missing in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Vec<String>>,
}

impl Hold {
    fn of(stored: &ledger::Hold, waiting: Option<Vec<String>>) -> Self {
        let ledger::Hold { hold, added, by, lifted } = stored;
        let name = match &hold.on {
            HoldOn::Session(session) => Some(session.0.to_string()),
            HoldOn::Rule(rule) => Some(rule.clone()),
            HoldOn::Guest(_) | HoldOn::Person(_) => None,
        };
        Self {
            id: hold.id.to_string(),
            company: hold.installation.to_string(),
            on: hold.on.kind().to_owned(),
            name,
            reason: hold.reason,
            case: hold.case.as_ref().map(ToString::to_string),
            until: hold.until,
            added: *added,
            by: by.to_string(),
            ended: stored.ended(Timestamp::now()),
            lifted_by: lifted.as_ref().map(|(_, by)| by.to_string()),
            waiting,
        }
    }
}

/// Which holds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListHolds")]
struct ListQuery {
    /// Also those that have ended, as long as they are kept.
    #[serde(default)]
    all: bool,
    /// Where the last answer ended: its `next`.
    cursor: Option<String>,
    /// At most so many; 50 where it is left out, and 500 at most.
    limit: Option<u32>,
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Hold>> {
    let limit = limit(query.limit)? as usize;
    let unreadable = || Problem::new(Code::NotUnderstood, "`cursor` is none that was answered as `next`");
    let after = query.cursor.map(|text| text.parse::<HoldPlace>().map_err(|_| unreadable())).transpose()?;
    let which = if query.all { HoldsListed::All } else { HoldsListed::InForce };
    let mut all = holds::list(&by.on, which).await?;
    all.retain(|one| by.sees(&one.hold.installation));
    let (items, next) = page(all, HoldPlace::of, after, limit);
    let next = next.map(|place| place.to_string());
    Ok(Done(Page { items: items.iter().map(|one| Hold::of(one, None)).collect(), next }))
}

/// What is to be kept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum About {
    /// A session, by its number at mluvii.
    Session(i64),
    /// All sessions of a guest, by mluvii's id.
    Guest(String),
    /// Whoever may be the person with these identifiers.
    Person(Vec<GivenIdentifier>),
    /// Whatever a rule demands, by its name.
    Rule(String),
}

/// A hold to be added.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewHold {
    /// Needed where the account may see several companies.
    company: Option<String>,
    on: About,
    reason: HoldReason,
    /// The company's own reference of the case.
    case: Option<String>,
    /// When it ends by itself.
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
}

/// A hold that was added.
#[derive(Debug, Serialize, JsonSchema)]
struct Added {
    id: String,
    /// Erasures that it concerns and of which a target is being asked to erase just now: what that erases is not kept.
    under_way: Vec<String>,
}

async fn add(by: By<Requests>, keyed: Keyed<NewHold>) -> Result<Once<Made<Added>>, Problem> {
    let Keyed { body, order } = keyed;
    order.once(by, move |by| async move { added(&by, body).await }).await
}

async fn added(by: &By<Requests>, new: NewHold) -> Result<Made<Added>, Problem> {
    let installation = by.company_or_only(new.company.as_deref())?;
    let about = match new.on {
        About::Session(number) => HoldAbout::Session(SessionKey { installation, session: SessionId(number) }),
        About::Guest(guest) => HoldAbout::Guest { installation, guest: GuestId(guest) },
        About::Person(given) => {
            HoldAbout::Person { installation: Some(installation), identifiers: identifiers(given)? }
        }
        About::Rule(rule) => HoldAbout::Rule { installation: Some(installation), rule },
    };
    let case = read_if("case", new.case.as_deref())?;
    let request = HoldRequest { about, reason: new.reason, case, until: new.until };
    let added = holds::add(&by.on, request, &by.actor()).await.map_err(|error| by.told(error))?;
    let under_way = added.under_way.iter().map(ToString::to_string).collect();
    Ok(Made(Added { id: added.hold.id.to_string(), under_way }))
}

/// A hold, by its id.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichHold")]
struct Which {
    id: String,
}

async fn answered<N>(by: &By<N>, which: &Which) -> Answer<Hold> {
    let shown = seen::hold(by, &which.id).await?;
    let waiting = shown.waiting.iter().map(|erasure| erasure.id.to_string()).collect();
    Ok(Done(Hold::of(&shown.hold, Some(waiting))))
}

async fn show(by: By<See>, Path(which): Path<Which>, _: Nothing) -> Answer<Hold> {
    answered(&by, &which).await
}

async fn lift(by: By<Requests>, Path(which): Path<Which>, _: Nothing) -> Answer<Hold> {
    let held = seen::hold(&by, &which.id).await?;
    holds::lift(&by.on, held.hold.hold.id, &by.actor()).await?;
    answered(&by, &which).await.map_err(Problem::after_the_act)
}
