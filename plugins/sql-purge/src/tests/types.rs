//! Columns that are no text, and values that do not fit them.

use quietus_plugin::ErrorClass;

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
