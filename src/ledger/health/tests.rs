use super::*;

const LIMITS: BreakerLimits = BreakerLimits { failures: 3, pause: Duration::from_secs(30) };

fn good() -> Health {
    Health { pace: Pace::default(), state: TargetState::Closed }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a timestamp")
}

fn record(number: u32) -> RecordName {
    RecordName(format!("acme/{number}"))
}

fn refused(number: u32, reason: &str) -> CallEnd {
    CallEnd::Refused { sort: "erase", record: record(number), reason: reason.into() }
}

fn failed(number: u32) -> CallEnd {
    CallEnd::Failed { record: record(number), reason: "500".into() }
}

fn answered() -> CallEnd {
    CallEnd::Answered { sort: "erase" }
}

fn away() -> CallEnd {
    CallEnd::Unavailable { reason: "503".into() }
}

fn limited(pause: Duration) -> CallEnd {
    CallEnd::Limited { sort: "erase", pause }
}

fn denied() -> CallEnd {
    CallEnd::Denied { reason: "401".into() }
}

/// All of them at one time.
fn ended(health: Health, ends: &[CallEnd], now: Timestamp) -> Health {
    ends.iter().fold(health, |health, end| health.after(end, LIMITS, now))
}

/// Until when it is out, and whether a person is needed.
fn out(health: &Health) -> Option<(i64, bool)> {
    match &health.state {
        TargetState::Closed => None,
        TargetState::Open { until, needs_person, .. } => Some((until.as_second(), *needs_person)),
    }
}

#[test]
fn it_is_out_after_failures_in_a_row_and_heals_with_an_answer() {
    let failing = ended(good(), &[away(), away()], at(0));
    assert_eq!(out(&failing), None);
    assert_eq!(out(&ended(failing.clone(), &[answered(), away(), away()], at(0))), None);
    let open = ended(failing, &[away()], at(0));
    assert_eq!(out(&open), Some((30, false)));
    assert_eq!(ended(open, &[answered()], at(31)), good());
}

#[test]
fn one_record_that_fails_again_and_again_says_nothing_of_the_target() {
    let one = ended(good(), &[failed(1), failed(1), failed(1), failed(1)], at(0));
    assert_eq!(out(&one), None);
    assert!(!one.is_good() && one.presence() == Presence::There, "an answer is to be told");
    assert_eq!(out(&ended(one.clone(), &[failed(2)], at(0))), None);
    assert_eq!(out(&ended(one.clone(), &[failed(2), failed(3)], at(0))), Some((30, false)));
    for shows_that_it_is_there in [answered(), refused(1, "403"), limited(Duration::ZERO)] {
        let between = [failed(2), shows_that_it_is_there, failed(3), failed(4)];
        assert_eq!(out(&ended(one.clone(), &between, at(0))), None, "{between:?}");
    }
    let mixed = ended(one, &[away()], at(0));
    assert_eq!(mixed.presence(), Presence::Doubtful);
    assert_eq!(out(&ended(mixed, &[away()], at(0))), Some((30, false)), "an outage shows as either");
}

#[test]
fn one_that_is_out_stays_out_by_any_failure_of_the_call_that_tries_it() {
    let denied_once = ended(good(), &[denied()], at(0));
    for end in [failed(1), away()] {
        let tried = ended(denied_once.clone(), &[end], at(30));
        assert_eq!(out(&tried), Some((90, false)));
        assert_eq!(ended(tried, &[answered()], at(90)), good());
    }
}

#[test]
fn each_try_in_vain_doubles_the_pause_up_to_its_bound() {
    let mut health = ended(good(), &[denied()], at(0));
    let mut pauses = Vec::new();
    let mut now = 0;
    for _ in 0..8 {
        let (until, _) = out(&health).expect("it is out");
        pauses.push(until - now);
        now = until;
        health = ended(health, &[denied()], at(now));
    }
    assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
    let TargetState::Open { since, .. } = &health.state else { panic!("it is out") };
    assert_eq!(*since, at(0), "it is one outage");
    let slow = BreakerLimits { pause: Duration::from_secs(3600), ..LIMITS };
    assert_eq!(out(&good().after(&denied(), slow, at(0))), Some((3600, true)));
}

#[test]
fn calls_that_began_before_it_was_out_do_not_lengthen_its_pause() {
    let out_once = ended(good(), &[denied()], at(0));
    assert_eq!(ended(out_once.clone(), &[denied(), denied()], at(1)), out_once);
    assert_eq!(out(&ended(out_once, &[away(), away(), away()], at(1))), Some((30, true)));
    // That a person is needed is news, however.
    let gone = ended(good(), &[away(), away(), away()], at(0));
    assert_eq!(out(&ended(gone, &[denied()], at(1))), Some((61, true)));
}

#[test]
fn only_different_records_that_are_refused_alike_say_something_of_the_target() {
    let one = ended(good(), &[refused(1, "403"), refused(1, "403"), refused(1, "403")], at(0));
    assert_eq!(out(&one), None, "one record again and again");
    let unlike = [refused(1, "denied"), refused(2, "no"), refused(3, "denied"), refused(4, "no")];
    assert_eq!(out(&ended(good(), &unlike, at(0))), None);
    let between = [refused(1, "403"), refused(2, "403"), answered(), refused(3, "403")];
    assert_eq!(out(&ended(good(), &between, at(0))), None);
    let alike = ended(good(), &[refused(1, "7 of 5"), refused(2, "8 of 5"), refused(3, "99 of 5")], at(0));
    assert_eq!(out(&alike), Some((30, true)));
    // The next one that is refused alike is another try in vain; one that is refused otherwise shows that it is there.
    assert_eq!(out(&ended(alike.clone(), &[refused(4, "6 of 5")], at(30))), Some((90, true)));
    assert_eq!(out(&ended(alike.clone(), &[refused(4, "no")], at(30))), None);
    // That it can be asked shows nothing of what it refuses.
    let asked = ended(alike.clone(), &[CallEnd::Answered { sort: "decide" }], at(30));
    assert_eq!(out(&asked), Some((30, true)));
    assert_eq!(ended(alike, &[answered()], at(30)), good());
}

#[test]
fn one_that_wants_fewer_calls_gets_one_at_a_time_and_then_more_with_each_answer() {
    let limited = || limited(Duration::from_secs(7));
    let mut health = ended(good(), &[limited()], at(0));
    assert_eq!(health.pace.next_call_us, 7_000_000);
    assert_eq!(limited_since(&health), Some(("erase", 0, 7)));
    assert!(!health.is_good());
    let again = ended(health.clone(), &[limited()], at(60));
    assert_eq!((limited_since(&again), again.pace.next_call_us), (Some(("erase", 0, 67)), 67_000_000));
    let mut at_once = Vec::new();
    while let Some(most) = health.pace.at_once {
        at_once.push(most);
        health = ended(health, &[answered()], at(10));
    }
    assert_eq!(at_once, [1, 2, 4, 8, 16, 32]);
    assert!(health.is_good());
    let fast = ended(good(), &[limited(), answered(), limited()], at(0));
    assert_eq!(fast.pace.at_once, Some(1), "slowed down once more");
}

/// Which sort of work is only told to come later, since when, and until when.
fn limited_since(health: &Health) -> Option<(&str, i64, i64)> {
    let limited = health.pace.limited.as_ref()?;
    Some((&limited.sort, limited.since.as_second(), limited.until.as_second()))
}

#[test]
fn one_sort_of_work_that_is_only_told_to_come_later_is_told_of_whatever_else_is_answered() {
    let asked = |sort| CallEnd::Answered { sort };
    let busy = |sort| CallEnd::Limited { sort, pause: Duration::ZERO };
    let health = ended(good(), &[busy("erase"), asked("decide"), asked("verify")], at(0));
    assert_eq!(limited_since(&health), Some(("erase", 0, 0)));
    assert!(!health.is_good(), "its answer is to be told");
    assert_eq!(health.pace.at_once, Some(4), "the others grow faster all the same");
    let health = ended(health, &[busy("erase"), busy("decide"), asked("decide")], at(9));
    assert_eq!(limited_since(&health), Some(("erase", 0, 9)));
    assert_eq!(limited_since(&ended(health.clone(), &[asked("erase")], at(9))), None);
    // What is told so while another sort is remembered takes its place once that one is answered.
    let both = ended(health, &[busy("verify"), asked("erase"), busy("verify")], at(12));
    assert_eq!(limited_since(&both), Some(("verify", 12, 12)));
}

#[test]
fn what_it_answers_while_it_is_out_shows_that_it_is_there() {
    for gone in [[away(), away(), away()], [failed(1), failed(2), failed(3)]] {
        let gone = ended(good(), &gone, at(0));
        assert_eq!(gone.presence(), Presence::Out);
        let limited = ended(gone, &[limited(Duration::ZERO)], at(31));
        assert_eq!(out(&limited), None);
        assert!(limited.presence() == Presence::There && limited.pace.failed.is_empty());
    }
}

#[test]
fn what_was_limited_and_is_asked_no_more_hides_nothing() {
    let limited = |sort| CallEnd::Limited { sort, pause: Duration::from_secs(9) };
    let first = ended(good(), &[limited("find")], at(0));
    let soon = ended(first.clone(), &[limited("erase")], at(60));
    assert_eq!(limited_since(&soon), Some(("find", 0, 9)));
    let late = ended(soon, &[limited("erase")], at(2 * 3600));
    assert_eq!(limited_since(&late), Some(("erase", 7200, 7209)), "nothing of the first was asked since");
    // A refusal is another answer.
    let refused = CallEnd::Refused { sort: "find", record: record(1), reason: "404".into() };
    assert_eq!(limited_since(&ended(first, &[refused], at(10))), None);
}
