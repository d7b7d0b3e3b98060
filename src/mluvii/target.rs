//! The built-in target `mluvii`: guests and sessions enter, an outcome leaves. The calls of one step are made one after
//! another, so that the number of steps under way bounds them all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::client::{Anonymized, LookUp, MluviiClient, Written};
use super::error::MluviiError;
use super::progress::{Act, Done, Part, Progress};
use crate::erasure::Outcome;
use crate::subject::GuestId;
use crate::target::{Answer, Target, TargetCall, TargetError};

/// mluvii as a place that data must leave.
#[derive(Debug)]
pub(crate) struct MluviiTarget {
    client: Arc<MluviiClient>,
    progress: Progress,
}

/// The API calls that one part takes at most: a guest's, and a look at some of the guest's sessions.
const PART_CALLS_MAX: u32 = 1 + OWNERS_ASKED_MAX as u32;
/// Sessions that are asked whose they are, to tell an unknown guest from an unknown path.
const OWNERS_ASKED_MAX: usize = 3;

impl MluviiTarget {
    pub(crate) fn new(client: Arc<MluviiClient>) -> Self {
        Self { client, progress: Progress::default() }
    }

    /// Takes part after part. What mluvii refuses for good is passed over and reported at the end, so that it does not
    /// keep the other parts from being erased.
    async fn each_part(&self, act: Act, call: &TargetCall) -> Result<Done, TargetError> {
        let begun = Instant::now();
        let mut done = self.progress.resume(act, &call.idempotency);
        let mut failed: Option<TargetError> = None;
        for part in Part::all(call) {
            if done.parts.contains(&part) {
                continue;
            }
            // The lease ends; what is left is no failure and costs no attempt.
            if begun.elapsed() > self.client.call_max {
                failed = Some(TargetError::RateLimited { retry_after: Some(Duration::ZERO) });
                break;
            }
            match self.part(act, call, &part, &mut done).await {
                Ok(()) => {
                    done.parts.insert(part);
                }
                Err(error @ MluviiError::Refused(_)) => failed = Some(error.into()),
                Err(error) => {
                    failed = Some(error.into());
                    break;
                }
            }
        }
        let Some(error) = failed else { return Ok(done) };
        self.progress.keep(act, &call.idempotency, done);
        Err(error)
    }

    async fn part(&self, act: Act, call: &TargetCall, part: &Part, done: &mut Done) -> Result<(), MluviiError> {
        match (act, part) {
            (Act::Erase, Part::Guest(guest)) => {
                let written = self.client.anonymize_guest(guest, &call.idempotency).await?;
                done.guests += self.count(written, call, part).await?;
            }
            (Act::Erase, Part::Session(session)) => {
                let written = self.client.anonymize_session(*session, &call.idempotency).await?;
                done.sessions += self.count(written, call, part).await?;
            }
            // A guest cannot be asked for; the guest's sessions are.
            (Act::Verify, Part::Guest(_)) => {}
            (Act::Verify, Part::Session(session)) => match self.client.is_anonymized(*session).await? {
                Anonymized::Yes => done.sessions += 1,
                Anonymized::Gone => {}
                Anonymized::No => done.residual += 1,
                Anonymized::Unsaid => done.unsaid += 1,
            },
            (Act::Preview, Part::Guest(_)) => done.guests += u64::from(self.is_there(call, part).await?),
            (Act::Preview, Part::Session(_)) => done.sessions += u64::from(self.is_there(call, part).await?),
        }
        Ok(())
    }

    /// One for what was anonymized, none for what is not there.
    async fn count(&self, written: Written, call: &TargetCall, part: &Part) -> Result<u64, MluviiError> {
        match written {
            Written::Done => Ok(1),
            Written::Missing { unknown_path } if self.is_there(call, part).await? => Err(unknown_path),
            Written::Missing { .. } => Ok(0),
        }
    }

    /// Whether mluvii shows it: a guest, by a session that names them.
    async fn is_there(&self, call: &TargetCall, part: &Part) -> Result<bool, MluviiError> {
        match part {
            Part::Session(session) => Ok(matches!(self.client.look_up_session(*session).await?, LookUp::Found(_))),
            Part::Guest(guest) => self.has_sessions(call, guest).await,
        }
    }

    async fn has_sessions(&self, call: &TargetCall, guest: &GuestId) -> Result<bool, MluviiError> {
        for key in call.sessions.iter().take(OWNERS_ASKED_MAX) {
            if let LookUp::Found(facts) = self.client.look_up_session(key.session).await?
                && facts.guest.as_ref() == Some(guest)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn answer(&self, outcome: Outcome, reason: Option<String>, counts: &[(&str, u64)]) -> Answer {
        let counts = counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect();
        Answer { outcome, reason, counts, verify_after: Some(self.client.verify_after) }
    }
}

#[async_trait]
impl Target for MluviiTarget {
    async fn erase(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        let act = if call.dry_run { Act::Preview } else { Act::Erase };
        let done = self.each_part(act, call).await?;
        Ok(self.answer(found(&done), None, &[("sessions", done.sessions), ("guests", done.guests)]))
    }

    async fn verify(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        let done = self.each_part(Act::Verify, call).await?;
        let (outcome, reason) = if done.residual > 0 {
            let asked = done.parts.iter().filter(|part| matches!(part, Part::Session(_))).count();
            (Outcome::Residual, Some(format!("{} of {asked} sessions still show identifiers", done.residual)))
        } else if done.unsaid > 0 {
            let what = "sessions show no identifier, but mluvii does not list them as anonymized";
            (Outcome::Unverifiable, Some(format!("{} {what}", done.unsaid)))
        } else if !call.guests.is_empty() && call.sessions.is_empty() {
            let what = "no session of the guest is known here, and mluvii cannot be asked for a guest";
            (Outcome::Unverifiable, Some(what.to_owned()))
        } else {
            (found(&done), None)
        };
        Ok(self.answer(outcome, reason, &[("sessions", done.sessions)]))
    }

    async fn health(&self) -> Result<(), TargetError> {
        Ok(self.client.health().await?)
    }

    fn call_max(&self) -> Duration {
        // Parts are begun for the time of one call, and the last one may take its own time after that.
        self.client.call_max * (1 + PART_CALLS_MAX)
    }

    fn concurrency_max(&self) -> usize {
        self.client.concurrency_max
    }
}

fn found(done: &Done) -> Outcome {
    if done.guests + done.sessions > 0 { Outcome::Erased } else { Outcome::Absent }
}
