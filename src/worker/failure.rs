//! Why work is not finished now, and what that means for its claim and its target: a pure function, whose result
//! [`super::run`] carries out.

use std::time::Duration;

use super::settings::ErasingSettings;
use crate::keys::{KeyId, NoSealKey, NotOpened};
use crate::ledger::{Attempt, GenerationState, LedgerError, Records, SEAL_DAMAGED, SEAL_GONE};
use crate::mluvii::MluviiError;
use crate::policy::RuleFailed;
use crate::subject::InstallationName;
use crate::target::TargetError;

/// Why a step needs a person whose target must not be asked twice, once nobody knows what became of a call.
pub(super) const NOT_TWICE: &str = "what became of the call is unknown, and the target must not be asked twice";

const PANICKED: &str = "quietus panicked at it, which is a defect of quietus: please report it, with the version";

/// Work that panics at this attempt, or a later one, is not tried again.
const PANICS_AT: u32 = 3;

/// What has failed for so long, and so often, while its target was not out, will not succeed by itself.
const UNDECIDABLE_AFTER: Duration = Duration::from_secs(24 * 3600);
const UNDECIDABLE_ATTEMPTS: u32 = 20;

/// How soon work is done again whose key cannot be read: the folder of the keys may be away.
const NO_KEY_PAUSE: Duration = Duration::from_secs(5);

/// Why a piece of work is not finished now.
#[derive(Debug)]
pub(super) enum Failure {
    /// The ledger did not take it: the lease runs out, and the work is done again.
    Ledger(LedgerError),
    /// The call failed.
    Call(TargetError),
    /// We cancelled it: at a shutdown, or because the lease is no longer ours.
    Cancelled,
    /// It was given up, as it took longer than any call may.
    Overtime,
    /// It panicked, which is a defect of quietus: its outcome is unknown.
    Panicked,
    /// It waits for something else of ours; nothing was tried.
    Postponed(Duration),
    /// What was looked at may only be early: it is looked at again.
    Early { pause: Duration, why: String },
    /// A retry cannot help.
    Permanent(String),
    /// The key is not there under which something of it is sealed. `reason` is why it needs a person, where the key is gone; the
    /// ledger says whether it is.
    NoKey { id: KeyId, reason: String },
}

/// What happens to the claim, and to the target that was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FailureAction {
    pub(super) end: ClaimEnd,
    pub(super) target: TargetEffect,
}

/// How the claim ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ClaimEnd {
    Retry {
        pause: Duration,
        attempt: Attempt,
        reason: String,
    },
    /// It needs a person.
    Park {
        reason: String,
    },
}

/// What the failure says of the target that was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TargetEffect {
    None,
    /// It could not be reached, whatever it is asked.
    Unavailable,
    /// It failed at this record; only several different ones say something of the target.
    Failed,
    /// It refuses this record; likewise.
    Refused,
    /// It would refuse every call: all of its work waits until it is tried again.
    Denied,
    /// It wants fewer calls.
    Limited(Duration),
}

/// What is known of the claim whose work failed.
#[derive(Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) erasing: &'a ErasingSettings,
    /// Attempts that counted before this one.
    pub(super) attempt: u32,
    /// Whether it has an attempt limit. A session is looked up for as long as it takes: an erasure duty does not end with
    /// an outage.
    pub(super) gives_up: bool,
    /// For how long it could have been done, where its target is not out: an outage says nothing of this piece of work.
    pub(super) in_vain: Option<Duration>,
    /// Whether it may be done again where nobody knows what became of it.
    pub(super) may_repeat: bool,
    /// Whether other targets wait for it: it is to say what it knows.
    pub(super) is_awaited: bool,
    /// In 0..1, for jitter.
    pub(super) random: f64,
}

impl Failure {
    /// Whether it happens in the course of things, again and again, and so is not logged.
    pub(super) fn is_ordinary(&self) -> bool {
        match self {
            Self::Postponed(_) | Self::Cancelled => true,
            Self::Call(error) => {
                matches!(
                    error,
                    TargetError::RateLimited { .. }
                        | TargetError::Cancelled
                        | TargetError::NotNoted(_)
                        | TargetError::Crowded { .. }
                        | TargetError::Later { .. }
                )
            }
            Self::Overtime
            | Self::Panicked
            | Self::Ledger(_)
            | Self::Early { .. }
            | Self::Permanent(_)
            | Self::NoKey { .. } => false,
        }
    }

    /// With what the ledger says of a key that is not there: of one that it still needs, the folder may be away.
    pub(super) async fn judged(self, records: &dyn Records) -> Result<Self, LedgerError> {
        let Self::NoKey { id, reason } = self else { return Ok(self) };
        Ok(match records.seal_state(&id).await? {
            Some(GenerationState::New | GenerationState::Open | GenerationState::Closed) => {
                Self::Early { pause: NO_KEY_PAUSE, why: NoSealKey::Gone(id).to_string() }
            }
            Some(GenerationState::Lost) | None => Self::Permanent(reason),
        })
    }

    /// What to do about it. A ledger that did not take the work takes nothing else either, so that is an error, unless it says that
    /// it is of this work alone.
    pub(super) fn action(self, circumstances: Circumstances<'_>) -> Result<FailureAction, LedgerError> {
        let retry = &circumstances.erasing.retry;
        Ok(match self {
            Self::Ledger(error) => match error.of_this_work() {
                Some(reason) => FailureAction::park(reason.to_owned()),
                None => return Err(error),
            },
            Self::Postponed(pause) => FailureAction::free(pause, "waits for what must be known first"),
            Self::Early { pause, why } => FailureAction::free(pause, why),
            // Of which the ledger has said nothing: a person looks at nothing too early.
            Self::NoKey { id, .. } => FailureAction::free(NO_KEY_PAUSE, NoSealKey::Gone(id).to_string()),
            // Before the other endings: due at once, or counted as an attempt, the target would be asked a second time.
            Self::Cancelled | Self::Overtime | Self::Panicked if !circumstances.may_repeat => {
                FailureAction::park(NOT_TWICE.to_owned())
            }
            // It may not come again; if it does, nothing but another version of quietus helps.
            Self::Panicked if circumstances.attempt + 1 >= PANICS_AT => FailureAction::park(PANICKED.to_owned()),
            Self::Panicked => {
                let end = circumstances.attempt_ended(PANICKED.to_owned());
                FailureAction { end, target: TargetEffect::None }
            }
            Self::Overtime => {
                let end = circumstances.attempt_ended("it took longer than it may".to_owned());
                FailureAction { end, target: TargetEffect::Failed }
            }
            // Due at once: it is we who let go of it, and another process can take it.
            Self::Cancelled => FailureAction::free(Duration::ZERO, "cancelled"),
            Self::Permanent(reason) | Self::Call(TargetError::OfRecord(reason)) => FailureAction::park(reason),
            Self::Call(TargetError::Permanent(reason)) => {
                FailureAction { target: TargetEffect::Refused, ..FailureAction::park(reason) }
            }
            Self::Call(TargetError::NotYet { after }) => FailureAction::free(after, "the target is not done yet"),
            Self::Call(TargetError::Cancelled | TargetError::Later { .. }) => {
                // With a pause, as it costs no attempt: a target that always cancels would be asked again at once, for
                // ever.
                let pause = retry.pause(0, Some(retry.pause_min.0), circumstances.random);
                FailureAction::free(pause, "cancelled by the target")
            }
            // With a pause likewise. The target is not blamed: it was not asked.
            Self::Call(error @ TargetError::NotNoted(_)) => {
                let pause = retry.pause(0, Some(retry.pause_min.0), circumstances.random);
                FailureAction::free(pause, error.to_string())
            }
            Self::Call(TargetError::Crowded { why, pause }) => FailureAction::free(pause, why),
            Self::Call(TargetError::RateLimited { retry_after }) => {
                // As it costs no attempt, the pause would not grow: where the target says none, it is the breaker's.
                let told = retry_after.unwrap_or(circumstances.erasing.breaker_pause.0);
                let pause = retry.pause(0, Some(told), circumstances.random);
                FailureAction { target: TargetEffect::Limited(pause), ..FailureAction::free(pause, "rate limited") }
            }
            // Nobody is to wait for it until a person has acted, so the step is put aside as well.
            Self::Call(TargetError::NeedsOperator(reason)) if circumstances.is_awaited => {
                FailureAction { target: TargetEffect::Denied, ..FailureAction::park(reason) }
            }
            Self::Call(TargetError::NeedsOperator(reason)) => {
                FailureAction { target: TargetEffect::Denied, ..FailureAction::free(Duration::ZERO, reason) }
            }
            Self::Call(TargetError::Unavailable(reason)) => {
                FailureAction { end: circumstances.attempt_ended(reason), target: TargetEffect::Unavailable }
            }
            Self::Call(TargetError::Retryable(reason)) => {
                FailureAction { end: circumstances.attempt_ended(reason), target: TargetEffect::Failed }
            }
        })
    }
}

impl Circumstances<'_> {
    /// An attempt that counts: it is repeated, or was the last one.
    fn attempt_ended(&self, reason: String) -> ClaimEnd {
        let retry = &self.erasing.retry;
        if self.gives_up && self.attempt + 1 >= retry.attempts_max {
            return ClaimEnd::Park { reason };
        }
        let is_undecidable =
            self.attempt + 1 >= UNDECIDABLE_ATTEMPTS && self.in_vain.is_some_and(|waited| waited >= UNDECIDABLE_AFTER);
        if !self.gives_up && is_undecidable {
            return ClaimEnd::Park { reason: format!("{reason}; it has been so for a day, and the target is not out") };
        }
        ClaimEnd::Retry { pause: retry.pause(self.attempt, None, self.random), attempt: Attempt::Counts, reason }
    }
}

impl FailureAction {
    fn free(pause: Duration, reason: impl Into<String>) -> Self {
        let end = ClaimEnd::Retry { pause, attempt: Attempt::Free, reason: reason.into() };
        Self { end, target: TargetEffect::None }
    }

    fn park(reason: String) -> Self {
        Self { end: ClaimEnd::Park { reason }, target: TargetEffect::None }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<MluviiError> for Failure {
    fn from(error: MluviiError) -> Self {
        Self::Call(error.into())
    }
}

impl From<RuleFailed> for Failure {
    fn from(failed: RuleFailed) -> Self {
        Self::Permanent(failed.to_string())
    }
}

/// Work of which something sealed does not open. `damaged` and `gone` are why it needs a person: another record's, or under a key
/// that is gone. One whose key cannot be read now is done later.
pub(super) fn unopened(error: &NotOpened, damaged: &str, gone: &str) -> Failure {
    match error {
        NotOpened::Broken => Failure::Permanent(damaged.to_owned()),
        NotOpened::NoKey(NoSealKey::Gone(id)) => Failure::NoKey { id: id.clone(), reason: gone.to_owned() },
        NotOpened::NoKey(NoSealKey::Away { .. }) => Failure::Early { pause: NO_KEY_PAUSE, why: error.to_string() },
    }
}

/// The same of an erasure.
pub(super) fn unopened_record(error: &NotOpened) -> Failure {
    unopened(error, SEAL_DAMAGED, SEAL_GONE)
}

/// Work of an installation that is no longer in the configuration needs a person.
pub(super) fn no_installation(installation: &InstallationName) -> Failure {
    Failure::Permanent(format!("there is no mluvii `{installation}` in the configuration; it was there when this came"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Admin as _;
    use crate::ledger::sqlite::SqliteLedger;
    use crate::worker::settings::sample;

    /// The first attempt of a step, for which others wait or do not.
    fn of_step(erasing: &ErasingSettings, is_awaited: bool) -> Circumstances<'_> {
        Circumstances { erasing, attempt: 0, gives_up: true, in_vain: None, may_repeat: true, is_awaited, random: 1.0 }
    }

    #[track_caller]
    fn check(failure: Failure, attempt: u32, gives_up: bool, expected: FailureAction) {
        let erasing = sample();
        let circumstances = Circumstances { attempt, gives_up, ..of_step(&erasing, false) };
        assert_eq!(failure.action(circumstances).expect("the ledger took it"), expected);
    }

    fn call(error: TargetError) -> Failure {
        Failure::Call(error)
    }

    fn retry(secs: u64, attempt: Attempt, reason: &str, target: TargetEffect) -> FailureAction {
        let end = ClaimEnd::Retry { pause: Duration::from_secs(secs), attempt, reason: reason.into() };
        FailureAction { end, target }
    }

    #[test]
    fn a_failed_call_counts_and_is_parked_at_the_attempt_limit_where_there_is_one() {
        let failed = || call(TargetError::Retryable("502".into()));
        let again = |secs| retry(secs, Attempt::Counts, "502", TargetEffect::Failed);
        let parked = FailureAction { end: ClaimEnd::Park { reason: "502".into() }, target: TargetEffect::Failed };
        check(failed(), 0, true, again(1));
        check(failed(), 1, true, again(2));
        check(failed(), 2, true, parked);
        // A look-up is repeated for as long as it takes, but not at ever longer pauses.
        check(failed(), 1000, false, again(60));
    }

    #[test]
    fn only_what_concerns_every_record_is_counted_for_each_call() {
        let effect = |failure: Failure| failure.action(of_step(&sample(), false)).expect("the ledger took it").target;
        assert_eq!(effect(call(TargetError::Unavailable("no connection".into()))), TargetEffect::Unavailable);
        assert_eq!(effect(call(TargetError::Retryable("500".into()))), TargetEffect::Failed);
        assert_eq!(effect(Failure::Overtime), TargetEffect::Failed);
    }

    #[test]
    fn what_is_no_failure_of_the_target_costs_no_attempt() {
        let free = |secs, reason: &str| retry(secs, Attempt::Free, reason, TargetEffect::None);
        let pause = Duration::from_secs(7);
        check(Failure::Postponed(pause), 9, true, free(7, "waits for what must be known first"));
        check(Failure::Early { pause, why: "404".into() }, 9, true, free(7, "404"));
        check(Failure::Cancelled, 9, true, free(0, "cancelled"));
        check(call(TargetError::NotYet { after: pause }), 9, true, free(7, "the target is not done yet"));
        check(call(TargetError::Cancelled), 9, true, free(1, "cancelled by the target"));
        check(call(TargetError::Crowded { why: "full", pause }), 9, true, free(7, "full"));
    }

    #[test]
    fn one_that_wants_fewer_calls_is_slowed_down_as_a_whole() {
        let limited = |retry_after| call(TargetError::RateLimited { retry_after });
        let expected =
            |secs| retry(secs, Attempt::Free, "rate limited", TargetEffect::Limited(Duration::from_secs(secs)));
        check(limited(Some(Duration::from_secs(7))), 9, true, expected(7));
        check(limited(None), 9, true, expected(30));
    }

    #[test]
    fn what_a_retry_cannot_help_is_parked_alone_or_with_the_whole_queue() {
        let parked = |target| FailureAction { end: ClaimEnd::Park { reason: "403".into() }, target };
        check(Failure::Permanent("403".into()), 0, true, parked(TargetEffect::None));
        check(call(TargetError::Permanent("403".into())), 0, false, parked(TargetEffect::Refused));
        let queue = retry(0, Attempt::Free, "401", TargetEffect::Denied);
        check(call(TargetError::NeedsOperator("401".into())), 0, true, queue);
    }

    #[test]
    fn work_that_panics_is_tried_again_and_then_needs_a_person_even_where_others_are_tried_for_ever() {
        check(Failure::Panicked, 0, false, retry(1, Attempt::Counts, PANICKED, TargetEffect::None));
        let parked = FailureAction { end: ClaimEnd::Park { reason: PANICKED.into() }, target: TargetEffect::None };
        check(Failure::Panicked, PANICS_AT - 1, false, parked);
    }

    #[test]
    fn a_look_up_that_fails_for_a_day_at_a_target_that_is_not_out_needs_a_person() {
        let erasing = sample();
        let failed = |attempt, in_vain| {
            let circumstances = Circumstances { attempt, gives_up: false, in_vain, ..of_step(&erasing, false) };
            call(TargetError::Retryable("500".into())).action(circumstances).expect("the ledger took it").end
        };
        let day = Some(UNDECIDABLE_AFTER);
        let parked = ClaimEnd::Park { reason: "500; it has been so for a day, and the target is not out".into() };
        assert_eq!(failed(UNDECIDABLE_ATTEMPTS - 1, day), parked);
        let early = UNDECIDABLE_AFTER - Duration::from_secs(1);
        for (attempt, in_vain) in [(1_000, None), (1_000, Some(early)), (UNDECIDABLE_ATTEMPTS - 2, day)] {
            assert!(matches!(failed(attempt, in_vain), ClaimEnd::Retry { .. }), "{attempt} {in_vain:?}");
        }
    }

    #[tokio::test]
    async fn a_key_that_is_not_there_needs_a_person_only_where_the_ledger_says_that_it_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens");
        let [one, two] = ["1111111111111111", "2222222222222222"].map(|id| KeyId::written(id.to_owned()));
        let parks = async |id: &KeyId| {
            let failure = unopened(&NotOpened::NoKey(NoSealKey::Gone(id.clone())), "damaged", "gone");
            let failure = failure.judged(&*ledger).await.expect("answered");
            let erasing = sample();
            let end = failure.action(of_step(&erasing, false)).expect("the ledger took it").end;
            end == ClaimEnd::Park { reason: "gone".into() }
        };
        assert!(parks(&one).await, "nobody knows it");
        let mut open = None;
        for id in [&one, &two] {
            ledger.begin_seal_generation(id).await.expect("noted");
            assert!(ledger.open_seal_generation(id, open).await.expect("opened"));
            open = Some(id);
        }
        assert!(!parks(&one).await && !parks(&two).await, "the folder may be away");
        let (from, to) = (GenerationState::Closed, GenerationState::Lost);
        assert!(ledger.move_seal_generation(&one, from, to).await.expect("moved"));
        assert!(parks(&one).await && !parks(&two).await);
    }

    #[test]
    fn what_is_too_large_to_be_read_concerns_itself_alone() {
        let parked = FailureAction { end: ClaimEnd::Park { reason: "large".into() }, target: TargetEffect::None };
        check(call(TargetError::OfRecord("large".into())), 0, false, parked);
    }

    #[test]
    fn a_ledger_that_does_not_take_the_work_takes_nothing_else() {
        let erasing = sample();
        let circumstances = of_step(&erasing, false);
        let away = LedgerError::Busy(anyhow::anyhow!("away"));
        assert!(Failure::Ledger(away).action(circumstances).is_err());
    }

    #[test]
    fn what_must_not_be_done_twice_needs_a_person_once_its_outcome_is_unknown() {
        let erasing = sample();
        let once = Circumstances { may_repeat: false, ..of_step(&erasing, false) };
        let parked = FailureAction { end: ClaimEnd::Park { reason: NOT_TWICE.into() }, target: TargetEffect::None };
        for failure in [Failure::Cancelled, Failure::Overtime, Failure::Panicked] {
            assert_eq!(failure.action(once).expect("the ledger took it"), parked);
        }
        // What the target itself says of it may be tried again: it knows.
        let busy = call(TargetError::Retryable("503".into())).action(once).expect("the ledger took it");
        assert!(matches!(busy.end, ClaimEnd::Retry { .. }), "{busy:?}");
    }

    #[test]
    fn nobody_waits_for_a_find_at_a_target_that_needs_a_person() {
        let erasing = sample();
        let circumstances = of_step(&erasing, true);
        let revoked = call(TargetError::NeedsOperator("401".into()));
        let expected = FailureAction { end: ClaimEnd::Park { reason: "401".into() }, target: TargetEffect::Denied };
        assert_eq!(revoked.action(circumstances).expect("the ledger took it"), expected);
    }
}
