//! What people ask.

use std::time::Duration;

use super::fixtures::*;
use crate::erasure::{ErasureId, ErasureState};
use crate::keys::Digest;
use crate::ledger::{ErasureFilter, Keep, Recorded, TargetHealth, TargetState};

pub(crate) async fn erasures_are_listed_newest_first_and_by_state(ledger: Shared) {
    for id in 1..=4 {
        let mut erasure = due_erasure(i64::from(id), &["crm"]);
        erasure.id = ErasureId([id; 16]);
        ledger.request(erasure, &by()).await.expect("requested");
    }
    ledger.cancel_erasure(ErasureId([2; 16]), &by()).await.expect("cancelled");
    let list = async |states: &[ErasureState], limit| {
        let filter = ErasureFilter { states: states.to_vec(), limit };
        let erasures = ledger.erasures(&filter).await.expect("listed");
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

pub(crate) async fn targets_are_noted_until_they_are_open(ledger: Shared) {
    let since = jiff::Timestamp::UNIX_EPOCH;
    let open = TargetState::Open { until: since + jiff::SignedDuration::from_hours(1), reason: "503".into() };
    let parked = TargetState::Parked { reason: "401".into() };
    for state in [open, parked] {
        let health = TargetHealth { target: target("crm"), state, since };
        ledger.set_target(health.clone()).await.expect("noted");
        assert_eq!(ledger.targets().await.expect("listed"), [health]);
    }
    let open = TargetHealth { target: target("crm"), state: TargetState::Closed, since };
    ledger.set_target(open).await.expect("noted");
    assert!(ledger.targets().await.expect("listed").is_empty());
}

pub(crate) async fn a_ledger_belongs_to_one_index_key(ledger: Shared) {
    for (check, belongs) in [(1, true), (1, true), (2, false), (1, true)] {
        assert_eq!(ledger.belongs_to(Digest([check; 16])).await.expect("answered"), belongs);
    }
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
