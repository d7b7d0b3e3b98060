//! What was answered to orders that may come again.

use async_trait::async_trait;

use super::accounts::{list, run};
use super::job::{Tx, Wakes};
use super::{LedgerError, SqliteLedger};
use crate::ledger::answers::{self as both, Answers, KeptAnswer, KeyedOrder, OrderClaim};

#[async_trait]
impl Answers for SqliteLedger {
    async fn claim_order(&self, order: &KeyedOrder) -> Result<OrderClaim, LedgerError> {
        let order = order.clone();
        let claim = move |tx: &Tx<'_>| {
            if run(tx, both::claim(&order, tx.now))? > 0 {
                return Ok(OrderClaim::New);
            }
            both::claimed(list(tx, both::known(&order), |row| both::read(row, &order))?.pop())
        };
        self.writer.write(Wakes::NoOne, claim).await
    }

    async fn keep_answer(&self, order: &KeyedOrder, answer: &KeptAnswer) -> Result<(), LedgerError> {
        let statement = both::keep(order, answer);
        self.writer.write(Wakes::NoOne, move |tx| run(tx, statement).map(drop)).await
    }

    async fn release_order(&self, order: &KeyedOrder) -> Result<(), LedgerError> {
        let statement = both::release(order);
        self.writer.write(Wakes::NoOne, move |tx| run(tx, statement).map(drop)).await
    }
}

pub(super) fn forget_old(tx: &Tx<'_>) -> Result<(), LedgerError> {
    run(tx, both::forget_old(tx.now)).map(drop)
}
