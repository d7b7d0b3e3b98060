//! `quietus audit`: who ordered what.

use std::path::PathBuf;

use jiff::Timestamp;

use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::out::{self, Out};
use crate::audit::{Act, Actor, AuditRow, Object};
use crate::operations::Operations;
use crate::operations::audit::{self, AuditFilter};

#[derive(clap::Subcommand)]
pub(super) enum Audit {
    List(List),
    Export(Export),
}

/// List who ordered what, newest first
///
/// Every act that changes something leaves a row: who ordered it, its object, and its result. Rows are chained, so that a
/// changed or missing row shows. No row holds personal data of the people who are erased.
#[derive(clap::Args)]
pub(super) struct List {
    /// Only acts of this actor, such as `cli:root`
    #[arg(long, value_name = "ACTOR")]
    actor: Option<String>,
    /// Only this act, such as `erasure.approve`
    #[arg(long, value_name = "ACT", value_parser = clap::builder::PossibleValuesParser::new(Act::ALL.map(Act::as_str)))]
    act: Option<String>,
    /// Only acts on this object, such as `erasure:e-…` or `target:crm`
    #[arg(long, value_name = "OBJECT")]
    object: Option<String>,
    /// Only acts since then, such as `2026-11-01T00:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Go on where a list ended: the cursor that it showed
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<u64>,
}

/// Write the audit as JSON lines, to be kept elsewhere
///
/// The first line says what follows, with the hash of the last row: it shows later whether rows were taken away. Nothing is
/// written beyond a row that was changed, and the exit code is 4.
#[derive(clap::Args)]
pub(super) struct Export {
    /// From this number on
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Audit {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => list.run(on, out).await,
            Self::Export(export) => export.run(on, out).await,
        }
    }
}

impl List {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let filter = AuditFilter {
            cursor: self.cursor,
            limit: self.limit,
            actor: self.actor.map(Actor::named),
            act: self.act.and_then(|act| act.parse().ok()),
            object: self.object.map(Object::written),
            since: self.since,
        };
        let listed = audit::list(on, filter).await?;
        if out.is_json() {
            out.json(&listed)?;
            return Ok(Exit::Done);
        }
        out.table(["TIME", "ACTOR", "ACT", "OBJECT", "RESULT"], listed.rows.iter().map(row))?;
        if let Some(next) = listed.next {
            out.note(format_args!("there may be more: --cursor {next}"));
        }
        Ok(Exit::Done)
    }
}

fn row(row: &AuditRow) -> [String; 5] {
    let said = &row.statement;
    [
        out::time(said.at),
        said.actor.to_string(),
        said.act.clone(),
        said.object.to_string(),
        said.result.clone(),
    ]
}

impl Export {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let Some(path) = &self.out else {
            audit::export(on, self.from, out).await?;
            return Ok(Exit::Done);
        };
        let rows = write_whole(path, async |sink| Ok(audit::export(on, self.from, sink).await?)).await?;
        if out.is_json() {
            out.json(&serde_json::json!({ "rows": rows, "file": path }))?;
        } else {
            out.line(format_args!("wrote {rows} rows into {}", path.display()))?;
        }
        Ok(Exit::Done)
    }
}
