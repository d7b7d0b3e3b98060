//! Status: what is under way, how targets and processes are, and what needs a person.

pub(super) mod attention;

pub(crate) use attention::{Attention, Limits, Need, Severity, UnknownConsents};

use jiff::Timestamp;

use super::{OperationError, Operations};
use crate::ledger::{Counts, ProcessView, TargetHealth};

/// The whole deployment, at one moment.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) counts: Counts,
    /// Those that ever had another state than a closed breaker.
    pub(crate) targets: Vec<TargetHealth>,
    pub(crate) processes: Vec<ProcessView>,
    pub(crate) attention: Vec<Attention>,
}

impl Status {
    /// Whether a person has to act: something is more than a notice.
    pub(crate) fn needs_a_person(&self) -> bool {
        self.attention.iter().any(|attention| attention.severity >= Severity::Attention)
    }
}

/// Says how things are.
pub(crate) async fn status(on: &Operations) -> Result<Status, OperationError> {
    let counts = on.ledger.counts().await?;
    let targets = on.ledger.targets().await?;
    let processes = on.ledger.processes().await?;
    let attention = attention::of(&counts, &targets, &on.settings.limits, Timestamp::now());
    Ok(Status { counts, targets, processes, attention })
}
