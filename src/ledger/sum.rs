//! Checksums of the rows that decide who is erased (a consent record, the subject of an erasure, the sessions that it reaches), and of
//! those that say who may order it. Other bytes may still be a row, and name somebody else. What is summed, and how, is the same in both backends.

use super::LedgerError;
use super::row::Row;
use crate::erasure::ErasureId;

/// Why work is parked that is about such a row.
pub(super) const DAMAGED: &str = "what is stored of it is damaged: its checksum does not match";

/// Why work is parked of which something is sealed that is another record's, or was changed.
pub(crate) const SEAL_DAMAGED: &str =
    "what is stored of it is damaged: its seal does not open, as it was changed or is another record's";

/// The same where nobody has the key any more.
pub(crate) const SEAL_GONE: &str = "what is stored of it is damaged: the key is gone under which it is sealed";

/// Parked work, in SQL, of which a record is damaged: its reason begins so.
pub(super) const RECORD_IS_DAMAGED: &str = "reason LIKE 'what is stored of it is damaged: %'";

/// A row is not the one that was written.
#[derive(Debug, thiserror::Error)]
#[error("the checksum of {0} does not match")]
pub(super) struct RowDamaged(&'static str);

/// The columns of [`session_is_whole`].
pub(super) const OF_SESSION: &str = "installation, session, record, guest, forms_seen, sum";

/// The columns of [`erasure_is_whole`].
pub(super) const OF_ERASURE: &str = "installation, subject, selection, sum";

/// Of a session's row.
pub(super) fn of_session(installation: i64, session: i64, record: &str, guest: Option<&[u8]>, forms: &[u8]) -> i64 {
    Sum::default()
        .number(installation)
        .number(session)
        .bytes(record.as_bytes())
        .bytes(guest.unwrap_or_default())
        .bytes(forms)
        .value()
}

/// Of an erasure's row.
pub(super) fn of_erasure(id: ErasureId, installation: i64, subject: &str, selection: &str) -> i64 {
    Sum::default().bytes(&id.0).number(installation).bytes(subject.as_bytes()).bytes(selection.as_bytes()).value()
}

/// Of all sessions that an erasure reaches: installation, session, and whether it was read before. In their order.
pub(super) fn of_reached(sessions: impl IntoIterator<Item = (i64, i64, bool)>) -> i64 {
    let add = |sum: Sum, (installation, session, read_before): (i64, i64, bool)| {
        sum.number(installation).number(session).bytes(&[u8::from(read_before)])
    };
    sessions.into_iter().fold(Sum::default(), add).value()
}

/// Of a row that is about no person: its texts, a digest where it has one, and its numbers, each in the order of its columns.
pub(super) fn of_columns(texts: &[&str], digest: &[u8], numbers: &[i64]) -> i64 {
    let sum = texts.iter().fold(Sum::default(), |sum, text| sum.bytes(text.as_bytes()));
    numbers.iter().fold(sum.bytes(digest), |sum, number| sum.number(*number)).value()
}

/// Fails where a session's row is not as it was written: a row that begins with [`OF_SESSION`].
pub(super) fn session_is_whole(row: &impl Row) -> Result<(), LedgerError> {
    let sums = || {
        let [installation, session] = [0, 1].map(|column| row.number(column).map(Option::unwrap_or_default));
        let (record, forms) = (row.text(2)?.unwrap_or_default(), row.bytes(4)?.unwrap_or_default());
        Ok((row.number(5)?, of_session(installation?, session?, record, row.bytes(3)?, forms)))
    };
    is_as_written("a session's record", sums())
}

/// The same of an erasure's row: one that begins with [`OF_ERASURE`].
pub(super) fn erasure_is_whole(id: ErasureId, row: &impl Row) -> Result<(), LedgerError> {
    let sums = || {
        let installation = row.number(0)?.unwrap_or_default();
        let (subject, selection) = (row.text(1)?.unwrap_or_default(), row.text(2)?.unwrap_or_default());
        Ok((row.number(3)?, of_erasure(id, installation, subject, selection)))
    };
    is_as_written("an erasure's subject", sums())
}

/// The same of the sessions that an erasure reaches, in the order of [`of_reached`].
pub(super) fn reached_is_whole(
    written: Option<i64>,
    sessions: impl IntoIterator<Item = (i64, i64, bool)>,
) -> Result<(), LedgerError> {
    is_as_written("the sessions of an erasure", Ok((written, of_reached(sessions))))
}

/// Compares the checksum that was written, if any was, with the one that is found. What cannot even be read, such as text that is
/// not UTF-8, is not as it was written.
pub(super) fn is_as_written(
    what: &'static str,
    sums: Result<(Option<i64>, i64), LedgerError>,
) -> Result<(), LedgerError> {
    match sums {
        Ok((written, found)) if written.is_none_or(|written| written == found) => Ok(()),
        Ok(_) | Err(LedgerError::Broken(_)) => Err(LedgerError::Broken(RowDamaged(what).into())),
        Err(error) => Err(error),
    }
}

/// A CRC-32 over parts, each with its length: what moves from one part into the next changes it.
#[derive(Default)]
struct Sum(crc32fast::Hasher);

impl Sum {
    fn number(mut self, number: i64) -> Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut sum = self.number(bytes.len() as i64);
        sum.0.update(bytes);
        sum
    }

    /// With a sign, so that it takes four bytes of a column.
    fn value(self) -> i64 {
        i64::from(self.0.finalize().cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts_and_where_it_ends() {
        let whole = of_session(1, 42, "{}", Some(b"guest"), b"forms");
        for other in [
            of_session(2, 42, "{}", Some(b"guest"), b"forms"),
            of_session(1, 43, "{}", Some(b"guest"), b"forms"),
            of_session(1, 42, "[]", Some(b"guest"), b"forms"),
            of_session(1, 42, "{}", Some(b"guesT"), b"forms"),
            of_session(1, 42, "{}", None, b"guestforms"),
            of_session(1, 42, "{}", Some(b"guestf"), b"orms"),
            of_session(1, 42, "{}", Some(b"guest"), b""),
        ] {
            assert_ne!(other, whole);
        }
        let reached = of_reached([(1, 42, true), (1, 43, false)]);
        for other in [vec![(1, 42, true)], vec![(1, 42, true), (1, 44, false)], vec![(1, 42, true), (1, 43, true)]] {
            assert_ne!(of_reached(other), reached);
        }
        assert!(i32::try_from(reached).is_ok(), "four bytes");
    }
}
