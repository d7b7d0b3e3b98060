//! Waiting on a lock that a panic elsewhere leaves whole.

use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) use crate::lock::lock;

/// Waits to be notified, at most so long.
pub(super) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>, longest: Duration) -> MutexGuard<'a, T> {
    condvar.wait_timeout(guard, longest).unwrap_or_else(PoisonError::into_inner).0
}
