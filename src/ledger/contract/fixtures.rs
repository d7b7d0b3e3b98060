//! What the stories are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quietus_plugin::Span;
use zeroize::Zeroizing;

use crate::attention::{Limits, MuteEnd};
use crate::audit::Actor;
use crate::consent::{ConsentRecord, ConsentState};
use crate::erasure::life::Finds;
use crate::erasure::{
    Capsule, Erasure, ErasureId, ErasureState, Evidence, Findings, NewErasure, Outcome, ReachedSession, RecheckOutcome,
    Selection, Subject, ToSeal,
};
use crate::event::{EventHead, EventKind, StoredEvent};
use crate::hold::{HoldId, HoldOn, HoldReason, NewHold};
use crate::keys::{Digest, Fingerprint, KeyId, KeyIds, KeyKind, SealKey, fill_random};
use crate::ledger::{
    Archived, Attempt, AuditRange, Bounds, BreakerLimits, CallEnd, Claim, Closed, Closing, Cursor, Decision,
    ErasureFilter, Finished, Keep, Ledger, NewPause, NewRuleVersion, PastCounts, PastJob, PastState, PauseReason,
    QueueName, ReceiptRange, Recorded, Resolution, RuleState, SessionChange, ShownSession, StepEnd, TakenDeliveries,
    Work,
};
use crate::receipt::sample::checkpoint;
use crate::receipt::{ChainEnd, ChainName, Receipt, ReceiptHead, ReceiptKey};
use crate::subject::{
    Fingerprinted, GuestId, Identifier, Identifiers, InstallationName, Kind, SessionId, SessionKey, SourceName,
    TargetName, Whom,
};

pub(crate) type Shared = Arc<dyn Ledger>;

pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// Who orders what the stories order.
pub(crate) fn by() -> Actor {
    Actor::cli("ann")
}

/// The ids of the keys of one deployment, told from another's by a mark.
pub(crate) fn key_ids(mark: &str) -> KeyIds {
    let [index, seal, receipt] = KeyKind::ALL.map(|kind| KeyId::written(format!("{kind}-{mark}")));
    KeyIds { index, seal, receipt }
}

pub(super) fn source() -> SourceName {
    SourceName("acme".into())
}

/// So many deliveries of a source.
pub(super) fn taken(source: SourceName, count: u64) -> TakenDeliveries {
    TakenDeliveries { source, count }
}

pub(crate) fn installation() -> InstallationName {
    InstallationName("acme".into())
}

/// Another company's.
pub(crate) fn other() -> InstallationName {
    InstallationName("other".into())
}

/// What is kept for an hour.
pub(crate) const KEEP: Keep = Keep {
    duplicates: HOUR,
    sessions: Some(HOUR),
    consents: Some(HOUR),
    tombstones: Some(HOUR),
    erasures: Some(HOUR),
    fingerprints: Some(HOUR),
    requests: Some(HOUR),
    holds: Some(HOUR),
};

/// Everything whose time may be over has been kept for long enough.
pub(crate) const KEEP_NOTHING: Keep = Keep {
    duplicates: Duration::ZERO,
    sessions: Some(Duration::ZERO),
    consents: Some(Duration::ZERO),
    tombstones: Some(Duration::ZERO),
    erasures: Some(Duration::ZERO),
    fingerprints: Some(Duration::ZERO),
    requests: Some(Duration::ZERO),
    holds: Some(Duration::ZERO),
};

pub(crate) fn session(id: i64) -> SessionKey {
    SessionKey { installation: installation(), session: SessionId(id) }
}

/// The queues of the installation.
pub(crate) fn to_decide() -> QueueName {
    QueueName::Decide(installation())
}

pub(crate) fn to_settle() -> QueueName {
    QueueName::Settle(installation())
}

pub(crate) fn to_resolve() -> QueueName {
    QueueName::Resolve(installation())
}

/// Steps at a target, named as a rule names it.
pub(super) fn steps_at(name: &str) -> QueueName {
    QueueName::Step(target(name).called_for(&installation()))
}

/// An e-mail address as it is kept.
pub(crate) fn email(byte: u8) -> Fingerprinted {
    print(Kind::Email, byte)
}

pub(crate) fn print(kind: Kind, byte: u8) -> Fingerprinted {
    Fingerprinted { kind, fingerprint: Fingerprint([byte; 32]), version: 1, supplementary: false }
}

pub(super) fn target(name: &str) -> TargetName {
    TargetName(name.into())
}

/// An event of a session; the digest stands for its body.
pub(crate) fn event(id: i64, digest: u8) -> StoredEvent {
    let head = EventHead {
        source: source(),
        session: session(id),
        kind: EventKind::SessionEnded,
        digest: Digest([digest; 16]),
        tenant: None,
        time: Some(Timestamp::UNIX_EPOCH),
        channel: None,
        session_source: None,
        started: None,
        activity: None,
        reconciled: false,
    };
    StoredEvent { head, form: None }
}

/// `hours` from now, or before now.
pub(super) fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

/// Under which everything is sealed here.
pub(crate) fn seal() -> SealKey {
    SealKey::new(&Zeroizing::new([7; 32]))
}

pub(super) fn whom(email: &str) -> Whom {
    let identifiers = Identifiers(Identifier::new(Kind::Email, email).into_iter().collect());
    Whom { identifiers, ..Whom::default() }
}

/// Whom a demand is about.
pub(crate) fn to_seal(email: &str) -> Option<ToSeal> {
    ToSeal::of(whom(email), &seal())
}

/// One that nobody opens.
pub(crate) fn capsule(email: &str) -> Capsule {
    Capsule::seal(&whom(email), ErasureId([0; 16]), &seal())
}

pub(crate) fn resolution(sessions: Vec<ReachedSession>) -> Resolution {
    let capsule = capsule("resolved@x.cz");
    let findings = Findings::default();
    let finds = Finds::default();
    let KeyIds { index: index_key, .. } = key_ids("9");
    let shared_guests = Vec::new();
    Resolution {
        capsule,
        sessions,
        findings,
        shared_guests,
        fingerprints: Vec::new(),
        shown: Vec::new(),
        finds,
        index_key,
    }
}

/// A session that an erasure reaches; it was read before.
pub(crate) fn reached(id: i64) -> ReachedSession {
    ReachedSession { key: session(id), read_before: true }
}

pub(crate) fn erasure_of(subject: Subject, targets: &[&str], due: Timestamp) -> NewErasure {
    let mut random = [0; 16];
    fill_random(&mut random);
    NewErasure {
        id: ErasureId(random),
        subject,
        rule: "request".into(),
        version: None,
        targets: targets.iter().copied().map(target).collect(),
        due,
        approve: false,
        approved: None,
        confirm: None,
        origin: None,
        selection: Selection::default(),
        capsule: None,
        fingerprints: Vec::new(),
    }
}

pub(crate) fn person(digest: u8) -> Subject {
    Subject::Person { installation: installation(), digest: Digest([digest; 16]) }
}

/// An erasure of a session that is due.
pub(crate) fn due_erasure(id: i64, targets: &[&str]) -> NewErasure {
    erasure_of(Subject::Session(session(id)), targets, in_hours(-1))
}

pub(super) fn unchanged(id: i64, read_version: i64) -> SessionChange {
    SessionChange {
        read_version,
        record: ConsentRecord::new(session(id)),
        fingerprints: None,
        read_at: None,
        concluded: false,
        recording_ready: false,
        settle_at: None,
        forms_seen: Vec::new(),
        evaluated: Vec::new(),
    }
}

pub(super) fn decision(session: SessionChange) -> Decision {
    Decision {
        session,
        erasures: Vec::new(),
        rules_no_longer: Vec::new(),
        tenants_are_departments: None,
        foreign: false,
        outdated: false,
    }
}

#[track_caller]
pub(super) fn only<T: std::fmt::Debug>(mut claims: Vec<T>) -> T {
    assert_eq!(claims.len(), 1, "one is expected: {claims:?}");
    claims.remove(0)
}

pub(super) async fn claim(ledger: &Shared, queue: &QueueName) -> Vec<Claim> {
    ledger.claim(queue, 100, HOUR, &Bounds::NONE).await.expect("claims").claims
}

/// The sessions of all events that can be claimed, whatever is found to be damaged meanwhile.
pub(crate) async fn sessions_to_decide(ledger: &Shared) -> Vec<i64> {
    let mut sessions = Vec::new();
    for _ in 0..4 {
        for claim in claim(ledger, &to_decide()).await {
            let Work::Decide(work) = &claim.work else { panic!("{claim:?}") };
            sessions.push(work.event.head.session.session.0);
        }
    }
    sessions.sort_unstable();
    sessions
}

/// Claims one piece of work under a lease that ends at once.
pub(super) async fn claim_for_no_time(ledger: &Shared, queue: &QueueName) -> Claim {
    only(ledger.claim(queue, 1, Duration::ZERO, &Bounds::NONE).await.expect("claims").claims)
}

pub(super) async fn claim_step(ledger: &Shared, name: &str) -> Claim {
    only(claim(ledger, &steps_at(name)).await)
}

pub(super) async fn recorded(ledger: &Shared, event: StoredEvent) -> Claim {
    assert_eq!(ledger.record(event).await.expect("recorded"), Recorded::New);
    only(claim(ledger, &to_decide()).await)
}

/// Writes a session's change by way of an event of its own.
pub(super) async fn decide(ledger: &Shared, change: SessionChange) {
    let digest = u8::try_from(50 + change.read_version).expect("a story is short");
    let claim = recorded(ledger, event(change.record.session.session.0, digest)).await;
    assert_eq!(ledger.decided(claim, decision(change)).await.expect("decided"), Finished::Done);
}

pub(super) async fn resolve(ledger: &Shared, sessions: Vec<ReachedSession>) {
    let claim = only(claim(ledger, &to_resolve()).await);
    assert_eq!(ledger.resolved(claim, resolution(sessions)).await.expect("resolved"), Finished::Done);
}

/// An erasure whose steps have begun.
pub(super) async fn begun(ledger: &Shared, id: i64, targets: &[&str]) -> ErasureId {
    let id_of = ledger.request(due_erasure(id, targets), &by()).await.expect("requested");
    resolve(ledger, vec![reached(id)]).await;
    id_of
}

pub(super) async fn step_end(ledger: &Shared, name: &str, end: StepEnd) {
    let claim = claim_step(ledger, name).await;
    assert_eq!(ledger.stepped(claim, end).await.expect("stepped"), Finished::Done);
}

pub(super) fn verify_after(outcome: Outcome, contacts: u64) -> StepEnd {
    StepEnd::VerifyAfter {
        pause: Duration::ZERO,
        outcome,
        reason: None,
        counts: counts(contacts),
        evidence: Evidence::default(),
    }
}

pub(crate) fn ends(outcome: Outcome) -> StepEnd {
    StepEnd::Final { outcome, reason: None, counts: BTreeMap::new(), evidence: Evidence::default() }
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

/// The receipt of a claim's erasure at the end of a chain, which says what was lost there.
pub(super) fn receipt_at(claim: &Claim, end: &ChainEnd) -> Receipt {
    let Work::Close(erasure) = &claim.work else { panic!("not an erasure to close") };
    let key = ReceiptKey::new(&Zeroizing::new([2; 32]));
    let gap = end.gap.as_ref().map(|signed| signed.gap.clone());
    Receipt::issue(erasure, &[], end.head.as_ref(), gap, &key, Timestamp::now()).expect("all outcomes are there")
}

/// The receipt of an erasure that follows `head`.
pub(crate) fn receipt_after(erasure: &Erasure, head: Option<&ReceiptHead>) -> Receipt {
    let key = ReceiptKey::new(&Zeroizing::new([2; 32]));
    Receipt::issue(erasure, &[], head, None, &key, Timestamp::now()).expect("all outcomes are there")
}

pub(super) async fn close(ledger: &Shared) {
    let claim = only(claim(ledger, &QueueName::Close).await);
    let receipt = receipt(ledger, &claim).await;
    let closed = ledger.closed(vec![Closing { claim, receipt }]).await.expect("closed");
    assert!(matches!(closed, Closed::Done));
}

/// The whole life of a guest's session. `before_the_end` is called when everything has the id that ever has it.
pub(crate) async fn erase_a_guest<F: Future<Output = ()>>(
    ledger: &Shared,
    guest: &str,
    before_the_end: impl FnOnce() -> F,
) {
    let mut change = unchanged(1, 0);
    change.record.guest = Some(GuestId(guest.to_owned()));
    change.record.guest_digest = Some(Digest([7; 16]));
    change.fingerprints = Some(vec![email(1)]);
    decide(ledger, change).await;
    let subject = Subject::Guest { installation: installation(), digest: Digest([7; 16]) };
    let whom = Whom { guests: [GuestId(guest.to_owned())].into(), ..Whom::default() };
    let mut erasure = erasure_of(subject, &["mluvii"], in_hours(-1));
    erasure.capsule = ToSeal::of(whom, &seal());
    ledger.request(erasure, &by()).await.expect("requested");
    resolve(ledger, vec![reached(1)]).await;
    step_end(ledger, "mluvii", verify_after(Outcome::Erased, 1)).await;
    step_end(ledger, "mluvii", ends(Outcome::Absent)).await;
    before_the_end().await;
    close(ledger).await;
}

/// A delivery that could not be read.
pub(super) fn unreadable() -> crate::ledger::Quarantined {
    let digest = Digest([6; 16]);
    let sealed = crate::keys::Sealed(vec![1, 2, 3]);
    crate::ledger::Quarantined { source: source(), digest, reason: "not JSON".into(), sealed }
}

/// A ledger that has something of everything: finished, parked and open erasures, sessions, one that has expired, quarantine,
/// targets.
pub(crate) async fn a_busy_ledger(ledger: &Shared) {
    ledger.key_ids(&key_ids("9")).await.expect("noted");
    decide(ledger, SessionChange { read_at: Some(in_hours(-1)), ..unchanged(9, 0) }).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    ledger.maintain(Keep { tombstones: None, ..KEEP_NOTHING }).await.expect("maintained");
    for id in 1..=3 {
        let mut change = unchanged(id, 0);
        change.fingerprints = Some(vec![email(u8::try_from(id).expect("small"))]);
        change.read_at = Some(in_hours(-1));
        change.record.guest = Some(GuestId(format!("g-{id}")));
        change.record.guest_digest = Some(Digest([u8::try_from(id).expect("small"); 16]));
        change.settle_at = (id == 3).then(|| in_hours(1));
        if id == 2 {
            change.record.consent.state = ConsentState::Given;
        }
        decide(ledger, change).await;
    }
    for id in 1..=2 {
        begun(ledger, id, &["mluvii"]).await;
        step_end(ledger, "mluvii", ends(Outcome::Erased)).await;
        close(ledger).await;
    }
    ledger.acknowledge_receipts(Some(&[1]), &by()).await.expect("noted");
    for chain in ChainName::ALL {
        archive_one(ledger, chain).await;
    }
    ledger.request(due_erasure(4, &["crm", "mailbox"]), &by()).await.expect("requested");
    let due = only(claim(ledger, &to_resolve()).await);
    let shown = ShownSession { session: SessionId(4), guests: [Digest([4; 16])].into(), fingerprints: Vec::new() };
    let resolved =
        Resolution { shared_guests: vec![Digest([4; 16])], shown: vec![shown], ..resolution(vec![reached(4)]) };
    assert_eq!(ledger.resolved(due, resolved).await.expect("resolved"), Finished::Done);
    let claim = claim_step(ledger, "crm").await;
    assert_eq!(ledger.park(claim, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    let mut waits = erasure_of(person(5), &["mluvii"], in_hours(5));
    waits.capsule = to_seal("ann@x.cz");
    waits.fingerprints = vec![email(8)];
    ledger.request(waits.clone(), &by()).await.expect("requested");
    super::requesting::one_that_is_erased(ledger, waits.clone()).await;
    let mut to_approve = NewErasure { id: ErasureId([77; 16]), approve: true, ..waits };
    to_approve.selection.include_possible = true;
    ledger.request(to_approve, &by()).await.expect("requested");
    super::confirming::link_to_send(ledger).await;
    super::verifying::link_of_request(ledger).await;
    let foreign = recorded(ledger, event(7, 1)).await;
    let decision = Decision { foreign: true, tenants_are_departments: Some(true), ..decision(unchanged(7, 0)) };
    assert_eq!(ledger.decided(foreign, decision).await.expect("decided"), Finished::Done);
    ledger.quarantine(unreadable()).await.expect("put aside");
    put_out(ledger, "crm").await;
    ledger.record(event(6, 1)).await.expect("recorded");
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(0),
        warn_before: Span::from_secs(0),
        unknown_share_max: 0.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let shown = ledger.attention(&limits).await.expect("read");
    ledger.delivered(&[taken(source(), 1)]).await.expect("noted");
    ledger.add_past_job(&past_job()).await.expect("added");
    let job = super::sweeping::sweep_job();
    let swept = ledger.add_sweep_job(&job, 0).await.expect("answered").expect("added");
    let capsule = job.seal(b"ann@x.cz", &seal());
    assert!(ledger.save_sweep_job(&swept, &crate::ledger::KeptProgress::New(capsule), None).await.expect("saved"));
    let swept = ledger.sweep_job(&job.target, &job.mluvii).await.expect("read").expect("it is there");
    let before = ErasureId([78; 16]);
    let again = NewErasure { due: in_hours(5), ..super::rechecking::again(before, 78) };
    assert!(ledger.request_again(&swept, before, again, &by()).await.expect("answered").is_some());
    ledger.put_off_periodic("watch", std::time::Duration::ZERO, Some(in_hours(-1))).await.expect("put off");
    assert!(ledger.keep_alert("ops", 0, "{}").await.expect("written"));
    let erased = ledger.erasures(&ErasureFilter { states: vec![ErasureState::Done], ..ErasureFilter::newest(1) }).await;
    let erased = erased.expect("listed").items[0].id;
    let looked = super::rechecking::look(erased, -1, RecheckOutcome::NotLooked);
    super::rechecking::looked(ledger, &[looked]).await;
    let rule = NewRuleVersion {
        name: "r".into(),
        digest: "1".into(),
        state: RuleState::Waiting,
        sessions: 10,
        would: 9,
        together: 10,
        mluvii: None,
    };
    ledger.add_rule_version(&rule).await.expect("written");
    ledger.mute_attention(&shown[0], MuteEnd::At(in_hours(1)), &by()).await.expect("muted");
    assert_eq!(ledger.watch_clock(HOUR).await.expect("looked"), None);
    ledger.pause_target(&pause("erp"), &by()).await.expect("paused");
    for on in [HoldOn::Person(vec![email(99)]), HoldOn::Guest(Digest([77; 16]))] {
        ledger.add_hold(&hold(on), &by()).await.expect("added");
    }
    super::accounts::one_that_is_used(ledger, "ann").await;
    super::answering::one_that_was_answered(ledger).await;
    // Last: nothing else is sealed under it here.
    let generation = KeyId::written("5ea1".repeat(4));
    ledger.begin_seal_generation(&generation).await.expect("noted");
}

/// A target is paused until it is resumed.
pub(super) fn pause(name: &str) -> NewPause {
    NewPause { target: target(name), reason: PauseReason::Maintenance, case: "OPS-7".parse().ok(), until: None }
}

/// A hold of the installation, until it is lifted.
pub(super) fn hold(on: HoldOn) -> NewHold {
    let case = "21 C 7/2026".parse().ok();
    NewHold {
        id: HoldId::generate(),
        installation: installation(),
        on,
        reason: HoldReason::LegalClaims,
        case,
        until: None,
    }
}

/// A comparison of the past that was shown.
pub(super) fn past_job() -> PastJob {
    PastJob {
        mluvii: installation(),
        since: in_hours(-9),
        until: in_hours(-1),
        state: PastState::Shown,
        come: in_hours(-1),
        counts: PastCounts {
            listed: 5,
            found: BTreeMap::from([("2026-01".into(), 4)]),
            would_erase: BTreeMap::from([("2026-01".into(), 3)]),
            by_rule: BTreeMap::from([("a rule".into(), BTreeMap::from([("2026-01".into(), 3)]))]),
            reach_further: BTreeSet::from(["a rule".into()]),
            unread: 1,
            failed: 1,
            failed_by_rule: BTreeMap::from([("another".into(), 1)]),
            foreign: 1,
        },
        shown: Some(in_hours(-1)),
        entered: 0,
        days: BTreeMap::from([(in_hours(-9), 3)]),
        done: PastCounts { listed: 2, ..PastCounts::default() },
        day: Some(PastCounts { listed: 1, ..PastCounts::default() }),
        again: Some("3 sessions more".into()),
        decides: "01234567".into(),
        reason: None,
    }
}

/// The oldest record of a chain leaves.
pub(super) async fn archive_one(ledger: &Shared, chain: ChainName) {
    let head = match chain {
        ChainName::Receipts => ledger.receipts(&ReceiptRange::all(0, 1)).await.expect("listed").items[0].head(),
        ChainName::Audit => ledger.audit(&AuditRange::all(Cursor::OLDEST, 1)).await.expect("listed").items[0].head(),
    };
    let signed = checkpoint(chain, head.sequence, &head);
    assert_eq!(ledger.archive(&signed, &by()).await.expect("answered"), Archived::Done);
}

/// The breaker of these tests.
pub(crate) const BREAKER: BreakerLimits = BreakerLimits { failures: 3, pause: HOUR };

/// Notes how a call of a target ended.
pub(crate) async fn call_ended(ledger: &Shared, name: &str, end: CallEnd) {
    ledger.call_ended(&target(name), &end, BREAKER).await.expect("noted");
}

/// A target refuses every call: it is out for an hour.
pub(crate) async fn put_out(ledger: &Shared, name: &str) {
    call_ended(ledger, name, CallEnd::Denied { reason: "its token was revoked".into() }).await;
}

/// Nothing was done.
pub(super) async fn put_back(ledger: &Shared, claim: Claim) {
    let retried = ledger.retry(claim, Duration::ZERO, Attempt::Free, "put back").await;
    assert_eq!(retried.expect("put back"), Finished::Done);
}
