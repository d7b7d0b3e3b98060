use jiff::civil::date;

use super::*;
use crate::audit::Actor;
use crate::erasure::confirmation::{Confirmation, ShownLink};
use crate::erasure::{ErasureId, Outcome, sample};
use crate::hold::{HeldBy, HoldId, HoldReason};
use crate::request::{Came, Entered, Plan, PlannedSession, RequestId, RequestNumber, VerifiedBy};
use crate::subject::{InstallationName, Kind};

const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

fn calendar() -> Calendar {
    Calendar::of("Europe/Prague").expect("known")
}

fn by(name: &str) -> Actor {
    Actor::cli(name)
}

/// It came on 1 January 1970; its last day is the 2nd of February, as the 1st is a Sunday.
fn entered() -> Request {
    let entered = Entered {
        id: RequestId([1; 16]),
        number: None,
        mluvii: InstallationName("acme".into()),
        came: Came::Letter,
        received: date(1970, 1, 1),
        verified: None,
        targets: vec![TargetName::mluvii()],
        kinds: [Kind::Email].into(),
    };
    Request::of(entered, RequestNumber::own(7), &by("ann"), at(0))
}

fn verified() -> Request {
    entered().verify(VerifiedBy::Document, date(1970, 1, 2), &by("ann"), at(0)).expect("verified")
}

fn planned(sessions: usize) -> Request {
    let session = PlannedSession {
        session: "acme/1".parse().expect("a session"),
        certainty: "certain".into(),
        reason: "email".into(),
    };
    let (hash, by, at) = ("aa".into(), by("bob"), at(0));
    let plan = Plan { hash, sessions: vec![session; sessions], by, at, approved: None, foreseen: None };
    Request { plan: Some(plan), ..verified() }
}

fn step(state: StepState) -> Step {
    Step { state, ..sample::step("crm", Outcome::Erased) }
}

fn to_call(stage: Stage, so_far: Option<Outcome>) -> Step {
    step(StepState::to_call(stage, so_far))
}

fn awaited(target: &str) -> Step {
    let report = ReportState::Awaited { by: at(9 * DAY) };
    let state = StepState::UnderWay { stage: Stage::Erase, so_far: None, report };
    Step { state, ..sample::step(target, Outcome::Erased) }
}

fn parked() -> Step {
    let state = StepState::Parked { stage: Stage::Erase, outcome: Outcome::Parked };
    Step { reason: Some("403".into()), ..step(state) }
}

fn purging(until: i64) -> Step {
    Step { due: Some(at(until)), ..to_call(Stage::Verify, Some(Outcome::Erased)) }
}

fn erasing(steps: Vec<Step>) -> Erasure {
    Erasure { state: ErasureState::Erasing, ..sample::session(steps) }
}

fn in_state(state: ErasureState) -> Erasure {
    Erasure { state, ..sample::session(Vec::new()) }
}

fn held(erasure: Erasure) -> Erasure {
    let holds = vec![HeldBy { hold: HoldId([1; 6]), reason: HoldReason::Review, case: None }];
    Erasure { held: true, holds, ..erasure }
}

/// The CRM is paused, or out.
fn around(paused: &[&str], out: &[&str]) -> Surroundings {
    let name = |name: &&str| TargetName((*name).into());
    Surroundings {
        paused: paused.iter().map(name).collect(),
        out: out.iter().map(name).map(|name| (name, (at(DAY), "401".to_owned()))).collect(),
        manual: [TargetName("legal".into())].into(),
        holds: [(HoldId([1; 6]), None)].into(),
    }
}

fn shown(all: &[Delay]) -> String {
    let one = |delay: &Delay| {
        let code = serde_json::to_value(delay.code).expect("JSON");
        let target = delay.target.as_ref().map(|target| format!(" {target}")).unwrap_or_default();
        let until = delay.until.map(|until| format!(" until {}", until.as_second() / DAY)).unwrap_or_default();
        let late = if delay.too_late { " too late" } else { "" };
        let reason = delay.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("{}{target}{until}{late}{reason}", code.as_str().expect("a word"))
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(erasure: &Erasure, around: &Surroundings, expected: &str) {
    assert_eq!(shown(&of_erasure(erasure, around, at(DAY / 2))), expected);
}

#[test]
fn why_an_erasure_is_not_over() {
    let none = around(&[], &[]);
    let to_erase = || to_call(Stage::Erase, None);
    let failed = Step { reason: Some("503".into()), ..to_erase() };
    let over = || sample::step("mluvii", Outcome::Erased);
    for (erasure, around, expected) in [
        (in_state(ErasureState::Requested), &none, "approval"),
        (in_state(ErasureState::Scheduled), &none, "settling"),
        (Erasure { due: at(2 * DAY), ..in_state(ErasureState::Scheduled) }, &none, "not_due until 2"),
        (in_state(ErasureState::Scheduled), &around_mluvii(), "paused mluvii/acme"),
        (held(in_state(ErasureState::Scheduled)), &none, "held (h-010101010101 (review))"),
        (erasing(vec![to_erase(), over()]), &none, "target crm"),
        (erasing(vec![failed]), &none, "target crm (503)"),
        (erasing(vec![parked(), awaited("legal")]), &none, "parked crm (403), task legal until 9"),
        (erasing(vec![awaited("crm")]), &none, "report crm until 9"),
        (erasing(vec![to_erase()]), &around(&["crm"], &[]), "paused crm"),
        (erasing(vec![to_erase()]), &around(&[], &["crm"]), "out crm until 1 (401)"),
        (erasing(vec![purging(24 * DAY)]), &none, "purge crm until 24"),
        // What needs nobody before then, whether it is there or not.
        (erasing(vec![purging(24 * DAY)]), &around(&["crm"], &["crm"]), "purge crm until 24"),
        (erasing(vec![purging(0)]), &none, "target crm"),
        (
            held(erasing(vec![to_erase(), purging(24 * DAY)])),
            &none,
            "held (h-010101010101 (review)), purge crm until 24",
        ),
        (erasing(vec![over()]), &none, "receipt"),
        (in_state(ErasureState::Done), &none, ""),
        (held(in_state(ErasureState::Cancelled)), &none, ""),
    ] {
        check(&erasure, around, expected);
    }
}

#[test]
fn what_is_held_waits_for_the_holds_that_have_not_ended() {
    let one = |byte| HeldBy { hold: HoldId([byte; 6]), reason: HoldReason::Review, case: None };
    let erasure = Erasure { held: true, holds: vec![one(1), one(2)], ..in_state(ErasureState::Scheduled) };
    let by = |holds: &[(u8, Option<i64>)]| {
        let holds = holds.iter().map(|(byte, until)| (HoldId([*byte; 6]), until.map(at))).collect();
        shown(&of_erasure(&erasure, &Surroundings { holds, ..Surroundings::default() }, at(0)))
    };
    // The other one was lifted; a third one keeps something else.
    assert_eq!(by(&[(2, Some(40 * DAY)), (3, None)]), "held until 40 (h-020202020202 (review))");
    assert_eq!(by(&[(1, Some(DAY)), (2, Some(40 * DAY))]).split(" (").next(), Some("held until 40"));
    assert_eq!(by(&[(1, None), (2, Some(DAY))]).split(" (").next(), Some("held"), "one of them has no end");
    assert_eq!(by(&[]), "held", "all have ended, and nobody has looked since");
    let request = Request { erasures: vec![erasure.id], ..verified() };
    let around = Surroundings { holds: [(HoldId([2; 6]), Some(at(40 * DAY)))].into(), ..Surroundings::default() };
    let all = of_request(&request, &[&erasure], false, &around, &calendar(), at(DAY));
    assert_eq!(shown(&all), "held until 40 too late (h-020202020202 (review))");
}

#[test]
fn a_link_that_has_run_out_is_not_waited_for() {
    let link = ShownLink { state: LinkState::Sent, mailed: Some(at(0)), expires: Some(at(DAY)), reason: None };
    let confirmation = Confirmation { by: Confirming::Email, confirmed: None, link: Some(link) };
    let erasure = Erasure { confirmation: Some(confirmation), ..in_state(ErasureState::Requested) };
    let none = around(&[], &[]);
    check(&erasure, &none, "link until 1");
    assert_eq!(shown(&of_erasure(&erasure, &none, at(DAY))), "approval");
}

fn around_mluvii() -> Surroundings {
    around(&["mluvii/acme"], &[])
}

#[test]
fn a_step_that_others_are_asked_before_is_not_what_it_waits_for() {
    let waits = step(StepState::WaitsForFinds);
    let finds = Step { target: TargetName("erp".into()), ..to_call(Stage::Find, None) };
    check(&erasing(vec![waits, finds]), &around(&[], &[]), "target erp");
    // It has answered nothing yet: nobody says that anything is purged.
    let unread = Step { due: Some(at(9 * DAY)), ..to_call(Stage::Verify, None) };
    check(&erasing(vec![unread]), &around(&[], &[]), "target crm");
}

#[test]
fn why_a_request_is_not_over() {
    let asked = entered().ask(date(1970, 1, 5), date(1970, 1, 6)).expect("asked");
    let id = ErasureId([7; 16]);
    let under_way = || Request { erasures: vec![id], ..verified() };
    let ended = entered().end(crate::request::Ended::Withdrawn, &by("ann"), at(0)).expect("ended");
    let (crm, none) = (erasing(vec![purging(40 * DAY)]), around(&[], &[]));
    for (request, erasures, four_eyes, expected) in [
        (entered(), vec![], false, "unverified"),
        (asked.clone(), vec![], false, "unanswered"),
        (verified(), vec![], false, "unplanned"),
        (Request { more: true, ..verified() }, vec![], false, "incomplete"),
        (planned(0), vec![], true, "nothing_planned"),
        (planned(1), vec![], false, "not_run"),
        (planned(1), vec![], true, "unapproved"),
        (under_way(), vec![&crm], false, "purge crm until 40 too late"),
        (Request { widened: true, ..under_way() }, vec![&crm], false, "unplanned, purge crm until 40 too late"),
        (Request { erasures: vec![id], ..planned(1) }, vec![&crm], false, "not_run, purge crm until 40 too late"),
        (ended, vec![], false, ""),
    ] {
        let all = of_request(&request, &erasures, four_eyes, &none, &calendar(), at(DAY));
        assert_eq!(shown(&all), expected);
    }
    let all = of_request(&asked, &[], false, &none, &calendar(), at(DAY));
    assert_eq!(all[0].since, Some(date(1970, 1, 5)));
    let soon = erasing(vec![purging(9 * DAY)]);
    let all = of_request(&under_way(), &[&soon], false, &none, &calendar(), at(DAY));
    assert_eq!(shown(&all), "purge crm until 9", "that is in time");
}
