//! Erasures before they begin.

use std::collections::BTreeSet;
use std::time::Duration;

use super::fixtures::*;
use crate::erasure::{ErasureId, ErasureState, NewErasure, Outcome, Subject};
use crate::ledger::{Attempt, Decision, Finished, Keep, QueueName, Resolution, Work};
use crate::subject::Kind;

pub(crate) async fn a_session_is_not_erased_before_it_settles(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    let mut change = unchanged(1, 0);
    change.settle_at = Some(in_hours(2));
    let erasure = due_erasure(1, &["crm"]);
    let id = erasure.id;
    let waits = Decision { erasures: vec![erasure], ..decision(change) };
    assert_eq!(ledger.decided(mine, waits).await.expect("decided"), Finished::Done);
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert!(shown(&ledger, id).await.due > in_hours(1));

    decide(&ledger, unchanged(1, 1)).await;
    let _ = only(claim(&ledger, &to_resolve()).await);
    assert!(shown(&ledger, id).await.due < in_hours(1));
}

pub(crate) async fn an_erasure_moves_when_its_session_goes_on(ledger: Shared) {
    decide(&ledger, unchanged(1, 0)).await;
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let later = ledger.request(erasure_of(Subject::Session(session(2)), &["crm"], in_hours(9)), &by()).await;
    let later = later.expect("requested");
    let mut goes_on = unchanged(1, 1);
    goes_on.settle_at = Some(in_hours(2));
    decide(&ledger, goes_on).await;
    let mut goes_on = unchanged(2, 0);
    goes_on.settle_at = Some(in_hours(2));
    decide(&ledger, goes_on).await;
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert!(shown(&ledger, id).await.due > in_hours(1));
    assert!(shown(&ledger, later).await.due > in_hours(8));
}

pub(crate) async fn requests_of_one_subject_become_one_erasure(ledger: Shared) {
    let mut first = erasure_of(person(1), &["mluvii", "crm"], in_hours(3));
    first.capsule = to_seal("ann@x.cz");
    let id = ledger.request(first.clone(), &by()).await.expect("requested");
    assert_eq!(id, first.id);
    let mut second = erasure_of(person(1), &["crm", "mailbox"], in_hours(-1));
    second.rule = "the delete-my-data form".into();
    second.capsule = to_seal("ann@y.cz");
    assert_eq!(ledger.request(second, &by()).await.expect("requested"), id);
    let third = erasure_of(person(1), &["crm"], in_hours(5));
    assert_eq!(ledger.request(third, &by()).await.expect("requested"), id);
    let other = ledger.request(erasure_of(person(2), &["crm"], in_hours(5)), &by()).await.expect("requested");
    assert_ne!(other, id);

    let one = shown(&ledger, id).await;
    assert_eq!(one.rules, ["request", "the delete-my-data form"]);
    assert!(one.due < in_hours(0));
    let planned: Vec<_> = one.steps.iter().map(|step| (&*step.target.0, step.stage(), step.outcome())).collect();
    assert_eq!(planned, [("mluvii", None, None), ("crm", None, None), ("mailbox", None, None)]);
    let work = only(claim(&ledger, &to_resolve()).await).work;
    let Work::Resolve(work) = work else { panic!("not an erasure") };
    assert_eq!((work.id, work.capsules.len(), work.targets.len()), (id, 2, 3));
    assert_eq!(ledger.counts().await.expect("counted").erasures["scheduled"], 2);
}

pub(crate) async fn the_same_request_again_takes_the_work_from_no_one(ledger: Shared) {
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let mine = only(claim(&ledger, &to_resolve()).await);
    let mut same = due_erasure(1, &["crm"]);
    same.due = in_hours(1);
    assert_eq!(ledger.request(same, &by()).await.expect("requested"), id);
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert_eq!(ledger.resolved(mine, resolution(Vec::new())).await.expect("resolved"), Finished::Done);
}

pub(crate) async fn a_merge_takes_the_work_from_the_one_who_resolves_it(ledger: Shared) {
    ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let mine = only(claim(&ledger, &to_resolve()).await);
    ledger.request(due_erasure(1, &["mailbox"]), &by()).await.expect("requested");
    assert_eq!(ledger.resolved(mine, resolution(Vec::new())).await.expect("answered"), Finished::LeaseLost);
    let work = only(claim(&ledger, &to_resolve()).await).work;
    let Work::Resolve(work) = work else { panic!("not an erasure") };
    assert_eq!(work.targets, [target("crm"), target("mailbox")]);
}

pub(crate) async fn a_request_after_the_beginning_is_an_erasure_of_its_own(ledger: Shared) {
    let begun = begun(&ledger, 1, &["crm"]).await;
    let next = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    assert_ne!(begun, next);
    assert_eq!(shown(&ledger, begun).await.state, ErasureState::Erasing);
    assert_eq!(shown(&ledger, next).await.state, ErasureState::Scheduled);
}

pub(crate) async fn a_scheduled_erasure_can_be_made_due(ledger: Shared) {
    let later = erasure_of(Subject::Session(session(1)), &["crm"], in_hours(24));
    let id = ledger.request(later, &by()).await.expect("requested");
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("made due"));
    let _ = only(claim(&ledger, &to_resolve()).await);
    assert!(shown(&ledger, id).await.due < in_hours(1));
}

pub(crate) async fn a_scheduled_erasure_can_be_cancelled(ledger: Shared) {
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let mine = claim_for_no_time(&ledger, &to_resolve()).await;
    assert!(ledger.cancel_erasure(id, &by()).await.expect("cancelled"));
    assert!(!ledger.cancel_erasure(id, &by()).await.expect("it is over"));
    assert!(!ledger.retry_erasure(id, None, &by()).await.expect("it is over"));
    let over = shown(&ledger, id).await;
    assert_eq!((over.state, over.ended.is_some()), (ErasureState::Cancelled, true));
    assert_eq!(ledger.resolved(mine, resolution(Vec::new())).await.expect("answered"), Finished::LeaseLost);
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert!(claim(&ledger, &QueueName::Close).await.is_empty());
    assert_ne!(ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested"), id);
}

pub(crate) async fn an_erasure_that_needs_approval_waits_for_it(ledger: Shared) {
    let mut asked = due_erasure(1, &["crm"]);
    asked.approve = true;
    asked.capsule = to_seal("ann@x.cz");
    let id = ledger.request(asked.clone(), &by()).await.expect("requested");
    let waits = shown(&ledger, id).await;
    assert_eq!((waits.state, waits.approved, waits.ended), (ErasureState::Requested, None, None));
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.overdue, counts.oldest_due, counts.erasures["requested"]), (0, None, 1));
    assert!(!ledger.retry_erasure(id, None, &by()).await.expect("answered"), "nobody goes around the approval");

    // The same again joins it, with a later or an earlier time.
    let mut again = NewErasure { id: ErasureId([8; 16]), due: in_hours(-2), ..asked.clone() };
    again.targets = vec![target("mailbox")];
    assert_eq!(ledger.request(again, &by()).await.expect("requested"), id);
    assert_eq!(shown(&ledger, id).await.steps.len(), 2);
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Requested);

    // What was shown before it joined is not what would be approved now.
    let seen = waits.version();
    assert!(!ledger.approve_erasure(id, Some(&seen), &by()).await.expect("answered"));
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Requested);
    // Nor where nothing joins it but identifiers: whose they are, nobody compares.
    let seen = shown(&ledger, id).await.version();
    let more = NewErasure { id: ErasureId([9; 16]), due: in_hours(3), capsule: to_seal("ann@y.cz"), ..asked };
    assert_eq!(ledger.request(more, &by()).await.expect("requested"), id);
    assert!(!ledger.approve_erasure(id, Some(&seen), &by()).await.expect("answered"));
    let demanded = shown(&ledger, id).await.demands;
    assert_eq!((demanded.len(), &demanded[0].kinds), (1, &BTreeSet::from([Kind::Email])));
    let seen = shown(&ledger, id).await.version();
    assert!(ledger.approve_erasure(id, Some(&seen), &by()).await.expect("approved"));
    assert!(!ledger.approve_erasure(id, None, &by()).await.expect("it does not wait any more"));
    let approved = shown(&ledger, id).await;
    assert!(approved.approved.is_some_and(|at| at > in_hours(-1)));
    assert!(approved.due > in_hours(-1), "it was to begin when it was approved");
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.overdue, counts.erasures["requested"], counts.erasures["scheduled"]), (1, 0, 1));
    assert!(counts.oldest_due.is_some_and(|due| due > in_hours(-1)));
    let Work::Resolve(work) = only(claim(&ledger, &to_resolve()).await).work else { panic!("not an erasure") };
    assert_eq!((work.id, work.capsules.len(), work.targets.len()), (id, 3, 2));
    assert!(work.due > in_hours(-1));
}

pub(crate) async fn an_erasure_that_needs_approval_never_joins_one_that_needs_none(ledger: Shared) {
    let to_approve = |id: u8| NewErasure { approve: true, id: ErasureId([id; 16]), ..due_erasure(1, &["crm"]) };
    let free = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let first = ledger.request(to_approve(1), &by()).await.expect("requested");
    assert_ne!(first, free);
    assert!(ledger.approve_erasure(first, None, &by()).await.expect("approved"));
    // Nothing joins what a person has approved, and the next one is approved by itself.
    assert_eq!(ledger.request(due_erasure(1, &["crm", "mailbox"]), &by()).await.expect("requested"), free);
    let second = ledger.request(to_approve(2), &by()).await.expect("requested");
    assert!(second != first && second != free);
    assert_eq!(shown(&ledger, first).await.steps.len(), 1);
    assert_eq!(shown(&ledger, second).await.state, ErasureState::Requested);
    assert!(!ledger.approve_erasure(free, None, &by()).await.expect("it does not wait"));
    assert_eq!(claim(&ledger, &to_resolve()).await.len(), 2);
}

pub(crate) async fn different_decisions_about_single_sessions_do_not_merge(ledger: Shared) {
    let mut chosen = erasure_of(person(1), &["crm"], in_hours(-1));
    chosen.selection.exclude = [session(3)].into();
    let plain = ledger.request(erasure_of(person(1), &["crm"], in_hours(-1)), &by()).await.expect("requested");
    let id = ledger.request(chosen.clone(), &by()).await.expect("requested");
    assert_ne!(id, plain);
    assert_eq!(
        ledger.request(NewErasure { id: ErasureId([9; 16]), ..chosen.clone() }, &by()).await.expect("requested"),
        id
    );
    let works = claim(&ledger, &to_resolve()).await;
    let selections = works.iter().filter_map(|claim| match &claim.work {
        Work::Resolve(work) => Some((work.id, work.selection.clone())),
        _ => None,
    });
    let selections: std::collections::BTreeMap<_, _> = selections.collect();
    assert_eq!(selections[&id], chosen.selection);
    assert!(selections[&plain].is_default());
}

pub(crate) async fn a_rejected_erasure_leaves_no_capsule_and_no_receipt(ledger: Shared) {
    let mut asked = due_erasure(1, &["crm"]);
    asked.approve = true;
    asked.capsule = to_seal("ann@x.cz");
    let id = ledger.request(asked.clone(), &by()).await.expect("requested");
    assert!(ledger.cancel_erasure(id, &by()).await.expect("rejected"));
    assert!(!ledger.cancel_erasure(id, &by()).await.expect("it is over"));
    assert!(!ledger.approve_erasure(id, None, &by()).await.expect("it is over"));
    let over = shown(&ledger, id).await;
    assert_eq!((over.state, over.ended.is_some()), (ErasureState::Cancelled, true));
    assert!(claim(&ledger, &QueueName::Close).await.is_empty());
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.erasures["requested"], counts.erasures["cancelled"], counts.receipts), (0, 1, 0));
    // Asked for again, it is a new one.
    let again = NewErasure { id: ErasureId([8; 16]), capsule: None, ..asked };
    assert_eq!(ledger.request(again, &by()).await.expect("requested"), ErasureId([8; 16]));
    assert!(ledger.approve_erasure(ErasureId([8; 16]), None, &by()).await.expect("approved"));
    let Work::Resolve(work) = only(claim(&ledger, &to_resolve()).await).work else { panic!("not an erasure") };
    assert!(work.capsules.is_empty());
}

pub(crate) async fn an_approved_erasure_waits_for_its_session_to_settle(ledger: Shared) {
    let mut settles = unchanged(1, 0);
    settles.settle_at = Some(in_hours(2));
    decide(&ledger, settles).await;
    let asked = NewErasure { approve: true, ..due_erasure(1, &["crm"]) };
    let id = ledger.request(asked, &by()).await.expect("requested");
    assert!(ledger.approve_erasure(id, None, &by()).await.expect("approved"));
    assert!(shown(&ledger, id).await.due > in_hours(1));
    let waits = NewErasure { approve: true, id: ErasureId([9; 16]), ..due_erasure(1, &["crm"]) };
    let waits = ledger.request(waits, &by()).await.expect("requested");
    let mut goes_on = unchanged(1, 1);
    goes_on.settle_at = Some(in_hours(4));
    decide(&ledger, goes_on).await;
    assert!(shown(&ledger, id).await.due > in_hours(3) && shown(&ledger, waits).await.due > in_hours(3));
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    decide(&ledger, unchanged(1, 2)).await;
    let Work::Resolve(work) = only(claim(&ledger, &to_resolve()).await).work else { panic!("not an erasure") };
    assert_eq!(work.id, id);
}

pub(crate) async fn an_erasure_is_found_by_any_of_its_identifiers(ledger: Shared) {
    let found = async |byte: u8| {
        let erasures = ledger.erasures_with(&[email(byte).fingerprint, email(99).fingerprint]).await.expect("found");
        erasures.into_iter().map(|erasure| erasure.id.0[0]).collect::<Vec<_>>()
    };
    let of = |id: u8, prints: &[u8]| {
        let fingerprints = prints.iter().map(|byte| email(*byte)).collect();
        NewErasure { id: ErasureId([id; 16]), fingerprints, ..erasure_of(person(id), &["crm"], in_hours(-1)) }
    };
    ledger.request(of(1, &[1, 2]), &by()).await.expect("requested");
    let mine = only(claim(&ledger, &to_resolve()).await);
    // One that says more of the person says it of the same erasure.
    let more = NewErasure { subject: person(1), ..of(9, &[2, 3]) };
    assert_eq!(ledger.request(more, &by()).await.expect("requested"), ErasureId([1; 16]));
    ledger.request(of(2, &[2]), &by()).await.expect("requested");
    assert_eq!(found(1).await, [1]);
    assert_eq!(found(2).await, [2, 1]);
    assert_eq!(found(3).await, [1]);
    assert_eq!(found(4).await, [] as [u8; 0]);
    assert!(ledger.erasures_with(&[]).await.expect("found").is_empty());
    // What resolving finds, too.
    let resolved = Resolution { fingerprints: vec![email(2), email(4)], ..resolution(vec![reached(1)]) };
    assert_eq!(ledger.resolved(mine, resolved).await.expect("resolved"), Finished::Done);
    assert_eq!(found(4).await, [1]);
}

pub(crate) async fn fingerprints_of_an_erasure_are_kept_for_as_long_as_told(ledger: Shared) {
    for id in 1..=2 {
        let fingerprints = vec![email(id)];
        let asked =
            NewErasure { id: ErasureId([id; 16]), fingerprints, ..erasure_of(person(id), &["crm"], in_hours(1)) };
        ledger.request(asked, &by()).await.expect("requested");
    }
    let found = async |byte: u8| ledger.erasures_with(&[email(byte).fingerprint]).await.expect("found").len();
    assert!(ledger.cancel_erasure(ErasureId([1; 16]), &by()).await.expect("cancelled"));
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!((found(1).await, found(2).await), (1, 1));
    ledger.maintain(Keep { fingerprints: Some(Duration::ZERO), ..KEEP }).await.expect("maintained");
    assert_eq!((found(1).await, found(2).await), (0, 1), "only what has ended is forgotten");
    assert!(ledger.erasure(ErasureId([1; 16])).await.expect("read").is_some());
}

pub(crate) async fn a_resolution_is_told_what_nobody_has_looked_at_yet(ledger: Shared) {
    let told = async || {
        let mine = only(claim(&ledger, &to_resolve()).await);
        let Work::Resolve(work) = &mine.work else { panic!("not an erasure") };
        let told = (work.undecided_since, work.unread_since);
        let put_back = ledger.retry(mine, Duration::ZERO, Attempt::Free, "it waits").await;
        assert_eq!(put_back.expect("put back"), Finished::Done);
        told
    };
    ledger.request(erasure_of(person(1), &["crm"], in_hours(-1)), &by()).await.expect("requested");
    assert_eq!(told().await, (None, None));
    // What is another company's is none of its business.
    let mut theirs = event(1, 1);
    theirs.head.session.installation = other();
    ledger.record(theirs).await.expect("recorded");
    assert_eq!(told().await, (None, None));
    ledger.record(event(1, 2)).await.expect("recorded");
    assert!(told().await.0.is_some_and(|came| came > in_hours(-1)));
    let mine = only(claim(&ledger, &to_decide()).await);
    let came = told().await.0;
    assert!(came.is_some(), "it is still being decided on");

    let mut unread = unchanged(1, 0);
    unread.settle_at = Some(in_hours(-1));
    assert_eq!(ledger.decided(mine, decision(unread)).await.expect("decided"), Finished::Done);
    // Since it came, and not since it was decided on: somebody may have asked to be erased between.
    let (undecided, unread) = told().await;
    assert!(undecided.is_none() && unread.is_some() && unread == came, "{unread:?}, {came:?}");
    // A look that needs a person must not keep everybody for ever.
    let look = only(claim(&ledger, &to_settle()).await);
    assert_eq!(ledger.park(look, Outcome::Parked, "no such rule").await.expect("parked"), Finished::Done);
    assert_eq!(told().await, (None, None));
    assert_eq!(ledger.retry_parked(&by()).await.expect("retried"), 1);
    assert!(told().await.1.is_some());
    let mut read = unchanged(1, 1);
    read.settle_at = Some(in_hours(1));
    read.read_at = Some(in_hours(0));
    decide(&ledger, read).await;
    assert_eq!(told().await, (None, None));
    // What was read may be somebody's by what came since.
    let mut news = unchanged(1, 2);
    news.settle_at = Some(in_hours(1));
    decide(&ledger, news).await;
    assert!(told().await.1.is_some_and(|since| unread.is_none_or(|before| since >= before)));
    let mut settled = unchanged(1, 3);
    settled.read_at = Some(in_hours(0));
    decide(&ledger, settled).await;
    assert_eq!(told().await, (None, None));
}
