//! What an answer means: its status, and the results in its body.

use quietus_plugin::http::{Client, Response};
use quietus_plugin::{ErrorClass, PluginError};
use serde_json::Value;

use super::fit::{Fit, Fits};
use crate::plan::{Holder, Planned, Results, Source};
use crate::template::{Values, identifying};

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
        300..=399 => {
            let text = "a redirect, which is not followed, as to a log-in page: check `base_url`, `url` and `auth`";
            return Err(PluginError::permanent(format!("status {status}: {text}")));
        }
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
    let has_error = ["error", "errors"].iter().filter_map(|key| document.get(*key)).any(is_said);
    if has_error || document.get("success") == Some(&Value::Bool(false)) {
        return Err(PluginError::retryable("the answer says that it did not work, with a status of success"));
    }
    Ok(())
}

/// Whether a member of a document says anything.
pub(super) fn is_said(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) => true,
    }
}

/// Whether a step that goes over items was refused this one alone: a record that is shared with nobody, or archived, and not what every
/// request would be answered.
pub(super) fn refuses_one(step: &Planned, answer: &Response) -> bool {
    let status = answer.status();
    let of_all = [401, 404, 408, 410, 423, 425, 429, 451];
    let configured = &step.status;
    let has_meaning =
        [&configured.ok, &configured.absent, &configured.retained, &configured.retry, &configured.needs_operator]
            .into_iter()
            .any(|codes| codes.contains(&status));
    (400..500).contains(&status) && !of_all.contains(&status) && !has_meaning && !answer.is_page()
}

/// One page of results.
pub(super) struct Page {
    pub(super) document: Value,
    /// All results, of whomever.
    pub(super) results: u64,
    pub(super) fits: Fits,
    pub(super) lists: Vec<(String, Vec<Value>)>,
}

impl Page {
    pub(super) fn read(step: &Planned, answer: &Response, values: &Values<'_>) -> Result<Self, PluginError> {
        // No list, which may be left out where the operator says so.
        if answer.status() == 204 && step.results.sources().all(|source| source.sparse) {
            let lists = step.results.empty_lists();
            return Ok(Self { document: Value::Null, results: 0, fits: Fits::default(), lists });
        }
        let document: Value = answer.json()?;
        let Results { items, extract, .. } = &step.results;
        let mut lists = step.results.empty_lists();
        let Some(items) = items else {
            for ((_, list), (_, source)) in lists.iter_mut().zip(extract) {
                source.expect(&document)?;
                take(&document, source, list)?;
            }
            let results = lists.iter().map(|(_, list)| list.len() as u64).max().unwrap_or_default();
            return Ok(Self { document, results, fits: Fits { theirs: results, ..Fits::default() }, lists });
        };
        items.expect(&document)?;
        let mut results = 0;
        let mut fits = Fits::default();
        let is_one = matches!(items.holder, Holder::Value);
        for item in items.path.query(&document).all() {
            // In place of the one record, it says that there is none.
            if is_one && (item.is_null() || item.as_str() == Some("")) {
                continue;
            }
            results += 1;
            let fit = step.results.fit(item, &document, values)?;
            let taken = if fit == Fit::Theirs { step.results.taken(item) } else { Vec::new() };
            // It stays: without its id, nothing can be done about it, and the others' are no worse for that.
            let is_lost = fit == Fit::Theirs && taken.len() < lists.len();
            fits.add(if is_lost && !step.shows_none(item) { Fit::Lost } else { fit });
            if !is_lost {
                lists.iter_mut().zip(taken).for_each(|((_, list), values)| list.extend(values));
            }
        }
        Ok(Self { document, results, fits, lists })
    }
}

impl Planned {
    /// Whether a result shows that it has nothing to be told, where that may be.
    fn shows_none(&self, item: &Value) -> bool {
        let may_lack = self.returns.as_ref().is_some_and(|returns| returns.may_lack);
        may_lack && self.results.extract.iter().all(|(_, source)| source.shows_none(item))
    }
}

impl Results {
    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.items.iter().chain(self.extract.iter().map(|(_, source)| source))
    }

    /// What a result has for each list, as long as it has what it must.
    fn taken(&self, item: &Value) -> Vec<Vec<Value>> {
        let of = |source: &Source| {
            let mut values = Vec::new();
            take(item, source, &mut values).ok().filter(|()| !values.is_empty())?;
            Some(values)
        };
        self.extract.iter().map_while(|(_, source)| of(source)).collect()
    }

    fn empty_lists(&self) -> Vec<(String, Vec<Value>)> {
        self.extract.iter().map(|(name, _)| (name.clone(), Vec::new())).collect()
    }
}

impl Source {
    /// Without the list itself, an answer says nothing: another shape of it, such as an error's, must not be read as
    /// "nobody". A `sparse` answer may leave the list out, or have `null` in its place, but has no other shape either.
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
            Value::Array(_) => true,
            Value::Null => self.sparse,
            // At the root, it could be an error.
            Value::Object(results) => matches!(self.holder, Holder::List(_)) && results.values().all(Value::is_object),
            _ => false,
        };
        if matches!(self.holder, Holder::Value) || nodes.into_iter().all(is_list) {
            return Ok(());
        }
        Err(PluginError::retryable(format!("the answer's `{holder}` is no list (see `sparse`)")))
    }

    /// What is there says that there is nothing: `null`, an empty text or an empty list. What is not there says nothing.
    fn shows_none(&self, item: &Value) -> bool {
        let is_one = matches!(self.holder, Holder::Value);
        let is_empty = |node: &&Value| match node {
            Value::Null => true,
            Value::String(text) => is_one && text.is_empty(),
            Value::Array(list) => !is_one && list.is_empty(),
            _ => false,
        };
        let nodes = match &self.holder {
            Holder::Root | Holder::Anywhere => return false,
            Holder::List(list) => list.query(item).all(),
            Holder::Value => self.path.query(item).all(),
        };
        !nodes.is_empty() && nodes.iter().all(is_empty)
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
