//! `quietus receipts verify`: offline, of any length, one receipt at a time.

use std::io::{self, BufRead, BufReader, Read as _};
use std::path::PathBuf;

use super::super::exit::{Exit, Failure};
use super::super::out::{BAD, GOOD, Out};
use super::export::{FORMAT, Header};
use super::tally::Tally;
use crate::receipt::{Chain, ChainBroken, NotAReceipt, Receipt};

/// A longer line is no receipt.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Verify exported receipts: signatures, numbers, links
///
/// What the file does not contain cannot be missed by it: keep the number of the newest receipt elsewhere, and compare.
#[derive(clap::Args)]
pub(crate) struct Verify {
    /// A file that `quietus receipts export` wrote; `-` is standard input
    file: PathBuf,
    /// The public key that must have signed them, as hex, or `@FILE`; may be repeated [default: the file's own, which
    /// proves nothing about who signed]
    #[arg(long = "public-key", value_name = "HEX|@FILE")]
    public_keys: Vec<String>,
}

/// What was verified.
#[derive(Debug, PartialEq, Eq)]
struct Verified {
    first: u64,
    last: u64,
    verdicts: Tally,
}

/// Why it was not.
#[derive(Debug, thiserror::Error)]
enum NotVerified {
    #[error("line {0} is not a receipt: {1}")]
    Line(u64, NotAReceipt),
    #[error("the first line is not the header of an export")]
    Header,
    #[error("the export has format {0}; this program reads {FORMAT}")]
    Format(u64),
    #[error("the header tells of {told} receipts, and there are {there}, or others: the file was cut or put together")]
    Counts { told: u64, there: u64 },
    #[error(transparent)]
    Chain(#[from] ChainBroken),
    #[error("cannot be read")]
    Read(#[from] io::Error),
}

impl Verify {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let trusted = self.public_keys.iter().map(|key| public_key(key)).collect::<Result<Vec<_>, _>>()?;
        let reader: Box<dyn BufRead> = if self.file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            let opened = std::fs::File::open(&self.file);
            Box::new(BufReader::new(opened.map_err(|error| anyhow::anyhow!("{}: {error}", self.file.display()))?))
        };
        let verified = match verify(reader, &trusted) {
            Err(NotVerified::Read(error)) => return Err(error.into()),
            other => other,
        };
        report(&verified, !trusted.is_empty(), out)?;
        Ok(Exit::when(verified.is_ok()))
    }
}

fn report(verified: &Result<Option<Verified>, NotVerified>, trusted: bool, out: &mut Out) -> io::Result<()> {
    if out.is_json() {
        let range = verified.as_ref().ok().and_then(Option::as_ref);
        out.json(&serde_json::json!({
            "verified": verified.is_ok(),
            "first": range.map(|range| range.first),
            "last": range.map(|range| range.last),
            "verdicts": range.map(|range| range.verdicts),
            "key_was_given": trusted,
            "problem": verified.as_ref().err().map(ToString::to_string),
        }))?;
    } else {
        match verified {
            Err(problem) => out.marked(BAD, "✗", format_args!("not verified: {problem}"))?,
            Ok(None) => out.marked(GOOD, "✓", "no receipts")?,
            Ok(Some(Verified { first, last, verdicts })) => {
                out.marked(GOOD, "✓", format_args!("receipts {first} to {last} are verified: {verdicts}"))?;
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

/// Verifies an export under the trusted keys, or under its own. `None` when there are no receipts in it.
fn verify(mut reader: impl BufRead, trusted: &[String]) -> Result<Option<Verified>, NotVerified> {
    let told = header(&line(&mut reader)?.ok_or(NotVerified::Header)?)?;
    let keys = if trusted.is_empty() { &told.public_keys } else { trusted };
    let mut chain = Chain::under(keys.iter().map(String::as_str))?;
    let mut there = Header::empty(String::new());
    let mut number = 1;
    while let Some(text) = line(&mut reader)? {
        number += 1;
        let receipt = Receipt::read(&text).map_err(|why| NotVerified::Line(number, why))?;
        chain.check(&receipt)?;
        there.add(&receipt);
    }
    let same = (told.first, told.last, told.receipts) == (there.first, there.last, there.receipts);
    if !same || told.verdicts != there.verdicts {
        return Err(NotVerified::Counts { told: told.receipts, there: there.receipts });
    }
    let range = there.first.zip(there.last);
    Ok(range.map(|(first, last)| Verified { first, last, verdicts: there.verdicts }))
}

/// Of another format, the header may have other members.
fn header(text: &str) -> Result<Header, NotVerified> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        quietus_receipts: u64,
    }

    let Versioned { quietus_receipts: format } = serde_json::from_str(text).map_err(|_| NotVerified::Header)?;
    if format != u64::from(FORMAT) {
        return Err(NotVerified::Format(format));
    }
    serde_json::from_str(text).map_err(|_| NotVerified::Header)
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
