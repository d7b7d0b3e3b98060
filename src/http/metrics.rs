//! What is counted, for Prometheus. Labels are configured names and fixed words, never what a sender wrote.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Histogram, counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use super::reaction::Reaction;
use crate::subject::SourceName;

/// What is shown beside the process's own metrics, in Prometheus's text format: families that are none of these.
pub(crate) type MoreMetrics = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync>;

/// The process's metrics. Nothing is gathered unless they are installed, which must come before anything is counted.
#[derive(Clone)]
pub(crate) struct Metrics(PrometheusHandle);

impl Metrics {
    /// Upper bounds of the histograms' buckets, in seconds.
    const BUCKETS_S: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    /// The same of what waits for other systems.
    const SLOW_BUCKETS_S: [f64; 10] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

    /// The histograms of what waits for other systems, by their names: who measures them is not seen here.
    const SLOW: [&str; 2] = ["quietus_mluvii_call_seconds", "quietus_work_seconds"];

    /// How often histograms are summed up; what waits for it is in memory.
    const UPKEEP: Duration = Duration::from_secs(5);

    /// Makes them the process's; fails when others are already.
    pub(crate) fn install() -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new().set_buckets(&Self::BUCKETS_S)?;
        for name in Self::SLOW {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &Self::SLOW_BUCKETS_S)?;
        }
        let handle = builder.install_recorder()?;
        describe_counter!(DELIVERIES, "Deliveries by source and result.");
        describe_counter!(REFUSALS, "Deliveries that were not taken, by source and what was wrong.");
        describe_counter!(
            UNKNOWN_PATHS,
            "Requests to paths of no source, by the source whose name is nearest, if one is."
        );
        describe_histogram!(SECONDS, metrics::Unit::Seconds, "Time from a delivery's headers to its answer.");
        Ok(Self(handle))
    }

    #[cfg(test)]
    pub(super) fn of(handle: PrometheusHandle) -> Self {
        Self(handle)
    }

    /// All metrics in Prometheus's text format.
    pub(crate) fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps the memory of the histograms bounded, until the shutdown.
    pub(crate) async fn upkeep(self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(Self::UPKEEP);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            self.0.run_upkeep();
        }
    }
}

const DELIVERIES: &str = "quietus_deliveries_total";
const REFUSALS: &str = "quietus_refusals_total";
const UNKNOWN_PATHS: &str = "quietus_unknown_paths_total";
const SECONDS: &str = "quietus_delivery_seconds";

/// Why deliveries are refused, in one word each.
pub(super) const REASONS: [&str; 10] =
    ["missing", "garbled", "wrong", "stale", "network", "method", "host", "too_large", "slow", "broken"];

/// What counts requests to paths of no source that are most like this one's.
pub(super) fn unknown_paths(nearest: Arc<str>) -> Counter {
    counter!(UNKNOWN_PATHS, "nearest" => nearest)
}

/// One source's metrics, looked up once.
pub(super) struct Deliveries {
    source: Arc<str>,
    counters: [Counter; Reaction::ALL.len()],
    seconds: Histogram,
}

impl Deliveries {
    pub(super) fn of(source: &SourceName) -> Self {
        let source = Arc::clone(&source.0);
        let counters =
            Reaction::ALL.map(|r| counter!(DELIVERIES, "source" => Arc::clone(&source), "result" => r.as_str()));
        let seconds = histogram!(SECONDS, "source" => Arc::clone(&source));
        for reason in REASONS {
            // Counted from 0 on: a series that is first seen with its first event seems not to have grown by it.
            counter!(REFUSALS, "source" => Arc::clone(&source), "reason" => reason).increment(0);
        }
        Self { source, counters, seconds }
    }

    pub(super) fn count(&self, reaction: Reaction, took: Duration) {
        // By its place, as `ALL` is in the order of the declaration: in another order, each would count as another.
        self.counters[reaction as usize].increment(1);
        self.seconds.record(took);
    }

    pub(super) fn refused(&self, reason: &'static str) {
        counter!(REFUSALS, "source" => Arc::clone(&self.source), "reason" => reason).increment(1);
    }
}
