//! The message: what a request says, as JSON that every receiver gets alike.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quietus_plugin::{Identifier, PluginError, ReportTo, Request, Scope, protocol};
use serde::Serialize;
use zeroize::Zeroizing;

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Erasure,
    Verification,
}

/// A message that is ready to be sent.
pub(crate) struct Message {
    /// The same over all attempts, so that receivers can tell what they have had.
    pub(crate) id: String,
    pub(crate) asks: Asks,
    pub(crate) at: Timestamp,
    /// JSON, and personal.
    pub(crate) body: Zeroizing<Vec<u8>>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    erasure: &'a str,
    idempotency_key: &'a str,
    scope: Scope,
    identifiers: &'a [Identifier],
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report<'a>>,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    to: &'a ReportTo,
    by: Timestamp,
}

impl Asks {
    /// The message's type.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Erasure => "erasure.demanded",
            Self::Verification => "erasure.verification",
        }
    }
}

impl Message {
    pub(crate) fn make(asks: Asks, request: &Request, report_within: Option<Duration>) -> Result<Self, PluginError> {
        let at = Timestamp::now();
        let by = |within| SignedDuration::try_from(within).ok().and_then(|within| at.checked_add(within).ok());
        let report = request.report.as_ref().zip(report_within.and_then(by)).map(|(to, by)| Report { to, by });
        let key = &*request.idempotency_key;
        let envelope = Envelope {
            r#type: asks.as_str(),
            timestamp: at,
            data: Data {
                erasure: &request.erasure,
                idempotency_key: key,
                scope: request.scope,
                identifiers: &request.identifiers,
                report,
            },
        };
        let body = protocol::json(&envelope).map_err(|_| PluginError::permanent("the message is not JSON"))?;
        // A verification has an id of its own: receivers that tell repetitions by the id would drop it after the
        // erasure.
        let id = match asks {
            Asks::Erasure => key.to_owned(),
            Asks::Verification => format!("{key}-verification"),
        };
        Ok(Self { id, asks, at, body })
    }
}
