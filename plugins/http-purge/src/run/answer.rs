//! What an answer means: its status, and the results in its body.

use quietus_plugin::http::{Client, Response};
use quietus_plugin::identity::{is_masked, normal_forms};
use quietus_plugin::{ErrorClass, Kind, PluginError};
use serde_json::Value;

use crate::plan::{Holder, Planned, PlannedMatch, Results, Source};
use crate::template::{Values, identifying, scalar};

/// What a status says, where it is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Absent,
    Retained,
}

/// Reads a status, the operator's meanings first. A 404 of a search says nothing of anybody: a gateway answers so to
/// everything. Neither does a page of HTML, or a document that says that it is an error, with a success.
pub(super) fn verdict(step: &Planned, answer: &Response) -> Result<Verdict, PluginError> {
    let status = answer.status();
    let says = |codes: &[u16]| codes.contains(&status);
    let configured = &step.status;
    match status {
        _ if says(&configured.ok) => return said_no_error(answer).map(|()| Verdict::Ok),
        _ if says(&configured.absent) => return Ok(Verdict::Absent),
        _ if says(&configured.retained) => return Ok(Verdict::Retained),
        _ if says(&configured.retry) => return Err(answer.later()),
        _ if says(&configured.needs_operator) => return Err(PluginError::needs_operator(format!("status {status}"))),
        423 | 451 => return Ok(Verdict::Retained),
        _ => answer.check()?,
    }
    match answer.gone() {
        true if step.reads_body() && !step.lookup => {
            let text = format!("the search was answered {status}: nobody has looked; if it stays so, check `url`");
            Err(PluginError::retryable(text))
        }
        true => Ok(Verdict::Absent),
        false => said_no_error(answer).map(|()| Verdict::Ok),
    }
}

/// The verdict; the error says what the credentials lack, where that is what the status says, in the system's own words where it
/// has any. Only for requests that are about nobody: these words may repeat what was asked.
pub(super) fn allowed(step: &Planned, answer: &Response, client: &Client) -> Result<Verdict, PluginError> {
    let words = || {
        said(answer)
            .and_then(|said| client.quotable(&said))
            .map(|said| format!("; it says: {said}"))
            .unwrap_or_default()
    };
    verdict(step, answer).map_err(|error| match (answer.status(), error.class) {
        (401, ErrorClass::NeedsOperator | ErrorClass::Permanent) => PluginError::needs_operator(format!(
            "the system refuses the credentials (401): check `auth` and its secret{}",
            words()
        )),
        (403, ErrorClass::NeedsOperator | ErrorClass::Permanent) => {
            PluginError::needs_operator(format!("the credentials may not {} (403): grant it{}", step.shown, words()))
        }
        _ => error,
    })
}

/// What an error document says, in the members in which systems say it.
fn said(answer: &Response) -> Option<String> {
    const MEMBERS: [&str; 6] = ["detail", "message", "error_description", "description", "title", "error"];
    let document: Value = quietus_plugin::json::read(answer.body()).ok()?;
    let inner = document.get("error").filter(|error| error.is_object()).unwrap_or(&document);
    let text = MEMBERS.iter().find_map(|member| inner.get(*member)?.as_str());
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Whether a success is one.
fn said_no_error(answer: &Response) -> Result<(), PluginError> {
    if answer.is_page() {
        return Err(PluginError::retryable("the answer is a page of HTML, with a status of success"));
    }
    let Ok(Value::Object(document)) = quietus_plugin::json::read(answer.body()) else { return Ok(()) };
    let is_said = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) => true,
    };
    let has_error = ["error", "errors"].iter().filter_map(|key| document.get(*key)).any(is_said);
    if has_error || document.get("success") == Some(&Value::Bool(false)) {
        return Err(PluginError::retryable("the answer says that it did not work, with a status of success"));
    }
    Ok(())
}

/// One page of results.
pub(super) struct Page {
    pub(super) document: Value,
    /// All results, of whomever.
    pub(super) results: u64,
    /// Results that match.
    pub(super) matching: u64,
    /// Results that do not show whose they are.
    pub(super) hidden: u64,
    pub(super) lists: Vec<(String, Vec<Value>)>,
}

impl Page {
    pub(super) fn read(step: &Planned, answer: &Response, values: &Values<'_>) -> Result<Self, PluginError> {
        // No list, which may be left out where the operator says so.
        if answer.status() == 204 && step.results.sources().all(|source| source.sparse) {
            let lists = step.results.empty_lists();
            return Ok(Self { document: Value::Null, results: 0, matching: 0, hidden: 0, lists });
        }
        let document: Value = answer.json()?;
        let Results { items, extract, matches, .. } = &step.results;
        let mut lists = step.results.empty_lists();
        let Some(items) = items else {
            for ((_, list), (_, source)) in lists.iter_mut().zip(extract) {
                source.expect(&document)?;
                take(&document, source, list)?;
            }
            let results = lists.iter().map(|(_, list)| list.len() as u64).max().unwrap_or_default();
            return Ok(Self { document, results, matching: results, hidden: 0, lists });
        };
        items.expect(&document)?;
        let mut results = 0;
        let mut matching = 0;
        let mut hidden = 0;
        let is_one = matches!(items.holder, Holder::Value);
        for item in items.path.query(&document).all() {
            // In place of the one record, it says that there is none.
            if is_one && (item.is_null() || item.as_str() == Some("")) {
                continue;
            }
            results += 1;
            match matches.as_ref().map_or(Ok(Fit::Theirs), |matches| matches.fits(item, values))? {
                Fit::Theirs => matching += 1,
                Fit::SomebodyElses => continue,
                Fit::Hidden => {
                    hidden += 1;
                    continue;
                }
            }
            for ((name, list), (_, source)) in lists.iter_mut().zip(extract) {
                let before = list.len();
                take(item, source, list)?;
                if list.len() == before {
                    // Passed over, it would stay, and the answer would be that nothing was there.
                    return Err(PluginError::permanent(format!("a result has no `{name}`")));
                }
            }
        }
        Ok(Self { document, results, matching, hidden, lists })
    }
}

impl Results {
    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.items.iter().chain(self.extract.iter().map(|(_, source)| source))
    }

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

/// Whose a result is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Theirs,
    SomebodyElses,
    /// It does not show the value, or in a form that cannot be read.
    Hidden,
}

impl PlannedMatch {
    /// Whether one of the item's values is the expected one: by the normal form, where that is the value of a kind.
    fn fits(&self, item: &Value, values: &Values<'_>) -> Result<Fit, PluginError> {
        let expected = self.expected(values)?;
        let nodes = self.path.query(item).all();
        // A structure in place of a value cannot be compared; `null` or nothing among the values of a list is the lack of one, and
        // in a field that is named it is a value that is not shown.
        let are_values = nodes.iter().all(|node| node.is_null() || scalar(node).is_some());
        let is_blank = |node: &&Value| node.is_null() || node.as_str().is_some_and(|text| text.trim().is_empty());
        let is_short = nodes.iter().any(is_blank);
        let shown: Vec<String> = nodes.into_iter().filter_map(scalar).filter(|text| !text.trim().is_empty()).collect();
        let is_hidden = !are_values || (self.names_fields && is_short);
        let mut is_readable = !is_hidden && !shown.is_empty() && !expected.is_empty();
        for text in shown {
            // `a***@x.cz` typed into a form must not match everybody who is shown so.
            let forms = if is_masked(&text) { Vec::new() } else { self.forms(&text, values) };
            if forms.iter().any(|form| expected.contains(form)) {
                return Ok(Fit::Theirs);
            }
            is_readable &= !forms.is_empty();
        }
        Ok(if is_readable { Fit::SomebodyElses } else { Fit::Hidden })
    }

    /// What an item must show.
    pub(super) fn expected(&self, values: &Values<'_>) -> Result<Vec<String>, PluginError> {
        let text = self.equals.render(values, |value| Ok(value.to_owned()))?;
        Ok(self.forms(&text, values))
    }

    /// What a value is compared by: its normal forms where it is one of a kind that has them, else its text.
    fn forms(&self, text: &str, values: &Values<'_>) -> Vec<String> {
        match self.equals.only_kind() {
            Some(kind @ (Kind::Email | Kind::Phone | Kind::Name)) => normal_forms(&kind, text, values.region),
            _ if self.ignore_case => vec![text.trim().to_ascii_lowercase()],
            _ => vec![text.trim().to_owned()],
        }
    }
}

fn take(from: &Value, source: &Source, list: &mut Vec<Value>) -> Result<(), PluginError> {
    let values = source.path.query(from).all();
    // Alone, it says that there is nothing. One of several that is passed over would stay, as if it were not there.
    let is_nothing = values.len() == 1 && matches!(source.holder, Holder::Value);
    for value in values {
        if value.is_null() && is_nothing {
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
