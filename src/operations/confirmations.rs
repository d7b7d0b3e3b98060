//! Using a link that was mailed to whoever a form names. Nobody orders it by name: whoever has the link has read the mail.

use super::{OperationError, Operations};
use crate::erasure::confirmation::{LinkProof, LinkToken};
use crate::ledger::Confirmed;

/// Lets the erasure begin that waits for this link. Says the same of a link that was used before, as a button is clicked twice.
pub(crate) async fn confirm(on: &Operations, token: LinkToken) -> Result<Confirmed, OperationError> {
    let keys = on.keys().await?;
    Ok(on.ledger.confirm_erasure(&LinkProof::new(token, &keys.index)).await?)
}
