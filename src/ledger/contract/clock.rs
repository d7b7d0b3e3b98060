//! What is believed of the ledger's clock. A story cannot set the clock; what it can do is move what was seen of it, which is
//! the same the other way round, past the port: such a story is given a way to do so.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::audit::audited;
use super::fixtures::*;
use crate::attention::{ClockFault, Code, Limits, Severity};
use crate::erasure::{Outcome, Stage};
use crate::ledger::{Bounds, BreakerLimits, CallEnd, Finished, QueueName, Recorded, SessionChange, Work};

const SHORT: Duration = Duration::from_millis(50);

/// Changes what is stored, without the program that keeps it.
pub(crate) type Sql<'a> = &'a (dyn Fn(&str) + Sync);

async fn watch(ledger: &Shared) -> Option<ClockFault> {
    ledger.watch_clock(2 * HOUR).await.expect("looked").map(|doubt| doubt.fault)
}

/// The stages of the steps that are claimed; they are put back.
async fn stages(ledger: &Shared, name: &str) -> Vec<Stage> {
    let mut stages = Vec::new();
    for claim in claim(ledger, &steps_at(name)).await {
        let Work::Step(work) = &claim.work else { panic!("not a step: {claim:?}") };
        stages.push(work.stage);
        put_back(ledger, claim).await;
    }
    stages.sort_by_key(|stage| stage.as_str());
    stages
}

pub(crate) async fn work_that_is_held_is_taken_over_once_the_clock_was_watched_for_as_long_as_its_lease(
    ledger: Shared,
) {
    ledger.record(event(1, 1)).await.expect("recorded");
    let held = ledger.claim(&to_decide(), 1, SHORT, &Bounds::NONE).await.expect("claims").claims;
    tokio::time::sleep(2 * SHORT).await;
    assert!(claim(&ledger, &to_decide()).await.is_empty(), "the clock may have jumped");
    let begun = Instant::now();
    assert_eq!(watch(&ledger).await, None);
    let taken = loop {
        let claims = claim(&ledger, &to_decide()).await;
        if !claims.is_empty() {
            break only(claims);
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody takes it over");
        tokio::time::sleep(SHORT / 10).await;
    };
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(ledger.renew(&only(held), HOUR).await.expect("answered"), Finished::LeaseLost);
    assert_eq!(ledger.renew(&taken, HOUR).await.expect("answered"), Finished::Done);
}

pub(crate) async fn a_clock_that_nobody_doubts_is_not_accepted(ledger: Shared) {
    assert_eq!(ledger.clock().await.expect("read").latest, None);
    assert_eq!(watch(&ledger).await, None);
    let shown = ledger.clock().await.expect("read");
    assert_eq!(shown.doubt, None);
    assert!(shown.latest.is_some_and(|latest| latest <= shown.now));
    assert_eq!(ledger.accept_clock(&by()).await.expect("answered"), None);
    assert_eq!(last_act(&ledger).await, said("clock.accept", "unchanged"));
}

/// The newest row of the audit: what was done, and with what result.
async fn last_act(ledger: &Shared) -> (String, String) {
    let rows = audited(ledger).await;
    let said = &rows.last().expect("there is one").statement;
    (said.act.clone(), said.result.clone())
}

fn said(act: &str, result: &str) -> (String, String) {
    (act.to_owned(), result.to_owned())
}

pub(crate) async fn a_jump_ahead_stops_erasing_and_nothing_else(ledger: Shared, sql: Sql<'_>) {
    begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    begun(&ledger, 2, &["crm"]).await;
    begun(&ledger, 5, &["mailbox"]).await;
    step_end(&ledger, "mailbox", ends(Outcome::Absent)).await;
    ledger.request(due_erasure(3, &["crm"]), &by()).await.expect("requested");
    decide(&ledger, SessionChange { read_at: Some(in_hours(-1)), ..unchanged(6, 0) }).await;
    ledger.record(event(4, 1)).await.expect("recorded");
    assert_eq!(watch(&ledger).await, None);
    assert_eq!(stages(&ledger, "crm").await, [Stage::Erase, Stage::Verify]);

    sql("UPDATE clock_anchor SET seen = seen - 31622400000");
    // From the first claim on: whoever watches the clock comes later.
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert_eq!(stages(&ledger, "crm").await, [Stage::Verify]);
    assert!(claim(&ledger, &QueueName::Close).await.is_empty(), "its receipt would have a wrong date");
    assert_eq!(watch(&ledger).await, Some(ClockFault::Ahead));
    assert_eq!(watch(&ledger).await, Some(ClockFault::Ahead));
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert_eq!(stages(&ledger, "crm").await, [Stage::Verify]);
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 1);
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    assert_eq!(ledger.record(event(4, 1)).await.expect("recorded"), Recorded::Duplicate, "nothing is forgotten by age");
    assert!(ledger.session(&session(6)).await.expect("read").is_some());
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(1 << 31),
        warn_before: quietus_plugin::Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let shown = ledger.attention(&limits).await.expect("read");
    let urgent = shown.iter().filter(|found| found.severity == Severity::Urgent);
    assert_eq!(urgent.map(|found| found.code).collect::<Vec<_>>(), [Code::ClockDoubted]);

    let accepted = ledger.accept_clock(&by()).await.expect("accepted").expect("it was doubted");
    assert_eq!(accepted.fault, ClockFault::Ahead);
    assert_eq!(last_act(&ledger).await, said("clock.accept", "done"));
    assert_eq!(watch(&ledger).await, None);
    assert_eq!(stages(&ledger, "crm").await, [Stage::Erase, Stage::Verify]);
    assert_eq!(claim(&ledger, &to_resolve()).await.len(), 1);
    close(&ledger).await;
}

pub(crate) async fn a_clock_behind_what_was_seen_stops_erasing(ledger: Shared, sql: Sql<'_>) {
    begun(&ledger, 1, &["crm"]).await;
    assert_eq!(watch(&ledger).await, None);
    sql("UPDATE clock_seen SET latest = latest + 31622400000");
    // As of a machine that was started anew.
    sql("DELETE FROM clock_anchor");
    assert_eq!(stages(&ledger, "crm").await, []);
    assert_eq!(watch(&ledger).await, Some(ClockFault::Behind));
    assert_eq!(stages(&ledger, "crm").await, []);
    assert!(ledger.accept_clock(&by()).await.expect("accepted").is_some());
    assert_eq!(stages(&ledger, "crm").await, [Stage::Erase]);
}

pub(crate) async fn no_pause_is_longer_for_a_clock_that_was_put_back(ledger: Shared, sql: Sql<'_>) {
    begun(&ledger, 1, &["crm", "mailbox"]).await;
    let look = async |name: &str, calls_per_s| {
        let bounds = Bounds { target: Some(target(name)), at_once: 9, calls_per_s: NonZeroU32::new(calls_per_s) };
        ledger.claim(&steps_at(name), 9, HOUR, &bounds).await.expect("claims").claims
    };
    for name in ["crm", "mailbox"] {
        put_back(&ledger, claim_step(&ledger, name).await).await;
    }
    // One is out, and the other one has a rate.
    let end = CallEnd::Unavailable { reason: "503".into() };
    let limits = BreakerLimits { failures: 1, pause: Duration::ZERO };
    ledger.call_ended(&target("crm"), &end, limits).await.expect("noted");
    ledger.charge(&target("mailbox"), 1, NonZeroU32::MIN).await.expect("charged");
    let mut settles_soon = unchanged(9, 0);
    settles_soon.settle_at = Some(jiff::Timestamp::now() + jiff::SignedDuration::from_millis(200));
    decide(&ledger, settles_soon).await;
    assert_eq!(watch(&ledger).await, None);

    // All that was written was written an hour from now.
    sql("UPDATE clock_seen SET latest = latest + 3600000, looked = looked + 3600000");
    sql("UPDATE task SET began = began + 3600000");
    sql("UPDATE task SET due = due + 3600000 WHERE queue LIKE '%crm' OR queue LIKE 'settle:%'");
    sql("UPDATE target SET until = until + 3600000, began = began + 3600000");
    sql("UPDATE pace SET next_call_us = next_call_us + 3600000000, began = began + 3600000");
    for _ in 0..2 {
        assert!(look("crm", 0).await.is_empty());
        assert!(look("mailbox", 1_000).await.is_empty(), "its rate does not allow it");
    }
    assert_eq!(watch(&ledger).await, None);
    let begun = Instant::now();
    for (name, calls_per_s) in [("crm", 0), ("mailbox", 1_000)] {
        while look(name, calls_per_s).await.is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it stands still");
            tokio::time::sleep(SHORT).await;
        }
    }
    while claim(&ledger, &to_settle()).await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody looks at the session");
        tokio::time::sleep(SHORT).await;
    }
}

pub(crate) async fn a_clock_that_has_jumped_does_not_say_for_how_long_work_was_tried(ledger: Shared, sql: Sql<'_>) {
    ledger.record(event(1, 1)).await.expect("recorded");
    let look = async || {
        let mine = only(claim(&ledger, &to_decide()).await);
        let in_vain = mine.in_vain;
        put_back(&ledger, mine).await;
        in_vain
    };
    assert_eq!(watch(&ledger).await, None);
    assert!(look().await.is_some_and(|waited| waited < HOUR));
    sql("UPDATE clock_anchor SET seen = seen - 31622400000");
    sql("UPDATE task SET since = since - 31622400000");
    // From the first claim on: whoever watches the clock comes later.
    assert_eq!(look().await, None);
    assert_eq!(watch(&ledger).await, Some(ClockFault::Ahead));
    assert_eq!(look().await, None);
}

pub(crate) async fn a_target_that_only_wants_fewer_calls_needs_a_person_after_an_hour(ledger: Shared, sql: Sql<'_>) {
    let limited = async || call_ended(&ledger, "crm", CallEnd::Limited { sort: "erase", pause: Duration::ZERO }).await;
    let told = async || {
        let limits = Limits {
            calendar: crate::deadline::Calendar::late_after_s(1 << 31),
            warn_before: quietus_plugin::Span::from_secs(0),
            unknown_share_max: 1.0,
            requests: crate::attention::sample::request_limits(),
            remind_after: Default::default(),
        };
        let all = ledger.attention(&limits).await.expect("read");
        all.into_iter().filter(|found| found.code == Code::TargetLimited).collect::<Vec<_>>()
    };
    limited().await;
    assert_eq!(told().await, []);
    // It has been so for two hours.
    sql("UPDATE pace SET limited_since = limited_since - 7200000");
    limited().await;
    let all = told().await;
    let [found] = &*all else { panic!("{all:?}") };
    assert_eq!((found.severity, found.object.as_str()), (Severity::Attention, "target:crm"));
    assert!(found.since.is_some_and(|since| since < in_hours(-1)), "{found:?}");
    // Nobody has asked it for as long, so that nothing is known of it.
    sql("UPDATE pace SET limited_until = limited_until - 7200000");
    assert_eq!(told().await, []);
    limited().await;
    assert_eq!(told().await.len(), 1);
    // What is asked otherwise has no such limit.
    call_ended(&ledger, "crm", CallEnd::Answered { sort: "find" }).await;
    assert_eq!(told().await.len(), 1);
    call_ended(&ledger, "crm", CallEnd::Answered { sort: "erase" }).await;
    assert_eq!(told().await, []);
}
