//! Work is claimed, kept, lost and given back.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::clock::Sql;
use super::fixtures::*;
use crate::erasure::{ErasureState, Outcome};
use crate::ledger::claim::SentOnce;
use crate::ledger::{Attempt, Bounds, Claim, ErasureFilter, Faults, Finished, Presence, Work};

pub(crate) async fn concurrent_claimers_never_get_the_same_work(ledger: Shared) {
    let mut deliveries = JoinSet::new();
    for id in 0..200 {
        let ledger = ledger.clone();
        deliveries.spawn(async move { ledger.record(event(id, 1)).await.expect("recorded") });
    }
    deliveries.join_all().await;
    let mut claimers = JoinSet::new();
    for _ in 0..8 {
        let ledger = ledger.clone();
        claimers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claims = ledger.claim(&to_decide(), 7, HOUR, &Bounds::NONE).await.expect("claimed").claims;
                assert!(claims.len() <= 7);
                if claims.is_empty() {
                    return mine;
                }
                mine.extend(claims.into_iter().map(|claim| match claim.work {
                    Work::Decide(work) => work.event.head.session.session.0,
                    other => panic!("not an event: {other:?}"),
                }));
            }
        });
    }
    let all = claimers.join_all().await.concat();
    assert_eq!(all.len(), 200);
    assert_eq!(BTreeSet::from_iter(all).len(), 200);
}

pub(crate) async fn work_is_due_again_when_its_lease_ends_and_the_old_claim_finishes_nothing(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    let mut claims = Vec::new();
    for _ in 0..4 {
        claims.push(claim_for_no_time(&ledger, &to_decide()).await);
    }
    let newest = only(claim(&ledger, &to_decide()).await);
    assert!(claim(&ledger, &to_decide()).await.is_empty());

    let old = claims.pop().expect("four claims");
    assert_eq!(ledger.renew(&old, HOUR).await.expect("answered"), Finished::LeaseLost);
    assert_eq!(ledger.decided(old, decision(unchanged(1, 0))).await.expect("answered"), Finished::LeaseLost);
    let old = claims.pop().expect("three claims");
    let retried = ledger.retry(old, Duration::ZERO, Attempt::Counts, "late").await;
    assert_eq!(retried.expect("answered"), Finished::LeaseLost);
    let old = claims.pop().expect("two claims");
    assert_eq!(ledger.park(old, Outcome::Parked, "late").await.expect("answered"), Finished::LeaseLost);
    assert!(ledger.session(&session(1)).await.expect("read").is_none());

    assert_eq!(ledger.decided(newest, decision(unchanged(1, 0))).await.expect("answered"), Finished::Done);
    let old = claims.pop().expect("one claim");
    assert_eq!(ledger.decided(old, decision(unchanged(1, 1))).await.expect("answered"), Finished::LeaseLost);
    assert_eq!(ledger.session(&session(1)).await.expect("read").expect("is there").version, 1);
}

pub(crate) async fn a_renewed_lease_holds(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    let mine = claim_for_no_time(&ledger, &to_decide()).await;
    assert_eq!(ledger.renew(&mine, HOUR).await.expect("renewed"), Finished::Done);
    assert!(claim(&ledger, &to_decide()).await.is_empty());
    assert_eq!(ledger.decided(mine, decision(unchanged(1, 0))).await.expect("decided"), Finished::Done);
}

pub(crate) async fn a_renewal_that_comes_late_does_not_move_what_was_put_back(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    let mine = claim_for_no_time(&ledger, &to_decide()).await;
    let late = Claim {
        task: mine.task,
        fence: mine.fence,
        attempt: 0,
        target_failing: false,
        presence: Presence::There,
        faults: mine.faults,
        in_vain: None,
        now: mine.now,
        work: mine.work.clone(),
        sent: SentOnce::default(),
    };
    assert_eq!(ledger.retry(mine, Duration::ZERO, Attempt::Counts, "away").await.expect("put back"), Finished::Done);
    assert_eq!(ledger.renew(&late, HOUR).await.expect("answered"), Finished::LeaseLost);
    let _ = only(claim(&ledger, &to_decide()).await);
}

pub(crate) async fn work_whose_end_is_refused_is_put_off_and_then_aside(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    let off = ledger.put_off(&mine.held(), Some(Duration::ZERO), "refused").await;
    assert_eq!(off.expect("put back"), Finished::Done);
    let late = ledger.put_off(&mine.held(), None, "late").await.expect("answered");
    assert_eq!(late, Finished::LeaseLost);
    let mine = only(claim(&ledger, &to_decide()).await);
    assert_eq!((mine.attempt, mine.faults.refused), (0, 1), "it counts, and for itself");
    assert_eq!(ledger.put_off(&mine.held(), Some(HOUR), "refused").await.expect("put back"), Finished::Done);
    assert!(claim(&ledger, &to_decide()).await.is_empty(), "it waits for its pause");

    begun(&ledger, 2, &["crm"]).await;
    let step = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.put_off(&step.held(), None, "refused").await.expect("put aside"), Finished::Done);
    let Work::Step(work) = &step.work else { panic!("not a step") };
    let filter = ErasureFilter { states: vec![ErasureState::Parked], ..ErasureFilter::newest(9) };
    let parked = ledger.erasures(&filter).await.expect("listed").items;
    assert_eq!(parked.iter().map(|erasure| erasure.id).collect::<Vec<_>>(), [work.erasure]);
    assert!(ledger.retry_erasure(work.erasure, None, &by()).await.expect("retried"));
    let again = claim_step(&ledger, "crm").await;
    assert_eq!((again.attempt, again.faults), (0, Faults::default()), "a person gives it all attempts anew");
    assert_eq!(ledger.stepped(again, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
}

pub(crate) async fn what_is_no_attempt_is_counted_for_itself(ledger: Shared) {
    let back = async |claim: Claim, attempt| {
        assert_eq!(ledger.retry(claim, Duration::ZERO, attempt, "again").await.expect("put back"), Finished::Done);
    };
    let counts = |claim: &Claim| (claim.attempt, claim.faults.refused, claim.faults.panics);
    let mine = recorded(&ledger, event(1, 1)).await;
    back(mine, Attempt::Counts).await;
    back(only(claim(&ledger, &to_decide()).await), Attempt::Counts).await;
    let mine = only(claim(&ledger, &to_decide()).await);
    assert_eq!(counts(&mine), (2, 0, 0), "none of them was refused");
    assert_eq!(ledger.put_off(&mine.held(), Some(Duration::ZERO), "no").await.expect("put back"), Finished::Done);
    back(only(claim(&ledger, &to_decide()).await), Attempt::Panicked).await;
    back(only(claim(&ledger, &to_decide()).await), Attempt::Refused).await;
    back(only(claim(&ledger, &to_decide()).await), Attempt::Free).await;
    let mine = only(claim(&ledger, &to_decide()).await);
    assert_eq!(counts(&mine), (2, 2, 1));
    assert_eq!(ledger.park(mine, Outcome::Parked, "no").await.expect("parked"), Finished::Done);
    assert_eq!(ledger.retry_parked(&by()).await.expect("retried"), 1);
    assert_eq!(counts(&only(claim(&ledger, &to_decide()).await)), (0, 0, 0), "a person begins anew");

    begun(&ledger, 2, &["crm"]).await;
    for attempt in [Attempt::Counts, Attempt::Refused, Attempt::Panicked, Attempt::Refused] {
        back(claim_step(&ledger, "crm").await, attempt).await;
    }
    let step = claim_step(&ledger, "crm").await;
    assert_eq!(counts(&step), (1, 2, 1));
    let end = verify_after(Outcome::Erased, 1);
    assert_eq!(ledger.stepped(step, end).await.expect("stepped"), Finished::Done);
    assert_eq!(counts(&claim_step(&ledger, "crm").await), (0, 0, 0), "what comes next begins anew");
}

pub(crate) async fn text_with_a_nul_is_taken(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "a\0b").await.expect("parked"), Finished::Done);
    assert_eq!(ledger.counts().await.expect("counted").parked_work, 1);
}

pub(crate) async fn parked_steps_are_no_parked_events(ledger: Shared) {
    begun(&ledger, 1, &["crm"]).await;
    assert_eq!(ledger.awaited_targets().await.expect("listed"), [target("crm")]);
    assert_eq!(ledger.counts().await.expect("counted").overdue, 1);
    let mine = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.parked_work, counts.parked_steps["crm"]), (0, 1));
    assert_eq!(ledger.retry_parked(&by()).await.expect("answered"), 0);
    assert!(ledger.awaited_targets().await.expect("listed").is_empty());
}

pub(crate) async fn work_that_is_put_back_is_due_after_its_pause(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    for (attempt, before) in [(Attempt::Counts, 0), (Attempt::Free, 1), (Attempt::Counts, 1)] {
        let mine = only(claim(&ledger, &to_decide()).await);
        assert_eq!(mine.attempt, before);
        assert_eq!(ledger.retry(mine, Duration::ZERO, attempt, "away").await.expect("put back"), Finished::Done);
    }
    let mine = only(claim(&ledger, &to_decide()).await);
    assert_eq!(mine.attempt, 2);
    assert_eq!(ledger.retry(mine, HOUR, Attempt::Counts, "away").await.expect("put back"), Finished::Done);
    assert!(claim(&ledger, &to_decide()).await.is_empty());
    assert_eq!(ledger.counts().await.expect("counted").events_waiting, 1);
}

pub(crate) async fn parked_work_waits_for_a_person(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "no such rule").await.expect("parked"), Finished::Done);
    assert!(claim(&ledger, &to_decide()).await.is_empty());
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.parked_work, counts.events_waiting), (1, 0));
    assert_eq!(ledger.retry_parked(&by()).await.expect("retried"), 1);
    assert_eq!(ledger.retry_parked(&by()).await.expect("nothing left"), 0);
    assert_eq!(only(claim(&ledger, &to_decide()).await).attempt, 0);
}

pub(crate) async fn the_longest_due_is_claimed_first(ledger: Shared) {
    for (id, hours) in [(1, -1), (2, -3), (3, -2), (4, 1)] {
        let due = erasure_of(crate::erasure::Subject::Session(session(id)), &["crm"], in_hours(hours));
        ledger.request(due, &by()).await.expect("requested");
    }
    let counts = ledger.counts().await.expect("counted");
    assert_eq!(counts.overdue, 3);
    assert!(counts.oldest_due.is_some());
    let mut order = Vec::new();
    for _ in 0..3 {
        let mine = only(ledger.claim(&to_resolve(), 1, HOUR, &Bounds::NONE).await.expect("claimed").claims);
        let Work::Resolve(work) = mine.work else { panic!("not an erasure") };
        order.push(work.subject.key());
    }
    assert_eq!(order, ["session:acme/2", "session:acme/3", "session:acme/1"]);
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
}

pub(crate) async fn a_commit_that_brings_work_wakes_everyone_who_waits(ledger: Shared) {
    let queue = to_decide();
    let waits = [ledger.changed(&queue), ledger.changed(&queue), ledger.changed(&queue)];
    ledger.record(event(1, 1)).await.expect("recorded");
    for wait in waits {
        timeout(Duration::from_secs(10), wait).await.expect("woken");
    }
}

pub(crate) async fn a_commit_between_a_claim_and_the_wait_is_not_missed(ledger: Shared) {
    let queue = to_decide();
    let wait = ledger.changed(&queue);
    assert!(claim(&ledger, &to_decide()).await.is_empty());
    ledger.record(event(1, 1)).await.expect("recorded");
    timeout(Duration::from_secs(10), wait).await.expect("woken");
}

pub(crate) async fn a_duty_does_not_grow_younger_by_failing(ledger: Shared) {
    let oldest = async || ledger.counts().await.expect("counted").oldest_due;
    let mine = recorded(&ledger, event(1, 1)).await;
    let retried = ledger.retry(mine, HOUR, Attempt::Counts, "no answer").await;
    assert_eq!(retried.expect("put back"), Finished::Done);
    assert!(oldest().await.expect("an event waits") < in_hours(0));
}

pub(crate) async fn an_erasure_does_not_grow_younger_by_waiting(ledger: Shared) {
    let oldest = async || ledger.counts().await.expect("counted").oldest_due;
    ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let known_since = oldest().await;
    assert!(known_since.is_some());
    let mine = only(claim(&ledger, &to_resolve()).await);
    let retried = ledger.retry(mine, HOUR, Attempt::Free, "waits").await;
    assert_eq!(retried.expect("put back"), Finished::Done);
    assert_eq!(oldest().await, known_since);
}

/// The processes that hold work have died, long ago.
fn die(sql: Sql<'_>) {
    sql("UPDATE task SET holder = 4711, due = 0, began = 0 WHERE holder IS NOT NULL");
}

pub(crate) async fn work_at_which_each_process_dies_is_put_aside_and_holds_up_nobody(ledger: Shared, sql: Sql<'_>) {
    sql("INSERT INTO process (number, version, place, since, seen, targets) VALUES (4711, '', '', 0, 0, '[]')");
    let look = async || assert_eq!(ledger.watch_clock(HOUR).await.expect("looked"), None);
    let claimed = async || {
        let claims = claim(&ledger, &to_decide()).await;
        let session = |claim: &Claim| match &claim.work {
            Work::Decide(work) => work.event.head.session.session.0,
            other => panic!("no event: {other:?}"),
        };
        claims.into_iter().map(|claim| (session(&claim), claim)).collect::<Vec<_>>()
    };
    let end = async |(id, claim): (i64, Claim)| {
        assert_eq!(ledger.decided(claim, decision(unchanged(id, 0))).await.expect("decided"), Finished::Done);
    };
    look().await;
    for id in 1..=2 {
        ledger.record(event(id, 1)).await.expect("recorded");
    }
    assert_eq!(claimed().await.len(), 2);
    die(sql);
    assert!(claimed().await.is_empty(), "not before it is seen what it is");
    look().await;
    // One of the two did it; they are done one after the other, and what comes meanwhile beside them.
    let first = only(claimed().await);
    assert!(claimed().await.is_empty());
    ledger.record(event(3, 1)).await.expect("recorded");
    end(only(claimed().await)).await;
    end(first).await;
    let (fatal, _) = only(claimed().await);
    for death in 2..=3 {
        die(sql);
        look().await;
        let again = claimed().await;
        assert_eq!(again.iter().map(|(id, _)| *id).collect::<Vec<_>>(), if death == 2 { vec![fatal] } else { vec![] });
    }
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.parked_work, counts.events_waiting), (1, 0));
    // A person has it tried again: it is no suspect then.
    assert_eq!(ledger.retry_parked(&by()).await.expect("retried"), 1);
    end(only(claimed().await)).await;
}

pub(crate) async fn what_ends_beside_a_death_is_suspect_no_more(ledger: Shared, sql: Sql<'_>) {
    sql("INSERT INTO process (number, version, place, since, seen, targets) VALUES (4711, '', '', 0, 0, '[]')");
    let look = async || assert_eq!(ledger.watch_clock(HOUR).await.expect("looked"), None);
    look().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    // It is put back each time after the next process has taken it over.
    for _ in 0..5 {
        let _lost = only(claim(&ledger, &to_decide()).await);
        die(sql);
        look().await;
        let again = only(claim(&ledger, &to_decide()).await);
        assert_eq!(
            ledger.retry(again, Duration::ZERO, Attempt::Counts, "away").await.expect("put back"),
            Finished::Done
        );
    }
    // One that has ended in order is on no list, and what it held is nobody's: that is no death.
    let _lost = only(claim(&ledger, &to_decide()).await);
    sql("DELETE FROM process WHERE number = 4711");
    die(sql);
    look().await;
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 1);
}
