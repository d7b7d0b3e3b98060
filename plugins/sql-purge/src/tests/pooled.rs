//! PgBouncer before PostgreSQL, with a session for each transaction: what one client prepares is not there for its next
//! transaction, and what another has left behind is.

use test_servers::postgres::{Cluster, Pooler, Pooling};
use tokio_postgres::NoTls;

use super::*;

/// So many people's orders, with columns of types that PostgreSQL does not have by itself.
fn orders_of(people: u32) -> Cluster {
    let cluster = Cluster::start();
    let sql = |sql: &str| drop(cluster.sql("postgres", sql));
    sql("CREATE EXTENSION citext; CREATE TYPE level AS ENUM ('gold', 'lead')");
    sql("CREATE TABLE orders (mail citext, level level, no bigint)");
    sql(&format!("INSERT INTO orders SELECT 'p' || n || '@x.cz', 'gold', n FROM generate_series(1, {people}) AS t(n)"));
    cluster
}

fn plugin_at(pooler: &Pooler) -> Host {
    let settings = json!({ "kinds": ["no", "level"], "statement": [
        { "name": "orders", "rows_max": 3, "sql": "DELETE FROM orders WHERE mail = :email AND level = :level OR no = :no" },
    ]});
    configured(&pooler.url("postgres"), &settings).expect("configured")
}

fn person(n: u32) -> Request {
    let (mail, no) = (format!("p{n}@x.cz"), format!("{n}"));
    let of = [("email", mail.as_str()), ("level", "gold"), ("level", "none"), ("no", no.as_str()), ("no", "x")];
    Request { idempotency_key: format!("k-{n}"), ..Request::from(of) }
}

/// Leaves prepared statements behind in a session of the pooler's, under the names that a driver takes, as one does that is killed.
fn leave_statements(pooler: &Pooler) {
    let all: String = (0..300).map(|n| format!("PREPARE s{n} AS SELECT {n};")).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&pooler.url("postgres"), NoTls).await.expect("connected");
        let driver = tokio::spawn(connection);
        client.batch_execute(&all).await.expect("prepared");
        drop(client);
        driver.await.expect("no panic").expect("closed");
    });
}

#[test]
fn what_others_left_behind_in_a_session_is_not_met() {
    let cluster = orders_of(1);
    let pooler = Pooler::start(&cluster, Pooling::Transaction);
    leave_statements(&pooler);
    let plugin = plugin_at(&pooler);
    assert_eq!(plugin.health(), Ok(()));
    assert_eq!(plugin.dry_run(person(1)), Ok(Answer::residual().count("orders", 1)));
    assert_eq!(plugin.erase(person(1)), Ok(Answer::erased().count("orders", 1)));
    assert_eq!(plugin.verify(person(1)), Ok(Answer::absent()));
    assert_eq!(cluster.sql("postgres", "SELECT count(*) FROM orders"), "0");
}

#[test]
fn many_at_once_share_its_sessions() {
    let cluster = orders_of(24);
    let pooler = Pooler::start(&cluster, Pooling::Transaction);
    let plugins = [plugin_at(&pooler), plugin_at(&pooler)];
    std::thread::scope(|threads| {
        for first in 0..8_u32 {
            let plugin = &plugins[(first % 2) as usize];
            threads.spawn(move || {
                for n in [first + 1, first + 9, first + 17] {
                    assert_eq!(plugin.dry_run(person(n)), Ok(Answer::residual().count("orders", 1)), "{n}");
                    assert_eq!(plugin.erase(person(n)), Ok(Answer::erased().count("orders", 1)), "{n}");
                }
            });
        }
    });
    assert_eq!(cluster.sql("postgres", "SELECT count(*) FROM orders"), "0");
}
