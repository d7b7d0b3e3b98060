//! What goes wrong within the database: nothing is erased in part, and the error says what to do and shows nothing personal.

use quietus_plugin::ErrorClass::{self, NeedsOperator, Permanent, Retryable};

use super::database::on_both;
use super::*;
use crate::address::Engine;

#[track_caller]
pub(super) fn fails<T: std::fmt::Debug>(answer: Result<T, PluginError>, class: ErrorClass, part: &str) {
    let error = answer.expect_err("an error");
    assert_eq!(error.class, class, "{}", error.message);
    assert!(error.message.contains(part), "{}", error.message);
    assert!(!error.message.to_lowercase().contains("ann@"), "{}", error.message);
}

/// Nothing of Ann's was touched.
#[track_caller]
pub(super) fn untouched(database: &Database) {
    database.is("SELECT count(*) FROM orders", "4");
    database.is("SELECT count(*) FROM notes WHERE body = 'anonymized'", "0");
}

/// The shop's statements, this one in place of the orders'.
pub(super) fn with(sql: &str) -> Value {
    json!({ "statement": [notes(), { "name": "orders", "rows_max": 10, "sql": sql }] })
}

#[test]
fn more_rows_than_allowed_roll_everything_back() {
    on_both(|database| {
        filled(database);
        database.sql("INSERT INTO orders VALUES (8, 'ann@x.cz', NULL), (9, 'ann@x.cz', NULL)");
        let plugin = plugin(database, &shop());
        let text = "statement `orders` would erase 4 rows of one person, and `rows_max` allows 3; nothing was erased";
        fails(plugin.erase(ann()), Permanent, text);
        fails(plugin.dry_run(ann()), Permanent, text);
        database.is("SELECT count(*) FROM orders", "6");
        database.is("SELECT count(*) FROM notes WHERE body = 'anonymized'", "0");
    });
}

#[test]
fn a_statement_that_takes_away_what_the_next_one_needs_is_told() {
    on_both(|database| {
        filled(database);
        let settings = json!({ "statement": [
            { "name": "orders", "rows_max": 10, "sql": "DELETE FROM orders WHERE lower(mail) = lower(:email)" },
            { "name": "notes", "rows_max": 10,
              "sql": "DELETE FROM notes WHERE id IN (SELECT o.id FROM orders o WHERE lower(o.mail) = lower(:email))" },
        ]});
        fails(
            plugin(database, &settings).erase(ann()),
            NeedsOperator,
            "statement `notes`: 2 rows were there, and it would erase 0",
        );
        untouched(database);
    });
}

#[test]
fn an_update_that_finds_its_own_rows_again_is_told() {
    on_both(|database| {
        filled(database);
        let settings = with("UPDATE orders SET phone = 'gone' WHERE mail = :email");
        fails(plugin(database, &settings).erase(ann()), NeedsOperator, "its WHERE finds 1 rows after it has run");
        untouched(database);
    });
}

#[test]
fn a_foreign_key_that_refuses_rolls_everything_back() {
    on_both(|database| {
        filled(database);
        database.sql(
            "CREATE TABLE items (id int PRIMARY KEY, order_id int, FOREIGN KEY (order_id) REFERENCES orders (id))",
        );
        database.sql("INSERT INTO items VALUES (1, 1)");
        let plugin = plugin(database, &shop());
        fails(plugin.erase(ann()), Permanent, "statement `orders`: a foreign key refuses it");
        untouched(database);
        database.sql("DELETE FROM items");
        assert_eq!(plugin.erase(ann()), Ok(erased()), "and complete, once it may be");
    });
}

#[test]
fn other_constraints_are_named_by_their_class() {
    on_both(|database| {
        filled(database);
        database.sql("CREATE TABLE strict (mail varchar(100) NOT NULL, UNIQUE (mail))");
        database.sql("INSERT INTO strict VALUES ('ann@x.cz'), ('')");
        let one = |sql: &str| json!({ "statement": [{ "name": "s", "rows_max": 10, "sql": sql }] });
        let null = one("UPDATE strict SET mail = NULL WHERE mail = :email");
        fails(plugin(database, &null).erase(ann()), Permanent, "NOT NULL");
        let twice = one("UPDATE strict SET mail = '' WHERE mail = :email");
        fails(plugin(database, &twice).erase(ann()), Permanent, "unique");
    });
}

#[test]
fn rows_that_a_trigger_keeps_were_not_erased() {
    let database = Database::new(Engine::Postgres);
    filled(&database);
    database.sql("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
    database.sql("CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION keep()");
    fails(plugin(&database, &shop()).erase(ann()), NeedsOperator, "2 rows were there, and it would erase 0");
    untouched(&database);
}

/// A pooler whose session is out of step.
#[test]
fn an_answer_to_something_else_is_asked_again() {
    use std::io::{Read as _, Write as _};

    const READY: &[u8] = b"Z\0\0\0\x05I";
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut asked = [0; 8192];
                // Whatever it sends first, it may come in; and whatever it asks, the answer is that it may ask.
                let mut answer = [b"R\0\0\0\x08\0\0\0\0", READY].concat();
                while client.read(&mut asked).is_ok_and(|read| read > 0) && client.write_all(&answer).is_ok() {
                    answer = READY.to_vec();
                }
            });
        }
    });
    let plugin = configured(&format!("postgres://q@127.0.0.1:{port}/shop"), &shop()).expect("configured");
    for answer in [plugin.erase(ann()), plugin.dry_run(ann()), plugin.verify(ann())] {
        fails(answer, Retryable, "the database's answer cannot be read");
    }
}

#[test]
fn what_is_no_database_is_an_error_and_never_nobody() {
    for scheme in ["postgres", "mysql"] {
        for said in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"", b"\0\0\0\0", &[0xff; 300]] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = listener.local_addr().expect("bound").port();
            std::thread::spawn(move || {
                for client in listener.incoming().map_while(Result::ok) {
                    drop(std::io::Write::write_all(&mut &client, said));
                }
            });
            let plugin = configured(&format!("{scheme}://q@127.0.0.1:{port}/shop"), &shop()).expect("configured");
            for answer in [plugin.erase(ann()), plugin.dry_run(ann()), plugin.verify(ann())] {
                let error = answer.expect_err("no database");
                assert!(matches!(error.class, Retryable | NeedsOperator), "{}", error.message);
            }
        }
    }
}
