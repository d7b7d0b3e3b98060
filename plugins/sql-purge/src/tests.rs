//! The plugin against a real PostgreSQL and a real MariaDB server, each test on both where they can do the same.

mod amiss;
mod configuration;
mod database;
mod encrypted;
mod erasing;
mod finding;
mod follows;
mod hidden;
mod host;
mod hostile;
mod killed;
mod lost;
mod pooled;
mod refused;
mod rights;
mod sweeping;
mod told;
mod types;

use quietus_plugin::{Answer, PluginError, Request, TestHost};
use serde_json::{Value, json};

use super::SqlPurge;
use database::Database;
use host::Host;

/// Orders by e-mail, deleted; their notes, anonymized.
fn shop() -> Value {
    json!({ "statement": [notes(), orders()] })
}

fn notes() -> Value {
    json!({
        "name": "notes", "count": "notes", "rows_max": 10,
        "sql": "UPDATE notes SET body = 'anonymized', mail = NULL WHERE lower(mail) = lower(:email)",
    })
}

fn orders() -> Value {
    json!({ "name": "orders", "rows_max": 3, "sql": "DELETE FROM orders WHERE lower(mail) = lower(:email)" })
}

/// Two orders and three notes of Ann's, and some of others'.
fn filled(database: &Database) {
    database.sql("CREATE TABLE orders (id int PRIMARY KEY, mail varchar(12000), phone varchar(100))");
    database.sql("CREATE TABLE notes (id int PRIMARY KEY, mail varchar(12000), body varchar(100))");
    database.sql(
        "INSERT INTO orders VALUES (1, 'ann@x.cz', '+420 1'), (2, 'ANN@X.CZ', NULL), (3, 'joann@x.cz', '+420 3'), (4, NULL, NULL)",
    );
    database.sql("INSERT INTO notes VALUES (1, 'ann@x.cz', 'a'), (2, 'Ann@x.cz', 'b'), (3, 'ann@x.cz', 'c'), (4, 'bob@x.cz', 'd')");
}

/// The plugin, with these settings beside the database's.
fn plugin(database: &Database, settings: &Value) -> Host {
    configured(&database.url(), settings).expect("configured")
}

fn configured(url: &str, settings: &Value) -> Result<Host, PluginError> {
    let mut config = json!({ "url": url });
    config.as_object_mut().expect("an object").extend(settings.as_object().cloned().expect("an object"));
    TestHost::with_secrets(config, [("password", "hunter2")]).map(Host)
}

fn ann() -> Request {
    Request::from([("email", "ann@x.cz")])
}

fn erased() -> Answer {
    Answer::erased().count("orders", 2).count("notes", 3)
}
