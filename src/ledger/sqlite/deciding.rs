//! The end of deciding: the session's change, the erasures that follow from it and the end of the work, together.

use super::job::Tx;
use super::names::Place;
use super::sessions::{self, Changed};
use super::{Claim, Decided, Decision, Finished, LedgerError, Work};
use super::{failure::broken, installations, schedule, tasks, transition};
use crate::erasure::ErasureId;
use crate::ledger::Withdrawn;

pub(super) fn decided(tx: &Tx<'_>, claim: &Claim, decision: &Decision) -> Result<Decided, LedgerError> {
    let key = transition::decided_on(claim, decision)?;
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost.into());
    }
    let place = Place::intern(tx, key)?;
    let changed = if decision.foreign {
        sessions::forget(tx, place, &decision.session)?
    } else if decision.outdated {
        sessions::leave(tx, place, &decision.session)?
    } else {
        sessions::change(tx, place, &decision.session, claim.work.came())?
    };
    // Nothing of the decision is written before this: a job that returns is committed, whatever it says.
    let Changed::Done { settling_moved } = changed else {
        tasks::give_back(tx, claim)?;
        return Ok(Finished::Stale.into());
    };
    // The settling task was set or deleted with the session.
    if let Work::Decide(_) = claim.work {
        tasks::delete(tx, claim)?;
    }
    let erasures = consequences(tx, decision, settling_moved)?;
    if decision.foreign {
        installations::count_foreign(tx, &key.installation)?;
    }
    if let Some(shown) = decision.tenants_are_departments {
        installations::tenants_are_departments(tx, &key.installation, shown)?;
    }
    Ok(Decided { finished: Finished::Done, erasures })
}

/// What follows from a session's change: its erasures move, end and begin.
fn consequences(tx: &Tx<'_>, decision: &Decision, settling_moved: bool) -> Result<Vec<ErasureId>, LedgerError> {
    let key = &decision.session.record.session;
    if settling_moved {
        schedule::settling_moved(tx, key, decision.settle_at())?;
    }
    // Before what was decided now: that is demanded by what is known.
    schedule::rules_no_longer(tx, key, &decision.rules_no_longer)?;
    decision.erasures.iter().map(|erasure| schedule::schedule(tx, erasure)).collect()
}

/// Writes what a withdrawal comes to, of all sessions or of none.
pub(super) fn withdraw(tx: &Tx<'_>, decisions: &[Decision]) -> Result<Withdrawn, LedgerError> {
    let mut places = Vec::new();
    for decision in decisions {
        let place = Place::intern(tx, &decision.session.record.session)?;
        // Before anything is written: a job that returns is committed, whatever it says.
        if sessions::leave(tx, place, &decision.session)? == Changed::Stale {
            return Ok(Withdrawn::Stale);
        }
        places.push(place);
    }
    let mut erasures = Vec::new();
    for (decision, place) in decisions.iter().zip(places) {
        let Changed::Done { settling_moved } = sessions::change(tx, place, &decision.session, None)? else {
            return Err(broken("a session has changed within its own transaction"));
        };
        erasures.extend(consequences(tx, decision, settling_moved)?);
    }
    Ok(Withdrawn::Done(erasures))
}
