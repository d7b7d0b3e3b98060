//! The end of deciding: the session's change, the erasures that follow from it and the end of the work, together.

use super::sessions::{self, Changed, Place};
use super::tx::Tx;
use super::{Claim, Decided, Decision, Finished, LedgerError, Work, installations, schedule, tasks};

/// Writes a decision; `Stale` and `LeaseLost` want the transaction rolled back.
pub(super) async fn decided(
    tx: &mut Tx,
    claim: &Claim,
    decision: &Decision,
    place: Place,
) -> Result<Decided, LedgerError> {
    // The session before anything else: two decisions on it wait for each other here, with nothing else held.
    let before = sessions::lock(tx, place).await?;
    // The settling task is set or deleted with the session.
    let held = match claim.work {
        Work::Decide(_) => tasks::delete(tx, claim).await?,
        _ => tasks::holds(tx, claim).await?,
    };
    if !held {
        return Ok(Finished::LeaseLost.into());
    }
    let changed = if decision.foreign {
        sessions::forget(tx, place, before, &decision.session).await?
    } else if decision.outdated {
        sessions::leave(before, &decision.session)
    } else {
        sessions::change(tx, place, before, &decision.session, claim.work.came()).await?
    };
    let Changed::Done { settling_moved } = changed else { return Ok(Finished::Stale.into()) };
    let key = &decision.session.record.session;
    if settling_moved {
        schedule::settling_moved(tx, key, decision.settle_at()).await?;
    }
    // Before what was decided now: that is demanded by what is known.
    schedule::rules_no_longer(tx, key, &decision.rules_no_longer).await?;
    let mut demanded: Vec<_> = decision.erasures.iter().enumerate().collect();
    // In the order of their keys: two decisions that schedule the same erasures would otherwise wait crosswise.
    demanded.sort_by_key(|(_, erasure)| erasure.merge_key());
    let mut erasures: Vec<_> = decision.erasures.iter().map(|erasure| erasure.id).collect();
    for (index, erasure) in demanded {
        erasures[index] = schedule::schedule(tx, place.installation, erasure).await?;
    }
    if decision.foreign {
        installations::count_foreign(tx, place.installation).await?;
    }
    if let Some(shown) = decision.tenants_are_departments {
        installations::tenants_are_departments(tx, place.installation, shown).await?;
    }
    Ok(Decided { finished: Finished::Done, erasures })
}
