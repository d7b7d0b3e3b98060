//! The end of deciding: the session's change, the erasures that follow from it and the end of the work, together.

use super::job::Tx;
use super::names::Place;
use super::sessions::{self, Changed};
use super::{Claim, Decided, Decision, Finished, LedgerError, Work};
use super::{installations, schedule, tasks, transition};

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
    if settling_moved {
        schedule::settling_moved(tx, key, decision.settle_at())?;
    }
    // The settling task was set or deleted with the session.
    if let Work::Decide(_) = claim.work {
        tasks::delete(tx, claim)?;
    }
    // Before what was decided now: that is demanded by what is known.
    schedule::rules_no_longer(tx, key, &decision.rules_no_longer)?;
    let scheduled = decision.erasures.iter().map(|erasure| schedule::schedule(tx, erasure));
    let erasures = scheduled.collect::<Result<_, _>>()?;
    if decision.foreign {
        installations::count_foreign(tx, &key.installation)?;
    }
    if let Some(shown) = decision.tenants_are_departments {
        installations::tenants_are_departments(tx, &key.installation, shown)?;
    }
    Ok(Decided { finished: Finished::Done, erasures })
}
