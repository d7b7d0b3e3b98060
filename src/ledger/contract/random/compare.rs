//! Whether a ledger and the model agree. The ledger has a clock of its own: times that are a minute apart are the same, and
//! whatever has to differ is hours apart.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::fixtures::Shared;
use super::choice;
use super::model::{Model, Session};
use super::task::{Piece, Task};
use crate::erasure::{Erasure, ErasureState, ReportState, RuleDemand, Step, StepState};
use crate::ledger::{Claim, EraseWork, ErasureFilter, StepWork, Work};

/// More than there are.
const MANY: u32 = 1_000;

/// Compares everything that the ledger shows.
pub(super) async fn agree(ledger: &Shared, model: &mut Model) {
    let listed = ledger.erasures(&ErasureFilter::newest(MANY)).await.expect("listed").items;
    let ids: Vec<_> = listed.iter().map(|erasure| erasure.id).collect();
    assert!(ids.iter().eq(model.erasures.keys().rev()), "the erasures that there are: {ids:?}");
    for erasure in &listed {
        same_erasure(erasure, &model.shown(erasure.id, Timestamp::now()));
        take_over_deadlines(model, erasure);
    }
    for key in choice::sessions() {
        let view = ledger.session(&key).await.expect("read");
        let shown = view.map(|view| Session {
            version: view.version,
            settle_at: view.settle_at,
            read: view.read_at.is_some(),
            erased: view.erased_at.is_some(),
        });
        assert_eq!(shown.as_ref(), model.sessions.get(&key), "session {key}");
        let tombstone = ledger.tombstone(&key).await.expect("read");
        let erased = tombstone.map(|tombstone| tombstone.erased);
        assert_eq!(erased.as_ref(), model.tombstones.get(&key), "the tombstone of {key}");
    }
    same_counts(ledger, model).await;
    same_by_target(ledger, &listed).await;
}

/// The same of each erasure by itself, and its receipt.
pub(super) async fn each_agrees(ledger: &Shared, model: &Model) {
    for (id, modelled) in &model.erasures {
        let erasure = ledger.erasure(*id).await.expect("read").expect("is there");
        same_erasure(&erasure, &model.shown(*id, Timestamp::now()));
        let receipt = ledger.receipt_of(*id).await.expect("read");
        let is_archived = ledger.archived_receipt_of(*id).await.expect("read").is_some();
        let verdict = receipt.map(|receipt| receipt.statement.verdict);
        assert!(verdict.is_none() || !is_archived, "the receipt of {id} is in the ledger and in an archive");
        assert_eq!(if is_archived { erasure.verdict } else { verdict }, erasure.verdict, "the receipt of {id}");
        assert_eq!(is_archived, modelled.receipt.is_some_and(|number| number <= model.archived), "the archive of {id}");
    }
}

/// Compares what is found by each target with what is listed.
async fn same_by_target(ledger: &Shared, listed: &[Erasure]) {
    let targets: BTreeSet<_> = listed.iter().flat_map(|one| &one.steps).map(|step| step.target.clone()).collect();
    for target in targets {
        let has = |one: &&Erasure| one.steps.iter().any(|step| step.target == target);
        let expected: Vec<_> = listed.iter().filter(has).map(|one| one.id).collect();
        let filter = ErasureFilter { target: Some(target.clone()), ..ErasureFilter::newest(MANY) };
        let found = ledger.erasures(&filter).await.expect("listed").items;
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), expected, "the erasures at {target}");
    }
}

async fn same_counts(ledger: &Shared, model: &Model) {
    let now = Timestamp::now();
    let counts = ledger.counts().await.expect("counted");
    let mut states: BTreeMap<&str, u64> = ErasureState::ALL.iter().map(|state| (state.as_str(), 0)).collect();
    for erasure in model.erasures.values() {
        *states.entry(erasure.state.as_str()).or_default() += 1;
    }
    assert_eq!(counts.erasures, states, "erasures by state");
    let of = |kind: &str| model.count(|task| !task.parked && task.queue.starts_with(kind));
    assert_eq!(counts.events_waiting, of("decide:"), "events that wait");
    assert_eq!(counts.sessions_settling, of("settle:"), "sessions that settle");
    assert_eq!(counts.parked_work, model.count(|task| task.parked && !task.is_step()), "parked work");
    assert_eq!(counts.parked_steps, model.steps_by_target(|task| task.parked), "parked steps");
    assert_eq!(counts.waiting_steps, model.steps_by_target(|task| !task.parked), "steps that wait");
    let could_be_done = |task: &Task| {
        let begins_or_calls = task.is_step() || task.queue.starts_with("resolve:");
        !task.parked && task.due <= now && begins_or_calls
    };
    assert_eq!(counts.overdue, model.count(could_be_done), "what could be done");
    assert_eq!(counts.sessions, model.sessions.len() as u64, "sessions");
    assert_eq!(counts.foreign_sessions, model.foreign_sessions, "sessions that are none of ours");
    assert_eq!(counts.receipts, model.receipts - model.archived, "receipts");
    assert_eq!(counts.archived_receipts, model.archived, "archived receipts");
}

/// Compares what was claimed with what was due, the longest due first, and `most` of it.
pub(super) fn claimed(model: &Model, due: &[(Timestamp, Piece)], claims: &[Claim], most: usize) {
    let pieces: Vec<_> = claims.iter().map(|claim| Piece::of(&claim.work)).collect();
    assert_eq!(claims.len(), most.min(due.len()), "claimed: {pieces:?}; due: {due:?}");
    for (piece, (longest_due, _)) in pieces.iter().zip(due) {
        let found = due.iter().find(|(_, one)| one == piece);
        let (since, _) = found.unwrap_or_else(|| panic!("{piece:?} was claimed and not due: {due:?}"));
        assert!(near(*since, *longest_due), "claimed: {pieces:?}; longest due first: {due:?}");
    }
    for (claim, piece) in claims.iter().zip(&pieces) {
        assert_eq!(claim.attempt, model.work[piece].attempt, "attempts of {piece:?}");
        same_work(model, &claim.work);
    }
}

fn same_work(model: &Model, work: &Work) {
    match work {
        Work::Decide(_) => {}
        Work::Settle(work) => {
            let settle_at = model.sessions[&work.session].settle_at;
            assert_eq!(Some(work.since), settle_at, "when {} was to be looked at", work.session);
        }
        Work::Resolve(work) => same_beginning(model, work),
        Work::Step(work) => same_call(model, work),
        Work::Close(erasure) => same_erasure(erasure, &model.shown(erasure.id, Timestamp::now())),
    }
}

fn same_beginning(model: &Model, work: &EraseWork) {
    let erasure = &model.erasures[&work.id];
    assert_eq!(work.subject, erasure.subject);
    assert_eq!(work.targets, erasure.waiting.targets);
    assert_eq!(work.selection, erasure.selection);
    assert_eq!(work.capsules.len(), erasure.capsules, "capsules of {}", work.id);
    let undecided = model.count(|task| task.queue.starts_with("decide:") && !task.parked) > 0;
    assert_eq!(work.undecided_since.is_some(), undecided, "whether an event waits to be decided on");
    assert_eq!(work.unread_since.is_some(), model.some_are_unread(), "whether a session waits to be read");
    assert!(near(work.due, erasure.waiting.due_rule), "{} by its rule, and {:?}", work.due, erasure.waiting);
}

fn same_call(model: &Model, work: &StepWork) {
    let erasure = &model.erasures[&work.erasure];
    let began = erasure.began.as_ref().expect("it has steps");
    let step = began.steps.iter().find(|step| step.target == work.step.target).expect("the step is there");
    assert_eq!(at_my_times(work.step.clone(), step), *step);
    assert_eq!((Some(work.stage), &work.subject), (step.stage(), &erasure.subject));
    assert_eq!(work.capsules.len(), began.capsules, "capsules of {}", work.erasure);
    assert!(work.sessions.iter().eq(&began.reaches), "{:?} are reached", work.sessions);
}

fn same_erasure(shown: &Erasure, mine: &Erasure) {
    let mut shown = shown.clone();
    near_is_same(&mut shown.created, mine.created);
    near_is_same(&mut shown.due, mine.due);
    near_if_all(&mut shown.demands, &mine.demands);
    near_if_both(&mut shown.begun, mine.begun);
    near_if_both(&mut shown.ended, mine.ended);
    near_if_both(&mut shown.approved, mine.approved);
    if let (Some(shown), Some(mine)) = (&mut shown.confirmation, &mine.confirmation) {
        near_if_both(&mut shown.confirmed, mine.confirmed);
        if let (Some(shown), Some(mine)) = (&mut shown.link, &mine.link) {
            near_if_both(&mut shown.mailed, mine.mailed);
            near_if_both(&mut shown.expires, mine.expires);
        }
    }
    let mut steps = mine.steps.iter();
    let with_mine = |step: Step| match steps.next() {
        Some(mine) => at_my_times(step, mine),
        None => step,
    };
    shown.steps = shown.steps.into_iter().map(with_mine).collect();
    assert_eq!(shown, *mine, "what the ledger shows of an erasure, and the model");
}

fn at_my_times(mut step: Step, mine: &Step) -> Step {
    // The work's, which is compared with the work.
    step.due = mine.due;
    near_if_both(&mut step.erased_at, mine.erased_at);
    near_if_both(&mut step.verified_at, mine.verified_at);
    if let StepState::UnderWay { report: ReportState::Awaited { by }, .. } = &mut step.state
        && let Some(mine) = mine.report_by()
    {
        near_is_same(by, mine);
    }
    step
}

/// When a report is to come is said in a reason, and must be the same there.
fn take_over_deadlines(model: &mut Model, shown: &Erasure) {
    let Some(began) = &mut model.erasure(shown.id).began else { return };
    for (mine, shown) in began.steps.iter_mut().zip(&shown.steps) {
        if let StepState::UnderWay { report: ReportState::Awaited { by }, .. } = &mut mine.state
            && let Some(shown) = shown.report_by()
        {
            *by = shown;
        }
    }
}

pub(super) fn near(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() < SignedDuration::from_mins(1)
}

pub(super) fn near_is_same(shown: &mut Timestamp, mine: Timestamp) {
    if near(*shown, mine) {
        *shown = mine;
    }
}

/// Of demands that differ by the times at which two clocks were read.
fn near_if_all(shown: &mut Vec<RuleDemand>, mine: &[RuleDemand]) {
    let parts = |demand: &RuleDemand| {
        let mut demand = serde_json::to_value(demand).expect("JSON");
        let due = demand.as_object_mut().expect("an object").remove("d");
        (demand, due.and_then(|due| Timestamp::from_millisecond(due.as_i64()?).ok()))
    };
    let is_near = |(shown, mine): (&RuleDemand, &RuleDemand)| {
        let ((shown, is), (mine, should)) = (parts(shown), parts(mine));
        shown == mine && is.zip(should).is_some_and(|(is, should)| near(is, should))
    };
    if shown.len() == mine.len() && shown.iter().zip(mine).all(is_near) {
        *shown = mine.to_vec();
    }
}

pub(super) fn near_if_both(shown: &mut Option<Timestamp>, mine: Option<Timestamp>) {
    if let (Some(shown), Some(mine)) = (shown, mine) {
        near_is_same(shown, mine);
    }
}
