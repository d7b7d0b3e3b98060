//! Orders that a program sends again because it has heard no answer. The account's key names the order; what was answered is kept for a day,
//! and what was ordered only as a digest under the index key, as it may be about a person.

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use super::{OperationError, Operations};
use crate::access::AccountName;
use crate::ledger::{KeptAnswer, KeyedOrder, LedgerError, OrderClaim};

/// After so long, an order that has no answer is under way no more: the process that did it has died.
const UNDER_WAY_MAX: SignedDuration = SignedDuration::from_mins(10);

/// What came of claiming an order.
#[derive(Debug)]
pub(crate) enum Claimed {
    /// It is to be done, and then to be ended by one of [`keep`] and [`release`].
    First(KeyedOrder),
    Answered(KeptAnswer),
    UnderWay,
}

/// Claims an order, made of `parts`, before it is done. Refuses where another one came under its key, and where nobody knows how it ended.
pub(crate) async fn claim(
    on: &Operations,
    account: &AccountName,
    key: &str,
    parts: &[&[u8]],
) -> Result<Claimed, OperationError> {
    let keys = on.keys().await?;
    // Not under the index key: that may be replaced meanwhile, and then the order would be done twice.
    let id = Sha256::new().chain_update(account.as_str()).chain_update([0u8]).chain_update(key).finalize();
    let order = KeyedOrder::new(hex::encode(id), &keys.index, parts);
    let known = match on.ledger.claim_order(&order).await? {
        OrderClaim::New => return Ok(Claimed::First(order)),
        OrderClaim::Known(known) => known,
    };
    if !known.is_same {
        let why = "another order came with this `Idempotency-Key`; give each order a key of its own";
        return Err(OperationError::Conflict(why.to_owned()));
    }
    if let Some(answer) = known.answer {
        return Ok(Claimed::Answered(answer));
    }
    let begun = known.claimed;
    if on.ledger.clock().await?.now.duration_since(begun) < UNDER_WAY_MAX {
        return Ok(Claimed::UnderWay);
    }
    Err(OperationError::Conflict(format!(
        "this order was begun at {begun}, and nobody knows how it ended: look whether it was done, and send it with another \
         `Idempotency-Key` where it was not"
    )))
}

/// Keeps what was answered. The order is done by then, so that where it cannot be kept, that is only told of.
pub(crate) async fn keep(on: &Operations, order: &KeyedOrder, answer: &KeptAnswer) {
    told(on.ledger.keep_answer(order, answer).await);
}

/// Forgets an order that was refused and has changed nothing.
pub(crate) async fn release(on: &Operations, order: &KeyedOrder) {
    told(on.ledger.release_order(order).await);
}

fn told(written: Result<(), LedgerError>) {
    if let Err(error) = written {
        let error = anyhow::Error::from(error);
        tracing::warn!(error = format!("{error:#}"), "the answer to an order is not kept: sent again, it is refused");
    }
}
