//! Orders: each is one transaction with its row in the audit.

use async_trait::async_trait;
use jiff::civil::Date;

use super::job::{Tx, Wakes};
use super::{Admin, Archived, LedgerError, QuarantineId, SqliteLedger};
use super::{
    acts, archive, attention, audit, carry, clock, confirming, deciding, generations, holds, meta, pauses, quarantine,
    receipts, rechecks, requests, rules, schedule, steps, sweep_jobs, targets, tasks,
};
use crate::attention::{Attention, ClockDoubt, Code, Mute, MuteEnd};
use crate::audit::{Act, Actor, AuditEntry, Object};
use crate::consent::Withdrawal;
use crate::deadline::Calendar;
use crate::erasure::confirmation::{LinkFor, LinkProof};
use crate::erasure::{Capsule, ErasureId, NewErasure, Outcome, Recheck, Reportable};
use crate::hold::{HoldId, NewHold};
use crate::keys::{Carry, Digest, KeyId, KeyIds, Sealed};
use crate::ledger::recheck::left;
use crate::ledger::sweep_job::{AskedAgain, StoredSweepJob};
use crate::ledger::{
    Confirmed, Decision, DropReason, EnteredAs, GenerationState, HoldAdded, NewPause, NewRequest, ParkedMark,
    RequestChange, RotatedKey, Stopped, Withdrawn,
};
use crate::lock::lock;
use crate::receipt::{SignedCheckpoint, SignedGap};
use crate::request::RequestId;
use crate::subject::TargetName;

#[async_trait]
impl Admin for SqliteLedger {
    async fn request(&self, erasure: NewErasure, by: &Actor) -> Result<ErasureId, LedgerError> {
        let by = by.clone();
        let key = self.index_key();
        self.order(Wakes::All, move |tx| {
            meta::must_be_index_key(tx, key.as_ref())?;
            let actual = schedule::schedule(tx, &erasure)?;
            requests::erased_again(tx, &rechecks::followed(tx, &erasure)?, actual)?;
            Ok((actual, acts::requested(&by, &erasure, actual)))
        })
        .await
    }

    async fn request_again(
        &self,
        of: &StoredSweepJob,
        found: ErasureId,
        erasure: NewErasure,
        by: &Actor,
    ) -> Result<Option<ErasureId>, LedgerError> {
        let (of, by) = (of.clone(), by.clone());
        let key = self.index_key();
        let request = move |tx: &Tx<'_>| {
            if !sweep_jobs::is_unchanged(tx, &of)? {
                return Ok(None);
            }
            meta::must_be_index_key(tx, key.as_ref())?;
            let actual = schedule::schedule(tx, &erasure)?;
            requests::erased_again(tx, &rechecks::followed(tx, &erasure)?, actual)?;
            sweep_jobs::asked(tx, &of, AskedAgain { erasure: found, again: actual })?;
            for actor in std::iter::once(&by).chain(&of.job.went_on) {
                audit::append(tx, &acts::requested(actor, &erasure, actual))?;
            }
            audit::append(tx, &acts::erased_again(&by, &of.job.target, found, actual))?;
            Ok(Some(actual))
        };
        self.writer.write(Wakes::All, request).await
    }

    async fn rechecked(
        &self,
        target: &TargetName,
        looked: &[Recheck],
        today: Date,
        by: &Actor,
    ) -> Result<u64, LedgerError> {
        let (target, looked, by) = (target.clone(), looked.to_vec(), by.clone());
        let write = move |tx: &Tx<'_>| {
            rechecks::write(tx, &looked)?;
            let reopened = requests::reopen(tx, &left(&looked), today)?;
            audit::append(tx, &acts::rechecked(&by, &target, &looked))?;
            for request in &reopened {
                audit::append(tx, &acts::reopened_request(&by, request))?;
            }
            Ok(reopened.len() as u64)
        };
        self.writer.write(Wakes::NoOne, write).await
    }

    async fn withdraw_consents(
        &self,
        decisions: Vec<Decision>,
        withdrawal: Withdrawal,
        by: &Actor,
    ) -> Result<Withdrawn, LedgerError> {
        let by = by.clone();
        let key = self.index_key();
        let withdraw = move |tx: &Tx<'_>| {
            meta::must_be_index_key(tx, key.as_ref())?;
            let done = deciding::withdraw(tx, &decisions)?;
            audit::append(tx, &acts::withdrawn(&by, &decisions, withdrawal, &done))?;
            for entry in acts::demanded_by_withdrawal(&by, &decisions, &done) {
                audit::append(tx, &entry)?;
            }
            Ok(done)
        };
        self.writer.write(Wakes::All, withdraw).await
    }

    async fn add_request(&self, new: &NewRequest, by: &Actor) -> Result<EnteredAs, LedgerError> {
        let (new, by) = (new.clone(), by.clone());
        let key = self.index_key();
        self.order(Wakes::NoOne, move |tx| {
            meta::must_be_index_key(tx, key.as_ref())?;
            let entered = requests::add(tx, &new, &by)?;
            let entry = acts::entered_request(&by, &new, &entered);
            Ok((entered, entry))
        })
        .await
    }

    async fn change_request(&self, change: &RequestChange, by: &Actor) -> Result<bool, LedgerError> {
        let (change, by) = (change.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let changed = requests::change(tx, &change)?;
            Ok((changed, acts::changed_request(&by, &change, changed)))
        })
        .await
    }

    async fn run_request(
        &self,
        change: &RequestChange,
        erasure: NewErasure,
        by: &Actor,
    ) -> Result<Option<ErasureId>, LedgerError> {
        let (change, by) = (change.clone(), by.clone());
        let key = self.index_key();
        self.order(Wakes::All, move |tx| {
            meta::must_be_index_key(tx, key.as_ref())?;
            if !requests::change(tx, &change)? {
                return Ok((None, acts::ran_request(&by, &change, None)));
            }
            let actual = schedule::schedule(tx, &erasure)?;
            requests::became(tx, &change, erasure.id, actual)?;
            Ok((Some(actual), acts::ran_request(&by, &change, Some(actual))))
        })
        .await
    }

    async fn reseal_request(&self, id: RequestId, before: &Capsule, after: &Capsule) -> Result<(), LedgerError> {
        let (before, after) = (before.clone(), after.clone());
        self.writer.write(Wakes::NoOne, move |tx| requests::reseal(tx, id, &before, &after)).await
    }

    async fn approve_erasure(&self, id: ErasureId, seen: Option<&str>, by: &Actor) -> Result<bool, LedgerError> {
        let seen = seen.map(str::to_owned);
        let approve = move |tx: &Tx<'_>, id: ErasureId| schedule::approve(tx, id, seen.as_deref());
        self.order_on(id, Act::ApproveErasure, by, approve).await
    }

    async fn want_request_link(&self, change: &RequestChange, to: Digest, by: &Actor) -> Result<bool, LedgerError> {
        let (change, by, key) = (change.clone(), by.clone(), self.index_key());
        self.order(Wakes::NoOne, move |tx| {
            meta::must_be_index_key(tx, key.as_ref())?;
            let changed = requests::change(tx, &change)?;
            if changed {
                confirming::want_anew(tx, change.request.id, to)?;
            }
            Ok((changed, acts::changed_request(&by, &change, changed)))
        })
        .await
    }

    async fn use_link(&self, proof: &LinkProof, calendar: &Calendar) -> Result<Confirmed, LedgerError> {
        let (proof, calendar, key) = (proof.clone(), calendar.clone(), self.index_key());
        let confirm = move |tx: &Tx<'_>| {
            meta::must_be_index_key(tx, key.as_ref())?;
            let Some(found) = confirming::of_proof(tx, &proof)? else { return Ok(Confirmed::NotValid) };
            let number = found.0;
            match found.1.of {
                LinkFor::Erasure(id) => {
                    let confirmed = schedule::confirm(tx, id, found, &proof)?;
                    if let Confirmed::Done(id) = confirmed {
                        audit::append(tx, &acts::confirmed(number, id))?;
                    }
                    Ok(confirmed)
                }
                LinkFor::Request(id) => {
                    let (confirmed, verified) = confirming::verify(tx, id, found, &proof, &calendar)?;
                    if let Some(request) = verified {
                        audit::append(tx, &acts::verified_by_link(number, &request))?;
                    }
                    Ok(confirmed)
                }
            }
        };
        self.writer.write(Wakes::All, confirm).await
    }

    async fn reject_erasure(&self, id: ErasureId, by: &Actor) -> Result<bool, LedgerError> {
        self.order_on(id, Act::RejectErasure, by, schedule::reject).await
    }

    async fn retry_erasure(&self, id: ErasureId, seen: Option<&ParkedMark>, by: &Actor) -> Result<bool, LedgerError> {
        let seen = seen.cloned();
        let retry = move |tx: &Tx<'_>, id: ErasureId| schedule::retry(tx, id, seen.as_ref());
        self.order_on(id, Act::RetryErasure, by, retry).await
    }

    async fn cancel_erasure(&self, id: ErasureId, by: &Actor) -> Result<bool, LedgerError> {
        self.order_on(id, Act::CancelErasure, by, schedule::cancel).await
    }

    async fn confirm_task(
        &self,
        of: &Reportable,
        report: &Sealed,
        said: Outcome,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        let (of, report, by) = (of.clone(), report.clone(), by.clone());
        self.order(Wakes::All, move |tx| {
            let taken = steps::confirmed(tx, &of, &report)?;
            Ok((taken, acts::confirmed_task(&by, &of, said, taken)))
        })
        .await
    }

    async fn stop_erasure(&self, id: ErasureId, by: &Actor) -> Result<Stopped, LedgerError> {
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let stopped = schedule::stop(tx, id)?;
            let entry = acts::stopped(&by, id, &stopped);
            Ok((stopped, entry))
        })
        .await
    }

    async fn add_hold(&self, hold: &NewHold, by: &Actor) -> Result<HoldAdded, LedgerError> {
        let (hold, by) = (hold.clone(), by.clone());
        let key = self.index_key();
        self.order(Wakes::NoOne, move |tx| {
            meta::must_be_index_key(tx, key.as_ref())?;
            let added = holds::add(tx, &hold, &by)?;
            Ok((added, acts::held(&by, &hold)))
        })
        .await
    }

    async fn lift_hold(&self, id: HoldId, by: &Actor) -> Result<bool, LedgerError> {
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let lifted = holds::lift(tx, id, &by)?;
            Ok((lifted, acts::lifted(&by, id, lifted)))
        })
        .await
    }

    async fn retry_parked(&self, by: &Actor) -> Result<u64, LedgerError> {
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let count = tasks::retry_parked(tx)?;
            Ok((count, acts::retried_work(&by, count)))
        })
        .await
    }

    async fn resume_target(&self, target: &TargetName, by: &Actor) -> Result<bool, LedgerError> {
        let target = target.clone();
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let resumed = targets::resume(tx, &target)?;
            Ok((resumed, acts::resumed(&by, &target, resumed)))
        })
        .await
    }

    async fn pause_target(&self, pause: &NewPause, by: &Actor) -> Result<(), LedgerError> {
        let (pause, by) = (pause.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            pauses::add(tx, &pause, &by)?;
            Ok(((), acts::paused(&by, &pause)))
        })
        .await
    }

    async fn unpause_target(&self, target: &TargetName, by: &Actor) -> Result<bool, LedgerError> {
        let (target, by) = (target.clone(), by.clone());
        self.order(Wakes::All, move |tx| {
            let ended = pauses::end(tx, &target)?;
            Ok((ended, acts::resumed(&by, &target, ended)))
        })
        .await
    }

    async fn acknowledge_receipts(&self, sequences: Option<&[u64]>, by: &Actor) -> Result<u64, LedgerError> {
        let sequences = sequences.map(<[u64]>::to_vec);
        let by = by.clone();
        self.order(Wakes::NoOne, move |tx| {
            let acknowledged = receipts::acknowledge(tx, sequences.as_deref())?;
            Ok((acknowledged.len() as u64, acts::acknowledged(&by, &acknowledged)))
        })
        .await
    }

    async fn quarantine_drop(
        &self,
        id: QuarantineId,
        why: Option<DropReason>,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        let by = by.clone();
        self.order(Wakes::NoOne, move |tx| {
            let dropped = quarantine::drop(tx, id)?;
            Ok((dropped, acts::dropped(&by, id, why, dropped)))
        })
        .await
    }

    async fn mute_attention(&self, shown: &Attention, end: MuteEnd, by: &Actor) -> Result<(), LedgerError> {
        let shown = shown.clone();
        let by = by.clone();
        self.order(Wakes::NoOne, move |tx| {
            attention::mute(tx, &Mute::of(&shown, end, &by, tx.now))?;
            Ok(((), acts::muted(&by, &shown, end)))
        })
        .await
    }

    async fn unmute_attention(&self, code: Code, object: &Object, by: &Actor) -> Result<bool, LedgerError> {
        let object = object.clone();
        let by = by.clone();
        self.order(Wakes::NoOne, move |tx| {
            let unmuted = attention::unmute(tx, code, &object)?;
            Ok((unmuted, acts::unmuted(&by, code, &object, unmuted)))
        })
        .await
    }

    async fn confirm_rule(&self, name: &str, version: &str, by: &Actor) -> Result<bool, LedgerError> {
        let (name, version) = (name.to_owned(), version.to_owned());
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let confirmed = rules::confirm(tx, &name, &version)?;
            Ok((confirmed, acts::judged_rule(&by, Act::ConfirmRule, &name, &version, confirmed)))
        })
        .await
    }

    async fn reject_rule(&self, name: &str, version: &str, by: &Actor) -> Result<bool, LedgerError> {
        let (name, version) = (name.to_owned(), version.to_owned());
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let rejected = rules::reject(tx, &name, &version)?;
            Ok((rejected, acts::judged_rule(&by, Act::RejectRule, &name, &version, rejected)))
        })
        .await
    }

    async fn accept_clock(&self, by: &Actor) -> Result<Option<ClockDoubt>, LedgerError> {
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let doubt = clock::accept(tx)?;
            let entry = acts::accepted_clock(&by, doubt.as_ref());
            Ok((doubt, entry))
        })
        .await
    }

    async fn accept_gap(&self, gap: &SignedGap, by: &Actor) -> Result<bool, LedgerError> {
        let gap = gap.clone();
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let accepted = receipts::accept_gap(tx, &gap)?;
            Ok((accepted, acts::accepted_gap(&by, &gap.gap, accepted)))
        })
        .await
    }

    async fn archive(&self, checkpoint: &SignedCheckpoint, by: &Actor) -> Result<Archived, LedgerError> {
        let (checkpoint, by) = (checkpoint.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let archived = archive::archive(tx, &checkpoint)?;
            Ok((archived, acts::archived(&by, &checkpoint.checkpoint, archived)))
        })
        .await
    }

    async fn note(&self, entry: AuditEntry) -> Result<(), LedgerError> {
        self.order(Wakes::NoOne, move |_| Ok(((), entry))).await
    }

    async fn key_ids(&self, used: &KeyIds) -> Result<KeyIds, LedgerError> {
        let used = used.clone();
        let noted = self.writer.write(Wakes::NoOne, move |tx| meta::key_ids(tx, &used)).await?;
        *lock(&self.index_key) = Some(noted.index.clone());
        Ok(noted)
    }

    async fn begin_seal_generation(&self, id: &KeyId) -> Result<(), LedgerError> {
        let id = id.clone();
        self.writer.write(Wakes::NoOne, move |tx| generations::begin(tx, &id)).await
    }

    async fn open_seal_generation(&self, id: &KeyId, replaced: Option<&KeyId>) -> Result<bool, LedgerError> {
        let (id, replaced) = (id.clone(), replaced.cloned());
        self.writer.write(Wakes::NoOne, move |tx| generations::open(tx, &id, replaced.as_ref())).await
    }

    async fn move_seal_generation(
        &self,
        id: &KeyId,
        from: GenerationState,
        to: GenerationState,
    ) -> Result<bool, LedgerError> {
        let id = id.clone();
        self.writer.write(Wakes::NoOne, move |tx| generations::become_state(tx, &id, from, to)).await
    }

    async fn forget_seal_generation(&self, id: &KeyId) -> Result<(), LedgerError> {
        let id = id.clone();
        self.writer.write(Wakes::NoOne, move |tx| generations::forget(tx, &id)).await
    }

    async fn reseal_quarantined(&self, id: QuarantineId, before: &Sealed, after: &Sealed) -> Result<(), LedgerError> {
        let (before, after) = (before.clone(), after.clone());
        self.writer.write(Wakes::NoOne, move |tx| quarantine::reseal(tx, id, &before, &after)).await
    }

    async fn rotate_key(&self, rotated: &RotatedKey, by: &Actor) -> Result<bool, LedgerError> {
        let (rotated, by) = (rotated.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let changed = meta::rotate_key(tx, &rotated)?;
            Ok((changed, acts::rotated(&by, &rotated, changed)))
        })
        .await
    }

    async fn rotate_index(&self, carry: &Carry, by: &Actor) -> Result<bool, LedgerError> {
        let (carry, by) = (carry.clone(), by.clone());
        self.order(Wakes::All, move |tx| {
            let rotated = RotatedKey::index(&carry);
            let changed = meta::rotate_key(tx, &rotated)?;
            if changed {
                carry::carry(tx, &carry)?;
            }
            Ok((changed, acts::rotated(&by, &rotated, changed)))
        })
        .await
    }

    /// Empties the log, unless another process has the file open.
    async fn shutdown(&self) {
        // The writer is the last to go: SQLite empties the log with the last connection, which one that only reads
        // cannot do.
        let checks = lock(&self.checks).take();
        if let Some(checks) = checks {
            // The thread contains no work of anybody's.
            let _ = tokio::task::spawn_blocking(move || checks.end()).await;
        }
        self.readers.close().await;
        self.writer.stop().await;
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            // The thread contains its panics, so there is nothing to learn from its end.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl SqliteLedger {
    /// Carries out an order and writes its row, both or neither.
    pub(super) async fn order<T: Send + 'static>(
        &self,
        wakes: Wakes,
        order: impl FnOnce(&Tx<'_>) -> Result<(T, AuditEntry), LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let write = move |tx: &Tx<'_>| {
            let (done, entry) = order(tx)?;
            audit::append(tx, &entry)?;
            Ok(done)
        };
        self.writer.write(wakes, write).await
    }

    /// The same for an order on one erasure, which changes something or does not.
    async fn order_on(
        &self,
        id: ErasureId,
        act: Act,
        by: &Actor,
        order: impl FnOnce(&Tx<'_>, ErasureId) -> Result<bool, LedgerError> + Send + 'static,
    ) -> Result<bool, LedgerError> {
        let by = by.clone();
        self.order(Wakes::All, move |tx| {
            let changed = order(tx, id)?;
            Ok((changed, acts::on_erasure(&by, act, id, changed)))
        })
        .await
    }
}
