//! A sweep under way, as the ledger keeps it: who works on it writes how far it is, page by page, and notes each one who is asked for. Whoever
//! finds that somebody else has changed the job does no more of it.

use jiff::{SignedDuration, Timestamp};
use tracing::debug;

use super::progress::Progress;
use crate::audit::AuditEntry;
use crate::causes::with_causes;
use crate::erasure::{ErasureId, NewErasure};
use crate::keys::{NoSealKey, NotOpened, SealKey};
use crate::ledger::{AskedAgain, KeptProgress, Restarted, StoredSweepJob, SweepJob, SweepState, sealing};
use crate::operations::{OperationError, Operations};

/// Of so many people, what was found is written with each page; of more, less often.
const FOUND_PER_PAGE: usize = 200;

/// Of so long ago, nothing counts any more: who was found then may be a customer again.
pub(super) const STALE: SignedDuration = SignedDuration::from_hours(24);

/// So often one begins from its start because its target does not go on behind a page.
pub(super) const RESTARTS_MAX: u32 = 3;

const CHANGED: &str = "somebody else goes on with it, or has cancelled it; see `quietus erase-again status`";

/// A sweep on which this process works.
pub(super) struct Kept<'a> {
    on: &'a Operations,
    /// Nothing where nothing can be sealed: it is done all the same, and begins anew after a kill.
    seal: Option<SealKey>,
    stored: StoredSweepJob,
    /// Pages that were compared since how far it is was written.
    unwritten: usize,
    /// Of how many people something was found when that was written last.
    found: usize,
    is_lost: bool,
    is_spent: bool,
}

/// Whether what was found is of so long ago that it does not count any more, however long the pages were on their way.
fn is_old(job: &SweepJob, now: Timestamp) -> bool {
    now.duration_since(job.swept) > STALE
}

impl<'a> Kept<'a> {
    /// Takes a job up; `entry` says so in the audit, where somebody goes on with it. Returns how far it is, where it does not begin.
    pub(super) async fn take(
        on: &'a Operations,
        mut stored: StoredSweepJob,
        seal: Result<SealKey, OperationError>,
        entry: Option<AuditEntry>,
    ) -> Result<(Self, Option<Progress>), OperationError> {
        let decides = &on.installation(&stored.job.mluvii)?.decides;
        let now = on.ledger.clock().await?.now;
        if stored.job.tries == 0 {
            stored.job.swept = now;
        }
        let capsule = stored.progress.take();
        let opened = match &capsule {
            _ if stored.job.tries == 0 => Ok(None),
            _ if is_old(&stored.job, now) => Err(Restarted::Old),
            None => Err(Restarted::NoCursor),
            Some(_) if stored.job.decides != *decides => Err(Restarted::Reconfigured),
            Some(capsule) => {
                // Where the key is away, all of it comes back: nothing is thrown away for that.
                let seal = match &seal {
                    Ok(seal) => seal,
                    Err(error) => return Err(OperationError::Unavailable(anyhow::anyhow!("{}", with_causes(error)))),
                };
                match stored.job.open(capsule, seal) {
                    Ok(bytes) => Progress::from_bytes(&bytes).map(Some).ok_or(Restarted::NotOpened),
                    Err(NotOpened::NoKey(away @ NoSealKey::Away { .. })) => {
                        return Err(OperationError::Unavailable(away.into()));
                    }
                    Err(NotOpened::Broken | NotOpened::NoKey(NoSealKey::Gone(_))) => Err(Restarted::NotOpened),
                }
            }
        };
        stored.job.decides.clone_from(decides);
        stored.job.tries += 1;
        stored.job.reason = None;
        let mut kept = Self { on, seal: seal.ok(), stored, unwritten: 0, found: 0, is_lost: false, is_spent: false };
        match opened {
            Ok(progress) => {
                kept.save(&KeptProgress::Same, entry).await?;
                Ok((kept, progress))
            }
            Err(why) => {
                kept.restart(why, entry).await?;
                Ok((kept, None))
            }
        }
    }

    pub(super) fn job(&self) -> &SweepJob {
        &self.stored.job
    }

    /// Whether somebody else has changed it.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Whether it has begun from its start too often: another try would come to no other end.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Whether what it has found so far is of too long ago.
    pub(super) async fn is_old(&self) -> Result<bool, OperationError> {
        Ok(is_old(&self.stored.job, self.on.ledger.clock().await?.now))
    }

    /// Begins from its start, as its target does not go on behind a page; `false` where it has done so too often.
    pub(super) async fn begins_anew(&mut self, why: Restarted) -> Result<bool, OperationError> {
        self.is_spent = self.stored.job.restarts >= RESTARTS_MAX;
        if !self.is_spent {
            self.restart(why, None).await?;
        }
        Ok(!self.is_spent)
    }

    /// Begins from its start: what was kept is thrown away, but not for whom it asks.
    async fn restart(&mut self, why: Restarted, entry: Option<AuditEntry>) -> Result<(), OperationError> {
        let now = self.on.ledger.clock().await?.now;
        let job = &mut self.stored.job;
        job.restarts += 1;
        job.restarted = Some(why);
        (job.state, job.records, job.swept) = (SweepState::Sweeping, 0, now);
        self.save(&KeptProgress::Nothing, entry).await
    }

    /// A page was compared: writes how far it is, where that is worth it. A page that is not written is only asked for again.
    pub(super) async fn page(
        &mut self,
        (records, is_last): (u64, bool),
        progress: impl FnOnce() -> Progress,
    ) -> Result<(), OperationError> {
        self.unwritten += 1;
        if !is_last && self.unwritten <= self.found / FOUND_PER_PAGE {
            return Ok(());
        }
        self.stored.job.moved = self.on.ledger.clock().await?.now;
        self.stored.job.records = records;
        let Some(seal) = self.seal.clone() else { return self.save(&KeptProgress::Same, None).await };
        let progress = progress();
        self.found = progress.people();
        let bytes = progress.to_bytes();
        let (ledger, stored) = (&*self.on.ledger, &self.stored);
        let write = || {
            let progress = KeptProgress::New(stored.job.seal(&bytes, &seal));
            async move { ledger.save_sweep_job(stored, &progress, None).await }
        };
        match sealing(&seal, write).await {
            Ok(is_saved) => self.saved(is_saved),
            // Without it, whoever goes on while it asks would know neither that all is compared nor who was found.
            Err(error) if is_last => Err(error.into()),
            Err(error) => {
                debug!(error = with_causes(&error), "how far a sweep is could not be written; the next page does");
                Ok(())
            }
        }
    }

    /// All is compared, and who is to go is asked for: these, unless asking had begun before it began from its start.
    pub(super) async fn asking(&mut self, going: Vec<ErasureId>) -> Result<(), OperationError> {
        let job = &mut self.stored.job;
        if !job.has_begun_asking() {
            job.planned = going;
        }
        job.state = SweepState::Asking;
        self.save(&KeptProgress::Same, None).await
    }

    /// Asks for one who was found, in the name of who has ordered the sweep; the sweep knows of it in the same commit.
    pub(super) async fn ask(
        &mut self,
        found: ErasureId,
        erasure: &NewErasure,
        seal: &SealKey,
    ) -> Result<ErasureId, OperationError> {
        let (ledger, stored) = (&*self.on.ledger, &self.stored);
        let asked = sealing(seal, || ledger.request_again(stored, found, erasure.clone(), &stored.job.by)).await?;
        self.saved(asked.is_some())?;
        let again = asked.ok_or_else(changed)?;
        self.stored.job.asked.push(AskedAgain { erasure: found, again });
        Ok(again)
    }

    /// It is over, or is left for another try: writes what came of it, with its row in the audit.
    pub(super) async fn end(
        &mut self,
        state: SweepState,
        result: Option<serde_json::Value>,
        reason: Option<String>,
        entry: Option<AuditEntry>,
    ) -> Result<(), OperationError> {
        let job = &mut self.stored.job;
        (job.state, job.result, job.reason) = (state, result, reason);
        self.save(&KeptProgress::Same, entry).await
    }

    async fn save(&mut self, progress: &KeptProgress, entry: Option<AuditEntry>) -> Result<(), OperationError> {
        let is_saved = self.on.ledger.save_sweep_job(&self.stored, progress, entry.as_ref()).await?;
        self.saved(is_saved)
    }

    fn saved(&mut self, is_saved: bool) -> Result<(), OperationError> {
        if !is_saved {
            self.is_lost = true;
            return Err(changed());
        }
        self.stored.version += 1;
        self.unwritten = 0;
        Ok(())
    }
}

fn changed() -> OperationError {
    OperationError::Conflict(CHANGED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::erase_again::tests::{at, job};

    #[test]
    fn what_was_found_is_as_old_as_the_first_page_whatever_has_moved_since() {
        let day = 86_400_000;
        let job = SweepJob { swept: at(10), moved: at(day), ..job() };
        assert!(!is_old(&job, at(day + 10)) && is_old(&job, at(day + 11)));
    }
}
