//! The port to what is ordered: apart from the others, as each method of it leaves a row in the audit.

use async_trait::async_trait;
use jiff::civil::Date;

use super::sweep_job::StoredSweepJob;
use super::{
    Archived, Confirmed, Decision, DropReason, EnteredAs, GenerationState, HoldAdded, LedgerError, NewPause,
    NewRequest, ParkedMark, QuarantineId, RequestChange, RotatedKey, Stopped, Withdrawn,
};
use crate::attention::{Attention, ClockDoubt, Code, MuteEnd};
use crate::audit::{Actor, AuditEntry, Object};
use crate::consent::Withdrawal;
use crate::deadline::Calendar;
use crate::erasure::confirmation::LinkProof;
use crate::erasure::{Capsule, ErasureId, NewErasure, Outcome, Recheck, Reportable};
use crate::hold::{HoldId, NewHold};
use crate::keys::{Carry, Digest, KeyId, KeyIds, Sealed};
use crate::receipt::{SignedCheckpoint, SignedGap};
use crate::request::RequestId;
use crate::subject::TargetName;

/// What a person or a program may order. The actor is named, and each order leaves one row in the audit, written with
/// it: also one that changed nothing, and none that failed.
#[async_trait]
pub(crate) trait Admin: Send + Sync {
    /// Schedules an erasure that a person asked for; merged like a decided one. Returns the id of the open erasure that
    /// now stands for it.
    async fn request(&self, erasure: NewErasure, by: &Actor) -> Result<ErasureId, LedgerError>;

    /// The same of one whom a sweep has found, and who was erased by `found`; the sweep knows of it in the same commit, and the audit of the
    /// erasure that follows another one, and of everybody who has gone on with the sweep, as of those who have asked for it. `None`, and
    /// nothing is scheduled, where somebody else has changed the sweep since it was read.
    async fn request_again(
        &self,
        of: &StoredSweepJob,
        found: ErasureId,
        erasure: NewErasure,
        by: &Actor,
    ) -> Result<Option<ErasureId>, LedgerError>;

    /// Writes down what came of looking again at a target after receipts. Requests that had ended with those of which something is left are
    /// open once more, since `today`; returns how many.
    async fn rechecked(
        &self,
        target: &TargetName,
        looked: &[Recheck],
        today: Date,
        by: &Actor,
    ) -> Result<u64, LedgerError>;

    /// Writes down that consents of one installation were withdrawn, with what was decided on these sessions: all of them, or none where
    /// one is another than was read. `withdrawal` is for the audit.
    async fn withdraw_consents(
        &self,
        decisions: Vec<Decision>,
        withdrawal: Withdrawal,
        by: &Actor,
    ) -> Result<Withdrawn, LedgerError>;

    /// Enters a person's request; gives it a number where it has none.
    async fn add_request(&self, new: &NewRequest, by: &Actor) -> Result<EnteredAs, LedgerError>;

    /// Changes a request; `false` where somebody has changed it meanwhile. What is sealed of it goes with its end.
    async fn change_request(&self, change: &RequestChange, by: &Actor) -> Result<bool, LedgerError>;

    /// Asks for the erasure that a request becomes, with the request's change; both or neither. Returns the id of the open erasure
    /// that stands for it, or `None` where somebody has changed the request meanwhile.
    async fn run_request(
        &self,
        change: &RequestChange,
        erasure: NewErasure,
        by: &Actor,
    ) -> Result<Option<ErasureId>, LedgerError>;

    /// Puts what was sealed of a request anew in the place of what it was, if it still is that. Leaves no row in the audit: nobody
    /// orders it.
    async fn reseal_request(&self, id: RequestId, before: &Capsule, after: &Capsule) -> Result<(), LedgerError>;

    /// Approves an erasure that waits for it: it is scheduled, and never merged with another. `false` when it does not wait, or when
    /// `seen`, the version that was shown, is no longer what is demanded.
    async fn approve_erasure(&self, id: ErasureId, seen: Option<&str>, by: &Actor) -> Result<bool, LedgerError>;

    /// Wants a link that shows whose a request is, mailed to the address of this digest, with the request's change; both or neither. The older
    /// links of the request are good for nothing then. `false` where somebody has changed the request meanwhile.
    async fn want_request_link(&self, change: &RequestChange, to: Digest, by: &Actor) -> Result<bool, LedgerError>;

    /// Lets the erasure begin, or verifies the request, that waits for a link, whose token this is. Whoever has no valid one is nobody: only
    /// a link that is used is an order, and leaves a row in the audit. The day on which a request is verified is one of this calendar.
    async fn use_link(&self, proof: &LinkProof, calendar: &Calendar) -> Result<Confirmed, LedgerError>;

    /// Cancels an erasure that waits for approval, and destroys its capsules. `false` when it does not wait.
    async fn reject_erasure(&self, id: ErasureId, by: &Actor) -> Result<bool, LedgerError>;

    /// Sets every parked step of the erasure, and its target where it is out, going again; a scheduled
    /// erasure is made due. `seen` is what was shown as parked of it. `false` when there was nothing to do, or something else is parked.
    async fn retry_erasure(&self, id: ErasureId, seen: Option<&ParkedMark>, by: &Actor) -> Result<bool, LedgerError>;

    /// Cancels an erasure that has not begun, and destroys its capsules. An erasure that is parked is closed instead,
    /// with a receipt that says so ([`Work::Close`]). `false` when it is under way or over.
    async fn cancel_erasure(&self, id: ErasureId, by: &Actor) -> Result<bool, LedgerError>;

    /// Takes in what a person says of a step at a place that people erase from, as a report is taken in ([`Intake::report`]): once, and
    /// for the stage and round that it is of. `said` is what they said. `false` where it was too late.
    async fn confirm_task(
        &self,
        of: &Reportable,
        report: &Sealed,
        said: Outcome,
        by: &Actor,
    ) -> Result<bool, LedgerError>;

    /// Stops an erasure, also one that is under way: no further call begins, those that are under way end, and with them it is
    /// closed, with a receipt that says so. One that has not begun is cancelled.
    async fn stop_erasure(&self, id: ErasureId, by: &Actor) -> Result<Stopped, LedgerError>;

    /// Keeps something from being erased: from now on nothing that it may concern is begun, and no target is asked to erase it.
    async fn add_hold(&self, hold: &NewHold, by: &Actor) -> Result<HoldAdded, LedgerError>;

    /// Ends a hold, so that what waited for it goes on; `false` when it is not in force.
    async fn lift_hold(&self, id: HoldId, by: &Actor) -> Result<bool, LedgerError>;

    /// Retries parked work other than steps (an event that could not be decided). Returns how many.
    async fn retry_parked(&self, by: &Actor) -> Result<u64, LedgerError>;

    /// Lets a target be called again that is out. `false` when it is called.
    async fn resume_target(&self, target: &TargetName, by: &Actor) -> Result<bool, LedgerError>;

    /// Has nobody call a target until it is resumed, or until its pause ends, whatever was said of it before; calls that are
    /// under way end.
    async fn pause_target(&self, pause: &NewPause, by: &Actor) -> Result<(), LedgerError>;

    /// Ends a target's pause; `false` when it is not paused.
    async fn unpause_target(&self, target: &TargetName, by: &Actor) -> Result<bool, LedgerError>;

    /// Notes that a person has seen these incomplete receipts (by sequence number), or all; returns how many were new.
    async fn acknowledge_receipts(&self, sequences: Option<&[u64]>, by: &Actor) -> Result<u64, LedgerError>;

    /// Takes a body out of quarantine, wiping it; `false` when it is not there. Why, stands in the audit.
    async fn quarantine_drop(&self, id: QuarantineId, why: Option<DropReason>, by: &Actor)
    -> Result<bool, LedgerError>;

    /// Does not want to be told of something that was shown: until a time, until it changes, or for good. A mute that was
    /// there is replaced.
    async fn mute_attention(&self, shown: &Attention, end: MuteEnd, by: &Actor) -> Result<(), LedgerError>;

    /// Wants to be told of it again; `false` when it is not muted.
    async fn unmute_attention(&self, code: Code, object: &Object, by: &Actor) -> Result<bool, LedgerError>;

    /// Says that the ledger's clock is right, so that what it stopped goes on. Returns what was doubted; `None` when nothing
    /// was.
    async fn accept_clock(&self, by: &Actor) -> Result<Option<ClockDoubt>, LedgerError>;

    /// Confirms a version of a rule that waits for it, or was rejected: what waits for it begins now. `false` when it does neither, or is
    /// not the newest of its rule.
    async fn confirm_rule(&self, name: &str, version: &str, by: &Actor) -> Result<bool, LedgerError>;

    /// Rejects a version of a rule that waits: nothing that it demands begins. `false` when it does not wait.
    async fn reject_rule(&self, name: &str, version: &str, by: &Actor) -> Result<bool, LedgerError>;

    /// Lets the chain of receipts go on after what was lost, whose numbers are never used again. `false` when the gap does
    /// not begin at the newest receipt, or ends before it.
    async fn accept_gap(&self, gap: &SignedGap, by: &Actor) -> Result<bool, LedgerError>;

    /// Deletes the oldest records of a chain, which stand in the file that the checkpoint names, and writes the checkpoint; both or
    /// neither. Only if they are the oldest, are those, and none of them is [`Held`](super::Held).
    async fn archive(&self, checkpoint: &SignedCheckpoint, by: &Actor) -> Result<Archived, LedgerError>;

    /// Writes down an act that is none of the ledger's: before it begins, and its result.
    async fn note(&self, entry: AuditEntry) -> Result<(), LedgerError>;

    /// Notes the ids of the keys at their first use, and returns those that are noted: other keys must not work on this
    /// ledger. From then on this process claims and requests nothing under another index key than the one that was noted.
    /// Leaves no row in the audit: nobody orders it.
    async fn key_ids(&self, used: &KeyIds) -> Result<KeyIds, LedgerError>;

    /// Notes a generation of the seal key before its key is written. None of these four leaves a row in the audit: they
    /// happen by themselves, and who orders them notes that.
    async fn begin_seal_generation(&self, id: &KeyId) -> Result<(), LedgerError>;

    /// Has a generation that was begun seal from now on, and closes the one that it replaces for sealing, for every process; `false`
    /// where it was given up, or where another one is open than the one that it replaces.
    async fn open_seal_generation(&self, id: &KeyId, replaced: Option<&KeyId>) -> Result<bool, LedgerError>;

    /// Moves a generation from one state to another, that is none of sealing; `false` where it is in another one.
    async fn move_seal_generation(
        &self,
        id: &KeyId,
        from: GenerationState,
        to: GenerationState,
    ) -> Result<bool, LedgerError>;

    /// Forgets a generation that seals nothing any more, under which nothing is left, and whose key is destroyed.
    async fn forget_seal_generation(&self, id: &KeyId) -> Result<(), LedgerError>;

    /// Puts a delivery in quarantine that was sealed anew in the place of what it was, if it still is that.
    async fn reseal_quarantined(&self, id: QuarantineId, before: &Sealed, after: &Sealed) -> Result<(), LedgerError>;

    /// Puts a new key in the place of an old one, which the ledger must belong to; `false` when it does not.
    async fn rotate_key(&self, rotated: &RotatedKey, by: &Actor) -> Result<bool, LedgerError>;

    /// The same for the index key: everything that stands under the old one, and is compared, is carried over to the new one
    /// in one transaction. What is under way elsewhere loses its claims.
    async fn rotate_index(&self, carry: &Carry, by: &Actor) -> Result<bool, LedgerError>;

    /// Writes what waits and lets go of the ledger. Whatever is asked later is answered `Busy`.
    async fn shutdown(&self);
}
