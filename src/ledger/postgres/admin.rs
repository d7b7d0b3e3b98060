//! Orders: each is one transaction with its row in the audit, which is written last.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;

use super::connection::Pauses;
use super::tx::Tx;
use super::{Admin, Archived, CONFLICTS_MAX, LedgerError, PostgresLedger, QuarantineId};
use super::{
    acts, archive, attention, audit, carry, claim, clock, confirming, deciding, failure, generations, holds, meta,
    pauses, quarantine, receipts, rechecks, remote_notifier, requests, rules, schedule, steps, sweep_jobs, targets,
    tasks,
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
impl Admin for PostgresLedger {
    async fn request(&self, erasure: NewErasure, by: &Actor) -> Result<ErasureId, LedgerError> {
        let name = erasure.subject.installation();
        let installation = self.installations.id(&self.writing().await?, &name.0).await?;
        let key = self.index_key();
        transact!(self, |tx| async {
            let actual = schedule::schedule(tx, installation, &erasure).await?;
            let before = rechecks::followed(tx, &erasure).await?;
            requests::erased_again(tx, &before, actual).await?;
            meta::must_be_index_key(tx, key.as_ref()).await?;
            audit::append(tx, &acts::requested(by, &erasure, actual)).await?;
            Ok(actual)
        })
    }

    async fn request_again(
        &self,
        of: &StoredSweepJob,
        found: ErasureId,
        erasure: NewErasure,
        by: &Actor,
    ) -> Result<Option<ErasureId>, LedgerError> {
        let name = erasure.subject.installation();
        let installation = self.installations.id(&self.writing().await?, &name.0).await?;
        let key = self.index_key();
        transact!(self, |tx| async {
            if !sweep_jobs::is_unchanged(tx, of).await? {
                return Ok(None);
            }
            let actual = schedule::schedule(tx, installation, &erasure).await?;
            let before = rechecks::followed(tx, &erasure).await?;
            requests::erased_again(tx, &before, actual).await?;
            sweep_jobs::asked(tx, of, AskedAgain { erasure: found, again: actual }).await?;
            meta::must_be_index_key(tx, key.as_ref()).await?;
            for actor in std::iter::once(by).chain(&of.job.went_on) {
                audit::append(tx, &acts::requested(actor, &erasure, actual)).await?;
            }
            audit::append(tx, &acts::erased_again(by, &of.job.target, found, actual)).await?;
            Ok(Some(actual))
        })
    }

    async fn rechecked(
        &self,
        target: &TargetName,
        looked: &[Recheck],
        today: Date,
        by: &Actor,
    ) -> Result<u64, LedgerError> {
        let left = left(looked);
        transact!(self, |tx| async {
            rechecks::write(tx, looked).await?;
            let reopened = requests::reopen(tx, &left, today).await?;
            audit::append(tx, &acts::rechecked(by, target, looked)).await?;
            for request in &reopened {
                audit::append(tx, &acts::reopened_request(by, request)).await?;
            }
            Ok(reopened.len() as u64)
        })
    }

    async fn withdraw_consents(
        &self,
        decisions: Vec<Decision>,
        withdrawal: Withdrawal,
        by: &Actor,
    ) -> Result<Withdrawn, LedgerError> {
        let Some(first) = decisions.first() else { return Ok(Withdrawn::Done(Vec::new())) };
        let name = &first.session.record.session.installation;
        let installation = self.installations.id(&self.writing().await?, &name.0).await?;
        let key = self.index_key();
        transact!(self, |tx| async {
            let done = deciding::withdraw(tx, installation, &decisions).await?;
            meta::must_be_index_key(tx, key.as_ref()).await?;
            audit::append(tx, &acts::withdrawn(by, &decisions, withdrawal, &done)).await?;
            for entry in acts::demanded_by_withdrawal(by, &decisions, &done) {
                audit::append(tx, &entry).await?;
            }
            Ok(done)
        })
    }

    async fn add_request(&self, new: &NewRequest, by: &Actor) -> Result<EnteredAs, LedgerError> {
        let key = self.index_key();
        transact!(self, |tx| async {
            let entered = requests::add(tx, new, by).await?;
            meta::must_be_index_key(tx, key.as_ref()).await?;
            audit::append(tx, &acts::entered_request(by, new, &entered)).await?;
            Ok(entered)
        })
    }

    async fn change_request(&self, change: &RequestChange, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let changed = requests::change(tx, change).await?;
            audit::append(tx, &acts::changed_request(by, change, changed)).await?;
            Ok(changed)
        })
    }

    async fn run_request(
        &self,
        change: &RequestChange,
        erasure: NewErasure,
        by: &Actor,
    ) -> Result<Option<ErasureId>, LedgerError> {
        let name = erasure.subject.installation();
        let installation = self.installations.id(&self.writing().await?, &name.0).await?;
        let key = self.index_key();
        transact!(self, |tx| async {
            let actual = if requests::change(tx, change).await? {
                let actual = schedule::schedule(tx, installation, &erasure).await?;
                requests::became(tx, change, erasure.id, actual).await?;
                Some(actual)
            } else {
                None
            };
            meta::must_be_index_key(tx, key.as_ref()).await?;
            audit::append(tx, &acts::ran_request(by, change, actual)).await?;
            Ok(actual)
        })
    }

    async fn reseal_request(&self, id: RequestId, before: &Capsule, after: &Capsule) -> Result<(), LedgerError> {
        transact!(self, |tx| requests::reseal(tx, id, before, after))
    }

    async fn approve_erasure(&self, id: ErasureId, seen: Option<&str>, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let approved = schedule::approve(tx, id, seen).await?;
            on_erasure(tx, Act::ApproveErasure, id, approved, by).await
        })
    }

    async fn want_request_link(&self, change: &RequestChange, to: Digest, by: &Actor) -> Result<bool, LedgerError> {
        let key = self.index_key();
        transact!(self, |tx| async {
            // Whoever uses one locks it before the request.
            confirming::lock_of_request(tx, change.request.id).await?;
            let changed = requests::change(tx, change).await?;
            if changed {
                confirming::want_anew(tx, change.request.id, to).await?;
            }
            meta::must_be_index_key(tx, key.as_ref()).await?;
            audit::append(tx, &acts::changed_request(by, change, changed)).await?;
            Ok(changed)
        })
    }

    async fn use_link(&self, proof: &LinkProof, calendar: &Calendar) -> Result<Confirmed, LedgerError> {
        let key = self.index_key();
        transact!(self, |tx| async {
            let Some(found) = confirming::of_proof(tx, proof).await? else {
                meta::must_be_index_key(tx, key.as_ref()).await?;
                return Ok(Confirmed::NotValid);
            };
            let number = found.0;
            match found.1.of {
                LinkFor::Erasure(id) => {
                    let confirmed = schedule::confirm(tx, id, found, proof).await?;
                    meta::must_be_index_key(tx, key.as_ref()).await?;
                    if let Confirmed::Done(id) = confirmed {
                        audit::append(tx, &acts::confirmed(number, id)).await?;
                    }
                    Ok(confirmed)
                }
                LinkFor::Request(id) => {
                    let (confirmed, verified) = confirming::verify(tx, id, found, proof, calendar).await?;
                    meta::must_be_index_key(tx, key.as_ref()).await?;
                    if let Some(request) = verified {
                        audit::append(tx, &acts::verified_by_link(number, &request)).await?;
                    }
                    Ok(confirmed)
                }
            }
        })
    }

    async fn reject_erasure(&self, id: ErasureId, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let rejected = schedule::reject(tx, id).await?;
            on_erasure(tx, Act::RejectErasure, id, rejected, by).await
        })
    }

    async fn retry_erasure(&self, id: ErasureId, seen: Option<&ParkedMark>, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let retried = schedule::retry(tx, id, seen).await?;
            on_erasure(tx, Act::RetryErasure, id, retried, by).await
        })
    }

    async fn cancel_erasure(&self, id: ErasureId, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let cancelled = schedule::cancel(tx, id).await?;
            on_erasure(tx, Act::CancelErasure, id, cancelled, by).await
        })
    }

    async fn confirm_task(
        &self,
        of: &Reportable,
        report: &Sealed,
        said: Outcome,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let taken = steps::confirmed(tx, of, report).await?;
            audit::append(tx, &acts::confirmed_task(by, of, said, taken)).await?;
            Ok(taken)
        })
    }

    async fn stop_erasure(&self, id: ErasureId, by: &Actor) -> Result<Stopped, LedgerError> {
        transact!(self, |tx| async {
            let stopped = schedule::stop(tx, id).await?;
            audit::append(tx, &acts::stopped(by, id, &stopped)).await?;
            Ok(stopped)
        })
    }

    async fn add_hold(&self, hold: &NewHold, by: &Actor) -> Result<HoldAdded, LedgerError> {
        let installation = self.installations.id(&self.writing().await?, &hold.installation.0).await?;
        let key = self.index_key();
        transact!(self, |tx| async {
            let added = holds::add(tx, installation, hold, by).await?;
            meta::must_be_index_key(tx, key.as_ref()).await?;
            audit::append(tx, &acts::held(by, hold)).await?;
            Ok(added)
        })
    }

    async fn lift_hold(&self, id: HoldId, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let lifted = holds::lift(tx, id, by).await?;
            audit::append(tx, &acts::lifted(by, id, lifted)).await?;
            Ok(lifted)
        })
    }

    async fn retry_parked(&self, by: &Actor) -> Result<u64, LedgerError> {
        transact!(self, |tx| async {
            let count = tasks::retry_parked(tx).await?;
            audit::append(tx, &acts::retried_work(by, count)).await?;
            Ok(count)
        })
    }

    async fn resume_target(&self, target: &TargetName, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let resumed = targets::resume(tx, target).await?;
            claim::queues_of(target).iter().for_each(|queue| tx.notify(queue));
            audit::append(tx, &acts::resumed(by, target, resumed)).await?;
            Ok(resumed)
        })
    }

    async fn pause_target(&self, pause: &NewPause, by: &Actor) -> Result<(), LedgerError> {
        transact!(self, |tx| async {
            pauses::add(tx, pause, by).await?;
            audit::append(tx, &acts::paused(by, pause)).await
        })
    }

    async fn unpause_target(&self, target: &TargetName, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let ended = pauses::end(tx, target).await?;
            claim::queues_of(target).iter().for_each(|queue| tx.notify(queue));
            audit::append(tx, &acts::resumed(by, target, ended)).await?;
            Ok(ended)
        })
    }

    async fn acknowledge_receipts(&self, sequences: Option<&[u64]>, by: &Actor) -> Result<u64, LedgerError> {
        transact!(self, |tx| async {
            let acknowledged = receipts::acknowledge(tx, sequences).await?;
            audit::append(tx, &acts::acknowledged(by, &acknowledged)).await?;
            Ok(acknowledged.len() as u64)
        })
    }

    async fn quarantine_drop(
        &self,
        id: QuarantineId,
        why: Option<DropReason>,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let dropped = quarantine::drop(tx, id).await?;
            audit::append(tx, &acts::dropped(by, id, why, dropped)).await?;
            Ok(dropped)
        })
    }

    async fn mute_attention(&self, shown: &Attention, end: MuteEnd, by: &Actor) -> Result<(), LedgerError> {
        transact!(self, |tx| async {
            attention::mute(tx, &Mute::of(shown, end, by, tx.now)).await?;
            audit::append(tx, &acts::muted(by, shown, end)).await
        })
    }

    async fn unmute_attention(&self, code: Code, object: &Object, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let unmuted = attention::unmute(tx, code, object).await?;
            audit::append(tx, &acts::unmuted(by, code, object, unmuted)).await?;
            Ok(unmuted)
        })
    }

    async fn confirm_rule(&self, name: &str, version: &str, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let confirmed = rules::confirm(tx, name, version).await?;
            audit::append(tx, &acts::judged_rule(by, Act::ConfirmRule, name, version, confirmed)).await?;
            Ok(confirmed)
        })
    }

    async fn reject_rule(&self, name: &str, version: &str, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let rejected = rules::reject(tx, name, version).await?;
            audit::append(tx, &acts::judged_rule(by, Act::RejectRule, name, version, rejected)).await?;
            Ok(rejected)
        })
    }

    async fn accept_clock(&self, by: &Actor) -> Result<Option<ClockDoubt>, LedgerError> {
        transact!(self, |tx| async {
            let doubt = clock::accept(tx).await?;
            audit::append(tx, &acts::accepted_clock(by, doubt.as_ref())).await?;
            Ok(doubt)
        })
    }

    async fn accept_gap(&self, gap: &SignedGap, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let accepted = receipts::accept_gap(tx, gap).await?;
            audit::append(tx, &acts::accepted_gap(by, &gap.gap, accepted)).await?;
            Ok(accepted)
        })
    }

    async fn archive(&self, checkpoint: &SignedCheckpoint, by: &Actor) -> Result<Archived, LedgerError> {
        transact!(self, |tx| async {
            let archived = archive::archive(tx, checkpoint).await?;
            audit::append(tx, &acts::archived(by, &checkpoint.checkpoint, archived)).await?;
            Ok(archived)
        })
    }

    async fn note(&self, entry: AuditEntry) -> Result<(), LedgerError> {
        transact!(self, |tx| audit::append(tx, &entry))
    }

    async fn key_ids(&self, used: &KeyIds) -> Result<KeyIds, LedgerError> {
        let noted = meta::key_ids(&self.writing().await?, used).await?;
        *lock(&self.index_key) = Some(noted.index.clone());
        Ok(noted)
    }

    async fn begin_seal_generation(&self, id: &KeyId) -> Result<(), LedgerError> {
        transact!(self, |tx| generations::begin(tx, id))
    }

    async fn open_seal_generation(&self, id: &KeyId, replaced: Option<&KeyId>) -> Result<bool, LedgerError> {
        transact!(self, |tx| generations::open(tx, id, replaced))
    }

    async fn move_seal_generation(
        &self,
        id: &KeyId,
        from: GenerationState,
        to: GenerationState,
    ) -> Result<bool, LedgerError> {
        transact!(self, |tx| generations::become_state(tx, id, from, to))
    }

    async fn forget_seal_generation(&self, id: &KeyId) -> Result<(), LedgerError> {
        transact!(self, |tx| generations::forget(tx, id))
    }

    async fn reseal_quarantined(&self, id: QuarantineId, before: &Sealed, after: &Sealed) -> Result<(), LedgerError> {
        transact!(self, |tx| quarantine::reseal(tx, id, before, after))
    }

    async fn rotate_key(&self, rotated: &RotatedKey, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let changed = meta::rotate_key(tx, rotated).await?;
            audit::append(tx, &acts::rotated(by, rotated, changed)).await?;
            Ok(changed)
        })
    }

    async fn rotate_index(&self, carry: &Carry, by: &Actor) -> Result<bool, LedgerError> {
        let rotated = RotatedKey::index(carry);
        transact!(self, |tx| async {
            let changed = meta::rotate_key(tx, &rotated).await?;
            if changed {
                carry::carry(tx, carry).await?;
            }
            audit::append(tx, &acts::rotated(by, &rotated, changed)).await?;
            Ok(changed)
        })
    }

    /// Deliveries that wait are still written.
    async fn shutdown(&self) {
        let recorder = lock(&self.recorder).take();
        // A delivery at this moment takes the same lock, and gets an answer.
        if let Some(recorder) = recorder.and_then(Arc::into_inner) {
            recorder.end().await;
        }
        drop(lock(&self.listening).take());
        if let Err(error) = self.tell_the_others().await {
            tracing::debug!(error = format!("{error:#}"), "the others find out by polling");
        }
        self.work.pool.close();
        self.readers.pool.close();
    }
}

/// Writes the row of an order on one erasure; returns whether the order changed something.
async fn on_erasure(tx: &Tx, act: Act, id: ErasureId, changed: bool, by: &Actor) -> Result<bool, LedgerError> {
    audit::append(tx, &acts::on_erasure(by, act, id, changed)).await?;
    Ok(changed)
}

impl PostgresLedger {
    /// News that the listener had no time to tell: a command that ends at once has none.
    async fn tell_the_others(&self) -> Result<(), LedgerError> {
        let Some(message) = self.remote_notifier.take_untold() else { return Ok(()) };
        self.writing().await?.row("SELECT pg_notify($1, $2)", &[&remote_notifier::CHANNEL, &message]).await?;
        Ok(())
    }
}
