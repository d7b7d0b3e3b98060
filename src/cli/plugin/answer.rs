//! What a plugin answered to one request, for people and for scripts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::heard::Line;
use super::run::Method;
use crate::cli::out::{BAD, GOOD, Out};
use crate::erasure::Outcome;
use crate::target::{Answer, Evidence, TargetError};

/// One request and its end.
#[derive(Serialize)]
pub(super) struct Told {
    pub(super) method: Method,
    #[serde(flatten)]
    pub(super) end: End,
    pub(super) duration_ms: u64,
    pub(super) log: Vec<Line>,
}

/// How the request ended.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum End {
    Healthy {
        healthy: bool,
    },
    Answered {
        outcome: Outcome,
        reason: Option<String>,
        counts: BTreeMap<String, u64>,
        verify_after_s: Option<u64>,
        #[serde(flatten)]
        evidence: Evidence,
    },
    Failed {
        error: &'static str,
        message: String,
    },
}

impl End {
    pub(super) fn of_health(health: Result<(), TargetError>) -> Self {
        health.map_or_else(Self::of_error, |()| Self::Healthy { healthy: true })
    }

    pub(super) fn of_answer(answer: Result<Answer, TargetError>) -> Self {
        answer.map_or_else(Self::of_error, |answer| Self::Answered {
            outcome: answer.outcome,
            reason: answer.reason,
            counts: answer.counts,
            verify_after_s: answer.verify_after.as_ref().map(Duration::as_secs),
            evidence: answer.evidence,
        })
    }

    fn of_error(error: TargetError) -> Self {
        let class = match &error {
            TargetError::Retryable(_) => "retryable",
            TargetError::RateLimited { .. } => "rate_limited",
            TargetError::Permanent(_) => "permanent",
            TargetError::NeedsOperator(_) => "needs_operator",
            TargetError::Later { .. } => "accepted",
            TargetError::NotYet { .. } => "not_yet",
            TargetError::Cancelled => "cancelled",
        };
        Self::Failed { error: class, message: error.to_string() }
    }

    /// It could not even be asked.
    pub(super) fn not_started(why: String) -> Self {
        Self::Failed { error: "not_started", message: why }
    }

    /// Whether what was asked for is so.
    pub(super) fn is_good(&self, method: Method) -> bool {
        match self {
            Self::Healthy { healthy } => *healthy,
            Self::Answered { outcome: Outcome::Erased | Outcome::Absent | Outcome::Retained, .. } => true,
            // What a dry run should say of what is there.
            Self::Answered { outcome: Outcome::Residual, .. } => method == Method::DryRun,
            Self::Answered { .. } | Self::Failed { .. } => false,
        }
    }
}

impl Told {
    pub(super) fn show(&self, out: &mut Out) -> std::io::Result<()> {
        if out.is_json() {
            return out.json(self);
        }
        let (style, mark) = if self.end.is_good(self.method) { (GOOD, "✓") } else { (BAD, "✗") };
        let method = self.method.as_str();
        match &self.end {
            End::Healthy { .. } => out.marked(style, mark, format_args!("{method}: it works"))?,
            End::Failed { error, message } => out.marked(style, mark, format_args!("{method}: {error}: {message}"))?,
            End::Answered { outcome, reason, counts, verify_after_s, evidence } => {
                out.marked(style, mark, format_args!("{method}: {}", outcome.as_str()))?;
                if let Some(reason) = reason {
                    out.line(format_args!("reason  {reason}"))?;
                }
                if !counts.is_empty() {
                    let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
                    out.line(format_args!("counts  {}", counts.join(", ")))?;
                }
                let looks = [
                    ("looked at    ", &*evidence.looked_at),
                    ("not looked at", &*evidence.not_looked_at),
                    ("keeps        ", evidence.keeps.as_deref().unwrap_or_default()),
                ];
                for (what, places) in looks.iter().filter(|(_, places)| !places.is_empty()) {
                    out.line(format_args!("{what}  {}", places.join(", ")))?;
                }
                if let Some(seconds) = verify_after_s {
                    out.line(format_args!("verify  makes sense after {seconds} s"))?;
                }
            }
        }
        out.line(format_args!("took    {} ms", self.duration_ms))?;
        for line in &self.log {
            out.line(format_args!("log     {}: {}", line.level, line.text))?;
        }
        Ok(())
    }
}
