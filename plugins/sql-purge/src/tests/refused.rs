//! What goes wrong with the server and its users: who is refused, what is not there, and what takes too long.

use quietus_plugin::ErrorClass::{self, NeedsOperator, Retryable};
use test_servers::{mariadb, postgres};

use super::amiss::{fails, untouched, with};
use super::database::{on_both, wait_until};
use super::*;
use crate::address::Engine;

#[test]
fn what_is_not_there_stops_the_queue_and_health_tells() {
    on_both(|database| {
        filled(database);
        for (sql, part) in [
            ("DELETE FROM nothing WHERE mail = :email", "not there"),
            ("DELETE FROM orders WHERE nothing = :email", "a column is not there"),
            ("DELETE FROM orders WHERE mail = nothing(:email)", "not there"),
            ("UPDATE orders SET nothing = 1 WHERE mail = :email", "a column is not there"),
        ] {
            let plugin = plugin(database, &with(sql));
            fails(plugin.health(), NeedsOperator, part);
            fails(plugin.erase(ann()), NeedsOperator, part);
        }
        untouched(database);
    });
}

#[test]
fn a_missing_permission_stops_the_queue() {
    on_both(|database| {
        filled(database);
        let user = format!("reader{}", database.port());
        match database.engine {
            Engine::Postgres => {
                drop(database.sql(&format!("CREATE ROLE {user} LOGIN; GRANT SELECT ON orders, notes TO {user}")))
            }
            Engine::Mysql => {
                database.sql(&format!("CREATE USER {user}@'127.0.0.1'; GRANT SELECT ON orders TO {user}@'127.0.0.1'"));
                database.sql(&format!("GRANT SELECT ON notes TO {user}@'127.0.0.1'"));
            }
        }
        let plugin = configured(&database.url_at(&user, database.port()), &shop()).expect("configured");
        assert_eq!(plugin.dry_run(ann()), Ok(Answer::residual().count("orders", 2).count("notes", 3)));
        fails(
            plugin.erase(ann()),
            NeedsOperator,
            "statement `notes`: the user lacks a right: it needs UPDATE on `notes`",
        );
        untouched(database);
    });
}

#[test]
fn a_refused_user_or_database_stops_the_queue() {
    on_both(|database| {
        filled(database);
        let at = |url: &str| configured(url, &shop()).expect("configured");
        fails(at(&database.url_at("nobody", database.port())).erase(ann()), NeedsOperator, "refuses the user");
        fails(at(&format!("{}x", database.url())).health(), NeedsOperator, "no such database");
    });
}

#[test]
fn a_password_is_used_and_never_shown() {
    let database = Database::new(Engine::Mysql);
    filled(&database);
    database.sql(&format!(
        "CREATE USER secret@'127.0.0.1' IDENTIFIED BY 'hunter2'; GRANT ALL ON {}.* TO secret@'127.0.0.1'",
        database.sql("SELECT database()")
    ));
    let url = database.url_at("secret", database.port());
    fails(
        configured(&url, &shop()).expect("configured").erase(ann()),
        NeedsOperator,
        "refuses the user or the password (error 1045)",
    );
    let mut settings = shop();
    settings["password"] = json!({ "secret": "password" });
    assert_eq!(configured(&url, &settings).expect("configured").erase(ann()), Ok(erased()));
}

#[test]
fn a_password_is_asked_for() {
    let cluster = postgres::Cluster::start();
    let sql = |sql: &str| cluster.sql("postgres", sql);
    sql("CREATE TABLE orders (mail text)");
    sql("INSERT INTO orders VALUES ('ann@x.cz')");
    sql("CREATE ROLE secret LOGIN SUPERUSER PASSWORD 'hunter2'");
    sql("CREATE ROLE other LOGIN PASSWORD 'hunter3'");
    let rules = "SELECT regexp_split_to_table('local all all trust,host all all all scram-sha-256', ',')";
    sql(&format!("COPY ({rules}) TO '{}/pg_hba.conf'", sql("SHOW data_directory")));
    sql("SELECT pg_reload_conf()");
    let url = cluster.url_of("secret", "postgres");
    let only = |more: Value| {
        let mut settings = json!({ "statement": [orders()] });
        settings.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        settings
    };
    let without = configured(&url, &only(json!({}))).expect("configured");
    wait_until("the rules to be read", || without.health().is_err());
    fails(without.erase(ann()), NeedsOperator, "asks for a password");
    let password = only(json!({ "password": { "secret": "password" } }));
    let wrong = configured(&cluster.url_of("other", "postgres"), &password).expect("configured");
    fails(wrong.erase(ann()), NeedsOperator, "refuses the user or the password (SQLSTATE 28P01)");
    let right = configured(&url, &password).expect("configured");
    assert_eq!(right.erase(ann()), Ok(Answer::erased().count("orders", 1)));
}

#[test]
fn a_server_that_cannot_now_is_asked_again() {
    on_both(|database| {
        filled(database);
        let nowhere = configured(&database.url_at("q", 1), &shop()).expect("configured");
        fails(nowhere.erase(ann()), Retryable, "not reachable");
        fails(nowhere.dry_run(ann()), Retryable, "not reachable");
        fails(nowhere.verify(ann()), Retryable, "not reachable");
    });
    let database = Database::new(Engine::Postgres);
    filled(&database);
    database.sql("CREATE ROLE full LOGIN SUPERUSER CONNECTION LIMIT 0; ALTER ROLE full NOSUPERUSER");
    let full = configured(&database.url_at("full", database.port()), &shop()).expect("configured");
    fails(full.erase(ann()), Retryable, "too many connections (SQLSTATE 53300)");
    let mysql = Database::new(Engine::Mysql);
    filled(&mysql);
    mysql.sql("CREATE USER full@'127.0.0.1' WITH MAX_CONNECTIONS_PER_HOUR 1");
    mysql.sql(&format!("GRANT ALL ON {}.* TO full@'127.0.0.1'", mysql.sql("SELECT database()")));
    let full = configured(&mysql.url_at("full", mysql.port()), &shop()).expect("configured");
    assert_eq!(full.health(), Ok(()));
    fails(full.erase(ann()), Retryable, "too many connections (error 1226)");
}

#[test]
fn a_read_only_database_is_asked_again() {
    let database = Database::new(Engine::Postgres);
    filled(&database);
    database.sql(&format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.sql("SELECT current_database()")
    ));
    fails(plugin(&database, &shop()).erase(ann()), Retryable, "read-only");

    let server = mariadb::Server::start_with(&["--read-only"]);
    server.sql("", "CREATE DATABASE shop");
    server.sql("shop", "CREATE TABLE orders (mail varchar(100)); INSERT INTO orders VALUES ('ann@x.cz')");
    server.sql("", "CREATE USER q@'127.0.0.1'; GRANT ALL ON shop.* TO q@'127.0.0.1'");
    let only = json!({ "statement": [orders()] });
    let plugin = configured(&server.url_of("q", "shop"), &only).expect("configured");
    fails(plugin.erase(ann()), Retryable, "read-only");
    server.stop();
    fails(plugin.erase(ann()), Retryable, "not reachable");
    server.start_again();
    server.sql("", "SET GLOBAL read_only = 0");
    assert_eq!(plugin.erase(ann()), Ok(Answer::erased().count("orders", 1)));
}

#[test]
fn what_cannot_be_rolled_back_is_not_begun() {
    let database = Database::new(Engine::Mysql);
    filled(&database);
    database.sql("CREATE VIEW seen AS SELECT * FROM orders");
    fails(plugin(&database, &with("DELETE FROM seen WHERE mail = :email")).erase(ann()), NeedsOperator, "it is a view");
    database.sql("ALTER TABLE orders ENGINE = MyISAM");
    fails(
        plugin(&database, &shop()).erase(ann()),
        NeedsOperator,
        "statement `orders`: the table's engine has no transactions",
    );
    fails(plugin(&database, &shop()).health(), NeedsOperator, "engine");
    untouched(&database);
}

#[test]
fn others_locks_are_not_waited_for_for_long() {
    let mut settings = json!({ "statement": [orders()], "lock_max": "1s" });
    let mysql = Database::new(Engine::Mysql);
    filled(&mysql);
    let name = mysql.sql("SELECT database()");
    mysql.sql(&format!(
        "XA START '{name}'; UPDATE orders SET phone = '1' WHERE id = 1; XA END '{name}'; XA PREPARE '{name}'"
    ));
    let patient = plugin(&mysql, &settings);
    fails(patient.erase(ann()), Retryable, "statement `orders`: others held locks");
    mysql.sql(&format!("XA COMMIT '{name}'"));
    assert_eq!(patient.erase(ann()), Ok(Answer::erased().count("orders", 2)));

    let cluster = postgres::Cluster::start_with(&[("max_prepared_transactions", "2")]);
    cluster.sql("postgres", "CREATE TABLE orders (mail text); INSERT INTO orders VALUES ('ann@x.cz')");
    cluster.sql("postgres", "BEGIN; UPDATE orders SET mail = 'ANN@x.cz'; PREPARE TRANSACTION 'x'");
    settings["lock_max"] = json!("200ms");
    let patient = configured(&cluster.url("postgres"), &settings).expect("configured");
    fails(patient.erase(ann()), Retryable, "statement `orders`: others held locks");
    cluster.sql("postgres", "ROLLBACK PREPARED 'x'");
    assert_eq!(patient.erase(ann()), Ok(Answer::erased().count("orders", 1)));
}

/// Waits for ten minutes for each of Ann's orders.
fn slow(database: &Database) -> Value {
    match database.engine {
        Engine::Postgres => with("DELETE FROM orders WHERE mail = :email AND pg_sleep(600) IS NOT NULL"),
        Engine::Mysql => with("DELETE FROM orders WHERE mail = :email AND sleep(600) = 0"),
    }
}

#[test]
fn a_cancelled_call_ends_on_the_server_too() {
    on_both(|database| {
        filled(database);
        let cancelled = plugin(database, &slow(database)).cancel_after(12);
        fails(cancelled.erase(ann()), ErrorClass::Cancelled, "cancelled");
        wait_until("the server to end it", || database.connections() == "0");
        untouched(database);
    });
}

#[test]
fn a_statement_has_the_calls_time_and_no_more() {
    on_both(|database| {
        filled(database);
        let short = plugin(database, &slow(database)).call_max(std::time::Duration::from_secs(4));
        fails(short.erase(ann()), Retryable, "statement `orders`: it took longer");
        wait_until("the server to end it", || database.connections() == "0");
        untouched(database);
        let none = plugin(database, &shop()).call_max(std::time::Duration::ZERO);
        assert_eq!(none.erase(ann()), Err(PluginError::cancelled()));
    });
}

/// MySQL 8's 3988, which comes and goes: <https://github.com/sequelize/sequelize/issues/17891>. No MySQL is to be had here, so that MariaDB says
/// it, by a function that an operator may have: <https://mariadb.com/kb/en/signal/>.
#[test]
fn a_conversion_that_fails_for_a_while_is_asked_again_and_attests_nothing() {
    let database = Database::new(Engine::Mysql);
    filled(&database);
    database.sql("CREATE TABLE moods (bad int); INSERT INTO moods VALUES (1)");
    let fails_if = |mood: u8| {
        format!("IF (SELECT max(bad) FROM moods) = {mood} THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 3988;")
    };
    let function = "CREATE FUNCTION folded(value varchar(200)) RETURNS varchar(200) READS SQL DATA";
    database.sql(&format!("DELIMITER //\n{function} {} ELSE RETURN lower(value); END IF //", fails_if(1)));
    let trigger = "CREATE TRIGGER moody BEFORE DELETE ON orders FOR EACH ROW";
    database.sql(&format!("DELIMITER //\n{trigger} {} END IF //", fails_if(2)));
    let settings = with("DELETE FROM orders WHERE lower(mail) = folded(:email)");
    let host = plugin(&database, &settings);
    for answer in [host.dry_run(ann()), host.erase(ann()), host.verify(ann())] {
        fails(answer, Retryable, "cannot convert a text to the column's character set (error 3988)");
    }
    untouched(&database);
    // While it erases: what has gone by then is rolled back.
    database.sql("UPDATE moods SET bad = 2");
    fails(host.erase(ann()), Retryable, "(error 3988)");
    untouched(&database);
    database.sql("UPDATE moods SET bad = 0");
    assert_eq!(host.erase(ann()), Ok(erased()));
}
