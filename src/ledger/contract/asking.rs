//! What people ask.

use std::time::Duration;

use super::fixtures::*;
use crate::erasure::{ErasureId, ErasureState};
use crate::keys::Digest;
use crate::ledger::{CallEnd, ErasureFilter, Keep, Recorded, TargetState};

pub(crate) async fn erasures_are_listed_newest_first_and_by_state(ledger: Shared) {
    for id in 1..=4 {
        let mut erasure = due_erasure(i64::from(id), &["crm"]);
        erasure.id = ErasureId([id; 16]);
        ledger.request(erasure, &by()).await.expect("requested");
    }
    ledger.cancel_erasure(ErasureId([2; 16]), &by()).await.expect("cancelled");
    let list = async |states: &[ErasureState], limit| {
        let filter = ErasureFilter { states: states.to_vec(), ..ErasureFilter::newest(limit) };
        let erasures = ledger.erasures(&filter).await.expect("listed").items;
        erasures.into_iter().map(|erasure| erasure.id.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(list(&[], 9).await, [4, 3, 2, 1]);
    assert_eq!(list(&[], 2).await, [4, 3]);
    assert_eq!(list(&[ErasureState::Scheduled], 2).await, [4, 3]);
    assert_eq!(list(&[ErasureState::Cancelled, ErasureState::Done], 9).await, [2]);
    assert!(ledger.erasure(ErasureId([9; 16])).await.expect("read").is_none());
    assert!(!ledger.retry_erasure(ErasureId([9; 16]), &by()).await.expect("answered"));
    assert!(!ledger.cancel_erasure(ErasureId([9; 16]), &by()).await.expect("answered"));
}

pub(crate) async fn targets_are_noted_until_they_answer_or_a_person_resumes_them(ledger: Shared) {
    let out = async || {
        let states = ledger.targets().await.expect("listed").into_iter().map(|health| match health.state {
            TargetState::Open { reason, needs_person, tries, .. } => (health.target.0, reason, needs_person, tries),
            TargetState::Closed => panic!("it is not listed"),
        });
        states.collect::<Vec<_>>()
    };
    put_out(&ledger, "crm").await;
    assert_eq!(out().await, [("crm".into(), "its token was revoked".to_owned(), true, 0)]);
    for _ in 0..BREAKER.failures {
        call_ended(&ledger, "mailbox", CallEnd::Unavailable { reason: "503".into() }).await;
    }
    assert_eq!(out().await[1], ("mailbox".into(), "503".to_owned(), false, 0));
    call_ended(&ledger, "mailbox", CallEnd::Answered { sort: "erase" }).await;
    assert!(ledger.resume_target(&target("crm"), &by()).await.expect("resumed"));
    assert!(!ledger.resume_target(&target("crm"), &by()).await.expect("resumed"));
    assert!(out().await.is_empty());
}

pub(crate) async fn a_ledger_belongs_to_one_index_key(ledger: Shared) {
    for (check, belongs) in [(1, true), (1, true), (2, false), (1, true)] {
        assert_eq!(ledger.belongs_to(Digest([check; 16])).await.expect("answered"), belongs);
    }
}

pub(crate) async fn a_ledger_keeps_its_id(ledger: Shared) {
    let id = ledger.id().await.expect("read");
    assert!(id.0.len() == 32 && id.0.bytes().any(|byte| byte != b'0'), "{id}");
    ledger.belongs_to(Digest([1; 16])).await.expect("noted");
    assert_eq!(ledger.id().await.expect("read"), id);
}

pub(crate) async fn an_empty_ledger_counts_nothing_and_can_be_written(ledger: Shared) {
    ledger.writable().await.expect("writable");
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.sessions, counts.events_waiting, counts.sessions_settling, counts.overdue), (0, 0, 0, 0));
    assert_eq!((counts.parked_work, counts.receipts, counts.quarantined, counts.oldest_due), (0, 0, 0, None));
    assert_eq!((counts.incomplete_unacknowledged, counts.foreign_sessions), (0, 0));
    assert!(counts.verdicts.len() == 3 && counts.verdicts.values().all(|count| *count == 0));
    assert!(counts.unknown_consents.len() == 2 && counts.unknown_consents.values().all(|count| *count == 0));
    assert!(ErasureState::ALL.iter().all(|state| counts.erasures[state.as_str()] == 0));
    assert!(ledger.receipt_head().await.expect("read").is_none());
    assert!(ledger.session(&session(1)).await.expect("read").is_none());
}

pub(crate) async fn maintenance_forgets_old_deliveries_and_keeps_the_rest(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::Duplicate);
    // Until the clock has moved on, the delivery is not older than nothing.
    let forgotten = async {
        while ledger.record(event(1, 1)).await.expect("recorded") == Recorded::Duplicate {
            ledger.maintain(Keep { duplicates: Duration::ZERO, ..KEEP }).await.expect("maintained");
        }
    };
    tokio::time::timeout(Duration::from_secs(10), forgotten).await.expect("forgotten");
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 2);
}
