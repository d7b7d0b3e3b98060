//! The contract, and what is true of a database only.

use test_postgres::Cluster;

use super::*;
use crate::ledger::contract;

/// The database of a test.
const DATABASE: &str = "quietus";

async fn open() -> (Arc<dyn Ledger>, Cluster) {
    let (ledger, cluster) = postgres().await;
    (ledger, cluster)
}

/// A server with an empty ledger.
async fn postgres() -> (Arc<PostgresLedger>, Cluster) {
    let cluster = Cluster::start();
    cluster.create_database(DATABASE);
    let place = place(&cluster.url(DATABASE));
    migrate(&place, None).await.expect("migrated");
    let ledger = PostgresLedger::open(&place, None).await.expect("opens");
    (ledger, cluster)
}

fn place(url: &str) -> PostgresPlace {
    PostgresPlace {
        url: url.to_owned(),
        ca_file: None,
        statement_max: Duration::from_secs(10),
        connections_max: 8,
    }
}

contract::contract!(open);
