//! A row of the chain: what was ordered, its place, and the hash that the next row names. Unlike a receipt it is not signed:
//! that rows were taken away at the end, or all of them written anew, is seen only beside a head that was kept elsewhere.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{ActResult, Actor, AuditEntry, Detail, Object};
use crate::chain::{Head, LinkBroken, Next, canonical, follows, hash};

/// The format's version, in every row.
const FORMAT: u64 = 1;

/// A row as it is read. A later program may have written members that this one does not know.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct AuditStatement {
    pub(crate) format: u64,
    /// From 1, without a gap.
    pub(crate) sequence: u64,
    /// SHA-256 of the preceding row, hex; of nothing for the first.
    pub(crate) previous: String,
    /// When, by the ledger's clock.
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor,
    /// A text here, because a later program may know more acts.
    pub(crate) act: String,
    pub(crate) object: Object,
    pub(crate) result: String,
    pub(crate) details: BTreeMap<String, Value>,
}

impl AuditStatement {
    /// Whether it was done, and not only tried.
    pub(crate) fn is_done(&self) -> bool {
        self.result == ActResult::Done.as_str()
    }
}

/// One act in the chain.
#[derive(Clone, Debug)]
pub(crate) struct AuditRow {
    /// Only read: what is chained is the text.
    pub(crate) statement: AuditStatement,
    text: Box<RawValue>,
    /// As it stands beside the text.
    hash: String,
}

/// A text that is no row. Names no content.
#[derive(Debug, thiserror::Error)]
#[error("it is no row of format {FORMAT} of the audit")]
pub(crate) struct NotAnAuditRow;

impl AuditRow {
    /// The row of an act, as the successor of `head`.
    pub(crate) fn following(head: Option<&Head>, entry: &AuditEntry, at: Timestamp) -> Self {
        #[derive(Serialize)]
        struct Writes<'a> {
            format: u64,
            sequence: u64,
            previous: &'a str,
            at: Timestamp,
            actor: &'a Actor,
            act: &'a str,
            object: &'a Object,
            result: &'a str,
            details: &'a BTreeMap<&'static str, Detail>,
        }
        let Next { sequence, previous } = Next::after(head);
        let writes = Writes {
            format: FORMAT,
            sequence,
            previous: &previous,
            at,
            actor: &entry.actor,
            act: entry.act.as_str(),
            object: &entry.object,
            result: entry.result.as_str(),
            details: &entry.details,
        };
        let json = serde_json::to_string(&writes).expect("an entry is JSON");
        let bytes = canonical::bytes(&json).expect("an entry holds no other numbers than integers below 2^53");
        let hash = hash(&bytes);
        let text = String::from_utf8(bytes).expect("canonical JSON is UTF-8");
        Self::read(&text, hash).expect("what was written is a row")
    }

    /// Reads a row and the hash that stands beside it. Whether it is the text's is another question: see [`verify_chain`].
    pub(crate) fn read(text: &str, hash: String) -> Result<Self, NotAnAuditRow> {
        let statement: AuditStatement = serde_json::from_str(text).map_err(|_| NotAnAuditRow)?;
        if statement.format != FORMAT {
            return Err(NotAnAuditRow);
        }
        let text = RawValue::from_string(text.to_owned()).map_err(|_| NotAnAuditRow)?;
        Ok(Self { statement, text, hash })
    }

    /// The JSON as it is chained.
    pub(crate) fn text(&self) -> &str {
        self.text.get()
    }

    /// The place of this row in the chain.
    pub(crate) fn head(&self) -> Head {
        Head { sequence: self.statement.sequence, hash: self.hash.clone() }
    }

    fn is_as_written(&self) -> bool {
        canonical::bytes(self.text.get()).is_ok_and(|bytes| hash(&bytes) == self.hash)
    }
}

impl PartialEq for AuditRow {
    fn eq(&self, other: &Self) -> bool {
        self.text.get() == other.text.get() && self.hash == other.hash
    }
}

impl Eq for AuditRow {}

/// A row as it is shown and exported.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    entry: Box<RawValue>,
    hash: String,
}

impl Serialize for AuditRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Shown { entry: self.text.clone(), hash: self.hash.clone() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AuditRow {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Shown { entry, hash } = Shown::deserialize(deserializer)?;
        Self::read(entry.get(), hash).map_err(serde::de::Error::custom)
    }
}

/// What is wrong with a chain, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuditBroken {
    #[error("audit row {0}: its text is not the one that its hash was made of; it was changed")]
    Changed(u64),
    #[error("audit row {found} stands where {expected} belongs: rows are missing or out of order")]
    Sequence { expected: u64, found: u64 },
    #[error("audit row {0}: it does not name its predecessor's hash; one of the two was replaced")]
    Link(u64),
}

/// Verifies consecutive rows that follow `after`, and returns the last one's place. Without one, rows that start at 1 are
/// verified from the chain's beginning; of a later start only the first link is taken on trust.
pub(crate) fn verify_chain<'a>(
    after: Option<Head>,
    rows: impl IntoIterator<Item = &'a AuditRow>,
) -> Result<Option<Head>, AuditBroken> {
    let mut head = after;
    for row in rows {
        let AuditStatement { sequence, previous, .. } = &row.statement;
        if !row.is_as_written() {
            return Err(AuditBroken::Changed(*sequence));
        }
        match follows(head.as_ref(), *sequence, previous) {
            Err(LinkBroken::Sequence { expected }) => return Err(AuditBroken::Sequence { expected, found: *sequence }),
            Err(LinkBroken::Previous) => return Err(AuditBroken::Link(*sequence)),
            Ok(()) => head = Some(row.head()),
        }
    }
    Ok(head)
}
