//! Looking a session up to decide on it. Sessions are read from a database that lags behind the events: what is missing is
//! looked at again until `settling.patience` is over, and never treated as absent before.

use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use super::failure::Failure;
use super::parts::Worker;
use super::patience::Awaited;
use crate::consent::UnknownCause;
use crate::mluvii::{Look, LookUp, SessionFacts};
use crate::subject::SessionKey;

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
    /// unknown; what is too large needs a person at once, as it does not become less. `since` is when the work came.
    pub(super) async fn read(&self, key: &SessionKey, look: Look, since: Timestamp) -> Result<Seen, Failure> {
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
        if let Some(pause) = self.patience_left(key, Awaited::Session, since) {
            return Err(Failure::Early { pause, why: what });
        }
        warn!(session = %key, cause = cause.as_str(), what, "the session could not be read; its consent stays unknown");
        Ok(Seen::Unknown(cause))
    }

    /// It is looked at again, and after `settling.patience` it needs a person.
    pub(super) fn missed(&self, key: &SessionKey, awaited: Awaited, since: Timestamp, why: &str) -> Failure {
        match self.patience_left(key, awaited, since) {
            Some(pause) => Failure::Early { pause, why: why.to_owned() },
            None => Failure::Permanent(why.to_owned()),
        }
    }

    /// A consent version may show seconds after the session's end: one that is missing then is looked for once more after
    /// `settling.pause` before anything is erased for it.
    pub(super) fn consent_had_its_time(&self, seen: &Seen, since: Timestamp) -> Result<(), Failure> {
        let Seen::Read(facts) = seen else { return Ok(()) };
        let passed = Timestamp::now().duration_since(since).unsigned_abs();
        match self.settling.pause.0.checked_sub(passed).filter(|left| !left.is_zero()) {
            Some(pause) if facts.consent_version.is_none() => {
                Err(Failure::Early { pause, why: "no consent version is shown yet".into() })
            }
            _ => Ok(()),
        }
    }

    /// The pause before the next look at something that may only be early; `None` once `settling.patience` is over.
    fn patience_left(&self, key: &SessionKey, awaited: Awaited, since: Timestamp) -> Option<Duration> {
        self.patience.left(key, awaited, since, self.settling.patience.0, Timestamp::now())
    }
}
