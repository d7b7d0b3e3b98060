//! What an answer says of the search: no more than was looked at, and what the server is known to keep.

use quietus_plugin::ErrorClass::Retryable;
use quietus_plugin::{Outcome, unsaid};
use test_servers::mariadb;

use super::amiss::fails;
use super::database::on_both;
use super::*;
use crate::address::Engine;
use crate::told::{self, Expires, Maker};

#[test]
fn what_was_looked_at_is_named_and_nothing_else() {
    on_both(|database| {
        filled(database);
        let settings = json!({ "kinds": ["no"], "statement": [
            notes(),
            { "name": "by-no", "rows_max": 3, "sql": "DELETE FROM notes WHERE body = :no" },
            { "name": "both", "rows_max": 3, "sql": "DELETE FROM orders WHERE mail = :email OR phone = :no" },
            { "name": "through", "rows_max": 3,
              "sql": "DELETE FROM notes WHERE id IN (SELECT o.id FROM orders o WHERE o.phone = :no)" },
        ]});
        let by_mail = ["rows of `notes` by email (statement `notes`)", "rows of `orders` by email (statement `both`)"];
        let by_no = [
            "rows of `notes` by no (statement `by-no`)",
            "rows of `orders` by no (statement `both`)",
            "rows of `notes` by no, found through `orders` (statement `through`)",
        ];
        for (request, places) in [
            (Request::from([("email", "eve@x.cz")]), &by_mail[..]),
            (Request::from([("no", "7")]), &by_no[..]),
            (Request::from([("guest_id", "7")]), &[][..]),
        ] {
            let plugin = plugin(database, &settings).0;
            for answer in [plugin.dry_run(request.clone()), plugin.erase(request.clone()), plugin.verify(request)] {
                let answer = answer.expect("an answer");
                assert_eq!(answer.looked_at, places);
                let beyond: &[&str] = if places.is_empty() { &[] } else { &told::BEYOND };
                assert!(answer.not_looked_at.iter().eq(beyond.iter()), "{:?}", answer.not_looked_at);
                assert_eq!(answer.keeps, None, "nothing went");
            }
        }
    });
}

#[test]
fn a_table_that_keeps_its_earlier_versions_is_told() {
    let database = Database::new(Engine::Mysql);
    filled(&database);
    database.sql("ALTER TABLE orders ADD SYSTEM VERSIONING");
    let plugin = plugin(&database, &shop()).0;
    let is_kept = |answer: Answer| {
        assert!(
            answer.keeps.is_some_and(|keeps| keeps.contains(&told::history_keeps("orders"))),
            "{:?}",
            answer.outcome
        );
        assert!(!answer.not_looked_at.contains(&told::history("orders")), "{:?}", answer.outcome);
    };
    is_kept(plugin.dry_run(ann()).expect("an answer"));
    is_kept(plugin.erase(ann()).expect("an answer"));
    is_kept(plugin.verify(ann()).expect("an answer"));
    let eve = plugin.erase(Request { idempotency_key: "k-2".into(), ..Request::from([("email", "eve@x.cz")]) });
    let eve = eve.expect("an answer");
    assert_eq!((eve.outcome, eve.keeps), (Outcome::Absent, None));
    assert!(eve.not_looked_at.contains(&told::history("orders")), "{:?}", eve.not_looked_at);
}

#[test]
fn nobody_is_absent_from_a_server_that_is_read_only() {
    let server = mariadb::Server::start_with(&["--read-only"]);
    server.sql("", "CREATE DATABASE shop");
    server.sql("shop", "CREATE TABLE orders (mail varchar(100))");
    let plugin = configured(&server.url_of("root", "shop"), &json!({ "statement": [orders()] })).expect("configured");
    fails(plugin.erase(ann()), Retryable, "read-only");
    let answer = plugin.verify(ann()).expect("an answer");
    assert_eq!(answer.not_looked_at, [told::FOLLOWED]);
}

/// What PostgreSQL's manual says of VACUUM and the write-ahead log, and MariaDB's of the undo log: only where rows went or would go.
#[test]
fn what_the_server_keeps_of_what_went_is_said_with_whose_word_it_is() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop()).0;
        let expected = match database.engine {
            Engine::Postgres => vec![told::POSTGRES_KEEPS.to_owned()],
            // The tests' server has no binary log, as Debian's has not unless it is asked for.
            Engine::Mysql => vec![Maker::Mariadb.storage_keeps()],
        };
        for answer in [plugin.dry_run(ann()), plugin.erase(ann()), plugin.verify(ann())] {
            let answer = answer.expect("an answer");
            assert_eq!(answer.keeps.as_ref(), Some(&expected), "{:?}", answer.outcome);
        }
        let eve = Request { idempotency_key: "k-2".into(), ..Request::from([("email", "eve@x.cz")]) };
        assert_eq!(plugin.erase(eve).expect("an answer").keeps, None);
    });
}

#[test]
fn a_binary_log_is_told_with_its_end() {
    let server = mariadb::Server::start_with(&["--log-bin=changes", "--binlog-expire-logs-seconds=864000"]);
    server.sql("", "CREATE DATABASE shop");
    server.sql("shop", "CREATE TABLE orders (mail varchar(100)); INSERT INTO orders VALUES ('ann@x.cz')");
    let plugin = configured(&server.url_of("root", "shop"), &json!({ "statement": [orders()] })).expect("configured");
    let keeps = plugin.0.erase(ann()).expect("an answer").keeps.expect("something");
    assert_eq!(keeps[1], Maker::Mariadb.binary_log_keeps(Expires::After { seconds: 864_000 }));
    assert!(keeps[1].contains("for 10 days"), "{keeps:?}");
}

/// PostgreSQL shows triggers to all; MySQL and MariaDB only to who has the right:
/// <https://mariadb.com/kb/en/information-schema-triggers-table/>.
#[test]
fn what_triggers_have_copied_elsewhere_is_not_looked_at() {
    on_both(|database| {
        filled(database);
        database.sql("CREATE TABLE audit (mail varchar(12000))");
        let plain = plugin(database, &shop()).0.dry_run(ann()).expect("an answer");
        assert!(plain.not_looked_at.iter().eq(told::BEYOND.iter()), "{:?}", plain.not_looked_at);
        match database.engine {
            Engine::Postgres => {
                database.sql("CREATE FUNCTION copied() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (OLD.mail); RETURN OLD; END'");
                database.sql("CREATE TRIGGER copied BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION copied()");
            }
            Engine::Mysql => {
                database.sql(
                    "CREATE TRIGGER copied BEFORE DELETE ON orders FOR EACH ROW INSERT INTO audit VALUES (OLD.mail)",
                );
            }
        }
        let erased = plugin(database, &shop()).0.erase(ann()).expect("an answer");
        let expected = [&told::BEYOND.map(str::to_owned)[..], &[told::triggers("orders")]].concat();
        assert_eq!(erased.not_looked_at, expected);
        database.is("SELECT count(*) FROM audit", "2");
    });
    let database = Database::new(Engine::Mysql);
    filled(&database);
    let name = database.sql("SELECT database()");
    database
        .sql(&format!("CREATE USER blind@'127.0.0.1'; GRANT SELECT, UPDATE, DELETE ON {name}.* TO blind@'127.0.0.1'"));
    let blind = configured(&database.url_at("blind", database.port()), &shop()).expect("configured");
    let answer = blind.0.dry_run(ann()).expect("an answer");
    let hidden = ["notes", "orders"].map(told::hidden_triggers);
    let primary = [told::hidden_primary("REPLICA MONITOR")];
    assert_eq!(answer.not_looked_at, [&told::BEYOND.map(str::to_owned)[..], &primary, &hidden].concat());
}

/// A receipt's sentences about limits are the README's, so that neither says more than the other.
#[test]
fn the_readme_has_each_sentence_that_a_receipt_may_have() {
    let kinds = std::collections::BTreeSet::from(["email"]);
    let numbers = std::collections::BTreeSet::from(["customer_no"]);
    let mut sentences: Vec<String> = told::BEYOND.map(str::to_owned).into();
    sentences.extend([told::FOLLOWED, told::RING, told::POSTGRES_KEEPS, told::BY_PHONE_ALONE].map(str::to_owned));
    for maker in [Maker::Mysql, Maker::Mariadb] {
        sentences.push(maker.storage_keeps().replace("MySQL", "MariaDB"));
        for expires in [Expires::After { seconds: 864_000 }, Expires::Never, Expires::Unknown] {
            sentences.push(maker.binary_log_keeps(expires).replace("MySQL", "MariaDB"));
        }
    }
    sentences.extend([
        told::rows("items", "items", &["`orders`".to_owned()], &kinds),
        told::rows("orders", "orders", &[], &kinds),
        told::unfit("orders", "orders", &numbers),
        told::policed("orders"),
        told::viewed("orders"),
        told::hidden_primary("REPLICA MONITOR"),
        told::unusable(2),
        told::triggers("orders"),
        told::hidden_triggers("orders"),
        told::history_keeps("orders"),
        told::history("orders"),
    ]);
    assert_eq!(unsaid(include_str!("../../README.md"), sentences), [""; 0]);
    // The longest name that PostgreSQL has.
    let longest = "t".repeat(63);
    for sentence in
        [told::policed(&longest), told::viewed(&longest), told::triggers(&longest), told::hidden_triggers(&longest)]
    {
        assert_eq!(unsaid(&sentence, [&sentence]), [""; 0]);
    }
}
