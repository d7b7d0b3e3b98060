//! Verifying exported receipts: offline, of any length, one receipt at a time.

use std::io::{self, BufRead};

use super::export::{FORMAT, Header};
use super::tally::Tally;
use crate::keys::KeyId;
use crate::operations::json_lines;
use crate::receipt::{Chain, ChainBroken, Gap, NotAReceipt, Receipt, ReceiptHead};

/// What was verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) verdicts: Tally,
    /// Keys that were not given and that a given one has signed, by their ids: the one that signed, and the new one.
    pub(crate) followed: Vec<(KeyId, KeyId)>,
    /// Receipts that the ledger has lost, as later ones state.
    pub(crate) gaps: Vec<Gap>,
}

/// What the verifier knows from elsewhere: a chain says nothing about what was cut off at its ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// Whether it has to start at the chain's beginning.
    pub(crate) from_start: bool,
    /// A receipt that it has to reach.
    pub(crate) last: Option<ReceiptHead>,
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
    #[error("the file starts with receipt {0}, and not at the chain's beginning")]
    NotFromStart(u64),
    #[error("receipt {expected} is expected, and the last one is {last}: the newest were cut off")]
    Cut { expected: u64, last: u64 },
    #[error("receipt {0} is expected with another hash: it was replaced, or it is one of another chain")]
    Replaced(u64),
    #[error("receipt {0} is expected, and it is among those that the ledger has lost; a later receipt says so")]
    Lost(u64),
    #[error("receipt {expected} is expected, and the file starts with {first}")]
    StartsLater { expected: u64, first: u64 },
    #[error(transparent)]
    Chain(#[from] ChainBroken),
    #[error("cannot be read")]
    Read(#[from] io::Error),
}

/// Verifies an export under the trusted keys and those that they have signed, or under its own. `None` when there are no receipts
/// in it, and none is expected.
pub(crate) fn verify(
    mut reader: impl BufRead,
    trusted: &[String],
    expected: &Expected,
) -> Result<Option<Verified>, NotVerified> {
    let told = header(&json_lines::read(&mut reader)?.ok_or(NotVerified::Header)?)?;
    let keys = if trusted.is_empty() { &told.public_keys } else { trusted };
    let mut chain = Chain::under(keys.iter().map(String::as_str))?;
    let followed = chain.follow(&told.rotations);
    let mut there = Header::empty(Vec::new(), Vec::new());
    let mut gaps = Vec::new();
    let mut number = 1;
    let mut look = Look { expected, is_reached: false };
    while let Some(text) = json_lines::read(&mut reader)? {
        number += 1;
        let receipt = Receipt::read(&text).map_err(|why| NotVerified::Line(number, why))?;
        chain.check(&receipt)?;
        look.at(&receipt, there.receipts == 0)?;
        there.add(&receipt);
        gaps.extend(receipt.statement.gap);
    }
    let is_same = (told.first, told.last, told.receipts) == (there.first, there.last, there.receipts);
    if !is_same || told.verdicts != there.verdicts {
        return Err(NotVerified::Counts { told: told.receipts, there: there.receipts });
    }
    look.ends(there.last.unwrap_or(0))?;
    let range = there.first.zip(there.last);
    Ok(range.map(|(first, last)| Verified { first, last, verdicts: there.verdicts, followed, gaps }))
}

/// Looks for what is expected, one verified receipt after the other.
struct Look<'a> {
    expected: &'a Expected,
    is_reached: bool,
}

impl Look<'_> {
    fn at(&mut self, receipt: &Receipt, is_first: bool) -> Result<(), NotVerified> {
        let ReceiptHead { sequence, hash } = receipt.head();
        let gap = receipt.statement.gap.as_ref();
        // A ledger that has lost its beginning says so, too.
        let is_beginning = sequence == 1 || gap.is_some_and(|gap| gap.after == 0);
        if is_first && self.expected.from_start && !is_beginning {
            return Err(NotVerified::NotFromStart(sequence));
        }
        let Some(last) = self.expected.last.as_ref().filter(|_| !self.is_reached) else { return Ok(()) };
        if gap.is_some_and(|gap| gap.covers(last.sequence)) {
            return Err(NotVerified::Lost(last.sequence));
        }
        if is_first && last.sequence < sequence {
            return Err(NotVerified::StartsLater { expected: last.sequence, first: sequence });
        }
        if sequence == last.sequence {
            self.is_reached = true;
            if hash != last.hash {
                return Err(NotVerified::Replaced(sequence));
            }
        }
        Ok(())
    }

    fn ends(&self, last: u64) -> Result<(), NotVerified> {
        match &self.expected.last {
            Some(expected) if !self.is_reached => Err(NotVerified::Cut { expected: expected.sequence, last }),
            _ => Ok(()),
        }
    }
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
