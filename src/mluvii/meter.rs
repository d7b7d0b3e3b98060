//! What an installation's calls came to, for Prometheus: by what was asked, never by what was asked for.

use std::sync::Arc;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;

use super::error::MluviiError;
use super::transport::Reply;
use crate::subject::InstallationName;

const CALLS: &str = "quietus_mluvii_calls_total";
const SECONDS: &str = "quietus_mluvii_call_seconds";

/// What asking for a token is called, beside the keys of the requests.
pub(super) const TOKEN: &str = "token";

/// And what is asked of webhooks.
pub(super) const WEBHOOKS: &str = "webhooks";

/// Says what is counted. To be called once the metrics are the process's.
pub(crate) fn describe_calls() {
    describe_counter!(
        CALLS,
        "HTTP calls of this process to mluvii, by installation, kind (the key of the request) and result."
    );
    describe_histogram!(SECONDS, Unit::Seconds, "How long HTTP calls of this process to mluvii took.");
}

/// The result of a call, in as few words as an operator reacts to differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallResult {
    Ok,
    Missing,
    /// It will not do this one, or not in this way.
    Refused,
    Unauthorized,
    /// It wants fewer calls.
    Limited,
    /// No answer, an error, or nothing that can be believed.
    Failed,
}

impl CallResult {
    const ALL: [Self; 6] = [Self::Ok, Self::Missing, Self::Refused, Self::Unauthorized, Self::Limited, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Refused => "refused",
            Self::Unauthorized => "unauthorized",
            Self::Limited => "limited",
            Self::Failed => "failed",
        }
    }

    fn of(reply: &Result<Reply, MluviiError>) -> Self {
        match reply {
            Ok(Reply::Done(_)) => Self::Ok,
            Ok(Reply::Missing(_)) => Self::Missing,
            Ok(Reply::Forbidden | Reply::Conflict(_)) => Self::Refused,
            Ok(Reply::Unauthorized | Reply::LoginPage(_)) => Self::Unauthorized,
            Err(MluviiError::Busy { .. }) => Self::Limited,
            Err(MluviiError::Refused(_) | MluviiError::Denied(_) | MluviiError::TooLarge(_)) => Self::Refused,
            Err(MluviiError::Away(_) | MluviiError::Unavailable(_) | MluviiError::Page(_)) => Self::Failed,
        }
    }
}

/// Counts the calls to one installation.
#[derive(Clone, Debug)]
pub(super) struct Meter(Arc<str>);

impl Meter {
    /// Of these kinds of calls, none of which has been made yet.
    pub(super) fn new(installation: &InstallationName, kinds: impl Iterator<Item = &'static str>) -> Self {
        let meter = Self(Arc::clone(&installation.0));
        for kind in kinds.chain([TOKEN, WEBHOOKS]) {
            for result in CallResult::ALL {
                meter.count(kind, result, 0);
            }
            let _ = histogram!(SECONDS, "installation" => Arc::clone(&meter.0), "kind" => kind);
        }
        meter
    }

    /// A call that goes out now.
    pub(super) fn begin(&self, kind: &'static str) -> UnderWay<'_> {
        UnderWay { meter: self, kind, began: Instant::now(), result: CallResult::Failed }
    }

    fn count(&self, kind: &'static str, result: CallResult, by: u64) {
        counter!(CALLS, "installation" => Arc::clone(&self.0), "kind" => kind, "result" => result.as_str())
            .increment(by);
    }
}

/// A call under way. One that is given up, as it takes too long, is dropped, and has failed.
#[must_use]
pub(super) struct UnderWay<'m> {
    meter: &'m Meter,
    kind: &'static str,
    began: Instant,
    result: CallResult,
}

impl UnderWay<'_> {
    pub(super) fn ended(mut self, reply: &Result<Reply, MluviiError>) {
        self.result = CallResult::of(reply);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let Self { meter, kind, began, result } = self;
        meter.count(kind, *result, 1);
        histogram!(SECONDS, "installation" => Arc::clone(&meter.0), "kind" => *kind).record(began.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn calls_are_counted_by_kind_and_result_and_one_that_is_given_up_has_failed() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let meter = Meter::new(&InstallationName("acme".into()), ["look_up_session"].into_iter());
            meter.begin(TOKEN).ended(&Ok(Reply::Done(Zeroizing::default())));
            meter.begin("look_up_session").ended(&Err(MluviiError::Busy { what: String::new(), retry_after: None }));
            drop(meter.begin("look_up_session"));
        });
        let text = recorder.handle().render();
        let count = |kind: &str, result: &str| {
            let series = format!("{CALLS}{{installation=\"acme\",kind=\"{kind}\",result=\"{result}\"}} ");
            let value = text.lines().find_map(|line| line.strip_prefix(&series)).map(str::to_owned);
            value.unwrap_or_else(|| panic!("{series}: {text}"))
        };
        assert_eq!(["ok", "failed"].map(|result| count(TOKEN, result)), ["1", "0"]);
        assert_eq!(["ok", "limited", "failed"].map(|result| count("look_up_session", result)), ["0", "1", "1"]);
    }
}
