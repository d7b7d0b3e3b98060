//! Closing erasures, as both backends are asked to do it: together or not at all.

use super::{Claim, LedgerError};
use crate::receipt::Receipt;

/// An erasure's end: the claim on [`Work::Close`](super::Work::Close) and the receipt.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) claim: Claim,
    pub(crate) receipt: Receipt,
}

/// The result of closing erasures.
#[derive(Debug)]
#[must_use]
pub(crate) enum Closed {
    Done,
    /// Nothing was written: another receipt was appended meanwhile, or some of the leases had ended. These claims still
    /// hold, and want receipts that follow the new head.
    Again(Vec<Claim>),
    /// Nothing was written: the ledger refuses it, because of one of them or of all. The claims are as they were.
    Refused(Vec<Claim>, LedgerError),
}

/// The result of one attempt of a backend.
pub(super) enum Tried {
    Closed,
    /// The chain has a new head.
    Moved,
    /// Not all claims hold; which do.
    Lost(Vec<bool>),
}

impl Closed {
    /// What came of an attempt to close these.
    pub(super) fn of(tried: Result<Tried, LedgerError>, closing: Vec<Closing>) -> Result<Self, LedgerError> {
        let claims = closing.into_iter().map(|one| one.claim);
        Ok(match tried {
            Ok(Tried::Closed) => Self::Done,
            Ok(Tried::Moved) => Self::Again(claims.collect()),
            Ok(Tried::Lost(held)) => {
                Self::Again(claims.zip(held).filter_map(|(claim, holds)| holds.then_some(claim)).collect())
            }
            Err(error @ LedgerError::Broken(_)) => Self::Refused(claims.collect(), error),
            Err(other) => return Err(other),
        })
    }
}
