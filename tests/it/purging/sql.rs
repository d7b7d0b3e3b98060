//! sql-purge on a real PostgreSQL and a real MariaDB server: the conformance kit, and a dry run that is then carried out.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use test_servers::{mariadb, postgres};

use crate::harness::quietus;

/// `quietus plugin …` on the plugin.
fn plugin(arguments: &[&str], config: &Value) -> Output {
    let library = Path::new(env!("CARGO_BIN_EXE_quietus")).with_file_name("libsql_purge.so");
    let mut command = quietus();
    command.args(["plugin", arguments[0]]).arg(library).args(&arguments[1..]);
    command.args(["--config", &config.to_string(), "--email", "ann@x.cz"]).output().expect("quietus runs")
}

#[track_caller]
fn answer(method: &str, config: &Value) -> Value {
    let output = plugin(&["run", "--method", method, "--json"], config);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    json!([told["outcome"], told["counts"]])
}

/// Shows, erases and looks again in the sandbox, and passes the kit.
#[track_caller]
fn works(url: &str, insert: impl Fn()) {
    let config = json!({ "url": url, "statement": [
        { "name": "orders", "sql": "DELETE FROM orders WHERE lower(mail) = lower(:email)", "rows_max": 5 },
    ]});
    insert();
    assert_eq!(answer("dry-run", &config), json!(["residual", { "orders": 1 }]));
    assert_eq!(answer("erase", &config), json!(["erased", { "orders": 1 }]));
    assert_eq!(answer("verify", &config)[0], "absent");
    insert();
    let kit = plugin(&["test"], &config);
    let said = [kit.stdout, kit.stderr].concat();
    assert!(kit.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn sql_purge_passes_everything_on_postgresql() {
    let cluster = postgres::Cluster::start();
    cluster.sql("postgres", "CREATE TABLE orders (mail text)");
    works(&cluster.url("postgres"), || drop(cluster.sql("postgres", "INSERT INTO orders VALUES ('Ann@x.cz')")));
}

#[test]
fn sql_purge_passes_everything_on_mariadb() {
    let server = mariadb::Server::start();
    server.sql("", "CREATE DATABASE shop; CREATE TABLE shop.orders (mail varchar(200))");
    works(&server.url_of("root", "shop"), || drop(server.sql("shop", "INSERT INTO orders VALUES ('Ann@x.cz')")));
}
