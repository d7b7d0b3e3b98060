//! Real systems, whose backups are restored.

use test_servers::{mariadb, postgres};

use super::*;
use crate::harness::{Server, StandIn, receipts, wait_for};

/// A database of customers: how it is asked, and how its server writes a time.
struct Shop<'a> {
    url: String,
    sql: &'a dyn Fn(&str) -> String,
    /// The type of a time, one of a month ago, and its seconds since 1970.
    time: [&'static str; 3],
}

impl Shop<'_> {
    fn plugin(&self) -> String {
        let seconds = self.time[2];
        format!(
            r#"
[[plugin]]
name = "shop"
library = "libsql_purge.so"
grants = ["email", "name"]

[plugin.config]
url = "{}"

[[plugin.config.statement]]
name = "customers"
sql = "DELETE FROM customers WHERE lower(mail) = lower(:email)"
rows_max = 5

[[plugin.config.sweep]]
name = "all-customers"
sql = "SELECT id AS key, mail AS email, name, {seconds} AS created FROM customers"
"#,
            self.url
        )
    }

    fn mails(&self) -> Vec<String> {
        (self.sql)("SELECT mail FROM customers ORDER BY id").lines().map(str::to_owned).collect()
    }
}

/// From the first erasure to the second one, of a backup that is a copy of the table.
fn comes_back_and_goes_again(shop: &Shop<'_>) {
    let [kind, month_ago, _] = shop.time;
    (shop.sql)(&format!(
        "CREATE TABLE customers (id int PRIMARY KEY, mail varchar(200), name varchar(200), made {kind})"
    ));
    for (id, mail, name) in [(1, "ann@x.cz", "Ann"), (2, "bob@x.cz", "Bob"), (3, "cyril@x.cz", "Cyril")] {
        (shop.sql)(&format!("INSERT INTO customers VALUES ({id}, '{mail}', '{name}', {month_ago})"));
    }
    (shop.sql)("CREATE TABLE backup AS SELECT * FROM customers");
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &shop.plugin());
    let server = Server::start(&deployment);
    let ann = erase(&deployment, "ann@x.cz", "Ann", "shop", &[]);
    let cyril = erase(&deployment, "cyril@x.cz", "Cyril", "shop", &[]);
    receipts(&deployment, 2);
    assert_eq!(shop.mails(), ["bob@x.cz"]);
    (shop.sql)("DELETE FROM customers");
    (shop.sql)("INSERT INTO customers SELECT * FROM backup");
    // Cyril has ordered something since.
    (shop.sql)("INSERT INTO customers VALUES (4, 'Cyril@x.cz', 'Cyril', now())");

    let shown = look(&deployment, "shop", &[]);
    assert_eq!(found(&shown), [(ann, "again".to_owned()), (cyril, "back".to_owned())].into(), "{shown}");
    look(&deployment, "shop", &["--plan", &plan(&shown)]);
    receipts(&deployment, 3);
    wait_for("Ann to be gone", || (shop.mails() == ["bob@x.cz", "cyril@x.cz", "Cyril@x.cz"]).then_some(()));
    server.stop();
}

#[test]
fn whom_a_restored_postgresql_holds_again_goes_again() {
    let cluster = postgres::Cluster::start();
    cluster.create_database("shop");
    comes_back_and_goes_again(&Shop {
        url: cluster.url("shop"),
        sql: &|sql| cluster.sql("shop", sql),
        time: ["timestamptz", "now() - interval '30 days'", "extract(epoch from made)"],
    });
}

#[test]
fn whom_a_restored_mariadb_holds_again_goes_again() {
    let server = mariadb::Server::start();
    server.sql("mysql", "CREATE DATABASE shop CHARACTER SET utf8mb4");
    comes_back_and_goes_again(&Shop {
        url: server.url_of("root", "shop"),
        sql: &|sql| server.sql("shop", sql),
        time: ["timestamp NULL", "now() - interval 30 day", "UNIX_TIMESTAMP(made)"],
    });
}
