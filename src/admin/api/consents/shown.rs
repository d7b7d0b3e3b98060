//! Consents as they are answered. Nothing of them names a person.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::consent::{self, ConsentState};
use crate::operations::consent::{DemandShown, ForeseenSession, ForeseenWithdrawal, FoundConsent, Left, Shown};

/// What was said about consent, where and when.
#[derive(Debug, Serialize, JsonSchema)]
struct Consent {
    state: ConsentState,
    /// Of the text that was agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Such as `session`, `entry_form` or `officer-letter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    since: Option<Timestamp>,
    /// Why it is unknown, where looking did not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

impl From<&consent::Consent> for Consent {
    fn from(consent: &consent::Consent) -> Self {
        Self {
            state: consent.state,
            version: consent.version.clone(),
            origin: consent.origin.clone(),
            form: consent.form_id,
            since: consent.since,
            cause: consent.cause.map(|cause| cause.as_str().to_owned()),
        }
    }
}

/// A session's consent, now and before.
#[derive(Debug, Serialize, JsonSchema)]
struct SessionConsent {
    session: String,
    /// How surely it is whose was asked for: `certain` or `possible`.
    meant: String,
    /// By what.
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    started: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    ended: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    erased: Option<Timestamp>,
    consent: Consent,
    /// The oldest first; without the present one.
    earlier: Vec<Consent>,
    /// Further ones, after the first of these, that are not kept.
    earlier_left_out: u32,
}

impl From<&FoundConsent> for SessionConsent {
    fn from(found: &FoundConsent) -> Self {
        Self {
            session: found.session.clone(),
            meant: found.meant.to_owned(),
            why: found.why.clone(),
            tenant: found.tenant.map(|tenant| tenant.0),
            started: found.started,
            ended: found.ended,
            erased: found.erased,
            consent: Consent::from(&found.consent),
            earlier: found.earlier.iter().map(Consent::from).collect(),
            earlier_left_out: found.earlier_left_out,
        }
    }
}

/// The consents that were found. That none was does not say that there was none: see docs/consent.md.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FoundConsents")]
pub(super) struct Found {
    consents: Vec<SessionConsent>,
    /// Whether those of sessions that were erased would be among them.
    erased_are_found: bool,
}

impl From<&Shown> for Found {
    fn from(shown: &Shown) -> Self {
        Self {
            consents: shown.consents.iter().map(SessionConsent::from).collect(),
            erased_are_found: shown.erased_are_found,
        }
    }
}

/// An erasure that a rule would demand.
#[derive(Debug, Serialize, JsonSchema)]
struct Demand {
    rule: String,
    scope: String,
    targets: Vec<String>,
    #[schemars(with = "String")]
    due: Timestamp,
    /// Whether a person has to approve it first.
    approve: bool,
}

impl From<&DemandShown> for Demand {
    fn from(shown: &DemandShown) -> Self {
        Self {
            rule: shown.rule.clone(),
            scope: shown.scope.to_owned(),
            targets: shown.targets.iter().map(ToString::to_string).collect(),
            due: shown.due,
            approve: shown.approve,
        }
    }
}

/// A session whose consent would end.
#[derive(Debug, Serialize, JsonSchema)]
struct EndingConsent {
    session: String,
    /// `certain` or `possible`.
    meant: String,
    why: String,
    consent: Consent,
    /// What the rules would demand at once.
    demands: Vec<Demand>,
    /// What they would demand when it settles after that, as far as it is known now.
    at_settling: Vec<Demand>,
    /// mluvii does not show it, so that who it is about is not known: an erasure by it may reach less.
    unread: bool,
}

impl From<ForeseenSession> for EndingConsent {
    fn from(foreseen: ForeseenSession) -> Self {
        Self {
            meant: foreseen.meant.to_owned(),
            consent: Consent::from(&foreseen.consent),
            demands: foreseen.demands.iter().map(Demand::from).collect(),
            at_settling: foreseen.at_settling.iter().map(Demand::from).collect(),
            unread: foreseen.unread,
            session: foreseen.session,
            why: foreseen.why,
        }
    }
}

/// A session whose consent would stay as it is.
#[derive(Debug, Serialize, JsonSchema)]
struct StayingConsent {
    session: String,
    why: Left,
}

/// What a withdrawal would do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ForeseenWithdrawal")]
pub(super) struct Foreseen {
    /// Names all of this: with it, the withdrawal is ordered.
    hash: String,
    sessions: Vec<EndingConsent>,
    left: Vec<StayingConsent>,
}

impl From<ForeseenWithdrawal> for Foreseen {
    fn from(foreseen: ForeseenWithdrawal) -> Self {
        let left = foreseen.left.into_iter().map(|one| StayingConsent { session: one.session, why: one.why });
        Self {
            hash: foreseen.hash,
            sessions: foreseen.sessions.into_iter().map(EndingConsent::from).collect(),
            left: left.collect(),
        }
    }
}

/// What a withdrawal has done.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WithdrawnConsents")]
pub(super) struct Withdrawn {
    /// Sessions whose consents have ended by it.
    pub(super) sessions: usize,
    /// Erasures that the rules demand by it at once.
    pub(super) erasures: usize,
}
