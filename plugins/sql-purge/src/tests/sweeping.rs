//! Whom the tables hold, after a restore.

use quietus_plugin::ErrorClass;

use super::database::on_both;
use super::*;

/// The customers, and the times of each as its server writes them.
fn lists(database: &Database) -> Value {
    let (made, at) = match database.engine {
        crate::address::Engine::Postgres => ("timestamptz", "extract(epoch from made)"),
        crate::address::Engine::Mysql => ("timestamp NULL", "UNIX_TIMESTAMP(made)"),
    };
    database.sql(&format!(
        "CREATE TABLE customers (id bigint PRIMARY KEY, mail varchar(2000), mail2 varchar(100), phone varchar(100), made {made})"
    ));
    let sql = format!("SELECT id AS key, mail AS email, mail2 AS email_2, phone, {at} AS created FROM customers");
    json!({ "statement": [orders()], "sweep": [{ "name": "customers", "sql": sql }] })
}

fn all(plugin: &Host, records_max: u32) -> Vec<(Vec<String>, Option<i64>)> {
    let records = plugin.0.sweep(records_max).expect("listed");
    let values = |record: &quietus_plugin::SweptRecord| {
        let values = record.identifiers.iter().map(|one| format!("{}={}", one.kind, one.value.expose())).collect();
        (values, record.created_ms)
    };
    records.iter().map(values).collect()
}

#[test]
fn all_rows_are_listed_once_whatever_the_pages_are() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &lists(database));
        let at = match database.engine {
            crate::address::Engine::Postgres => "to_timestamp(1717149600)",
            crate::address::Engine::Mysql => "FROM_UNIXTIME(1717149600)",
        };
        database.sql(&format!(
            "INSERT INTO customers VALUES (10, 'ann@x.cz', 'ann@y.cz', '+420 1', {at}), (9, 'bob@x.cz', NULL, NULL, NULL),
             (11, NULL, NULL, ' ', NULL), (9007199254740993, 'eve@x.cz', NULL, NULL, NULL), (9007199254740992, 'dan@x.cz', NULL, NULL, NULL)"
        ));
        assert_eq!(plugin.health(), Ok(()));
        let row = |values: &[&str], at| (values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>(), at);
        let expected = [
            row(&["email=bob@x.cz"], None),
            row(&["email=ann@x.cz", "email=ann@y.cz", "phone=+420 1"], Some(1_717_149_600_000)),
            row(&["email=dan@x.cz"], None),
            row(&["email=eve@x.cz"], None),
        ];
        for records_max in [1, 2, 3, 100] {
            assert_eq!(all(&plugin, records_max), expected, "{records_max} a page");
        }
    });
}

#[test]
fn a_page_of_long_values_fits_into_a_frame() {
    on_both(|database| {
        let plugin = plugin(database, &lists(database));
        for chunk in 0..40 {
            let rows: Vec<_> = (0..25)
                .map(|n| format!("({}, '{}@x.cz', NULL, NULL, NULL)", chunk * 25 + n, "ž".repeat(500)))
                .collect();
            database.sql(&format!("INSERT INTO customers VALUES {}", rows.join(", ")));
        }
        assert_eq!(all(&plugin, 500).len(), 1000);
    });
}

#[test]
fn rows_that_share_their_key_are_refused_where_a_page_would_part_them() {
    on_both(|database| {
        filled(database);
        let sql = "SELECT mail AS key, mail AS email FROM notes";
        let settings = json!({ "statement": [orders()], "sweep": [{ "name": "notes", "sql": sql }] });
        let plugin = plugin(database, &settings);
        let error = plugin.0.sweep(1).expect_err("refused");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("not unique"), "{error:?}");
    });
}

#[test]
fn without_lists_nobody_is_said_to_be_there() {
    on_both(|database| {
        filled(database);
        let error = plugin(database, &shop()).0.sweep(10).expect_err("it is not configured");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("not configured"), "{error:?}");
    });
}
