//! A search for somebody who does not exist: it shows whether the credentials work, and whether the search looks at what it
//! is asked for.

use std::collections::BTreeMap;

use quietus_plugin::http::Client;
use quietus_plugin::{Call, PluginError};

use super::answer::{Page, allowed};
use super::request::outgoing;
use crate::plan::Planned;
use crate::template::Values;

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
pub(super) fn look(step: &Planned, client: &Client, call: &Call) -> Result<bool, PluginError> {
    let lists = BTreeMap::new();
    let kinds = step.kinds.iter().map(|kind| (kind.as_str(), value(kind))).collect();
    let values = Values { kinds, region: None, item: None, lists: &lists, idempotency_key: "", erasure: "" };
    let mut draft = outgoing(step, &values)?;
    draft.at_offset(step, 0);
    let answer = client.exchange(&draft.to_read(), call)?;
    if matches!(answer.status(), 400 | 422) && !answer.is_page() {
        return Ok(false);
    }
    allowed(step, &answer)?;
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
