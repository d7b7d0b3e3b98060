//! The end of an erasure: its receipt.

use jiff::Timestamp;

use super::{Halt, Worker};
use crate::erasure::{Erasure, ErasureState};
use crate::receipt::Receipt;

impl Worker {
    /// Issues the receipt of an erasure whose steps all have an outcome, as the successor of the present head.
    pub(super) async fn issue(&self, erasure: &Erasure) -> Result<Receipt, Halt> {
        let head = self.ledger.receipt_head().await?;
        let state = match erasure.state {
            ErasureState::Cancelled => ErasureState::Cancelled,
            _ => ErasureState::Done,
        };
        Receipt::issue(erasure, state, head.as_ref(), &self.index, &self.receipt, Timestamp::now())
            .map_err(|unfinished| Halt::Hopeless(unfinished.to_string()))
    }
}
