//! Counts that are kept with what they count, in many parts, so that transactions do not wait for one another.

use super::LedgerError;
use super::tx::Connection;
use crate::erasure::ErasureState;

/// The parts among which the counting is spread.
const PARTS: u8 = 64;

/// What one transaction changes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    sessions: i64,
    erasures: [i64; ErasureState::ALL.len()],
}

impl Tally {
    pub(super) fn session(&mut self) {
        self.sessions += 1;
    }

    pub(super) fn enters(&mut self, state: ErasureState) {
        self.erasures[place(state)] += 1;
    }

    pub(super) fn leaves(&mut self, state: ErasureState) {
        self.erasures[place(state)] -= 1;
    }

    /// Adds it to one of the parts.
    pub(super) async fn write(&self, connection: &Connection) -> Result<(), LedgerError> {
        if *self == Self::default() {
            return Ok(());
        }
        let mut random = [0];
        crate::keys::fill_random(&mut random);
        let [scheduled, erasing, verifying, parked, done, cancelled] = self.erasures;
        connection
            .execute(
                "INSERT INTO tally (part, sessions, scheduled, erasing, verifying, parked, done, cancelled)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (part) DO UPDATE SET
                   sessions = tally.sessions + excluded.sessions, scheduled = tally.scheduled + excluded.scheduled,
                   erasing = tally.erasing + excluded.erasing, verifying = tally.verifying + excluded.verifying,
                   parked = tally.parked + excluded.parked, done = tally.done + excluded.done,
                   cancelled = tally.cancelled + excluded.cancelled",
                &[
                    &i64::from(random[0] % PARTS),
                    &self.sessions,
                    &scheduled,
                    &erasing,
                    &verifying,
                    &parked,
                    &done,
                    &cancelled,
                ],
            )
            .await?;
        Ok(())
    }
}

/// `ErasureState::ALL` is in the order of the states, and of the columns.
fn place(state: ErasureState) -> usize {
    state as usize
}
