//! Using a link that was mailed to whoever a form or a request names. Nobody orders it by name: whoever has the link has read the mail.

use super::{OperationError, Operations};
use crate::erasure::confirmation::{LinkProof, LinkToken};
use crate::ledger::Confirmed;

/// Lets the erasure begin, or verifies the request, that waits for this link. Says the same of a link that was used before, as a button is clicked twice.
pub(crate) async fn confirm(on: &Operations, token: LinkToken) -> Result<Confirmed, OperationError> {
    let keys = on.keys().await?;
    Ok(on.ledger.use_link(&LinkProof::new(token, &keys.index), &on.settings.limits.calendar).await?)
}
