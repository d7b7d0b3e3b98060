//! The holds that concern what a request would erase: by what it is compared with when it begins, and once it is known which sessions it
//! reaches. A look, and nothing else.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::checked::Checked;
use crate::erasure::Subject;
use crate::hold::HeldBy;
use crate::ledger::MaybeHeld;
use crate::operations::{OperationError, Operations};
use crate::worker::{Found, ScopeResolution};

/// A hold that concerns what a request would erase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MayHold {
    pub(crate) held: HeldBy,
    /// On what it is: `person`, `session`, `guest` or `rule`.
    pub(crate) on: &'static str,
    /// When it ends by itself.
    pub(crate) until: Option<Timestamp>,
    /// Whether the erasure waits for its end: it concerns who is meant, or a session that goes.
    pub(crate) waits: bool,
    /// So many sessions that go.
    pub(crate) sessions: usize,
    /// So many that were found and stay: taken, they would wait.
    pub(crate) staying: usize,
    /// Whether it concerns what was given and is not proved. The erasure knows nothing of that and would not wait, so none is asked for.
    pub(crate) unproved: bool,
}

#[derive(Default)]
struct Concerns {
    whole: bool,
    sessions: usize,
    staying: usize,
    unproved: bool,
}

/// The holds in force that concern it; `goes` says of each session that was found whether it goes.
pub(in crate::operations) async fn holds(
    on: &Operations,
    checked: &Checked,
    found: &ScopeResolution,
    goes: impl Fn(&Found) -> bool,
) -> Result<Vec<MayHold>, OperationError> {
    let (session, guest) = match &checked.subject {
        Subject::Session(key) => (Some(key.session), None),
        Subject::Guest { digest, .. } => (None, Some(*digest)),
        Subject::Person { .. } => (None, None),
    };
    let whole = MaybeHeld {
        installation: checked.subject.installation().clone(),
        session,
        guest,
        rules: Vec::new(),
        identifiers: Vec::new(),
    };
    let mut holds: BTreeMap<HeldBy, Concerns> = BTreeMap::new();
    for identifiers in [checked.proved(), found.fingerprints.clone()] {
        let whole = MaybeHeld { identifiers, ..whole.clone() };
        for held in on.ledger.holds_on(&whole).await? {
            holds.entry(held).or_default().whole = true;
        }
    }
    // The erasure carries nothing that is not proved; but whoever has given what is held may be who is held.
    if checked.whom.by_address_alone {
        let given = MaybeHeld { identifiers: checked.fingerprints.clone(), ..whole.clone() };
        for held in on.ledger.holds_on(&given).await? {
            holds.entry(held).or_default().unproved = true;
        }
    }
    // By what mluvii showed of a session, too: the ledger may have no record of it.
    let shown: BTreeMap<_, _> = found.shown.iter().map(|shown| (shown.session, &shown.fingerprints)).collect();
    for found in found.sessions.values() {
        let session = found.key.session;
        let identifiers = shown.get(&session).map(|prints| prints.to_vec()).unwrap_or_default();
        let one = MaybeHeld { session: Some(session), guest: None, identifiers, ..whole.clone() };
        for held in on.ledger.holds_on(&one).await? {
            let concerns = holds.entry(held).or_default();
            let count = if goes(found) { &mut concerns.sessions } else { &mut concerns.staying };
            *count += 1;
        }
    }
    let mut all = Vec::new();
    for (held, Concerns { whole, sessions, staying, unproved }) in holds {
        // One that was lifted meanwhile concerns nothing.
        let Some(hold) = on.ledger.hold(held.hold).await? else { continue };
        let waits = whole || sessions > 0;
        let unproved = unproved && !waits;
        all.push(MayHold { held, on: hold.hold.on.kind(), until: hold.hold.until, waits, sessions, staying, unproved });
    }
    Ok(all)
}
