//! Locks on values that a panic elsewhere leaves whole.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Locks the value, whether a panic has poisoned the lock or not. Only for values that are changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that is replaced as a whole while others use it: who has taken it ends with what they have taken.
#[derive(Debug)]
pub(crate) struct Replaceable<T>(RwLock<Arc<T>>);

impl<T> Replaceable<T> {
    pub(crate) fn new(value: impl Into<Arc<T>>) -> Self {
        Self(RwLock::new(value.into()))
    }

    /// What holds now.
    pub(crate) fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on, others get this one; returns what held before.
    pub(crate) fn replace(&self, value: impl Into<Arc<T>>) -> Arc<T> {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *held, value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_taken_a_value_keeps_it() {
        let shared = Replaceable::<i32>::new(1);
        let taken = shared.current();
        assert_eq!(*shared.replace(2), 1);
        assert_eq!((*taken, *shared.current()), (1, 2));
    }
}
