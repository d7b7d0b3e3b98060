//! Reading many deliveries in quarantine again, as after an upgrade.

use tracing::warn;

use super::{Replayed, list, replay};
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::ledger::{Cursor, QuarantineRange};
use crate::operations::{OperationError, Operations};
use crate::subject::SourceName;

/// What came of reading many deliveries again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplayedMany {
    /// Events, which now count as received.
    pub(crate) recorded: u64,
    /// Events that were received before.
    pub(crate) duplicate: u64,
    /// Of tenants that the source does not list, and events that lead to nothing.
    pub(crate) ignored: u64,
    /// Those that cannot be read yet, and stay.
    pub(crate) stay: u64,
    /// Those that could not be opened or written, and stay; the log says why.
    pub(crate) failed: u64,
    /// Where the next ones begin, if there are more.
    pub(crate) next: Option<Cursor>,
}

/// Reads the deliveries of a range again, those of sources that `may` says. What was dropped meanwhile is passed over. One that fails does not
/// keep the others.
pub(crate) async fn replay_many(
    on: &Operations,
    range: &QuarantineRange,
    may: impl Fn(&SourceName) -> bool + Send,
    by: &Actor,
) -> Result<ReplayedMany, OperationError> {
    let page = list(on, range).await?;
    let mut came = ReplayedMany { next: page.next, ..ReplayedMany::default() };
    let ids: Vec<_> = page.items.iter().filter(|stored| may(&stored.source)).map(|stored| stored.id).collect();
    for id in ids {
        match replay(on, id, by).await {
            Ok(Replayed::Recorded) => came.recorded += 1,
            Ok(Replayed::Duplicate) => came.duplicate += 1,
            Ok(Replayed::ForeignTenant | Replayed::Ignored) => came.ignored += 1,
            Err(OperationError::Conflict(_)) => came.stay += 1,
            Err(OperationError::NotFound(_)) => {}
            Err(error) => {
                warn!(number = id.0, error = with_causes(&error), "a delivery in quarantine could not be replayed");
                came.failed += 1;
            }
        }
    }
    Ok(came)
}
