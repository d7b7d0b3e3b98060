//! The ledger's clock: what was seen of it, and a person's word that it is right.

use super::{OperationError, Operations};
use crate::attention::ClockDoubt;
use crate::audit::Actor;
use crate::ledger::ClockView;

/// Shows the clock, and why it cannot be right where it cannot.
pub(crate) async fn show(on: &Operations) -> Result<ClockView, OperationError> {
    Ok(on.ledger.clock().await?)
}

/// Says that the clock is right: erasing goes on by it. Returns what was doubted.
pub(crate) async fn accept(on: &Operations, by: &Actor) -> Result<ClockDoubt, OperationError> {
    let doubt = on.ledger.accept_clock(by).await?;
    doubt.ok_or_else(|| OperationError::Conflict("nothing is wrong with the clock, as far as the ledger knows".into()))
}
