//! How the domain's values stand in columns.

use jiff::Timestamp;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};

use super::LedgerError;
use super::failure::broken;
use super::row::Row;
use crate::erasure::ErasureId;
use crate::keys::{Digest, Fingerprint};

/// A time, in milliseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Millis(pub(super) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = value.as_i64()?;
        Timestamp::from_millisecond(millis).map(Self).map_err(|_| FromSqlError::OutOfRange(millis))
    }
}

/// A value that is one word, such as a state.
pub(super) struct Word<T>(pub(super) T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(word)) => Ok(word.into()),
            _ => Err(rusqlite::Error::ToSqlConversionFailure("a word is expected".into())),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word: StrDeserializer<'_, WordError> = value.as_str()?.into_deserializer();
        T::deserialize(word).map(Self).map_err(FromSqlError::other)
    }
}

/// A value of several parts, as JSON text.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
        Ok(text.into())
    }
}

/// The same as a text of its own.
pub(super) fn json(value: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::Broken(error.into()))
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // The error's own text may quote what it found, and that may be a guest's id.
        serde_json::from_slice(value.as_bytes()?).map(Self).map_err(|error| {
            let place = format!("unexpected JSON: {:?} error at column {}", error.classify(), error.column());
            FromSqlError::Other(place.into())
        })
    }
}

/// Types that are a fixed number of bytes.
macro_rules! bytes {
    ($($name:ident),+) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.as_slice().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map(Self)
            }
        }
    )+};
}

bytes!(ErasureId, Digest, Fingerprint);

impl Row for rusqlite::Row<'_> {
    fn text(&self, column: usize) -> Result<Option<&str>, LedgerError> {
        self.get_ref(column)?.as_str_or_null().map_err(of_another_type)
    }

    fn number(&self, column: usize) -> Result<Option<i64>, LedgerError> {
        self.get_ref(column)?.as_i64_or_null().map_err(of_another_type)
    }

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>, LedgerError> {
        self.get_ref(column)?.as_blob_or_null().map_err(of_another_type)
    }

    fn truth(&self, column: usize) -> Result<bool, LedgerError> {
        Ok(self.get(column)?)
    }
}

/// Without the value, which may be personal.
fn of_another_type(_: FromSqlError) -> LedgerError {
    broken("a column's value is of another type")
}
