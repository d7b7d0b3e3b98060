//! A target streams whom it holds, a page at a time: the next one is asked for once the one before is compared. What it says is bounded
//! and has to come to an end, whatever it is.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use quietus_plugin::ResumeValue;
use quietus_plugin::identity::Region;

use crate::ledger::Ledger;
use crate::operations::OperationError;
use crate::subject::TargetName;
use crate::target::{CANNOT_SWEEP, CANNOT_SWEEP_AS_CONFIGURED, SweepCall, SweepPage, Target, TargetError};

/// Records of one page.
const PAGE_MAX: u32 = 500;
/// Records of one target.
const RECORDS_MAX: u64 = 20_000_000;
/// Pages in a row with no record, or with the same ones.
const IDLE_PAGES_MAX: u32 = 1_000;
const SAME_PAGES_MAX: u32 = 20;
/// Failures of one page in a row.
const FAILURES_MAX: u32 = 6;
/// The longest that a target may ask to wait.
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// A pause where it does not say how long.
const PAUSE: Duration = Duration::from_secs(5);

/// The rate at which a target may be called.
#[async_trait]
pub(super) trait CallRate: Send + Sync {
    /// Counts a call. Returns how long it takes until there is room for a further one.
    async fn charge(&self) -> Result<Duration, OperationError>;
}

/// A target's rate over all that calls it: other processes on the ledger, too.
pub(super) struct RateOfAll<'a> {
    pub(super) ledger: &'a dyn Ledger,
    pub(super) target: &'a TargetName,
    pub(super) calls_per_s: NonZeroU32,
}

#[async_trait]
impl CallRate for RateOfAll<'_> {
    async fn charge(&self) -> Result<Duration, OperationError> {
        Ok(self.ledger.charge(self.target, 1, self.calls_per_s).await?)
    }
}

/// The pages of one target.
pub(super) struct Pages<'a> {
    target: &'a dyn Target,
    name: &'a TargetName,
    rate: Option<&'a dyn CallRate>,
    region: Option<Region>,
    seen: Seen,
    cursor: Option<ResumeValue>,
    has_ended: bool,
    resumes: Resumes,
}

/// Whether the target goes on where an earlier process has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resumes {
    No,
    /// With the next page.
    Next,
    /// It does not.
    Refused,
}

/// By what it is noticed that a target goes on for ever. In memory, under a key of this process's.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    records: u64,
    cursors: HashSet<u64>,
    idle: u32,
    same: u32,
    last: u64,
}

impl<'a> Pages<'a> {
    pub(super) fn new(
        target: &'a dyn Target,
        name: &'a TargetName,
        rate: Option<&'a dyn CallRate>,
        region: Option<Region>,
    ) -> Self {
        Self { target, name, rate, region, seen: Seen::default(), cursor: None, has_ended: false, resumes: Resumes::No }
    }

    /// Goes on behind so many records, where an earlier process has stopped.
    pub(super) fn resumed(mut self, cursor: Option<ResumeValue>, records: u64) -> Self {
        self.resumes = if cursor.is_some() { Resumes::Next } else { Resumes::No };
        self.seen.records = records;
        self.cursor = cursor;
        self
    }

    /// Where the next page begins; none after the last one.
    pub(super) fn cursor(&self) -> Option<&ResumeValue> {
        self.cursor.as_ref()
    }

    /// Whether the target refused to go on where an earlier process has stopped: it can be asked from its start.
    pub(super) fn is_refused(&self) -> bool {
        self.resumes == Resumes::Refused
    }

    /// The next page; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<SweepPage>, OperationError> {
        if self.has_ended {
            return Ok(None);
        }
        let call = SweepCall { records_max: PAGE_MAX, region: self.region, cursor: self.cursor.take() };
        let mut page = self.ask(&call).await?;
        self.resumes = Resumes::No;
        self.cursor = page.next.take();
        self.has_ended = self.cursor.is_none();
        self.seen.note(&page, self.cursor.as_ref()).map_err(|why| refused(self.name, why))?;
        Ok(Some(page))
    }

    /// Asks until it is answered: asking changes nothing, so that it is asked again wherever that may help.
    async fn ask(&mut self, call: &SweepCall) -> Result<SweepPage, OperationError> {
        let mut failures = 0;
        loop {
            if let Some(rate) = self.rate {
                tokio::time::sleep(rate.charge().await?).await;
            }
            let pause = match self.target.sweep(call).await {
                Ok(page) => return Ok(page),
                Err(TargetError::RateLimited { retry_after }) => retry_after.unwrap_or(PAUSE),
                Err(TargetError::Crowded { pause, .. }) => pause,
                Err(TargetError::Retryable(_) | TargetError::Unavailable(_)) if failures < FAILURES_MAX => {
                    failures += 1;
                    Duration::from_millis(250 << failures)
                }
                Err(error) => {
                    // A plugin says of whatever it cannot do that it is permanent, also of a cursor that is too old.
                    if self.resumes == Resumes::Next
                        && matches!(&error, TargetError::Permanent(why) if why != CANNOT_SWEEP)
                    {
                        self.resumes = Resumes::Refused;
                    }
                    return Err(given_up(self.name, &error));
                }
            };
            tokio::time::sleep(pause.min(PAUSE_MAX)).await;
        }
    }
}

impl Seen {
    fn note(&mut self, page: &SweepPage, next: Option<&ResumeValue>) -> Result<(), &'static str> {
        self.records += page.records.len() as u64;
        if self.records > RECORDS_MAX {
            return Err("it tells of more records than a system holds");
        }
        self.idle = if page.records.is_empty() { self.idle + 1 } else { 0 };
        if self.idle > IDLE_PAGES_MAX {
            return Err("it goes on and tells of nobody");
        }
        let of_records = page.records.iter().map(|record| {
            let identifiers = record.identifiers.0.iter().map(|one| (one.kind.as_str(), one.value.expose()));
            (record.newest, identifiers.collect::<Vec<_>>())
        });
        let digest = self.hasher.hash_one(of_records.collect::<Vec<_>>());
        self.same = if digest == self.last && !page.records.is_empty() { self.same + 1 } else { 0 };
        self.last = digest;
        if self.same > SAME_PAGES_MAX {
            return Err("it tells of the same again and again");
        }
        match next {
            Some(next) if !self.cursors.insert(self.hasher.hash_one(next.expose())) => {
                Err("it begins anew at a place where it has been")
            }
            _ => Ok(()),
        }
    }
}

/// That it can tell nobody does not change by waiting; whatever else it says, such as a page that is none, may be mended.
fn given_up(name: &TargetName, error: &TargetError) -> OperationError {
    match error {
        TargetError::Permanent(why) if why == CANNOT_SWEEP || why == CANNOT_SWEEP_AS_CONFIGURED => {
            OperationError::Conflict(format!("{name}: {why}"))
        }
        error => refused(name, error),
    }
}

fn refused(name: &TargetName, why: impl std::fmt::Display) -> OperationError {
    OperationError::Unavailable(anyhow::anyhow!("{name}: {why}"))
}

#[cfg(test)]
mod tests;
