//! Credentials that a vendor refuses: where it locks out who comes with wrong ones too often, they are tried seldom.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use quietus_plugin::PluginError;

/// Until when refused credentials are not tried again.
#[derive(Default)]
pub(super) struct Login(Mutex<Option<Instant>>);

impl Login {
    /// Whether the credentials may be sent: when they were refused, by one request after each pause.
    pub(super) fn check(&self, pause: Duration) -> Result<(), PluginError> {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match *until {
            None => Ok(()),
            Some(until) if now < until => Err(refused()),
            Some(_) => {
                *until = now.checked_add(pause);
                Ok(())
            }
        }
    }

    /// What became of them.
    pub(super) fn answered(&self, is_refused: bool, pause: Duration) {
        let until = if is_refused { Instant::now().checked_add(pause) } else { None };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

fn refused() -> PluginError {
    let text = "the vendor has refused the credentials (401), and locks out who tries wrong ones too often: they are not sent \
                again for some minutes. Check `auth` and its secret";
    PluginError::needs_operator(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_credentials_are_tried_by_one_request_after_each_pause() {
        let (login, long, none) = (Login::default(), Duration::from_secs(3600), Duration::ZERO);
        assert_eq!([login.check(long), login.check(long)], [Ok(()), Ok(())]);
        login.answered(true, long);
        assert!(login.check(long).is_err() && login.check(long).is_err());
        // The pause is over: of two requests at once, the first one tries them.
        login.answered(true, none);
        assert!(login.check(long).is_ok() && login.check(long).is_err());
        login.answered(false, long);
        assert!(login.check(long).is_ok() && login.check(long).is_ok());
    }
}
