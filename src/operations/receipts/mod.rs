//! Receipts: the proof. Reading them changes nothing; verifying an export needs neither the ledger nor the configuration.

mod export;
#[cfg(test)]
pub(crate) mod sample;
mod tally;
pub(crate) mod verify;

pub(crate) use export::{Header, export, survey};
pub(crate) use tally::Tally;

use serde::Serialize;

use super::{GivenIdentifiers, OperationError, Operations, erasures};
use crate::audit::Actor;
use crate::erasure::{Erasure, Verdict};
use crate::ledger::ReceiptRange;
use crate::receipt::Receipt;
use crate::subject::InstallationName;

/// Which receipts to list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiptFilter {
    /// From this number on; otherwise the newest ones, or with a verdict from the first one on.
    pub(crate) from: Option<u64>,
    pub(crate) limit: u32,
    pub(crate) verdict: Option<Verdict>,
}

/// Some receipts, and how many there are in all.
#[derive(Debug)]
pub(crate) struct Listed {
    /// In the order of the chain.
    pub(crate) receipts: Vec<Receipt>,
    /// The number from which further ones may follow.
    pub(crate) next: Option<u64>,
    pub(crate) all: Totals,
}

/// All receipts in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) receipts: u64,
    pub(crate) verdicts: Tally,
    /// Incomplete ones that no person has acknowledged.
    pub(crate) unacknowledged: u64,
}

/// Lists receipts in the order of the chain.
pub(crate) async fn list(on: &Operations, filter: ReceiptFilter) -> Result<Listed, OperationError> {
    let ReceiptFilter { from, limit, verdict } = filter;
    let newest = on.ledger.receipt_head().await?.map_or(0, |head| head.sequence);
    let from = match (from, verdict) {
        (Some(from), _) => from,
        (None, Some(_)) => 1,
        (None, None) => (newest + 1).saturating_sub(limit.into()),
    };
    let receipts = on.ledger.receipts(&ReceiptRange { from: from.max(1), limit, verdict }).await?;
    let last = receipts.last().map(|receipt| receipt.statement.sequence);
    let is_full = receipts.len() as u64 == u64::from(limit);
    let next = last.filter(|last| is_full && *last < newest).map(|last| last + 1);
    Ok(Listed { receipts, next, all: totals(on).await? })
}

async fn totals(on: &Operations) -> Result<Totals, OperationError> {
    let counts = on.ledger.counts().await?;
    let mut verdicts = Tally::default();
    for verdict in Verdict::ALL {
        verdicts.add(verdict, counts.verdicts.get(verdict.as_str()).copied().unwrap_or_default());
    }
    Ok(Totals { receipts: counts.receipts, verdicts, unacknowledged: counts.incomplete_unacknowledged })
}

/// Shows one receipt.
pub(crate) async fn show(on: &Operations, sequence: u64) -> Result<Receipt, OperationError> {
    let found = on.ledger.receipts(&ReceiptRange::all(sequence, 1)).await?;
    // A range begins at the next one where a number is missing.
    let found = found.into_iter().find(|receipt| receipt.statement.sequence == sequence);
    found.ok_or_else(|| OperationError::NotFound(format!("there is no receipt {sequence}")))
}

/// A person's erasures, and their receipts.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) erasures: Vec<FoundErasure>,
    /// Whether erasures that have ended are among them.
    pub(crate) ended_are_found: bool,
}

/// An erasure, and its receipt if it has ended.
#[derive(Debug, Serialize)]
pub(crate) struct FoundErasure {
    pub(crate) erasure: Erasure,
    pub(crate) receipt: Option<Receipt>,
}

/// Finds the receipts of a person's erasures; see [`erasures::find`].
pub(crate) async fn find(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
) -> Result<Found, OperationError> {
    let erasures::Found { erasures, ended_are_found } = erasures::find(on, installation, identifiers).await?;
    let mut found = Vec::new();
    for erasure in erasures {
        let receipt = on.ledger.receipt_of(erasure.id).await?;
        found.push(FoundErasure { erasure, receipt });
    }
    Ok(Found { erasures: found, ended_are_found })
}

/// Which incomplete receipts a person has seen.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    All,
    /// Those with these numbers.
    These(Vec<u64>),
}

/// Notes that a person has seen incomplete receipts, which themselves stay as they are. Returns how many were new.
pub(crate) async fn acknowledge(on: &Operations, seen: &Seen, by: &Actor) -> Result<u64, OperationError> {
    let these = match seen {
        Seen::All => None,
        Seen::These(sequences) => Some(sequences.as_slice()),
    };
    Ok(on.ledger.acknowledge_receipts(these, by).await?)
}
