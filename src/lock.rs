//! Locks on values that a panic elsewhere leaves whole.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks the value, whether a panic has poisoned the lock or not. Only for values that are changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
