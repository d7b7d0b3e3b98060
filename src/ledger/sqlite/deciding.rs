//! The end of deciding: the session's change, the erasures that follow from it and the end of the work, together.

use super::job::Tx;
use super::sessions::{self, Changed};
use super::{Claim, Decision, Finished, LedgerError, Work};
use super::{failure::broken, schedule, tasks};

pub(super) fn decided(tx: &Tx<'_>, claim: &Claim, decision: &Decision) -> Result<Finished, LedgerError> {
    let key = &decision.session.record.session;
    let session = match &claim.work {
        Work::Decide(event) => &event.head.session,
        Work::Settle(session) => session,
        Work::Resolve(_) | Work::Step(_) | Work::Close(_) => {
            return Err(broken("only events and sessions are decided on"));
        }
    };
    if session != key {
        return Err(broken(format!("the work was about session {session}, the decision is about {key}")));
    }
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    if sessions::change(tx, &decision.session)? == Changed::Stale {
        tasks::give_back(tx, claim)?;
        return Ok(Finished::Stale);
    }
    // The settling task was set or deleted with the session.
    if let Work::Decide(_) = claim.work {
        tasks::delete(tx, claim)?;
    }
    for erasure in &decision.erasures {
        schedule::schedule(tx, erasure)?;
    }
    Ok(Finished::Done)
}
