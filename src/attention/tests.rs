use jiff::{SignedDuration, Timestamp};
use quietus_plugin::Span;

use super::mute::CannotMute;
use super::*;
use crate::audit::Actor;
use crate::erasure::ErasureId;
use crate::hold::HoldId;
use crate::subject::{InstallationName, TargetName};

fn limits() -> Limits {
    Limits {
        calendar: crate::deadline::Calendar::late_after_s(60),
        warn_before: Span::from_secs(0),
        unknown_share_max: 0.05,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

fn group(count: u64) -> Group {
    Group { count, since: None, mark: "7".into() }
}

fn stopped(name: &str, needs_person: bool) -> StoppedTarget {
    let target = TargetName(name.into());
    StoppedTarget { target, until: at(90), reason: "401".into(), needs_person, tries: 0, since: at(5), waiting: None }
}

fn refused(source: &str, astray: bool) -> RefusedSince {
    RefusedSince { of: RefusedOf::of_columns(source, astray), count: 9, since: at(4), last: at(7) }
}

/// Each as `severity code object parameters`.
#[track_caller]
fn check(facts: &Facts, expected: &[&str]) {
    let all = attention(facts, &[], &limits(), at(61));
    let lines: Vec<_> = all.iter().map(line).collect();
    assert_eq!(lines, expected);
}

fn line(found: &Attention) -> String {
    let parameters = serde_json::to_string(&found.parameters).expect("JSON");
    format!("{} {} {} {parameters}", found.severity.as_str(), found.code.as_str(), found.object)
}

#[test]
fn every_code_and_severity_is_documented() {
    let documented = include_str!("../../docs/monitoring.md");
    for code in Code::ALL {
        assert!(
            documented.contains(&format!("\n| `{}` |", code.as_str())),
            "docs/monitoring.md has no {}",
            code.as_str()
        );
        assert_eq!(code.as_str().parse(), Ok(code));
    }
    for severity in Severity::ALL {
        assert!(documented.contains(&format!("`{}`", severity.as_str())), "{}", severity.as_str());
    }
}

#[test]
fn nothing_is_worth_knowing_of_an_empty_ledger() {
    check(&Facts::default(), &[]);
}

#[test]
fn each_fact_has_its_code_and_the_most_severe_comes_first() {
    let waited_for = StoppedTarget { waiting: Some(ErasureId([8; 16])), ..stopped("crm", true) };
    let facts = Facts {
        targets: vec![stopped("mailbox", false), stopped("mluvii/acme", true), waited_for],
        limited: Vec::new(),
        broken: [(TargetName("erp".into()), "no such file".into())].into(),
        doubtful: [(TargetName("mailbox".into()), vec!["one".into(), "two".into()])].into(),
        not_reloaded: [("web-1/7".into(), NotReloaded { since: at(9), reason: "a rule is wrong".into() })].into(),
        no_server: Some(NoServer { seen: Some(at(3)) }),
        parked_steps: vec![ParkedSteps {
            target: TargetName("crm".into()),
            group: group(2),
            oldest: ErasureId([7; 16]),
        }],
        tasks: vec![sample::tasks("legal", 1)],
        requested: group(3),
        unconfirmed: Group::default(),
        incomplete: group(4),
        parked_work: group(5),
        quarantined: group(6),
        refused: vec![refused("acme", false), refused("acme", true), refused("", true)],
        damage: Some(Damage { since: at(1), what: "a page is zero".into() }),
        long_log: Some(LongLog { bytes: 300 << 20, since: Some(at(6)) }),
        held_snapshot: Some(HeldSnapshot { transactions: 1_000_001, process: 4711 }),
        unwritable: Some("the disk is full".into()),
        damaged_events: group(7),
        damaged_records: group(9),
        sessions: 100,
        unknown_consents: [("not_found", 5), ("not_understood", 1)].into(),
        foreign_sessions: 8,
        failed_keepers: vec![FailedKeeper { keeper: "state".into(), reason: "full".into(), since: at(0) }],
        oldest_due: Some(at(0)),
        clock: Some(ClockDoubt { fault: ClockFault::Ahead, expected: at(7), found: at(9000) }),
        named: Named::default(),
        behind: [("events", at(60 - 86_400)), ("sessions", at(62 - 86_400))].into(),
        waiting_rules: vec![WaitingRule {
            rule: "all".into(),
            version: "0123abcd".into(),
            since: at(8),
            sessions: 10,
            would: 9,
            together: 10,
            mluvii: Some(InstallationName("acme".into())),
        }],
        waiting_past: vec![WaitingPast {
            job: 1,
            version: 2,
            mluvii: InstallationName("acme".into()),
            since: None,
            found: 3,
            would_erase: 2,
        }],
        requests: OpenRequests::default(),
        rechecks: Vec::new(),
        sweeps: Vec::new(),
        paused: vec![(TargetName("erp".into()), at(60 - 86_401)), (TargetName("crm".into()), at(0))],
        endless_holds: vec![(HoldId([1; 6]), at(60 - 181 * 86_400)), (HoldId([2; 6]), at(60 - 179 * 86_400))],
        undeletable: [("tombstones", RefusedRecords { count: 3, since: at(5), example: "acme/13".into() })].into(),
        erasures: Default::default(),
        holds: Default::default(),
    };
    check(
        &facts,
        &[
            r#"urgent clock_doubted clock {"expected":"1970-01-01T00:00:07Z","fault":"ahead","found":"1970-01-01T02:30:00Z"}"#,
            r#"urgent events_damaged events {"count":7}"#,
            r#"urgent ledger_damaged ledger {"reason":"a page is zero"}"#,
            r#"urgent overdue work {"before":"1970-01-01T00:00:01Z","days_left":0}"#,
            r#"urgent records_damaged work {"count":9}"#,
            r#"urgent target_out target:crm {"erasure":"e-08080808080808080808080808080808","reason":"401","target":"crm","until":"1970-01-01T00:01:30Z"}"#,
            r#"urgent target_out target:mluvii/acme {"reason":"401","target":"mluvii/acme","until":"1970-01-01T00:01:30Z"}"#,
            r#"attention approval_waiting erasures {"count":3}"#,
            r#"attention consents_unknown sessions {"count":6,"not_found":5,"not_understood":1,"sessions":100}"#,
            r#"attention deliveries_unreadable quarantine {"count":6}"#,
            r#"attention head_not_kept keeper:state {"keeper":"state","reason":"full"}"#,
            r#"attention ledger_unwritable ledger {"reason":"the disk is full"}"#,
            r#"attention log_long ledger {"bytes":314572800}"#,
            r#"attention past_waiting sessions:acme {"job":1,"mluvii":"acme","sessions":3,"would":2}"#,
            r#"attention plugin_broken plugin:erp {"reason":"no such file","target":"erp"}"#,
            r#"attention receipts_incomplete receipts {"count":4}"#,
            r#"attention reload_failed configuration:web-1/7 {"reason":"a rule is wrong","server":"web-1/7"}"#,
            r#"attention retention_behind records:events {"kind":"events"}"#,
            r#"attention retention_refused records:tombstones {"count":3,"example":"acme/13","kind":"tombstones"}"#,
            r#"attention rule_waiting rule:all {"mluvii":"acme","rule":"all","sessions":10,"together":10,"version":"0123abcd","would":9}"#,
            "attention server_away servers {}",
            r#"attention snapshot_held ledger {"process":4711,"transactions":1000001}"#,
            r#"attention steps_parked target:crm {"count":2,"erasure":"e-07070707070707070707070707070707","target":"crm"}"#,
            r#"attention target_paused target:erp {"target":"erp"}"#,
            r#"attention tasks_late target:legal {"count":1,"erasure":"e-09090909090909090909090909090909","target":"legal"}"#,
            r#"attention work_parked work {"count":5}"#,
            r#"notice deliveries_refused source:acme {"count":9,"last":"1970-01-01T00:00:07Z","source":"acme"}"#,
            r#"notice hold_old hold:h-010101010101 {"hold":"h-010101010101"}"#,
            r#"notice paths_unknown source:acme {"count":9,"last":"1970-01-01T00:00:07Z","nearest":"acme"}"#,
            r#"notice paths_unknown webhooks {"count":9,"last":"1970-01-01T00:00:07Z"}"#,
            r#"notice plugin_doubtful plugin:mailbox {"reason":"one; two","target":"mailbox"}"#,
            r#"notice sessions_foreign sessions {"count":8}"#,
            r#"notice target_out target:mailbox {"reason":"401","target":"mailbox","until":"1970-01-01T00:01:30Z"}"#,
        ],
    );
}

#[test]
fn what_is_due_needs_a_person_only_after_the_deadline() {
    let facts = Facts { oldest_due: Some(at(0)), ..Facts::default() };
    assert!(attention(&facts, &[], &limits(), at(60)).is_empty());
    let late = &attention(&facts, &[], &limits(), at(61))[0];
    assert_eq!((late.code, late.since), (Code::Overdue, Some(at(0))));
}

#[test]
fn what_will_be_late_is_told_before_and_what_is_late_is_not_told_twice() {
    let days = |days: u64| Span::from_secs(days * 86_400);
    let day = |day: i64| at(day * 86_400);
    let calendar = crate::deadline::Calendar::late_after_s(30 * 86_400);
    let limits = Limits {
        calendar,
        warn_before: days(7),
        unknown_share_max: 0.05,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let due = vec![(day(0), "e-1".to_owned()), (day(5), "e-2".to_owned())];
    let facts = Facts { oldest_due: Some(day(0)), named: Named { due, ..Named::default() }, ..Facts::default() };
    let told = |now| attention(&facts, &[], &limits, now).iter().map(line).collect::<Vec<_>>();
    assert_eq!(told(day(23)), [""; 0]);
    let first = r#"attention due_soon work {"days_left":6,"ids":["e-1"],"late":"1970-01-31T00:00:00Z"}"#;
    assert_eq!(told(at(23 * 86_400 + 1)), [first]);
    let late = told(at(30 * 86_400 + 1));
    let second = r#"attention due_soon work {"days_left":4,"ids":["e-2"],"late":"1970-02-05T00:00:00Z"}"#;
    assert!(late[0].starts_with("urgent overdue work") && late[1..] == [second], "{late:?}");
}

#[test]
fn what_is_late_is_told_with_how_many_days_late_it_is() {
    let calendar = crate::deadline::Calendar::of("Europe/Prague").expect("known");
    let limits = Limits { calendar, warn_before: Span::from_secs(7 * 86_400), ..limits() };
    let time = |text: &str| text.parse::<Timestamp>().expect("a time");
    // 3 December is the last day.
    let facts = Facts { oldest_due: Some(time("2026-11-03T12:00:00Z")), ..Facts::default() };
    let told = |now: &str| attention(&facts, &[], &limits, time(now)).pop().expect("it is told");
    let first = told("2026-12-04T12:00:00Z");
    assert_eq!((first.code, &first.parameters["days_left"]), (Code::Overdue, &serde_json::json!(-1)));
    assert!(sentence(&first).contains("its month is over, 1 day late:"), "{}", sentence(&first));
    let later = told("2026-12-06T12:00:00Z");
    assert!(sentence(&later).contains("its month is over, 3 days late:"), "{}", sentence(&later));
    let soon = told("2026-12-03T12:00:00Z");
    assert_eq!((soon.code, &soon.parameters["days_left"]), (Code::DueSoon, &serde_json::json!(0)));
    assert!(sentence(&soon).contains("on (0 days left), as its month ends"), "{}", sentence(&soon));
}

#[test]
fn what_is_late_is_named_and_nothing_else_that_is_due() {
    let due = vec![(at(0), "e-1".to_owned()), (at(5), "acme/7".to_owned()), (at(40), "e-2".to_owned())];
    let facts = Facts { oldest_due: Some(at(0)), named: Named { due, ..Named::default() }, ..Facts::default() };
    let late = &attention(&facts, &[], &limits(), at(70))[0];
    assert_eq!(late.parameters["ids"], serde_json::json!(["e-1", "acme/7"]));
    let newest = (0..200).rev().map(|second| (at(second), second.to_string())).collect();
    let kept = Named::oldest(newest);
    assert_eq!((kept.len(), &*kept[0].1), (NAMED_MAX, "0"));
}

#[test]
fn a_transaction_that_is_open_needs_a_person_when_many_have_begun_since() {
    let held =
        |transactions| Facts { held_snapshot: Some(HeldSnapshot { transactions, process: 1 }), ..Facts::default() };
    check(&held(1_000_000), &[]);
    check(&held(1_000_001), &[r#"attention snapshot_held ledger {"process":1,"transactions":1000001}"#]);
}

#[test]
fn unknown_consents_need_a_person_above_their_share() {
    let unknown = |count| Facts { sessions: 100, unknown_consents: [("not_found", count)].into(), ..Facts::default() };
    check(&unknown(5), &[]);
    check(&unknown(6), &[r#"attention consents_unknown sessions {"count":6,"not_found":6,"sessions":100}"#]);
}

#[test]
fn every_code_is_found_by_its_name() {
    for code in Code::ALL {
        assert_eq!(code.as_str().parse(), Ok(code));
    }
    assert!("fire".parse::<Code>().is_err());
}

/// The first of what there is, with these mutes, at this time.
fn first(facts: &Facts, mutes: &[Mute], now: i64) -> Attention {
    attention(facts, mutes, &limits(), at(now)).remove(0)
}

fn muted(facts: &Facts, end: MuteEnd) -> Mute {
    Mute::of(&first(facts, &[], 10), end, &Actor::cli("ann"), at(10))
}

#[test]
fn what_is_muted_is_still_listed_and_needs_nobody() {
    let facts = Facts { quarantined: group(1), ..Facts::default() };
    assert!(first(&facts, &[], 10).needs_a_person());
    let found = first(&facts, &[muted(&facts, MuteEnd::Never)], 1_000_000);
    assert!(!found.needs_a_person());
    let expected = Muted { by: Actor::cli("ann"), at: at(10), until: None, acknowledged: false };
    assert_eq!(found.muted, Some(expected));
    // Something else of the same code, or another code of the same object, is not muted by it.
    let other = Facts { incomplete: group(1), ..Facts::default() };
    assert!(first(&other, &[muted(&facts, MuteEnd::Never)], 10).needs_a_person());
}

#[test]
fn a_notice_needs_nobody() {
    let facts = Facts { foreign_sessions: 1, ..Facts::default() };
    assert!(!first(&facts, &[], 10).needs_a_person());
}

#[test]
fn a_mute_ends_at_its_time() {
    let facts = Facts { quarantined: group(1), ..Facts::default() };
    let mutes = [muted(&facts, MuteEnd::At(at(20)))];
    assert!(!first(&facts, &mutes, 19).needs_a_person());
    assert!(first(&facts, &mutes, 20).needs_a_person());
}

#[test]
fn what_is_acknowledged_is_told_again_when_it_changes() {
    let facts = Facts { quarantined: group(2), ..Facts::default() };
    let mutes = [muted(&facts, MuteEnd::Changed)];
    assert!(!first(&facts, &mutes, 10).needs_a_person());
    let more = Facts { quarantined: group(3), ..Facts::default() };
    assert!(first(&more, &mutes, 10).needs_a_person());
    // As many as before, but others.
    let others = Facts { quarantined: Group { mark: "9".into(), ..group(2) }, ..Facts::default() };
    assert!(first(&others, &mutes, 10).needs_a_person());
    let parked = |since| StoppedTarget { since, ..stopped("crm", true) };
    let target = |since| Facts { targets: vec![parked(since)], ..Facts::default() };
    let mutes = [muted(&target(at(5)), MuteEnd::Changed)];
    assert!(!first(&target(at(5)), &mutes, 30).needs_a_person());
    assert!(first(&target(at(20)), &mutes, 30).needs_a_person(), "it was parked once more");
}

#[test]
fn what_does_harm_is_muted_for_a_time_at_most() {
    let facts = Facts { targets: vec![stopped("crm", true)], quarantined: group(1), ..Facts::default() };
    let facts = Facts { oldest_due: Some(at(0)), ..facts };
    let until = MuteEnd::At(at(90));
    let mut checked = Vec::new();
    for found in attention(&facts, &[], &limits(), at(61)) {
        assert_eq!(found.may_be_muted(until), Ok(()));
        let others = [MuteEnd::Changed, MuteEnd::Never].map(|end| found.may_be_muted(end).err());
        checked.push((found.code, others));
    }
    let expected = [
        (Code::Overdue, [Some(CannotMute::UntilItChanges), Some(CannotMute::ForGood)]),
        (Code::TargetOut, [None, Some(CannotMute::ForGood)]),
        (Code::DeliveriesUnreadable, [None, None]),
    ];
    assert_eq!(checked, expected);
}

#[test]
fn a_mute_ends_when_it_gets_worse() {
    let facts = Facts { quarantined: group(1), ..Facts::default() };
    let mute = Mute { severity: Severity::Notice, ..muted(&facts, MuteEnd::Never) };
    assert!(first(&facts, &[mute], 10).needs_a_person());
    let worse = Mute { severity: Severity::Urgent, ..muted(&facts, MuteEnd::Never) };
    assert!(!first(&facts, &[worse], 10).needs_a_person(), "it got better");
}

#[test]
fn it_is_shown_with_what_a_person_needs_and_without_what_it_is_told_apart_by() {
    let facts = Facts { targets: vec![stopped("crm", true)], ..Facts::default() };
    let until = at(10).saturating_add(SignedDuration::from_hours(1)).expect("a time");
    let found = first(&facts, &[muted(&facts, MuteEnd::At(until))], 10);
    let shown = serde_json::json!({
        "code": "target_out", "severity": "urgent", "object": "target:crm", "since": "1970-01-01T00:00:05Z",
        "parameters": { "target": "crm", "reason": "401", "until": "1970-01-01T00:01:30Z" },
        "muted": { "by": "cli:ann", "at": "1970-01-01T00:00:10Z", "until": "1970-01-01T01:00:10Z", "acknowledged": false },
    });
    assert_eq!(serde_json::to_value(found).expect("JSON"), shown);
}

#[test]
fn a_target_that_stays_out_or_slow_needs_a_person() {
    let severity = |tries| {
        let facts = Facts { targets: vec![StoppedTarget { tries, ..stopped("crm", false) }], ..Facts::default() };
        first(&facts, &[], 61).severity
    };
    assert_eq!([0, 2, 3].map(severity), [Severity::Notice, Severity::Notice, Severity::Attention]);
    let limited = LimitedTarget { target: TargetName("crm".into()), since: at(0), until: at(1800) };
    let facts = Facts { limited: vec![limited], ..Facts::default() };
    assert!(attention(&facts, &[], &limits(), at(3600)).is_empty(), "for a while, that is part of the daily work");
    assert_eq!(first(&facts, &[], 3601).code, Code::TargetLimited);
    assert!(attention(&facts, &[], &limits(), at(5401)).is_empty(), "nobody has asked it since");
}

#[test]
fn tasks_are_told_of_once_they_are_open_for_long_and_late_ones_not_twice() {
    let legal = TargetName("legal".into());
    let limits = Limits { remind_after: [(legal.clone(), Span::from_secs(60))].into(), ..limits() };
    let told = |facts: &Facts, now| {
        let all = attention(facts, &[], &limits, at(now));
        all.iter().map(|found| found.code.as_str()).collect::<Vec<_>>()
    };
    let open = Facts { tasks: vec![sample::tasks("legal", 0)], ..Facts::default() };
    assert_eq!((told(&open, 59), told(&open, 60)), (vec![], vec!["tasks_open"]));
    let parked = |count| vec![ParkedSteps { target: legal.clone(), group: group(count), oldest: ErasureId([9; 16]) }];
    let late =
        |count| Facts { tasks: vec![sample::tasks("legal", 2)], parked_steps: parked(count), ..Facts::default() };
    assert_eq!(told(&late(2), 0), ["tasks_late"]);
    assert_eq!(told(&late(3), 0), ["steps_parked", "tasks_late"], "one of them is no late task");
}
