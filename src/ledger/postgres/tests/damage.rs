//! A page of the database that cannot be read.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use quietus_plugin::Span;
use test_servers::postgres::Mode;
use tokio::time::timeout;

use super::*;
use crate::ledger::contract::{a_busy_ledger, event, session};

/// Bytes of a page.
const PAGE: usize = 8_192;

/// Writes over the first page of a table; returns what was there, to be written back.
fn damage(cluster: &Cluster, table: &str) -> (PathBuf, Vec<u8>) {
    let path = sql(cluster, &format!("SELECT pg_relation_filepath('{table}')"));
    let file = cluster.socket_folder().join("data").join(path);
    cluster.stop(Mode::Fast);
    let whole = fs::read(&file).expect("a table")[..PAGE].to_vec();
    write(&file, &[0xa5; PAGE]);
    cluster.start_again();
    (file, whole)
}

fn write(file: &Path, page: &[u8]) {
    let file = OpenOptions::new().write(true).open(file).expect("a table");
    file.write_all_at(page, 0).expect("written");
}

/// Asks until the way to the server is there again.
async fn answered<T, F: Future<Output = Result<T, LedgerError>>>(ask: impl Fn() -> F) -> Result<T, LedgerError> {
    let asked = async {
        loop {
            match ask().await {
                Err(LedgerError::Busy(_)) => tokio::task::yield_now().await,
                other => break other,
            }
        }
    };
    timeout(Duration::from_secs(60), asked).await.expect("in time")
}

async fn is_told(ledger: &PostgresLedger) -> bool {
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(24 * 3_600),
        warn_before: Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let told = answered(|| ledger.attention(&limits)).await.expect("read");
    told.iter().any(|found| (found.code.as_str(), found.severity.as_str()) == ("ledger_damaged", "urgent"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_cannot_be_read_stops_everything_and_is_told_until_it_is_mended() {
    let (ledger, cluster) = postgres().await;
    let shared: Arc<dyn Ledger> = ledger.clone();
    a_busy_ledger(&shared).await;
    let (file, whole) = damage(&cluster, "session");
    // It is nothing that deliveries need.
    assert_eq!(answered(|| ledger.record(event(900, 1))).await.expect("recorded"), Recorded::New);
    let key = session(1);
    let read = answered(|| ledger.session(&key)).await;
    assert!(matches!(read, Err(LedgerError::Damaged(_))), "{read:?}");
    for refused in [
        ledger.record(event(901, 1)).await.map(drop),
        ledger.writable().await,
        ledger.claim(&to_decide(), 9, HOUR, &Bounds::NONE).await.map(drop),
        ledger.retry_parked(&by()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(LedgerError::Damaged(_))), "{refused:?}");
    }
    assert!(is_told(&ledger).await);
    // Another process is told as well, and none begins to serve.
    let noted = async {
        while sql(&cluster, "SELECT COUNT(*) FROM damage") != "1" {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), noted).await.expect("in time");
    let place = place(&cluster.url(DATABASE));
    assert!(is_told(&*at(&place).await).await);
    let refused = PostgresLedger::serve(&place, None).await.err().expect("refused");
    assert!(matches!(&refused, OpenError::Damaged { what, .. } if what.contains("XX001")), "{refused:?}");
    ledger.shutdown().await;

    cluster.stop(Mode::Fast);
    write(&file, &whole);
    cluster.start_again();
    let ledger = PostgresLedger::serve(&place, None).await.expect("it is mended");
    assert_eq!(ledger.record(event(900, 1)).await.expect("recorded"), Recorded::Duplicate);
    assert_eq!(ledger.record(event(901, 1)).await.expect("recorded"), Recorded::New);
    assert!(ledger.session(&session(1)).await.expect("read").is_some());
    assert!(!is_told(&ledger).await);
    ledger.shutdown().await;
}
