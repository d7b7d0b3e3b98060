//! Deliveries arrive, some of them twice.

use tokio::task::JoinSet;

use super::fixtures::*;
use crate::event::EventKind;
use crate::keys::{Digest, Sealed};
use crate::ledger::{
    Cursor, PutAside, QUARANTINED_BYTES_MAX, QUARANTINED_MAX, QuarantineRange, Quarantined, QueueName, Recorded, Work,
};
use crate::subject::SourceName;

pub(crate) async fn a_delivery_is_recorded_once(ledger: Shared) {
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::New);
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::Duplicate);
    assert_eq!(ledger.counts().await.expect("counted").events_waiting, 1);
    let _ = only(claim(&ledger, &to_decide()).await);
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::Duplicate);
    assert!(claim(&ledger, &to_decide()).await.is_empty());
}

pub(crate) async fn deliveries_that_differ_in_anything_are_all_new(ledger: Shared) {
    let mut other_source = event(1, 1);
    other_source.head.source = SourceName("other".into());
    let mut other_kind = event(1, 1);
    other_kind.head.kind = EventKind::SessionOperatorConcluded;
    for event in [event(1, 1), event(1, 2), event(2, 1), other_source, other_kind] {
        assert_eq!(ledger.record(event).await.expect("recorded"), Recorded::New);
    }
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 5);
}

pub(crate) async fn concurrent_duplicates_are_recorded_once(ledger: Shared) {
    let mut deliveries = JoinSet::new();
    for i in 0..256 {
        let ledger = ledger.clone();
        deliveries.spawn(async move { ledger.record(event(i % 8, 1)).await.expect("recorded") });
    }
    let recorded = deliveries.join_all().await;
    assert_eq!(recorded.into_iter().filter(|recorded| *recorded == Recorded::New).count(), 8);
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 8);
}

pub(crate) async fn an_announcement_is_a_duplicate_until_somebody_looks(ledger: Shared) {
    for kind in [EventKind::SessionCallParamsUpdated, EventKind::SessionRecordingPostProcessingCompleted] {
        let mut announcement = event(1, 1);
        announcement.head.kind = kind;
        assert_eq!(ledger.record(announcement.clone()).await.expect("recorded"), Recorded::New);
        assert_eq!(ledger.record(announcement.clone()).await.expect("recorded"), Recorded::Duplicate);
        let _ = only(claim(&ledger, &to_decide()).await);
        assert_eq!(ledger.record(announcement).await.expect("recorded"), Recorded::New);
        let _ = only(claim(&ledger, &to_decide()).await);
    }
}

pub(crate) async fn a_recorded_event_is_handed_out_as_it_came(ledger: Shared) {
    let mut with_form = event(7, 9);
    with_form.form = Some(Sealed(b"sealed\nin lines".to_vec()));
    let claim = recorded(&ledger, with_form.clone()).await;
    let Work::Decide(work) = &claim.work else { panic!("not an event") };
    assert_eq!(work.event, with_form);
    assert_eq!(claim.attempt, 0);
}

pub(crate) async fn each_company_has_events_of_its_own(ledger: Shared) {
    let mut deliveries = JoinSet::new();
    for id in 0..40 {
        let ledger = ledger.clone();
        let mut event = event(id, 1);
        if id % 2 == 0 {
            event.head.session.installation = other();
        }
        deliveries.spawn(async move { ledger.record(event).await.expect("recorded") });
    }
    assert!(deliveries.join_all().await.into_iter().all(|recorded| recorded == Recorded::New));
    assert_eq!(ledger.counts().await.expect("counted").events_waiting, 40);
    for (queue, installation) in [(to_decide(), installation()), (QueueName::Decide(other()), other())] {
        let claims = claim(&ledger, &queue).await;
        assert_eq!(claims.len(), 20);
        for claim in claims {
            let Work::Decide(work) = claim.work else { panic!("not an event") };
            assert_eq!(work.event.head.session.installation, installation);
        }
    }
}

pub(crate) async fn a_body_in_quarantine_is_kept_once_until_it_is_dropped(ledger: Shared) {
    let item = |digest| Quarantined {
        source: source(),
        digest: Digest([digest; 16]),
        reason: "not JSON".into(),
        sealed: Sealed(vec![digest; 40]),
    };
    assert_eq!(ledger.quarantine(item(1)).await.expect("kept"), PutAside::New);
    assert_eq!(ledger.quarantine(item(1)).await.expect("kept"), PutAside::Duplicate);
    assert_eq!(ledger.quarantine(item(2)).await.expect("kept"), PutAside::New);
    let listed = ledger.quarantined(&QuarantineRange::all(Cursor::OLDEST, 9)).await.expect("listed").items;
    assert_eq!(
        listed.iter().map(|stored| (&*stored.source.0, stored.sealed_bytes)).collect::<Vec<_>>(),
        [("acme", 40), ("acme", 40)]
    );
    let first = ledger.quarantined_one(listed[0].id).await.expect("read").expect("is there");
    assert_eq!((first.digest, &*first.reason), (Digest([1; 16]), "not JSON"));
    assert!(ledger.quarantine_drop(listed[0].id, None, &by()).await.expect("dropped"));
    assert!(!ledger.quarantine_drop(listed[0].id, None, &by()).await.expect("nothing to drop"));
    assert!(ledger.quarantined_one(listed[0].id).await.expect("read").is_none());
    assert_eq!(ledger.counts().await.expect("counted").quarantined, 1);
    assert_eq!(ledger.quarantine(item(1)).await.expect("kept"), PutAside::New);
}

pub(crate) async fn a_quarantine_takes_no_more_than_its_bound_of_each_source(ledger: Shared) {
    let item = |source: SourceName, number: u128| Quarantined {
        source,
        digest: Digest(number.to_be_bytes()),
        reason: "not JSON".into(),
        sealed: Sealed(vec![1]),
    };
    let mut items = JoinSet::new();
    for number in 0..u128::from(QUARANTINED_MAX) {
        let ledger = ledger.clone();
        items.spawn(async move { ledger.quarantine(item(source(), number)).await.expect("kept") });
    }
    assert!(items.join_all().await.into_iter().all(|put| put == PutAside::New));
    let more = u128::from(QUARANTINED_MAX);
    assert_eq!(ledger.quarantine(item(source(), more)).await.expect("answered"), PutAside::Full);
    assert_eq!(ledger.quarantine(item(source(), 7)).await.expect("answered"), PutAside::Duplicate);
    assert_eq!(ledger.quarantine(item(SourceName("other".into()), more)).await.expect("answered"), PutAside::New);
    let first = ledger.quarantined(&QuarantineRange::all(Cursor::OLDEST, 9)).await.expect("listed").items[0].id;
    assert!(ledger.quarantine_drop(first, None, &by()).await.expect("dropped"));
    assert_eq!(ledger.quarantine(item(source(), more)).await.expect("answered"), PutAside::New);
}

pub(crate) async fn a_quarantine_takes_no_more_bytes_than_its_bound_of_each_source(ledger: Shared) {
    let item = |source: &str, digest, bytes: u64| Quarantined {
        source: SourceName(source.into()),
        digest: Digest([digest; 16]),
        reason: "not JSON".into(),
        sealed: Sealed(vec![1; bytes as usize]),
    };
    let put = async |item| ledger.quarantine(item).await.expect("answered");
    let half = QUARANTINED_BYTES_MAX / 2;
    assert_eq!(put(item("acme", 1, half)).await, PutAside::New);
    assert_eq!(put(item("acme", 2, half + 1)).await, PutAside::Full);
    assert_eq!(put(item("acme", 3, half)).await, PutAside::New);
    assert_eq!(put(item("acme", 4, 1)).await, PutAside::Full);
    assert_eq!(put(item("acme", 3, half)).await, PutAside::Duplicate);
    assert_eq!(put(item("other", 4, half)).await, PutAside::New);
    let first = ledger.quarantined(&QuarantineRange::all(Cursor::OLDEST, 9)).await.expect("listed").items[0].id;
    assert!(ledger.quarantine_drop(first, None, &by()).await.expect("dropped"));
    assert_eq!(put(item("acme", 4, 1)).await, PutAside::New);
}

pub(crate) async fn that_all_comes_from_one_address_is_known_since_when(ledger: Shared) {
    let since = async || ledger.one_client_since().await.expect("read");
    assert_eq!(since().await, None);
    ledger.one_client(false).await.expect("noted");
    assert_eq!(since().await, None);
    ledger.one_client(true).await.expect("noted");
    let first = since().await;
    assert!(first.is_some());
    ledger.one_client(true).await.expect("noted");
    assert_eq!(since().await, first);
    ledger.one_client(false).await.expect("noted");
    assert_eq!(since().await, None);
}
