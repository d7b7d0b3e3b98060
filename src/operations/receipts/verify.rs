//! Verifying exported receipts: offline, of any length, one receipt at a time.

use std::io::{self, BufRead};

use super::export::{FORMAT, Header};
use super::tally::Tally;
use crate::keys::KeyId;
use crate::operations::json_lines;
use crate::receipt::{Chain, ChainBroken, NotAReceipt, Receipt};

/// What was verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) verdicts: Tally,
    /// Keys that were not given and that a given one has signed, by their ids: the one that signed, and the new one.
    pub(crate) followed: Vec<(KeyId, KeyId)>,
}

/// Why it was not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotVerified {
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

/// Verifies an export under the trusted keys and those that they have signed, or under its own. `None` when there are no receipts in it.
pub(crate) fn verify(mut reader: impl BufRead, trusted: &[String]) -> Result<Option<Verified>, NotVerified> {
    let told = header(&json_lines::read(&mut reader)?.ok_or(NotVerified::Header)?)?;
    let keys = if trusted.is_empty() { &told.public_keys } else { trusted };
    let mut chain = Chain::under(keys.iter().map(String::as_str))?;
    let followed = chain.follow(&told.rotations);
    let mut there = Header::empty(Vec::new(), Vec::new());
    let mut number = 1;
    while let Some(text) = json_lines::read(&mut reader)? {
        number += 1;
        let receipt = Receipt::read(&text).map_err(|why| NotVerified::Line(number, why))?;
        chain.check(&receipt)?;
        there.add(&receipt);
    }
    let is_same = (told.first, told.last, told.receipts) == (there.first, there.last, there.receipts);
    if !is_same || told.verdicts != there.verdicts {
        return Err(NotVerified::Counts { told: told.receipts, there: there.receipts });
    }
    let range = there.first.zip(there.last);
    Ok(range.map(|(first, last)| Verified { first, last, verdicts: there.verdicts, followed }))
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

#[cfg(test)]
mod tests;
