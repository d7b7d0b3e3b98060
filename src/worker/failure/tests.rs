use super::*;
use crate::ledger::Admin as _;
use crate::ledger::sqlite::SqliteLedger;
use crate::worker::settings::sample;

/// The first attempt of a step, for which others wait or do not.
fn of_step(erasing: &ErasingSettings, is_awaited: bool) -> Circumstances<'_> {
    let presence = Presence::There;
    Circumstances {
        erasing,
        attempt: 0,
        faults: Faults::default(),
        gives_up: true,
        presence,
        in_vain: None,
        may_repeat: true,
        is_awaited,
        random: 1.0,
    }
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

/// How a piece of work ends that has failed so often before, at a target that was so when it was claimed.
fn ended(failure: Failure, attempt: u32, presence: Presence) -> ClaimEnd {
    let erasing = sample();
    let circumstances = Circumstances { attempt, presence, ..of_step(&erasing, false) };
    failure.action(circumstances).expect("the ledger took it").end
}

/// How a piece of work ends that has ended so before.
fn after(faults: Faults, attempt: u32, failure: Failure) -> ClaimEnd {
    let erasing = sample();
    let circumstances = Circumstances { attempt, faults, ..of_step(&erasing, false) };
    failure.action(circumstances).expect("the ledger took it").end
}

#[test]
fn an_outage_costs_no_attempt_and_is_no_reason_for_a_person_however_long_it_is() {
    let free =
        |reason: &str| ClaimEnd::Retry { pause: Duration::from_secs(1), attempt: Attempt::Free, reason: reason.into() };
    for attempt in [0, 2, 1000] {
        for presence in [Presence::Doubtful, Presence::Out] {
            let away = call(TargetError::Unavailable("503".into()));
            assert_eq!(ended(away, attempt, presence), free("503"));
        }
        // A target that is out may show it in any way.
        assert_eq!(ended(call(TargetError::Retryable("500".into())), attempt, Presence::Out), free("500"));
        let late = ended(Failure::Overtime, attempt, Presence::Out);
        assert_eq!(late, free("it took longer than it may"));
    }
}

#[test]
fn what_fails_alone_while_its_target_is_there_has_a_limit() {
    let parked = |reason: &str| ClaimEnd::Park { reason: reason.into() };
    let away = || call(TargetError::Unavailable("503".into()));
    assert_eq!(ended(away(), 2, Presence::There), parked("503"), "others are answered");
    // Failures at one record never put a target out, so they would never be told of otherwise.
    for presence in [Presence::There, Presence::Doubtful] {
        assert_eq!(ended(call(TargetError::Retryable("500".into())), 2, presence), parked("500"));
        assert_eq!(ended(Failure::Overtime, 2, presence), parked("it took longer than it may"));
    }
}

#[test]
fn others_do_not_wait_for_all_of_an_outage() {
    let erasing = sample();
    let awaited = Circumstances { attempt: 2, presence: Presence::Out, ..of_step(&erasing, true) };
    let end = call(TargetError::Unavailable("503".into())).action(awaited).expect("the ledger took it").end;
    assert_eq!(end, ClaimEnd::Park { reason: "503".into() });
}

#[test]
fn a_call_that_the_ledger_refuses_to_note_is_not_made_for_ever() {
    let refused = |refused, attempt| {
        let why = NotStored { why: "the ledger refuses it".into(), refused: true };
        after(Faults { refused, panics: 9 }, attempt, call(TargetError::NotNoted(why)))
    };
    assert!(matches!(refused(0, 0), ClaimEnd::Retry { attempt: Attempt::Refused, .. }));
    assert_eq!(refused(3, 0), ClaimEnd::Park { reason: REFUSED.into() });
    // What failed for another reason was no refusal.
    assert!(matches!(refused(0, 1_000), ClaimEnd::Retry { attempt: Attempt::Refused, .. }));
    let away = call(TargetError::NotNoted(NotStored { why: "away".into(), refused: false }));
    assert!(matches!(ended(away, 1000, Presence::There), ClaimEnd::Retry { attempt: Attempt::Free, .. }));
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
    let halted = TargetError::Halted { why: crate::erasure::Halt::Held, done: Default::default() };
    check(call(halted), 9, true, free(0, "a hold keeps what is left"));
}

#[test]
fn one_that_wants_fewer_calls_is_slowed_down_as_a_whole() {
    let limited = |retry_after| call(TargetError::RateLimited { retry_after });
    let expected = |secs| retry(secs, Attempt::Free, "rate limited", TargetEffect::Limited(Duration::from_secs(secs)));
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
    check(Failure::Panicked, 0, false, retry(1, Attempt::Panicked, PANICKED, TargetEffect::None));
    let panicked = |panics, attempt| after(Faults { refused: 9, panics }, attempt, Failure::Panicked);
    assert_eq!(panicked(PANICS_AT - 1, 0), ClaimEnd::Park { reason: PANICKED.into() });
    // What failed for another reason was no panic.
    assert!(matches!(panicked(0, 1_000), ClaimEnd::Retry { attempt: Attempt::Panicked, .. }));
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
