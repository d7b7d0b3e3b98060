//! A server answers, keeps what it promised, and leaves nothing behind.

use std::net::TcpStream;

use test_servers::postgres::{Cluster, Mode};

use crate::wait_until;

#[test]
fn a_new_server_answers() {
    let cluster = Cluster::start();
    cluster.create_database("a \"b\"");
    assert_eq!(cluster.sql("a \"b\"", "SELECT current_user, 'ř'; SELECT NULL"), "postgres|ř");
    assert_eq!(cluster.sql("postgres", "SHOW server_encoding; SHOW lc_collate; SHOW fsync"), "UTF8\nC\non");
    assert!(TcpStream::connect(("127.0.0.1", cluster.port())).is_ok());
    assert!(cluster.url("x").ends_with(&format!("@127.0.0.1:{}/x", cluster.port())));
}

#[test]
fn settings_of_ones_own_come_last() {
    let cluster = Cluster::start_with(&[("fsync", "off"), ("search_path", "a, b")]);
    assert_eq!(cluster.sql("postgres", "SHOW fsync; SHOW search_path"), "off\na, b");
}

#[test]
fn a_server_for_measuring_has_the_defaults() {
    let cluster = Cluster::start_as_installed(&[("shared_buffers", "32MB")]);
    let shown =
        cluster.sql("postgres", "SHOW fsync; SHOW full_page_writes; SHOW wal_segment_size; SHOW shared_buffers");
    assert_eq!(shown, "on\non\n16MB\n32MB");
}

#[test]
fn an_error_is_told() {
    let cluster = Cluster::start();
    let refused = cluster.try_sql("postgres", "postgres", "SELECT 1/0").expect_err("division by zero");
    assert!(refused.contains("division by zero"), "{refused}");
    assert!(cluster.log().contains("division by zero"));
    assert!(cluster.try_sql("postgres", "nobody", "SELECT 1").is_err());
}

#[test]
fn what_was_committed_outlives_every_stop() {
    let cluster = Cluster::start();
    cluster.sql("postgres", "CREATE TABLE t AS SELECT 1");
    cluster.restart_immediate();
    assert_eq!(cluster.sql("postgres", "TABLE t"), "1");
    assert!(cluster.log().contains("automatic recovery in progress"));

    cluster.stop(Mode::Fast);
    assert!(cluster.try_sql("postgres", "postgres", "SELECT 1").is_err());
    cluster.start_again();
    assert_eq!(cluster.sql("postgres", "TABLE t"), "1");
}

#[test]
fn a_standby_follows_and_can_be_promoted() {
    let cluster = Cluster::start();
    let standby = cluster.standby("second");
    cluster.sql("postgres", "CREATE TABLE t AS SELECT 1");
    wait_until("the copy", || standby.try_sql("postgres", "postgres", "TABLE t").is_ok_and(|rows| rows == "1"));
    assert_eq!(cluster.sql("postgres", "SELECT application_name FROM pg_stat_replication"), "second");
    assert!(standby.try_sql("postgres", "postgres", "INSERT INTO t VALUES (2)").is_err());
    cluster.stop(Mode::Immediate);
    standby.promote();
    assert_eq!(standby.sql("postgres", "INSERT INTO t VALUES (2); TABLE t"), "1\n2");
}

#[test]
fn backends_of_one_database_are_killed() {
    let cluster = Cluster::start();
    cluster.create_database("a");
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| cluster.try_sql("a", "postgres", "SELECT pg_sleep(60)"));
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        wait_until("the sleeper", || cluster.sql("postgres", sleeping) == "1");
        assert_eq!(cluster.kill_backends("postgres"), 0);
        assert_eq!(cluster.kill_backends("a"), 1);
        let killed = sleeper.join().expect("psql runs").expect_err("it was killed");
        assert!(killed.contains("terminating connection"), "{killed}");
    });
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let cluster = Cluster::start();
    let (folder, port) = (cluster.socket_folder().to_owned(), cluster.port());
    assert!(folder.exists());
    drop(cluster);
    assert!(!folder.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}
