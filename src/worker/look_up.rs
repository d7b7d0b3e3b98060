//! Looking a session up to decide on it. Sessions are read from a database that lags behind the events: what is missing is
//! looked at again until `settling.patience` is over, and never treated as absent before.

use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use super::failure::Failure;
use super::parts::Worker;
use super::patience::Awaited;
use crate::clock::BootTime;
use crate::consent::UnknownCause;
use crate::mluvii::{Look, LookUp, SessionFacts};
use crate::subject::SessionKey;

/// When work came and when it was claimed, both by the ledger's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) since: Timestamp,
    pub(super) now: Timestamp,
}

/// What mluvii showed of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// No look-up was made, as no rule listens.
    NotLooked,
    Read(Box<SessionFacts>),
    /// The session could not be read for as long as `settling.patience`.
    Unknown(UnknownCause),
}

impl Seen {
    pub(super) fn facts(&self) -> Option<&SessionFacts> {
        match self {
            Self::Read(facts) => Some(facts),
            Self::NotLooked | Self::Unknown(_) => None,
        }
    }
}

impl Worker {
    /// Reads a session. What is not found, or not understood, is an early failure until the patience is over, and then
    /// unknown; what is too large needs a person at once, as it does not become less.
    pub(super) async fn read(&self, key: &SessionKey, look: Look, times: Times) -> Result<Seen, Failure> {
        let client = self.client_of(&key.installation)?;
        let (cause, what) = match client.look_up(key.session, look).await? {
            LookUp::Found(facts) => {
                // Forgotten here, or a later miss would count from this earlier one, and be the last at once.
                self.patience.found(key, Awaited::Session);
                return Ok(Seen::Read(facts));
            }
            LookUp::Missing => (UnknownCause::NotFound, "mluvii does not know this session".to_owned()),
            LookUp::NotUnderstood(what) => (UnknownCause::NotUnderstood, what),
            LookUp::TooLarge(what) => return Err(Failure::Permanent(what)),
        };
        // A 404 is no fact while the look-up may lag behind: acted on at once, it would make a consent absent, or a session
        // foreign, that is only late.
        if let Some(pause) = self.patience_left(key, Awaited::Session, times) {
            return Err(Failure::Early { pause, why: what });
        }
        warn!(session = %key, cause = cause.as_str(), what, "the session could not be read; its consent stays unknown");
        Ok(Seen::Unknown(cause))
    }

    /// It is looked at again, and after `settling.patience` it needs a person.
    pub(super) fn missed(&self, key: &SessionKey, awaited: Awaited, times: Times, why: &str) -> Failure {
        match self.patience_left(key, awaited, times) {
            Some(pause) => Failure::Early { pause, why: why.to_owned() },
            None => Failure::Permanent(why.to_owned()),
        }
    }

    /// The pause before the next look at something that may only be early; `None` once `settling.patience` is over.
    fn patience_left(&self, key: &SessionKey, awaited: Awaited, times: Times) -> Option<Duration> {
        self.patience.left(key, awaited, times.since, self.settling.patience.0, BootTime::now())
    }
}

/// A consent version may show seconds after the session's end: one that is missing then is looked for once more after
/// `settling.pause` before anything is erased for it.
pub(super) fn consent_had_its_time(seen: &Seen, times: Times, pause: Duration) -> Result<(), Failure> {
    let Seen::Read(facts) = seen else { return Ok(()) };
    // By a clock that was put back, no time has passed: a consent must not be absent by it.
    let passed = Duration::try_from(times.now.duration_since(times.since)).unwrap_or_default();
    match pause.checked_sub(passed).filter(|left| !left.is_zero()) {
        Some(pause) if facts.consent_version.is_none() => {
            Err(Failure::Early { pause, why: "no consent version is shown yet".into() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_is_not_absent_before_its_time_whatever_the_clock_shows() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let seen = |version: Option<&str>| {
            Seen::Read(Box::new(SessionFacts {
                consent_version: version.map(str::to_owned),
                ..SessionFacts::default()
            }))
        };
        let pause = Duration::from_secs(10);
        let had =
            |seen: &Seen, since, now| match consent_had_its_time(seen, Times { since: at(since), now: at(now) }, pause)
            {
                Ok(()) => None,
                Err(Failure::Early { pause, .. }) => Some(pause.as_secs()),
                Err(other) => panic!("{other:?}"),
            };
        let none = seen(None);
        assert_eq!((had(&none, 100, 100), had(&none, 100, 107), had(&none, 100, 110)), (Some(10), Some(3), None));
        assert_eq!(had(&none, 100, 40), Some(10), "the clock was put back");
        assert_eq!(had(&seen(Some("v3")), 100, 100), None);
    }
}
