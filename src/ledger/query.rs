//! The statements that read a page of a list. Both backends speak them alike.

use super::copy::Value;
use super::listing::{AuditRange, PAGE_MAX, surely_before};
use crate::audit::Act;

/// A statement with its values.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

/// Rows of the audit: `entry` and `hash`.
pub(super) fn audit(range: &AuditRange) -> Statement {
    let (first, last) = range.walk.bounds();
    let mut wanted = Conditions::default();
    wanted.add("sequence >= ?", Value::Number(first));
    wanted.add("sequence <= ?", Value::Number(last));
    if let Some(actor) = &range.actor {
        wanted.add("actor = ?", Value::Text(actor.as_str().to_owned()));
    }
    if let Some(act) = range.act {
        wanted.add("act = ?", Value::Text(Act::as_str(act).to_owned()));
    }
    if let Some(object) = &range.object {
        wanted.add("object = ?", Value::Text(object.as_str().to_owned()));
    }
    if let Some(since) = range.since {
        wanted.add("at >= ?", Value::Number(since.as_millisecond()));
        // Without it, whatever is older would be read to find that it is.
        wanted.add(
            "sequence >= (SELECT sequence FROM audit WHERE at >= ? ORDER BY at LIMIT 1)",
            Value::Number(surely_before(since).as_millisecond()),
        );
    }
    let order = range.walk.order();
    wanted.finish("SELECT entry, hash FROM audit", &format!("sequence {order}"), range.limit)
}

/// What rows must be like, all of it. Only what is asked for stands in the statement, so that an index can serve it.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// `?` is the value's place. Places are numbered in the order in which they stand, as one backend counts them and the
    /// other reads them.
    fn add(&mut self, condition: &str, value: Value) {
        self.values.push(value);
        self.texts.push(condition.replace('?', &format!("${}", self.values.len())));
    }

    fn finish(mut self, select: &str, order: &str, limit: u32) -> Statement {
        self.values.push(Value::Number(limit.min(PAGE_MAX).into()));
        let (texts, last) = (self.texts.join(" AND "), self.values.len());
        Statement { sql: format!("{select} WHERE {texts} ORDER BY {order} LIMIT ${last}"), values: self.values }
    }
}
