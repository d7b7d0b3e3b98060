//! A search for somebody who does not exist, or for what belongs to something that does not: it shows whether the credentials
//! work, and whether the search looks at what it is asked for.

use std::collections::BTreeMap;

use quietus_plugin::http::Client;
use quietus_plugin::{Call, PluginError};
use serde_json::{Value, json};

use super::answer::{Page, Verdict, allowed};
use super::request::outgoing;
use crate::plan::Planned;
use crate::template::{Name, Template, Values};

/// Whether the step is a search that asks by identifiers alone.
pub(super) fn is_possible(step: &Planned) -> bool {
    step.reads
        && step.reads_body()
        && !step.kinds.is_empty()
        && step.for_each.is_none()
        && step.whole_lists().is_empty()
}

/// Looks for them. `false` when the system refuses the value, or something else of the request. An error
/// says that the search cannot be made, or, where it is to be believed, that it must not be.
///
/// `like` is an item of the step's list, in place of which one is asked for that does not exist.
pub(super) fn look(step: &Planned, like: Option<&Value>, client: &Client, call: &Call) -> Result<bool, PluginError> {
    let item = like.map(item);
    let lists = BTreeMap::new();
    let kinds = step.kinds.iter().map(|kind| (kind.as_str(), value(kind))).collect();
    let values = Values { kinds, region: None, item: item.as_ref(), lists: &lists, idempotency_key: "", erasure: "" };
    let mut draft = outgoing(step, &values)?;
    draft.at_offset(step, 0);
    let answer = client.exchange(&draft.to_read(), call)?;
    if matches!(answer.status(), 400 | 422) && !answer.is_page() {
        return Ok(false);
    }
    // Below an item that is not there, nothing is. Elsewhere, a 404 is a gateway's.
    let is_below = item.is_some() && step.path.iter().flat_map(Template::names).any(|name| *name == Name::Item);
    if is_below && answer.gone() && !answer.is_page() {
        return Ok(true);
    }
    if allowed(step, &answer, client)? == Verdict::Absent {
        return Ok(true);
    }
    let Page { document, results, .. } = Page::read(step, &answer, &values)?;
    // Further pages may have what the first one has not.
    if step.results.trusts_search && (results > 0 || draft.turn_page(step, &document, results, results, client)?) {
        let text = "the search finds something for somebody who does not exist, so that what it finds is no one person's: \
                    correct it, or add `match`";
        return Err(PluginError::permanent(text));
    }
    Ok(true)
}

/// A value that nobody has: a name that is reserved (RFC 2606), a country code that is not assigned.
fn value(kind: &str) -> &'static str {
    match kind {
        "email" => "nobody@quietus.invalid",
        "phone" => "+999000000000",
        "name" => "Nobody Ofthisname",
        _ => "quietus-nobody",
    }
}

/// An item of the same form that does not exist: the largest whole number that all systems read exactly, a UUID of zeros, a word.
fn item(like: &Value) -> Value {
    const NUMBER: u64 = (1 << 53) - 1;
    match like {
        Value::Number(_) => json!(NUMBER),
        Value::String(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            json!(NUMBER.to_string())
        }
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            json!("00000000-0000-4000-8000-000000000000")
        }
        _ => json!("quietus-nobody"),
    }
}
