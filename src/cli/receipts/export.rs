//! `quietus receipts export`: JSON lines; the first one is a header with the public key.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::exit::{Exit, Failure};
use super::super::installation::Installation;
use super::super::out::Out;
use crate::config::read_public;
use crate::ledger::ReceiptRange;

/// How many receipts are read from the ledger at once.
const CHUNK: u32 = 1000;

/// The format's version, in the header.
pub(super) const FORMAT: u32 = 1;

/// The first line of an export.
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    /// The format's version.
    pub(super) quietus_receipts: u32,
    /// Hex.
    pub(super) public_key: String,
}

pub(super) async fn run(
    installation: &Installation,
    from: u64,
    file: Option<&Path>,
    out: &mut Out,
) -> Result<Exit, Failure> {
    let public_key = read_public(&installation.config.keys_dir())?;
    let header = Header { quietus_receipts: FORMAT, public_key };
    let Some(path) = file else {
        write(installation, from, &header, out).await?;
        return Ok(Exit::Done);
    };
    // The file appears whole or not at all.
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    let count = write(installation, from, &header, &mut BufWriter::new(part.as_file_mut())).await?;
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    if out.is_json() {
        out.json(&serde_json::json!({ "receipts": count, "file": path }))?;
    } else {
        out.line(format_args!("wrote {count} receipts into {}", path.display()))?;
    }
    Ok(Exit::Done)
}

async fn write(
    installation: &Installation,
    mut from: u64,
    header: &Header,
    sink: &mut impl Write,
) -> Result<u64, Failure> {
    line(header, sink)?;
    let mut count = 0;
    loop {
        let receipts = installation.ledger.receipts(&ReceiptRange { from, limit: CHUNK }).await?;
        let Some(last) = receipts.last() else { break };
        from = last.statement.sequence + 1;
        count += receipts.len() as u64;
        receipts.iter().try_for_each(|receipt| line(receipt, sink))?;
    }
    sink.flush()?;
    Ok(count)
}

fn line(value: &impl Serialize, sink: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *sink, value)?;
    writeln!(sink)
}
