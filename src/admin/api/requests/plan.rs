//! A request's plan as it is wanted and answered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::foretold::{At, Foreseen, Hold, NotReached, of_hold, of_not_reached, of_target};
use super::super::shown::{day, read};
use super::shown::{Chosen, Request};
use crate::admin::caller::By;
use crate::admin::problem::Problem;
use crate::operations::erasures::{NotSaid, WouldBe};
use crate::operations::requests::{self, Purge};
use crate::request::{self, Choice, ChosenBecause};
use crate::subject::{InstallationName, SessionId, SessionKey, TargetName};
use crate::worker::Found;

/// What is decided about single sessions. Without any of it, what was decided before holds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Sessions to take although they are only possibly the person's.
    #[serde(default)]
    include: Vec<Decision>,
    /// Sessions to leave.
    #[serde(default)]
    exclude: Vec<Decision>,
    /// Forget what was decided before, and by whom.
    #[serde(default)]
    anew: bool,
    /// Also answer masked hints of whose each session is, such as `J… N…`, read from mluvii now. They are about a person: show them, and
    /// keep them nowhere.
    #[serde(default)]
    hints: bool,
}

/// What is decided about one session.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// Its number at mluvii, or `company/number`.
    session: String,
    because: ChosenBecause,
}

impl Decision {
    fn read<N>(self, by: &By<N>, company: Option<&InstallationName>) -> Result<Choice, Problem> {
        let session = match (company, self.session.parse::<i64>()) {
            (Some(company), Ok(number)) => SessionKey { installation: company.clone(), session: SessionId(number) },
            _ => {
                let SessionKey { installation, session } = read("session", &self.session)?;
                // Of another company nothing is said, neither whether there is one nor whether it may be seen.
                let of = by.company(&installation.to_string()).ok().filter(|of| company.is_none_or(|own| own == of));
                let unknown = || Problem::not_found("such session of the request's company");
                SessionKey { installation: of.ok_or_else(unknown)?, session }
            }
        };
        Ok(Choice { session, because: self.because })
    }
}

impl Wanted {
    /// What was decided, and whether hints are wanted.
    pub(super) fn read<N>(
        self,
        by: &By<N>,
        company: Option<&InstallationName>,
    ) -> Result<(Option<request::Chosen>, bool), Problem> {
        let decided = self.anew || !self.include.is_empty() || !self.exclude.is_empty();
        let of = |all: Vec<Decision>| all.into_iter().map(|one| one.read(by, company)).collect::<Result<_, _>>();
        let chosen =
            request::Chosen { include: of(self.include)?, exclude: of(self.exclude)?, anew: self.anew, seen: None };
        Ok((decided.then_some(chosen), self.hints))
    }
}

/// What a request would have erased. It is its plan from now on, by its hash.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Planned {
    request: Request,
    /// By which it is approved and run.
    plan: String,
    /// Every session that was found, whether it goes or stays.
    sessions: Vec<Session>,
    include: Vec<Chosen>,
    exclude: Vec<Chosen>,
    /// Guests whose sessions go.
    guests: usize,
    /// Contacts of the person in mluvii's directory, whose records stay. Missing where mluvii is not searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    contacts: Option<usize>,
    /// What each target says of what would go there.
    targets: BTreeMap<String, At>,
    /// Holds that concern it.
    holds: Vec<Hold>,
    /// Targets whose vendors may purge for a day or longer.
    purges: Vec<Purged>,
    /// Until when it would wait for sessions that have not settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    unsettled_until: Option<Timestamp>,
    /// What is not reached.
    not_reached: Vec<NotReached>,
    /// What the receipt will have to say, as far as it is known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreseen: Option<Foreseen>,
    /// The last day on which the request can be extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    extendable_until: Option<String>,
}

/// A session that was found.
#[derive(Debug, Serialize, JsonSchema)]
struct Session {
    session: String,
    /// `certain` or `possible`.
    certainty: String,
    goes: bool,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    started: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// A number that tells one guest of the plan from another.
    #[serde(skip_serializing_if = "Option::is_none")]
    guest: Option<usize>,
    /// Where they are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
}

/// A vendor's own window.
#[derive(Debug, Serialize, JsonSchema)]
struct Purged {
    target: String,
    /// About when it can be seen that all is gone, were it erased now.
    until: String,
    /// Whether that lies after the last day of the request.
    too_late: bool,
}

impl From<&requests::Planned> for Planned {
    fn from(planned: &requests::Planned) -> Self {
        let found = &planned.reach.found;
        let session = |one: &Found| of_session(one, planned);
        let target = |(name, said): (&TargetName, &Result<WouldBe, NotSaid>)| {
            (name.to_string(), of_target(said, planned.again.get(name).copied()))
        };
        let request = &planned.shown.request;
        Self {
            request: Request::from(&planned.shown),
            plan: planned.plan.hash.clone(),
            sessions: found.sessions.values().map(session).collect(),
            include: request.include.iter().map(Chosen::from).collect(),
            exclude: request.exclude.iter().map(Chosen::from).collect(),
            guests: found.whom.guests.len(),
            contacts: found.contacts,
            targets: planned.targets.iter().map(target).collect(),
            holds: planned.holds.iter().map(of_hold).collect(),
            purges: planned.purges.iter().map(of_purge).collect(),
            unsettled_until: found.unsettled_until,
            not_reached: planned.reach.not_reached.iter().map(of_not_reached).collect(),
            foreseen: planned.shown.foreseen.as_ref().map(Foreseen::from),
            extendable_until: day(planned.extendable_until),
        }
    }
}

fn of_session(found: &Found, planned: &requests::Planned) -> Session {
    let record = planned.records.get(&found.key);
    Session {
        session: found.key.to_string(),
        certainty: found.certainty.as_str().to_owned(),
        goes: found.goes,
        reason: found.reason.clone(),
        started: record.and_then(|record| record.started),
        channel: record.and_then(|record| record.channel.as_ref()).map(|channel| channel.0.to_string()),
        guest: planned.guests.get(&found.key).copied(),
        hints: planned.hints.get(&found.key).cloned(),
    }
}

fn of_purge(purge: &Purge) -> Purged {
    Purged { target: purge.target.to_string(), until: purge.until.to_string(), too_late: purge.too_late }
}

/// What was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ran {
    request: Request,
    /// The erasure that does it.
    erasure: String,
    /// Holds for whose end it waits.
    holds: Vec<Hold>,
}

impl From<&requests::Ran> for Ran {
    fn from(ran: &requests::Ran) -> Self {
        Self {
            request: Request::from(&ran.shown),
            erasure: ran.erasure.to_string(),
            holds: ran.holds.iter().map(of_hold).collect(),
        }
    }
}
