//! sql-purge on a real PostgreSQL and a real MariaDB server: the conformance kit, and a dry run that is then carried out.

use serde_json::json;
use test_servers::{mariadb, postgres};

use super::bench::Bench;

/// Shows, erases and looks again in the sandbox, and passes the kit.
#[track_caller]
fn works(url: &str, insert: impl Fn()) {
    let config = json!({ "url": url, "statement": [
        { "name": "orders", "sql": "DELETE FROM orders WHERE lower(mail) = lower(:email)", "rows_max": 5 },
    ]});
    let bench = Bench::new("libsql_purge.so", config, &[], &["--email", "ann@x.cz"]);
    insert();
    bench.erases_what_it_has_shown(&json!({ "orders": 1 }));
    insert();
    bench.passes_the_kit();
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
