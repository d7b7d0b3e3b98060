//! What needs a person: what there is of it, and who does not want to be told of what.

use super::{OperationError, Operations};
use crate::attention::{Attention, Code, MuteEnd, Severity};
use crate::audit::{Actor, Object};

/// Which of it to list or to mute.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttentionFilter {
    /// At least so severe.
    pub(crate) severity: Option<Severity>,
    pub(crate) code: Option<Code>,
    pub(crate) object: Option<Object>,
    /// Only what is still about the same as when somebody saw it: its digest.
    pub(crate) seen: Option<String>,
}

impl AttentionFilter {
    fn passes(&self, found: &Attention) -> bool {
        self.severity.is_none_or(|severity| found.severity >= severity)
            && self.code.is_none_or(|code| found.code == code)
            && self.object.as_ref().is_none_or(|object| found.object == *object)
            && self.seen.as_ref().is_none_or(|seen| found.digest() == *seen)
    }
}

/// Lists what needs a person or is worth knowing, the most severe first, what is muted included.
pub(crate) async fn list(on: &Operations, filter: &AttentionFilter) -> Result<Vec<Attention>, OperationError> {
    let mut all = on.ledger.attention(&on.settings.limits).await?;
    all.retain(|found| filter.passes(found));
    Ok(all)
}

/// Mutes all that passes the filter, as it is now; none of it where some cannot be muted so. Returns what was muted.
pub(crate) async fn mute(
    on: &Operations,
    filter: &AttentionFilter,
    end: MuteEnd,
    by: &Actor,
) -> Result<Vec<Attention>, OperationError> {
    let shown = list(on, filter).await?;
    if shown.is_empty() {
        return Err(OperationError::NotFound("nothing of this needs a person now".into()));
    }
    for found in &shown {
        let allowed = found.may_be_muted(end);
        allowed.map_err(|why| OperationError::Conflict(format!("{} {} {why}", found.code.as_str(), found.object)))?;
    }
    for found in &shown {
        on.ledger.mute_attention(found, end, by).await?;
    }
    Ok(shown)
}

/// Ends the mutes of all that passes the filter. A mute of something that is not there now is found by its code and object.
/// Returns how many there were.
pub(crate) async fn unmute(on: &Operations, filter: &AttentionFilter, by: &Actor) -> Result<u64, OperationError> {
    let muted = match (filter.code, &filter.object) {
        (Some(code), Some(object)) => vec![(code, object.clone())],
        _ => {
            let shown = list(on, filter).await?.into_iter();
            shown.filter(|found| found.muted.is_some()).map(|found| (found.code, found.object)).collect()
        }
    };
    let mut ended = 0;
    for (code, object) in muted {
        ended += u64::from(on.ledger.unmute_attention(code, &object, by).await?);
    }
    if ended == 0 {
        return Err(OperationError::Conflict("nothing of this is muted".into()));
    }
    Ok(ended)
}
