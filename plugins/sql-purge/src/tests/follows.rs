//! A replica that takes changes of everybody, as MariaDB's and MySQL's do unless they are made read-only: what is erased there only is not
//! erased.

use quietus_plugin::ErrorClass::Retryable;
use quietus_plugin::Outcome;
use test_servers::mariadb::Server;

use super::amiss::fails;
use super::database::wait_until;
use super::*;
use crate::told;

/// The shop as a user of one of the servers, whole answers.
fn shop_at(server: &Server, user: &str) -> TestHost<SqlPurge> {
    configured(&server.url_of(user, "shop"), &json!({ "statement": [orders()] })).expect("configured").0
}

#[track_caller]
fn is_a_replica(plugin: &TestHost<SqlPurge>) {
    fails(plugin.erase(ann()), Retryable, "the database follows another server");
    for answer in [plugin.dry_run(ann()), plugin.verify(ann())] {
        let answer = answer.expect("an answer");
        assert_eq!(answer.outcome, Outcome::Residual);
        assert!(answer.not_looked_at.iter().any(|place| place == told::FOLLOWED), "{answer:?}");
    }
}

/// Whether the answer says that nobody knows.
#[track_caller]
fn is_unsure(answer: Result<Answer, PluginError>) -> bool {
    let places = answer.expect("an answer").not_looked_at;
    assert!(!places.iter().any(|place| place == told::FOLLOWED), "{places:?}");
    places.contains(&told::hidden_primary("REPLICA MONITOR"))
}

/// A ring of two, each of which follows the other one and takes changes.
#[test]
fn a_ring_is_erased_from_where_the_operator_says_that_it_is_one() {
    let servers = [1, 2].map(|number| {
        Server::start_with(&[
            &format!("--server-id={number}"),
            &format!("--gtid-domain-id={number}"),
            "--log-bin=changes",
        ])
    });
    for (one, other) in [(0, 1), (1, 0)] {
        let port = servers[other].port();
        servers[one].sql("", "SET sql_log_bin = 0; CREATE USER m@'127.0.0.1'; GRANT ALL ON *.* TO m@'127.0.0.1'");
        let primary = format!("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'm'");
        servers[one].sql("", &format!("{primary}, MASTER_USE_GTID = slave_pos"));
    }
    servers.iter().for_each(|server| drop(server.sql("", "START SLAVE")));
    let rows = |server: &Server| server.sql("shop", "SELECT count(*) FROM orders");
    servers[0].sql("", "CREATE DATABASE shop");
    servers[0].sql("shop", "CREATE TABLE orders (mail varchar(100))");
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'shop'";
    wait_until("the table to arrive", || servers[1].sql("", tables) == "1");
    servers[1].sql("shop", "INSERT INTO orders VALUES ('ann@x.cz'), ('bob@x.cz')");
    wait_until("the rows to arrive", || rows(&servers[0]) == "2");

    is_a_replica(&shop_at(&servers[0], "m"));
    let settings = json!({ "statement": [orders()], "follows": "trusted" });
    let error = configured("postgres://q@127.0.0.1:1/shop", &settings).err().expect("refused");
    assert!(error.message.contains("`follows` has no meaning here"), "{}", error.message);
    let ring = configured(&servers[0].url_of("m", "shop"), &settings).expect("configured").0;
    let answers = [
        (ring.dry_run(ann()), Outcome::Residual),
        (ring.erase(ann()), Outcome::Erased),
        (ring.verify(ann()), Outcome::Absent),
    ];
    for (answer, outcome) in answers {
        let answer = answer.expect("an answer");
        assert_eq!(answer.outcome, outcome);
        assert!(answer.not_looked_at.iter().any(|place| place == told::RING), "{answer:?}");
    }
    wait_until("the row to go everywhere", || rows(&servers[1]) == "1");
    // One that takes no changes is none of a ring.
    servers[0].sql("", "SET GLOBAL read_only = 1");
    let error = ring.erase(Request { idempotency_key: "k-2".into(), ..ann() }).expect_err("it takes no changes");
    assert!(error.class == Retryable && error.message.contains("read-only"), "{error}");
}

#[test]
fn nobody_is_erased_from_a_replica_that_takes_changes() {
    let primary = Server::start_with(&["--server-id=1", "--log-bin=changes"]);
    let replica = Server::start_with(&["--server-id=2"]);
    primary.sql("", "CREATE USER q@'127.0.0.1'; GRANT SELECT, DELETE ON shop.* TO q@'127.0.0.1'");
    primary.sql("", "CREATE USER m@'127.0.0.1'; GRANT SELECT, DELETE ON shop.* TO m@'127.0.0.1'");
    primary.sql("", "GRANT REPLICA MONITOR, REPLICATION SLAVE ON *.* TO m@'127.0.0.1'; CREATE DATABASE shop");
    primary.sql("shop", "CREATE TABLE orders (mail varchar(100)); INSERT INTO orders VALUES ('ann@x.cz')");
    let port = primary.port();
    replica.sql("", &format!("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'm'"));
    replica.sql("", "CHANGE MASTER TO MASTER_USE_GTID = slave_pos; START SLAVE");
    wait_until("the row to arrive", || {
        let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'shop'";
        replica.sql("", tables) == "1" && replica.sql("shop", "SELECT count(*) FROM orders") == "1"
    });
    for user in ["root", "q", "m"] {
        is_a_replica(&shop_at(&replica, user));
    }
    // Stopped, it has what it had; who may not see what it is set up for is told that.
    replica.sql("", "STOP SLAVE");
    is_a_replica(&shop_at(&replica, "root"));
    is_a_replica(&shop_at(&replica, "m"));
    assert!(is_unsure(shop_at(&replica, "q").verify(ann())));
    replica.sql("", "RESET SLAVE ALL");
    assert!(!is_unsure(shop_at(&replica, "m").verify(ann())), "it follows nobody any more");
    assert!(!is_unsure(shop_at(&primary, "m").verify(ann())));
    assert!(is_unsure(shop_at(&primary, "q").erase(ann())));
    assert_eq!(replica.sql("shop", "SELECT count(*) FROM orders"), "1");
    assert!(!is_unsure(shop_at(&replica, "root").erase(ann())));
    assert_eq!(replica.sql("shop", "SELECT count(*) FROM orders"), "0");
}
