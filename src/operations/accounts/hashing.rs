//! Passwords are hashed in turn: each takes 19 MiB, and whoever could have many hashed at once would have a server run out of memory.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::blocking;
use crate::operations::OperationError;

/// Hashed at once in a process.
const AT_ONCE: usize = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Those that are hashed, and those that wait for their turn.
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE + 62);

const WAIT_MAX: Duration = Duration::from_secs(10);

/// Too many wait already, or it has taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

impl Busy {
    pub(super) fn into_error(self) -> OperationError {
        OperationError::Unavailable(anyhow::anyhow!("too many passwords are looked at just now; try again in a moment"))
    }
}

/// Hashes in turn.
pub(super) async fn in_turn<T>(hash: impl FnOnce() -> T) -> Result<T, Busy> {
    let _place = PLACES.try_acquire().map_err(|_| Busy)?;
    let turn = timeout(WAIT_MAX, TURNS.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(Busy) };
    Ok(blocking::in_place(hash))
}
