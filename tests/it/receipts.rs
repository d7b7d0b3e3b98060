//! Receipts as others see them: verified by a second program, listed, shown, found again and acknowledged.

mod ledger;
mod rotation;
pub(crate) mod verifiers;
