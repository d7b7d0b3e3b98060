//! What every session has to be, and who comes between.

use test_servers::postgres::{Pooler, Pooling};

use super::*;
use crate::ledger::contract::event;

async fn said(place: &PostgresPlace) -> String {
    let opened = PostgresLedger::open(place, None).await;
    opened.err().map_or_else(|| "opened".to_owned(), |error| format!("{:#}", anyhow::Error::from(error)))
}

#[tokio::test]
async fn a_database_that_has_durability_off_is_worked_on_with_durability() {
    let (ledger, cluster) = postgres().await;
    ledger.shutdown().await;
    for set in ["synchronous_commit = off", "search_path = public", "default_transaction_isolation = serializable"] {
        cluster.sql("postgres", &format!("ALTER DATABASE quietus SET {set}"));
    }
    let ledger = at(&place(&cluster.url(DATABASE))).await;
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::New);
    ledger.writable().await.expect("writable");
    let connection = ledger.work.pool.get().await.expect("free");
    let shown = "SELECT current_setting('synchronous_commit') || current_setting('transaction_isolation')";
    assert_eq!(connection.query_one(shown, &[]).await.expect("told").get::<_, &str>(0), "onread committed");
}

#[tokio::test]
async fn a_server_that_does_not_keep_what_it_commits_is_refused() {
    let cluster = Cluster::start_with(&[("fsync", "off")]);
    cluster.create_database(DATABASE);
    let place = place(&cluster.url(DATABASE));
    let refused = format!("{:#}", anyhow::Error::from(migrate(&place, None).await.expect_err("refused")));
    assert!(refused.contains("`fsync = off`") && refused.contains("reload the server"), "{refused}");
}

#[tokio::test]
async fn a_session_that_loses_its_durability_while_it_works_acknowledges_nothing() {
    let (ledger, cluster) = postgres().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    // As another client of a shared session would, and once: written again, the event is there.
    let turned_off = "CREATE FUNCTION turn_off() RETURNS TRIGGER LANGUAGE plpgsql AS $$BEGIN
          IF NEW.session = 2 AND NOT EXISTS (SELECT FROM quietus.event WHERE session = 2) THEN
            PERFORM set_config('synchronous_commit', 'off', FALSE);
          END IF;
          RETURN NEW;
        END$$;
        CREATE TRIGGER turn_off BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION turn_off()";
    sql(&cluster, turned_off);
    // New, it was committed without a wait for the disk; acknowledged is the duplicate, whose commit comes after it.
    assert_eq!(ledger.record(event(2, 1)).await.expect("recorded"), Recorded::Duplicate);
    let connection = ledger.writing().await.expect("free");
    connection.execute("SET synchronous_commit = off", &[]).await.expect("set");
    drop(connection);
    let refused = format!("{:#}", anyhow::Error::from(ledger.writable().await.expect_err("refused")));
    assert!(refused.contains("`synchronous_commit` was set to `on`, and the session has `off`"), "{refused}");
    ledger.writable().await.expect("on a new connection");
}

#[tokio::test]
async fn a_pooler_that_keeps_sessions_is_a_way_and_one_that_shares_them_is_refused() {
    let (ledger, cluster) = postgres().await;
    ledger.shutdown().await;
    let session = Pooler::start(&cluster, Pooling::Session);
    let ledger = at(&place(&session.url(DATABASE))).await;
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::New);
    assert_eq!(claim(&ledger, &to_decide(), 1).await.len(), 1);
    ledger.shutdown().await;

    let transaction = Pooler::start(&cluster, Pooling::Transaction);
    let place = place(&transaction.url(DATABASE));
    for refused in
        [said(&place).await, format!("{:#}", anyhow::Error::from(migrate(&place, None).await.expect_err("no")))]
    {
        assert!(refused.contains("PgBouncer in transaction pooling mode"), "{refused}");
    }
}
