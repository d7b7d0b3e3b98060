//! Migrations, roles, and who may start on what.

use tokio::task::JoinSet;

use super::*;
use crate::audit::{AuditBroken, verify_chain};
use crate::ledger::Migrated;
use crate::ledger::contract::event;
use crate::ledger::postgres::schema::KNOWN;

fn empty() -> (Cluster, PostgresPlace) {
    let cluster = Cluster::start();
    cluster.create_database(DATABASE);
    let place = place(&cluster.url(DATABASE));
    (cluster, place)
}

fn refused(opened: Result<Arc<PostgresLedger>, OpenError>) -> OpenError {
    opened.err().expect("refused")
}

#[tokio::test]
async fn a_database_that_is_not_migrated_is_refused_with_what_to_do() {
    let (_cluster, place) = empty();
    let refused = refused(PostgresLedger::open(&place, None).await);
    assert!(matches!(refused, OpenError::Pending { found: 0, .. }));
    assert!(refused.to_string().contains("run `quietus migrate`"), "{refused}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_what_to_do() {
    let (cluster, place) = empty();
    migrate(&place, None).await.expect("migrated");
    sql(&cluster, "INSERT INTO migration VALUES (1000, now(), 'a later one')");
    let refused = refused(PostgresLedger::open(&place, None).await);
    assert!(matches!(refused, OpenError::Newer { found: 1_000, .. }));
    assert!(refused.to_string().contains("start the quietus that wrote it"), "{refused}");
    assert!(matches!(migrate(&place, None).await, Err(OpenError::Newer { found: 1_000, .. })));
}

#[tokio::test]
async fn a_ledger_of_another_migration_with_the_same_number_is_refused() {
    let (cluster, place) = empty();
    migrate(&place, None).await.expect("migrated");
    sql(&cluster, "UPDATE migration SET checksum = '0'");
    let refused = refused(PostgresLedger::open(&place, None).await);
    assert!(matches!(refused, OpenError::Altered { number: KNOWN, .. }), "{refused:?}");
    assert!(refused.to_string().contains("start the quietus that made the ledger"), "{refused}");
    assert!(matches!(migrate(&place, None).await, Err(OpenError::Altered { .. })));
}

#[tokio::test]
async fn a_ledger_of_an_unreleased_version_is_refused_and_left_as_it_is() {
    let (cluster, place) = empty();
    // The tables do not matter: they are told by their number.
    cluster.sql(
        DATABASE,
        "CREATE SCHEMA quietus;
         CREATE TABLE quietus.migration (number BIGINT PRIMARY KEY, applied TIMESTAMPTZ NOT NULL, program TEXT NOT NULL);
         INSERT INTO quietus.migration VALUES (1, now(), '0.0.0'), (2, now(), '0.0.0')",
    );
    let refused = refused(PostgresLedger::open(&place, None).await);
    assert!(matches!(refused, OpenError::Unreleased { found: 2, .. }), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("unreleased") && said.contains("start with a new ledger"), "{said}");
    assert!(matches!(migrate(&place, None).await, Err(OpenError::Unreleased { found: 2, .. })));
    assert!(matches!(PostgresRows::open(&place, None).await.err(), Some(OpenError::Unreleased { found: 2, .. })));
    assert_eq!(sql(&cluster, "SELECT count(*) FROM migration"), "2");
    assert_eq!(sql(&cluster, "SELECT count(*) FROM pg_tables WHERE schemaname = 'quietus'"), "1");
}

/// The rows of all tables that have a text in them.
fn rows_with(cluster: &Cluster, text: &str) -> Vec<String> {
    let tables = sql(cluster, "SELECT tablename FROM pg_tables WHERE schemaname = 'quietus' ORDER BY 1");
    let has = |table: &&str| {
        let condition = format!("whole::TEXT LIKE '%{text}%' OR whole::TEXT LIKE '%{}%'", hex::encode(text));
        sql(cluster, &format!("SELECT count(*) FROM {table} AS whole WHERE {condition}")) != "0"
    };
    tables.lines().filter(has).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_guests_id_is_nowhere_but_in_the_record_of_a_session_that_is_not_erased() {
    let (ledger, cluster) = postgres().await;
    let shared: Arc<dyn Ledger> = ledger.clone();
    contract::erase_a_guest(&shared, "g-4711-secret", || async {
        assert_eq!(rows_with(&cluster, "g-4711-secret"), ["session"]);
    })
    .await;
    assert_eq!(rows_with(&cluster, "g-4711-secret"), [] as [String; 0]);
}

#[tokio::test]
async fn several_that_migrate_at_once_apply_each_migration_once() {
    let (cluster, place) = empty();
    let mut migrations = JoinSet::new();
    for _ in 0..6 {
        let place = place.clone();
        migrations.spawn(async move { migrate(&place, None).await.expect("migrated") });
    }
    let mut all = migrations.join_all().await;
    all.sort_by_key(|migrated| migrated.from);
    assert_eq!(all.remove(0), Migrated { from: 0, to: KNOWN });
    assert!(all.iter().all(|migrated| *migrated == Migrated { from: KNOWN, to: KNOWN }));
    assert_eq!(sql(&cluster, "SELECT count(*) FROM migration"), "1");
    at(&place).await.record(event(1, 1)).await.expect("recorded");
}

#[tokio::test]
async fn an_unreachable_database_says_where_it_is_and_not_who_connects() {
    let opened = PostgresLedger::open(&place("postgres://somebody@127.0.0.1:9/quietus"), None).await;
    let said = format!("{:#}", anyhow::Error::from(refused(opened)));
    assert!(said.starts_with("the ledger quietus at 127.0.0.1 does not open: cannot connect"), "{said}");
    assert!(!said.contains("somebody"), "{said}");
}

/// The files that a deployment uses.
const ROLES: &str = include_str!("../../../../config/postgres/roles.sql");
const GRANTS: &str = include_str!("../../../../config/postgres/grants.sql");

async fn with_roles() -> (Arc<dyn Ledger>, Cluster) {
    let (cluster, mut owner) = empty();
    cluster.sql(DATABASE, ROLES);
    owner.user = Some("quietus_owner".to_owned());
    migrate(&owner, None).await.expect("migrated");
    cluster.try_sql(DATABASE, "quietus_owner", GRANTS).expect("granted");
    let ledger = at(&place(&cluster.url_of("quietus", DATABASE))).await;
    (ledger, cluster)
}

#[tokio::test]
async fn the_servers_role_may_not_touch_what_it_need_not() {
    let (_ledger, cluster) = with_roles().await;
    for forbidden in [
        "UPDATE quietus.receipt SET hash = ''",
        "UPDATE quietus.receipt SET verdict = 'complete'",
        "UPDATE quietus.receipt SET receipt = '{}'",
        "UPDATE quietus.audit SET actor = 'cli:eve'",
        "DELETE FROM quietus.audit",
        "DELETE FROM quietus.receipt",
        "DELETE FROM quietus.erasure",
        "DELETE FROM quietus.installation",
        "DROP TABLE quietus.event",
        "CREATE TABLE quietus.mine (id BIGINT)",
        "INSERT INTO quietus.migration VALUES (2, now(), 'me')",
        "TRUNCATE quietus.task",
        "ALTER TABLE quietus.session ADD COLUMN name TEXT",
    ] {
        let refused = cluster.try_sql(DATABASE, "quietus", forbidden).expect_err(forbidden);
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{forbidden}: {refused}");
    }
}

/// Changes the stored audit, as its owner could; returns the result of reading it.
async fn tampered(ledger: &PostgresLedger, cluster: &Cluster, change: &str) -> Result<Option<Head>, AuditBroken> {
    sql(cluster, change);
    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 99)).await.expect("read").items;
    verify_chain(None, &rows)
}

#[tokio::test]
async fn what_somebody_does_to_the_stored_audit_is_found() {
    let (ledger, cluster) = postgres().await;
    for _ in 0..4 {
        ledger.retry_parked(&by()).await.expect("answered");
    }
    let head = ledger.audit_head().await.expect("read");
    assert_eq!(tampered(&ledger, &cluster, "SELECT 1").await, Ok(head.clone()));
    // The last ones taken away make a chain that ends before its head.
    assert_ne!(tampered(&ledger, &cluster, "DELETE FROM audit WHERE sequence = 4").await, Ok(head));
    let other = "UPDATE audit SET entry = REPLACE(entry, 'cli:ann', 'cli:eve') WHERE sequence = 2";
    assert_eq!(tampered(&ledger, &cluster, other).await, Err(AuditBroken::Changed(2)));
    let gone = tampered(&ledger, &cluster, "DELETE FROM audit WHERE sequence = 2").await;
    assert_eq!(gone, Err(AuditBroken::Sequence { expected: 2, found: 3 }));
}

/// Everything that a server does, with no more than its role may.
mod as_the_servers_role {
    use super::{Stories, with_roles};

    async fn stories() -> Stories {
        let (ledger, cluster) = with_roles().await;
        ledger.shutdown().await;
        Stories::of(cluster, "quietus")
    }

    crate::ledger::contract::contract!(parts, stories);
}
