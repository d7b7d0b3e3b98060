//! `quietus receipts list`: one row per receipt.

use std::io;

use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, Out};
use crate::cli::words::subject;
use crate::erasure::{ReasonCode, Verdict};
use crate::operations::Operations;
use crate::operations::receipts::{self, ReceiptFilter, Totals};
use crate::receipt::{Receipt, Statement};

#[derive(clap::Args)]
pub(crate) struct List {
    /// From this number on [default: the newest ones; with --verdict, from the first one on]
    #[arg(long)]
    from: Option<u64>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Only those with this verdict: complete, retained or incomplete
    #[arg(long)]
    verdict: Option<Verdict>,
}

impl List {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let filter = ReceiptFilter { from: self.from, limit: self.limit, verdict: self.verdict };
        let listed = receipts::list(on, filter).await?;
        if out.is_json() {
            out.json(&listed.receipts)?;
            return Ok(Exit::Done);
        }
        table(&listed.receipts, out)?;
        out.note(totals(&listed.all));
        if let Some(next) = listed.next {
            out.note(format_args!("there may be more: --from {next}"));
        }
        Ok(Exit::Done)
    }
}

/// All receipts in numbers, and the incomplete ones that wait for a person.
fn totals(all: &Totals) -> String {
    let mut text = format!("in all {} receipts: {}", all.receipts, all.verdicts);
    if all.unacknowledged > 0 {
        text += &format!(" ({} not acknowledged)", all.unacknowledged);
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
