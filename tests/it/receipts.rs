//! Receipts as others see them: verified by a second program, listed, shown, found again and acknowledged.

mod ledger;
pub(crate) mod verifiers;
