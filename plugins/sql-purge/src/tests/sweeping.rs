//! Whom the tables hold, after a restore.

use quietus_plugin::{Call, ErrorClass, Kind, Plugin as _, ResumeValue, Secrets, Sweep, Swept};

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

/// A page that begins there, told by a plugin that has just begun.
fn page(url: &str, settings: &Value, records_max: u32, cursor: Option<&ResumeValue>) -> Result<Swept, PluginError> {
    let mut config = json!({ "url": url });
    config.as_object_mut().expect("an object").extend(settings.as_object().cloned().expect("an object"));
    let config = serde_json::from_value(config).expect("settings");
    let wanted = Sweep { kinds: vec![Kind::Email], records_max, region: None, cursor: cursor.cloned() };
    SqlPurge::configure(config, Secrets::default())?.sweep(&wanted, &Call::unattended())
}

fn list(name: &str, table: &str) -> Value {
    json!({ "name": name, "sql": format!("SELECT id AS key, mail AS email FROM {table}") })
}

fn with_lists(lists: &[&Value]) -> Value {
    json!({ "statement": [orders()], "sweep": lists })
}

/// Two people in one table, and one in another.
fn people_and_leads(database: &Database) {
    for table in ["people", "leads"] {
        database.sql(&format!("CREATE TABLE {table} (id bigint, mail varchar(100))"));
    }
    database.sql("INSERT INTO people VALUES (1, 'ann@x.cz'), (2, 'bob@x.cz')");
    database.sql("INSERT INTO leads VALUES (1, 'carl@x.cz')");
}

#[test]
fn a_place_among_other_lists_or_in_another_database_is_none() {
    on_both(|database| {
        people_and_leads(database);
        let (people, leads) = (list("people", "people"), list("leads", "leads"));
        let (renamed, replaced) = (list("all", "people"), list("people", "leads"));
        let before = with_lists(&[&people, &leads]);
        let cursor = page(&database.url(), &before, 1, None).expect("listed").next.expect("bob is to follow");
        let rest = page(&database.url(), &before, 1, Some(&cursor)).expect("it goes on");
        assert_eq!((rest.records.len(), rest.next.is_some()), (1, true));
        let refused = |url: &str, settings: &Value, cursor: &ResumeValue| {
            let error = page(url, settings, 1, Some(cursor)).expect_err("it would go on among others");
            assert_eq!(error.class, ErrorClass::Permanent, "{error}");
        };
        for after in [
            with_lists(&[&leads, &people]),
            with_lists(&[&people]),
            with_lists(&[&leads]),
            with_lists(&[&renamed, &leads]),
            with_lists(&[&replaced, &leads]),
            with_lists(&[&renamed, &people, &leads]),
        ] {
            refused(&database.url(), &after, &cursor);
        }
        let elsewhere = Database::new(database.engine);
        people_and_leads(&elsewhere);
        refused(&elsewhere.url(), &before, &cursor);
        // Of an earlier version, which named no lists, and of a hand that names one that is not there.
        let text = String::from_utf8(cursor.expose().to_vec()).expect("JSON");
        for cursor in ["{\"list\":1}".to_owned(), text.replace("\"list\":0", "\"list\":2")] {
            refused(&database.url(), &before, &ResumeValue::new(cursor));
        }
    });
}

#[test]
fn a_row_without_a_key_hides_nobody() {
    on_both(|database| {
        people_and_leads(database);
        database.sql("INSERT INTO people VALUES (NULL, 'eve@x.cz')");
        let people = list("people", "people");
        let error = plugin(database, &with_lists(&[&people])).0.sweep(1).expect_err("eve is after no key");
        assert!(error.class == ErrorClass::Permanent && error.message.contains("is null"), "{error:?}");
    });
}

#[test]
fn a_page_for_nobody_is_not_the_end() {
    on_both(|database| {
        people_and_leads(database);
        let lists = with_lists(&[&list("people", "people")]);
        assert!(page(&database.url(), &lists, 0, None).expect("listed").next.is_some());
    });
}
