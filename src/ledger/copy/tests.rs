//! A ledger is moved there and back, between real backends.

use std::sync::Mutex;

use jiff::Timestamp;
use test_servers::postgres::Cluster;
use zeroize::Zeroizing;

use super::*;
use crate::ledger::contract::{a_busy_ledger, by, event, key_ids, to_decide};
use crate::ledger::postgres::{self, PostgresLedger, PostgresRows};
use crate::ledger::sqlite::{SqliteLedger, SqliteRows};

use crate::ledger::{
    Admin as _, Intake as _, Ledger, OpenError, PostgresPlace, Queue as _, Recorded, Records as _, Work,
};
use crate::receipt::{Gap, GapCause, ReceiptKey, SignedGap};

const HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);

/// Two empty places for a ledger.
struct Places {
    folder: tempfile::TempDir,
    _cluster: Cluster,
    postgres: PostgresPlace,
}

impl Places {
    async fn new() -> Self {
        let cluster = Cluster::start();
        cluster.create_database("quietus");
        let statement_max = std::time::Duration::from_secs(10);
        let url = cluster.url("quietus");
        let user = None;
        let ca_file = None;
        let postgres = PostgresPlace { url, user, ca_file, statement_max, connections_max: 4 };
        postgres::migrate(&postgres, None).await.expect("migrated");
        Self { folder: tempfile::tempdir().expect("a folder"), _cluster: cluster, postgres }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn sqlite_rows(&self, name: &str) -> SqliteRows {
        SqliteRows::open(&self.file(name)).expect("opens")
    }

    async fn postgres_rows(&self) -> PostgresRows {
        PostgresRows::open(&self.postgres, None).await.expect("opens")
    }
}

fn public_keys() -> [String; 1] {
    [ReceiptKey::new(&Zeroizing::new([2; 32])).public()]
}

async fn copied(from: &dyn Rows, to: &dyn Rows) -> Copied {
    copy(from, to, &public_keys(), &|_| {}).await.expect("copied")
}

/// Every row of every table.
async fn everything(rows: &dyn Rows) -> Vec<Vec<Row>> {
    let mut all = Vec::new();
    for table in TABLES {
        all.push(rows.read(table, None, 100_000).await.expect("read"));
    }
    all
}

#[tokio::test]
async fn a_ledger_that_was_moved_there_and_back_is_the_same() {
    let places = Places::new().await;
    let ledger = SqliteLedger::open(&places.file("first.db")).expect("opens");
    a_busy_ledger(&(ledger.clone() as std::sync::Arc<dyn Ledger>)).await;
    let counts = ledger.counts().await.expect("counted");
    let there = ledger.receipt_head().await.expect("read");
    let seen = ReceiptHead { sequence: 9, hash: "9".repeat(64) };
    let lost = Gap::between(there.as_ref(), &seen, Timestamp::UNIX_EPOCH, by().to_string(), GapCause::Accepted);
    let lost = SignedGap::sign(lost, &ReceiptKey::new(&Zeroizing::new([2; 32])));
    assert!(ledger.accept_gap(&lost, &by()).await.expect("accepted"));
    let id = ledger.id().await.expect("read");
    ledger.shutdown().await;

    let first = places.sqlite_rows("first.db");
    let there = copied(&first, &places.postgres_rows().await).await;
    assert!(there.receipts > 0 && there.rows.iter().all(|(name, rows)| *rows > 0 || *name == "pace"), "{there:?}");
    let second = places.sqlite_rows("second.db");
    let back = copied(&places.postgres_rows().await, &second).await;
    assert_eq!(there, back);
    assert_eq!(everything(&first).await, everything(&second).await);
    // What was copied has no duties any more, until somebody says so.
    for rows in [&first as &dyn Rows, &places.postgres_rows().await] {
        assert!(rows.retired().await.expect("read").is_some());
    }
    let refused = SqliteLedger::open(&places.file("first.db")).err().expect("refused");
    assert!(
        matches!(refused, OpenError::Moved { .. }) && refused.to_string().contains("quietus ledger reopen"),
        "{refused}"
    );
    let refused = PostgresLedger::open(&places.postgres, None).await;
    assert!(matches!(refused.err(), Some(OpenError::Moved { .. })));
    places.postgres_rows().await.set_retired(None).await.expect("reopened");
    for ledger in [
        SqliteLedger::open(&places.file("second.db")).expect("opens") as std::sync::Arc<dyn Ledger>,
        PostgresLedger::open(&places.postgres, None).await.expect("opens"),
    ] {
        assert_eq!(ledger.id().await.expect("read"), id);
        let end = ledger.receipt_end().await.expect("read");
        assert_eq!(
            (end.head, end.gap),
            (Some(seen.clone()), Some(lost.clone())),
            "the chain goes on after what was lost"
        );
        let moved = ledger.counts().await.expect("counted");
        assert_eq!(serde_json::to_value(&moved).expect("JSON"), serde_json::to_value(&counts).expect("JSON"));
    }
}

#[tokio::test]
async fn a_moved_ledger_goes_on_where_it_was() {
    let places = Places::new().await;
    let ledger = SqliteLedger::open(&places.file("first.db")).expect("opens");
    a_busy_ledger(&(ledger.clone() as std::sync::Arc<dyn Ledger>)).await;
    ledger.record(event(77, 1)).await.expect("recorded");
    let mut late = event(78, 1);
    late.head.time = Some(Timestamp::now());
    ledger.record(late.clone()).await.expect("recorded");
    ledger.shutdown().await;
    copied(&places.sqlite_rows("first.db"), &places.postgres_rows().await).await;

    let ledger = PostgresLedger::open(&places.postgres, None).await.expect("opens");
    for again in [event(77, 1), late] {
        assert_eq!(ledger.record(again).await.expect("recorded"), Recorded::Duplicate);
    }
    assert_eq!(ledger.record(event(79, 1)).await.expect("recorded"), Recorded::New);
    let claims = ledger.claim(&to_decide(), 100, HOUR, &crate::ledger::Bounds::NONE).await.expect("claimed").claims;
    let sessions = claims.iter().filter_map(|claim| match &claim.work {
        Work::Decide(work) => Some(work.event.head.session.session.0),
        _ => None,
    });
    let sessions: Vec<i64> = sessions.collect();
    assert!([77, 78, 79].iter().all(|id| sessions.contains(id)), "{sessions:?}");
    assert!(ledger.receipt_head().await.expect("read").is_some());
}

#[tokio::test]
async fn what_was_interrupted_goes_on_where_it_was() {
    let places = Places::new().await;
    let ledger = SqliteLedger::open(&places.file("first.db")).expect("opens");
    a_busy_ledger(&(ledger.clone() as std::sync::Arc<dyn Ledger>)).await;
    ledger.shutdown().await;
    let first = places.sqlite_rows("first.db");

    // Some tables and one session, and then it stops.
    let to = places.postgres_rows().await;
    let mut mark = begin(&first, &to).await.expect("begun");
    mark.table = TABLES.iter().position(|table| table.name == "session").expect("a table");
    for table in &TABLES[..mark.table] {
        to.write(table, first.read(table, None, CHUNK).await.expect("read"), &mark).await.expect("written");
    }
    let sessions = &TABLES[mark.table];
    let one = first.read(sessions, None, 1).await.expect("read");
    mark.after = one.first().map(|row| sessions.key_of(row));
    to.write(sessions, one, &mark).await.expect("written");
    let refused = PostgresLedger::open(&places.postgres, None).await.err().expect("refused");
    assert!(matches!(refused, OpenError::Unfinished { .. }));
    assert!(refused.to_string().contains("run the same `quietus ledger copy` again"), "{refused}");

    let tables = Mutex::new(Vec::new());
    let tell = |progress| {
        if let CopyProgress::Table { name, .. } = progress {
            tables.lock().expect("nobody panics with it").push(name);
        }
    };
    copy(&first, &to, &public_keys(), &tell).await.expect("copied");
    assert_eq!(tables.lock().expect("nobody panics with it").first(), Some(&"session"));
    assert_eq!(everything(&first).await, everything(&to).await);
    PostgresLedger::open(&places.postgres, None).await.expect("opens");
}

#[tokio::test]
async fn nothing_is_copied_over_another_ledger_or_away_under_a_server() {
    let places = Places::new().await;
    let ledger = SqliteLedger::open(&places.file("first.db")).expect("opens");
    ledger.record(event(1, 1)).await.expect("recorded");
    let other = PostgresLedger::open(&places.postgres, None).await.expect("opens");
    other.record(event(2, 1)).await.expect("recorded");
    other.shutdown().await;
    let first = places.sqlite_rows("first.db");
    let to = places.postgres_rows().await;
    let refused = copy(&first, &to, &public_keys(), &|_| {}).await;
    assert!(matches!(refused, Err(CopyError::NotEmpty(1, "installation"))), "{refused:?}");
    drop((first, to));

    let server = SqliteLedger::serve(&places.file("first.db")).expect("serves");
    let refused = SqliteRows::open(&places.file("first.db")).err().expect("refused");
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    server.shutdown().await;
    let server = PostgresLedger::open(&places.postgres, None).await.expect("opens");
    server.record(event(3, 1)).await.expect("recorded");
    let refused = PostgresRows::open(&places.postgres, None).await.err().expect("refused");
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
}

#[tokio::test]
async fn what_changed_meanwhile_is_not_gone_on_with_and_half_a_ledger_is_not_copied() {
    let places = Places::new().await;
    let ledger = SqliteLedger::open(&places.file("first.db")).expect("opens");
    a_busy_ledger(&(ledger.clone() as std::sync::Arc<dyn Ledger>)).await;
    ledger.shutdown().await;
    let first = places.sqlite_rows("first.db");
    let to = places.postgres_rows().await;
    let mark = begin(&first, &to).await.expect("begun");
    to.write(&TABLES[1], first.read(&TABLES[1], None, CHUNK).await.expect("read"), &mark).await.expect("written");

    let refused = copy(&to, &places.sqlite_rows("third.db"), &public_keys(), &|_| {}).await;
    assert!(matches!(refused, Err(CopyError::Unfinished)), "{refused:?}");
    // Somebody worked on it again.
    first.set_retired(None).await.expect("reopened");
    let refused = copy(&first, &to, &public_keys(), &|_| {}).await;
    assert!(matches!(refused, Err(CopyError::NotEmpty(1, "installation"))), "{refused:?}");
}

#[tokio::test]
async fn a_ledger_that_was_checked_before_is_empty_all_the_same() {
    let places = Places::new().await;
    let first = SqliteLedger::open(&places.file("first.db")).expect("opens");
    let to = &places.postgres;
    let checked = PostgresLedger::open(to, None).await.expect("opens");
    for ledger in [first.clone() as std::sync::Arc<dyn Ledger>, checked.clone()] {
        ledger.key_ids(&key_ids("9")).await.expect("noted");
        ledger.writable().await.expect("writable");
        ledger.shutdown().await;
    }
    copied(&places.sqlite_rows("first.db"), &places.postgres_rows().await).await;
}

#[tokio::test]
async fn a_chain_that_does_not_verify_is_not_taken_over() {
    let places = Places::new().await;
    let ledger = SqliteLedger::open(&places.file("first.db")).expect("opens");
    a_busy_ledger(&(ledger.clone() as std::sync::Arc<dyn Ledger>)).await;
    ledger.shutdown().await;
    let first = places.sqlite_rows("first.db");
    let another = ReceiptKey::new(&Zeroizing::new([3; 32])).public();
    let refused = copy(&first, &places.postgres_rows().await, &[another], &|_| {}).await;
    // By the first of what that key has not signed.
    assert!(matches!(refused, Err(CopyError::Checkpoint)), "{refused:?}");
    let opened = PostgresLedger::open(&places.postgres, None).await;
    assert!(matches!(opened.err(), Some(OpenError::Unfinished { .. })));
}
