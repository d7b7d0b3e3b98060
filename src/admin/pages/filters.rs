//! What lists have alike: a company to choose, and what stands where there is nothing.

use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::view::View;
use super::visitor::Visitor;
use super::whom::field;
use super::words::{lists, unseen};
use crate::subject::InstallationName;

/// A company to choose for a list, where an account may see several.
pub(super) fn company_filter<N>(visitor: &Visitor<N>, chosen: Option<&InstallationName>) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let all = visitor.on.settings.installations.iter().map(|one| &one.name);
    let all: Vec<_> = all.filter(|name| visitor.sees(name)).collect();
    html! {
        @if all.len() > 1 {
            (field(view, &[], "company", w.company, None, |aria| html! {
                select #company name="company" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {
                    option value="" { (w.all_of_them) }
                    @for one in &all { option value=(one) selected[Some(*one) == chosen] { (one) } }
                }
            }))
        }
    }
}

/// What stands behind the `?` of an address: what was chosen, and nothing of the others.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let chosen = pairs.iter().filter(|(_, value)| !value.is_empty());
    let written = chosen.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    written.collect::<Vec<_>>().join("&")
}

/// How something is called here, and by which name it is asked for.
pub(super) type Named = (String, String);

/// The systems of the configuration.
pub(super) fn systems<N>(visitor: &Visitor<N>) -> Vec<Named> {
    visitor.on.settings.targets.iter().map(|target| (target.to_string(), target.to_string())).collect()
}

/// A name to choose for a list. It stands in the address then, so nothing is typed here. Who may see some companies only does not learn what
/// else there is, and keeps what a link has asked for; so does a name that the configuration has no more.
pub(super) fn name_filter<N>(visitor: &Visitor<N>, id: &str, label: &str, chosen: &str, all: &[Named]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    if !visitor.is_of_all() {
        return html! { @if !chosen.is_empty() { input type="hidden" name=(id) value=(chosen); } };
    }
    let is_former = !chosen.is_empty() && all.iter().all(|(_, name)| name != chosen);
    field(view, &[], id, label, None, |aria| {
        html! {
            select id=(id) name=(id) aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {
                option value="" { (w.all_of_them) }
                @if is_former { option value=(chosen) selected { (chosen) } }
                @for (called, name) in all { option value=(name) selected[name == chosen] { (called) } }
            }
        }
    })
}

/// That only some companies are shown, to whom that is so: what is not here may be elsewhere.
pub(super) fn only_companies(view: &View, sentence: &str) -> Markup {
    html! {
        @if let Some(companies) = view.only_companies() {
            p.small.muted { (view.say(sentence, &[("companies", &companies)])) }
        }
    }
}

/// That a list has nothing, and what would stand there; the way to all of it where only some of it was asked for.
pub(super) fn nothing_here(view: &View, what_comes: &str, all: Option<&str>) -> Markup {
    html! {
        div.panel.sunk {
            p { b { (view.words().none_here) } }
            @match all {
                Some(path) => p { a href=(path) { (lists(view.lang).without_filters) } },
                None => p.muted { (view.say(what_comes, &[])) },
            }
            (only_companies(view, unseen(view.lang).only_companies))
        }
    }
}
