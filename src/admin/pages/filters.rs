//! What lists have alike: a company to choose, and what stands where there is nothing.

use maud::{Markup, html};

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
