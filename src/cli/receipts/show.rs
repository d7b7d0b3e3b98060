//! `quietus receipts show`: everything that one receipt says.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use crate::cli::advice;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, Out};
use crate::cli::rechecks;
use crate::cli::words::lost;
use crate::erasure::Verdict;
use crate::operations::{Operations, receipts, recheck};
use crate::receipt::{Advised, FollowedStatement, Receipt, StepStatement, advised};

pub(super) async fn run(on: &Operations, sequence: u64, out: &mut Out) -> Result<Exit, Failure> {
    let receipt = receipts::show(on, sequence).await?;
    if out.is_json() {
        out.json(&Shown { advice: advised(&receipt.statement), receipt: &receipt })?
    } else {
        text(&receipt, out)?;
        rechecks::write(&recheck::of_one(on, receipt.statement.erasure).await?, out)?;
    }
    Ok(Exit::Done)
}

/// A receipt as it is signed, and beside it what to do, which nobody has signed.
#[derive(Serialize)]
struct Shown<'r> {
    #[serde(flatten)]
    receipt: &'r Receipt,
    advice: Vec<Advised>,
}

fn text(receipt: &Receipt, out: &mut Out) -> io::Result<()> {
    let said = &receipt.statement;
    out.line(format_args!("receipt   {}", said.sequence))?;
    out.line(format_args!("verdict   {}", said.verdict))?;
    out.line(format_args!("erasure   {} ({})", said.erasure, said.state.as_str()))?;
    out.line(format_args!("subject   {} (scope: {})", said.subject, said.scope.as_str()))?;
    out.line(format_args!("rules     {}", said.rules.join(", ")))?;
    for followed in &said.follows {
        out.line(format_args!("follows   {}", follows(followed)))?;
    }
    if let Some(approved) = said.approved {
        out.line(format_args!("approved  {}", out::time(approved)))?;
    }
    if let Some(confirmed) = &said.confirmed {
        out.line(format_args!("confirmed {} (by {})", out::time(confirmed.at), confirmed.by))?;
    }
    out.line(format_args!("sessions  {}", said.sessions))?;
    if !said.consent_versions.is_empty() {
        out.line(format_args!("consent   {}", said.consent_versions.join(", ")))?;
    }
    out.line(format_args!("created   {}", out::time(said.created)))?;
    out.line(format_args!("begun     {}", out::time_or_dash(said.begun)))?;
    out.line(format_args!("ended     {}", out::time(said.ended)))?;
    if let Some(gap) = &said.gap {
        out.line(format_args!("gap       {}", lost(gap)))?;
    }
    out.line(format_args!("previous  {}", said.previous))?;
    out.line(format_args!("key       {}", said.key))?;
    out.line(format_args!("signature {}", receipt.signature))?;
    if !said.reasons.is_empty() {
        out.line("")?;
        let reasons = advised(said);
        out.table(["REASON", "TARGET", "LOWERS TO", "MEANING", "DETAIL"], reasons.iter().map(reason_row))?;
        let lower: Vec<_> = reasons.into_iter().filter(|one| one.lowers).collect();
        if !lower.is_empty() {
            out.line("")?;
            advice::write(&lower, out)?;
        }
    }
    out.line("")?;
    out.table(["TARGET", "OUTCOME", "COUNTS", "ERASED", "VERIFIED", "REASON"], said.steps.iter().map(step_row))?;
    for step in &said.steps {
        looks(step, out)?;
    }
    Ok(())
}

/// Which receipt it was, as far as it says.
fn follows(followed: &FollowedStatement) -> String {
    match followed.sequence {
        Some(sequence) => format!("receipt {sequence}, of {}", followed.erasure),
        None => format!("the receipt of {}", followed.erasure),
    }
}

fn reason_row(one: &Advised) -> [String; 5] {
    let reason = &one.reason;
    let code = match reason.count {
        Some(count) => format!("{}: {count}", reason.code),
        None => reason.code.clone(),
    };
    let target = reason.target.as_ref().map(ToString::to_string).unwrap_or_default();
    let lowers = match (one.lowers, one.allows) {
        (false, _) => "-",
        (true, None) => "not known",
        (true, Some(verdict)) => Verdict::as_str(verdict),
    };
    [code, target, lowers.to_owned(), one.meaning.to_owned(), reason.detail.clone().unwrap_or_default()]
}

fn step_row(step: &StepStatement) -> [String; 6] {
    let erased = out::time_or_dash(step.erased_at);
    let verified = out::time_or_dash(step.verified_at);
    let reason = step.reason.clone().unwrap_or_default();
    [step.target.to_string(), step.outcome.as_str().to_owned(), counted(&step.counts), erased, verified, reason]
}

/// What the target looked at, what not, and what is still there.
fn looks(step: &StepStatement, out: &mut Out) -> io::Result<()> {
    let said = [
        ("looked at", step.looked_at.join(", ")),
        ("did not look at", step.not_looked_at.join(", ")),
        ("keeps", step.keeps.join(", ")),
        ("left", counted(&step.left)),
        ("left, as accepted", counted(&step.accepted)),
    ];
    for (what, which) in said.iter().filter(|(_, which)| !which.is_empty()) {
        out.line(format_args!("{} {what}: {which}", step.target))?;
    }
    Ok(())
}

fn counted(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
    counts.join(", ")
}

#[cfg(test)]
mod tests;
