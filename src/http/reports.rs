//! Reports: a third party to which a target has handed an erasure on reports its outcome here. What it says is in the
//! ledger when it is answered; the worker takes it from there.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use tokio::time::timeout;
use tracing::{error, warn};

use super::body::{NoBody, pass_over, read};
use super::known::Seat;
use super::log_rate_limit::LogRateLimit;
use super::settings::ServerSettings;
use super::unproved::Unproved;
use crate::erasure::{Answer, Reportable};
use crate::keys::{IndexKey, KeyId, SealKey};
use crate::ledger::{Intake, LedgerError, Reported, sealing};
use crate::lock::Replaceable;
use crate::subject::TargetName;
use crate::target::{Said, read_answer};
use crate::verify::only;

/// An outcome, a reason and some counts.
const REPORT_BYTES_MAX: usize = 16 << 10;

/// Takes reports.
pub(crate) struct Reports {
    ledger: Arc<dyn Intake>,
    /// The index key as it is and as it was: a token is good for as long as what was begun under the same key.
    keys: Vec<IndexKey>,
    seal: SealKey,
    settings: Arc<Replaceable<ServerSettings>>,
    refusals: LogRateLimit,
    /// Who reports, whatever the target: no source.
    all: Arc<str>,
}

/// The result of a report that was sent.
#[derive(Debug)]
pub(super) enum Reception {
    Taken,
    /// There was one before, or the step does not wait for it any more.
    TooLate,
    /// The token is not the one that was given out for this step.
    Stranger,
    Wrong(String),
    NoBody(NoBody),
    Busy,
    LedgerBroken,
}

impl Reports {
    pub(crate) fn new(
        ledger: Arc<dyn Intake>,
        index: IndexKey,
        seal: SealKey,
        settings: Arc<Replaceable<ServerSettings>>,
    ) -> Self {
        Self { ledger, keys: index.all(), seal, settings, refusals: LogRateLimit::new(), all: "reports".into() }
    }

    pub(super) async fn take(&self, erasure: &str, target: String, request: Request) -> Reception {
        let settings = self.settings.current();
        let (read_max, record_max) = (settings.body_read_max.0, settings.record_max.0);
        let (parts, body) = request.into_parts();
        let seat = parts.extensions.get::<Arc<Seat>>();
        // Before the body is read: what a stranger sends is thrown away unread.
        let Some((of, under)) = self.reportable(erasure, target, &parts.headers) else {
            if self.refusals.passes() {
                warn!("refused a report, whose token is not its step's; further ones are not logged");
            }
            pass_over(body, read_max, |_| Some(Unproved::new(None, seat.cloned()))).await;
            return Reception::Stranger;
        };
        if let Some(seat) = seat {
            seat.known_to(&self.all);
        }
        let body = match read(body, REPORT_BYTES_MAX, read_max, |_| None).await {
            Ok(body) => body,
            Err(none) => return Reception::NoBody(none),
        };
        let said = quietus_plugin::json::read(&body).map_err(|_| "it is not JSON".to_owned()).and_then(read_answer);
        let answer = match said {
            Ok(Said::Answer(answer)) => answer,
            // Taken, it would end the waiting for a report without an outcome.
            Ok(Said::Accepted { .. }) => return Reception::Wrong("a report names the outcome".into()),
            Err(why) => return Reception::Wrong(why),
        };
        let write = || self.report(&of, &under, &answer);
        match timeout(record_max, sealing(&self.seal, write)).await {
            Ok(Ok(Reported::Taken)) => Reception::Taken,
            Ok(Ok(Reported::TooLate)) => Reception::TooLate,
            Ok(Ok(Reported::Stranger)) => Reception::Stranger,
            Ok(Err(LedgerError::Busy(_) | LedgerError::Damaged(_))) | Err(_) => Reception::Busy,
            Ok(Err(LedgerError::Broken(cause))) => {
                error!(erasure.id = %of.erasure, error = format!("{cause:#}"), "could not record a report");
                Reception::LedgerBroken
            }
        }
    }

    async fn report(&self, of: &Reportable, under: &KeyId, answer: &Answer) -> Result<Reported, LedgerError> {
        self.ledger.report(of, under, &of.seal(answer, &self.seal)).await
    }

    /// What a token is good for, and under which index key it was made.
    fn reportable(&self, erasure: &str, target: String, headers: &HeaderMap) -> Option<(Reportable, KeyId)> {
        let token = only(headers, header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let (erasure, target) = (erasure.parse().ok()?, TargetName(target.into()));
        let under = |key| Some((Reportable::of_token(erasure, target.clone(), token, key)?, key.id().clone()));
        self.keys.iter().find_map(under)
    }
}
