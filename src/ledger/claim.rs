//! Work in hand.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::LedgerError;
use super::clock::Trust;
use super::health::{Health, Presence, RecordName};
use crate::erasure::{Capsule, Erasure, ErasureId, ReachedSession, RuleDemand, Selection, Stage, Step, Subject};
use crate::event::StoredEvent;
use crate::keys::KeyId;
use crate::subject::{InstallationName, SessionKey, TargetName};

/// One kind of work; each queue has its own bounds, so that none starves another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum QueueName {
    /// Events of an installation to decide on.
    Decide(InstallationName),
    /// Sessions of an installation to look at once more.
    Settle(InstallationName),
    /// Erasures of an installation whose time has come.
    Resolve(InstallationName),
    /// Calls to one target, named as it is called ([`TargetName::called_for`]).
    Step(TargetName),
    /// Erasures whose receipt is to be written.
    Close,
}

impl QueueName {
    /// The queue's name in a ledger, and where it is shown.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        // These stand in ledgers, and SQL below tells the kinds by them: under other names, what waits would never be
        // claimed.
        match self {
            Self::Decide(installation) => format!("decide:{installation}").into(),
            Self::Settle(installation) => format!("settle:{installation}").into(),
            Self::Resolve(installation) => format!("resolve:{installation}").into(),
            Self::Step(target) => format!("step:{target}").into(),
            Self::Close => "close".into(),
        }
    }
}

/// The queues of one kind, as SQL says it of a column `queue` that is compared byte by byte: `;` follows `:`.
pub(super) const DECIDE_QUEUES: &str = "(queue >= 'decide:' AND queue < 'decide;')";
pub(super) const SETTLE_QUEUES: &str = "(queue >= 'settle:' AND queue < 'settle;')";
pub(super) const RESOLVE_QUEUES: &str = "(queue >= 'resolve:' AND queue < 'resolve;')";
pub(super) const STEP_QUEUES: &str = "(queue >= 'step:' AND queue < 'step;')";

/// The target of a queue of steps, as it is called, likewise.
pub(super) const STEP_TARGET: &str = "SUBSTR(queue, 6)";

/// The queues in which a target is asked, named as it is called: mluvii is also asked whatever is looked up.
pub(super) fn queues_of(called: &TargetName) -> Vec<QueueName> {
    let mut queues = vec![QueueName::Step(called.clone())];
    if let Some(installation) = installation_of(called) {
        let decide = QueueName::Decide(installation.clone());
        let settle = QueueName::Settle(installation.clone());
        queues.extend([decide, settle, QueueName::Resolve(installation)]);
    }
    queues
}

/// The installation whose mluvii is called so ([`TargetName::mluvii_of`]); `None` of another target.
fn installation_of(called: &TargetName) -> Option<InstallationName> {
    if called.is_mluvii() {
        return Some(InstallationName::unnamed());
    }
    let name = called.0.strip_prefix(TargetName::MLUVII)?.strip_prefix('/')?;
    Some(InstallationName(name.into()))
}

/// The result of claiming from a queue.
#[derive(Debug)]
#[must_use = "a claim ends as finish, retry or park"]
pub(crate) struct Claimed {
    pub(crate) claims: Vec<Claim>,
    /// What is taken, and must not be done. [`Queue::put_off`](super::Queue::put_off) gives it back.
    pub(crate) refused: Vec<RefusedWork>,
    pub(crate) next: NextLook,
}

/// Work of which the ledger refuses to note that it may be done.
#[derive(Debug)]
pub(crate) struct RefusedWork {
    pub(crate) held: HeldWork,
    pub(crate) error: LedgerError,
}

impl Claimed {
    /// Nothing now.
    pub(crate) const NOTHING: Self = Self::nothing(NextLook::WhenPolled);

    pub(super) const fn nothing(next: NextLook) -> Self {
        Self { claims: Vec::new(), refused: Vec::new(), next }
    }
}

/// When it is worth looking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextLook {
    /// As soon as the queue changes: all that was due was taken.
    WhenChanged,
    /// Not before this has passed, whatever changes: a bound has been reached, or none has, and some of what was found was put aside.
    After(Duration),
    /// Nothing can be claimed until something else changes: as much was taken as there was room for, the breaker is open, the target is
    /// parked, or others do all that may be done at once.
    WhenPolled,
}

/// A piece of work that is ours until its lease ends. It is neither `Clone` nor kept: it leaves through the ledger's
/// `retry`, `park` or one of the methods that finish it.
#[derive(Debug)]
#[must_use = "a claim ends as finish, retry or park"]
pub(crate) struct Claim {
    /// The backend's name for the work.
    pub(super) task: i64,
    /// Grows with every claim of the work; an old one finishes nothing.
    pub(super) fence: i64,
    /// Attempts that counted before this one.
    pub(crate) attempt: u32,
    /// Ends before this one that were no attempt.
    pub(crate) faults: Faults,
    /// Whether the target that is asked had failed last; an answer is then told to the ledger.
    pub(crate) target_failing: bool,
    /// What was known of the target that is asked; where none is, nothing is out.
    pub(crate) presence: Presence,
    /// For how long it could have been done, by a clock that can be right, where nothing says that its target is out; `None` of what
    /// is tried a limited number of times.
    pub(crate) in_vain: Option<Duration>,
    /// When it was claimed, by the ledger's clock: what is stored is held against this, and not against the clock of whatever
    /// machine works on it.
    pub(crate) now: Timestamp,
    pub(crate) work: Work,
    pub(super) sent: SentOnce,
}

/// How often work ended by a fault that is not its target's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// The ledger refused what was to be written of it.
    pub(crate) refused: u32,
    pub(crate) panics: u32,
}

/// Work that the ledger refuses for so many times is put aside. Not at the first one, nor within moments: it may be that its tables
/// are being changed, and then all work is refused.
const REFUSED_AT: u32 = 4;

/// How long events wait that the ledger did not let become work, at first.
pub(super) const EXPAND_PAUSE: Duration = Duration::from_secs(30);

/// The pause before work is tried again that the ledger refuses, and has refused so often before; `None` where it needs a person.
pub(crate) fn refused_again(refused: u32, pause: Duration) -> Option<Duration> {
    (refused + 1 < REFUSED_AT).then(|| pause.saturating_mul(1 << refused))
}

/// How it is written what a claim changes beside the places in its queue: events become tasks, and steps are noted as tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writes {
    Together,
    /// Each for itself, so that one that the ledger refuses holds up none of the others.
    Apart,
}

impl Writes {
    /// What to try after a claim of this queue has failed: nothing, where it was not due to one event or one step.
    pub(super) fn after(self, queue: &QueueName, error: &LedgerError) -> Option<Self> {
        let may_be_one =
            matches!(error, LedgerError::Broken(_)) && matches!(queue, QueueName::Decide(_) | QueueName::Step(_));
        (may_be_one && self == Self::Together).then_some(Self::Apart)
    }
}

/// Whether a call went out under a claim that must not be made twice. Then its end must not put the work back as if nothing had
/// been done.
#[derive(Clone, Debug, Default)]
pub(super) struct SentOnce(Arc<AtomicBool>);

/// What a backend knows when it claims: of the target, and of the time.
pub(super) struct AtClaim {
    /// `None` where no target is asked.
    pub(super) target: Option<Health>,
    pub(super) now: Timestamp,
    pub(super) trust: Trust,
}

impl AtClaim {
    /// The claim of work that was taken.
    pub(super) fn claim(&self, task: i64, fence: i64, attempt: u32, faults: Faults, work: Work) -> Claim {
        let target_failing = self.target.as_ref().is_some_and(|health| !health.is_good());
        let presence = self.target.as_ref().map_or(Presence::There, Health::presence);
        let in_vain = self.in_vain(&work, presence);
        let sent = SentOnce::default();
        Claim { task, fence, attempt, faults, target_failing, presence, in_vain, now: self.now, work, sent }
    }

    /// An outage says nothing of the work, nor does a clock that has jumped.
    fn in_vain(&self, work: &Work, presence: Presence) -> Option<Duration> {
        let is_there = presence == Presence::There;
        let since = work.since().filter(|_| is_there && self.trust.erasing)?;
        Some(self.now.duration_since(since).try_into().unwrap_or_default())
    }
}

impl Work {
    /// What it is about.
    pub(crate) fn record(&self) -> RecordName {
        let of_erasure = |id: &ErasureId, subject: &Subject| match subject {
            Subject::Session(session) => session.to_string(),
            Subject::Guest { .. } | Subject::Person { .. } => id.to_string(),
        };
        RecordName(match self {
            Self::Decide(work) => work.event.head.session.to_string(),
            Self::Settle(work) => work.session.to_string(),
            Self::Resolve(work) => of_erasure(&work.id, &work.subject),
            Self::Step(work) => of_erasure(&work.erasure, &work.subject),
            Self::Close(erasure) => of_erasure(&erasure.id, &erasure.subject),
        })
    }

    /// Since when it could have been done; `None` of what is tried a limited number of times, or is done here.
    fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Decide(work) => Some(work.since),
            Self::Settle(work) => Some(work.since),
            Self::Resolve(work) => Some(work.begins()),
            Self::Step(_) | Self::Close(_) => None,
        }
    }

    /// What is asked of a target, in one word.
    pub(crate) fn sort(&self) -> &'static str {
        match self {
            Self::Decide(_) => "decide",
            Self::Settle(_) => "settle",
            Self::Resolve(_) => "resolve",
            Self::Close(_) => "close",
            Self::Step(work) => match work.stage {
                Stage::Find | Stage::FindLater => "find",
                Stage::Erase => "erase",
                Stage::Verify => "verify",
            },
        }
    }
}

/// Where claimed work stands in its queue, kept beside a claim that is being ended: what becomes of the work where the ledger
/// refuses to write that end.
#[derive(Clone, Debug)]
pub(crate) struct HeldWork {
    pub(super) task: i64,
    pub(super) fence: i64,
    pub(super) queue: QueueName,
    /// How often the ledger refused to write its end before.
    pub(crate) refused: u32,
}

impl Claim {
    pub(crate) fn held(&self) -> HeldWork {
        HeldWork { task: self.task, fence: self.fence, queue: self.work.queue(), refused: self.faults.refused }
    }

    /// The step that it is for, whose work is the claim's own.
    pub(crate) fn step(&self, work: &StepWork) -> ClaimedStep {
        ClaimedStep {
            task: self.task,
            fence: self.fence,
            erasure: work.erasure,
            target: work.step.target.clone(),
            now: self.now,
            sent: self.sent.clone(),
        }
    }

    /// Whether a call that must not be made twice may have gone out under it.
    pub(crate) fn has_sent_once(&self) -> bool {
        self.sent.0.load(Ordering::Relaxed)
    }
}

/// A step as long as it is claimed: what its call has kept meanwhile ends no claim.
#[derive(Clone, Debug)]
pub(crate) struct ClaimedStep {
    pub(super) task: i64,
    pub(super) fence: i64,
    pub(super) erasure: ErasureId,
    pub(super) target: TargetName,
    /// When it was claimed, by the ledger's clock.
    pub(crate) now: Timestamp,
    sent: SentOnce,
}

impl ClaimedStep {
    /// From here on, a call that must not be made twice may be under way.
    pub(crate) fn sends_once(&self) {
        self.sent.0.store(true, Ordering::Relaxed);
    }
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Decide(DecideWork),
    Settle(SettleWork),
    Resolve(EraseWork),
    Step(StepWork),
    Close(Erasure),
}

impl Work {
    /// The queue that it came from.
    pub(super) fn queue(&self) -> QueueName {
        match self {
            Self::Decide(work) => QueueName::Decide(work.event.head.session.installation.clone()),
            Self::Settle(work) => QueueName::Settle(work.session.installation.clone()),
            Self::Resolve(work) => QueueName::Resolve(work.subject.installation().clone()),
            Self::Step(work) => QueueName::Step(work.step.target.called_for(work.subject.installation())),
            Self::Close(_) => QueueName::Close,
        }
    }

    /// When the event came that is decided on.
    pub(super) fn came(&self) -> Option<Timestamp> {
        match self {
            Self::Decide(work) => Some(work.since),
            Self::Settle(_) | Self::Resolve(_) | Self::Step(_) | Self::Close(_) => None,
        }
    }
}

/// An event to decide on.
#[derive(Clone, Debug)]
pub(crate) struct DecideWork {
    pub(crate) event: StoredEvent,
    /// When it came, by the ledger's clock; a retry does not change it.
    pub(crate) since: Timestamp,
}

/// A session to look at because its time to settle has come.
#[derive(Clone, Debug)]
pub(crate) struct SettleWork {
    pub(crate) session: SessionKey,
    /// When it was to be looked at first; a retry does not change it.
    pub(crate) since: Timestamp,
}

/// An erasure whose identifiers are to be resolved.
#[derive(Clone, Debug)]
pub(crate) struct EraseWork {
    pub(crate) id: ErasureId,
    pub(crate) subject: Subject,
    /// What the requests said that were merged into it.
    pub(crate) capsules: Vec<Capsule>,
    pub(crate) targets: Vec<TargetName>,
    /// The rules that demand it, each in each version that does.
    pub(crate) demands: Vec<RuleDemand>,
    /// Whether a person has approved it.
    pub(crate) approved: bool,
    pub(crate) created: Timestamp,
    /// When it was to begin, waiting aside.
    pub(crate) due: Timestamp,
    pub(crate) selection: Selection,
    /// When the oldest event of the installation came that nobody has decided on.
    pub(crate) undecided_since: Option<Timestamp>,
    /// When the oldest event of the installation came that is decided on, and after which its session has not been read at mluvii yet,
    /// and is still to be looked at for settling: nobody can say yet whose it is.
    pub(crate) unread_since: Option<Timestamp>,
}

impl EraseWork {
    /// From when on it can be done. It may be due long after it was asked for, when it is approved or a year is over; or long
    /// before, where its session was heard of late.
    pub(crate) fn begins(&self) -> Timestamp {
        self.created.max(self.due)
    }
}

/// One call to one target.
#[derive(Clone, Debug)]
pub(crate) struct StepWork {
    pub(crate) erasure: ErasureId,
    pub(crate) subject: Subject,
    pub(crate) stage: Stage,
    pub(crate) step: Step,
    /// What was resolved, and what targets found.
    pub(crate) capsules: Vec<Capsule>,
    pub(crate) sessions: Vec<ReachedSession>,
    /// The index key under which the erasure was begun.
    pub(crate) index_key: KeyId,
    /// The rules that demand the erasure, and when it was asked for: what was found too long ago is not erased any more.
    pub(crate) rules: Vec<String>,
    pub(crate) created: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(called: &TargetName, names: &[&str]) {
        let queues = queues_of(called);
        assert_eq!(queues.iter().map(QueueName::name).collect::<Vec<_>>(), names);
    }

    #[test]
    fn mluvii_is_asked_in_all_queues_of_its_installation_and_another_target_in_its_own() {
        let acme = InstallationName("acme".into());
        check(&TargetName::mluvii_of(&acme), &["step:mluvii/acme", "decide:acme", "settle:acme", "resolve:acme"]);
        let unnamed = TargetName::mluvii_of(&InstallationName::unnamed());
        check(&unnamed, &["step:mluvii", "decide:mluvii", "settle:mluvii", "resolve:mluvii"]);
        check(&TargetName("crm".into()), &["step:crm"]);
        check(&TargetName("mluviicrm".into()), &["step:mluviicrm"]);
    }
}
