//! How far a step is, as its target has stored it: kept sealed in the ledger while the call is under way, and handed back with
//! the next call of the step. Whether the call may go on is asked on the same way.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use quietus_plugin::ResumeValue;
use tracing::warn;

use crate::causes::with_causes;
use crate::erasure::{Halt, Stage};
use crate::keys::{SealKey, SealedAs};
use crate::ledger::{ClaimedStep, Finished, LedgerError, Queue, StepWork, sealing};
use crate::target::{Checkpoint, NotStored};

/// Where one call stores how far it is, and asks whether it may go on.
pub(super) struct KeptResume {
    claimed: ClaimedStep,
    /// What erases nothing goes on, whatever is held or stopped.
    erases: bool,
    /// Only as this step's it can be opened again.
    sealed_as: SealedAs,
    queue: Arc<dyn Queue>,
    seal: SealKey,
}

impl KeptResume {
    pub(super) fn of(claimed: ClaimedStep, work: &StepWork, queue: Arc<dyn Queue>, seal: SealKey) -> Self {
        let sealed_as = SealedAs::new("resume", &[&work.erasure.0, work.step.target.0.as_bytes()]);
        Self { claimed, erases: work.stage == Stage::Erase, sealed_as, queue, seal }
    }

    /// What an earlier call stored last. One that does not open, as it is damaged, is as none: the target begins anew, which is
    /// always right.
    pub(super) fn last(&self, work: &StepWork) -> Option<ResumeValue> {
        let opened = self.seal.open(&self.sealed_as, work.step.resume.as_ref()?);
        if let Err(error) = &opened {
            warn!(
                erasure.id = %work.erasure, target = %work.step.target, %error,
                "how far the step was cannot be opened; the target begins anew"
            );
        }
        Some(ResumeValue::new(opened.ok()?.to_vec()))
    }
}

#[async_trait]
impl Checkpoint for KeptResume {
    async fn store(&self, value: &[u8]) -> Result<(), NotStored> {
        let write = || self.queue.keep_resume(self.claimed.clone(), self.seal.seal(&self.sealed_as, value));
        match sealing(&self.seal, write).await {
            // It may be what was done, or what is about to be done: the next call goes on from either.
            Ok(Finished::Done) => match self.halted().await? {
                None => Ok(()),
                Some(why) => Err(must_not(why)),
            },
            // Another process does the step by now: whatever this call still did would be done beside it.
            Ok(_) => Err(must_not(Halt::LeaseLost)),
            Err(error) => Err(not_stored(&error)),
        }
    }

    async fn sending(&self) -> Result<(), NotStored> {
        // Before it is written: whoever stops waiting for the answer does not know whether the call goes out.
        self.claimed.sends_once();
        match self.queue.sending(self.claimed.clone()).await {
            Ok(Finished::Done) => Ok(()),
            Ok(_) => Err(must_not(Halt::LeaseLost)),
            Err(error) => Err(not_stored(&error)),
        }
    }

    async fn halted(&self) -> Result<Option<Halt>, NotStored> {
        if !self.erases {
            return Ok(None);
        }
        self.queue.halted(self.claimed.clone()).await.map_err(|error| not_stored(&error))
    }
}

fn must_not(why: Halt) -> NotStored {
    NotStored { why: why.to_string(), refused: false }
}

fn not_stored(error: &LedgerError) -> NotStored {
    match error {
        LedgerError::Broken(_) => {
            warn!(error = %with_causes(error), "the ledger refuses what is to be kept of a call");
            NotStored { why: "the ledger refuses it".into(), refused: true }
        }
        LedgerError::Busy(_) | LedgerError::Damaged(_) => {
            NotStored { why: "the ledger is busy or away".into(), refused: false }
        }
    }
}

impl fmt::Debug for KeptResume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptResume").field("claimed", &self.claimed).finish_non_exhaustive()
    }
}
