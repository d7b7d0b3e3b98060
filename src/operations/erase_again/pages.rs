//! A target streams whom it holds, a page at a time: the next one is asked for once the one before is compared. What it says is bounded
//! and has to come to an end, whatever it is.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use quietus_plugin::ResumeValue;
use quietus_plugin::identity::Region;
use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, Restarted};
use crate::operations::OperationError;
use crate::subject::TargetName;
use crate::target::{
    CANNOT_SWEEP, CANNOT_SWEEP_AS_CONFIGURED, SweepCall, SweepPage, TOLD_BY_ANOTHER, Target, TargetError,
};

/// Records of one page.
const PAGE_MAX: u32 = 500;
/// Records of one target.
const RECORDS_MAX: u64 = 20_000_000;
/// Pages in a row with no record, or with the same ones.
const IDLE_PAGES_MAX: u32 = 1_000;
const SAME_PAGES_MAX: u32 = 20;
/// Failures of one page in a row.
const FAILURES_MAX: u32 = 6;
/// Why a page is not told that has another one before it.
const NOT_RESUMED: &str = "it does not go on where its last page has ended";
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
    next: Option<Next>,
    has_ended: bool,
    refused: Option<Restarted>,
}

/// Where the next page begins. Holds what may be a value of somebody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Next {
    pub(super) cursor: ResumeValue,
    /// What tells the target that has said so from another one by its name.
    pub(super) told_by: String,
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
        Self { target, name, rate, region, seen: Seen::default(), next: None, has_ended: false, refused: None }
    }

    /// Goes on behind so many records, where an earlier process has stopped.
    pub(super) fn resumed(mut self, next: Option<Next>, records: u64) -> Self {
        self.seen.records = records;
        self.next = next;
        self
    }

    /// Where the next page begins; none after the last one.
    pub(super) fn begins(&self) -> Option<&Next> {
        self.next.as_ref()
    }

    /// Why the target does not go on behind its last page, where it refused that: it can be asked from its start.
    pub(super) fn refused(&self) -> Option<Restarted> {
        self.refused
    }

    /// The next page; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<SweepPage>, OperationError> {
        if self.has_ended {
            return Ok(None);
        }
        let (cursor, told_by) = self.next.take().map(|next| (next.cursor, next.told_by)).unzip();
        let told_by = told_by.unwrap_or_default();
        let call = SweepCall { records_max: PAGE_MAX, region: self.region, cursor, told_by };
        let mut page = self.ask(&call).await?;
        self.next = page.next.take().map(|cursor| Next { cursor, told_by: page.told_by.clone() });
        self.has_ended = self.next.is_none();
        let cursor = self.next.as_ref().map(|next| &next.cursor);
        self.seen.note(&page, cursor).map_err(|why| unavailable(self.name, why))?;
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
                // A plugin says of whatever it cannot do that it is permanent, also of a cursor that it does not know any more, on the way
                // as well. That it can tell nobody, it says to the first call.
                Err(TargetError::Permanent(why)) if call.cursor.is_some() => {
                    let is_another = why == TOLD_BY_ANOTHER;
                    self.refused = Some(if is_another { Restarted::Reconfigured } else { Restarted::CursorRefused });
                    let said = if why == CANNOT_SWEEP_AS_CONFIGURED { NOT_RESUMED } else { why.as_str() };
                    return Err(unavailable(self.name, said));
                }
                Err(error) => return Err(given_up(self.name, &error)),
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
        error => unavailable(name, error),
    }
}

fn unavailable(name: &TargetName, why: impl std::fmt::Display) -> OperationError {
    OperationError::Unavailable(anyhow::anyhow!("{name}: {why}"))
}

#[cfg(test)]
mod tests;
