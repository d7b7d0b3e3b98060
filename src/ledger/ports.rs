//! The ports of a ledger, by role: who holds one of them can do what stands there, and nothing else. Every method that
//! writes has written durably when it returns.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::sweep_job::{KeptProgress, ListedSweep, StoredSweepJob, SweepJob};
use super::{
    AgingRecord, Attempt, AuditRange, Bounds, BreakerLimits, CallEnd, Claim, Claimed, ClaimedStep, ClockView, Closed,
    Closing, CountedRequests, Counts, Cursor, Days, Decided, DecidedSessions, Decision, DeliveryHours, EndedErasure,
    EndedMark, ErasedMark, ErasureCursor, ErasureFilter, Finished, Gauges, GenerationState, HeldWork, Hold,
    HoldsListed, IdleSession, InstallationFacts, Invariant, Keep, LedgerError, LedgerId, LinkMail, ListedSession,
    MaybeHeld, NewRuleVersion, OpenCounts, Page, ParkedMark, PastJob, Periodic, ProcessInfo, ProcessView, PutAside,
    QuarantineId, QuarantineRange, Quarantined, QueueName, ReceiptRange, Recorded, RefusedDeliveries, Reported,
    RequestCursor, RequestFilter, Resolution, RuleVersion, SealGeneration, SeenEvent, SessionMark, SessionView,
    StepEnd, Stored, StoredPastJob, StoredRequest, SumChunk, SumMark, Summed, TakenDeliveries, TargetConditions,
    TargetHealth, TargetPause, ToldForm, Tombstone, UnreadSessions,
};
use crate::attention::{Attention, ClockDoubt, Limits};
use crate::audit::{AuditEntry, AuditRow};
use crate::chain::Head;
use crate::deadline::Calendar;
use crate::erasure::confirmation::{Link, LinkBounds, LinkMailEnd, LinkProof};
use crate::erasure::{Capsule, Erasure, ErasureId, Halt, Outcome, Recheck, Reportable};
use crate::event::StoredEvent;
use crate::hold::{HeldBy, HoldId};
use crate::keys::{Digest, Fingerprint, KeyId, Sealed};
use crate::receipt::{ChainEnd, ChainName, Receipt, ReceiptHead, SignedCheckpoint, SignedGap};
use crate::request::{RequestId, RequestNumber};
use crate::subject::{Fingerprinted, InstallationName, SessionId, SessionKey, SourceName, TargetName};

/// What receiving may do: write down what came in. It can neither read what is kept nor end anybody's work.
#[async_trait]
pub(crate) trait Intake: Send + Sync {
    /// Writes an event and, in the same transaction, the work that it causes. Returns after the commit is on disk. The
    /// same event again is a duplicate; an announcement (`EventKind::is_announcement`) only until its work is claimed.
    async fn record(&self, event: StoredEvent) -> Result<Recorded, LedgerError>;

    /// Puts aside a sealed body that could not be read, as long as its source has fewer than [`QUARANTINED_MAX`] there, and with it no more
    /// than [`QUARANTINED_BYTES_MAX`] bytes.
    /// The same body of the same source again is a duplicate.
    async fn quarantine(&self, item: Quarantined) -> Result<PutAside, LedgerError>;

    /// Takes in what is reported of a step whose target has accepted the demand, so that its work is due at once. A step that
    /// was parked because no report came goes on. `under` is the index key of the report's token.
    async fn report(&self, of: &Reportable, under: &KeyId, report: &Sealed) -> Result<Reported, LedgerError>;

    /// Notes how many deliveries were refused since the last time; kept for a week after the last one.
    async fn refused(&self, refused: &[RefusedDeliveries]) -> Result<(), LedgerError>;

    /// Notes how much of these sources was taken within the last minute; kept for five weeks.
    async fn delivered(&self, taken: &[TakenDeliveries]) -> Result<(), LedgerError>;

    /// Notes whether all that came to this process, came from one address. The address itself is noted nowhere.
    async fn one_client(&self, is_one: bool) -> Result<(), LedgerError>;

    /// Fails unless what receiving writes can be written now.
    async fn writable(&self) -> Result<(), LedgerError>;
}

/// What working on duties needs: claims with their leases and ends, and what all processes on a ledger share.
#[async_trait]
pub(crate) trait Queue: Send + Sync {
    /// Claims up to `most` pieces of work of a queue that are due by the ledger's clock, the longest due first. No one
    /// else gets them before the lease ends. Nothing is claimed beyond the bounds, which count the work of all processes,
    /// nor while the breaker of the target is open; when the pause is over, one piece tries it. What
    /// erases is not claimed while the clock cannot be right ([`Queue::watch_clock`]). Of what erases, each claim is noted in its step; that of
    /// which the ledger refuses this, and nothing else, is among [`Claimed::refused`].
    async fn claim(
        &self,
        queue: &QueueName,
        most: usize,
        lease: Duration,
        bounds: &Bounds,
    ) -> Result<Claimed, LedgerError>;

    /// Returns when the queue may have new work, or never; polling is the safety net beside it. It counts from the call
    /// on: called before a claim and awaited after it, it misses nothing of this process.
    async fn changed(&self, queue: &QueueName);

    /// Prolongs the lease of work that is still under way: it ends so long from now.
    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<Finished, LedgerError>;

    /// Puts the work back: it is due again after `pause`.
    async fn retry(
        &self,
        claim: Claim,
        pause: Duration,
        attempt: Attempt,
        reason: &str,
    ) -> Result<Finished, LedgerError>;

    /// Puts the work aside until a person acts. A step's outcome becomes `parked`, or `residual` where that is what it was;
    /// but one whose outcome was reported meanwhile is due at once instead.
    async fn park(&self, claim: Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError>;

    /// Puts work back whose end the ledger refuses to write, or aside where there is no pause, until a person acts. Nothing is
    /// written of it but its place in its queue: what stands elsewhere of it may be what is refused. It counts as a refusal, and as no attempt.
    async fn put_off(&self, of: &HeldWork, pause: Option<Duration>, reason: &str) -> Result<Finished, LedgerError>;

    /// Finishes [`Work::Decide`] or [`Work::Settle`] with what was decided.
    async fn decided(&self, claim: Claim, decision: Decision) -> Result<Decided, LedgerError>;

    /// Finishes [`Work::Resolve`]: replaces the request's capsules by the resolved one and makes the steps.
    async fn resolved(&self, claim: Claim, resolution: Resolution) -> Result<Finished, LedgerError>;

    /// Finishes [`Work::Resolve`] of an erasure that is demanded by rules which a person has rejected: it ends, or is what others demand.
    async fn without_rejected(&self, claim: Claim) -> Result<Finished, LedgerError>;

    /// Finishes [`Work::Resolve`] of an erasure that must not begin any more, as it was found too long ago whom it is about: it is
    /// cancelled, and what was seen of them needs a person again.
    async fn lapsed(&self, claim: Claim) -> Result<Finished, LedgerError>;

    /// Notes, before it is made, that a call goes out which must not be made twice: whoever claims the step later sees that it
    /// may have been made.
    async fn sending(&self, of: ClaimedStep) -> Result<Finished, LedgerError>;

    /// Why the call that the claim is for must erase no further, if it must not: asked before each thing that cannot be undone. Whoever has
    /// a hold added, or an erasure stopped, and was told so, is seen. Changes nothing.
    async fn halted(&self, of: ClaimedStep) -> Result<Option<Halt>, LedgerError>;

    /// Keeps how far the call of [`Work::Step`] is that the claim is for, in place of what was kept of its step before.
    async fn keep_resume(&self, of: ClaimedStep, resume: Sealed) -> Result<Finished, LedgerError>;

    /// Finishes one call of [`Work::Step`].
    async fn stepped(&self, claim: Claim, end: StepEnd) -> Result<Finished, LedgerError>;

    /// Finishes several [`Work::Close`] together: appends the receipts, which follow one another, destroys the capsules,
    /// marks the sessions erased where mluvii has erased them, and ends the erasures. All of them, or none: where the ledger
    /// refuses one of them, who asked finds out which ([`Closed::Refused`]).
    async fn closed(&self, closing: Vec<Closing>) -> Result<Closed, LedgerError>;

    /// The targets that steps wait for, whether they are still in the configuration or not.
    async fn awaited_targets(&self) -> Result<Vec<TargetName>, LedgerError>;

    /// Notes how a call of a target ended, for every process and for `quietus status`. That it was answered need only be
    /// told where the claim said that it had failed.
    async fn call_ended(&self, target: &TargetName, end: &CallEnd, limits: BreakerLimits) -> Result<(), LedgerError>;

    /// Counts calls of a target beyond the one that a claim counts, where it has a rate: rates are counted in calls, over
    /// all processes on the ledger. Returns how long it takes until the rate has room for a further one.
    async fn charge(&self, target: &TargetName, calls: u32, calls_per_s: NonZeroU32) -> Result<Duration, LedgerError>;

    /// Notes that the newest receipt's place could not be kept outside of the ledger, and why; or, with no reason, that it
    /// is kept again. For `quietus status`.
    async fn keeper_ended(&self, keeper: &str, reason: Option<&str>) -> Result<(), LedgerError>;

    /// Forgets what could not be kept outside: who cannot keep it now says so again.
    async fn forget_keepers(&self) -> Result<(), LedgerError>;

    /// Takes what one server of a deployment does for all of them, if it is due. Until it is put off, or for the length of the lease,
    /// nobody else takes it.
    async fn take_periodic(&self, name: &str, lease: Duration) -> Result<Option<Periodic>, LedgerError>;

    /// Ends it: says when it is due again, which is at once where it was wanted meanwhile, and how far it has come, where it has come
    /// further.
    async fn put_off_periodic(&self, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError>;

    /// Keeps it for another lease, and says how far it has come so far.
    async fn renew_periodic(&self, name: &str, lease: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError>;

    /// Has it done at once; where somebody does it just now, once more after that.
    async fn want_periodic(&self, name: &str) -> Result<(), LedgerError>;

    /// Notes up to which erased session it was looked whether they are shown again.
    async fn looked_at_erased(&self, installation: &InstallationName, to: ErasedMark) -> Result<(), LedgerError>;

    /// Adds a comparison of the past; returns its number. The oldest go.
    async fn add_past_job(&self, job: &PastJob) -> Result<i64, LedgerError>;

    /// Writes how far one has come, or what was decided on it; `false` where somebody else has changed it since it was read.
    async fn save_past_job(&self, job: &StoredPastJob) -> Result<bool, LedgerError>;

    /// Adds a sweep of `erase-again` in the place of the one of its target and installation that is over; `replaced` is the version of that
    /// one, and 0 where there was none. `None` where it has changed since it was read.
    async fn add_sweep_job(&self, job: &SweepJob, replaced: i64) -> Result<Option<StoredSweepJob>, LedgerError>;

    /// Writes how far one has come, with the row of the audit that says so, if any; `false`, and nothing is written, where somebody else has
    /// changed it since it was read. The key of what is kept no longer is destroyed.
    async fn save_sweep_job(
        &self,
        job: &StoredSweepJob,
        progress: &KeptProgress,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, LedgerError>;

    /// Keeps what an alert has told, in place of the version that was read; 0 where there was none. `false` where somebody else has written
    /// it meanwhile.
    async fn keep_alert(&self, name: &str, read: u64, state: &str) -> Result<bool, LedgerError>;

    /// Takes the next link whose mail is due, so that nobody else sends it before the lease is over; from then on, the link is that of this
    /// token. `None` where none is due, or there was enough mail for now. Whoever took one and did not say what became of it may have sent its mail:
    /// it stays valid, and a second one is due.
    async fn take_link(&self, proof: &LinkProof, bounds: &LinkBounds) -> Result<Option<LinkMail>, LedgerError>;

    /// Notes how sending the mail of the link with this token ended.
    async fn link_mail_ended(&self, proof: &LinkProof, end: LinkMailEnd) -> Result<(), LedgerError>;

    /// Makes this process known; what it claims from here on is held in its name.
    async fn register(&self, process: &ProcessInfo) -> Result<(), LedgerError>;

    /// Other targets are in this process's configuration from now on.
    async fn retarget(&self, targets: &[TargetName]) -> Result<(), LedgerError>;

    /// Says that this process is still there, and how its targets are. Without it, it is treated
    /// as lost; its leases do not depend on it.
    async fn heartbeat(&self, conditions: &TargetConditions) -> Result<(), LedgerError>;

    /// Looks at the ledger's clock, and writes down what was seen; to be called every few seconds, from every machine. Until
    /// somebody has looked for as long as a lease is, no work is taken from a process that seems lost. Returns why the clock
    /// cannot be right, if it cannot: then no erasure begins, no target is asked to erase, and no receipt is dated.
    async fn watch_clock(&self, jump_max: Duration) -> Result<Option<ClockDoubt>, LedgerError>;

    /// Writes down by which version of a rule a server begins to work, unless the newest of that name is the same: of several servers, the
    /// first one decides.
    async fn add_rule_version(&self, version: &NewRuleVersion) -> Result<(), LedgerError>;

    /// Takes this process off the list.
    async fn deregister(&self) -> Result<(), LedgerError>;

    /// Deletes what is older than `keep` says, destroyed bytes still in a log, processes that have long been lost. Bounded work;
    /// of a session that has expired, the tombstone is left, or what proves its consent. What is open stays: a session that waits,
    /// or that an erasure reaches or may reach, an erasure whose receipt or fingerprints are there. Nothing is deleted by its age while the
    /// clock cannot be right.
    async fn maintain(&self, keep: Keep) -> Result<(), LedgerError>;
}

/// What is kept, to be looked at; nothing changes by it.
#[async_trait]
pub(crate) trait Records: Send + Sync {
    async fn session(&self, key: &SessionKey) -> Result<Option<SessionView>, LedgerError>;

    /// What is left of a session whose record is gone because of its age.
    async fn tombstone(&self, key: &SessionKey) -> Result<Option<Tombstone>, LedgerError>;

    /// The sessions of a guest, by the digest of the guest's id; erased ones, too.
    async fn sessions_of_guest(
        &self,
        installation: &InstallationName,
        guest: Digest,
    ) -> Result<Vec<SessionView>, LedgerError>;

    /// Whether an erasure has found several people under the guest's id ([`Resolution::shared_guests`]).
    async fn is_shared_guest(&self, installation: &InstallationName, guest: Digest) -> Result<bool, LedgerError>;

    /// The sessions of an installation that carry any of a person's fingerprints, each once, without those of namesakes: of which only a
    /// name is the person's, and something else is known that the person has another value of. Thousands may share a name, and none of
    /// theirs is read.
    async fn sessions_with(
        &self,
        installation: &InstallationName,
        person: &[Fingerprinted],
    ) -> Result<Vec<SessionView>, LedgerError>;

    /// The same of sessions that were erased, whose records prove a consent, by what they carried before; each with the fingerprints that it
    /// carried. As long as these are kept. A namesake's may be among them.
    async fn erased_sessions_with(
        &self,
        installation: &InstallationName,
        person: &[Fingerprinted],
    ) -> Result<Vec<SessionView>, LedgerError>;

    /// The sessions of an installation that have settled without ever being read at mluvii, or whose look is parked, and are not
    /// erased: at most `limit` of them. Nothing finds them by their guest or by identifiers. Its parked events count, too.
    async fn unread_sessions(&self, installation: &InstallationName, limit: u32)
    -> Result<UnreadSessions, LedgerError>;

    async fn installation(&self, installation: &InstallationName) -> Result<InstallationFacts, LedgerError>;

    async fn erasure(&self, id: ErasureId) -> Result<Option<Erasure>, LedgerError>;

    /// Those of these that are there, in their order, by one look.
    async fn erasures_named(&self, all: &[ErasureId]) -> Result<Vec<Erasure>, LedgerError>;

    /// What is parked of those of them of which anything is.
    async fn parked_marks(&self, all: &[ErasureId]) -> Result<HashMap<ErasureId, ParkedMark>, LedgerError>;

    /// Newest first, or the longest due first.
    async fn erasures(&self, filter: &ErasureFilter) -> Result<Page<Erasure, ErasureCursor>, LedgerError>;

    /// The erasures with work at a target, named as it is called, the oldest first, those beyond `after`, at most so many.
    async fn erasures_at(
        &self,
        called: &TargetName,
        after: Option<ErasureId>,
        most: u32,
    ) -> Result<Vec<ErasureId>, LedgerError>;

    /// What is sealed of whom an erasure is about; nothing once it is over.
    async fn capsules(&self, erasure: ErasureId) -> Result<Vec<Capsule>, LedgerError>;

    /// The erasures whose identifiers have any of these fingerprints, newest first: open ones, and ended ones as long as
    /// their fingerprints are kept.
    async fn erasures_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Erasure>, LedgerError>;

    /// The next sessions of an installation of which nothing is open, by since when that is so, at most so many.
    async fn idle_sessions(
        &self,
        installation: &InstallationName,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<IdleSession>, LedgerError>;

    /// The next sessions of an installation that are erased, after a place among them, in their order, at most so many.
    async fn erased_sessions(
        &self,
        installation: &InstallationName,
        after: ErasedMark,
        most: u32,
    ) -> Result<Vec<ErasedMark>, LedgerError>;

    /// The sessions of an installation up to a number, the greatest first, with where that goes on.
    async fn sessions_up_to(
        &self,
        installation: &InstallationName,
        number: SessionId,
        limit: u32,
    ) -> Result<Page<ListedSession, SessionId>, LedgerError>;

    /// The next erasures of an installation that are over and have a receipt, done or cancelled, after a place among them, in the order of
    /// their ends, at most so many.
    async fn ended_erasures(
        &self,
        installation: &InstallationName,
        after: EndedMark,
        most: u32,
    ) -> Result<Vec<EndedErasure>, LedgerError>;

    /// What came of looking again after the receipts of these, by when it was done.
    async fn rechecks(&self, erasures: &[ErasureId]) -> Result<Vec<Recheck>, LedgerError>;

    /// Up to which of them it was looked last whether they are shown again.
    async fn erased_mark(&self, installation: &InstallationName) -> Result<Option<ErasedMark>, LedgerError>;

    /// The comparisons of the past that were ordered, the newest first.
    async fn past_jobs(&self) -> Result<Vec<StoredPastJob>, LedgerError>;

    /// The newest sweep of `erase-again` of each target and installation, by their names.
    async fn sweep_jobs(&self) -> Result<Vec<ListedSweep>, LedgerError>;

    /// That of one target and installation, with all that is kept of it.
    async fn sweep_job(
        &self,
        target: &TargetName,
        installation: &InstallationName,
    ) -> Result<Option<StoredSweepJob>, LedgerError>;

    /// Whose sweeps are under way, or were cut off.
    async fn open_sweeps(&self) -> Result<Vec<(TargetName, InstallationName)>, LedgerError>;

    /// Requests of persons.
    async fn requests(&self, filter: &RequestFilter) -> Result<Page<StoredRequest, RequestCursor>, LedgerError>;

    /// How many open ones there are, by state, and by their last day.
    async fn count_open_requests(&self, which: &CountedRequests) -> Result<OpenCounts, LedgerError>;

    /// Those with a number, of each installation one at most; in the order in which they were entered.
    async fn requests_numbered(&self, number: &RequestNumber) -> Result<Vec<StoredRequest>, LedgerError>;

    /// Those whose identifiers have any of these fingerprints, the newest first: open ones, and ended ones as long as they are kept.
    async fn requests_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<StoredRequest>, LedgerError>;

    /// Those of which an erasure is, the newest first.
    async fn requests_of_erasure(&self, id: ErasureId) -> Result<Vec<StoredRequest>, LedgerError>;

    /// Whom a request is about, sealed; `None` once it has ended.
    async fn request_capsule(&self, id: RequestId) -> Result<Option<Capsule>, LedgerError>;

    /// The newest link of each of these requests that has one.
    async fn links_of_requests(&self, all: &[RequestId]) -> Result<HashMap<RequestId, Link>, LedgerError>;

    /// The next request after a place, in the order in which they were entered, of which something is sealed under a generation.
    async fn request_under(&self, generation: &KeyId, after: u64) -> Result<Option<StoredRequest>, LedgerError>;

    /// The holds, in the order in which they were added.
    async fn holds(&self, which: HoldsListed) -> Result<Vec<Hold>, LedgerError>;

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, LedgerError>;

    /// Those of these holds that are in force, and when each of them ends by itself.
    async fn hold_ends(&self, all: &BTreeSet<HoldId>) -> Result<BTreeMap<HoldId, Option<Timestamp>>, LedgerError>;

    /// The erasures that wait for a hold, at most so many.
    async fn erasures_on_hold(&self, id: HoldId, most: u32) -> Result<Vec<ErasureId>, LedgerError>;

    /// By which holds in force each of these erasures is kept now, whether anything of it has come to wait for them or not; those that
    /// none keeps are left out.
    async fn holds_keeping(&self, all: &[ErasureId]) -> Result<BTreeMap<ErasureId, Vec<HeldBy>>, LedgerError>;

    /// The holds that would keep what is asked about.
    async fn holds_on(&self, of: &MaybeHeld) -> Result<Vec<HeldBy>, LedgerError>;

    /// How far what one server does for all has come, by its name.
    async fn marks(&self) -> Result<BTreeMap<String, Timestamp>, LedgerError>;

    /// The forms that these sources told of as submitted in a session, within a time; both ends belong to it. One that says no time
    /// happened in 1970.
    async fn told_forms(
        &self,
        sources: &[SourceName],
        session: SessionId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ToldForm>, LedgerError>;

    /// The events of these sources about a session that were taken and happened within a time, the newest first; both ends belong to it. One
    /// that says no time happened in 1970. As long as they are remembered; of one that says no more than to look again, until somebody has.
    async fn events_of_session(
        &self,
        sources: &[SourceName],
        session: SessionId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SeenEvent>, LedgerError>;

    /// When something of each source was taken last, to the minute.
    async fn last_deliveries(&self) -> Result<BTreeMap<SourceName, Timestamp>, LedgerError>;

    /// The minutes in which something of a source was taken, by the hour.
    async fn delivery_hours(&self, source: &SourceName) -> Result<DeliveryHours, LedgerError>;

    /// The erasures of a session and of its guest, whatever has become of them, and those of persons that are under way and reach it; the
    /// oldest first. A walk over all erasures.
    async fn erasures_of(&self, session: &SessionKey, guest: Option<Digest>) -> Result<Vec<Erasure>, LedgerError>;

    /// The next sessions whose records are whole, in their order, at most so many, each with what was kept of its evaluations.
    async fn decided_sessions(&self, after: SessionMark, most: u32) -> Result<DecidedSessions, LedgerError>;

    /// The next sessions of one installation, or of all, in their order, at most so many: also those of which only the proof of their
    /// consent is left.
    async fn consents(
        &self,
        of: Option<&InstallationName>,
        after: SessionMark,
        most: u32,
    ) -> Result<DecidedSessions, LedgerError>;

    /// The rules by which servers have worked, in the order of name and time.
    async fn rule_versions(&self) -> Result<Vec<RuleVersion>, LedgerError>;

    /// The generations of the seal key, the oldest first, and whether anything is sealed under each of them.
    async fn seal_generations(&self) -> Result<Vec<SealGeneration>, LedgerError>;

    /// What a generation of the seal key is for; `None` where the ledger does not know it.
    async fn seal_state(&self, id: &KeyId) -> Result<Option<GenerationState>, LedgerError>;

    /// The next delivery in quarantine, after this number, that is sealed under a generation.
    async fn quarantined_under(
        &self,
        generation: &KeyId,
        after: QuarantineId,
    ) -> Result<Option<(QuarantineId, Quarantined)>, LedgerError>;

    /// The ledger's own id, made with it; a copy of the ledger and a backup of it have the same.
    async fn id(&self) -> Result<LedgerId, LedgerError>;

    /// What the next receipt follows.
    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError>;

    /// The same, with what the next receipt has to say was lost.
    async fn receipt_end(&self) -> Result<ChainEnd, LedgerError>;

    /// All gaps in the chain of receipts that were accepted, the oldest first.
    async fn receipt_gaps(&self) -> Result<Vec<SignedGap>, LedgerError>;

    async fn receipts(&self, range: &ReceiptRange) -> Result<Page<Receipt, Cursor>, LedgerError>;

    /// The receipt of an erasure.
    async fn receipt_of(&self, erasure: ErasureId) -> Result<Option<Receipt>, LedgerError>;

    /// The number of an erasure's receipt that has moved to an archive.
    async fn archived_receipt_of(&self, erasure: ErasureId) -> Result<Option<u64>, LedgerError>;

    /// The oldest records of a chain that are there, in its order, at most so many.
    async fn oldest_records(&self, chain: ChainName, most: u32) -> Result<Vec<AgingRecord>, LedgerError>;

    /// What has moved to archives, the oldest first.
    async fn checkpoints(&self, chain: ChainName) -> Result<Vec<SignedCheckpoint>, LedgerError>;

    async fn quarantined(&self, range: &QuarantineRange) -> Result<Page<Stored, Cursor>, LedgerError>;

    async fn quarantined_one(&self, id: QuarantineId) -> Result<Option<Quarantined>, LedgerError>;

    /// The states of all targets that ever had one other than `Closed`.
    async fn targets(&self) -> Result<Vec<TargetHealth>, LedgerError>;

    /// The targets that a person has paused.
    async fn paused_targets(&self) -> Result<Vec<TargetPause>, LedgerError>;

    /// The processes on this ledger, the oldest first.
    async fn processes(&self) -> Result<Vec<ProcessView>, LedgerError>;

    async fn counts(&self) -> Result<Counts, LedgerError>;

    /// What metrics show, of these queues. Late is what is late by the calendar. Bounded work, however much the
    /// ledger holds.
    async fn gauges(&self, queues: &[QueueName], calendar: &Calendar) -> Result<Gauges, LedgerError>;

    /// What was done on each of some days, each of which ends where the next one begins: `bounds` are their begins and the last one's end.
    async fn days(&self, bounds: &[Timestamp]) -> Result<Days, LedgerError>;

    async fn clock(&self) -> Result<ClockView, LedgerError>;

    /// Since when all that comes, comes from one address, by the process that noted it last.
    async fn one_client_since(&self) -> Result<Option<Timestamp>, LedgerError>;

    /// What needs a person or is worth knowing: the most severe first.
    async fn attention(&self, limits: &Limits) -> Result<Vec<Attention>, LedgerError>;

    /// The same, without trying whether the ledger takes anything, which is a write.
    async fn attention_untried(&self, limits: &Limits) -> Result<Vec<Attention>, LedgerError>;

    /// Whether a link's mail is due, or its lease is over; `None` where no mail waits or is being sent.
    async fn link_due(&self) -> Result<Option<bool>, LedgerError>;

    /// What an alert has told, and the version of that.
    async fn alert(&self, name: &str) -> Result<Option<(u64, String)>, LedgerError>;

    /// What was ordered, and by whom.
    async fn audit(&self, range: &AuditRange) -> Result<Page<AuditRow, Cursor>, LedgerError>;

    /// The newest row's place in the chain of what was ordered.
    async fn audit_head(&self) -> Result<Option<Head>, LedgerError>;

    /// What the backend itself finds wrong with how it keeps the ledger; a walk over all of it. `None` where it was not looked
    /// at.
    async fn integrity(&self) -> Result<Option<Vec<String>>, LedgerError>;

    /// How many rows break an invariant.
    async fn count_broken(&self, invariant: Invariant) -> Result<u64, LedgerError>;

    /// How many checksums of a kind there are.
    async fn count_summed(&self, summed: Summed) -> Result<u64, LedgerError>;

    /// Compares the next of them with what stands there, from the beginning or after a chunk.
    async fn compare_sums(&self, summed: Summed, after: Option<&SumMark>) -> Result<SumChunk, LedgerError>;
}
