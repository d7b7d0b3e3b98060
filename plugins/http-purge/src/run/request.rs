//! Makes encoded requests of templates and values, the next page's among them.

use quietus_plugin::http::{Client, HeaderName, Method, Request};
use quietus_plugin::{PluginError, Writes};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::path::segment;
use super::spelled::Kinds;
use crate::plan::{CursorInto, JsonTemplate, Planned, PlannedBody, PlannedPaging};
use crate::template::{Template, Values, identifying, scalar};

/// One time that a step is run: with these identifiers and this item.
pub(super) struct Turn<'a> {
    pub(super) kinds: Kinds<'a>,
    pub(super) item: Option<Value>,
}

impl Turn<'_> {
    /// The values and the item, however the former are spelled.
    pub(super) fn value(&self) -> (Vec<String>, Option<String>) {
        (self.kinds.values().map(|value| value.form.clone()).collect(), self.item.as_ref().map(Value::to_string))
    }
}

/// A request that can still be turned to its next page.
pub(super) struct Draft {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(HeaderName, String)>,
    body: DraftBody,
    reads_body: bool,
    /// What led to this page.
    next: Option<Value>,
    /// A link from an answer, in place of path and query.
    link: Option<String>,
}

enum DraftBody {
    None,
    Json(Value),
    Form(Vec<(String, String)>),
}

/// Fills a step's templates.
pub(super) fn outgoing(step: &Planned, values: &Values<'_>) -> Result<Draft, PluginError> {
    let mut path = String::new();
    for template in &step.path {
        path.push('/');
        path.push_str(&segment(template, values)?);
    }
    let mut headers = Vec::with_capacity(step.headers.len());
    for (name, template) in &step.headers {
        let text = template.render(values, |value| {
            if value.chars().any(char::is_control) { Err("has control characters") } else { Ok(value.to_owned()) }
        })?;
        headers.push((name.clone(), text));
    }
    let body = match &step.body {
        PlannedBody::None => DraftBody::None,
        PlannedBody::Json(json) => DraftBody::Json(fill(json, values)?),
        PlannedBody::Form(form) => DraftBody::Form(plain_pairs(form, values)?),
    };
    let query = plain_pairs(&step.query, values)?;
    let reads_body = step.reads_body();
    Ok(Draft { method: step.method.clone(), path, query, headers, body, reads_body, next: None, link: None })
}

impl Draft {
    /// A request that changes nothing.
    pub(super) fn to_read(&self) -> Request {
        let request = self.request().reads();
        if self.reads_body { request } else { request.status_only() }
    }

    /// A request that changes something. Its answer is read, too: a page of HTML with 200 has changed nothing.
    pub(super) fn to_write(&self, writes: Writes<'_>) -> Request {
        self.request().writes(writes)
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), self.path.clone());
        request = match &self.link {
            Some(link) => request.at(link),
            None => self.query.iter().fold(request, |request, (name, value)| request.query(name, value)),
        };
        request = self.headers.iter().fold(request, |request, (name, value)| request.header(name.as_str(), value));
        match &self.body {
            DraftBody::None => request,
            DraftBody::Json(json) => request.json(json),
            DraftBody::Form(form) => request.form(form.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        }
    }

    /// Sets the offset of a step that pages by offset.
    pub(super) fn at_offset(&mut self, step: &Planned, offset: u64) {
        if let Some(PlannedPaging::Offset { query, limit_query, limit, .. }) = &step.paging {
            set(&mut self.query, query, offset.to_string());
            if let Some(limit_query) = limit_query {
                set(&mut self.query, limit_query, limit.to_string());
            }
        }
    }

    /// Turns to the page after `document`, which had `results` of the `read` so far; `false` when it was the last.
    pub(super) fn turn_page(
        &mut self,
        step: &Planned,
        document: &Value,
        results: u64,
        read: u64,
        client: &Client,
    ) -> Result<bool, PluginError> {
        match &step.paging {
            None => Ok(false),
            Some(PlannedPaging::Next { path, .. }) => {
                let Some(link) = self.next_of(path, document)? else { return Ok(false) };
                let within = link.as_str().and_then(|link| client.within(link, &self.request()));
                let within =
                    within.ok_or_else(|| PluginError::permanent("the link to the next page leads elsewhere"))?;
                self.link = Some(within);
                Ok(true)
            }
            Some(PlannedPaging::Cursor { path, into, .. }) => {
                let Some(cursor) = self.next_of(path, document)? else { return Ok(false) };
                match (into, &mut self.body) {
                    (CursorInto::Query(name), _) => set(&mut self.query, name, scalar(&cursor).unwrap_or_default()),
                    (CursorInto::Json(name), DraftBody::Json(Value::Object(members))) => {
                        members.insert(name.clone(), cursor);
                    }
                    (CursorInto::Json(_), _) => return Ok(false),
                }
                Ok(true)
            }
            Some(PlannedPaging::Offset { .. }) => {
                self.at_offset(step, read);
                // A short page is not always the last one: some systems give less than they are asked for.
                Ok(results > 0)
            }
        }
    }

    /// The link or cursor in an answer; `None` on the last page.
    fn next_of(&mut self, path: &JsonPath, document: &Value) -> Result<Option<Value>, PluginError> {
        let next = match path.query(document).first() {
            None | Some(Value::Null | Value::Bool(false)) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(next) if identifying(next) => next.clone(),
            Some(_) => return Err(PluginError::permanent("what `paging` names is neither a link nor a cursor")),
        };
        if self.next.as_ref() == Some(&next) {
            return Err(PluginError::permanent("the next page is the same one again"));
        }
        self.next = Some(next.clone());
        Ok(Some(next))
    }
}

impl Planned {
    pub(super) fn pages_max(&self) -> u32 {
        match &self.paging {
            None => 1,
            Some(
                PlannedPaging::Next { pages_max, .. }
                | PlannedPaging::Cursor { pages_max, .. }
                | PlannedPaging::Offset { pages_max, .. },
            ) => *pages_max,
        }
    }
}

fn fill(json: &JsonTemplate, values: &Values<'_>) -> Result<Value, PluginError> {
    Ok(match json {
        JsonTemplate::Text(template) => template.render_json(values)?,
        JsonTemplate::List(list) => Value::Array(list.iter().map(|json| fill(json, values)).collect::<Result<_, _>>()?),
        JsonTemplate::Object(members) => {
            let member = |(name, json): &(String, JsonTemplate)| Ok((name.clone(), fill(json, values)?));
            Value::Object(members.iter().map(member).collect::<Result<_, PluginError>>()?)
        }
        JsonTemplate::Other(value) => value.clone(),
    })
}

fn plain_pairs(pairs: &[(String, Template)], values: &Values<'_>) -> Result<Vec<(String, String)>, PluginError> {
    let pair = |(name, template): &(String, Template)| {
        Ok((name.clone(), template.render(values, |value| Ok(value.to_owned()))?))
    };
    pairs.iter().map(pair).collect()
}

fn set(query: &mut Vec<(String, String)>, name: &str, value: String) {
    match query.iter_mut().find(|(known, _)| known == name) {
        Some((_, present)) => *present = value,
        None => query.push((name.to_owned(), value)),
    }
}
