//! `quietus audit`: who ordered what.

use std::path::PathBuf;

use jiff::Timestamp;

use super::context::{Global, with_operations};
use super::exit::{Exit, Failure};
use super::files::{open, write_whole};
use super::out::{self, BAD, GOOD, Out};
use crate::audit::{Act, Actor, AuditRow, Object};
use crate::ledger::{AuditRange, Cursor};
use crate::operations::Operations;
use crate::operations::audit::{self, NotVerified, Verified};

#[derive(clap::Subcommand)]
pub(super) enum Audit {
    List(List),
    Export(Export),
    Verify(Verify),
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
    #[arg(long)]
    cursor: Option<Cursor>,
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

/// Verify an exported audit: numbers, links, hashes
///
/// What the file does not contain cannot be missed by it: keep the hash of the newest row elsewhere, and compare.
#[derive(clap::Args)]
pub(super) struct Verify {
    /// A file that `quietus audit export` wrote; `-` is standard input
    file: PathBuf,
}

impl Audit {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => with_operations(global, async |on| list.run(on, out).await),
            Self::Export(export) => with_operations(global, async |on| export.run(on, out).await),
            Self::Verify(verify) => verify.run(out),
        }
    }
}

impl List {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let range = AuditRange {
            cursor: self.cursor.unwrap_or(Cursor::NEWEST),
            limit: self.limit,
            actor: self.actor.map(Actor::named),
            act: self.act.and_then(|act| act.parse().ok()),
            object: self.object.map(Object::written),
            since: self.since,
        };
        let page = audit::list(on, &range).await?;
        if out.is_json() {
            out.json(&page.items)?;
        } else {
            out.table(["TIME", "ACTOR", "ACT", "OBJECT", "RESULT"], page.items.iter().map(row))?;
        }
        out.next_page(page.next);
        Ok(Exit::Done)
    }
}

fn row(row: &AuditRow) -> [String; 5] {
    let said = &row.statement;
    [out::time(said.at), said.actor.to_string(), said.act.clone(), said.object.to_string(), said.result.clone()]
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

impl Verify {
    fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let verified = match audit::verify(open(&self.file)?) {
            Err(NotVerified::Read(error)) => return Err(error.into()),
            other => other,
        };
        if out.is_json() {
            let range = verified.as_ref().ok().and_then(Option::as_ref);
            out.json(&serde_json::json!({
                "verified": verified.is_ok(),
                "first": range.map(|range| range.first),
                "last": range.map(|range| range.last),
                "head": range.map(|range| &range.head),
                "problem": verified.as_ref().err().map(ToString::to_string),
            }))?;
        } else {
            match &verified {
                Err(problem) => out.marked(BAD, "✗", format_args!("not verified: {problem}"))?,
                Ok(None) => out.marked(GOOD, "✓", "no rows")?,
                Ok(Some(Verified { first, last, head })) => {
                    out.marked(GOOD, "✓", format_args!("rows {first} to {last} are verified; the last one is {head}"))?;
                }
            }
        }
        if let Ok(Some(range)) = &verified
            && range.first > 1
        {
            out.note(format_args!("the chain starts at row {}; what came before is not in this file", range.first));
        }
        Ok(Exit::when(verified.is_ok()))
    }
}
