//! By what the tables know the person, for other systems.

use quietus_plugin::ErrorClass::{NeedsOperator, Permanent};
use quietus_plugin::{Found, Identifier};

use super::amiss::fails;
use super::database::on_both;
use super::*;
use crate::address::Engine;

/// Customers, two of whom are Ann; a number in small letters is another one than that in capitals.
fn customers(database: &Database) {
    filled(database);
    database
        .sql("CREATE TABLE customers (id int PRIMARY KEY, no varchar(2000), mail varchar(200), phone varchar(100))");
    database.sql(
        "INSERT INTO customers VALUES (1, 'K-4711', 'Ann@x.cz', '777123456'), (2, 'k-4711', 'ann@x.cz', NULL), (3, 'K-4711', 'ANN@x.cz', NULL),
         (4, NULL, 'ann@x.cz', NULL), (5, 'K-9', 'joann@x.cz', '777123456'), (6, ' ', 'ann@x.cz', NULL)",
    );
}

fn finding(database: &Database, more: Value) -> Host {
    let mut find = json!({
        "name": "numbers", "returns": "customer_no",
        "sql": "SELECT c.no FROM customers c WHERE lower(c.mail) = lower(:email)",
    });
    find.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    plugin(database, &json!({ "kinds": ["customer_no"], "statement": [orders()], "find": [find] }))
}

fn numbers(values: &[&str]) -> Found {
    values.iter().fold(Found::nothing(), |found, value| found.identifier("customer_no", *value))
}

#[test]
fn what_the_persons_rows_hold_is_told_once_and_nothing_of_others() {
    on_both(|database| {
        customers(database);
        let plugin = finding(database, json!({}));
        assert_eq!(plugin.health(), Ok(()));
        assert_eq!(plugin.0.find(ann()), Ok(numbers(&["K-4711", "k-4711"])), "{:?}", database.engine);
        assert_eq!(plugin.0.find([("email", "eve@x.cz")]), Ok(Found::nothing()));
        database.is("SELECT count(*) FROM customers", "6");
    });
}

#[test]
fn numbers_are_told_as_the_server_writes_them() {
    on_both(|database| {
        customers(database);
        let plugin = finding(database, json!({ "sql": "SELECT id FROM customers WHERE lower(mail) = lower(:email)" }));
        assert_eq!(plugin.0.find(ann()), Ok(numbers(&["1", "2", "3", "4", "6"])), "{:?}", database.engine);
    });
}

#[test]
fn too_many_values_are_several_people_and_nobody_is_told_any() {
    on_both(|database| {
        customers(database);
        let plugin = finding(database, json!({ "values_max": 1 }));
        let error = plugin.0.find(ann()).expect_err("there are two");
        assert_eq!(error.class, Permanent, "{error:?}");
        assert!(error.message.contains("`values_max` allows (1)") && !error.message.contains("4711"), "{error:?}");
    });
}

#[test]
fn where_nobody_can_look_it_is_not_said_that_there_is_nothing() {
    on_both(|database| {
        customers(database);
        let plugin = finding(database, json!({}));
        assert_eq!(plugin.0.find([("customer_no", "K-9")]), Ok(Found::nothing().with_more()));
        assert_eq!(plugin.0.find([("email", "n/a")]), Ok(Found::nothing().with_more()));
        let long = "x".repeat(Found::VALUE_BYTES_MAX + 1);
        database.sql(&format!("UPDATE customers SET no = '{long}' WHERE id = 1"));
        assert_eq!(plugin.0.find(ann()), Ok(numbers(&["K-4711", "k-4711"]).with_more()), "{:?}", database.engine);
        database.sql("DROP TABLE customers");
        let error = plugin.0.find(ann()).expect_err("the table is gone");
        assert_eq!(error.class, NeedsOperator, "{error:?}");
        fails(plugin.health(), NeedsOperator, "statement `numbers`");
        // What other systems are told keeps nobody from erasing here.
        assert_eq!(plugin.erase(ann()), Ok(Answer::erased().count("orders", 2)));
    });
}

#[test]
fn rows_that_a_policy_hides_are_not_nothing() {
    let database = Database::new(Engine::Postgres);
    customers(&database);
    database.sql("CREATE ROLE seller LOGIN; GRANT SELECT ON customers, orders TO seller; ALTER TABLE customers ENABLE ROW LEVEL SECURITY");
    let settings = json!({ "statement": [orders()], "find": [{
        "name": "numbers", "returns": "customer_no", "sql": "SELECT no FROM customers WHERE mail = :email",
    }]});
    let plugin = configured(&database.url_at("seller", database.port()), &settings).expect("configured");
    let error = plugin.0.find(ann()).expect_err("they are hidden");
    assert!(error.class == NeedsOperator && error.message.contains("hides rows of `customers`"), "{error:?}");
}

#[test]
fn a_value_that_a_column_cannot_hold_is_in_no_row() {
    let database = Database::new(Engine::Postgres);
    customers(&database);
    let plugin = finding(&database, json!({ "sql": "SELECT no FROM customers WHERE id = :customer_no" }));
    let request = Request { identifiers: vec![Identifier::new("customer_no", "abc")], ..ann() };
    assert_eq!(plugin.0.find(request), Ok(Found::nothing()));
    assert_eq!(plugin.0.find([("customer_no", "5")]), Ok(numbers(&["K-9"])));
}

#[test]
fn what_may_not_be_told_is_refused_when_it_is_configured() {
    let database = Database::new(Engine::Postgres);
    let refused = |more: Value| {
        let find = json!({ "name": "numbers", "returns": "customer_no", "sql": "SELECT no FROM customers WHERE mail = :email" });
        let mut settings = json!({ "statement": [orders()], "find": [find] });
        settings["find"][0].as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        configured(&database.url(), &settings).err().unwrap_or_else(|| panic!("{settings} is taken")).message
    };
    for kind in ["name", "guest_id", "session_id", "Customer number", ""] {
        assert!(refused(json!({ "returns": kind })).contains("returns"), "{kind}");
    }
    assert!(refused(json!({ "values_max": 0 })).contains("`values_max` is 1 to 64"));
    assert!(refused(json!({ "name": "orders" })).contains("the name is taken"));
    assert!(refused(json!({ "sql": "SELECT no FROM customers WHERE phone = :phone" })).contains("alone"));
    assert!(
        refused(json!({ "sql": "DELETE FROM customers WHERE mail = :email" }))
            .contains("statement `numbers` is refused")
    );
}
