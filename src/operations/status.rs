//! Status: what is under way, how targets and processes are, and what needs a person.

use super::{OperationError, Operations};
use crate::attention::Attention;
use crate::ledger::{Counts, ProcessView, RetentionSettings, TargetHealth};

/// The whole deployment, at one moment.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) counts: Counts,
    /// Those that ever had another state than a closed breaker.
    pub(crate) targets: Vec<TargetHealth>,
    pub(crate) processes: Vec<ProcessView>,
    /// The most severe first.
    pub(crate) attention: Vec<Attention>,
    /// How long records are kept.
    pub(crate) retention: RetentionSettings,
}

impl Status {
    /// Whether a person has to act: something that nobody has muted is more than a notice.
    pub(crate) fn needs_a_person(&self) -> bool {
        self.attention.iter().any(Attention::needs_a_person)
    }
}

/// Says how things are.
pub(crate) async fn status(on: &Operations) -> Result<Status, OperationError> {
    let counts = on.ledger.counts().await?;
    let targets = on.ledger.targets().await?;
    let processes = on.ledger.processes().await?;
    let attention = on.ledger.attention(&on.settings.limits).await?;
    Ok(Status { counts, targets, processes, attention, retention: on.settings.retention.clone() })
}
