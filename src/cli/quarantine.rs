//! `quietus quarantine`.

use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, Out};
use crate::ledger::{Cursor, Page, QuarantineId, QuarantineRange, Stored};
use crate::operations::quarantine::{self, Replayed, Shown};
use crate::operations::{OperationError, Operations};
use crate::subject::SourceName;

#[derive(clap::Subcommand)]
pub(super) enum Quarantine {
    /// List what is in quarantine, oldest first
    List {
        /// Only deliveries of this source
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Go on where a list ended: the cursor that it showed
        #[arg(long)]
        cursor: Option<Cursor>,
    },
    /// Show the shape of a delivery, without its values
    Show {
        id: i64,
        /// Show the delivery itself, personal data included
        #[arg(long)]
        reveal: bool,
    },
    /// Read a delivery again, after an upgrade; once it can be read it counts as received
    Replay { id: i64 },
    /// Wipe a delivery that leads to nothing
    Drop { id: i64 },
}

impl Quarantine {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List { source, limit, cursor } => {
                let source = source.map(|name| SourceName(name.into()));
                let all = QuarantineRange::all(cursor.unwrap_or(Cursor::OLDEST), limit);
                let range = QuarantineRange { source, ..all };
                list(&quarantine::list(on, &range).await?, out)
            }
            Self::Show { id, reveal: false } => show(on, QuarantineId(id), Shown::Shape, out).await,
            Self::Show { id, reveal: true } => show(on, QuarantineId(id), Shown::Body, out).await,
            Self::Replay { id } => {
                let replayed = quarantine::replay(on, QuarantineId(id), &actor()).await;
                answer(replayed.map(in_words), out)
            }
            Self::Drop { id } => {
                let dropped = quarantine::drop(on, QuarantineId(id), None, &actor()).await;
                answer(dropped.map(|()| "dropped"), out)
            }
        }
    }
}

fn list(page: &Page<Stored, Cursor>, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&page.items)?;
    } else {
        let row = |s: &Stored| {
            let bytes = s.sealed_bytes.to_string();
            [s.id.0.to_string(), s.source.to_string(), out::time(s.received), bytes, s.reason.clone()]
        };
        out.table(["ID", "SOURCE", "RECEIVED", "BYTES", "REASON"], page.items.iter().map(row))?;
    }
    out.next_page(page.next);
    Ok(Exit::Done)
}

async fn show(on: &Operations, id: QuarantineId, shown: Shown, out: &mut Out) -> Result<Exit, Failure> {
    let delivery = match quarantine::show(on, id, shown, &actor()).await {
        Ok(delivery) => delivery,
        Err(error) => return answer(Err(error), out),
    };
    if out.is_json() {
        let member = match shown {
            Shown::Shape => "shape",
            Shown::Body => "body",
        };
        out.json(&json!({
            "id": id, "source": delivery.source, "reason": delivery.reason, member: delivery.content,
        }))?;
    } else {
        out.line(format_args!("source    {}", delivery.source))?;
        out.line(format_args!("reason    {}", delivery.reason))?;
        out.line("")?;
        out.line(delivery.content)?;
    }
    Ok(Exit::Done)
}

fn in_words(replayed: Replayed) -> &'static str {
    match replayed {
        Replayed::Recorded => "recorded, and taken out of quarantine",
        Replayed::Duplicate => "it was received before; dropped",
        Replayed::ForeignTenant => "it is of a tenant that the source does not list; dropped",
        Replayed::Ignored => "it leads to nothing; dropped",
    }
}

/// Says what was done, or why it was not: that a delivery stays is an answer and no error.
fn answer(result: Result<&str, OperationError>, out: &mut Out) -> Result<Exit, Failure> {
    let (done, what) = match result {
        Ok(what) => (true, what.to_owned()),
        Err(OperationError::NotFound(_)) => (false, "there is no such delivery".to_owned()),
        Err(OperationError::Conflict(why)) => (false, why),
        Err(error) => return Err(error.into()),
    };
    if out.is_json() {
        out.json(&json!({ "done": done, "what": what }))?;
    } else {
        out.line(what)?;
    }
    Ok(Exit::when(done))
}
