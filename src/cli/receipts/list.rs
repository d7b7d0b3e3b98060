//! `quietus receipts list`: one row per receipt.

use std::io;

use super::super::deployment::Deployment;
use super::super::exit::{Exit, Failure};
use super::super::out::{self, Out};
use super::tally::Tally;
use crate::erasure::{ReasonCode, Verdict};
use crate::ledger::{Counts, ReceiptRange};
use crate::receipt::{Receipt, Statement};

/// Hex digits of a digest that are shown in a list; `receipts show` has all of them.
const DIGEST_DIGITS: usize = 8;

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
    pub(super) async fn run(self, deployment: &Deployment, out: &mut Out) -> Result<Exit, Failure> {
        let newest = deployment.ledger.receipt_head().await?.map_or(0, |head| head.sequence);
        let from = match (self.from, self.verdict) {
            (Some(from), _) => from,
            (None, Some(_)) => 1,
            (None, None) => (newest + 1).saturating_sub(self.limit.into()),
        };
        let range = ReceiptRange { verdict: self.verdict, ..ReceiptRange::all(from.max(1), self.limit) };
        let receipts = deployment.ledger.receipts(&range).await?.items;
        if out.is_json() {
            out.json(&receipts)?;
            return Ok(Exit::Done);
        }
        table(&receipts, out)?;
        out.note(totals(&deployment.ledger.counts().await?));
        let last = receipts.last().map(|receipt| receipt.statement.sequence);
        if let Some(last) = last
            && receipts.len() as u64 == u64::from(self.limit)
            && last < newest
        {
            out.note(format_args!("there may be more: --from {}", last + 1));
        }
        Ok(Exit::Done)
    }
}

/// All receipts in numbers, and the incomplete ones that wait for a person.
fn totals(counts: &Counts) -> String {
    let mut tally = Tally::default();
    for verdict in Verdict::ALL {
        tally.add(verdict, counts.verdicts.get(verdict.as_str()).copied().unwrap_or_default());
    }
    let mut text = format!("in all {} receipts: {tally}", counts.receipts);
    if counts.incomplete_unacknowledged > 0 {
        text += &format!(" ({} not acknowledged)", counts.incomplete_unacknowledged);
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

/// The subject, a digest cut short.
pub(super) fn subject(key: &str) -> String {
    match key.rsplit_once('/') {
        Some((kind, digest)) if !key.starts_with("session:") && digest.is_ascii() && digest.len() > DIGEST_DIGITS => {
            format!("{kind}/{}…", &digest[..DIGEST_DIGITS])
        }
        _ => key.to_owned(),
    }
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
