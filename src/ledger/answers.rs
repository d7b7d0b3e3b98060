//! What was answered to orders that carry a key of whoever sent them, so that the same order is answered the same where it comes again, and
//! is not done once more: the port, and what both backends do alike. What is not there stands as 0 or as an empty text.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::copy::Value;
use super::expiry::ago;
use super::query::Statement;
use super::row::Row;
use super::{LedgerError, broken};
use crate::keys::{Digest, IndexKey};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// An order that may come again.
#[derive(Clone, Debug)]
pub(crate) struct KeyedOrder {
    /// Of the account and its key.
    pub(crate) id: String,
    /// Of what is ordered.
    pub(crate) digest: Digest,
    /// The same under the index keys that were replaced: by these it was known when it came before that.
    pub(crate) before: Vec<Digest>,
}

impl KeyedOrder {
    /// An order, made of `parts`.
    pub(crate) fn new(id: String, key: &IndexKey, parts: &[&[u8]]) -> Self {
        let before = key.all().iter().skip(1).map(|replaced| replaced.seen(parts)).collect();
        Self { id, digest: key.seen(parts), before }
    }

    /// Whether this is how it stands in the ledger.
    fn is(&self, digest: &str) -> bool {
        self.before.iter().chain([&self.digest]).any(|one| hex::encode(one.0) == digest)
    }

    fn digest(&self) -> String {
        hex::encode(self.digest.0)
    }
}

/// What came of claiming an order.
#[derive(Debug)]
pub(crate) enum OrderClaim {
    /// It has not come before: who has claimed it does it.
    New,
    Known(KnownOrder),
}

/// An order that has come before.
#[derive(Debug)]
pub(crate) struct KnownOrder {
    /// Whether it is this one.
    pub(crate) is_same: bool,
    pub(crate) claimed: Timestamp,
    /// Nothing while it is under way, or where nobody knows how it ended.
    pub(crate) answer: Option<KeptAnswer>,
}

/// What was answered. Nothing personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptAnswer {
    /// Of HTTP.
    pub(crate) status: u16,
    /// JSON.
    pub(crate) body: String,
}

/// Orders that may come again.
#[async_trait]
pub(crate) trait Answers: Send + Sync {
    /// Claims an order before it is done. Of several at one moment, one is new.
    async fn claim_order(&self, order: &KeyedOrder) -> Result<OrderClaim, LedgerError>;

    /// Keeps what was answered to an order that was claimed.
    async fn keep_answer(&self, order: &KeyedOrder, answer: &KeptAnswer) -> Result<(), LedgerError>;

    /// Forgets an order that was claimed and has changed nothing.
    async fn release_order(&self, order: &KeyedOrder) -> Result<(), LedgerError>;
}

/// Touches a row where the order is new, or where what was under its key is too old.
pub(super) fn claim(order: &KeyedOrder, now: Timestamp) -> Statement {
    let sql = "INSERT INTO order_answer (id, digest, claimed, status, answer) VALUES ($1, $2, $3, 0, '')
               ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, claimed = excluded.claimed, status = 0, answer = ''
               WHERE order_answer.claimed <= $4";
    let texts = [order.id.clone(), order.digest()].map(Value::Text);
    statement(sql, texts.into_iter().chain([Value::Number(now.as_millisecond()), too_old(now)]))
}

/// The columns of [`read`].
pub(super) fn known(order: &KeyedOrder) -> Statement {
    let sql = "SELECT digest, claimed, status, answer FROM order_answer WHERE id = $1";
    statement(sql, [Value::Text(order.id.clone())])
}

pub(super) fn keep(order: &KeyedOrder, answer: &KeptAnswer) -> Statement {
    let sql = "UPDATE order_answer SET status = $1, answer = $2 WHERE id = $3 AND digest = $4";
    let texts = [answer.body.clone(), order.id.clone(), order.digest()].map(Value::Text);
    statement(sql, [Value::Number(i64::from(answer.status))].into_iter().chain(texts))
}

pub(super) fn release(order: &KeyedOrder) -> Statement {
    let sql = "DELETE FROM order_answer WHERE id = $1 AND digest = $2 AND status = 0";
    statement(sql, [order.id.clone(), order.digest()].map(Value::Text))
}

pub(super) fn forget_old(now: Timestamp) -> Statement {
    statement("DELETE FROM order_answer WHERE claimed <= $1", [too_old(now)])
}

pub(super) fn read(row: &impl Row, order: &KeyedOrder) -> Result<KnownOrder, LedgerError> {
    let is_same = row.text(0)?.is_some_and(|digest| order.is(digest));
    let answer = match row.small(2)? {
        0 => None,
        status => Some(KeptAnswer {
            status: u16::try_from(status).map_err(|_| broken("the status of an answer is none"))?,
            body: row.text(3)?.ok_or_else(|| broken("an answer has no text"))?.to_owned(),
        }),
    };
    Ok(KnownOrder { is_same, claimed: row.time(1)?, answer })
}

/// Who was known a moment ago is known no more: that happens where it is released or grown too old just now.
pub(super) fn claimed(known: Option<KnownOrder>) -> Result<OrderClaim, LedgerError> {
    let meanwhile = || LedgerError::Busy(anyhow::anyhow!("the order was let go of at this moment"));
    known.map(OrderClaim::Known).ok_or_else(meanwhile)
}

fn too_old(now: Timestamp) -> Value {
    Value::Number(ago(now, Some(KEPT)).unwrap_or(Timestamp::MIN).as_millisecond())
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement { sql: sql.to_owned(), values: values.into_iter().collect() }
}
