//! Exporting receipts as JSON lines. The first line is a header with the public keys and what follows, in numbers; nothing
//! signs it, see `docs/receipt.md`.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::tally::Tally;
use crate::ledger::ReceiptRange;
use crate::operations::series::Links;
use crate::operations::{OperationError, Operations, json_lines};
use crate::receipt::{ChainName, Receipt};

/// How many receipts are read from the ledger at once.
const CHUNK: u32 = 1000;

/// The format's version, in the header.
pub(super) const FORMAT: u32 = 2;

/// The first line of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The format's version.
    pub(super) quietus_receipts: u32,
    #[serde(flatten)]
    pub(in crate::operations) links: Links,
    /// The numbers of the first and the last receipt.
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    /// How many follow.
    pub(crate) receipts: u64,
    pub(crate) verdicts: Tally,
}

impl Header {
    /// The header of an export without receipts.
    pub(super) fn empty(links: Links) -> Self {
        Self { quietus_receipts: FORMAT, links, first: None, last: None, receipts: 0, verdicts: Tally::default() }
    }

    /// Counts one more receipt.
    pub(super) fn add(&mut self, receipt: &Receipt) {
        let said = &receipt.statement;
        self.first = self.first.or(Some(said.sequence));
        self.last = Some(said.sequence);
        self.receipts += 1;
        self.verdicts.add(said.verdict, 1);
    }
}

/// Counts what an export from a number on holds. What is appended from here on is left for the next export, so that the
/// header is true.
pub(crate) async fn survey(on: &Operations, from: u64) -> Result<Header, OperationError> {
    let last = on.ledger.receipt_head().await?.map_or(0, |head| head.sequence);
    survey_to(on, from, last).await
}

/// The same of what ends with a number.
pub(in crate::operations) async fn survey_to(on: &Operations, from: u64, last: u64) -> Result<Header, OperationError> {
    let mut header = Header::empty(on.links(ChainName::Receipts, from).await?);
    each(on, from, last, |receipt| {
        header.add(receipt);
        Ok(())
    })
    .await?;
    Ok(header)
}

/// Writes the header and the receipts that it tells of.
pub(crate) async fn export(
    on: &Operations,
    from: u64,
    header: &Header,
    sink: &mut impl Write,
) -> Result<(), OperationError> {
    begin_export(header, sink)?;
    let mut next = Some(from);
    while let Some(from) = next {
        next = export_some(on, from, header, sink).await?;
    }
    Ok(sink.flush()?)
}

/// Writes the header alone; what it tells of follows by [`export_some`].
pub(crate) fn begin_export(header: &Header, sink: &mut impl Write) -> io::Result<()> {
    json_lines::write(header, sink)
}

/// Writes some of the receipts that the header tells of, from a number on. Returns where they go on, or nothing where that were all.
pub(crate) async fn export_some(
    on: &Operations,
    from: u64,
    header: &Header,
    sink: &mut impl Write,
) -> Result<Option<u64>, OperationError> {
    some(on, from, header.last.unwrap_or(0), &mut |receipt: &Receipt| json_lines::write(receipt, sink)).await
}

/// Goes through the receipts from one number to another.
async fn each(
    on: &Operations,
    from: u64,
    last: u64,
    mut act: impl FnMut(&Receipt) -> io::Result<()>,
) -> Result<(), OperationError> {
    let mut next = Some(from);
    while let Some(from) = next {
        next = some(on, from, last, &mut act).await?;
    }
    Ok(())
}

/// Goes through some of them, and says where the others begin.
async fn some(
    on: &Operations,
    from: u64,
    last: u64,
    act: &mut impl FnMut(&Receipt) -> io::Result<()>,
) -> Result<Option<u64>, OperationError> {
    if from > last {
        return Ok(None);
    }
    let receipts = on.ledger.receipts(&ReceiptRange::all(from, CHUNK)).await?.items;
    let Some(end) = receipts.last() else { return Ok(None) };
    let next = end.statement.sequence + 1;
    receipts.iter().filter(|receipt| receipt.statement.sequence <= last).try_for_each(act)?;
    Ok((next <= last).then_some(next))
}
