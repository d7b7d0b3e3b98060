//! The second phase: what mluvii shows of the consent, and what follows from it; what the consent rules make of it is the policy's.

use jiff::Timestamp;

use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::ledger::SessionView;
use crate::worker::look_up::Seen;

/// The consent after a look at the session.
pub(super) fn shown(record: &ConsentRecord, seen: &Seen, erased_at: Option<Timestamp>) -> Consent {
    let consent = record.consent.clone();
    let shows_version = seen.facts().is_some_and(|facts| facts.consent_version.is_some());
    // An erased session shows no version any more, which says nothing. One that shows nevertheless was given since: the
    // session was continued. It may also be what mluvii left of a consent that is known.
    if erased_at.is_some() && (!shows_version || consent.state == ConsentState::Given) {
        return consent;
    }
    // Where nothing is known of the consent before, as of a session whose record is gone, it may be what it was erased with.
    let is_known = consent.state != ConsentState::Unknown;
    let since = if erased_at.is_some() { erased_at.filter(|_| is_known) } else { record.started };
    looked_up(consent, seen, since)
}

/// The state before this evaluation. To learn of a consent is no change of it; what a form says at once about it is one.
pub(super) fn state_before(view: Option<&SessionView>, shown: &Consent) -> ConsentState {
    let known = view.map(|view| view.record.consent.state).filter(|state| *state != ConsentState::Unknown);
    known.unwrap_or(shown.state)
}

/// Whether consent was given after the session was erased, so that what came since may stay.
pub(super) fn agreed_since(consent: &Consent, erased_at: Timestamp) -> bool {
    consent.state == ConsentState::Given && consent.since.is_some_and(|since| since >= erased_at)
}

/// What mluvii itself holds about consent. What a form said stands above it. Only a session that was read and
/// understood tells anything: `absent` is said of a consent version that is null, never of one that was not seen.
/// `since` is from when a consent counts that it shows.
fn looked_up(consent: Consent, seen: &Seen, since: Option<Timestamp>) -> Consent {
    let facts = match seen {
        Seen::Unknown(cause) if consent.state == ConsentState::Unknown => {
            return Consent { cause: Some(*cause), ..consent };
        }
        Seen::NotLooked | Seen::Unknown(_) => return consent,
        Seen::Read(facts) => facts,
    };
    let version = &facts.consent_version;
    if !consent.is_shown_by_session() {
        return Consent { version: version.clone().or(consent.version), ..consent };
    }
    // A version that is gone was anonymized, by us a moment ago or by mluvii itself: the consent was not withdrawn.
    if consent.state == ConsentState::Given && version.is_none() {
        return consent;
    }
    let state = if version.is_some() { ConsentState::Given } else { ConsentState::Absent };
    if state == consent.state && *version == consent.version {
        return consent;
    }
    Consent {
        state,
        version: version.clone(),
        origin: Some(Consent::SHOWN_BY_SESSION.to_owned()),
        form_id: None,
        since: since.or(facts.started),
        cause: None,
    }
}
