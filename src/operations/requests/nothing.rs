//! Whether anything shows that nothing is held of whom a request is about. The letter that says so and the end that does ask the same.

use crate::operations::{OperationError, Operations};
use crate::papers::Nothing;
use crate::receipt::Receipt;
use crate::request::Request;
use crate::subject::TargetName;

/// The receipts of a request, the newest last.
pub(in crate::operations) async fn receipts_of(
    on: &Operations,
    request: &Request,
) -> Result<Vec<Receipt>, OperationError> {
    let mut all = Vec::new();
    for erasure in &request.erasures {
        all.extend(on.ledger.receipt_of(*erasure).await?);
    }
    Ok(all)
}

/// What shows it: all receipts of the request, with one that is named beside them, or the plan of one that has none. It was looked
/// `everywhere` then; else what is missing is said.
pub(in crate::operations) fn nothing_held(
    request: &Request,
    all: &[Receipt],
    named: Option<&Receipt>,
    everywhere: &[TargetName],
) -> Result<Nothing, Vec<String>> {
    let known: Vec<_> =
        all.iter().chain(named.filter(|one| !all.contains(one))).map(|receipt| &receipt.statement).collect();
    if request.erasures.is_empty() && known.is_empty() {
        Nothing::by_plan(request, everywhere)
    } else if all.len() < request.erasures.len() {
        Err(vec!["not all of its receipts are in the ledger".to_owned()])
    } else {
        Nothing::by_receipts(&known, everywhere)
    }
}
