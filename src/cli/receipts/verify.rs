//! `quietus receipts verify`: offline, of any length, in bounded memory.

use std::io::{self, BufRead, BufReader, Read as _};
use std::path::PathBuf;

use super::super::exit::{Exit, Failure};
use super::super::out::{BAD, GOOD, Out};
use super::export::{FORMAT, Header};
use crate::receipt::{ChainBroken, Receipt, verify_chain};

/// How many receipts are in memory at once.
const CHUNK: usize = 1000;
/// A longer line is no receipt.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Verify exported receipts: signatures, numbers, links
///
/// What the file does not contain cannot be missed by it: keep the number of the newest receipt elsewhere, and compare.
#[derive(clap::Args)]
pub(crate) struct Verify {
    /// A file that `quietus receipts export` wrote; `-` is standard input
    file: PathBuf,
    /// The public key that must have signed them, as hex, or `@FILE` [default: the file's own, which proves nothing about
    /// who signed]
    #[arg(long, value_name = "HEX|@FILE")]
    public_key: Option<String>,
}

/// What was verified.
#[derive(Debug, PartialEq, Eq)]
struct Verified {
    first: u64,
    last: u64,
}

/// Why it was not.
#[derive(Debug, thiserror::Error)]
enum NotVerified {
    #[error("line {0} is not a receipt")]
    Line(u64),
    #[error("the first line is not the header of an export")]
    Header,
    #[error("the export has format {0}; this program reads {FORMAT}")]
    Format(u32),
    #[error(transparent)]
    Chain(#[from] ChainBroken),
    #[error("cannot be read")]
    Read(#[from] io::Error),
}

impl Verify {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let trusted = self.public_key.as_deref().map(public_key).transpose()?;
        let reader: Box<dyn BufRead> = if self.file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            let opened = std::fs::File::open(&self.file);
            Box::new(BufReader::new(opened.map_err(|error| anyhow::anyhow!("{}: {error}", self.file.display()))?))
        };
        let verified = match verify(reader, trusted.as_deref()) {
            Err(NotVerified::Read(error)) => return Err(error.into()),
            other => other,
        };
        report(&verified, trusted.is_some(), out)?;
        Ok(Exit::when(verified.is_ok()))
    }
}

fn report(verified: &Result<Option<Verified>, NotVerified>, trusted: bool, out: &mut Out) -> io::Result<()> {
    if out.is_json() {
        let (first, last) = match verified {
            Ok(Some(range)) => (Some(range.first), Some(range.last)),
            _ => (None, None),
        };
        let (problem, ok) = (verified.as_ref().err().map(ToString::to_string), verified.is_ok());
        out.json(&serde_json::json!({
            "verified": ok, "first": first, "last": last, "key_was_given": trusted, "problem": problem,
        }))?;
    } else {
        match verified {
            Err(problem) => out.marked(BAD, "✗", format_args!("not verified: {problem}"))?,
            Ok(None) => out.marked(GOOD, "✓", "no receipts")?,
            Ok(Some(range)) => {
                out.marked(GOOD, "✓", format_args!("receipts {} to {} are verified", range.first, range.last))?;
            }
        }
    }
    if let Ok(Some(range)) = verified
        && range.first > 1
    {
        out.note(format_args!("the chain starts at receipt {}; what came before is not in this file", range.first));
    }
    if !trusted {
        out.note("the key came with the file: this proves nothing about who signed; see --public-key");
    }
    Ok(())
}

/// Verifies an export under the trusted key, or under its own. `None` when there are no receipts in it.
fn verify(mut reader: impl BufRead, trusted: Option<&str>) -> Result<Option<Verified>, NotVerified> {
    let first = line(&mut reader)?.ok_or(NotVerified::Header)?;
    let header: Header = serde_json::from_str(&first).map_err(|_| NotVerified::Header)?;
    if header.quietus_receipts != FORMAT {
        return Err(NotVerified::Format(header.quietus_receipts));
    }
    let public = trusted.unwrap_or(&header.public_key);
    let (mut number, mut range, mut chunk) = (1, None::<Verified>, Vec::<Receipt>::new());
    loop {
        let text = line(&mut reader)?;
        if let Some(text) = &text {
            number += 1;
            let receipt: Receipt = serde_json::from_str(text).map_err(|_| NotVerified::Line(number))?;
            let sequence = receipt.statement.sequence;
            range = Some(Verified { first: range.map_or(sequence, |range| range.first), last: sequence });
            chunk.push(receipt);
        }
        if chunk.len() > CHUNK || text.is_none() {
            verify_chain(&chunk, public)?;
            // The last one of this chunk is the first of the next, so that the link between them is verified too.
            chunk.drain(..chunk.len().saturating_sub(1));
        }
        if text.is_none() {
            return Ok(range);
        }
    }
}

fn line(reader: &mut impl BufRead) -> Result<Option<String>, NotVerified> {
    let mut text = String::new();
    let length = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut text)?;
    Ok((length > 0).then_some(text))
}

fn public_key(argument: &str) -> Result<String, Failure> {
    let text = match argument.strip_prefix('@') {
        None => argument.to_owned(),
        Some(path) => std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{path}: {error}"))?,
    };
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests;
