//! All consents, a part at a time: of years of sessions, nobody holds all in memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response, StatusCode};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use hyper::body::Frame;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tracing::warn;

use crate::admin::caller::{By, Requests};
use crate::admin::given::Query;
use crate::admin::problem::Problem;
use crate::causes::with_causes;
use crate::ledger::SessionMark;
use crate::operations::consent::{Exported, ExportedSome, Format, export_some};
use crate::operations::{OperationError, Operations};
use crate::subject::InstallationName;

/// Parts that wait for whoever reads: where they are slow, no more is read of the ledger.
const PARTS_WAITING_MAX: usize = 2;

/// Of which company.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExportConsents")]
pub(super) struct Which {
    /// Needed where the account may see several companies, and not all.
    company: Option<String>,
}

pub(super) async fn export(by: By<Requests>, Query(which): Query<Which>) -> Result<JsonLines, Problem> {
    let only = by.listed(which.company.as_deref())?;
    // Before anything is answered: where nothing can be read, that is a problem, and no export that breaks off.
    let first = Part::after(&by.on, only.as_ref(), SessionMark::BEGINNING).await.map_err(|error| by.told(error))?;
    let (sender, lines) = mpsc::channel(PARTS_WAITING_MAX);
    tokio::spawn(write(Arc::clone(&by.on), only, first, sender));
    Ok(JsonLines(lines))
}

/// Some lines, and what is in them.
struct Part {
    lines: Vec<u8>,
    some: ExportedSome,
}

impl Part {
    async fn after(
        on: &Operations,
        only: Option<&InstallationName>,
        after: SessionMark,
    ) -> Result<Self, OperationError> {
        let mut lines = Vec::new();
        let some = export_some(on, only, after, Format::Json, &mut lines).await?;
        Ok(Self { lines, some })
    }
}

/// The last line. Without it, the export has broken off.
#[derive(Serialize)]
struct LastLine {
    end: Exported,
}

type Lines = mpsc::Sender<io::Result<Bytes>>;

/// Has all parts read, until the end or until nobody takes them any more.
async fn write(on: Arc<Operations>, only: Option<InstallationName>, first: Part, lines: Lines) {
    let mut all = Exported::default();
    let mut part = first;
    loop {
        all.add(part.some.exported);
        if !part.lines.is_empty() && lines.send(Ok(part.lines.into())).await.is_err() {
            return;
        }
        let Some(after) = part.some.next else { break };
        part = match Part::after(&on, only.as_ref(), after).await {
            Ok(part) => part,
            Err(error) => {
                warn!(error = with_causes(&error), "an export of consents broke off");
                // The connection is cut: what was answered must not look as if it were all.
                let _ = lines.send(Err(io::Error::other("the ledger cannot be read"))).await;
                return;
            }
        };
    }
    let last = serde_json::to_string(&LastLine { end: all }).expect("numbers are JSON");
    let _ = lines.send(Ok(format!("{last}\n").into())).await;
}

/// Lines, as they come.
pub(super) struct JsonLines(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for JsonLines {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.get_mut().0.poll_recv(context).map(|lines| lines.map(|lines| lines.map(Frame::data)))
    }
}

impl IntoResponse for JsonLines {
    fn into_response(self) -> axum::response::Response {
        let media = HeaderValue::from_static("application/x-ndjson");
        ([(header::CONTENT_TYPE, media)], Body::new(self)).into_response()
    }
}

impl OperationOutput for JsonLines {
    type Inner = String;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let content = [("application/x-ndjson".to_owned(), MediaType::default())].into_iter().collect();
        let description = "a line for each session, as docs/consent.md describes it, and last `{\"end\": {\"sessions\": 2, \"damaged\": 0}}`: without \
             that line, the export has broken off; of what is damaged, nothing can be said";
        Some(Response { description: description.to_owned(), content, ..Response::default() })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        let response = Self::operation_response(ctx, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}
