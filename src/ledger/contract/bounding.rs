//! Bounds hold over all who work on a ledger: the breaker, the concurrency, the rate.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::fixtures::*;
use crate::erasure::Outcome;
use crate::hold::HoldOn;
use crate::ledger::{
    Attempt, Bounds, BreakerLimits, CallEnd, Claim, Claimed, Finished, NewPause, NextLook, Presence, ProcessInfo,
    QueueName, TargetConditions, TargetState, Work,
};
use crate::subject::SessionId;

fn bounds(at_once: usize) -> Bounds {
    Bounds { target: Some(target("crm")), at_once, calls_per_s: None }
}

async fn look(ledger: &Shared, bounds: &Bounds) -> Claimed {
    ledger.claim(&QueueName::Step(target("crm")), 100, HOUR, bounds).await.expect("claims")
}

/// So many steps at the CRM.
async fn steps(ledger: &Shared, count: i64) {
    for id in 1..=count {
        begun(ledger, id, &["crm"]).await;
    }
}

fn away() -> CallEnd {
    CallEnd::Unavailable { reason: "503".into() }
}

/// Out, and tried again after so long.
async fn out_for(ledger: &Shared, pause: Duration) {
    let limits = BreakerLimits { failures: 1, pause };
    ledger.call_ended(&target("crm"), &away(), limits).await.expect("noted");
}

pub(crate) async fn a_target_that_is_out_is_left_alone(ledger: Shared) {
    steps(&ledger, 1).await;
    put_out(&ledger, "crm").await;
    let claimed = look(&ledger, &bounds(9)).await;
    assert!(claimed.claims.is_empty());
    assert_eq!(claimed.next, NextLook::WhenPolled);
    assert!(ledger.resume_target(&target("crm"), &by()).await.expect("resumed"));
    let mine = only(look(&ledger, &bounds(9)).await.claims);
    assert!(!mine.target_failing);
}

pub(crate) async fn nobody_calls_a_target_that_is_paused_until_it_is_resumed(ledger: Shared) {
    begun(&ledger, 1, &["crm", "mailbox"]).await;
    ledger.pause_target(&pause("crm"), &by()).await.expect("paused");
    let of = |name: &str| Bounds { target: Some(target(name)), ..Bounds::NONE };
    let claims = async |name: &str| {
        let claimed = ledger.claim(&steps_at(name), 9, Duration::ZERO, &of(name)).await.expect("claims");
        claimed.claims.len()
    };
    assert_eq!((claims("crm").await, claims("mailbox").await), (0, 1));
    let listed = ledger.paused_targets().await.expect("listed");
    assert_eq!(
        listed.iter().map(|one| (one.pause.clone(), one.by.clone())).collect::<Vec<_>>(),
        [(pause("crm"), by())]
    );
    assert!(ledger.unpause_target(&target("crm"), &by()).await.expect("resumed"));
    assert!(!ledger.unpause_target(&target("crm"), &by()).await.expect("answered"));
    assert_eq!(claims("crm").await, 1);

    let until = Some(in_hours(-1));
    ledger.pause_target(&NewPause { until, ..pause("crm") }, &by()).await.expect("paused");
    assert_eq!((claims("crm").await, ledger.paused_targets().await.expect("listed").len()), (1, 0), "it has ended");
    let rows = super::audit::audited(&ledger).await;
    let said: Vec<_> = rows[1..].iter().map(|row| (&*row.statement.act, &*row.statement.result)).collect();
    let (pauses, resumes) = ("target.pause", "target.resume");
    assert_eq!(said, [(pauses, "done"), (resumes, "done"), (resumes, "unchanged"), (pauses, "done")]);
}

pub(crate) async fn after_a_pause_one_call_tries_it(ledger: Shared) {
    steps(&ledger, 3).await;
    out_for(&ledger, Duration::ZERO).await;
    let mine = only(look(&ledger, &bounds(9)).await.claims);
    assert!(mine.target_failing);
    assert!(look(&ledger, &bounds(9)).await.claims.is_empty());
    call_ended(&ledger, "crm", CallEnd::Answered { sort: "erase" }).await;
    assert_eq!(look(&ledger, &bounds(9)).await.claims.len(), 2);
    assert!(ledger.targets().await.expect("listed").is_empty());
}

pub(crate) async fn what_fails_again_and_again_does_not_keep_a_target_out(ledger: Shared) {
    let bad = begun(&ledger, 1, &["crm"]).await;
    begun(&ledger, 2, &["crm"]).await;
    let mut tried = Vec::new();
    for _ in 0..2 {
        out_for(&ledger, Duration::ZERO).await;
        let mine = only(look(&ledger, &bounds(9)).await.claims);
        let Work::Step(work) = &mine.work else { panic!("not a step") };
        tried.push(work.erasure);
        // What fails while its target is out costs no attempt.
        assert_eq!(ledger.retry(mine, Duration::ZERO, Attempt::Free, "500").await.expect("put back"), Finished::Done);
    }
    assert!(tried.contains(&bad) && tried[0] != tried[1], "the other one has its turn");
}

pub(crate) async fn a_target_is_out_after_failures_in_a_row(ledger: Shared) {
    steps(&ledger, 1).await;
    let fail = async || call_ended(&ledger, "crm", away()).await;
    fail().await;
    fail().await;
    call_ended(&ledger, "crm", CallEnd::Answered { sort: "erase" }).await;
    fail().await;
    fail().await;
    assert!(ledger.targets().await.expect("listed").is_empty());
    let mine = only(look(&ledger, &bounds(9)).await.claims);
    assert!(mine.target_failing, "it failed last");
    assert_eq!(ledger.retry(mine, Duration::ZERO, Attempt::Free, "503").await.expect("put back"), Finished::Done);
    fail().await;
    let health = ledger.targets().await.expect("listed");
    assert!(
        matches!(&health[0].state, TargetState::Open { until, reason, .. } if *until > in_hours(0) && reason == "503")
    );
    assert!(look(&ledger, &bounds(9)).await.claims.is_empty());
}

pub(crate) async fn different_records_that_are_refused_alike_put_a_target_out(ledger: Shared) {
    steps(&ledger, 5).await;
    let claims = look(&ledger, &bounds(3)).await.claims;
    let refused = async |claim: &Claim| {
        call_ended(
            &ledger,
            "crm",
            CallEnd::Refused { sort: "erase", record: claim.work.record(), reason: "403".into() },
        )
        .await;
    };
    for _ in 0..3 {
        refused(&claims[0]).await;
    }
    assert!(ledger.targets().await.expect("listed").is_empty(), "one record again and again");
    for claim in &claims {
        refused(claim).await;
    }
    assert_eq!(ledger.targets().await.expect("listed").len(), 1);
}

pub(crate) async fn one_record_that_fails_again_and_again_does_not_put_a_target_out(ledger: Shared) {
    steps(&ledger, 5).await;
    let claims = look(&ledger, &bounds(3)).await.claims;
    let failed = async |claim: &Claim| {
        call_ended(&ledger, "crm", CallEnd::Failed { record: claim.work.record(), reason: "500".into() }).await;
    };
    for _ in 0..9 {
        failed(&claims[0]).await;
    }
    failed(&claims[1]).await;
    assert!(ledger.targets().await.expect("listed").is_empty(), "two records");
    let others = look(&ledger, &bounds(9)).await.claims;
    assert_eq!(others.len(), 2, "they do not wait");
    assert!(others[0].target_failing, "its answer is to be told");
    call_ended(&ledger, "crm", CallEnd::Answered { sort: "erase" }).await;
    failed(&claims[1]).await;
    failed(&claims[2]).await;
    assert!(ledger.targets().await.expect("listed").is_empty(), "it has answered between");
    failed(&claims[0]).await;
    let health = ledger.targets().await.expect("listed");
    assert!(matches!(&health[0].state, TargetState::Open { needs_person: false, reason, .. } if reason == "500"));
}

pub(crate) async fn a_session_of_which_much_is_heard_is_one_record(ledger: Shared) {
    for digest in 1..=4 {
        ledger.record(event(1, digest)).await.expect("recorded");
    }
    ledger.record(event(2, 1)).await.expect("recorded");
    let claims = claim(&ledger, &to_decide()).await;
    let mut records: Vec<_> = claims.iter().map(|claim| claim.work.record()).collect();
    records.dedup();
    assert_eq!((claims.len(), records.len()), (5, 2));
}

pub(crate) async fn each_company_has_a_breaker_of_its_own(ledger: Shared) {
    let called = |installation: &crate::subject::InstallationName| target("mluvii").called_for(installation);
    let mut theirs = event(1, 2);
    theirs.head.session.installation = other();
    ledger.record(event(1, 1)).await.expect("recorded");
    ledger.record(theirs).await.expect("recorded");
    let look = async |installation: crate::subject::InstallationName| {
        let bounds = Bounds { target: Some(called(&installation)), at_once: 9, calls_per_s: None };
        ledger.claim(&QueueName::Decide(installation), 9, HOUR, &bounds).await.expect("claims").claims
    };
    let denied = CallEnd::Denied { reason: "401".into() };
    ledger.call_ended(&called(&installation()), &denied, BREAKER).await.expect("noted");
    assert!(look(installation()).await.is_empty(), "it is out");
    let theirs = only(look(other()).await);
    assert!(!theirs.target_failing);
    let out: Vec<_> = ledger.targets().await.expect("listed").into_iter().map(|health| health.target).collect();
    assert_eq!(out, [called(&installation())]);
}

pub(crate) async fn work_says_for_how_long_it_was_tried_in_vain_unless_its_target_is_out(ledger: Shared) {
    let mluvii = target("mluvii").called_for(&installation());
    let bounds = Bounds { target: Some(mluvii.clone()), at_once: 9, calls_per_s: None };
    ledger.record(event(1, 1)).await.expect("recorded");
    let look = async || {
        let mine = only(ledger.claim(&to_decide(), 9, HOUR, &bounds).await.expect("claims").claims);
        let (in_vain, record) = (mine.in_vain, mine.work.record());
        let retried = ledger.retry(mine, Duration::ZERO, Attempt::Counts, "500").await.expect("put back");
        assert_eq!(retried, Finished::Done);
        (in_vain, record)
    };
    let ended = async |end: CallEnd| ledger.call_ended(&mluvii, &end, BREAKER).await.expect("noted");
    let (in_vain, record) = look().await;
    assert!(in_vain.is_some_and(|waited| waited < HOUR));
    ended(CallEnd::Failed { record, reason: "500".into() }).await;
    assert!(look().await.0.is_some(), "also where there is nothing else to be answered");
    ended(away()).await;
    assert_eq!(look().await.0, None, "an outage says nothing of it");
    ended(CallEnd::Answered { sort: "decide" }).await;
    assert!(look().await.0.is_some());
    begun(&ledger, 2, &["crm"]).await;
    assert_eq!(claim_step(&ledger, "crm").await.in_vain, None, "it is tried a limited number of times");
}

pub(crate) async fn a_claim_says_whether_its_target_is_there(ledger: Shared) {
    steps(&ledger, 1).await;
    let look = async || {
        let mine = only(look(&ledger, &bounds(9)).await.claims);
        let presence = mine.presence;
        let retried = ledger.retry(mine, Duration::ZERO, Attempt::Free, "503").await.expect("put back");
        assert_eq!(retried, Finished::Done);
        presence
    };
    assert_eq!(look().await, Presence::There);
    let failed = CallEnd::Failed { record: crate::ledger::health::RecordName("acme/1".into()), reason: "500".into() };
    call_ended(&ledger, "crm", failed).await;
    assert_eq!(look().await, Presence::There, "it may be this record's own failure");
    call_ended(&ledger, "crm", away()).await;
    assert_eq!(look().await, Presence::Doubtful);
    out_for(&ledger, Duration::ZERO).await;
    assert_eq!(look().await, Presence::Out);
    call_ended(&ledger, "crm", CallEnd::Answered { sort: "erase" }).await;
    assert_eq!(look().await, Presence::There);
}

pub(crate) async fn a_target_that_wants_fewer_calls_gets_one_at_a_time_then_more(ledger: Shared) {
    steps(&ledger, 9).await;
    call_ended(&ledger, "crm", CallEnd::Limited { sort: "erase", pause: HOUR }).await;
    let waits = look(&ledger, &bounds(9)).await;
    assert!(waits.claims.is_empty());
    assert!(matches!(waits.next, NextLook::After(pause) if pause > HOUR / 2));
    // Only the pause is over now; nothing makes it shorter but time.
    let other = target("mailbox");
    for id in 11..=19 {
        begun(&ledger, id, &["mailbox"]).await;
    }
    call_ended(&ledger, "mailbox", CallEnd::Limited { sort: "erase", pause: Duration::ZERO }).await;
    let bounds = Bounds { target: Some(other.clone()), ..bounds(9) };
    let take = async || ledger.claim(&QueueName::Step(other.clone()), 9, HOUR, &bounds).await.expect("claims").claims;
    let mine = only(take().await);
    assert!(mine.target_failing, "its answer is to be told");
    assert!(take().await.is_empty());
    assert_eq!(ledger.stepped(mine, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
    call_ended(&ledger, "mailbox", CallEnd::Answered { sort: "erase" }).await;
    assert_eq!(take().await.len(), 2);
}

pub(crate) async fn no_more_is_under_way_than_may_be_at_once(ledger: Shared) {
    steps(&ledger, 12).await;
    let mut claimers = JoinSet::new();
    for _ in 0..8 {
        let ledger = ledger.clone();
        claimers.spawn(async move { look(&ledger, &bounds(5)).await.claims });
    }
    let mut claims = claimers.join_all().await.into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(claims.len(), 5);
    assert_eq!(look(&ledger, &bounds(5)).await.next, NextLook::WhenPolled);
    let mine = claims.pop().expect("five");
    assert_eq!(ledger.stepped(mine, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
    let mine = claims.pop().expect("four");
    assert_eq!(ledger.retry(mine, HOUR, Attempt::Free, "later").await.expect("put back"), Finished::Done);
    let mine = claims.pop().expect("three");
    assert_eq!(ledger.park(mine, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    assert_eq!(look(&ledger, &bounds(5)).await.claims.len(), 3);
}

pub(crate) async fn work_whose_lease_has_ended_is_not_under_way(ledger: Shared) {
    steps(&ledger, 2).await;
    let _lost = ledger.claim(&QueueName::Step(target("crm")), 1, Duration::ZERO, &bounds(1)).await.expect("claims");
    let claimed = async {
        while look(&ledger, &bounds(1)).await.claims.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), claimed).await.expect("claimed");
}

pub(crate) async fn a_bound_counts_all_queues_of_a_target_and_leaves_each_its_place(ledger: Shared) {
    let called = target("mluvii").called_for(&installation());
    let mluvii = |at_once| Bounds { target: Some(called.clone()), at_once, calls_per_s: None };
    let look = async |queue: &QueueName, at_once| {
        ledger.claim(queue, 100, HOUR, &mluvii(at_once)).await.expect("claims").claims.len()
    };
    for id in 1..=6 {
        begun(&ledger, id, &["mluvii"]).await;
        ledger.record(event(id, 1)).await.expect("recorded");
    }
    let steps = QueueName::Step(called.clone());
    let mut theirs = event(1, 2);
    theirs.head.session.installation = other();
    ledger.record(theirs).await.expect("recorded");
    assert_eq!(look(&to_decide(), 4).await, 3, "one place is left to the steps");
    assert_eq!(look(&steps, 4).await, 1);
    assert_eq!((look(&to_decide(), 4).await, look(&steps, 4).await), (0, 0));
    assert_eq!(look(&to_decide(), 6).await, 2, "three and one are under way");
}

pub(crate) async fn calls_begin_no_faster_than_their_rate(ledger: Shared) {
    const RATE: u32 = 50;
    steps(&ledger, 30).await;
    let bounds = Bounds { target: Some(target("crm")), at_once: 100, calls_per_s: NonZeroU32::new(RATE) };
    let began = Instant::now();
    let mut claimers = JoinSet::new();
    for _ in 0..3 {
        let ledger = ledger.clone();
        let bounds = bounds.clone();
        claimers.spawn(async move {
            let mut claimed = 0;
            loop {
                let look = look(&ledger, &bounds).await;
                claimed += look.claims.len();
                match look.next {
                    NextLook::After(pause) => tokio::time::sleep(pause).await,
                    NextLook::WhenChanged | NextLook::WhenPolled => return claimed,
                }
            }
        });
    }
    let claimed: usize = claimers.join_all().await.into_iter().sum();
    assert_eq!(claimed, 30);
    // Some are saved up at the beginning; the others are a fiftieth of a second apart.
    assert!(began.elapsed() >= Duration::from_millis(480), "{:?}", began.elapsed());
}

pub(crate) async fn calls_beyond_those_that_were_granted_are_waited_for(ledger: Shared) {
    steps(&ledger, 2).await;
    let rate = NonZeroU32::new(10).expect("not zero");
    let bounds = Bounds { target: Some(target("crm")), at_once: 100, calls_per_s: Some(rate) };
    let first = ledger.claim(&QueueName::Step(target("crm")), 1, HOUR, &bounds).await.expect("claims");
    assert_eq!(first.claims.len(), 1);
    // It needed 600 further calls, which take a minute at that rate.
    let room = ledger.charge(&target("crm"), 600, rate).await.expect("counted");
    assert!(room > Duration::from_secs(50), "{room:?}");
    ledger.charge(&target("mailbox"), 600, rate).await.expect("counted");
    let claimed = look(&ledger, &bounds).await;
    assert!(claimed.claims.is_empty());
    assert!(matches!(claimed.next, NextLook::After(pause) if pause > Duration::from_secs(50)), "{:?}", claimed.next);
    let unbounded = Bounds { calls_per_s: None, ..bounds };
    assert_eq!(look(&ledger, &unbounded).await.claims.len(), 1);
}

pub(crate) async fn what_is_held_costs_no_call_and_the_next_is_looked_for_at_once(ledger: Shared) {
    steps(&ledger, 3).await;
    for id in 1..=2 {
        ledger.add_hold(&hold(HoldOn::Session(SessionId(id))), &by()).await.expect("added");
    }
    // One call is saved up, and no more.
    let bounds = Bounds { calls_per_s: NonZeroU32::new(1), ..bounds(9) };
    let mut looks = Vec::new();
    for _ in 1..=3 {
        let claimed = ledger.claim(&QueueName::Step(target("crm")), 1, HOUR, &bounds).await.expect("claims");
        looks.push((claimed.claims.len(), claimed.next));
        if !claimed.claims.is_empty() {
            break;
        }
    }
    let (last, held) = looks.split_last().expect("a look");
    assert_eq!(last.0, 1, "{looks:?}");
    assert!(held.iter().all(|look| *look == (0, NextLook::After(Duration::ZERO))), "{looks:?}");
}

pub(crate) async fn a_process_is_listed_with_what_it_holds(ledger: Shared) {
    assert!(ledger.processes().await.expect("listed").is_empty());
    let process = ProcessInfo { version: "1.2.3".into(), place: "web-1/4711".into(), targets: Vec::new() };
    ledger.register(&process).await.expect("entered");
    steps(&ledger, 3).await;
    assert_eq!(look(&ledger, &bounds(2)).await.claims.len(), 2);
    let broken = std::collections::BTreeMap::from([(target("crm"), "no such file".to_owned())]);
    let conditions = TargetConditions { broken, ..TargetConditions::default() };
    ledger.heartbeat(&conditions).await.expect("noted");
    let listed = ledger.processes().await.expect("listed");
    assert_eq!((&*listed[0].version, &*listed[0].place, listed.len()), ("1.2.3", "web-1/4711", 1));
    assert_eq!((&listed[0].holds, &listed[0].conditions), (&counts_of("step:crm", 2), &conditions));
    assert!(listed[0].silent_s < 20 && !listed[0].is_lost());
    ledger.deregister().await.expect("left");
    assert!(ledger.processes().await.expect("listed").is_empty());
}

fn counts_of(queue: &str, count: u64) -> std::collections::BTreeMap<String, u64> {
    std::collections::BTreeMap::from([(queue.to_owned(), count)])
}
