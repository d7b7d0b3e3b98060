//! The kit's result: one finding per check. Types only.

use std::time::Duration;

use serde::Serialize;

/// One check and how it ended.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// Stable, in kebab-case.
    pub(crate) id: &'static str,
    /// What holds when the check passes.
    pub(crate) sentence: &'static str,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    #[serde(rename = "duration_ms", serialize_with = "millis")]
    pub(crate) took: Duration,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub(crate) enum Verdict {
    Passed {
        /// What was measured, or what could be better.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    Failed {
        why: String,
        /// What the author should do.
        advice: &'static str,
    },
    Skipped {
        why: String,
    },
}

impl Verdict {
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// What happens while the kit runs.
pub(crate) enum Event<'a> {
    Calls { done: u32, of: u32 },
    Ended(&'a Finding),
}

/// What a check returns: a remark, or why it did not pass.
pub(super) type Checked = Result<Option<String>, Not>;

/// Why a check did not pass.
#[derive(Debug)]
pub(super) enum Not {
    Failed { why: String, advice: &'static str },
    Skipped(String),
}

impl Not {
    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }

    pub(super) fn failed(why: impl Into<String>, advice: &'static str) -> Self {
        Self::Failed { why: why.into(), advice }
    }
}

impl From<Checked> for Verdict {
    fn from(checked: Checked) -> Self {
        match checked {
            Ok(note) => Self::Passed { note },
            Err(Not::Failed { why, advice }) => Self::Failed { why, advice },
            Err(Not::Skipped(why)) => Self::Skipped { why },
        }
    }
}

fn millis<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(took.as_millis().try_into().unwrap_or(u64::MAX))
}
