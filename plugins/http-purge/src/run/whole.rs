//! Whether the last page that was read is the last one that there is, by what systems say of pages.

use quietus_plugin::PluginError;
use quietus_plugin::http::Response;
use serde_json::Value;

use super::answer::is_said;
use crate::plan::{Holder, Planned, PlannedPaging};

/// Where systems put what they say of pages, beside the answer itself and the object that holds the list.
const WITHIN: &[&str] = &[
    "links",
    "paging",
    "pagination",
    "page",
    "pages",
    "pageinfo",
    "meta",
    "metadata",
    "responsemetadata",
    "additionaldata",
];
/// Names are compared as [`plain`] writes them. Whether there is more: these say so wherever they stand,
const FLAGS: &[&str] = &[
    "hasmore",
    "hasmoreitems",
    "hasmoreresults",
    "hasnext",
    "hasnextpage",
    "istruncated",
    "moreitemsincollection",
    "morerecords",
    "moreresults",
];
/// and these where pages are spoken of.
const NEAR_FLAGS: &[&str] = &["more", "truncated"];
/// Whether this is all, where pages are spoken of.
const ENDS: &[&str] = &["islast", "islastpage", "last", "lastpage"];
/// What leads to more, where it is not empty: wherever it stands,
const LEADS: &[&str] = &[
    "continuationtoken",
    "nextcursor",
    "nexthref",
    "nextlink",
    "nextmarker",
    "nextoffset",
    "nextpage",
    "nextpagelink",
    "nextpagetoken",
    "nextpageuri",
    "nextpageurl",
    "nextrecordsurl",
    "nextstart",
    "nexttoken",
    "nexturi",
    "nexturl",
    "odatanextlink",
];
/// and where pages are spoken of.
const NEAR_LEADS: &[&str] = &["next"];
/// How many there are on all pages, where these are spoken of.
const TOTALS: &[&str] =
    &["odatacount", "total", "totalcount", "totalelements", "totalitems", "totalrecords", "totalresults"];
/// How many pages there are, where these are spoken of.
const PAGES: &[&str] = &["lastpage", "pagecount", "totalpages"];
/// Lists of links, each with its relation.
const LINKS: &[&str] = &["links", "link"];
/// How deep they stand.
const DEPTH: u32 = 4;

/// What shows that there is more than was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacks {
    /// There are further pages, and nothing says how to ask for them.
    FurtherPages,
    /// The pages end before all.
    TheRest,
}

impl Lacks {
    /// Where a step must have all.
    pub(super) fn error(self) -> PluginError {
        PluginError::permanent(match self {
            Self::TheRest => {
                "the pages end before all that the system says there are, and nobody was told any: check `paging`"
            }
            Self::FurtherPages => {
                "the answer is one page of several, and nobody was told any: say how further ones are asked for (`paging`)"
            }
        })
    }
}

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

/// What a last page lacks that does not look like one; so many results were listed until then. Of one record, such members are its own
/// data.
pub(super) fn lacks(step: &Planned, answer: &Response, document: &Value, listed: u64) -> Option<Lacks> {
    let lists = match &step.results.source()?.holder {
        Holder::Value => return None,
        Holder::List(list) => list.query(document).all(),
        Holder::Root | Holder::Anywhere => Vec::new(),
    };
    // Where no list is named, any object can be a result.
    let is_anywhere = lists.is_empty();
    let mut said = Said::default();
    said.gather(document, &Results { lists, is_anywhere }, true, DEPTH);
    let ends_early = said.has_more || said.is_not_last || said.total.is_some_and(|total| total > listed);
    // A link stays on the last page of some systems, where a flag says that it leads nowhere.
    let leads_on = said.leads && !said.is_flagged;
    match &step.paging {
        // Until a page is empty, whatever leads on from there.
        Some(PlannedPaging::Offset { .. }) => ends_early.then_some(Lacks::TheRest),
        Some(PlannedPaging::Next { .. } | PlannedPaging::Cursor { .. }) => {
            (ends_early || leads_on).then_some(Lacks::TheRest)
        }
        None => {
            let is_linked = answer.header("link").is_some_and(links_on);
            let is_one_of_several = said.pages.is_some_and(|pages| pages > 1);
            (ends_early || leads_on || is_linked || is_one_of_several).then_some(Lacks::FurtherPages)
        }
    }
}

/// What an answer says of pages.
#[derive(Default)]
struct Said {
    has_more: bool,
    is_not_last: bool,
    /// It says whether there is more.
    is_flagged: bool,
    leads: bool,
    total: Option<u64>,
    pages: Option<u64>,
}

/// Where the results are, whose members are their own data.
struct Results<'d> {
    lists: Vec<&'d Value>,
    is_anywhere: bool,
}

impl Said {
    /// `is_near`: pages are spoken of here.
    fn gather(&mut self, value: &Value, results: &Results<'_>, is_near: bool, deeper: u32) {
        let Value::Object(members) = value else { return };
        let is_list = |value: &Value| results.lists.iter().any(|list| std::ptr::eq(*list, value));
        // The object that holds the list speaks of its pages.
        let is_near = is_near || members.values().any(is_list);
        for (name, value) in members {
            if is_list(value) {
                continue;
            }
            let name = plain(name);
            self.note(&name, value, is_near);
            let is_named = WITHIN.contains(&&*name);
            if deeper > 0 && (is_named || !results.is_anywhere) {
                self.gather(value, results, is_named, deeper - 1);
            }
        }
    }

    fn note(&mut self, name: &str, value: &Value, is_near: bool) {
        let is = |everywhere: &[&str], near: &[&str]| everywhere.contains(&name) || (is_near && near.contains(&name));
        if let Some(flag) = value.as_bool() {
            let says_more = is(FLAGS, NEAR_FLAGS);
            let says_end = is(&[], ENDS);
            self.has_more |= says_more && flag;
            self.is_not_last |= says_end && !flag;
            // Elsewhere a flag may be of something else: it can add to a doubt, and take none away.
            self.is_flagged |= is_near && (says_more || says_end);
        }
        self.leads |= is(LEADS, NEAR_LEADS) && leads(value);
        self.leads |= LINKS.contains(&name) && value.as_array().is_some_and(|links| links.iter().any(is_next));
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        if is(&[], TOTALS) {
            self.total = self.total.max(number);
        }
        if is(&[], PAGES) {
            self.pages = self.pages.max(number);
        }
    }
}

/// A name without what systems write differently in it: `next_page`, `nextPage`, `@odata.nextLink`, `__next`.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether it leads somewhere. An object of which nothing is said leads nowhere: `{ "href": null }`.
fn leads(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(leads),
        Value::Array(list) => list.iter().any(leads),
        other => is_said(other),
    }
}

/// Whether a link of a list is to a further page.
fn is_next(link: &Value) -> bool {
    let is_next = |rel: &Value| rel.as_str().is_some_and(|rel| rel.eq_ignore_ascii_case("next"));
    let relation = link.get("rel").or_else(|| link.get("relation"));
    relation.is_some_and(|relation| is_next(relation) || relation.as_array().is_some_and(|all| all.iter().any(is_next)))
}

/// Whether a `Link` header (RFC 8288) has a further page.
fn links_on(header: &str) -> bool {
    let is_next = |parameter: &str| {
        let rel = parameter.trim().strip_prefix("rel=");
        rel.is_some_and(|rel| rel.trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next")))
    };
    header.split(',').any(|link| link.split(';').skip(1).any(is_next))
}
