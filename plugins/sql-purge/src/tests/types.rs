//! Columns that are no text, and values that do not fit them.

use quietus_plugin::{ErrorClass, Outcome};

use super::*;
use crate::address::Engine;

fn by(comparison: &str) -> Value {
    json!({ "kinds": ["no", "other"], "statement": [
        { "name": "customers", "rows_max": 1, "sql": format!("DELETE FROM customers WHERE {comparison}") },
    ]})
}

#[track_caller]
fn dry(database: &Database, comparison: &str, value: &str, expected: u64) {
    let answer = plugin(database, &by(comparison)).dry_run(Request::from([("no", value)]));
    let expected = if expected == 0 { Answer::absent() } else { Answer::residual().count("customers", expected) };
    assert_eq!(answer, Ok(expected), "{:?} {comparison} {value}", database.engine);
}

#[test]
fn postgresql_reads_a_value_as_the_columns_type_and_what_does_not_fit_is_nobodys() {
    let database = Database::new(Engine::Postgres);
    database.sql("CREATE EXTENSION citext");
    database.sql("CREATE TYPE level AS ENUM ('gold', 'lead')");
    database.sql("CREATE TABLE customers (no bigint, id uuid, level level, born date, mail varchar(5), fixed char(9), ci citext)");
    database.sql(
        "INSERT INTO customers VALUES (4711, '00000000-0000-0000-0000-00000000000a', 'gold', '2000-01-31', 'a@x', 'a@x', 'a@x')",
    );
    database
        .sql("INSERT INTO customers VALUES (0, '00000000-0000-0000-0000-00000000000b', 'lead', NULL, '', NULL, NULL)");
    for comparison in ["no = :no", "no = :no::bigint", "no = CAST(:no AS bigint)"] {
        dry(&database, comparison, "4711", 1);
        for nobody in ["4711abc", "abc", "99999999999999999999", "", "4711; DROP TABLE customers", "4711\0"] {
            dry_or_unasked(&database, comparison, nobody);
        }
    }
    dry(&database, "id = :no", "00000000-0000-0000-0000-00000000000A", 1);
    dry(&database, "id = :no", "a", 0);
    dry(&database, "id::text = :no", "a", 0);
    dry(&database, "level = :no", "gold", 1);
    dry(&database, "level = :no", "golden", 0);
    dry(&database, "born = :no", "2000-01-31", 1);
    dry(&database, "born = :no", "2000-31-31", 0);
    dry(&database, "mail = :no", "a@x.longer", 0);
    dry(&database, "ci = :no", "A@X", 1);
    dry(&database, "ci = :no", "a@x ", 0);
    dry(&database, "fixed = :no", "a@x", 1);
    dry(&database, "fixed = :no", "a@x ", 0);
    let erased = plugin(&database, &by("no = :no")).erase(Request::from([("no", "4711"), ("no", "abc")]));
    assert_eq!(erased, Ok(Answer::erased().count("customers", 1)));
}

#[track_caller]
fn dry_or_unasked(database: &Database, comparison: &str, value: &str) {
    let answer = plugin(database, &by(comparison)).dry_run(Request::from([("no", value)])).expect("an answer");
    let unasked = value.is_empty() && answer.outcome == quietus_plugin::Outcome::Unverifiable;
    assert!(unasked || answer == Answer::absent(), "{comparison} {value}: {answer:?}");
}

#[test]
fn mysql_takes_no_text_for_a_number_that_it_only_begins_with() {
    let database = Database::new(Engine::Mysql);
    database.sql(
        "CREATE TABLE customers (no bigint, id uuid, born date, code binary(2), old varchar(10) CHARACTER SET latin1)",
    );
    database
        .sql("INSERT INTO customers VALUES (4711, '00000000-0000-0000-0000-00000000000a', '2000-01-31', x'ff01', 'ä')");
    database.sql("INSERT INTO customers VALUES (0, '00000000-0000-0000-0000-00000000000b', NULL, x'fe01', 'a')");
    database.sql("INSERT INTO customers VALUES (9007199254740993, NULL, NULL, NULL, 'x ')");
    dry(&database, "no = :no", "4711", 1);
    dry(&database, "no = :no", "9007199254740993", 1);
    for nobody in ["4711abc", "abc", "4711.0", "04711", "4711 ", "9007199254740992", "4711\n", "99999999999999999999"] {
        dry(&database, "no = :no", nobody, 0);
        let erased = plugin(&database, &by("no = :no")).erase(Request::from([("no", nobody)]));
        assert_eq!(erased, Ok(Answer::absent()), "{nobody}");
    }
    dry(&database, "id = :no", "00000000-0000-0000-0000-00000000000a", 1);
    dry(&database, "born = :no", "2000-01-31", 1);
    dry(&database, "code = unhex(:no)", "ff01", 1);
    dry(&database, "code = unhex(:no)", "nothing", 0);
    dry(&database, "old = :no", "ä", 1);
    dry(&database, "old = :no", "a", 1);
    dry(&database, "old = :no", "x", 0);
    dry(&database, "old = :no", "x ", 1);
    dry(&database, "old = :no", "😀", 0);
    let erased =
        plugin(&database, &by("no = :no")).erase(Request::from([("no", "4711"), ("no", "abc"), ("no", "4711x")]));
    assert_eq!(erased, Ok(Answer::erased().count("customers", 1)));
    database.is("SELECT count(*) FROM customers", "2");
}

#[test]
fn a_value_that_fits_nowhere_does_not_hide_the_persons_others() {
    super::database::on_both(|database| {
        database.sql("CREATE TABLE customers (mail varchar(50), no bigint, phone varchar(50))");
        let either = by("mail = :email OR phone = :other OR no = :no");
        let plugin = plugin(database, &either);
        let all = [vec![("no", "abc")], vec![("other", "\0")], vec![("other", "\0"), ("no", "4711x")]];
        for (n, odd) in all.into_iter().enumerate() {
            database.sql("INSERT INTO customers VALUES ('ann@x.cz', 4711, '+420 1')");
            let request = Request::from([("email", "ann@x.cz")]);
            let odd = odd.into_iter().map(|(kind, value)| quietus_plugin::Identifier::new(kind, value));
            let identifiers = request.identifiers.iter().cloned().chain(odd).collect();
            let request = Request { identifiers, idempotency_key: format!("k-{n}"), ..request };
            let one = Answer::residual().count("customers", 1);
            assert_eq!(plugin.dry_run(request.clone()), Ok(one.clone()), "{:?}", database.engine);
            assert_eq!(plugin.verify(request.clone()), Ok(one), "{:?}", database.engine);
            let erased = Answer::erased().count("customers", 1);
            assert_eq!(plugin.erase(request), Ok(erased), "{:?}", database.engine);
            database.is("SELECT count(*) FROM customers", "0");
        }
    });
}

#[test]
fn a_character_that_one_column_lacks_does_not_hide_the_persons_others() {
    let database = Database::new(Engine::Mysql);
    database.sql("CREATE TABLE customers (mail varchar(50), name varchar(50) CHARACTER SET latin1)");
    database.sql("INSERT INTO customers VALUES ('ann@x.cz', 'x')");
    let plugin = plugin(&database, &by("mail = :email OR name = :other"));
    let request = || Request::from([("email", "ann@x.cz"), ("other", "Аня")]);
    assert_eq!(plugin.dry_run(request()), Ok(Answer::residual().count("customers", 1)));
    assert_eq!(plugin.erase(request()), Ok(Answer::erased().count("customers", 1)));
}

#[test]
fn mysql_takes_no_key_of_a_subquery_for_another_that_only_looks_alike() {
    let database = Database::new(Engine::Mysql);
    let columns = "mail varchar(50) COLLATE utf8mb4_general_ci, id binary(16), n bigint";
    database.sql(&format!("CREATE TABLE customers ({columns})"));
    database.sql("CREATE TABLE people (no varchar(9), mail varchar(50) CHARACTER SET latin1, id binary(16), n bigint)");
    database.sql("INSERT INTO people VALUES ('1', 'ann@x.cz', unhex(repeat('ff', 16)), 7)");
    database.sql("INSERT INTO customers VALUES ('ann@x.cz', unhex(repeat('ff', 16)), 7)");
    database.sql("INSERT INTO customers VALUES ('änn@x.cz', unhex(repeat('fe', 16)), 70), ('ann@x.cz ', NULL, 0)");
    for column in ["mail", "id", "n"] {
        dry(&database, &format!("{column} IN (SELECT p.{column} FROM people p WHERE p.no = :no)"), "1", 1);
        dry(&database, &format!("{column} = (SELECT p.{column} FROM people p WHERE p.no = :no)"), "1", 1);
    }
    let erasing = plugin(&database, &by("id IN (SELECT p.id FROM people p WHERE p.no = :no)"));
    assert_eq!(erasing.erase(Request::from([("no", "1")])), Ok(Answer::erased().count("customers", 1)));
    database.is("SELECT count(*) FROM customers", "2");
}

#[test]
fn what_a_databases_character_set_lacks_is_nobodys() {
    let database = Database::new(Engine::Postgres);
    let name = database.sql("SELECT current_database()") + "_latin";
    let made = format!("CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    database.sql(&made);
    let url = database.url().replace(&database.sql("SELECT current_database()"), &name);
    let settings = json!({ "kinds": ["no"], "statement": [{ "name": "o", "rows_max": 1, "sql": "DELETE FROM pg_description WHERE description = :no" }] });
    let plugin = configured(&url, &settings).expect("configured");
    assert_eq!(plugin.erase(Request::from([("no", "😀")])), Ok(Answer::absent()));
}

#[test]
fn a_collation_that_takes_different_texts_for_equal_is_refused() {
    let database = Database::new(Engine::Postgres);
    database.sql("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)");
    database.sql("CREATE TABLE customers (no text COLLATE loose, other text)");
    database.sql("INSERT INTO customers VALUES ('a', 'a')");
    database.is("SELECT count(*) FROM customers WHERE no = 'ä'", "1");
    let loose = plugin(&database, &by("no = :no"));
    let ask = || Request::from([("no", "ä")]);
    for answer in [loose.health(), loose.erase(ask()).map(drop), loose.dry_run(ask()).map(drop)] {
        let error = answer.expect_err("refused");
        assert_eq!(error.class, ErrorClass::NeedsOperator);
        assert!(error.message.contains("not deterministic"), "{}", error.message);
    }
    dry(&database, "other = :no", "ä", 0);
}

/// One column cannot hold the value, another can, and there it is: the statement is still about the other.
#[test]
fn what_one_column_cannot_hold_is_looked_for_in_the_others() {
    // The value; where it stands; which kind of column beside it cannot hold it.
    let postgres = [("abc", "no bigint"), ("a@x ", "no char(9)"), ("99999999999999999999", "no int"), ("a", "no uuid")];
    let mysql = [("Аня", "no varchar(50) CHARACTER SET latin1"), ("ž😀", "no varchar(50) CHARACTER SET latin2")];
    for (engine, cases) in [(Engine::Postgres, &postgres[..]), (Engine::Mysql, &mysql[..])] {
        for (value, narrow) in cases {
            let database = Database::new(engine);
            let wide = if engine == Engine::Mysql { "varchar(50) CHARACTER SET utf8mb4" } else { "varchar(50)" };
            database.sql(&format!("CREATE TABLE customers ({narrow}, code {wide})"));
            database.sql(&format!("INSERT INTO customers VALUES (NULL, '{value}')"));
            for condition in ["no = :no OR code = :no", "code = :no OR no = :no"] {
                let plugin = plugin(&database, &by(condition));
                let answer = plugin.0.dry_run(Request::from([("no", *value)])).expect("an answer");
                let case = format!("{engine:?} {condition} {value}");
                assert_eq!((answer.outcome, answer.counts.get("customers")), (Outcome::Residual, Some(&1)), "{case}");
                assert_eq!(
                    answer.looked_at,
                    [
                        "rows of `customers` by no (statement `customers`)",
                        "the types and character sets of what `customers` is compared by, which cannot hold some value of no \
                         (statement `customers`)"
                    ],
                    "{case}"
                );
            }
            let erased = plugin(&database, &by("no = :no OR code = :no")).erase(Request::from([("no", *value)]));
            assert_eq!(erased, Ok(Answer::erased().count("customers", 1)));
        }
    }
}

/// Absent, as its type shows; but no row was compared with anything, and none is said to have been.
#[test]
fn a_value_that_fits_no_column_is_absent_and_no_row_is_said_to_be_looked_at() {
    for (engine, value, column) in
        [(Engine::Postgres, "abc", "no bigint"), (Engine::Mysql, "Аня", "no varchar(50) CHARACTER SET latin1")]
    {
        let database = Database::new(engine);
        database.sql(&format!("CREATE TABLE customers ({column})"));
        let plugin = plugin(&database, &by("no = :no")).0;
        for answer in [plugin.dry_run([("no", value)]), plugin.erase([("no", value)]), plugin.verify([("no", value)])] {
            let answer = answer.expect("an answer");
            assert_eq!(answer.outcome, Outcome::Absent, "{engine:?}");
            let types = "the types and character sets of what `customers` is compared by, which cannot hold some value of no \
                         (statement `customers`)";
            assert_eq!(answer.looked_at, [types], "{engine:?}");
        }
    }
}
