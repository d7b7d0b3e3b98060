//! Files that are damaged, gone or replaced under a ledger, and ledgers that are to be served twice.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use quietus_plugin::Span;

use super::*;
use crate::attention::Severity;
use crate::ledger::contract::a_busy_ledger;

fn served() -> (Arc<SqliteLedger>, TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = SqliteLedger::serve(&file(&dir)).expect("opens");
    (ledger, dir)
}

fn log(dir: &TempDir) -> PathBuf {
    dir.path().join("ledger.db-wal")
}

async fn urgent(ledger: &SqliteLedger) -> Vec<(&'static str, Option<u64>)> {
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(24 * 3_600),
        warn_before: Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let all = ledger.attention(&limits).await.expect("read").into_iter();
    let urgent = all.filter(|found| found.severity == Severity::Urgent);
    urgent.map(|found| (found.code.as_str(), found.parameters.get("count").and_then(|count| count.as_u64()))).collect()
}

/// The events in a ledger that nobody has open.
fn events(ledger: &Path) -> i64 {
    let connection = Connection::open(ledger).expect("opens");
    connection.query_row("SELECT COUNT(*) FROM event", [], |row| row.get(0)).expect("counted")
}

/// What happens to the files.
type Change = fn(&TempDir);

#[tokio::test]
async fn a_ledger_whose_file_is_gone_is_not_written() {
    let changes: [(&str, Change); 6] = [
        ("moved", |dir| fs::rename(file(dir), dir.path().join("moved.db")).expect("moved")),
        ("removed", |dir| fs::remove_file(file(dir)).expect("removed")),
        ("replaced", |dir| {
            fs::write(dir.path().join("other.db"), b"").expect("written");
            fs::rename(dir.path().join("other.db"), file(dir)).expect("replaced");
        }),
        ("without its log", |dir| fs::remove_file(log(dir)).expect("removed")),
        ("its log moved", |dir| fs::rename(log(dir), dir.path().join("moved.log")).expect("moved")),
        ("its log replaced", |dir| {
            fs::copy(log(dir), dir.path().join("other.log")).expect("copied");
            fs::rename(dir.path().join("other.log"), log(dir)).expect("replaced");
        }),
    ];
    for (how, change) in changes {
        let (ledger, dir) = served();
        assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::New);
        change(&dir);
        let refused = ledger.record(event(2, 1)).await;
        assert!(matches!(refused, Err(LedgerError::Damaged(_))), "{how}: {refused:?}");
        let again = ledger.writable().await;
        assert!(matches!(again, Err(LedgerError::Damaged(_))), "{how}: {again:?}");
        assert!(urgent(&ledger).await.contains(&("ledger_damaged", None)), "{how}");
        ledger.shutdown().await;
        // What was acknowledged is in the file, wherever it is, also without its log.
        let kept = match how {
            "moved" => dir.path().join("moved.db"),
            "removed" | "replaced" => continue,
            _ => file(&dir),
        };
        let copy = dir.path().join("copy.db");
        fs::copy(kept, &copy).expect("copied");
        assert_eq!(events(&copy), 1, "{how}");
    }
}

#[tokio::test]
async fn a_damage_is_known_to_commands_and_to_the_next_start_until_it_is_mended() {
    let (ledger, dir) = served();
    ledger.record(event(1, 1)).await.expect("recorded");
    let away = dir.path().join("away.db");
    fs::rename(file(&dir), &away).expect("moved");
    ledger.record(event(2, 1)).await.expect_err("it is gone");
    ledger.shutdown().await;
    drop(ledger);
    let refused = SqliteLedger::serve(&file(&dir)).err().expect("refused");
    assert!(
        matches!(&refused, OpenError::Damaged { what, .. } if what.contains("was removed or moved")),
        "{refused:?}"
    );
    assert!(!file(&dir).exists(), "no empty ledger takes its place");

    fs::rename(&away, file(&dir)).expect("moved back");
    let command = SqliteLedger::open(&file(&dir)).expect("opens");
    assert_eq!(urgent(&command).await, [("ledger_damaged", None)]);
    let refused = command.retry_parked(&by()).await;
    assert!(matches!(refused, Err(LedgerError::Damaged(_))), "{refused:?}");
    command.shutdown().await;

    let ledger = SqliteLedger::serve(&file(&dir)).expect("it is whole again");
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::Duplicate);
    assert_eq!(ledger.record(event(2, 1)).await.expect("recorded"), Recorded::New);
    assert_eq!(urgent(&ledger).await, []);
    ledger.shutdown().await;
}

/// A ledger with something in every table, as far as that is done here; closed.
async fn filled() -> TempDir {
    let (ledger, dir) = sqlite();
    let shared: Arc<dyn Ledger> = ledger.clone();
    a_busy_ledger(&shared).await;
    for id in 1_000..1_300 {
        ledger.record(event(id, 1)).await.expect("recorded");
    }
    ledger.shutdown().await;
    dir
}

fn zero(ledger: &Path, page: u64) {
    let file = OpenOptions::new().write(true).open(ledger).expect("a ledger");
    file.write_all_at(&[0; 4_096], (page - 1) * 4_096).expect("written");
}

#[tokio::test]
async fn every_page_that_is_zeroed_is_noticed() {
    let dir = filled().await;
    let whole = fs::read(file(&dir)).expect("read");
    let pages = whole.len() as u64 / 4_096;
    assert!(pages > 60, "{pages}");
    for page in 1..=pages {
        fs::write(file(&dir), &whole).expect("written");
        if whole[(page as usize - 1) * 4_096..page as usize * 4_096].iter().all(|byte| *byte == 0) {
            continue;
        }
        zero(&file(&dir), page);
        let found = match schema::open(&file(&dir)) {
            Ok(_open) => integrity::at_once(&file(&dir)).err().map(LedgerError::into_cause),
            Err(error) => Some(error.into()),
        };
        let found = found.unwrap_or_else(|| panic!("page {page} of {pages} is zero, and nobody noticed"));
        drop(found);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_finds_damage_that_nothing_has_stumbled_over() {
    let dir = filled().await;
    let root: i64 = beside(&dir)
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'receipt_of_verdict'", [], |row| row.get(0))
        .expect("an index");
    zero(&file(&dir), root.unsigned_abs());
    let ledger = SqliteLedger::serve(&file(&dir)).expect("opens");
    let began = std::time::Instant::now();
    while !matches!(ledger.writable().await, Err(LedgerError::Damaged(_))) {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody has found it");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let refused = ledger.record(event(1, 2)).await;
    assert!(matches!(refused, Err(LedgerError::Damaged(_))), "{refused:?}");
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(24 * 3_600),
        warn_before: Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let told = ledger.attention(&limits).await.expect("read");
    assert!(told.iter().all(|found| found.code.as_str() != "server_away"), "nobody can say that they are there");
    ledger.shutdown().await;
    drop(ledger);
    let again = SqliteLedger::serve(&file(&dir)).err().expect("refused");
    assert!(matches!(&again, OpenError::Damaged { what, .. } if what.contains("`receipt`")), "{again:?}");
}

#[tokio::test]
async fn a_file_that_was_cut_is_damaged() {
    let dir = filled().await;
    let whole = fs::read(file(&dir)).expect("read");
    for left in [whole.len() / 2, whole.len() - 4_096, 4_096, 100] {
        fs::write(file(&dir), &whole[..left]).expect("written");
        let found = match schema::open(&file(&dir)) {
            Ok(_open) => integrity::at_once(&file(&dir)).is_err(),
            Err(error) => matches!(error, OpenError::Damaged { .. }),
        };
        assert!(found, "cut to {left} of {} bytes", whole.len());
    }
}

#[tokio::test]
async fn an_event_that_is_damaged_is_set_aside_and_stops_no_other() {
    let (ledger, dir) = sqlite();
    // In one commit, so in one row.
    let held = beside(&dir);
    held.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let mut deliveries = JoinSet::new();
    for id in 501..=503 {
        let ledger = ledger.clone();
        deliveries.spawn(async move { ledger.record(event(id, 1)).await });
    }
    tokio::task::yield_now().await;
    held.execute_batch("ROLLBACK").expect("unlocked");
    for recorded in deliveries.join_all().await {
        assert_eq!(recorded.expect("recorded"), Recorded::New);
    }
    // It is still JSON, and names another session.
    let changed = held.execute(
        "UPDATE inbox SET events = CAST(REPLACE(CAST(events AS TEXT), '502', '602') AS BLOB) WHERE events LIKE '%502%'",
        [],
    );
    assert_eq!(changed.expect("changed"), 1);

    let shared: Arc<dyn Ledger> = ledger.clone();
    assert_eq!(contract::sessions_to_decide(&shared).await, [501, 503]);
    assert_eq!(urgent(&ledger).await, [("events_damaged", Some(1))]);
    // It is no better when it is tried again.
    assert_eq!(ledger.retry_parked(&by()).await.expect("answered"), 1);
    assert!(claim(&ledger, &to_decide(), 9).await.is_empty());
    assert_eq!(urgent(&ledger).await, [("events_damaged", Some(1))]);
}

#[tokio::test]
async fn a_ledger_has_one_server_and_any_number_of_commands() {
    let (ledger, dir) = served();
    let second = SqliteLedger::serve(&file(&dir)).err().expect("refused");
    assert!(matches!(second, OpenError::InUse { .. }), "{second:?}");
    assert!(second.to_string().contains(&format!("process {}", std::process::id())), "{second}");
    let copied = SqliteRows::open(&file(&dir)).err().expect("refused");
    assert!(matches!(copied, OpenError::InUse { .. }), "{copied:?}");
    let command = SqliteLedger::open(&file(&dir)).expect("opens");
    command.record(event(1, 1)).await.expect("recorded");
    command.shutdown().await;
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::Duplicate);
    ledger.shutdown().await;
    drop(ledger);
    SqliteLedger::serve(&file(&dir)).expect("it is free").shutdown().await;
}

#[tokio::test]
async fn what_does_not_hold_between_tables_is_counted() {
    let (ledger, dir) = sqlite();
    let shared: Arc<dyn Ledger> = ledger.clone();
    a_busy_ledger(&shared).await;
    let breaks = [
        (Invariant::OpenErasureHasWork, "DELETE FROM task WHERE erasure IS NOT NULL"),
        (Invariant::WorkHasOpenErasure, "UPDATE erasure SET ended = 1"),
        (Invariant::StepHasWork, "DELETE FROM task WHERE queue LIKE 'step:%'"),
        (Invariant::SessionHasWork, "DELETE FROM task WHERE session IS NOT NULL"),
        (Invariant::DoneErasureHasReceipt, "DELETE FROM receipt"),
        (Invariant::ReceiptHasEndedErasure, "UPDATE erasure SET ended = NULL"),
        (Invariant::DoneErasureHasOutcomes, "UPDATE step SET outcome = NULL"),
        (Invariant::BegunErasureHasCapsule, "DELETE FROM capsule"),
        (Invariant::EndedErasureHasNoCapsule, "UPDATE erasure SET ended = 1"),
        (Invariant::SettledSessionHasAge, "UPDATE session SET idle_since = NULL"),
        (Invariant::TombstoneHasNoSession, "INSERT INTO tombstone SELECT installation, session, 0, 0 FROM session"),
        (Invariant::StepHasErasure, "INSERT INTO step (erasure, target, called) VALUES (zeroblob(16), 'crm', 'crm')"),
        (Invariant::LabelHasErasure, "INSERT INTO erasure_label VALUES ('rule', 'gone', 'done', zeroblob(16))"),
        (Invariant::EventHasWork, "DELETE FROM inbox"),
    ];
    assert_eq!(breaks.map(|(invariant, _)| invariant), Invariant::ALL);
    for (invariant, change) in breaks {
        let other = beside(&dir);
        other.execute_batch("PRAGMA foreign_keys = OFF").expect("set");
        let broken = |when: &str| {
            let count: i64 = other.query_row(invariant.sql(), [], |row| row.get(0)).expect("counted");
            assert_eq!(count > 0, when == "after", "{invariant:?} {when}");
        };
        other.execute_batch("BEGIN").expect("begun");
        broken("before");
        other.execute_batch(change).expect("changed");
        broken("after");
        other.execute_batch("ROLLBACK").expect("undone");
    }
}
