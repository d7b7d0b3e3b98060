//! What is done next. Chance decides, but so that much comes to its end: what is held is ended as often as anything is
//! claimed, and orders meet erasures that they concern.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::super::fixtures::{
    HOUR, email, in_hours, installation, key_ids, person, session, steps_at, target, to_decide, to_resolve, to_seal,
    to_settle,
};
use super::action::{Action, Asked, Deciding, Ending, LinkAct};
use super::model::{Model, Modelled};
use super::task::Held;
use crate::chance::Chance;
use crate::erasure::confirmation::{LinkBounds, LinkMailEnd};
use crate::erasure::life::Finds;
use crate::erasure::{
    Attempt, Capsule, Confirm, ErasureId, ErasureState, Evidence, NewErasure, Outcome, Reportable, Selection, Stage,
    StepEnd, Subject,
};
use crate::hold::{HoldId, HoldOn, HoldReason, NewHold};
use crate::keys::{Digest, Sealed};
use crate::ledger::{QueueName, Work};
use crate::request::{ClosedBecause, Ended, RejectedBecause, RequestId};
use crate::subject::{SessionKey, TargetName};

const TARGETS: [&str; 3] = ["crm", "mailbox", "mluvii"];

/// Who asks to be erased.
const PERSONS: [u8; 3] = [1, 2, 3];

/// How a request ends by somebody's order.
const ENDS: [Ended; 4] = [
    Ended::Rejected(RejectedBecause::LegalClaims),
    Ended::Withdrawn,
    Ended::Closed(ClosedBecause::Incomplete),
    Ended::Closed(ClosedBecause::NothingHeld),
];

const SECOND: Duration = Duration::from_secs(1);

const RULES: [&str; 3] = ["request", "left", "refused"];

pub(super) fn sessions() -> [SessionKey; 3] {
    [session(1), session(2), session(3)]
}

pub(super) fn queues() -> Vec<QueueName> {
    let mut queues = vec![to_decide(), to_settle(), to_resolve(), QueueName::Close];
    queues.extend(TARGETS.map(steps_at));
    queues
}

pub(super) fn choose(chance: &mut Chance, model: &Model, held: &[Held]) -> Action {
    if chance.one_in(10) {
        return Action::Link(link_act(chance, model));
    }
    match chance.below(100) {
        0..10 => Action::Request(Box::new(request(chance))),
        10..14 => record(chance),
        14..38 => claim(chance, model),
        38..72 if !held.is_empty() => end(chance, model, held),
        38..72 => claim(chance, model),
        72..78 => report(chance, model),
        78..86 => Action::Ask(ask(chance, model)),
        86 => Action::Expire,
        87..94 => order(chance, model),
        94..97 => hold_or_lift(chance, model),
        97 => Action::Archive { most: chance.of(&[1, 2, 50]) },
        _ => stop_or_resume(chance),
    }
}

fn record(chance: &mut Chance) -> Action {
    let (session, number) = (chance.of(&sessions()), u128::from(chance.number()));
    Action::Record { session, number, again: chance.one_in(3) }
}

fn request(chance: &mut Chance) -> NewErasure {
    let address = chance.of(&[1, 1, 2]);
    let subject = match chance.below(6) {
        0..3 => Subject::Session(chance.of(&sessions())),
        3 | 4 => person(address),
        _ => Subject::Guest { installation: installation(), digest: Digest([1; 16]) },
    };
    let is_person = matches!(subject, Subject::Person { .. });
    let fingerprints = if is_person { vec![email(address)] } else { Vec::new() };
    // By a form that a link confirms, or a person where it names no single address.
    let confirm = (is_person && chance.one_in(2)).then(|| match chance.below(6) {
        0 => Confirm::NoAddress,
        _ => Confirm::Email { address: Digest([address; 16]) },
    });
    let origin = matches!(subject, Subject::Guest { .. }) && chance.one_in(2);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&chance.number().to_be_bytes());
    NewErasure {
        id: ErasureId(id),
        subject,
        rule: chance.of(&RULES).to_owned(),
        version: chance.one_in(2).then(|| "1".to_owned()),
        targets: (0..targets_of(chance)).map(|_| target(chance.of(&TARGETS))).collect(),
        due: at(chance.of(&[-3, -1, -1, 3, 5])),
        approve: confirm.is_some() || chance.one_in(3),
        approved: None,
        confirm,
        origin: origin.then_some(Digest([2; 16])),
        selection: Selection { include_possible: chance.one_in(5), ..Selection::default() },
        capsule: (confirm.is_some() || chance.one_in(3)).then(|| to_seal("ann@x.cz")).flatten(),
        fingerprints,
    }
}

/// Mostly what comes next of a person's request that there is.
fn ask(chance: &mut Chance, model: &Model) -> Asked {
    if model.requests.is_empty() || chance.one_in(5) {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&chance.number().to_be_bytes());
        return Asked::Enter { person: chance.of(&PERSONS), id: RequestId(id), verified: chance.one_in(2) };
    }
    let request = &model.requests[chance.below(model.requests.len())].stored.request;
    let erased = request.receipted.iter().filter(|id| model.erasures.contains_key(id));
    let erased: Vec<_> = erased.copied().collect();
    if !erased.is_empty() && chance.one_in(2) {
        return Asked::LookAgain { erasure: chance.of(&erased), found: !chance.one_in(3) };
    }
    let (id, stale) = (request.id, chance.one_in(8));
    match chance.below(12) {
        0 => return Asked::Extend { id, stale, months: chance.of(&[1, 1, 2]) },
        1 => return Asked::End { id, stale, ended: chance.of(&ENDS) },
        2..5 if request.verified.is_none() => return Asked::Verify { id, stale },
        5..10 if request.verified.is_none() => return Asked::WantLink { id, stale },
        // An address is proved, and whose the rest is as well.
        2 if request.is_by_address_alone() => return Asked::Verify { id, stale },
        _ => {}
    }
    match &request.plan {
        None if !chance.one_in(6) => Asked::Plan { id, stale },
        Some(plan) if plan.approved.is_none() && !chance.one_in(3) => {
            Asked::Approve { id, stale, by: chance.of(&["eve", "eve", "eve", "ann", "bob"]) }
        }
        // No link is waited for of what was planned.
        _ => Asked::Run { id, stale, erasure: Box::new(NewErasure { confirm: None, ..self::request(chance) }) },
    }
}

/// Each mail is one of those that there were, or none of them.
fn link_act(chance: &mut Chance, model: &Model) -> LinkAct {
    let of = chance.below(model.mails.len() + 1);
    match chance.below(10) {
        0..4 => LinkAct::Take(link_bounds(chance)),
        // Ends that put a mail off by some seconds are not among them: when those are over is not known to both.
        4..6 => {
            let [unclear, nobody] = [LinkMailEnd::Unclear("x".into()), LinkMailEnd::NoAddress("x".into())];
            LinkAct::MailEnded { of, end: chance.of(&[LinkMailEnd::Sent, LinkMailEnd::Sent, unclear, nobody]) }
        }
        _ => LinkAct::Use { of, again: chance.one_in(3) },
    }
}

/// Now and then there was enough mail, a link has run out as soon as it is mailed, or whoever takes its mail is killed at once.
fn link_bounds(chance: &mut Chance) -> LinkBounds {
    let to_one = chance.of(&[3, 1_000, 1_000]);
    LinkBounds {
        to_one_in_an_hour: to_one,
        to_one_in_a_day: to_one,
        in_an_hour: chance.of(&[12, 1_000, 1_000]),
        valid_for: if chance.one_in(5) { Duration::ZERO } else { HOUR },
        lease: if chance.one_in(3) { Duration::ZERO } else { HOUR },
    }
}

/// None is refused.
fn targets_of(chance: &mut Chance) -> usize {
    if chance.one_in(30) { 0 } else { 1 + chance.below(3) }
}

/// In the whole milliseconds that a ledger keeps.
fn at(hours: i64) -> Timestamp {
    Timestamp::from_millisecond(in_hours(hours).as_millisecond()).expect("in range")
}

/// Mostly of a queue in which something is due.
fn claim(chance: &mut Chance, model: &Model) -> Action {
    let now = Timestamp::now();
    let any = chance.one_in(4);
    let waits: Vec<_> = queues().into_iter().filter(|queue| any || !model.due(queue, now).is_empty()).collect();
    let queue = chance.of(if waits.is_empty() { &[QueueName::Close] } else { &waits[..] });
    Action::Claim { queue, most: chance.of(&[1, 2, 50]), lease: at_once_or_later(chance) }
}

/// A lease that ends at once, or beyond the story's end; a pause likewise.
fn at_once_or_later(chance: &mut Chance) -> Duration {
    if chance.one_in(3) { 2 * HOUR } else { Duration::ZERO }
}

fn end(chance: &mut Chance, model: &Model, all: &[Held]) -> Action {
    let held = chance.below(all.len());
    let ending = match chance.below(12) {
        0 => Ending::Renew { lease: at_once_or_later(chance) },
        1 => Ending::Retry { pause: at_once_or_later(chance), attempt: chance.of(&[Attempt::Counts, Attempt::Free]) },
        2 => Ending::Park { outcome: chance.of(&[Outcome::Parked, Outcome::Residual]) },
        _ => finish(chance, model, &all[held].claim.work),
    };
    Action::End { held, ending, again: chance.one_in(6) }
}

fn finish(chance: &mut Chance, model: &Model, work: &Work) -> Ending {
    match work {
        Work::Decide(work) => Ending::Decided(deciding(chance, model, &work.event.head.session)),
        Work::Settle(work) => Ending::Decided(deciding(chance, model, &work.session)),
        Work::Resolve(_) => Ending::Resolved { reaches: chance.some_of(&sessions()), finds: finds(chance) },
        Work::Step(_) if chance.one_in(8) => Ending::KeepResume(Sealed(vec![3])),
        Work::Step(work) if chance.one_in(if work.stage == Stage::Erase { 5 } else { 40 }) => Ending::Sending,
        // What one stage ends with is refused in the other.
        Work::Step(work) if work.stage.is_find() != chance.one_in(30) => Ending::Stepped(found(chance)),
        Work::Step(_) => Ending::Stepped(step_end(chance)),
        Work::Close(_) => Ending::Closed { late: chance.one_in(5) },
    }
}

fn deciding(chance: &mut Chance, model: &Model, session: &SessionKey) -> Deciding {
    let as_it_is = model.sessions.get(session).and_then(|session| session.settle_at);
    let foreign = chance.one_in(15);
    let count = if foreign { 0 } else { chance.below(3) };
    let mut erasures: Vec<_> = (0..count).map(|_| request(chance)).collect();
    // As one of the backends schedules them in any case: so their links have the same order in both.
    erasures.sort_by_key(NewErasure::merge_key);
    Deciding {
        stale: chance.one_in(10),
        foreign,
        read: chance.one_in(3),
        settle_at: chance.of(&[None, Some(at(-1)), Some(at(2)), Some(at(4)), as_it_is]),
        rules_no_longer: if chance.one_in(3) { chance.some_of(&RULES.map(str::to_owned)) } else { Vec::new() },
        erasures,
    }
}

fn finds(chance: &mut Chance) -> Finds {
    // Some of them side by side, some one after the other.
    let first = some_targets(chance).into_iter().map(|target| (target, u32::from(chance.one_in(2)) * 2));
    Finds { first: first.collect(), later: some_targets(chance) }
}

fn some_targets(chance: &mut Chance) -> BTreeSet<TargetName> {
    let some = if chance.one_in(3) { chance.some_of(&TARGETS) } else { Vec::new() };
    some.into_iter().map(target).collect()
}

fn found(chance: &mut Chance) -> StepEnd {
    StepEnd::Found { capsule: chance.one_in(2).then(unopened), more: chance.one_in(3) }
}

/// Nobody opens it.
fn unopened() -> Capsule {
    Capsule { wrapped_key: Sealed(vec![1]), content: Sealed(vec![2]), seal_key: key_ids("9").seal }
}

fn step_end(chance: &mut Chance) -> StepEnd {
    let pause = at_once_or_later(chance);
    let counts = BTreeMap::from([("contacts".to_owned(), chance.number() % 4)]);
    let reason = chance.one_in(3).then(|| "an invoice is kept".to_owned());
    match chance.below(10) {
        0..3 => {
            let outcome = chance.of(&[Outcome::Erased, Outcome::Absent]);
            StepEnd::VerifyAfter { pause, outcome, reason, counts, evidence: evidence(chance) }
        }
        3 => StepEnd::Await { within: pause },
        4 if chance.one_in(2) => StepEnd::NotReported,
        4 => StepEnd::EraseAgain { pause },
        5 if chance.one_in(2) => StepEnd::OutcomeUnknown,
        5 if chance.one_in(3) => StepEnd::Stopped { done: counts },
        5 => StepEnd::StillUnknown { reason: "it cannot say".to_owned() },
        _ => {
            let (erased, absent) = (Outcome::Erased, Outcome::Absent);
            let outcome = chance.of(&[erased, absent, Outcome::Retained, Outcome::Residual, Outcome::Unverifiable]);
            StepEnd::Final { outcome, reason, counts, evidence: evidence(chance) }
        }
    }
}

fn evidence(chance: &mut Chance) -> Evidence {
    let some = |chance: &mut Chance, word: &str| if chance.one_in(2) { vec![word.to_owned()] } else { Vec::new() };
    Evidence {
        looked_at: some(chance, "contacts"),
        not_looked_at: some(chance, "notes"),
        keeps: chance.one_in(3).then(|| some(chance, "the bin, for 30 days")),
        expected: chance.one_in(4),
        nothing_asked: chance.one_in(4),
        ..Evidence::default()
    }
}

/// Mostly of what a step does now; now and then of an earlier or a later round, of another stage, or of a step that there
/// is none of.
fn report(chance: &mut Chance, model: &Model) -> Action {
    let report = Sealed(vec![u8::try_from(chance.below(9)).expect("small")]);
    let erasure = erasure(chance, model, |erasure| erasure.began.is_some() && erasure.ended.is_none());
    let began = model.erasures.get(&erasure).and_then(|erasure| erasure.began.as_ref());
    let going: Vec<_> = began.iter().flat_map(|began| &began.steps).filter(|step| step.stage().is_some()).collect();
    let mut of = match going.is_empty() {
        true => Reportable { erasure, target: target(chance.of(&TARGETS)), stage: Stage::Erase, round: 0 },
        false => {
            let step = chance.of(&going);
            Reportable::now(erasure, step.stage().unwrap_or(Stage::Erase), step)
        }
    };
    match chance.below(10) {
        0 => of.round += 1,
        1 => of.stage = chance.of(&[Stage::Find, Stage::FindLater, Stage::Erase, Stage::Verify]),
        _ => {}
    }
    Action::Report(of, report)
}

fn order(chance: &mut Chance, model: &Model) -> Action {
    match chance.below(15) {
        0..4 => Action::Approve(erasure(chance, model, |erasure| erasure.state == ErasureState::Requested)),
        4 => Action::Reject(erasure(chance, model, |erasure| erasure.state == ErasureState::Requested)),
        5..10 => Action::Retry(erasure(chance, model, |erasure| erasure.ended.is_none())),
        10..13 => Action::Cancel(erasure(chance, model, |erasure| erasure.ended.is_none())),
        13 => Action::Stop(erasure(chance, model, |erasure| erasure.began.is_some() && erasure.ended.is_none())),
        _ => Action::RetryParked,
    }
}

/// One that the order concerns, where there is one; now and then any, or one that there is not.
fn erasure(chance: &mut Chance, model: &Model, concerned: impl Fn(&Modelled) -> bool) -> ErasureId {
    let any = chance.one_in(8);
    let found = model.erasures.iter().filter(|(_, erasure)| any || concerned(erasure));
    let ids: Vec<_> = found.map(|(id, _)| *id).collect();
    if ids.is_empty() { ErasureId([9; 16]) } else { chance.of(&ids) }
}

/// Now and then there is one, on which not everything waits for long.
fn hold_or_lift(chance: &mut Chance, model: &Model) -> Action {
    let there = model.holds.len();
    if there > 1 || (there == 1 && !chance.one_in(3)) {
        let id = model.holds[chance.below(there)].id;
        return Action::Lift(if chance.one_in(6) { HoldId([9; 6]) } else { id });
    }
    let mut id = [0; 6];
    id.copy_from_slice(&chance.number().to_be_bytes()[..6]);
    let on = match chance.below(6) {
        0..2 => HoldOn::Session(chance.of(&sessions()).session),
        2..4 => HoldOn::Rule(chance.of(&RULES).to_owned()),
        4 => HoldOn::Guest(Digest([1; 16])),
        _ => HoldOn::Person(vec![email(1)]),
    };
    let (reason, case) = (HoldReason::Review, "21 C 7/2026".parse().ok());
    // In a moment, or beyond the story's end.
    let ends = chance.one_in(6).then(|| if chance.one_in(2) { at(2) } else { Timestamp::now() + 6 * SECOND });
    let until = ends.and_then(|end| Timestamp::from_millisecond(end.as_millisecond()).ok());
    Action::Hold(NewHold { id: HoldId(id), installation: installation(), on, reason, case, until })
}

fn stop_or_resume(chance: &mut Chance) -> Action {
    let called = target(chance.of(&TARGETS)).called_for(&installation());
    match chance.below(5) {
        0 => Action::StopTarget(called),
        1 => Action::Pause(called),
        2 => Action::ResumeTarget(called),
        _ => Action::Unpause(called),
    }
}
