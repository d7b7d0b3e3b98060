//! `quietus audit`: who ordered what.

use std::cell::Cell;
use std::path::PathBuf;

use jiff::Timestamp;

use super::archive::{Archive, unseen};
use super::bar;
use super::context::{Global, with_operations};
use super::exit::{Exit, Failure};
use super::files::{bytes, each, public_key, write_whole};
use super::out::{self, BAD, GOOD, Out};
use crate::audit::{Act, Actor, AuditRow, Object};
use crate::chain::Head;
use crate::ledger::{AuditRange, Cursor};
use crate::operations::Operations;
use crate::operations::audit::{self, NotVerified, Verified};
use crate::receipt::ChainName;

#[derive(clap::Subcommand)]
pub(super) enum Audit {
    List(List),
    Export(Export),
    /// Move the oldest rows of the audit out of the ledger into a file of `retention.archive_dir`, which is verified first
    ///
    /// Only the oldest ones move, without a gap between them. A server does the same by itself. The ledger keeps a signed checkpoint,
    /// after which its chain goes on.
    Archive(Archive),
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

/// Verify an exported audit and archives of it: numbers, links, hashes
///
/// Several files are verified as one chain: the archives in their order, then an export of what is still in the ledger. What the
/// files do not contain cannot be missed by them: keep the hash of the newest row elsewhere, and compare.
#[derive(clap::Args)]
pub(super) struct Verify {
    /// Files that `quietus audit archive` or `export` wrote, in the order of the chain; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The public key of the receipts, which must have signed what an archive is said to be, as hex, or `@FILE`; may be repeated
    /// [default: the file's own, which proves nothing about who signed]
    #[arg(long = "public-key", value_name = "HEX|@FILE")]
    public_keys: Vec<String>,
}

impl Audit {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => with_operations(global, async |on| list.run(on, out).await),
            Self::Export(export) => with_operations(global, async |on| export.run(on, out).await),
            Self::Archive(archive) => with_operations(global, async |on| archive.run(on, ChainName::Audit, out).await),
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
        let bar = bar::counting("lines written");
        let written =
            write_whole(path, async |sink| Ok(audit::export(on, self.from, &mut bar::Lines::of(sink, &bar)).await?))
                .await;
        // Before anything is shown: the bar would stand beside it.
        bar.finish_and_clear();
        let rows = written?;
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
        let trusted = self.public_keys.iter().map(|key| public_key(key)).collect::<Result<Vec<_>, _>>()?;
        let current = Cell::new(None);
        let bar = bar::bytes(bytes(&self.files));
        let verified = audit::verify(each(&self.files, &current, &bar), &trusted);
        // Before anything is shown: the bar would stand beside it.
        bar.finish_and_clear();
        let verified = match verified {
            Err(NotVerified::Read(error)) => return Err(error.into()),
            other => other,
        };
        let range = verified.as_ref().ok().and_then(Option::as_ref);
        let wrong_file = current.get().filter(|_| self.files.len() > 1);
        let problem = verified.as_ref().err().map(|problem| match wrong_file {
            Some(file) => format!("{}: {problem}", file.display()),
            None => problem.to_string(),
        });
        if out.is_json() {
            out.json(&serde_json::json!({
                "verified": verified.is_ok(),
                "first": range.map(|range| range.first),
                "last": range.map(|range| range.last.sequence),
                "head": range.map(|range| &range.last.hash),
                "not_looked_at": range.and_then(|range| range.unseen.as_ref()),
                "archives_matched": range.map(|range| range.archives),
                "key_was_given": !trusted.is_empty(),
                "problem": problem,
            }))?;
        } else {
            match (range, &problem) {
                (Some(Verified { first, last: Head { sequence, hash }, .. }), _) => {
                    out.marked(
                        GOOD,
                        "✓",
                        format_args!("rows {first} to {sequence} are verified; the last one is {hash}"),
                    )?;
                }
                (None, Some(problem)) => out.marked(BAD, "✗", format_args!("not verified: {problem}"))?,
                (None, None) => out.marked(GOOD, "✓", "no rows")?,
            }
        }
        if let Some(range) = range {
            notes(range, trusted.is_empty(), out);
        }
        Ok(Exit::when(verified.is_ok()))
    }
}

/// What was not looked at, and what it rests on.
fn notes(range: &Verified, is_key_of_file: bool, out: &mut Out) {
    match &range.unseen {
        Some(archive) => out.note(unseen(ChainName::Audit, archive)),
        None if range.first > 1 => {
            out.note(format_args!("the chain starts at row {}; what came before is not in this file", range.first));
        }
        None => {}
    }
    if range.archives > 0 {
        out.note(format_args!("{} archives are the files that their checkpoints name", range.archives));
    }
    if is_key_of_file && (range.archives > 0 || range.unseen.is_some()) {
        out.note(
            "the key of the checkpoints came with the file: this proves nothing about who signed; see --public-key",
        );
    }
}
