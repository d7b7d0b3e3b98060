//! `quietus webhook`: whether mluvii calls us, and as it should.

use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use crate::operations::Operations;
use crate::operations::webhooks::{self, Change, Seen, WebhookView};
use crate::subject::SourceName;

#[derive(clap::Subcommand)]
pub(super) enum WebhookCommand {
    /// Compare the webhooks at mluvii with what the sources need (exit code 1 when one is not right)
    Status {
        /// Only of this source
        source: Option<String>,
    },
    /// Have mluvii call a source: register its webhook, or correct the one that is there
    ///
    /// A webhook with another address is never touched. The secret in its URL is the first one of the source's `auth`.
    Register {
        /// The source
        source: String,
    },
    /// Have mluvii no longer call a source: delete the webhooks with its address, and no other
    ///
    /// Refused for a source with `webhook = "managed"`, as a server would register it again: take that out and reload first.
    Unregister {
        /// The source
        source: String,
    },
}

impl WebhookCommand {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Status { source } => {
                let source = source.map(|name| SourceName(name.into()));
                show(&webhooks::status(on, source.as_ref()).await?, out)
            }
            Self::Register { source } => {
                let name = SourceName(source.as_str().into());
                let change = webhooks::register(on, &name, &actor()).await?;
                if out.is_json() {
                    out.json(&json!({ "source": source, "change": change }))?;
                } else {
                    let said = match change {
                        Change::None => "was right, and nothing was changed",
                        Change::Registered => "is registered",
                        Change::Corrected => "is corrected",
                    };
                    out.marked(GOOD, "✓", format_args!("the webhook of source {source} {said}"))?;
                }
                Ok(Exit::Done)
            }
            Self::Unregister { source } => {
                let name = SourceName(source.as_str().into());
                let deleted = webhooks::unregister(on, &name, &actor()).await?;
                if out.is_json() {
                    out.json(&json!({ "source": source, "deleted": deleted }))?;
                } else {
                    out.line(format_args!("{deleted} webhooks of source {source} are deleted at mluvii"))?;
                }
                Ok(Exit::when(deleted > 0))
            }
        }
    }
}

fn show(views: &[WebhookView], out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&views)?;
    } else {
        for view in views {
            show_one(view, out)?;
        }
    }
    Ok(Exit::when(views.iter().all(|view| matches!(view.state, Seen::Right { .. }))))
}

fn show_one(WebhookView { source, address, state, .. }: &WebhookView, out: &mut Out) -> std::io::Result<()> {
    let at = address.as_ref().map(|address| format!(" ({address})")).unwrap_or_default();
    match state {
        Seen::Right { id, also, masked: true } if also.is_empty() => {
            let text = format_args!(
                "source {source}{at}: mluvii has it as it is needed (id {id}), as far as it shows: it masks credentials, which nobody can compare"
            );
            out.marked(GOOD, "✓", text)
        }
        Seen::Right { id, also, .. } if also.is_empty() => {
            out.marked(GOOD, "✓", format_args!("source {source}{at}: mluvii has it as it is needed (id {id})"))
        }
        Seen::Right { id, also, .. } => {
            let also = also.join(", ");
            let text = format_args!(
                "source {source}{at}: mluvii has it (id {id}), and again (id {also}): events come twice, which does no harm"
            );
            out.marked(DOUBTFUL, "!", text)
        }
        Seen::Unknown { reason } => out.marked(DOUBTFUL, "?", format_args!("source {source}{at}: {reason}")),
        Seen::Wrong { .. } | Seen::Missing => {
            let wrong = state.wrong().unwrap_or_default();
            out.marked(BAD, "✗", format_args!("source {source}{at}: {wrong}; then: quietus webhook register {source}"))
        }
    }
}
