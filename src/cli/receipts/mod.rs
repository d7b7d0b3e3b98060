//! `quietus receipts`: the proof. Verifying needs neither the configuration nor the ledger.

mod export;
mod verify;

use std::io;
use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::installation::Installation;
use super::out::{self, Out};
use super::{Global, on_installation};
use crate::ledger::ReceiptRange;
use crate::receipt::{Receipt, StepStatement};

#[derive(clap::Subcommand)]
pub(super) enum Receipts {
    /// List receipts in the order of the chain
    List {
        /// From this number on [default: the newest ones]
        #[arg(long)]
        from: Option<u64>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one receipt
    Show { sequence: u64 },
    /// Write receipts as JSON lines, to be kept elsewhere and verified by anyone
    Export {
        /// From this number on
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// Into this file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Verify exported receipts: signatures, numbers, links
    Verify(verify::Verify),
}

impl Receipts {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List { from, limit } => on_installation(global, async |on| list(on, from, limit, out).await),
            Self::Show { sequence } => on_installation(global, async |on| show(on, sequence, out).await),
            Self::Export { from, out: file } => {
                on_installation(global, async |on| export::run(on, from, file.as_deref(), out).await)
            }
            Self::Verify(verify) => verify.run(out),
        }
    }
}

async fn list(installation: &Installation, from: Option<u64>, limit: u32, out: &mut Out) -> Result<Exit, Failure> {
    let newest = installation.ledger.receipt_head().await?.map_or(0, |head| head.sequence);
    let from = from.unwrap_or_else(|| (newest + 1).saturating_sub(limit.into())).max(1);
    let receipts = installation.ledger.receipts(&ReceiptRange { from, limit }).await?;
    if out.is_json() {
        out.json(&receipts)?
    } else {
        table(&receipts, out)?
    }
    Ok(Exit::Done)
}

/// One row per receipt.
pub(super) fn table(receipts: &[Receipt], out: &mut Out) -> io::Result<()> {
    let row = |receipt: &Receipt| {
        let said = &receipt.statement;
        let outcomes = said.steps.iter().map(|step| format!("{}: {}", step.target, step.outcome.as_str()));
        let outcomes = outcomes.collect::<Vec<_>>().join(", ");
        [said.sequence.to_string(), out::time(said.ended), said.subject.clone(), said.state.as_str().into(), outcomes]
    };
    out.table(["RECEIPT", "ENDED", "SUBJECT", "STATE", "OUTCOMES"], receipts.iter().map(row))
}

async fn show(installation: &Installation, sequence: u64, out: &mut Out) -> Result<Exit, Failure> {
    let found = installation.ledger.receipts(&ReceiptRange { from: sequence, limit: 1 }).await?;
    let Some(receipt) = found.into_iter().find(|receipt| receipt.statement.sequence == sequence) else {
        out.error(&format!("there is no receipt {sequence}"));
        return Ok(Exit::No);
    };
    if out.is_json() {
        out.json(&receipt)?;
        return Ok(Exit::Done);
    }
    let said = &receipt.statement;
    out.line(format_args!("receipt   {}", said.sequence))?;
    out.line(format_args!("erasure   {} ({})", said.erasure, said.state.as_str()))?;
    out.line(format_args!("subject   {} (scope: {})", said.subject, said.scope.as_str()))?;
    out.line(format_args!("rules     {}", said.rules.join(", ")))?;
    out.line(format_args!("sessions  {}", said.sessions))?;
    out.line(format_args!("created   {}", out::time(said.created)))?;
    out.line(format_args!("begun     {}", out::time_or_dash(said.begun)))?;
    out.line(format_args!("ended     {}", out::time(said.ended)))?;
    out.line(format_args!("previous  {}", said.previous))?;
    out.line(format_args!("signature {}", receipt.signature))?;
    let row = |step: &StepStatement| {
        let counts = step.counts.iter().map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ");
        let (erased, verified) = (out::time_or_dash(step.erased_at), out::time_or_dash(step.verified_at));
        let reason = step.reason.clone().unwrap_or_default();
        [step.target.to_string(), step.outcome.as_str().to_owned(), counts, erased, verified, reason]
    };
    out.line("")?;
    out.table(["TARGET", "OUTCOME", "COUNTS", "ERASED", "VERIFIED", "REASON"], said.steps.iter().map(row))?;
    Ok(Exit::Done)
}
