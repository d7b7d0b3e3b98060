//! Identifiers as strangers type them: none breaks out, and none is equal to anything but itself.

use super::database::on_both;
use super::*;
use crate::address::Engine;
use quietus_plugin::Outcome;

fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "ann@x.cz",
        "ann@x.cz ",
        " ann@x.cz",
        "ann@x.cz\n",
        "joann@x.cz",
        "ann@x.czech.com",
        "än@x.cz",
        "an@x.cz",
        "a\u{308}n@x.cz",
        "'; DROP TABLE orders; --",
        "' OR '1'='1",
        "\" OR \"\"=\"",
        "\\' OR 1=1 -- ",
        "\\",
        "\\\\",
        "'",
        "''",
        "\"",
        "`",
        "%",
        "_",
        "%@x.cz",
        "*",
        "?",
        "$1",
        ":email",
        "{{email}}",
        "${email}",
        "%s",
        "/*",
        "*/",
        "--",
        "#",
        ";",
        "\r\nX: y",
        "a\tb",
        "\u{1b}[31m",
        "(cn=*)",
        "{\"$ne\": null}",
        "https://x.cz/?a=b&c=%27",
        "\u{202e}zc.x@nna",
        "\u{feff}ann@x.cz",
        "ann\u{200b}@x.cz",
        "ẞ",
        "ss",
        "ß",
        "ﬁ",
        "fi",
        "0",
        "00",
        "0.0",
        "0x0",
        "1e1",
        "10",
        "NULL",
        "true",
        "😀",
        "😁",
    ]
    .map(str::to_owned)
    .into();
    values.extend(["x".repeat(10_000), "x".repeat(9_999), "😀".repeat(2_500)]);
    values
}

/// A value as the server's SQL has it, without any quoting of ours.
fn literal(database: &Database, value: &str) -> String {
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    match database.engine {
        Engine::Postgres => format!("convert_from(decode('{hex}', 'hex'), 'UTF8')"),
        Engine::Mysql => format!("convert(unhex('{hex}') USING utf8mb4)"),
    }
}

/// One row for each value.
fn fill(database: &Database, values: &[String]) {
    database.sql("CREATE TABLE orders (id int PRIMARY KEY, mail varchar(12000))");
    let rows: Vec<String> =
        values.iter().enumerate().map(|(id, value)| format!("({id}, {})", literal(database, value))).collect();
    database.sql(&format!("INSERT INTO orders VALUES {}", rows.join(", ")));
}

#[test]
fn a_hostile_value_erases_itself_and_nothing_else() {
    on_both(|database| {
        let values = values();
        fill(database, &values);
        for comparison in ["mail = :no", "mail IN (:no)", "lower(mail) = lower(:no)"] {
            let settings = json!({ "kinds": ["no"], "statement": [{ "name": "orders", "rows_max": 1, "sql": format!("DELETE FROM orders WHERE {comparison}") }] });
            let plugin = plugin(database, &settings);
            for value in &values {
                let answer = plugin.dry_run(Request::from([("no", value.as_str())]));
                let is_german = value == "ẞ" && comparison.contains("lower");
                assert!(
                    answer == Ok(Answer::residual().count("orders", 1)) || is_german,
                    "{:?} {comparison} {value:.40}: {answer:?}",
                    database.engine
                );
            }
        }
        let settings = json!({ "kinds": ["no"], "statement": [{ "name": "orders", "rows_max": 1, "sql": "DELETE FROM orders WHERE mail = :no" }] });
        let plugin = plugin(database, &settings);
        for (id, value) in values.iter().enumerate() {
            let request = Request { idempotency_key: format!("k-{id}"), ..Request::from([("no", value.as_str())]) };
            assert_eq!(
                plugin.erase(request),
                Ok(Answer::erased().count("orders", 1)),
                "{:?} {value:.40}",
                database.engine
            );
            database.is("SELECT count(*), coalesce(min(id), -1) FROM orders", &left(id + 1, values.len()));
        }
    });
}

/// How many are left, and the first of them.
fn left(first: usize, all: usize) -> String {
    if first == all { "0|-1".into() } else { format!("{}|{first}", all - first) }
}

#[test]
fn a_hostile_value_that_is_nowhere_finds_nothing() {
    on_both(|database| {
        filled(database);
        let by_own = json!({ "kinds": ["no"], "statement": [
            { "name": "orders", "rows_max": 3, "sql": "DELETE FROM orders WHERE lower(mail) = lower(:no)" },
        ]});
        let by_own = plugin(database, &by_own);
        for value in values().iter().filter(|value| *value != "ann@x.cz" && *value != "joann@x.cz") {
            assert_eq!(by_own.erase(Request::from([("no", value.as_str())])), Ok(Answer::absent()), "{value:.40}");
        }
        let spelt = ["ann@x.cz", " ann@x.cz", "ann@x.cz ", "ann@x.cz\n", "\u{feff}ann@x.cz", "joann@x.cz"];
        let plugin = plugin(database, &shop());
        for value in values().iter().filter(|value| !spelt.contains(&value.as_str())) {
            let answer = plugin.erase(Request::from([("email", value.as_str())])).expect("an answer");
            let is_nobody = matches!(answer.outcome, Outcome::Absent | Outcome::Unverifiable);
            assert!(is_nobody && answer.counts.is_empty(), "{value:.40}: {answer:?}");
        }
        database.is("SELECT count(*) FROM orders", "4");
    });
}

#[test]
fn a_zero_byte_is_in_no_text_of_postgresql() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop());
        let by_own = json!({ "kinds": ["no"], "statement": [
            { "name": "orders", "rows_max": 3, "sql": "DELETE FROM orders WHERE lower(mail) = lower(:no)" },
        ]});
        let by_own = super::plugin(database, &by_own);
        assert_eq!(by_own.erase(Request::from([("no", "ann@x.cz\0")])), Ok(Answer::absent()));
        let both = plugin.erase(Request::from([("email", "ann@x.cz\0"), ("email", "ann@x.cz")])).expect("an answer");
        assert_eq!((both.outcome, both.counts), (Outcome::Erased, erased().counts));
    });
}
