//! What a ledger grows to: sessions come at a constant load, and go when their time is over.

use jiff::SignedDuration;

use super::*;
use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::erasure::{ErasureId, Outcome, ReachedSession, Subject};
use crate::event::{Channel, SessionSource};
use crate::keys::{Digest, Fingerprint};
use crate::ledger::contract::{KEEP_NOTHING, ends, erasure_of, receipt_after, session};
use crate::ledger::{Closing, SessionChange};
use crate::subject::{Fingerprinted, GuestId, Kind, TenantId};

/// How many come before what is over is deleted.
const BATCH: i64 = 500;

/// More than there are.
const MANY: usize = 10_000;

/// Of so many, one is erased.
const ERASED_ONE_IN: i64 = 5;

fn sessions_to_come() -> i64 {
    std::env::var("QUIETUS_SESSIONS").map_or(4 * BATCH, |number| number.parse().expect("a number"))
}

/// A session as mluvii tells it, with what is known of a guest who has filled in an entry form.
fn whole(id: i64, state: ConsentState) -> SessionChange {
    let now = Timestamp::now();
    let ended = Timestamp::from_millisecond(now.as_millisecond() - 60_000).expect("a time");
    let mut guest = [0; 16];
    guest[..8].copy_from_slice(&id.to_be_bytes());
    let record = ConsentRecord {
        source: Some(SourceName("acme".into())),
        tenant: Some(TenantId(62)),
        guest: Some(GuestId(format!("6f1c1f0e-7d3b-4a5e-9d7c-{id:012}"))),
        guest_digest: Some(Digest(guest)),
        channel: Some(Channel("Chat".into())),
        session_source: Some(SessionSource("Default".into())),
        started: Some(ended - SignedDuration::from_mins(7)),
        ended: Some(ended),
        settled: Some(now),
        consent: Consent {
            state,
            version: (state == ConsentState::Given).then(|| "v3".into()),
            origin: Some("session".into()),
            since: Some(ended),
            ..Consent::default()
        },
        ..ConsentRecord::new(session(id))
    };
    SessionChange {
        record,
        fingerprints: Some(vec![print_of(id, Kind::Email), print_of(id, Kind::Phone)]),
        read_at: Some(now),
        concluded: true,
        ..SessionChange::unknown(&session(id))
    }
}

/// What is kept of an identifier of the guest of a session.
fn print_of(id: i64, kind: Kind) -> Fingerprinted {
    let mut fingerprint = [if kind == Kind::Email { 1 } else { 2 }; 32];
    fingerprint[..8].copy_from_slice(&(id.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())).to_be_bytes());
    Fingerprinted { kind, fingerprint: Fingerprint(fingerprint), version: 1, supplementary: false }
}

fn is_erased(id: i64) -> bool {
    id % ERASED_ONE_IN == 0
}

/// A batch of sessions, from their events to the receipts of those that are erased.
pub(super) async fn come(ledger: &Arc<SqliteLedger>, ids: std::ops::Range<i64>, erases: fn(i64) -> bool) {
    let mut recorded = JoinSet::new();
    for id in ids.clone() {
        let ledger = Arc::clone(ledger);
        recorded.spawn(async move { ledger.record(event(id, 1)).await.expect("recorded") });
    }
    recorded.join_all().await;
    let mut decided = JoinSet::new();
    let mut claims = Vec::new();
    while claims.len() < ids.clone().count() {
        claims.extend(claim(ledger, &to_decide(), MANY).await);
    }
    for claim in claims {
        let Work::Decide(work) = &claim.work else { panic!("{claim:?}") };
        let id = work.event.head.session.session.0;
        let state = if erases(id) { ConsentState::Absent } else { ConsentState::Given };
        let subject = Subject::Session(session(id));
        let due = Timestamp::now() - SignedDuration::from_secs(1);
        let erasures = if erases(id) { vec![erasure_of(subject, &["mluvii"], due)] } else { Vec::new() };
        let erasures = erasures.into_iter().map(|new| NewErasure { id: ErasureId::generate(due), ..new }).collect();
        let decision =
            Decision { erasures, outdated: false, session: whole(id, state), ..Decision::outdated(&session(id)) };
        let ledger = Arc::clone(ledger);
        decided
            .spawn(async move { assert_eq!(ledger.decided(claim, decision).await.expect("decided"), Finished::Done) });
    }
    decided.join_all().await;
    for claim in claim(ledger, &to_resolve(), MANY).await {
        let Work::Resolve(work) = &claim.work else { panic!("{claim:?}") };
        let Subject::Session(key) = work.subject.clone() else { panic!("{claim:?}") };
        let resolution = resolution(vec![ReachedSession { key, read_before: true }]);
        assert_eq!(ledger.resolved(claim, resolution).await.expect("resolved"), Finished::Done);
    }
    let mluvii = TargetName("mluvii".into()).called_for(&contract::installation());
    for claim in claim(ledger, &QueueName::Step(mluvii), MANY).await {
        assert_eq!(ledger.stepped(claim, ends(Outcome::Erased)).await.expect("stepped"), Finished::Done);
    }
    let mut head = ledger.receipt_head().await.expect("read");
    let mut closing = Vec::new();
    for claim in claim(ledger, &QueueName::Close, MANY).await {
        let Work::Close(erasure) = &claim.work else { panic!("{claim:?}") };
        let receipt = receipt_after(erasure, head.as_ref());
        head = Some(receipt.head());
        closing.push(Closing { claim, receipt });
    }
    assert!(matches!(ledger.closed(closing).await.expect("closed"), Closed::Done));
}

fn number(dir: &TempDir, sql: &str) -> i64 {
    beside(dir).query_row(sql, [], |row| row.get(0)).expect("a number")
}

#[expect(clippy::print_stderr, reason = "what was counted in a long run is shown at its end")]
fn show(text: &str) {
    eprintln!("{text}");
}

/// The bytes of the file and of its log.
fn bytes(dir: &TempDir) -> (u64, u64) {
    let of = |name: &str| fs::metadata(dir.path().join(name)).map_or(0, |file| file.len());
    (of("ledger.db"), of("ledger.db-wal"))
}

#[tokio::test]
async fn a_ledger_at_constant_load_stays_as_large_as_what_is_kept() {
    let (ledger, dir) = sqlite();
    let all = sessions_to_come();
    let kept = Some(Duration::from_millis(200));
    let keep = Keep { sessions: kept, consents: kept, tombstones: Some(Duration::from_millis(600)), ..KEEP_NOTHING };
    let mut half = 0;
    let mut longest_log = 0;
    for from in (1..=all).step_by(usize::try_from(BATCH).expect("small")) {
        come(&ledger, from..from + BATCH, is_erased).await;
        longest_log = longest_log.max(bytes(&dir).1);
        // All but the newest receipt have gone into an archive.
        beside(&dir)
            .execute("DELETE FROM receipt WHERE sequence < (SELECT MAX(sequence) FROM receipt)", [])
            .expect("gone");
        ledger.maintain(keep).await.expect("maintained");
        let came = from + BATCH - 1;
        if came % (all / 4) == 0 {
            let (file, log) = bytes(&dir);
            let [sessions, tombstones, erasures] =
                ["session", "tombstone", "erasure"].map(|table| number(&dir, &format!("SELECT COUNT(*) FROM {table}")));
            show(&format!(
                "{came} came: {file} bytes and a log of {log}, {sessions} sessions, {tombstones} tombstones, {erasures} erasures"
            ));
            if came == all / 2 {
                half = file;
            }
        }
    }
    show(&format!("the log was at most {longest_log} bytes"));
    let (end, _) = bytes(&dir);
    assert!(end <= half + half / 4, "{end} bytes at the end, {half} at half of it");
    tokio::time::sleep(Duration::from_millis(2)).await;
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    let left = ["session", "fingerprint", "tombstone", "event", "task", "capsule", "erasure_session"]
        .map(|table| number(&dir, &format!("SELECT COUNT(*) FROM {table}")));
    assert_eq!(left, [0; 7]);
    let counts = ledger.counts().await.expect("counted");
    let deleted = ["events", "sessions", "tombstones"].map(|kind| counts.expired[kind].deleted as i64);
    assert_eq!(deleted, [all; 3]);
    assert!(counts.expired.values().all(|expired| expired.behind_since.is_none()));
}

/// What a session costs: two fingerprints, a guest, and all that is known of it. A table that grows is seen here.
#[tokio::test]
async fn a_session_takes_no_more_bytes_than_it_did() {
    let cost = async |erases: fn(i64) -> bool| {
        let (ledger, dir) = sqlite();
        let size = || {
            beside(&dir).execute("VACUUM", []).expect("packed");
            number(&dir, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        };
        let empty = size();
        for from in (1..2_000).step_by(500) {
            come(&ledger, from..from + 500, erases).await;
        }
        (size() - empty) / 2_000
    };
    let (kept, erased) = (cost(|_| false).await, cost(|_| true).await);
    show(&format!("a session takes {kept} bytes, one that was erased {erased} with its erasure and receipt"));
    assert!(kept < 600 && erased < 2_500, "{kept} and {erased} bytes");
}

#[tokio::test]
async fn more_than_a_round_deletes_is_deleted_by_the_next_ones_and_noted_meanwhile() {
    let (ledger, dir) = sqlite();
    ledger.record(event(1, 1)).await.expect("recorded");
    let first = claim(&ledger, &to_decide(), 1).await.remove(0);
    let decision = Decision { outdated: false, ..Decision::outdated(&session(1)) };
    assert_eq!(ledger.decided(first, decision).await.expect("decided"), Finished::Done);
    beside(&dir)
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
             INSERT INTO session (installation, session, version, concluded, recording_ready, record, forms_seen, idle_since)
             SELECT installation, i, 1, 1, 0, record, forms_seen, i FROM n, session",
        )
        .expect("inserted");
    let left = || number(&dir, "SELECT COUNT(*) FROM session");
    let behind = async || ledger.counts().await.expect("counted").expired["sessions"].behind_since;
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(left(), 5_000);
    let since = behind().await.expect("there is more");
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!((left(), behind().await), (1, None), "the youngest is kept for an hour, and nothing more is due");
    assert_eq!(ledger.counts().await.expect("counted").expired["sessions"].deleted, 29_999);
    assert!(since <= Timestamp::now());
}
