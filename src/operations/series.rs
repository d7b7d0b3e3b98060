//! Files of one chain, one after the other: archives, and an export of what is still in the ledger. Each says after which archive
//! it goes on; here that is held against what was verified before it. Pure.

use serde::{Deserialize, Serialize};

use crate::chain::Head;
use crate::receipt::{ChainName, Checkpoint, KeyRotation, SignedCheckpoint, TrustedKeys};

/// What the header of a file says, whichever chain it is of. Nothing signs it, but the checkpoint signs itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Links {
    /// Hex; the present one first.
    #[serde(default)]
    pub(super) public_keys: Vec<String>,
    /// Which of them replaced which.
    #[serde(default)]
    pub(super) rotations: Vec<KeyRotation>,
    /// After what the file goes on, where what comes before it is in an archive.
    #[serde(default)]
    pub(super) checkpoint: Option<SignedCheckpoint>,
    /// The file's own name, where it is an archive.
    #[serde(default)]
    pub(super) archive: Option<String>,
}

/// Why files are not one chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotJoined {
    #[error(
        "the checkpoint after which the file goes on is not signed by a key that is given, or is one of another chain"
    )]
    Checkpoint,
    #[error(
        "what comes before is missing: it ends with {last}, in the archive {file}, which was not given just before this file"
    )]
    Missing { last: u64, file: String },
    #[error(
        "the file goes on after {last}, as its checkpoint says, and the one before it ends with {end}: they overlap, or are out of order"
    )]
    Overlap { last: u64, end: u64 },
    #[error("number {0} has another hash in its archive than the checkpoint says: it was replaced")]
    Replaced(u64),
    #[error(
        "the archive {file} is not the file that was verified when it was made: its SHA-256 is {found}, and its checkpoint says \
         {expected}"
    )]
    Changed { file: String, expected: String, found: String },
}

/// A file that was verified.
#[derive(Debug)]
struct Part {
    end: Head,
    sha256: String,
    archive: Option<String>,
}

/// Joins the files of one chain in their order.
#[derive(Debug)]
pub(super) struct Series {
    chain: ChainName,
    before: Option<Part>,
    /// What the first file goes on after, and nobody has looked at.
    pub(super) unseen: Option<Checkpoint>,
    /// How many archives are the files that their checkpoints name.
    pub(super) archives: u64,
}

impl Series {
    pub(super) fn of(chain: ChainName) -> Self {
        Self { chain, before: None, unseen: None, archives: 0 }
    }

    /// A file begins. Returns after what its records go on, where that was not looked at.
    pub(super) fn begin(&mut self, keys: &TrustedKeys, links: &Links) -> Result<Option<Head>, NotJoined> {
        let Some(signed) = &links.checkpoint else { return Ok(None) };
        let checkpoint = &signed.checkpoint;
        if checkpoint.chain != self.chain || !keys.have_signed(signed) {
            return Err(NotJoined::Checkpoint);
        }
        let Some(Part { end, sha256, archive }) = &self.before else {
            self.unseen = Some(checkpoint.clone());
            return Ok(Some(checkpoint.head()));
        };
        let last = checkpoint.last;
        if end.sequence < last {
            return Err(NotJoined::Missing { last, file: checkpoint.file.clone() });
        }
        if end.sequence > last {
            return Err(NotJoined::Overlap { last, end: end.sequence });
        }
        if end.hash != checkpoint.hash {
            return Err(NotJoined::Replaced(last));
        }
        // An export of the same records is as good, and another file.
        if archive.is_some() {
            if *sha256 != checkpoint.sha256 {
                let (file, expected, found) = (checkpoint.file.clone(), checkpoint.sha256.clone(), sha256.clone());
                return Err(NotJoined::Changed { file, expected, found });
            }
            self.archives += 1;
        }
        Ok(None)
    }

    /// A file has ended, with this record, if anything was verified up to here.
    pub(super) fn end(&mut self, end: Option<Head>, sha256: String, links: Links) {
        self.before = end.map(|end| Part { end, sha256, archive: links.archive });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::sample::{checkpoint, key};

    fn keys() -> TrustedKeys {
        TrustedKeys::read([key(2).public().as_str()]).expect("a key")
    }

    fn head(sequence: u64) -> Head {
        Head { sequence, hash: format!("hash of {sequence}") }
    }

    fn after(end: &Head) -> Links {
        Links { checkpoint: Some(checkpoint(ChainName::Receipts, 1, end)), ..Links::default() }
    }

    fn archive() -> Links {
        Links { archive: Some("receipts-1.jsonl".into()), ..Links::default() }
    }

    /// What comes of a second file that goes on after 3.
    #[track_caller]
    fn check(end: &Head, sha256: &str, first: Links, expected: Result<u64, NotJoined>) {
        let mut series = Series::of(ChainName::Receipts);
        assert_eq!(series.begin(&keys(), &first), Ok(None));
        series.end(Some(end.clone()), sha256.to_owned(), first);
        let joined = series.begin(&keys(), &after(&head(3)));
        assert_eq!(joined.map(|unseen| (unseen, series.archives)), expected.map(|archives| (None, archives)));
    }

    #[test]
    fn a_file_goes_on_after_the_archive_that_its_checkpoint_names_and_after_no_other() {
        let whole = "f".repeat(64);
        check(&head(3), &whole, archive(), Ok(1));
        check(&head(3), "another file", Links::default(), Ok(0));
        let file = "receipts-1.jsonl".to_owned();
        let changed =
            NotJoined::Changed { file: file.clone(), expected: whole.clone(), found: "another file".to_owned() };
        check(&head(3), "another file", archive(), Err(changed));
        check(&head(2), &whole, archive(), Err(NotJoined::Missing { last: 3, file }));
        check(&head(4), &whole, archive(), Err(NotJoined::Overlap { last: 3, end: 4 }));
        check(&Head { hash: "other".into(), ..head(3) }, &whole, archive(), Err(NotJoined::Replaced(3)));
    }

    #[test]
    fn what_was_not_looked_at_is_named_and_believed_only_by_its_signature() {
        let mut series = Series::of(ChainName::Receipts);
        assert_eq!(series.begin(&keys(), &after(&head(3))), Ok(Some(head(3))));
        assert_eq!(series.unseen.map(|unseen| (unseen.first, unseen.last)), Some((1, 3)));
        let others = TrustedKeys::read([key(7).public().as_str()]).expect("a key");
        let mut series = Series::of(ChainName::Receipts);
        assert_eq!(series.begin(&others, &after(&head(3))), Err(NotJoined::Checkpoint));
        let mut series = Series::of(ChainName::Audit);
        assert_eq!(series.begin(&keys(), &after(&head(3))), Err(NotJoined::Checkpoint));
    }
}
