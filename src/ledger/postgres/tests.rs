//! The contract, and what is true of a database only.

mod away;
mod fleet;
mod months;
mod plans;
mod schema;
mod way;

use test_servers::postgres::Cluster;

use super::*;
use crate::erasure::NewErasure;
use crate::ledger::Ledger;
use crate::ledger::contract::{self, KEEP, by, to_decide, to_resolve, to_settle};

/// The database of a test.
const DATABASE: &str = "quietus";

const HOUR: Duration = Duration::from_secs(3_600);

async fn open() -> (Arc<dyn Ledger>, Cluster) {
    let (ledger, cluster) = postgres().await;
    (ledger, cluster)
}

/// A server with an empty ledger.
async fn postgres() -> (Arc<PostgresLedger>, Cluster) {
    let cluster = Cluster::start();
    // A collation in which `;` comes before `:`, as people have it.
    let create = "CREATE DATABASE quietus TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";
    cluster.sql("postgres", create);
    let place = place(&cluster.url(DATABASE));
    migrate(&place, None).await.expect("migrated");
    (at(&place).await, cluster)
}

async fn at(place: &PostgresPlace) -> Arc<PostgresLedger> {
    PostgresLedger::open(place, None).await.expect("opens")
}

fn place(url: &str) -> PostgresPlace {
    PostgresPlace {
        url: url.to_owned(),
        user: None,
        ca_file: None,
        statement_max: Duration::from_secs(10),
        connections_max: 8,
    }
}

/// Looks past the program that keeps the ledger.
fn sql(cluster: &Cluster, sql: &str) -> String {
    cluster.sql(DATABASE, &format!("SET search_path = quietus; {sql}"))
}

async fn claim(ledger: &PostgresLedger, queue: &QueueName, most: usize) -> Vec<Claim> {
    ledger.claim(queue, most, HOUR, &Bounds::NONE).await.expect("claimed").claims
}

contract::contract!(open);
