//! Counts that are kept with what they count, in many parts, so that transactions do not wait for one another.

use crate::erasure::{ErasureState, Verdict};

/// The parts among which the counting is spread.
const PARTS: u8 = 64;

/// What one transaction changes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    sessions: i64,
    erasures: [i64; ErasureState::ALL.len()],
    verdicts: [i64; Verdict::ALL.len()],
}

impl Tally {
    pub(super) fn add_session(&mut self) {
        self.sessions += 1;
    }

    pub(super) fn remove_session(&mut self) {
        self.sessions -= 1;
    }

    /// `ErasureState::ALL` is in the order of the states, and of the columns.
    pub(super) fn enters(&mut self, state: ErasureState) {
        self.erasures[state as usize] += 1;
    }

    pub(super) fn leaves(&mut self, state: ErasureState) {
        self.erasures[state as usize] -= 1;
    }

    /// `Verdict::ALL` likewise.
    pub(super) fn receipt(&mut self, verdict: Verdict) {
        self.verdicts[verdict as usize] += 1;
    }

    /// Receipts that have moved to an archive.
    pub(super) fn receipts_left(&mut self, verdict: Verdict, count: i64) {
        self.verdicts[verdict as usize] -= count;
    }

    /// Adds it to one of the parts, with the values of [`ADD`]; `None` where nothing changes.
    pub(super) fn values(&self) -> Option<[i64; VALUES]> {
        if *self == Self::default() {
            return None;
        }
        let mut random = [0];
        crate::keys::fill_random(&mut random);
        let mut values = [0; VALUES];
        let all = [i64::from(random[0] % PARTS), self.sessions].into_iter().chain(self.erasures).chain(self.verdicts);
        for (value, counted) in values.iter_mut().zip(all) {
            *value = counted;
        }
        Some(values)
    }
}

/// The part, the sessions, the erasures and the verdicts.
const VALUES: usize = 2 + ErasureState::ALL.len() + Verdict::ALL.len();

/// Adds the values of a tally.
pub(super) const ADD: &str =
    "INSERT INTO tally (part, sessions, requested, scheduled, erasing, verifying, parked, done, cancelled,
                        complete, retained, incomplete)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (part) DO UPDATE SET
       sessions = tally.sessions + excluded.sessions, requested = tally.requested + excluded.requested,
       scheduled = tally.scheduled + excluded.scheduled, erasing = tally.erasing + excluded.erasing,
       verifying = tally.verifying + excluded.verifying, parked = tally.parked + excluded.parked,
       done = tally.done + excluded.done, cancelled = tally.cancelled + excluded.cancelled,
       complete = tally.complete + excluded.complete, retained = tally.retained + excluded.retained,
       incomplete = tally.incomplete + excluded.incomplete";
