//! Erasures: asked for, looked at, and decided about. What begins them later is the worker's.

mod find;
mod preview;
mod reach;
mod request;

pub(crate) use find::{Found, find};
pub(crate) use preview::{Preview, WouldBe, preview};
pub(crate) use reach::{NotReached, Reach};
pub(crate) use request::{About, Request, Requested, request};

use jiff::Timestamp;

use super::{OperationError, Operations};
use crate::audit::Actor;
use crate::erasure::{Erasure, ErasureId, ErasureState};
use crate::ledger::{ErasureFilter, TargetHealth, TargetState};
use crate::subject::TargetName;

/// Lists erasures, newest first.
pub(crate) async fn list(on: &Operations, filter: &ErasureFilter) -> Result<Vec<Erasure>, OperationError> {
    Ok(on.ledger.erasures(filter).await?)
}

/// Shows one erasure and its steps.
pub(crate) async fn show(on: &Operations, id: ErasureId) -> Result<Erasure, OperationError> {
    on.ledger.erasure(id).await?.ok_or_else(|| OperationError::NotFound(format!("there is no erasure {id}")))
}

/// Approves an erasure that waits for it: it begins when its time has come.
pub(crate) async fn approve(on: &Operations, id: ErasureId, _by: &Actor) -> Result<(), OperationError> {
    if on.ledger.approve_erasure(id).await? {
        return Ok(());
    }
    Err(not_done(on, id, "it does not wait for approval").await)
}

/// Rejects an erasure that waits for approval: nothing is erased, and its identifiers are destroyed.
pub(crate) async fn reject(on: &Operations, id: ErasureId, _by: &Actor) -> Result<(), OperationError> {
    if show(on, id).await?.state == ErasureState::Requested && on.ledger.cancel_erasure(id).await? {
        return Ok(());
    }
    Err(not_done(on, id, "it does not wait for approval").await)
}

/// Sets what is parked of an erasure going again; begins a scheduled one now.
pub(crate) async fn retry(on: &Operations, id: ErasureId, _by: &Actor) -> Result<(), OperationError> {
    if on.ledger.retry_erasure(id).await? {
        return Ok(());
    }
    Err(not_done(on, id, "it is neither parked nor scheduled").await)
}

/// Cancels an erasure that has not begun; closes a parked one, with a receipt that says so.
pub(crate) async fn cancel(on: &Operations, id: ErasureId, _by: &Actor) -> Result<(), OperationError> {
    if on.ledger.cancel_erasure(id).await? {
        return Ok(());
    }
    Err(not_done(on, id, "it is under way or over").await)
}

/// What was set going again of what could not be decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UndecidedRetried {
    /// mluvii was parked, and is called again.
    pub(crate) mluvii_opened: bool,
    /// Events and sessions.
    pub(crate) work: u64,
}

/// Sets the events and sessions that could not be decided on going again, and mluvii, which is asked for that: what is
/// undecided waits while mluvii is parked.
pub(crate) async fn retry_undecided(on: &Operations, _by: &Actor) -> Result<UndecidedRetried, OperationError> {
    let mluvii_opened = open_mluvii(on).await?;
    let work = on.ledger.retry_parked().await?;
    if !mluvii_opened && work == 0 {
        return Err(OperationError::Conflict("nothing is parked".into()));
    }
    Ok(UndecidedRetried { mluvii_opened, work })
}

async fn open_mluvii(on: &Operations) -> Result<bool, OperationError> {
    let installations = on.settings.installations.iter();
    let called: Vec<_> = installations.map(|installation| TargetName::mluvii_of(&installation.name)).collect();
    let mut opened = false;
    for health in on.ledger.targets().await? {
        if called.contains(&health.target) && matches!(health.state, TargetState::Parked { .. }) {
            let open = TargetHealth { target: health.target, state: TargetState::Closed, since: Timestamp::now() };
            on.ledger.set_target(open).await?;
            opened = true;
        }
    }
    Ok(opened)
}

/// Why an act on an erasure was refused by the ledger. What is read here may be newer than the refusal.
async fn not_done(on: &Operations, id: ErasureId, why: &str) -> OperationError {
    match show(on, id).await {
        Ok(_) => OperationError::Conflict(format!("erasure {id}: {why}")),
        Err(error) => error,
    }
}
