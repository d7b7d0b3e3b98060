//! When an installation was asked last what it says of itself.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Administrators change roles and tables: it is asked again after this.
const AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// When it was learned last.
#[derive(Default)]
pub(super) struct Learned(Mutex<Option<Instant>>);

impl Learned {
    pub(super) fn is_fresh(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|learned| learned.elapsed() < AGE_MAX)
    }

    pub(super) fn set(&self, when: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = when;
    }
}
