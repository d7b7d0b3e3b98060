//! What an answer means: its status, and the results in its body.

use quietus_plugin::{ErrorClass, PluginError};
use serde_json::Value;

use super::identifying;
use crate::client::Incoming;
use crate::plan::{Planned, PlannedMatch, Results, Source};
use crate::template::{Values, scalar};

/// What a status says, where it is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Absent,
    Retained,
}

/// Reads a status, the operator's meanings first.
pub(super) fn verdict(step: &Planned, answer: &Incoming) -> Result<Verdict, PluginError> {
    let status = answer.status;
    let says = |codes: &[u16]| codes.contains(&status);
    let configured = &step.status;
    let class = match status {
        _ if says(&configured.ok) => return Ok(Verdict::Ok),
        _ if says(&configured.absent) => return Ok(Verdict::Absent),
        _ if says(&configured.retained) => return Ok(Verdict::Retained),
        _ if says(&configured.retry) => ErrorClass::Retryable,
        _ if says(&configured.needs_operator) => ErrorClass::NeedsOperator,
        200..300 => return Ok(Verdict::Ok),
        404 | 410 => return Ok(Verdict::Absent),
        401 | 403 => ErrorClass::NeedsOperator,
        429 => ErrorClass::RateLimited,
        408 | 425 | 500..600 => ErrorClass::Retryable,
        _ => ErrorClass::Permanent,
    };
    match (class, answer.retry_after) {
        (ErrorClass::Retryable | ErrorClass::RateLimited, Some(pause)) => Err(PluginError::rate_limited(Some(pause))),
        (ErrorClass::RateLimited, None) => Err(PluginError::rate_limited(None)),
        (class, _) => Err(PluginError::new(class, format!("status {status}"))),
    }
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
    pub(super) fn read(step: &Planned, answer: &Incoming, values: &Values<'_>) -> Result<Self, PluginError> {
        if answer.status == 204 {
            return Ok(Self { document: Value::Null, results: 0, matching: 0, lists: step.results.empty_lists() });
        }
        let document: Value =
            serde_json::from_slice(&answer.body).map_err(|_| PluginError::retryable("the answer is not JSON"))?;
        let Results { items, extract, matches, sparse } = &step.results;
        let mut lists = step.results.empty_lists();
        let Some(items) = items else {
            for ((_, list), (_, source)) in lists.iter_mut().zip(extract) {
                if !*sparse {
                    source.expect(&document)?;
                }
                take(&document, source, list)?;
            }
            let results = lists.iter().map(|(_, list)| list.len() as u64).max().unwrap_or_default();
            return Ok(Self { document, results, matching: results, lists });
        };
        if !*sparse {
            items.expect(&document)?;
        }
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

impl Results {
    /// Whether anything is taken from the body.
    pub(super) fn looks(&self) -> bool {
        self.items.is_some() || !self.extract.is_empty()
    }

    fn empty_lists(&self) -> Vec<(String, Vec<Value>)> {
        self.extract.iter().map(|(name, _)| (name.clone(), Vec::new())).collect()
    }
}

impl Source {
    /// Without the list itself, an answer says nothing: another shape of it must not be read as "nobody".
    fn expect(&self, document: &Value) -> Result<(), PluginError> {
        match &self.container {
            Some(container) if container.query(document).is_empty() => {
                Err(PluginError::retryable(format!("the answer has no `{container}` (see `sparse`)")))
            }
            _ => Ok(()),
        }
    }
}

impl PlannedMatch {
    /// Whether one of the item's values is exactly the expected one.
    fn fits(&self, item: &Value, values: &Values<'_>) -> Result<bool, PluginError> {
        let fold = |text: &str| {
            let text = text.trim();
            if self.ignore_case { text.to_lowercase() } else { text.to_owned() }
        };
        let expected = fold(&self.equals.render(values, |value| Ok(value.to_owned()))?);
        let found = self.path.query(item).all();
        Ok(found.into_iter().filter_map(scalar).any(|text| fold(&text) == expected))
    }
}

fn take(from: &Value, source: &Source, list: &mut Vec<Value>) -> Result<(), PluginError> {
    for value in source.path.query(from).all() {
        if !identifying(value) {
            return Err(PluginError::permanent(format!("`{}` leads to something empty or composed", source.path)));
        }
        list.push(value.clone());
    }
    Ok(())
}
