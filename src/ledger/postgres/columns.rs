//! How the domain's values stand in columns.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::{LedgerError, broken, row};
use crate::erasure::ErasureId;
use crate::keys::{Digest, Fingerprint};

/// A time of a column, in milliseconds since 1970.
pub(super) fn time(millis: i64) -> Result<Timestamp, LedgerError> {
    Timestamp::from_millisecond(millis).map_err(|_| broken(format!("{millis} ms is no time")))
}

pub(super) fn maybe_time(millis: Option<i64>) -> Result<Option<Timestamp>, LedgerError> {
    millis.map(time).transpose()
}

pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

pub(super) fn maybe_millis(time: Option<Timestamp>) -> Option<i64> {
    time.map(millis)
}

/// A value of several parts as JSON text.
pub(super) fn json(value: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::Broken(error.into()))
}

pub(super) fn of_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, LedgerError> {
    // The error's own text may quote what it found, and that may be a guest's id.
    serde_json::from_slice(text)
        .map_err(|error| broken(format!("unexpected JSON: {:?} error at column {}", error.classify(), error.column())))
}

/// The JSON of a column of text.
pub(super) fn json_at<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, LedgerError> {
    of_json(at::<&str>(row, column)?.as_bytes())
}

/// A value that is one word, such as a state.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
        serde::de::IntoDeserializer::into_deserializer(text);
    T::deserialize(word).map_err(|_| broken("a word that this quietus does not know"))
}

pub(super) fn maybe_word<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, LedgerError> {
    text.map(word).transpose()
}

/// Text that others wrote, as a column of text takes it: PostgreSQL knows no NUL.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// A number that is never negative, as a column holds it.
pub(super) fn unsigned(number: i64) -> u64 {
    number.unsigned_abs()
}

pub(super) fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], LedgerError> {
    bytes.try_into().map_err(|_| broken(format!("{} bytes stand where {N} belong", bytes.len())))
}

pub(super) fn erasure_id(bytes: &[u8]) -> Result<ErasureId, LedgerError> {
    fixed(bytes).map(ErasureId)
}

pub(super) fn digest(bytes: &[u8]) -> Result<Digest, LedgerError> {
    fixed(bytes).map(Digest)
}

pub(super) fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, LedgerError> {
    fixed(bytes).map(Fingerprint)
}

/// Ids as a column of many takes them.
pub(super) fn ids<'a>(ids: impl IntoIterator<Item = &'a ErasureId>) -> Vec<&'a [u8]> {
    ids.into_iter().map(|id| id.0.as_slice()).collect()
}

impl row::Row for Row {
    fn text(&self, column: usize) -> Result<Option<&str>, LedgerError> {
        at(self, column)
    }

    fn number(&self, column: usize) -> Result<Option<i64>, LedgerError> {
        at(self, column)
    }

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>, LedgerError> {
        at(self, column)
    }

    fn truth(&self, column: usize) -> Result<bool, LedgerError> {
        at(self, column)
    }
}

/// The value of a column. The error is without it, as it may be personal.
fn at<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, LedgerError> {
    row.try_get(column).map_err(|_| broken("a column's value is of another type"))
}
