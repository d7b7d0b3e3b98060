//! Erasures before they begin.

use super::fixtures::*;
use crate::erasure::{ErasureState, Subject};
use crate::keys::Digest;
use crate::ledger::{Decision, Finished, Queue, Resolution, Work};

pub(crate) async fn a_session_is_not_erased_before_it_settles(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    let mut change = unchanged(1, 0);
    change.settle_at = Some(in_hours(2));
    let erasure = due_erasure(1, &["crm"]);
    let id = erasure.id;
    let waits = Decision { session: change, erasures: vec![erasure] };
    assert_eq!(ledger.decided(mine, waits).await.expect("decided"), Finished::Done);
    assert!(claim(&ledger, &Queue::Resolve).await.is_empty());
    assert!(shown(&ledger, id).await.due > in_hours(1));

    decide(&ledger, unchanged(1, 1)).await;
    let _ = only(claim(&ledger, &Queue::Resolve).await);
    assert!(shown(&ledger, id).await.due < in_hours(1));
}

pub(crate) async fn an_erasure_moves_when_its_session_goes_on(ledger: Shared) {
    decide(&ledger, unchanged(1, 0)).await;
    let id = ledger.request(due_erasure(1, &["crm"])).await.expect("requested");
    let later = ledger.request(erasure_of(Subject::Session(session(2)), &["crm"], in_hours(9))).await;
    let later = later.expect("requested");
    let mut goes_on = unchanged(1, 1);
    goes_on.settle_at = Some(in_hours(2));
    decide(&ledger, goes_on).await;
    let mut goes_on = unchanged(2, 0);
    goes_on.settle_at = Some(in_hours(2));
    decide(&ledger, goes_on).await;
    assert!(claim(&ledger, &Queue::Resolve).await.is_empty());
    assert!(shown(&ledger, id).await.due > in_hours(1));
    assert!(shown(&ledger, later).await.due > in_hours(8));
}

pub(crate) async fn requests_of_one_subject_become_one_erasure(ledger: Shared) {
    let person = |digest| Subject::Person { digest: Digest([digest; 16]) };
    let mut first = erasure_of(person(1), &["mluvii", "crm"], in_hours(3));
    first.capsule = Some(capsule("ann@x.cz"));
    let id = ledger.request(first.clone()).await.expect("requested");
    assert_eq!(id, first.id);
    let mut second = erasure_of(person(1), &["crm", "mailbox"], in_hours(-1));
    second.rule = "the delete-my-data form".into();
    second.capsule = Some(capsule("ann@y.cz"));
    assert_eq!(ledger.request(second).await.expect("requested"), id);
    let third = erasure_of(person(1), &["crm"], in_hours(5));
    assert_eq!(ledger.request(third).await.expect("requested"), id);
    let other = ledger.request(erasure_of(person(2), &["crm"], in_hours(5))).await.expect("requested");
    assert_ne!(other, id);

    let one = shown(&ledger, id).await;
    assert_eq!(one.rules, ["request", "the delete-my-data form"]);
    assert!(one.due < in_hours(0));
    let planned: Vec<_> = one.steps.iter().map(|step| (&*step.target.0, step.stage, step.outcome)).collect();
    assert_eq!(planned, [("mluvii", None, None), ("crm", None, None), ("mailbox", None, None)]);
    let work = only(claim(&ledger, &Queue::Resolve).await).work;
    let Work::Resolve(work) = work else { panic!("not an erasure") };
    assert_eq!((work.id, work.capsules.len(), work.targets.len()), (id, 2, 3));
    assert_eq!(ledger.counts().await.expect("counted").erasures["scheduled"], 2);
}

pub(crate) async fn the_same_request_again_takes_the_work_from_no_one(ledger: Shared) {
    let id = ledger.request(due_erasure(1, &["crm"])).await.expect("requested");
    let mine = only(claim(&ledger, &Queue::Resolve).await);
    let mut same = due_erasure(1, &["crm"]);
    same.due = in_hours(1);
    assert_eq!(ledger.request(same).await.expect("requested"), id);
    assert!(claim(&ledger, &Queue::Resolve).await.is_empty());
    let resolution = Resolution { capsule: capsule("ann@x.cz"), sessions: Vec::new() };
    assert_eq!(ledger.resolved(mine, resolution).await.expect("resolved"), Finished::Done);
}

pub(crate) async fn a_merge_takes_the_work_from_whoever_resolves_it(ledger: Shared) {
    ledger.request(due_erasure(1, &["crm"])).await.expect("requested");
    let mine = only(claim(&ledger, &Queue::Resolve).await);
    ledger.request(due_erasure(1, &["mailbox"])).await.expect("requested");
    let resolution = Resolution { capsule: capsule("ann@x.cz"), sessions: Vec::new() };
    assert_eq!(ledger.resolved(mine, resolution).await.expect("answered"), Finished::LeaseLost);
    let work = only(claim(&ledger, &Queue::Resolve).await).work;
    let Work::Resolve(work) = work else { panic!("not an erasure") };
    assert_eq!(work.targets, [target("crm"), target("mailbox")]);
}

pub(crate) async fn a_request_after_the_beginning_is_an_erasure_of_its_own(ledger: Shared) {
    let begun = begun(&ledger, 1, &["crm"]).await;
    let next = ledger.request(due_erasure(1, &["crm"])).await.expect("requested");
    assert_ne!(begun, next);
    assert_eq!(shown(&ledger, begun).await.state, ErasureState::Erasing);
    assert_eq!(shown(&ledger, next).await.state, ErasureState::Scheduled);
}

pub(crate) async fn a_scheduled_erasure_can_be_made_due(ledger: Shared) {
    let later = erasure_of(Subject::Session(session(1)), &["crm"], in_hours(24));
    let id = ledger.request(later).await.expect("requested");
    assert!(claim(&ledger, &Queue::Resolve).await.is_empty());
    assert!(ledger.retry_erasure(id).await.expect("made due"));
    let _ = only(claim(&ledger, &Queue::Resolve).await);
    assert!(shown(&ledger, id).await.due < in_hours(1));
}

pub(crate) async fn a_scheduled_erasure_can_be_called_off(ledger: Shared) {
    let id = ledger.request(due_erasure(1, &["crm"])).await.expect("requested");
    let mine = claim_for_no_time(&ledger, &Queue::Resolve).await;
    assert!(ledger.cancel_erasure(id).await.expect("called off"));
    assert!(!ledger.cancel_erasure(id).await.expect("it is over"));
    assert!(!ledger.retry_erasure(id).await.expect("it is over"));
    let over = shown(&ledger, id).await;
    assert_eq!((over.state, over.ended.is_some()), (ErasureState::Cancelled, true));
    let resolution = Resolution { capsule: capsule("ann@x.cz"), sessions: Vec::new() };
    assert_eq!(ledger.resolved(mine, resolution).await.expect("answered"), Finished::LeaseLost);
    assert!(claim(&ledger, &Queue::Resolve).await.is_empty());
    assert!(claim(&ledger, &Queue::Close).await.is_empty());
    assert_ne!(ledger.request(due_erasure(1, &["crm"])).await.expect("requested"), id);
}
