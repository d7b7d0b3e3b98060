//! What the stories are made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::consent::ConsentRecord;
use crate::erasure::{Capsule, Erasure, ErasureId, NewErasure, Outcome, Subject};
use crate::event::{EventHead, EventKind, StoredEvent};
use crate::keys::{Digest, Fingerprint, SealKey, fill_random};
use crate::ledger::{
    Bounds, Claim, Closed, Closing, Decision, Finished, Ledger, Queue, Recorded, Resolution, SessionChange, StepEnd,
    Work,
};
use crate::receipt::{Receipt, ReceiptHead, ReceiptKey};
use crate::subject::{Identifier, Identifiers, Kind, SessionId, SessionKey, SourceName, TargetName};

pub(super) type Shared = Arc<dyn Ledger>;

pub(super) const HOUR: Duration = Duration::from_secs(3_600);

pub(super) fn source() -> SourceName {
    SourceName("acme".into())
}

pub(super) fn session(id: i64) -> SessionKey {
    SessionKey { source: source(), session: SessionId(id) }
}

pub(super) fn target(name: &str) -> TargetName {
    TargetName(name.into())
}

/// An event of a session; the digest stands for its body.
pub(crate) fn event(id: i64, digest: u8) -> StoredEvent {
    let head = EventHead {
        session: session(id),
        kind: EventKind::SessionEnded,
        digest: Digest([digest; 16]),
        tenant: None,
        time: Some(Timestamp::UNIX_EPOCH),
        channel: None,
        session_source: None,
        started: None,
    };
    StoredEvent { head, form: None }
}

/// `hours` from now, or before now.
pub(super) fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

pub(super) fn capsule(email: &str) -> Capsule {
    let identifiers = Identifiers(Identifier::new(Kind::Email, email).into_iter().collect());
    Capsule::seal(&identifiers, &SealKey::new(&Zeroizing::new([7; 32])))
}

pub(super) fn erasure_of(subject: Subject, targets: &[&str], due: Timestamp) -> NewErasure {
    let mut random = [0; 16];
    fill_random(&mut random);
    NewErasure {
        id: ErasureId(random),
        subject,
        rule: "request".into(),
        targets: targets.iter().copied().map(target).collect(),
        due,
        capsule: None,
    }
}

/// An erasure of a session that is due.
pub(super) fn due_erasure(id: i64, targets: &[&str]) -> NewErasure {
    erasure_of(Subject::Session(session(id)), targets, in_hours(-1))
}

pub(super) fn unchanged(id: i64, read_version: i64) -> SessionChange {
    SessionChange {
        read_version,
        record: ConsentRecord::new(session(id)),
        fingerprints: None,
        concluded: false,
        recording_ready: false,
        settle_at: None,
        forms_seen: Vec::new(),
    }
}

pub(super) fn decision(session: SessionChange) -> Decision {
    Decision { session, erasures: Vec::new() }
}

#[track_caller]
pub(super) fn only(mut claims: Vec<Claim>) -> Claim {
    assert_eq!(claims.len(), 1, "one claim is expected: {claims:?}");
    claims.remove(0)
}

pub(super) async fn claim(ledger: &Shared, queue: &Queue) -> Vec<Claim> {
    ledger.claim(queue, 100, HOUR, &Bounds::NONE).await.expect("claims").claims
}

/// Claims one piece of work under a lease that ends at once.
pub(super) async fn claim_for_no_time(ledger: &Shared, queue: &Queue) -> Claim {
    only(ledger.claim(queue, 1, Duration::ZERO, &Bounds::NONE).await.expect("claims").claims)
}

pub(super) async fn claim_step(ledger: &Shared, name: &str) -> Claim {
    only(claim(ledger, &Queue::Step(target(name))).await)
}

pub(super) async fn recorded(ledger: &Shared, event: StoredEvent) -> Claim {
    assert_eq!(ledger.record(event).await.expect("recorded"), Recorded::New);
    only(claim(ledger, &Queue::Decide).await)
}

/// Writes a session's change by way of an event of its own.
pub(super) async fn decide(ledger: &Shared, change: SessionChange) {
    let digest = u8::try_from(50 + change.read_version).expect("a story is short");
    let claim = recorded(ledger, event(change.record.session.session.0, digest)).await;
    assert_eq!(ledger.decided(claim, decision(change)).await.expect("decided"), Finished::Done);
}

pub(super) async fn resolve(ledger: &Shared, sessions: Vec<SessionKey>) {
    let claim = only(claim(ledger, &Queue::Resolve).await);
    let resolution = Resolution { capsule: capsule("resolved@x.cz"), sessions };
    assert_eq!(ledger.resolved(claim, resolution).await.expect("resolved"), Finished::Done);
}

/// An erasure whose steps have begun.
pub(super) async fn begun(ledger: &Shared, id: i64, targets: &[&str]) -> ErasureId {
    let id_of = ledger.request(due_erasure(id, targets)).await.expect("requested");
    resolve(ledger, vec![session(id)]).await;
    id_of
}

pub(super) async fn step_end(ledger: &Shared, name: &str, end: StepEnd) {
    let claim = claim_step(ledger, name).await;
    assert_eq!(ledger.stepped(claim, end).await.expect("stepped"), Finished::Done);
}

pub(super) fn verify_after(outcome: Outcome, contacts: u64) -> StepEnd {
    StepEnd::VerifyAfter { pause: Duration::ZERO, outcome, reason: None, counts: counts(contacts) }
}

pub(super) fn ends(outcome: Outcome) -> StepEnd {
    StepEnd::Final { outcome, reason: None, counts: BTreeMap::new() }
}

pub(super) fn counts(contacts: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([("contacts".to_owned(), contacts)])
}

pub(super) async fn shown(ledger: &Shared, id: ErasureId) -> Erasure {
    ledger.erasure(id).await.expect("read").expect("is there")
}

/// The receipt of a claimed erasure, as the chain's next.
pub(super) async fn receipt(ledger: &Shared, claim: &Claim) -> Receipt {
    let Work::Close(erasure) = &claim.work else { panic!("not an erasure to close") };
    let head = ledger.receipt_head().await.expect("read");
    receipt_after(erasure, head.as_ref())
}

/// The receipt of an erasure that follows `head`.
pub(super) fn receipt_after(erasure: &Erasure, head: Option<&ReceiptHead>) -> Receipt {
    let key = ReceiptKey::new(&Zeroizing::new([2; 32]));
    Receipt::issue(erasure, head, &key, Timestamp::now()).expect("all outcomes are there")
}

pub(super) async fn close(ledger: &Shared) {
    let claim = only(claim(ledger, &Queue::Close).await);
    let receipt = receipt(ledger, &claim).await;
    let closed = ledger.closed(vec![Closing { claim, receipt }]).await.expect("closed");
    assert!(matches!(closed, Closed::Done));
}

/// A ledger that has something of everything: finished, parked and open erasures, sessions, quarantine, targets.
pub(crate) async fn a_busy_ledger(ledger: &Shared) {
    ledger.belongs_to(Digest([9; 16])).await.expect("noted");
    for id in 1..=3 {
        let mut change = unchanged(id, 0);
        change.fingerprints = Some(vec![(Kind::Email, Fingerprint([u8::try_from(id).expect("small"); 32]))]);
        change.settle_at = (id == 3).then(|| in_hours(1));
        decide(ledger, change).await;
    }
    for id in 1..=2 {
        begun(ledger, id, &["mluvii"]).await;
        step_end(ledger, "mluvii", ends(Outcome::Erased)).await;
        close(ledger).await;
    }
    begun(ledger, 4, &["crm", "mailbox"]).await;
    let claim = claim_step(ledger, "crm").await;
    assert_eq!(ledger.park(claim, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    let mut waits = erasure_of(Subject::Person { digest: Digest([5; 16]) }, &["mluvii"], in_hours(5));
    waits.capsule = Some(capsule("ann@x.cz"));
    ledger.request(waits).await.expect("requested");
    let (digest, sealed) = (Digest([6; 16]), crate::keys::Sealed(vec![1, 2, 3]));
    let item = crate::ledger::Quarantined { source: source(), digest, reason: "not JSON".into(), sealed };
    ledger.quarantine(item).await.expect("put aside");
    let state = crate::ledger::TargetState::Parked { reason: "its token was revoked".into() };
    let health = crate::ledger::TargetHealth { target: target("crm"), state, since: Timestamp::UNIX_EPOCH };
    ledger.set_target(health).await.expect("noted");
    ledger.record(event(6, 1)).await.expect("recorded");
}
