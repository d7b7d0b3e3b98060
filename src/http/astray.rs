//! Requests to paths of no source. A source's name that is misspelt at mluvii costs events, as nothing comes again for long: so they are
//! counted, by the source that may be meant. The path itself is shown nowhere: a stranger may have written it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::Counter;
use tracing::warn;

use super::counts::Counts;
use super::log_rate_limit::LogRateLimit;
use super::metrics::unknown_paths;
use crate::attention::RefusedOf;
use crate::subject::SourceName;

/// From here on, a name is like another.
const LIKE: f64 = 0.8;

/// More of a path than any source's name has is not looked at, nor more of its parts.
const CHARACTERS_MAX: usize = 64;
const PARTS_MAX: usize = 6;

/// What has come to no source.
pub(super) struct Astray {
    /// By the source whose name is most like the path; the last one for those that are like none.
    all: Vec<Paths>,
    lines: LogRateLimit,
}

/// What has come to the paths that are like one source's.
struct Paths {
    nearest: Option<SourceName>,
    counter: Counter,
    /// Since it was written last.
    count: Arc<AtomicU64>,
}

impl Astray {
    pub(super) fn new(sources: impl Iterator<Item = SourceName>, counts: &Counts) -> Self {
        let paths = |nearest: Option<SourceName>| {
            let counter = unknown_paths(nearest.as_ref().map_or_else(|| "".into(), |source| Arc::clone(&source.0)));
            let count = counts.refused(RefusedOf::Astray(nearest.clone()));
            Paths { nearest, counter, count }
        };
        Self { all: sources.map(Some).chain([None]).map(paths).collect(), lines: LogRateLimit::new() }
    }

    /// Counts one.
    pub(super) fn count(&self, path: &str) {
        let Paths { nearest, counter, count } = self.nearest(path);
        count.fetch_add(1, Ordering::Relaxed);
        counter.increment(1);
        if self.lines.passes() {
            let nearest = nearest.as_ref().map(tracing::field::display);
            warn!(nearest, "a request came to the path of no source; further ones are counted, not logged");
        }
    }

    fn nearest(&self, path: &str) -> &Paths {
        let parts = path.split('/').filter(|part| !part.is_empty()).take(PARTS_MAX);
        let parts: Vec<_> = parts.map(|part| part.chars().take(CHARACTERS_MAX).collect::<String>()).collect();
        let likeness = |source: &SourceName| {
            let name = source.0.to_lowercase();
            let each = parts.iter().map(|part| strsim::jaro_winkler(&part.to_lowercase(), &name));
            each.fold(0.0, f64::max)
        };
        let like = self.all.iter().filter_map(|paths| Some((likeness(paths.nearest.as_ref()?), paths)));
        let nearest = like.filter(|(likeness, _)| *likeness > LIKE).max_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map_or_else(|| self.all.last().expect("one is for those that are like none"), |(_, paths)| paths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let sources = ["acme", "acme-test", "gateway"].map(|name| SourceName(name.into()));
        let astray = Astray::new(sources.into_iter(), &Counts::default());
        let nearest = astray.nearest(path).nearest.as_ref().map_or("", |source| &source.0);
        assert_eq!(nearest, expected, "{path}");
    }

    #[test]
    fn the_source_that_is_meant_is_the_nearest() {
        check("/webhooks/acne", "acme");
        check("/webhooks/ACME", "acme");
        check("/webhooks/acme//", "acme");
        check("/webhook/acme", "acme");
        check("/acme/events", "acme");
        check("/webhooks/acmetest", "acme-test");
        check("/webhooks/getaway", "gateway");
    }

    #[test]
    fn what_is_like_none_is_of_nobody() {
        for path in ["/", "", "/webhooks/", "/webhooks/ann@example.com", "/wp-login.php", "/webhooks/%00%ff"] {
            check(path, "");
        }
        check(&format!("/{}", "a/".repeat(10_000)), "");
        check(&format!("/{}", "x".repeat(100_000)), "");
    }
}
