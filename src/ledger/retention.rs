//! How long quietus keeps its own records, as it is configured. What is deleted by its age, and what must stay whatever its
//! age is, is known to the backends (`maintenance`, `expiry`).

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use quietus_plugin::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::expiry::RecordKind;

/// The `[retention]` table: how long each kind of our own records is kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    /// How long a delivery is remembered, to find it again.
    pub(crate) events: Span,
    /// The record of a session, counted from when nothing of it was open any more.
    pub(crate) sessions: KeptFor,
    /// What proves a consent that was given or withdrawn (GDPR Art. 7(1)), counted from the same time; the rest of the record goes
    /// with `sessions`. Where it is shorter, it is as long as that.
    pub(crate) consents: KeptFor,
    /// By these, a session whose record is gone is not found anew; counted from the same time.
    pub(crate) tombstones: KeptFor,
    /// Erasures that are over, counted from their end; never before their receipt has gone into an archive.
    pub(crate) erasures: KeptFor,
    /// Requests of persons that have ended, counted from their end: to show that they were answered. No name stands in them.
    pub(crate) requests: KeptFor,
    /// The keyed fingerprints of an erasure's or a request's identifiers, counted from its end (GDPR Art. 5(2) and 17(3)(e): to prove that it
    /// was done, as long as claims can be made).
    pub(crate) fingerprints: KeptFor,
    /// Holds that have ended, counted from their end. Receipts that name them stay.
    pub(crate) holds: KeptFor,
    /// How long receipts stay in the ledger, counted from the erasure's end; older ones move to `archive_dir`.
    pub(crate) receipts: Span,
    /// How long the audit stays in the ledger; older rows move to `archive_dir`.
    pub(crate) audit: Span,
    /// The folder of the archives, which must be there. Without it, receipts and audit stay in the ledger.
    pub(crate) archive_dir: Option<PathBuf>,
}

impl RetentionSettings {
    /// Each kind by its name, and how long it is kept.
    pub(crate) fn by_kind(&self) -> [(&'static str, KeptFor); RecordKind::ALL.len()] {
        RecordKind::ALL.map(|kind| {
            let kept_for = match kind {
                RecordKind::Events => KeptFor::Time(self.events),
                RecordKind::Sessions => self.sessions,
                RecordKind::Consents => self.consents,
                RecordKind::Tombstones => self.tombstones,
                RecordKind::Erasures => self.erasures,
                RecordKind::Fingerprints | RecordKind::ConsentFingerprints => self.fingerprints,
                RecordKind::Requests => self.requests,
                RecordKind::Holds => self.holds,
            };
            (kind.as_str(), kept_for)
        })
    }
}

/// For how long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeptFor {
    Ever,
    Time(Span),
}

impl Serialize for KeptFor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How [`KeptFor::Ever`] is written.
const FOREVER: &str = "forever";

impl KeptFor {
    /// `None` where it is kept for ever.
    pub(crate) fn limit(self) -> Option<Duration> {
        match self {
            Self::Ever => None,
            Self::Time(span) => Some(span.0),
        }
    }

    /// Whether something that is needed for so long would be deleted before.
    pub(crate) fn is_shorter_than(self, needed: Duration) -> bool {
        self.limit().is_some_and(|limit| limit < needed)
    }
}

impl fmt::Display for KeptFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ever => f.write_str(FOREVER),
            Self::Time(span) => span.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for KeptFor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeptForVisitor)
    }
}

struct KeptForVisitor;

impl de::Visitor<'_> for KeptForVisitor {
    type Value = KeptFor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time, such as \"400d\", or \"forever\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<KeptFor, E> {
        if text == FOREVER {
            return Ok(KeptFor::Ever);
        }
        text.parse().map(KeptFor::Time).map_err(|wrong: String| E::custom(format!("{wrong}, or `forever`")))
    }
}

impl JsonSchema for KeptFor {
    fn schema_name() -> Cow<'static, str> {
        "KeptFor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(forever|[0-9]+(ms|s|m|h|d|y))$", "examples": ["400d", "forever"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Option<u64>>) {
        let read: Option<KeptFor> = serde_json::from_value(text.into()).ok();
        assert_eq!(read.map(|kept| kept.limit().map(|limit| limit.as_secs())), expected, "{text}");
        assert!(read.is_none_or(|kept| kept.to_string() == text), "{text} is written as it is read");
    }

    #[test]
    fn something_is_kept_for_a_time_or_for_ever() {
        check("400d", Some(Some(34_560_000)));
        check("0s", Some(Some(0)));
        check("forever", Some(None));
        for wrong in ["never", "", "400", "for ever"] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_is_kept_for_ever_is_shorter_than_nothing() {
        let year = Duration::from_secs(365 * 86_400);
        assert!(!KeptFor::Ever.is_shorter_than(Duration::MAX));
        assert!(KeptFor::Time(Span::from_secs(1)).is_shorter_than(year));
        assert!(!KeptFor::Time(Span(year)).is_shorter_than(year));
    }
}
