//! Whether the last page that was read is the last one that there is, by what systems say of pages.

use quietus_plugin::PluginError;
use quietus_plugin::http::Response;
use serde_json::{Map, Value};

use super::answer::is_said;
use crate::plan::{Holder, Planned};

/// Where systems put what they say of pages, beside the answer itself.
const WITHIN: [&str; 8] = ["links", "_links", "paging", "pagination", "page", "meta", "_meta", "additional_data"];
/// Whether there is more.
const FLAGS: &[&str] = &["has_more", "hasMore", "has_next_page", "more_items_in_collection"];
/// What leads to more, where it is not empty.
const LEADS: &[&str] = &[
    "next",
    "next_page",
    "nextPage",
    "next_page_url",
    "next_cursor",
    "nextCursor",
    "nextPageToken",
    "nextLink",
    "@odata.nextLink",
    "nextRecordsUrl",
];
/// How many there are on all pages.
const TOTALS: &[&str] = &["total", "total_count", "totalCount", "total_results", "totalElements", "@odata.count"];
/// How deep they stand.
const DEPTH: u32 = 2;

/// How many results there are on a page, of whomever.
pub(super) fn listed(step: &Planned, document: &Value) -> u64 {
    match step.results.source().map(|source| &source.holder) {
        Some(Holder::List(list)) => list.query(document).all().into_iter().map(length).sum(),
        Some(Holder::Root) => length(document),
        Some(Holder::Value | Holder::Anywhere) | None => 0,
    }
}

fn length(list: &Value) -> u64 {
    match list {
        Value::Array(entries) => entries.len() as u64,
        Value::Object(members) => members.len() as u64,
        _ => 0,
    }
}

/// Refuses a last page that does not look like one, where the step must have all; so many results were listed until then. Of one record,
/// such members are its own data.
pub(super) fn check(step: &Planned, answer: &Response, document: &Value, listed: u64) -> Result<(), PluginError> {
    let is_one = step.results.source().is_none_or(|source| matches!(source.holder, Holder::Value));
    if is_one || !step.must_be_whole {
        return Ok(());
    }
    let mut places = Vec::new();
    gather(document, DEPTH, &mut places);
    let said = |names: &'static [&'static str]| {
        places.iter().flat_map(move |members| names.iter().filter_map(move |name| members.get(*name)))
    };
    let flags: Vec<bool> = said(FLAGS).filter_map(Value::as_bool).collect();
    let ends_early = flags.contains(&true) || said(TOTALS).filter_map(Value::as_u64).any(|total| total > listed);
    if step.paging.is_some() {
        return match ends_early {
            true => Err(PluginError::permanent(
                "the pages end before all that the system says there are, and nobody was told any: check `paging`",
            )),
            false => Ok(()),
        };
    }
    // A link stays on the last page of some systems, where a flag says that it leads nowhere.
    let leads_on = flags.is_empty() && said(LEADS).any(is_said);
    match ends_early || leads_on || answer.header("link").is_some_and(links_on) {
        true => Err(PluginError::permanent(
            "the answer is one page of several, and nobody was told any: say how further ones are asked for (`paging`)",
        )),
        false => Ok(()),
    }
}

/// The objects in which something can be said of pages.
fn gather<'d>(value: &'d Value, deeper: u32, places: &mut Vec<&'d Map<String, Value>>) {
    let Value::Object(members) = value else { return };
    places.push(members);
    if deeper > 0 {
        WITHIN.iter().filter_map(|name| members.get(*name)).for_each(|inner| gather(inner, deeper - 1, places));
    }
}

/// Whether a `Link` header (RFC 8288) has a further page.
fn links_on(header: &str) -> bool {
    let is_next = |parameter: &str| {
        let rel = parameter.trim().strip_prefix("rel=");
        rel.is_some_and(|rel| rel.trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next")))
    };
    header.split(',').any(|link| link.split(';').skip(1).any(is_next))
}
