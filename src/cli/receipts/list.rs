//! `quietus receipts list`: one row per receipt.

use std::io;

use jiff::Timestamp;

use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, Out};
use crate::cli::words::subject;
use crate::erasure::{ReasonCode, Verdict};
use crate::ledger::{Cursor, Page, ReceiptRange};
use crate::operations::Operations;
use crate::operations::receipts::{self, Totals};
use crate::receipt::{Receipt, Statement};

#[derive(clap::Args)]
pub(crate) struct List {
    /// From this number on [default: the newest ones; with --verdict or --since, from the first one on]
    #[arg(long)]
    from: Option<u64>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Only those with this verdict: complete, retained or incomplete
    #[arg(long)]
    verdict: Option<Verdict>,
    /// Only those of erasures that ended since then, such as `2026-11-01T00:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Go on where a list ended: the cursor that it showed
    #[arg(long, conflicts_with = "from")]
    cursor: Option<Cursor>,
}

impl List {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let range = self.range();
        let Page { mut items, next } = receipts::list(on, &range).await?;
        // A page of the newest ones is shown in the order of the chain, too.
        items.sort_by_key(|receipt| receipt.statement.sequence);
        if out.is_json() {
            out.json(&items)?;
        } else {
            table(&items, out)?;
            out.note(totals(&receipts::totals(on).await?));
        }
        out.next_page(next);
        Ok(Exit::Done)
    }

    fn range(&self) -> ReceiptRange {
        let is_filtered = self.verdict.is_some() || self.since.is_some();
        let first = if is_filtered { Cursor::OLDEST } else { Cursor::NEWEST };
        let cursor = self.cursor.or(self.from.map(Cursor::Up)).unwrap_or(first);
        ReceiptRange { cursor, limit: self.limit, verdict: self.verdict, since: self.since }
    }
}

/// All receipts in numbers, and the incomplete ones that wait for a person.
fn totals(all: &Totals) -> String {
    let mut text = format!("in all {} receipts: {}", all.receipts, all.verdicts);
    if all.unacknowledged > 0 {
        text += &format!(" ({} not acknowledged)", all.unacknowledged);
    }
    if all.archived > 0 {
        text += &format!("; {} more are in archives", all.archived);
    }
    text
}

/// One row per receipt.
pub(in crate::cli) fn table(receipts: &[Receipt], out: &mut Out) -> io::Result<()> {
    let row = |receipt: &Receipt| {
        let said = &receipt.statement;
        [said.sequence.to_string(), out::time(said.ended), said.verdict.to_string(), subject(&said.subject), why(said)]
    };
    out.table(["RECEIPT", "ENDED", "VERDICT", "SUBJECT", "WHY"], receipts.iter().map(row))
}

/// What made the verdict less than complete: each code once.
fn why(said: &Statement) -> String {
    let mut codes: Vec<&str> = Vec::new();
    for reason in &said.reasons {
        let lowers = reason.code.parse().is_ok_and(|code: ReasonCode| code.allows() > Verdict::Complete);
        if lowers && !codes.contains(&reason.code.as_str()) {
            codes.push(&reason.code);
        }
    }
    codes.join(", ")
}

#[cfg(test)]
mod tests;
