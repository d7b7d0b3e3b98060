//! The contract, and what is true of a file only.

mod damage;
mod finding;
mod fuzz;
mod refusing;
mod retention;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::attention::Limits;
use crate::audit::{AuditBroken, verify_chain};
use crate::chain::Head;
use crate::erasure::{ErasureId, NewErasure};
use crate::keys::Sealed;
use crate::ledger::contract::{self, KEEP, by, due_erasure, event, key_ids, resolution, to_decide, to_resolve};
use crate::ledger::{Invariant, Ledger, Records as _};
use crate::subject::SourceName;

async fn open() -> (Arc<dyn Ledger>, TempDir) {
    let (ledger, dir) = sqlite();
    (ledger, dir)
}

fn sqlite() -> (Arc<SqliteLedger>, TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = SqliteLedger::open(&file(&dir)).expect("opens");
    (ledger, dir)
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("ledger.db")
}

/// What another process does to the file.
fn beside(dir: &TempDir) -> Connection {
    Connection::open(file(dir)).expect("opens")
}

const HOUR: Duration = Duration::from_secs(3_600);

async fn claim(ledger: &SqliteLedger, queue: &QueueName, most: usize) -> Vec<Claim> {
    ledger.claim(queue, most, HOUR, &Bounds::NONE).await.expect("claimed").claims
}

contract::contract!(stories, open);

/// A story of the contract that changes what is stored past the ledger.
macro_rules! sql_story {
    ($part:ident $story:ident) => {
        #[tokio::test]
        async fn $story() {
            let (ledger, dir) = open().await;
            let sql = |sql: &str| _ = beside(&dir).execute(sql, []).expect("changed");
            contract::$part::$story(ledger, &sql).await;
        }
    };
}

sql_story!(clock a_jump_ahead_stops_erasing_and_nothing_else);
sql_story!(clock a_clock_behind_what_was_seen_stops_erasing);
sql_story!(clock no_pause_is_longer_for_a_clock_that_was_put_back);
sql_story!(clock a_clock_that_has_jumped_does_not_say_for_how_long_work_was_tried);
sql_story!(clock a_target_that_only_wants_fewer_calls_needs_a_person_after_an_hour);
sql_story!(working work_at_which_each_process_dies_is_put_aside_and_holds_up_nobody);
sql_story!(working what_ends_beside_a_death_is_suspect_no_more);
sql_story!(deciding an_event_that_may_not_become_work_is_set_aside_and_stops_no_other);
sql_story!(expiring an_erasure_expires_once_nothing_refers_to_it);
sql_story!(expiring what_may_not_be_deleted_is_told_and_stops_nothing_else);
sql_story!(expiring an_erasure_that_may_not_be_deleted_stops_no_other);
sql_story!(expiring a_consents_fingerprint_that_may_not_be_deleted_stops_no_other);
sql_story!(damage a_session_whose_record_is_damaged_is_not_read_and_hides_no_other);
sql_story!(damage an_erasure_whose_subject_is_damaged_does_not_begin_and_stops_no_other);
sql_story!(damage a_step_whose_sessions_are_damaged_is_not_called_and_stops_no_other);
sql_story!(damage of_what_is_damaged_nothing_is_left_by_an_erasure);
sql_story!(damage what_is_not_closed_by_damaged_sessions_is_nobody_elses_end);
sql_story!(damage a_step_that_may_not_be_noted_as_tried_is_not_called_and_stops_no_other);
sql_story!(damage a_step_at_which_processes_die_and_that_may_not_be_parked_stops_no_other);
sql_story!(damage an_end_that_the_ledger_refuses_is_nobody_elses);
sql_story!(damage every_checksum_is_compared_for_those_who_look_the_ledger_over);
sql_story!(accounts a_session_ends_once_nothing_came_of_it_for_half_an_hour);
sql_story!(accounts what_is_changed_of_an_account_past_the_ledger_gives_nobody_anything);
sql_story!(answering what_was_answered_is_forgotten_after_a_day);
sql_story!(sealing a_capsule_opens_as_its_own_erasures_only);
sql_story!(sealing what_was_found_of_one_is_told_of_nobody_else);

#[tokio::test]
async fn a_reopened_ledger_has_everything() {
    let (ledger, dir) = sqlite();
    ledger.record(event(1, 1)).await.expect("recorded");
    let first = ledger.key_ids(&key_ids("1")).await.expect("answered");
    ledger.shutdown().await;
    assert!(!dir.path().join("ledger.db-wal").exists(), "the log is emptied at the end");

    let ledger = SqliteLedger::open(&file(&dir)).expect("opens");
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::Duplicate);
    assert_eq!(claim(&ledger, &to_decide(), 9).await.len(), 1);
    assert_eq!(ledger.key_ids(&key_ids("2")).await.expect("answered"), first);
}

#[tokio::test]
async fn a_closed_ledger_has_written_what_waited_and_refuses_the_rest() {
    let (ledger, dir) = sqlite();
    let mut deliveries = JoinSet::new();
    for id in 0..64 {
        let ledger = ledger.clone();
        deliveries.spawn(async move { ledger.record(event(id, 1)).await });
    }
    tokio::task::yield_now().await;
    ledger.shutdown().await;
    let recorded = deliveries.join_all().await.into_iter().filter(Result::is_ok).count();
    assert!(matches!(ledger.writable().await, Err(LedgerError::Busy(_))));
    assert!(matches!(ledger.counts().await, Err(LedgerError::Busy(_))));
    let written: i64 = beside(&dir).query_row("SELECT COUNT(*) FROM event", [], |row| row.get(0)).expect("counted");
    assert_eq!(written, recorded as i64);
    assert!(recorded > 0);
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    let (ledger, dir) = sqlite();
    ledger.writable().await.expect("writable");
    let files: Vec<_> = fs::read_dir(dir.path()).expect("listed").map(|file| file.expect("listed")).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(file.metadata().expect("read").permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (ledger, dir) = sqlite();
    ledger.shutdown().await;
    beside(&dir).pragma_update(None, "user_version", 1_000).expect("written");
    let refused = SqliteLedger::open(&file(&dir)).err().expect("refused");
    assert!(matches!(refused, OpenError::Newer { found: 1_000, .. }));
    assert!(refused.to_string().contains("start the quietus that wrote it"));
}

#[tokio::test]
async fn a_ledger_of_another_migration_with_the_same_number_is_refused() {
    let (ledger, dir) = sqlite();
    ledger.shutdown().await;
    beside(&dir).execute("UPDATE migration SET checksum = '0'", []).expect("written");
    let refused = SqliteLedger::open(&file(&dir)).err().expect("refused");
    assert!(matches!(refused, OpenError::Altered { number: schema::KNOWN, .. }), "{refused:?}");
    assert!(refused.to_string().contains("start the quietus that made the ledger"), "{refused}");
}

/// Changes the stored audit, as the owner of the file could; returns the result of reading it.
async fn tampered(ledger: &SqliteLedger, dir: &TempDir, change: &str) -> Result<Option<Head>, AuditBroken> {
    beside(dir).execute_batch(change).expect("written");
    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 99)).await.expect("read").items;
    verify_chain(None, &rows)
}

#[tokio::test]
async fn what_somebody_does_to_the_stored_audit_is_found() {
    let (ledger, dir) = sqlite();
    for _ in 0..4 {
        ledger.retry_parked(&by()).await.expect("answered");
    }
    assert_eq!(tampered(&ledger, &dir, "").await, Ok(ledger.audit_head().await.expect("read")));
    let other = "UPDATE audit SET entry = REPLACE(entry, 'cli:ann', 'cli:eve') WHERE sequence = 2";
    assert_eq!(tampered(&ledger, &dir, other).await, Err(AuditBroken::Changed(2)));
    let gone = tampered(&ledger, &dir, "DELETE FROM audit WHERE sequence = 2").await;
    assert_eq!(gone, Err(AuditBroken::Sequence { expected: 2, found: 3 }));
}

#[tokio::test]
async fn a_clock_that_was_set_back_hides_no_row_of_the_audit() {
    let (ledger, dir) = sqlite();
    for _ in 0..4 {
        ledger.retry_parked(&by()).await.expect("answered");
    }
    // Five hours fast, then right again.
    let hours = [("5", 1), ("7", 2), ("1", 3), ("6", 4)];
    for (hour, sequence) in hours {
        let change = format!("UPDATE audit SET at = {hour} * 3600000 WHERE sequence = {sequence}");
        beside(&dir).execute_batch(&change).expect("written");
    }
    for (since, expected) in [(1, vec![1, 2, 3, 4]), (5, vec![1, 2, 4]), (6, vec![2, 4]), (8, Vec::new())] {
        let since = Some(Timestamp::from_second(since * 3600).expect("a time"));
        let rows = ledger.audit(&AuditRange { since, ..AuditRange::all(Cursor::OLDEST, 9) }).await.expect("read").items;
        let listed: Vec<_> = rows.iter().map(|row| row.statement.sequence).collect();
        assert_eq!(listed, expected, "{since:?}");
    }
}

/// The tables do not matter: they are told by their number.
fn of_an_unreleased_version(dir: &TempDir) {
    beside(dir)
        .execute_batch(
            "CREATE TABLE session (source INTEGER, session INTEGER, guest TEXT);
             INSERT INTO session VALUES (1, 4711, 'g-1');
             PRAGMA user_version = 3;",
        )
        .expect("written");
}

#[test]
fn a_ledger_of_an_unreleased_version_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    of_an_unreleased_version(&dir);
    let refused = SqliteLedger::open(&file(&dir)).err().expect("refused");
    assert!(matches!(refused, OpenError::Unreleased { found: 3, .. }), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("unreleased") && said.contains("start with a new ledger"), "{said}");
    assert!(matches!(migrate_file(&file(&dir)), Err(OpenError::Unreleased { .. })));
    assert!(matches!(SqliteRows::open(&file(&dir)).err(), Some(OpenError::Unreleased { .. })));
    let sessions: i64 = beside(&dir).query_row("SELECT COUNT(*) FROM session", [], |row| row.get(0)).expect("counted");
    assert_eq!(sessions, 1);
}

#[test]
fn a_new_file_has_the_known_schema() {
    let dir = tempfile::tempdir().expect("a directory");
    let made = migrate_file(&file(&dir)).expect("made");
    assert_eq!((made.from, made.to), (0, schema::KNOWN));
    assert_eq!(migrate_file(&file(&dir)).expect("nothing to do").from, schema::KNOWN);
}

#[test]
fn what_is_not_a_ledger_does_not_open() {
    let dir = tempfile::tempdir().expect("a directory");
    let missing = SqliteLedger::open(&dir.path().join("missing/ledger.db"));
    assert!(matches!(missing.err(), Some(OpenError::Failed { .. })));
    fs::write(file(&dir), [b'x'; 8_192]).expect("written");
    let other = SqliteLedger::open(&file(&dir)).err().expect("refused");
    assert!(matches!(&other, OpenError::Damaged { what, .. } if what.contains("not a database")), "{other:?}");
}

#[tokio::test]
async fn while_another_process_holds_the_lock_the_ledger_is_busy() {
    let (ledger, dir) = sqlite();
    let other = beside(&dir);
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let queue = to_decide();
    let (record, claim, counts) =
        tokio::join!(ledger.record(event(1, 1)), ledger.claim(&queue, 1, HOUR, &Bounds::NONE), ledger.counts());
    assert!(matches!(record, Err(LedgerError::Busy(_))));
    assert!(matches!(claim, Err(LedgerError::Busy(_))));
    assert_eq!(counts.expect("reading goes on").events_waiting, 0);
    other.execute_batch("COMMIT").expect("unlocked");
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::New);
}

#[tokio::test]
async fn a_caller_that_gave_up_is_left_out() {
    let (ledger, dir) = sqlite();
    let other = beside(&dir);
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let blocking = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.record(event(1, 1)).await }
    });
    tokio::task::yield_now().await;
    let gave_up = tokio::time::timeout(Duration::from_millis(100), ledger.record(event(2, 1))).await;
    assert!(gave_up.is_err());
    other.execute_batch("COMMIT").expect("unlocked");
    assert_eq!(blocking.await.expect("ran").expect("recorded"), Recorded::New);
    // Whatever became of it, the same delivery again is taken once.
    ledger.record(event(2, 1)).await.expect("recorded");
    assert_eq!(ledger.record(event(2, 1)).await.expect("recorded"), Recorded::Duplicate);
    assert_eq!(ledger.counts().await.expect("counted").events_waiting, 2);
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_recovers() {
    let (ledger, _dir) = sqlite();
    ledger.record(event(1, 1)).await.expect("recorded");
    let pages = |most: i64| {
        ledger.writer.write(Wakes::NoOne, move |tx| {
            Ok(tx.query_row(&format!("PRAGMA max_page_count = {most}"), [], |row| row.get::<_, i64>(0))?)
        })
    };
    // As few as there are: SQLite takes no smaller number.
    pages(1).await.expect("set");
    let mut large = event(2, 1);
    large.form = Some(Sealed(vec![7; 100_000]));
    let new_source = {
        let mut event = event(3, 1);
        event.head.source = SourceName("new".into());
        event
    };
    let (full, beside) = tokio::join!(ledger.record(large.clone()), ledger.record(new_source.clone()));
    assert!(matches!(full, Err(LedgerError::Busy(_))), "{full:?}");
    let waiting = ledger.counts().await.expect("counted").events_waiting;
    assert_eq!(waiting, if beside.is_ok() { 2 } else { 1 });

    pages(1_000_000).await.expect("set");
    assert_eq!(ledger.record(large).await.expect("recorded"), Recorded::New);
    let again = ledger.record(new_source).await.expect("recorded");
    assert_eq!(again, if beside.is_ok() { Recorded::Duplicate } else { Recorded::New });
    let claims = claim(&ledger, &to_decide(), 9).await;
    let sources: Vec<_> = claims.iter().map(source_of).collect();
    assert_eq!(sources.iter().filter(|source| *source == "new").count(), 1);
    assert_eq!(claims.len(), 3);
}

fn source_of(claim: &Claim) -> String {
    match &claim.work {
        Work::Decide(work) => work.event.head.source.to_string(),
        other => panic!("not an event: {other:?}"),
    }
}

#[tokio::test]
async fn a_panicking_write_is_rolled_back_and_the_writer_goes_on() {
    let (ledger, _dir) = sqlite();
    let panics = |tx: &job::Tx<'_>| -> Result<(), LedgerError> {
        meta::key_ids(tx, &key_ids("9"))?;
        panic!("a defect")
    };
    let abandoned = ledger.writer.write(Wakes::NoOne, panics).await;
    assert!(matches!(abandoned, Err(LedgerError::Broken(_))));
    assert_eq!(ledger.key_ids(&key_ids("1")).await.expect("answered"), key_ids("1"));
}

#[tokio::test]
async fn work_that_cannot_be_read_is_parked_and_does_not_stand_in_the_way() {
    let (ledger, dir) = sqlite();
    beside(&dir).execute("INSERT INTO installation (id, name) VALUES (1, 'acme')", []).expect("inserted");
    beside(&dir)
        .execute("INSERT INTO inbox (installation, received, count, events) VALUES (1, 0, 1, ?1)", params![b"{}"])
        .expect("inserted");
    ledger.record(event(1, 1)).await.expect("recorded");
    let mut claims = Vec::new();
    while claims.is_empty() {
        claims = claim(&ledger, &to_decide(), 1).await;
    }
    assert_eq!(source_of(&claims[0]), "acme");
    assert_eq!(ledger.counts().await.expect("counted").parked_work, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work() {
    let (ledger, dir) = sqlite();
    let other = SqliteLedger::open(&file(&dir)).expect("opens");
    let mut writes = JoinSet::new();
    for i in 0..128 {
        let ledger = if i % 2 == 0 { ledger.clone() } else { other.clone() };
        writes.spawn(async move { ledger.record(event(i / 2, 1)).await.expect("recorded") });
    }
    let new = writes.join_all().await.into_iter().filter(|recorded| *recorded == Recorded::New).count();
    assert_eq!(new, 64);
    let queue = to_decide();
    let (mine, theirs) = tokio::join!(claim(&ledger, &queue, 64), claim(&other, &queue, 64));
    assert_eq!(mine.len() + theirs.len(), 64);
}

/// Makes all capsules such that they are found again in raw bytes.
fn mark(dir: &TempDir) {
    let marks = |bytes: usize| -> Vec<u8> { MARK.iter().copied().cycle().take(bytes).collect() };
    let connection = beside(dir);
    connection.pragma_update(None, "secure_delete", true).expect("set");
    let update = "UPDATE capsule SET wrapped_key = ?1, content = substr(?2, 1, 60 + id * 40)";
    connection.execute(update, params![marks(72), marks(9_000)]).expect("marked");
}

const MARK: &[u8] = b"[destroy me]";

fn marks(dir: &TempDir) -> usize {
    let files = fs::read_dir(dir.path()).expect("listed").map(|file| file.expect("listed").path());
    files.map(|file| fs::read(file).expect("read").windows(MARK.len()).filter(|bytes| *bytes == MARK).count()).sum()
}

#[tokio::test]
async fn no_byte_of_a_destroyed_capsule_is_left_after_maintenance() {
    let (ledger, dir) = sqlite();
    let mut ids = Vec::new();
    for number in 0..200u8 {
        // Some of them would need a person's approval.
        let approve = number % 5 == 4;
        let id = ErasureId([number; 16]);
        let capsule = contract::to_seal("ann@x.cz");
        let erasure = NewErasure { id, capsule, approve, ..due_erasure(number.into(), &["mluvii"]) };
        ids.push(ledger.request(erasure, &by()).await.expect("requested"));
    }
    mark(&dir);
    ledger.maintain(KEEP).await.expect("maintained");
    assert!(marks(&dir) > 1_000);

    for id in ids.iter().filter(|id| id.0[0] % 5 == 4) {
        assert!(ledger.cancel_erasure(*id, &by()).await.expect("rejected"));
    }
    // Half of them are cancelled, the others resolved into a capsule of another content, in an order of no pattern.
    let claims = claim(&ledger, &to_resolve(), 200).await;
    for (i, claim) in claims.into_iter().enumerate() {
        if i * 7 % 3 == 0 {
            let Work::Resolve(work) = &claim.work else { panic!("not an erasure") };
            assert!(ledger.cancel_erasure(work.id, &by()).await.expect("cancelled"));
        } else {
            let mut capsule = contract::capsule("ann@x.cz");
            capsule.wrapped_key.0.fill(b'-');
            capsule.content.0 = vec![b'-'; i * 37 % 900];
            let resolution = Resolution { capsule, ..resolution(Vec::new()) };
            assert_eq!(ledger.resolved(claim, resolution).await.expect("resolved"), Finished::Done);
        }
    }
    assert!(marks(&dir) > 0, "the log still has them");
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(marks(&dir), 0);
}

#[tokio::test]
async fn maintenance_says_when_a_reader_keeps_the_log() {
    let (ledger, dir) = sqlite();
    ledger.record(event(1, 1)).await.expect("recorded");
    let reader = beside(&dir);
    reader.execute_batch("BEGIN; SELECT * FROM event;").expect("reads");
    ledger.record(event(2, 1)).await.expect("recorded");
    assert!(matches!(ledger.maintain(KEEP).await, Err(LedgerError::Busy(_))));
    reader.execute_batch("COMMIT").expect("read");
    ledger.maintain(KEEP).await.expect("maintained");
}

#[tokio::test]
async fn a_walk_for_old_deliveries_ends_where_the_table_ends() {
    let (ledger, dir) = sqlite();
    let keys = beside(&dir);
    keys.execute_batch(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         INSERT INTO event (source, session, kind, digest, received)
         SELECT 1 + i % 2, i - 5000, i % 7, zeroblob(16), CASE WHEN i % 10 = 0 THEN 9000000000000 ELSE 0 END FROM n",
    )
    .expect("inserted");
    ledger.maintain(KEEP).await.expect("maintained");
    let left: i64 = keys.query_row("SELECT COUNT(*) FROM event", [], |row| row.get(0)).expect("counted");
    assert_eq!(left, 1_000);
}

/// A guest's id that is found again in raw bytes.
const GUEST: &str = "[g-4711-secret]";

fn found(dir: &TempDir, text: &str) -> usize {
    let files = fs::read_dir(dir.path()).expect("listed").map(|file| file.expect("listed").path());
    let count = |path: PathBuf| {
        let bytes = fs::read(path).expect("read");
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    };
    files.map(count).sum()
}

#[tokio::test]
async fn a_guests_id_is_nowhere_but_in_the_record_of_a_session_that_is_not_erased() {
    let (ledger, dir) = sqlite();
    let shared: Arc<dyn Ledger> = ledger.clone();
    contract::erase_a_guest(&shared, GUEST, || async {
        ledger.maintain(KEEP).await.expect("maintained");
        assert_eq!(found(&dir, GUEST), 1, "in the record");
    })
    .await;
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(found(&dir, GUEST), 0);
}
