//! What an answer means: its status, and the results in its body.

use quietus_plugin::http::Response;
use quietus_plugin::{PluginError, same_letters};
use serde_json::Value;

use super::identifying;
use crate::plan::{Holder, Planned, PlannedMatch, Results, Source};
use crate::template::{Values, scalar};

/// What a status says, where it is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Absent,
    Retained,
}

/// Reads a status, the operator's meanings first.
pub(super) fn verdict(step: &Planned, answer: &Response) -> Result<Verdict, PluginError> {
    let status = answer.status();
    let says = |codes: &[u16]| codes.contains(&status);
    let configured = &step.status;
    match status {
        _ if says(&configured.ok) => return Ok(Verdict::Ok),
        _ if says(&configured.absent) => return Ok(Verdict::Absent),
        _ if says(&configured.retained) => return Ok(Verdict::Retained),
        _ if says(&configured.retry) => return Err(answer.later()),
        _ if says(&configured.needs_operator) => return Err(PluginError::needs_operator(format!("status {status}"))),
        423 | 451 => return Ok(Verdict::Retained),
        _ => answer.check()?,
    }
    Ok(if answer.gone() { Verdict::Absent } else { Verdict::Ok })
}

/// One page of results.
pub(super) struct Page {
    pub(super) document: Value,
    /// All results, of whomever.
    pub(super) results: u64,
    /// Results that match.
    pub(super) matching: u64,
    pub(super) lists: Vec<(String, Vec<Value>)>,
}

impl Page {
    pub(super) fn read(step: &Planned, answer: &Response, values: &Values<'_>) -> Result<Self, PluginError> {
        if answer.status() == 204 {
            return Ok(Self { document: Value::Null, results: 0, matching: 0, lists: step.results.empty_lists() });
        }
        let document: Value = answer.json()?;
        let Results { items, extract, matches } = &step.results;
        let mut lists = step.results.empty_lists();
        let Some(items) = items else {
            for ((_, list), (_, source)) in lists.iter_mut().zip(extract) {
                source.expect(&document)?;
                take(&document, source, list)?;
            }
            let results = lists.iter().map(|(_, list)| list.len() as u64).max().unwrap_or_default();
            return Ok(Self { document, results, matching: results, lists });
        };
        items.expect(&document)?;
        let (mut results, mut matching) = (0, 0);
        for item in items.path.query(&document).all() {
            results += 1;
            if let Some(matches) = matches
                && !matches.fits(item, values)?
            {
                continue;
            }
            matching += 1;
            for ((name, list), (_, source)) in lists.iter_mut().zip(extract) {
                let before = list.len();
                take(item, source, list)?;
                if list.len() == before {
                    // Passed over, it would stay, and the answer would be that nothing was there.
                    return Err(PluginError::permanent(format!("a result has no `{name}`")));
                }
            }
        }
        Ok(Self { document, results, matching, lists })
    }
}

impl Planned {
    /// Whether an answer's body says more than its status.
    pub(super) fn reads_body(&self) -> bool {
        self.results.items.is_some() || !self.results.extract.is_empty() || self.paging.is_some()
    }
}

impl Results {
    fn empty_lists(&self) -> Vec<(String, Vec<Value>)> {
        self.extract.iter().map(|(name, _)| (name.clone(), Vec::new())).collect()
    }
}

impl Source {
    /// Without the list itself, an answer says nothing: another shape of it, such as an error's, must not be read as
    /// "nobody". A `sparse` answer may leave the list out, but has no other shape either.
    fn expect(&self, document: &Value) -> Result<(), PluginError> {
        let (holder, nodes) = match &self.holder {
            Holder::Anywhere => return Ok(()),
            Holder::Root => ("$".to_owned(), vec![document]),
            Holder::List(list) => (list.to_string(), list.query(document).all()),
            Holder::Value => (self.path.to_string(), self.path.query(document).all()),
        };
        if nodes.is_empty() && !self.sparse {
            return Err(PluginError::retryable(format!("the answer has no `{holder}` (see `sparse`)")));
        }
        let is_list = |node: &Value| match node {
            Value::Array(_) | Value::Null => true,
            // At the root, it could be an error.
            Value::Object(results) => matches!(self.holder, Holder::List(_)) && results.values().all(Value::is_object),
            _ => false,
        };
        if matches!(self.holder, Holder::Value) || nodes.into_iter().all(is_list) {
            return Ok(());
        }
        Err(PluginError::retryable(format!("the answer's `{holder}` is no list")))
    }
}

impl PlannedMatch {
    /// Whether one of the item's values is exactly the expected one.
    fn fits(&self, item: &Value, values: &Values<'_>) -> Result<bool, PluginError> {
        let expected = self.equals.render(values, |value| Ok(value.to_owned()))?;
        let same = |text: String| {
            let (text, expected) = (text.trim(), expected.trim());
            text == expected || (self.ignore_case && same_letters(text, expected))
        };
        Ok(self.path.query(item).all().into_iter().filter_map(scalar).any(same))
    }
}

fn take(from: &Value, source: &Source, list: &mut Vec<Value>) -> Result<(), PluginError> {
    for value in source.path.query(from).all() {
        if value.is_null() {
            continue;
        }
        if !identifying(value) {
            let what = "leads to what is neither a text nor a whole number of at most 64 bits";
            return Err(PluginError::permanent(format!("`{}` {what}", source.path)));
        }
        list.push(value.clone());
    }
    Ok(())
}
