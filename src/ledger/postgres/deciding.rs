//! The end of deciding: the session's change, the erasures that follow from it and the end of the work, together.

use super::sessions::{self, Changed, Place};
use super::tx::Tx;
use super::{Claim, Decision, Finished, LedgerError, PostgresLedger, Work, broken, schedule, tasks};
use crate::subject::SessionKey;

/// The session that the work is about, which must be the decision's.
pub(super) fn subject<'a>(claim: &'a Claim, decision: &Decision) -> Result<&'a SessionKey, LedgerError> {
    let session = match &claim.work {
        Work::Decide(event) => &event.head.session,
        Work::Settle(session) => session,
        Work::Resolve(_) | Work::Step(_) | Work::Close(_) => {
            return Err(broken("only events and sessions are decided on"));
        }
    };
    let key = &decision.session.record.session;
    if session != key {
        return Err(broken(format!("the work was about session {session}, the decision is about {key}")));
    }
    Ok(session)
}

/// Writes a decision; `Stale` and `LeaseLost` want the transaction rolled back.
pub(super) async fn decided(
    ledger: &PostgresLedger,
    tx: &mut Tx,
    claim: &Claim,
    decision: &Decision,
    place: Place,
) -> Result<Finished, LedgerError> {
    let before = sessions::lock(tx, place).await?;
    // The settling task is set or deleted with the session.
    let held = match claim.work {
        Work::Decide(_) => tasks::delete(tx, claim).await?,
        _ => tasks::holds(tx, claim).await?,
    };
    if !held {
        return Ok(Finished::LeaseLost);
    }
    if sessions::change(tx, place, before, &decision.session).await? == Changed::Stale {
        return Ok(Finished::Stale);
    }
    let mut erasures: Vec<_> = decision.erasures.iter().collect();
    erasures.sort_by_key(|erasure| erasure.subject.key());
    for erasure in erasures {
        schedule::schedule(ledger, tx, erasure).await?;
    }
    Ok(Finished::Done)
}
