//! The holds that concern what a request would erase: by what it is compared with when it begins, and once it is known which sessions it
//! reaches. A look, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::checked::Checked;
use crate::erasure::Subject;
use crate::hold::{HeldBy, HoldOn, NewHold};
use crate::ledger::{Hold, HoldsListed, MaybeHeld, ShownSession};
use crate::operations::{OperationError, Operations};
use crate::subject::InstallationName;
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
    let shown: BTreeMap<_, _> = found.shown.iter().map(|shown| (shown.session, shown)).collect();
    let in_force = on.ledger.holds(HoldsListed::InForce).await?;
    for found in found.sessions.values() {
        let session = found.key.session;
        let shown = shown.get(&session);
        let identifiers = shown.map(|shown| shown.fingerprints.clone()).unwrap_or_default();
        let one = MaybeHeld { session: Some(session), guest: None, identifiers, ..whole.clone() };
        let mut held: BTreeSet<_> = on.ledger.holds_on(&one).await?.into_iter().collect();
        held.extend(shown.into_iter().flat_map(|shown| on_guest_of(shown, &whole.installation, &in_force)));
        for held in held {
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

/// The holds on a guest of whom mluvii showed a session to be. Of that guest's other sessions it says nothing.
fn on_guest_of<'h>(
    shown: &'h ShownSession,
    installation: &'h InstallationName,
    in_force: &'h [Hold],
) -> impl Iterator<Item = HeldBy> + 'h {
    let is_on = move |hold: &&Hold| {
        let NewHold { installation: of, on, .. } = &hold.hold;
        of == installation && matches!(on, HoldOn::Guest(guest) if shown.guests.contains(guest))
    };
    in_force.iter().filter(is_on).map(|hold| hold.hold.named())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Actor;
    use crate::hold::{HoldId, HoldReason};
    use crate::keys::Digest;
    use crate::subject::SessionId;

    #[test]
    fn a_hold_on_a_guest_whom_only_mluvii_shows_is_found_in_its_own_installation() {
        let hold = |byte: u8, installation: &str, on: HoldOn| Hold {
            hold: NewHold {
                id: HoldId([byte; 6]),
                installation: InstallationName(installation.into()),
                on,
                reason: HoldReason::LegalClaims,
                case: None,
                until: None,
            },
            added: Timestamp::UNIX_EPOCH,
            by: Actor::cli("ann"),
            lifted: None,
        };
        let guest = |byte: u8| HoldOn::Guest(Digest([byte; 16]));
        let in_force = [
            hold(1, "acme", guest(7)),
            hold(2, "acme", guest(8)),
            hold(3, "other", guest(7)),
            hold(4, "acme", HoldOn::Rule("retention".into())),
        ];
        let (session, guests) = (SessionId(5), [Digest([7; 16])].into());
        let shown = ShownSession { session, guests, fingerprints: Vec::new() };
        let found: Vec<_> = on_guest_of(&shown, &InstallationName("acme".into()), &in_force).collect();
        assert_eq!(found, [in_force[0].hold.named()]);
    }
}
