//! `quietus receipts export`: JSON lines; the first one is a header with the public key and what follows, in numbers.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::deployment::Deployment;
use super::super::exit::{Exit, Failure};
use super::super::out::Out;
use super::tally::Tally;
use crate::config::read_public;
use crate::ledger::ReceiptRange;
use crate::receipt::Receipt;

/// How many receipts are read from the ledger at once.
const CHUNK: u32 = 1000;

/// The format's version, in the header.
pub(super) const FORMAT: u32 = 2;

/// The first line of an export. Nothing signs it; see `docs/receipt.md`.
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    /// The format's version.
    pub(super) quietus_receipts: u32,
    /// Hex.
    pub(super) public_keys: Vec<String>,
    /// The numbers of the first and the last receipt.
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    /// How many follow.
    pub(super) receipts: u64,
    pub(super) verdicts: Tally,
}

impl Header {
    /// The header of an export without receipts.
    pub(super) fn empty(public_key: String) -> Self {
        Self {
            quietus_receipts: FORMAT,
            public_keys: vec![public_key],
            first: None,
            last: None,
            receipts: 0,
            verdicts: Tally::default(),
        }
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

pub(super) async fn run(
    deployment: &Deployment,
    from: u64,
    file: Option<&Path>,
    out: &mut Out,
) -> Result<Exit, Failure> {
    // What is appended from here on is left for the next export, so that the header is true.
    let last = deployment.ledger.receipt_head().await?.map_or(0, |head| head.sequence);
    let mut header = Header::empty(read_public(&deployment.config.keys_dir())?);
    each(deployment, from, last, |receipt| {
        header.add(receipt);
        Ok(())
    })
    .await?;
    let Some(path) = file else {
        write(deployment, from, &header, out).await?;
        return Ok(Exit::Done);
    };
    // The file appears whole or not at all.
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    write(deployment, from, &header, &mut BufWriter::new(part.as_file_mut())).await?;
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    let Header { receipts, verdicts, .. } = header;
    if out.is_json() {
        out.json(&serde_json::json!({ "receipts": receipts, "verdicts": verdicts, "file": path }))?;
    } else {
        out.line(format_args!("wrote {receipts} receipts into {}: {verdicts}", path.display()))?;
    }
    Ok(Exit::Done)
}

async fn write(deployment: &Deployment, from: u64, header: &Header, sink: &mut impl Write) -> Result<(), Failure> {
    line(header, sink)?;
    each(deployment, from, header.last.unwrap_or(0), |receipt| line(receipt, sink)).await?;
    Ok(sink.flush()?)
}

/// Goes through the receipts from one number to another.
async fn each(
    deployment: &Deployment,
    mut from: u64,
    last: u64,
    mut act: impl FnMut(&Receipt) -> io::Result<()>,
) -> Result<(), Failure> {
    while from <= last {
        let receipts = deployment.ledger.receipts(&ReceiptRange::all(from, CHUNK)).await?.items;
        let Some(end) = receipts.last() else { break };
        from = end.statement.sequence + 1;
        receipts.iter().filter(|receipt| receipt.statement.sequence <= last).try_for_each(&mut act)?;
    }
    Ok(())
}

fn line(value: &impl Serialize, sink: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *sink, value)?;
    writeln!(sink)
}
