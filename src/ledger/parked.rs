//! What needs a person of an erasure, in a few digits: whoever has it tried again says by them what they have seen.

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::LedgerError;
use super::row::Row;
use crate::erasure::ErasureId;

/// Digits that are shown: nobody has a reason to look for two of the same.
const DIGITS: usize = 16;

/// Of the pieces of work on an erasure that are parked. It changes with each that is parked beside them, that goes on, or that is parked
/// once more, whatever the reason is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParkedMark(String);

impl ParkedMark {
    /// As it was shown; one that is none is like no other.
    pub(crate) fn shown(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Of the numbers and fences of all that are parked, in their order. Nobody has claimed a piece of work twice under one fence.
    fn of(parked: &[(i64, i64)]) -> Self {
        let mut hash = Sha256::new();
        for (task, fence) in parked {
            hash.update(format!("{task} {fence}\n"));
        }
        let mut digits = hex::encode(hash.finalize());
        digits.truncate(DIGITS);
        Self(digits)
    }
}

impl fmt::Display for ParkedMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The columns of a row of [`Parked`].
pub(super) const COLUMNS: &str = "erasure, id, fence";

/// Parked work by its erasure.
#[derive(Default)]
pub(super) struct Parked(HashMap<ErasureId, Vec<(i64, i64)>>);

impl Parked {
    /// Adds a row of [`COLUMNS`].
    pub(super) fn add(&mut self, row: &impl Row) -> Result<(), LedgerError> {
        let number = |column| Ok::<_, LedgerError>(row.number(column)?.unwrap_or_default());
        self.0.entry(row.erasure_id(0)?).or_default().push((number(1)?, number(2)?));
        Ok(())
    }

    /// The mark of each erasure of which something is parked.
    pub(super) fn marks(self) -> HashMap<ErasureId, ParkedMark> {
        let mark = |(id, mut parked): (ErasureId, Vec<(i64, i64)>)| {
            parked.sort_unstable();
            (id, ParkedMark::of(&parked))
        };
        self.0.into_iter().map(mark).collect()
    }
}
