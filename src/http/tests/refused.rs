//! Who sends nonsense causes hardly any write.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::*;
use crate::erasure::Reportable;
use crate::event::StoredEvent;
use crate::keys::{KeyId, Sealed};
use crate::ledger::{LedgerError, PutAside, Quarantined, Recorded, RefusedDeliveries, Reported, TakenDeliveries};
use crate::lock::lock;

/// What was written, one a write. The first of them fails.
#[derive(Default)]
struct Written(Mutex<Vec<Vec<RefusedDeliveries>>>);

impl Written {
    /// How many were refused in all, by write.
    fn counts(&self) -> Vec<u64> {
        lock(&self.0).iter().map(|refused| refused.iter().map(|refused| refused.count).sum()).collect()
    }
}

#[async_trait::async_trait]
impl Intake for Written {
    async fn refused(&self, refused: &[RefusedDeliveries]) -> Result<(), LedgerError> {
        let mut written = lock(&self.0);
        written.push(refused.to_vec());
        if written.len() == 1 { Err(LedgerError::Busy(anyhow::anyhow!("full"))) } else { Ok(()) }
    }

    async fn record(&self, _: StoredEvent) -> Result<Recorded, LedgerError> {
        panic!("nothing is recorded")
    }

    async fn quarantine(&self, _: Quarantined) -> Result<PutAside, LedgerError> {
        panic!("nothing is put aside")
    }

    async fn report(&self, _: &Reportable, _: &KeyId, _: &Sealed) -> Result<Reported, LedgerError> {
        panic!("nothing is reported")
    }

    async fn delivered(&self, _: &[TakenDeliveries]) -> Result<(), LedgerError> {
        Ok(())
    }

    async fn one_client(&self, _: bool) -> Result<(), LedgerError> {
        Ok(())
    }

    async fn writable(&self) -> Result<(), LedgerError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_refused_requests_are_written_once_a_minute_at_most() {
    let bench = Bench::new("");
    let written = Arc::new(Written::default());
    let state = state_on(written.clone());
    let plugins = Box::new(BTreeMap::new);
    let readiness = Readiness::new(bench.ledger.clone(), plugins, Ending::default(), bench.live_settings());
    let router = router(bench.receiver_of(&state, source()), Arc::new(readiness));
    let shutdown = CancellationToken::new();
    let writing = tokio::spawn(write_refused(state, shutdown.clone()));
    let scan = async || {
        for path in ["/webhooks/none", "/webhooks/acme"] {
            for _ in 0..500 {
                let request = Request::post(path).header("host", "x").body(Body::empty()).expect("a request");
                let answer = router.clone().oneshot(request).await.expect("an answer");
                assert!(!answer.status().is_success());
            }
        }
    };
    let minute = Duration::from_secs(60);
    scan().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(written.counts(), [1_000], "a person need not wait for the first");
    // It could not be written: that is tried again with what has come since.
    scan().await;
    tokio::time::sleep(minute).await;
    assert_eq!(written.counts(), [1_000, 2_000]);
    // Nothing is written where nothing was refused.
    tokio::time::sleep(minute * 10).await;
    assert_eq!(written.counts(), [1_000, 2_000]);
    scan().await;
    shutdown.cancel();
    writing.await.expect("it ends");
    assert_eq!(written.counts(), [1_000, 2_000, 1_000]);
}
