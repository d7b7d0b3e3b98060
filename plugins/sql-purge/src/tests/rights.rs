//! `health` names the right that is missing, and the table.

use quietus_plugin::ErrorClass::NeedsOperator;

use super::amiss::fails;
use super::database::on_both;
use super::*;
use crate::address::Engine;

/// Notes that belong to orders of the person's; what is granted; what is then missing.
const CASES: [(&str, &str); 6] = [
    ("SELECT ON orders", "`notes`"),
    ("SELECT ON notes", "`orders`"),
    ("SELECT, DELETE ON notes", "`orders`"),
    ("SELECT ON notes; SELECT ON orders", "it needs UPDATE on `notes` (its columns in SET)"),
    ("SELECT, UPDATE (mail) ON notes; SELECT ON orders", "it needs UPDATE on `notes` (its columns in SET)"),
    ("SELECT, UPDATE ON notes; SELECT (id) ON orders", "it needs SELECT on `notes`, `orders`"),
];

fn notes_of_orders() -> Value {
    json!({ "statement": [{ "name": "notes", "rows_max": 9,
        "sql": "UPDATE notes SET body = NULL, mail = NULL WHERE id IN (SELECT o.id FROM orders o WHERE o.mail = :email)" }] })
}

/// A user with these rights and no others.
fn granted(database: &Database, user: &str, rights: &str) -> Host {
    let user_there = match database.engine {
        Engine::Postgres => user.to_owned(),
        Engine::Mysql => format!("{user}@'127.0.0.1'"),
    };
    let login = if database.engine == Engine::Postgres { "ROLE" } else { "USER" };
    let option = if database.engine == Engine::Postgres { " LOGIN" } else { "" };
    database.sql(&format!("CREATE {login} {user_there}{option}"));
    for right in rights.split("; ") {
        database.sql(&format!("GRANT {right} TO {user_there}"));
    }
    configured(&database.url_at(user, database.port()), &notes_of_orders()).expect("configured")
}

#[test]
fn a_missing_right_is_named_with_its_table() {
    on_both(|database| {
        filled(database);
        for (n, (rights, missing)) in CASES.iter().enumerate() {
            let plugin = granted(database, &format!("lacks{n}"), rights);
            fails(plugin.health(), NeedsOperator, missing);
            fails(plugin.health(), NeedsOperator, "statement `notes`: ");
        }
        let all = "SELECT (id), UPDATE (body, mail) ON notes; SELECT (id, mail) ON orders";
        assert_eq!(granted(database, "enough", all).health(), Ok(()), "{:?}", database.engine);
    });
}

#[test]
fn a_schema_that_is_closed_is_told() {
    let database = Database::new(Engine::Postgres);
    database.sql("CREATE SCHEMA shop; CREATE TABLE shop.orders (mail text); CREATE ROLE outside LOGIN");
    let settings = json!({ "statement": [
        { "name": "orders", "rows_max": 9, "sql": "DELETE FROM shop.orders WHERE mail = :email" },
    ]});
    let plugin = configured(&database.url_at("outside", database.port()), &settings).expect("configured");
    fails(plugin.health(), NeedsOperator, "it needs USAGE on its tables' schemas");
    fails(plugin.verify(ann()), NeedsOperator, "it needs USAGE on its tables' schemas");
}
