//! Erasures that somebody asks for by hand: of a session, or of a guest. What a person asks for is entered as a request, which says how it came
//! and whose it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::answer::{Answer, Done, Made};
use crate::admin::api::foretold::{At, Foreseen, Hold, NotReached, of_hold, of_not_reached, of_target};
use crate::admin::caller::{By, Requests};
use crate::admin::given::Body;
use crate::admin::keyed::{Keyed, Once};
use crate::admin::problem::{Code, Problem};
use crate::erasure::{ErasureState, Selection};
use crate::operations::erasures::{self, About, Preview, Request};
use crate::receipt::ForeseenAdvice;
use crate::subject::{GuestId, InstallationName, SessionId, SessionKey};
use crate::worker;

/// What is to be erased.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EraseByHand {
    /// Needed where the account may see several companies.
    company: Option<String>,
    of: Of,
    /// The places to erase from; all, where none is named.
    #[serde(default)]
    targets: Vec<String>,
    /// Of a guest: sessions to take although they are only possibly theirs, by their numbers at mluvii.
    #[serde(default)]
    include: Vec<i64>,
    /// Of a guest: take all sessions that are only possibly theirs.
    #[serde(default)]
    include_possible: bool,
    /// Of a guest: sessions to leave. One that is only possibly theirs is then somebody else's; of one that is certainly theirs the receipt
    /// says that it was kept.
    #[serde(default)]
    exclude: Vec<i64>,
    /// How many seconds to wait before it begins.
    #[serde(default)]
    after_s: u32,
}

/// One session, or all of a guest.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ErasedByHand")]
enum Of {
    /// A session, by its number at mluvii.
    Session(i64),
    /// All sessions of a guest, by mluvii's id. It is neither logged nor kept in clear.
    Guest(String),
}

impl EraseByHand {
    fn read(self, by: &By<Requests>) -> Result<Request, Problem> {
        let installation = by.company_or_only(self.company.as_deref())?;
        let about = match self.of {
            Of::Session(_) if self.include_possible || !(self.include.is_empty() && self.exclude.is_empty()) => {
                return Err(Problem::new(Code::Input, "of one session, no other is included and none is left"));
            }
            Of::Session(number) => About::Session(key(&installation, number)),
            Of::Guest(text) => {
                let wrong = || Problem::new(Code::Input, "`guest` is no id that mluvii can have given out");
                About::Guest { installation: installation.clone(), guest: GuestId::named(&text).ok_or_else(wrong)? }
            }
        };
        let keys = |numbers: Vec<i64>| -> BTreeSet<SessionKey> {
            numbers.into_iter().map(|number| key(&installation, number)).collect()
        };
        let selection = Selection {
            include_possible: self.include_possible,
            include: keys(self.include),
            exclude: keys(self.exclude),
            ..Selection::default()
        };
        Ok(Request { about, targets: self.targets, selection, after: Duration::from_secs(self.after_s.into()) })
    }
}

fn key(company: &InstallationName, number: i64) -> SessionKey {
    SessionKey { installation: company.clone(), session: SessionId(number) }
}

/// An erasure that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RequestedErasure {
    id: String,
    /// `requested` where somebody else has to approve it first.
    state: ErasureState,
    #[schemars(with = "String")]
    due: Timestamp,
    targets: Vec<String>,
    /// Whether one of the same session or guest was there, which this one has joined.
    merged: bool,
}

pub(super) async fn ask(by: By<Requests>, keyed: Keyed<EraseByHand>) -> Result<Once<Made<RequestedErasure>>, Problem> {
    let Keyed { body, order } = keyed;
    order.once(by, move |by| async move { asked(&by, body).await }).await
}

async fn asked(by: &By<Requests>, body: EraseByHand) -> Result<Made<RequestedErasure>, Problem> {
    let request = body.read(by)?;
    let requested = erasures::request(&by.on, request, &by.actor()).await.map_err(|error| by.told(error))?;
    let erasure = requested.erasure;
    Ok(Made(RequestedErasure {
        id: erasure.id.to_string(),
        state: erasure.state,
        due: erasure.due,
        targets: erasure.steps.iter().map(|step| step.target.to_string()).collect(),
        merged: requested.merged,
    }))
}

/// What an erasure would do now. A server finds out anew when it begins.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ForeseenErasure {
    /// Every session that was found, whether it goes or stays.
    sessions: Vec<FoundSession>,
    /// What each target says of what would go there.
    targets: BTreeMap<String, At>,
    /// Holds that concern it.
    holds: Vec<Hold>,
    /// Until when it would wait for sessions that have not settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    unsettled_until: Option<Timestamp>,
    /// What is not reached.
    not_reached: Vec<NotReached>,
    /// What the receipt will have to say, as far as it is known now.
    foreseen: Foreseen,
}

/// A session that was found.
#[derive(Debug, Serialize, JsonSchema)]
struct FoundSession {
    session: String,
    /// `certain` or `possible`.
    certainty: String,
    goes: bool,
    reason: String,
}

impl From<&Preview> for ForeseenErasure {
    fn from(preview: &Preview) -> Self {
        let session = |one: &worker::Found| FoundSession {
            session: one.key.to_string(),
            certainty: one.certainty.as_str().to_owned(),
            goes: one.goes,
            reason: one.reason.clone(),
        };
        let found = &preview.reach.found;
        Self {
            sessions: found.sessions.values().map(session).collect(),
            targets: preview.targets.iter().map(|(name, said)| (name.to_string(), of_target(said, None))).collect(),
            holds: preview.holds.iter().map(of_hold).collect(),
            unsettled_until: found.unsettled_until,
            not_reached: preview.reach.not_reached.iter().map(of_not_reached).collect(),
            foreseen: Foreseen::from(&ForeseenAdvice::from(&preview.foreseen)),
        }
    }
}

pub(super) async fn foresee(by: By<Requests>, Body(body): Body<EraseByHand>) -> Answer<ForeseenErasure> {
    let request = body.read(&by)?;
    let _turn = by.admin.turn_to_plan().await?;
    let preview = erasures::preview(&by.on, request, &|_| {}, &by.actor()).await.map_err(|error| by.told(error))?;
    Ok(Done(ForeseenErasure::from(&preview)))
}
