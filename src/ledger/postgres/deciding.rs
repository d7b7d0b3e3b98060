//! The end of deciding: the session's change, the erasures that follow from it and the end of the work, together.

use super::sessions::{self, Changed, Place};
use super::tx::Tx;
use super::{Claim, Decided, Decision, Finished, LedgerError, Work, broken, installations, schedule, tasks};
use crate::erasure::{ErasureId, NewErasure};
use crate::ledger::Withdrawn;

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
    turns(tx, decision, settling_moved).await?;
    let erasures = scheduled(tx, place.installation, decision.erasures.iter()).await?;
    if decision.foreign {
        installations::count_foreign(tx, place.installation).await?;
    }
    if let Some(shown) = decision.tenants_are_departments {
        installations::tenants_are_departments(tx, place.installation, shown).await?;
    }
    Ok(Decided { finished: Finished::Done, erasures })
}

/// What follows from a session's change for the erasures that are there.
async fn turns(tx: &mut Tx, decision: &Decision, settling_moved: bool) -> Result<(), LedgerError> {
    let key = &decision.session.record.session;
    if settling_moved {
        schedule::settling_moved(tx, key, decision.settle_at()).await?;
    }
    // Before what was decided now: that is demanded by what is known.
    schedule::rules_no_longer(tx, key, &decision.rules_no_longer).await
}

/// Schedules what was decided; returns in its order what stands for it.
async fn scheduled<'a>(
    tx: &mut Tx,
    installation: i64,
    erasures: impl Iterator<Item = &'a NewErasure> + Clone,
) -> Result<Vec<ErasureId>, LedgerError> {
    let mut stand: Vec<_> = erasures.clone().map(|erasure| erasure.id).collect();
    let mut demanded: Vec<_> = erasures.enumerate().collect();
    // In the order of their keys: two decisions that schedule the same erasures would otherwise wait crosswise.
    demanded.sort_by_key(|(_, erasure)| erasure.merge_key());
    for (index, erasure) in demanded {
        stand[index] = schedule::schedule(tx, installation, erasure).await?;
    }
    Ok(stand)
}

/// Writes what a withdrawal comes to, of all sessions or of none. All are of one installation.
pub(super) async fn withdraw(tx: &mut Tx, installation: i64, decisions: &[Decision]) -> Result<Withdrawn, LedgerError> {
    let place = |decision: &Decision| Place { installation, session: decision.session.record.session.session.0 };
    // All sessions before anything else, in their order: two that change the same ones wait for each other here.
    let mut in_order: Vec<_> = decisions.iter().collect();
    in_order.sort_by_key(|decision| place(decision));
    let mut before = Vec::new();
    for decision in &in_order {
        let locked = sessions::lock(tx, place(decision)).await?;
        if sessions::leave(locked, &decision.session) == Changed::Stale {
            return Ok(Withdrawn::Stale);
        }
        before.push(locked);
    }
    for (decision, before) in in_order.iter().zip(before) {
        let changed = sessions::change(tx, place(decision), before, &decision.session, None).await?;
        let Changed::Done { settling_moved } = changed else {
            return Err(broken("a session has changed within its own transaction"));
        };
        turns(tx, decision, settling_moved).await?;
    }
    let erasures = decisions.iter().flat_map(|decision| &decision.erasures);
    Ok(Withdrawn::Done(scheduled(tx, installation, erasures).await?))
}
