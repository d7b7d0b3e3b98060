//! A plugin as a target: a step's call is cut down to what the plugin may see, and how the call ended is told in the worker's
//! words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use quietus_plugin::ErrorClass;
use serde_json::Value;

use super::failure::{KILLED_FOR_ANOTHER, NO_SLOT, of_error};
use super::host::{PluginHost, PluginState};
use super::reading::{of_found, of_result};
use super::request::{CANNOT_VERIFY, Method, request};
use super::session::{Ask, Ended, Outgoing, Session};
use crate::erasure::{Halt, Outcome};
use crate::subject::Kind;
use crate::target::{Answer, Evidence, Found, Returns, SweepCall, SweepPage, Target, TargetCall, TargetError};

/// Before a call is made again that other calls were in the way of.
const BUSY_PAUSE: Duration = Duration::from_secs(5);

#[async_trait]
impl Target for PluginHost {
    async fn erase(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        self.answer(Method::Erase, call).await
    }

    async fn verify(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        self.answer(Method::Verify, call).await
    }

    fn returns(&self) -> Returns {
        match (self.returned_kinds(), self.state()) {
            (Some(kinds), _) => Returns::Kinds(kinds),
            (None, PluginState::Starting) => Returns::NotYet,
            (None, _) => Returns::NotKnown,
        }
    }

    fn takes(&self) -> BTreeSet<Kind> {
        self.granted_kinds()
    }

    fn requires(&self) -> BTreeSet<Kind> {
        self.required_kinds()
    }

    async fn find(&self, call: &TargetCall) -> Result<Found, TargetError> {
        let found = match self.ask(Method::Find, call).await {
            Ok(Asked::Result { result, returns, .. }) => of_found(result, &returns),
            // What it knows was not asked: it can be told nothing of the person, or refuses what its manifest promises.
            Ok(Asked::Not(_) | Asked::Unsupported) => {
                Ok(Found { more: self.returned_kinds().is_none_or(|kinds| !kinds.is_empty()), ..Found::default() })
            }
            Err(error) => Err(error),
        };
        self.note_failure(&found);
        found
    }

    fn can_sweep(&self) -> Option<bool> {
        self.can_tell_whom_it_holds()
    }

    async fn sweep(&self, page: &SweepCall) -> Result<SweepPage, TargetError> {
        let swept = self.sweep_page(page).await;
        self.note_failure(&swept);
        swept
    }

    async fn health(&self) -> Result<(), TargetError> {
        self.session().await?.health().await
    }

    fn broken(&self) -> Option<String> {
        match self.state() {
            PluginState::Failed(why) => Some(why),
            _ => None,
        }
    }

    fn doubts(&self) -> Vec<String> {
        match self.state() {
            PluginState::Up(info) => info.doubts,
            _ => Vec::new(),
        }
    }

    fn call_max(&self) -> Duration {
        PluginHost::call_max(self)
    }

    fn concurrency_max(&self) -> usize {
        self.concurrency()
    }
}

/// The result of asking a plugin.
enum Asked {
    /// It is not asked this; why.
    Not(String),
    Unsupported,
    Result {
        result: Value,
        /// An address for reports went with the call.
        may_report: bool,
        once: Once,
        /// The kinds that it may return.
        returns: BTreeSet<Kind>,
    },
}

/// Whether the same call may be made again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Once {
    Again,
    /// Once more could be too often for this plugin.
    Only,
}

impl Once {
    /// A failure after which nobody knows whether the call did what it should.
    fn unknown(self, error: TargetError) -> TargetError {
        match error {
            TargetError::Retryable(why) if self == Self::Only => {
                TargetError::Permanent(format!("{why}; its outcome is unknown, and the plugin must not be asked twice"))
            }
            error => error,
        }
    }
}

/// The session ended before the call was made.
struct NotSent;

impl PluginHost {
    async fn answer(&self, method: Method, call: &TargetCall) -> Result<Answer, TargetError> {
        let answer = match self.ask(method, call).await {
            // Then nothing is known of the person's data there: not `absent`, which would say that somebody had looked.
            Ok(Asked::Not(why)) => Ok(unverifiable(why)),
            Ok(Asked::Unsupported) if method == Method::Verify => Ok(unverifiable(CANNOT_VERIFY.into())),
            Ok(Asked::Unsupported) => Err(TargetError::Permanent("the plugin does not support `erase`".into())),
            Ok(Asked::Result { result, may_report, once, .. }) => {
                of_result(result, may_report).map_err(|error| once.unknown(error))
            }
            Err(error) => Err(error),
        };
        self.note_failure(&answer);
        answer
    }

    async fn ask(&self, method: Method, call: &TargetCall) -> Result<Asked, TargetError> {
        if let Ok(asked) = self.ask_session(method, call, &*self.session().await?).await {
            return asked;
        }
        // Another process has taken over, or will.
        match self.ask_session(method, call, &*self.session().await?).await {
            Ok(asked) => asked,
            Err(NotSent) => Err(TargetError::Unavailable("the plugin's process was lost before the call".into())),
        }
    }

    async fn ask_session(
        &self,
        method: Method,
        call: &TargetCall,
        session: &Session,
    ) -> Result<Result<Asked, TargetError>, NotSent> {
        let contract = &session.contract;
        let request = match request(contract, method, call) {
            Ok(request) => request,
            Err(why) => return Ok(Ok(Asked::Not(why))),
        };
        let key = request.idempotency_key.clone();
        let may_report = request.report.is_some();
        let once = match method == Method::Erase && !contract.idempotent && !call.dry_run {
            true => Once::Only,
            false => Once::Again,
        };
        let outgoing = Outgoing {
            longest: match method {
                Method::Erase => contract.erase_max,
                Method::Verify | Method::Find => contract.verify_max,
            },
            co_running: self.crashes.co_running(&key),
            // What changes nothing is no part of a step, and has nothing to go on from.
            checkpoint: (method != Method::Find && !call.dry_run).then(|| Arc::clone(&call.checkpoint)),
            ask: match method {
                Method::Erase => Ask::Erase(request),
                Method::Verify => Ask::Verify(request),
                Method::Find => Ask::Find(request),
            },
        };
        let longest = outgoing.longest;
        // By the contract of the very session that is asked: a reload may have put another in its place.
        if once == Once::Only
            && let Err(why) = call.checkpoint.sending().await
        {
            return Ok(Err(TargetError::NotNoted(why)));
        }
        let ended = session.call(outgoing).await;
        if matches!(ended, Ended::Result(_) | Ended::Failed(_) | Ended::Unsupported) {
            // The process outlived it, whatever else it did.
            self.crashes.reset(&key);
        }
        Ok(match ended {
            Ended::Result(result) => Ok(Asked::Result { result, may_report, once, returns: contract.returns.clone() }),
            Ended::Unsupported => Ok(Asked::Unsupported),
            // It may have erased before it broke the protocol, or gave the call up.
            Ended::Failed(error) if matches!(error.class, ErrorClass::Protocol | ErrorClass::Cancelled) => {
                Err(once.unknown(of_error(error)))
            }
            // It may be what the plugin does that must go no further: it was told so where it stored how far it is.
            Ended::Failed(error) if error.class == ErrorClass::Retryable => Err(match halted(method, call).await {
                Some(why) => TargetError::Halted { why, done: BTreeMap::new() },
                None => of_error(error),
            }),
            Ended::Failed(error) => Err(of_error(error)),
            Ended::Lost(why) => Err(self.lost_during(&key, once, format!("the plugin's process was lost: {why}"))),
            Ended::TimedOut => {
                let why = format!("no answer within {} s; the plugin's process was killed", longest.as_secs());
                Err(self.lost_during(&key, once, why))
            }
            // Not counted: a call must not be given up because another one beside it did not end.
            Ended::KilledForAnother if once == Once::Only => {
                Err(once.unknown(TargetError::Retryable(KILLED_FOR_ANOTHER.into())))
            }
            Ended::KilledForAnother => Err(TargetError::Crowded { why: KILLED_FOR_ANOTHER, pause: BUSY_PAUSE }),
            Ended::Busy => Err(TargetError::Crowded { why: NO_SLOT, pause: BUSY_PAUSE }),
            Ended::TooLarge => Err(TargetError::OfRecord("more identifiers than one call can carry".into())),
            Ended::Stopped if once == Once::Only => {
                Err(once.unknown(TargetError::Retryable("the server shut down during the call".into())))
            }
            Ended::Stopped => Err(TargetError::Cancelled),
            Ended::NotSent => return Err(NotSent),
        })
    }

    /// The process died during the call.
    fn lost_during(&self, key: &str, once: Once, why: String) -> TargetError {
        match once {
            // A call that must not be made again needs no failure count.
            Once::Only => once.unknown(TargetError::Retryable(why)),
            Once::Again => self.crashes.count_failure(key, why),
        }
    }

    /// Remembers a failure for the operator.
    fn note_failure<T>(&self, ended: &Result<T, TargetError>) {
        if let Err(
            TargetError::Retryable(why)
            | TargetError::Unavailable(why)
            | TargetError::Permanent(why)
            | TargetError::NeedsOperator(why),
        ) = ended
        {
            self.note_error(why);
        }
    }
}

/// Why a call that has failed must erase no further, as far as that is known.
async fn halted(method: Method, call: &TargetCall) -> Option<Halt> {
    if method != Method::Erase || call.dry_run {
        return None;
    }
    call.checkpoint.halted().await.ok().flatten()
}

fn unverifiable(why: String) -> Answer {
    Answer {
        outcome: Outcome::Unverifiable,
        reason: Some(why),
        counts: BTreeMap::new(),
        verify_after: None,
        evidence: Evidence::default(),
    }
}
