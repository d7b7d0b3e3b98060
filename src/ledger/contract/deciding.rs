//! What a decision writes.

use super::fixtures::*;
use crate::consent::ConsentState;
use crate::erasure::ErasureState;
use crate::keys::{Digest, Fingerprint};
use crate::ledger::{Decision, Finished, LedgerError, Queue, Work};
use crate::subject::{GuestId, Kind, SourceName};

pub(crate) async fn a_decision_writes_the_session_the_erasures_and_the_end_of_the_work(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    let mut change = unchanged(1, 0);
    change.record.consent.state = ConsentState::Withdrawn;
    change.record.guest = Some(GuestId("g-1".into()));
    change.fingerprints = Some(vec![(Kind::Email, Fingerprint([1; 32])), (Kind::Phone, Fingerprint([2; 32]))]);
    change.forms_seen = vec![Digest([3; 16]), Digest([4; 16])];
    change.concluded = true;
    let erasure = due_erasure(1, &["crm"]);
    let id = erasure.id;
    let decision = Decision { session: change, erasures: vec![erasure] };
    assert_eq!(ledger.decided(mine, decision).await.expect("decided"), Finished::Done);

    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!((view.version, view.record.consent.state), (1, ConsentState::Withdrawn));
    assert_eq!(view.fingerprints, [(Kind::Email, Fingerprint([1; 32])), (Kind::Phone, Fingerprint([2; 32]))]);
    assert_eq!(view.forms_seen, [Digest([3; 16]), Digest([4; 16])]);
    assert!(view.concluded && !view.recording_ready && view.settle_at.is_none() && view.erased_at.is_none());
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Scheduled);
    assert!(claim(&ledger, &Queue::Decide).await.is_empty());
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.sessions, counts.events_waiting, counts.erasures["scheduled"]), (1, 0, 1));

    let mut again = unchanged(1, 1);
    again.fingerprints = Some(vec![(Kind::Email, Fingerprint([5; 32]))]);
    decide(&ledger, again).await;
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!((view.version, view.fingerprints), (2, vec![(Kind::Email, Fingerprint([5; 32]))]));
    decide(&ledger, unchanged(1, 2)).await;
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!(view.fingerprints, [(Kind::Email, Fingerprint([5; 32]))]);
    assert_eq!(ledger.counts().await.expect("counted").sessions, 1);
}

pub(crate) async fn a_decision_on_a_stale_session_writes_nothing_and_is_due_again(ledger: Shared) {
    decide(&ledger, unchanged(1, 0)).await;
    let mine = recorded(&ledger, event(1, 200)).await;
    for (read, finished) in [(0, Finished::Stale), (2, Finished::Stale)] {
        let erasure = due_erasure(1, &["crm"]);
        let id = erasure.id;
        let stale = Decision { session: unchanged(1, read), erasures: vec![erasure] };
        let claim = match read {
            0 => recorded(&ledger, event(1, 201)).await,
            _ => only(claim(&ledger, &Queue::Decide).await),
        };
        assert_eq!(ledger.decided(claim, stale).await.expect("answered"), finished);
        assert!(ledger.erasure(id).await.expect("read").is_none());
    }
    assert_eq!(ledger.session(&session(1)).await.expect("read").expect("is there").version, 1);
    assert_eq!(ledger.decided(mine, decision(unchanged(1, 1))).await.expect("decided"), Finished::Done);
}

pub(crate) async fn a_decision_that_cannot_be_written_leaves_the_work(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    let mine = claim_for_no_time(&ledger, &Queue::Decide).await;
    let impossible = Decision { session: unchanged(1, 0), erasures: vec![due_erasure(1, &[])] };
    let (refused, other) = tokio::join!(ledger.decided(mine, impossible), ledger.record(event(2, 1)));
    assert!(matches!(refused, Err(LedgerError::Broken(_))));
    assert!(other.is_ok());
    assert!(ledger.session(&session(1)).await.expect("read").is_none());
    assert_eq!(claim(&ledger, &Queue::Decide).await.len(), 2);
}

pub(crate) async fn a_session_has_one_look_for_settling_which_moves(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.settle_at = Some(in_hours(1));
    decide(&ledger, change).await;
    assert!(claim(&ledger, &Queue::Settle).await.is_empty());
    assert_eq!(ledger.counts().await.expect("counted").sessions_settling, 1);

    let mut sooner = unchanged(1, 1);
    sooner.settle_at = Some(in_hours(-1));
    decide(&ledger, sooner).await;
    assert_eq!(ledger.counts().await.expect("counted").sessions_settling, 1);
    let look = only(claim(&ledger, &Queue::Settle).await);
    let Work::Settle(key) = &look.work else { panic!("not a session") };
    assert_eq!(*key, session(1));

    // While one looks, something happens to the session: the look is no longer theirs.
    let mut later = unchanged(1, 2);
    later.settle_at = Some(in_hours(1));
    decide(&ledger, later).await;
    assert_eq!(ledger.decided(look, decision(unchanged(1, 3))).await.expect("answered"), Finished::LeaseLost);
    assert!(claim(&ledger, &Queue::Settle).await.is_empty());

    decide(&ledger, unchanged(1, 3)).await;
    assert_eq!(ledger.counts().await.expect("counted").sessions_settling, 0);
}

pub(crate) async fn a_look_for_settling_can_set_itself_anew(ledger: Shared) {
    for read in 0..3 {
        let mut again = unchanged(1, read);
        again.settle_at = Some(in_hours(-1));
        if read == 0 {
            decide(&ledger, again).await;
        } else {
            let look = only(claim(&ledger, &Queue::Settle).await);
            assert_eq!(ledger.decided(look, decision(again)).await.expect("decided"), Finished::Done);
        }
    }
    let look = only(claim(&ledger, &Queue::Settle).await);
    assert_eq!(ledger.decided(look, decision(unchanged(1, 3))).await.expect("settled"), Finished::Done);
    assert!(claim(&ledger, &Queue::Settle).await.is_empty());
}

pub(crate) async fn sessions_are_found_by_guest_and_by_all_their_fingerprints(ledger: Shared) {
    let (ann, phone, bob) = (Fingerprint([1; 32]), Fingerprint([2; 32]), Fingerprint([3; 32]));
    for (id, prints) in [(1, vec![ann, phone]), (2, vec![ann]), (3, vec![bob, phone])] {
        let mut change = unchanged(id, 0);
        change.record.guest = Some(GuestId(if id < 3 { "ann" } else { "bob" }.into()));
        change.fingerprints = Some(prints.into_iter().map(|print| (Kind::Email, print)).collect());
        decide(&ledger, change).await;
    }
    let found = async |prints: &[Fingerprint]| {
        let views = ledger.sessions_with(prints).await.expect("searched");
        views.into_iter().map(|view| view.record.session.session.0).collect::<Vec<_>>()
    };
    assert_eq!(found(&[ann]).await, [1, 2]);
    assert_eq!(found(&[ann, phone]).await, [1]);
    assert_eq!(found(&[phone, ann, ann]).await, [1]);
    assert_eq!(found(&[ann, bob]).await, [] as [i64; 0]);
    assert_eq!(found(&[]).await, [] as [i64; 0]);
    let of = async |source: SourceName, guest: &str| {
        ledger.sessions_of_guest(&source, &GuestId(guest.into())).await.expect("searched").len()
    };
    assert_eq!(of(source(), "ann").await, 2);
    assert_eq!(of(source(), "eve").await, 0);
    assert_eq!(of(SourceName("other".into()), "ann").await, 0);
}
