//! Passwords are hashed in turn: each takes 19 MiB, and whoever could have many hashed at once would have a server run out of memory.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::blocking;
use crate::operations::OperationError;

/// Hashed at once in a process.
const AT_ONCE: usize = 2;

/// Those that are hashed, and those that wait for it.
const PLACES: usize = 48;

/// More places for who is known: whoever tries many passwords of others must not keep them out.
const KEPT: usize = 16;

const WAIT_MAX: Duration = Duration::from_secs(10);

/// Of the whole process, however it is signed in to.
static TURNS: Turns = Turns::new();

/// Too many wait already, or it has taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

impl Busy {
    pub(super) fn into_error(self) -> OperationError {
        OperationError::Unavailable(anyhow::anyhow!("too many passwords are looked at just now; try again in a moment"))
    }
}

/// Hashes in turn, for somebody who is known or not.
pub(super) async fn in_turn<T>(is_known: bool, hash: impl FnOnce() -> T) -> Result<T, Busy> {
    TURNS.wait_for(is_known, hash).await
}

struct Turns {
    turns: Semaphore,
    places: Semaphore,
    kept: Semaphore,
}

impl Turns {
    const fn new() -> Self {
        Self {
            turns: Semaphore::const_new(AT_ONCE),
            places: Semaphore::const_new(PLACES),
            kept: Semaphore::const_new(KEPT),
        }
    }

    async fn wait_for<T>(&self, is_known: bool, hash: impl FnOnce() -> T) -> Result<T, Busy> {
        let place = self.places.try_acquire();
        let place = if is_known { place.or_else(|_| self.kept.try_acquire()) } else { place };
        let _place = place.map_err(|_| Busy)?;
        let turn = timeout(WAIT_MAX, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Busy) };
        Ok(blocking::in_place(hash))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn so_many_are_hashed_at_once_and_the_others_wait_for_their_turn() {
        let turns = Arc::new(Turns::new());
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = JoinSet::new();
        for _ in 0..8 {
            let (turns, at_once, most) = (Arc::clone(&turns), Arc::clone(&at_once), Arc::clone(&most));
            all.spawn(async move {
                let hash = || {
                    most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    at_once.fetch_sub(1, Ordering::SeqCst);
                };
                turns.wait_for(false, hash).await
            });
        }
        assert_eq!(all.join_all().await, [Ok(()); 8]);
        assert!((1..=AT_ONCE).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn whoever_comes_when_all_places_are_taken_is_told_to_come_again() {
        let turns = Turns::new();
        let taken = turns.places.try_acquire_many(PLACES as u32).expect("nobody is there");
        assert_eq!(turns.wait_for(false, || ()).await, Err(Busy));
        assert_eq!(turns.wait_for(true, || ()).await, Ok(()), "some places are kept");
        let kept = turns.kept.try_acquire_many(KEPT as u32).expect("nobody is there");
        assert_eq!(turns.wait_for(true, || ()).await, Err(Busy));
        drop(taken);
        assert_eq!(turns.wait_for(false, || ()).await, Ok(()));
        drop(kept);
    }
}
