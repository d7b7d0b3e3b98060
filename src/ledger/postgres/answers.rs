//! What was answered to orders that may come again.

use std::time::Duration;

use async_trait::async_trait;

use super::connection::Pauses;
use super::tx::Tx;
use super::{CONFLICTS_MAX, LedgerError, PostgresLedger, failure};
use crate::ledger::answers::{self as both, Answers, KeptAnswer, KeyedOrder, OrderClaim};

#[async_trait]
impl Answers for PostgresLedger {
    async fn claim_order(&self, order: &KeyedOrder) -> Result<OrderClaim, LedgerError> {
        transact!(self, |tx| claim(tx, order))
    }

    async fn keep_answer(&self, order: &KeyedOrder, answer: &KeptAnswer) -> Result<(), LedgerError> {
        transact!(self, |tx| async { tx.run(&both::keep(order, answer)).await.map(drop) })
    }

    async fn release_order(&self, order: &KeyedOrder) -> Result<(), LedgerError> {
        transact!(self, |tx| async { tx.run(&both::release(order)).await.map(drop) })
    }
}

async fn claim(tx: &Tx, order: &KeyedOrder) -> Result<OrderClaim, LedgerError> {
    if tx.run(&both::claim(order, tx.now)).await? > 0 {
        return Ok(OrderClaim::New);
    }
    let rows = tx.listed(&both::known(order)).await?;
    both::claimed(rows.first().map(|row| both::read(row, order)).transpose()?)
}

pub(super) async fn forget_old(tx: &Tx) -> Result<(), LedgerError> {
    tx.run(&both::forget_old(tx.now)).await.map(drop)
}
