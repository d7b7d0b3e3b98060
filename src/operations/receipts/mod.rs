//! Receipts: the proof. Reading them changes nothing; verifying an export needs neither the ledger nor the configuration.

mod export;
#[cfg(test)]
pub(crate) mod sample;
mod tally;
pub(crate) mod verify;

pub(super) use export::survey_to;
pub(crate) use export::{Header, begin_export, export, export_some, survey};
pub(crate) use tally::Tally;

use serde::Serialize;

use super::person::note_search;
use super::{GivenIdentifiers, OperationError, Operations, erasures};
use crate::audit::Actor;
use crate::erasure::{Erasure, ErasureId, Verdict};
use crate::ledger::{Cursor, Page, ReceiptRange};
use crate::receipt::{Chain, ChainBroken, ChainName, Checkpoint, Receipt};
use crate::subject::InstallationName;

/// All receipts in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) receipts: u64,
    pub(crate) verdicts: Tally,
    /// Those that have moved to archives; they are not among the others.
    pub(crate) archived: u64,
    /// Incomplete ones that no person has acknowledged.
    pub(crate) unacknowledged: u64,
}

/// Lists receipts.
pub(crate) async fn list(on: &Operations, range: &ReceiptRange) -> Result<Page<Receipt, Cursor>, OperationError> {
    Ok(on.ledger.receipts(range).await?)
}

/// Counts all receipts.
pub(crate) async fn totals(on: &Operations) -> Result<Totals, OperationError> {
    let counts = on.ledger.counts().await?;
    let mut verdicts = Tally::default();
    for verdict in Verdict::ALL {
        verdicts.add(verdict, counts.verdicts.get(verdict.as_str()).copied().unwrap_or_default());
    }
    let archived = counts.archived_receipts;
    Ok(Totals { receipts: counts.receipts, verdicts, archived, unacknowledged: counts.incomplete_unacknowledged })
}

/// Shows one receipt.
pub(crate) async fn show(on: &Operations, sequence: u64) -> Result<Receipt, OperationError> {
    let found = on.ledger.receipts(&ReceiptRange::all(sequence, 1)).await?.items;
    // A range begins at the next one where a number is missing.
    let found = found.into_iter().find(|receipt| receipt.statement.sequence == sequence);
    if let Some(found) = found {
        return Ok(found);
    }
    Err(OperationError::NotFound(match archive_of(on, sequence).await? {
        None => format!("there is no receipt {sequence}"),
        Some(Checkpoint { file, first, last, .. }) => format!(
            "receipt {sequence} is not in the ledger any more: it is in the archive {file}, with receipts {first} to {last}"
        ),
    }))
}

/// The archive that a receipt has moved to.
pub(crate) async fn archive_of(on: &Operations, sequence: u64) -> Result<Option<Checkpoint>, OperationError> {
    let checkpoints = on.ledger.checkpoints(ChainName::Receipts).await?.into_iter();
    Ok(checkpoints.map(|signed| signed.checkpoint).find(|checkpoint| checkpoint.holds(sequence)))
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
    /// Where the receipt is that has moved to an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived: Option<ArchivedReceipt>,
}

/// A receipt that has moved to an archive.
#[derive(Debug, Serialize)]
pub(crate) struct ArchivedReceipt {
    pub(crate) sequence: u64,
    /// The archive's name.
    pub(crate) file: String,
}

/// Finds the receipts of a person's erasures; see [`erasures::find`]. The audit names the search before it is answered.
pub(crate) async fn find(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
    by: &Actor,
) -> Result<Found, OperationError> {
    let found = of_person(on, installation, identifiers).await?;
    note_search(on, "receipts", installation, identifiers, found.erasures.len(), by).await?;
    Ok(found)
}

/// The same, for a search that the audit names as a whole.
pub(super) async fn of_person(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
) -> Result<Found, OperationError> {
    let erasures::Found { erasures, ended_are_found } = erasures::find(on, installation, identifiers).await?;
    let mut found = Vec::new();
    for erasure in erasures {
        let receipt = on.ledger.receipt_of(erasure.id).await?;
        let archived = if receipt.is_none() { archived(on, erasure.id).await? } else { None };
        found.push(FoundErasure { erasure, receipt, archived });
    }
    Ok(Found { erasures: found, ended_are_found })
}

async fn archived(on: &Operations, erasure: ErasureId) -> Result<Option<ArchivedReceipt>, OperationError> {
    let Some(sequence) = on.ledger.archived_receipt_of(erasure).await? else { return Ok(None) };
    Ok(archive_of(on, sequence).await?.map(|checkpoint| ArchivedReceipt { sequence, file: checkpoint.file }))
}

/// What was looked at of one receipt that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OneVerified {
    /// Its signature, its text, and its link to the one before it.
    Linked,
    /// It is the first one.
    First,
    /// The one before it is not in the ledger, so that its link was not looked at.
    Alone,
}

/// Looks whether a receipt is signed by a key of this deployment, and goes on after the one before it.
pub(crate) async fn verify_one(
    on: &Operations,
    receipt: &Receipt,
) -> Result<Result<OneVerified, ChainBroken>, OperationError> {
    let sequence = receipt.statement.sequence;
    let links = on.links(ChainName::Receipts, sequence).await?;
    let mut chain = match Chain::under(links.public_keys.iter().map(String::as_str)) {
        Ok(chain) => chain,
        Err(broken) => return Ok(Err(broken)),
    };
    let before = match sequence.checked_sub(1).filter(|before| *before > 0) {
        Some(before) => on.ledger.receipts(&ReceiptRange::all(before, 1)).await?.items,
        None => Vec::new(),
    };
    // A range begins at the next one where a number is missing.
    let before = before.iter().find(|one| one.statement.sequence + 1 == sequence);
    if let Some(before) = before {
        chain.goes_on_after(before.head());
    }
    let holds = match before {
        Some(_) => OneVerified::Linked,
        None if sequence == 1 => OneVerified::First,
        None => OneVerified::Alone,
    };
    Ok(chain.check(receipt).map(|()| holds))
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
