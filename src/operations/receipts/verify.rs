//! Verifying exported receipts: offline, of any length, one receipt at a time.

use std::io::{self, BufRead};

use super::export::{FORMAT, Header};
use super::tally::Tally;
use crate::keys::KeyId;
use crate::operations::json_lines::Lines;
use crate::operations::series::{Links, NotJoined, Series};
use crate::receipt::{Chain, ChainBroken, ChainName, Checkpoint, Gap, NotAReceipt, Receipt, ReceiptHead};

/// What was verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) first: u64,
    pub(crate) last: ReceiptHead,
    pub(crate) receipts: u64,
    pub(crate) verdicts: Tally,
    /// Keys that were not given and that a given one has signed, by their ids: the one that signed, and the new one.
    pub(crate) followed: Vec<(KeyId, KeyId)>,
    /// Receipts that the ledger has lost, as later ones state.
    pub(crate) gaps: Vec<Gap>,
    /// The archive after which the first file goes on, which was not looked at.
    pub(crate) unseen: Option<Checkpoint>,
    /// How many of the files are archives with the SHA-256 that the file behind them says.
    pub(crate) archives: u64,
    /// Of the last file, hex.
    pub(crate) sha256: String,
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
    #[error("receipt {expected} is expected, and it is in the archive {file}, which was not given")]
    InArchive { expected: u64, file: String },
    #[error(
        "the file starts after receipt {last}, and not at the chain's beginning: give the archives before it, up to {file}"
    )]
    StartsAfter { last: u64, file: String },
    #[error(transparent)]
    Joined(#[from] NotJoined),
    #[error(transparent)]
    Chain(#[from] ChainBroken),
    #[error("cannot be read")]
    Read(#[from] io::Error),
}

/// Verifies the files of one chain, archives and exports in their order, under the trusted keys and those that they have signed, or
/// under the first file's own. `None` when there are no receipts in them, and none is expected.
pub(crate) fn verify<R: BufRead>(
    files: impl IntoIterator<Item = io::Result<R>>,
    trusted: &[String],
    expected: &Expected,
) -> Result<Option<Verified>, NotVerified> {
    let mut files = files.into_iter();
    let (told, lines) = begin(files.next().ok_or(NotVerified::Header)??)?;
    let keys = if trusted.is_empty() { &told.links.public_keys } else { trusted };
    let mut verifying = Verifying {
        chain: Chain::under(keys.iter().map(String::as_str))?,
        series: Series::of(ChainName::Receipts),
        look: Look { expected, is_reached: false },
        followed: Vec::new(),
        all: Header::empty(Links::default()),
        gaps: Vec::new(),
        sha256: String::new(),
    };
    verifying.file(told, lines)?;
    for file in files {
        let (told, lines) = begin(file?)?;
        verifying.file(told, lines)?;
    }
    verifying.end()
}

/// The header of a file, and the lines behind it.
fn begin<R: BufRead>(file: R) -> Result<(Header, Lines<R>), NotVerified> {
    let mut lines = Lines::of(file);
    let told = header(&lines.read()?.ok_or(NotVerified::Header)?)?;
    Ok((told, lines))
}

/// One file after the other.
struct Verifying<'a> {
    chain: Chain,
    series: Series,
    look: Look<'a>,
    followed: Vec<(KeyId, KeyId)>,
    /// What there is in all files.
    all: Header,
    gaps: Vec<Gap>,
    sha256: String,
}

impl Verifying<'_> {
    fn file(&mut self, told: Header, mut lines: Lines<impl BufRead>) -> Result<(), NotVerified> {
        self.followed.extend(self.chain.follow(&told.links.rotations));
        if let Some(head) = self.series.begin(self.chain.keys(), &told.links)? {
            self.chain.goes_on_after(head);
        }
        if let Some(unseen) = self.series.unseen.as_ref().filter(|_| self.all.receipts == 0) {
            self.look.after(unseen)?;
        }
        let mut there = Header::empty(Links::default());
        while let Some(text) = lines.read()? {
            let receipt = Receipt::read(&text).map_err(|why| NotVerified::Line(lines.number, why))?;
            self.chain.check(&receipt)?;
            self.look.at(&receipt, self.all.receipts == 0 && self.series.unseen.is_none())?;
            there.add(&receipt);
            self.all.add(&receipt);
            self.gaps.extend(receipt.statement.gap);
        }
        let is_same = (told.first, told.last, told.receipts) == (there.first, there.last, there.receipts);
        if !is_same || told.verdicts != there.verdicts {
            return Err(NotVerified::Counts { told: told.receipts, there: there.receipts });
        }
        self.sha256 = lines.sha256();
        self.series.end(self.chain.head().cloned(), self.sha256.clone(), told.links);
        Ok(())
    }

    fn end(self) -> Result<Option<Verified>, NotVerified> {
        let Self { chain, series, look, followed, all, gaps, sha256 } = self;
        look.ends(all.last.unwrap_or(0))?;
        let Some((first, last)) = all.first.zip(chain.head().cloned()) else { return Ok(None) };
        let Header { receipts, verdicts, .. } = all;
        let Series { unseen, archives, .. } = series;
        Ok(Some(Verified { first, last, receipts, verdicts, followed, gaps, unseen, archives, sha256 }))
    }
}

/// Looks for what is expected, one verified receipt after the other.
struct Look<'a> {
    expected: &'a Expected,
    is_reached: bool,
}

impl Look<'_> {
    /// The files go on after an archive that was not given. Where it ends is signed, and nothing else is known of it.
    fn after(&mut self, unseen: &Checkpoint) -> Result<(), NotVerified> {
        let file = unseen.file.clone();
        if self.expected.from_start {
            return Err(NotVerified::StartsAfter { last: unseen.last, file });
        }
        match &self.expected.last {
            Some(expected) if *expected == unseen.head() => self.is_reached = true,
            Some(expected) if expected.sequence == unseen.last => return Err(NotVerified::Replaced(unseen.last)),
            Some(expected) if expected.sequence < unseen.last => {
                return Err(NotVerified::InArchive { expected: expected.sequence, file });
            }
            _ => {}
        }
        Ok(())
    }

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
mod fuzz;
#[cfg(test)]
mod tests;
