//! What came of a look at a restored system: who is there again, and of whom nothing can be said. Nothing of it names a person.

use maud::{Markup, html};

use crate::admin::pages::parts::{cell, heads};
use crate::admin::pages::view::View;
use crate::admin::pages::words::sweeping;
use crate::operations::erase_again::{ErasedAgain, FoundAgain, Is};

/// So many are listed; the API has all.
const LISTED_MAX: usize = 200;

pub(super) fn sections(view: &View, done: &ErasedAgain) -> Markup {
    let (w, s) = (view.words(), sweeping(view.lang));
    let kept_since = done.kept_since.filter(|kept_since| *kept_since > done.since);
    html! {
        section aria-labelledby="s-result" {
            h2 #s-result { (w.result) }
            p { (view.count(&s.compared, done.compared)) }
            @if done.not_comparable > 0 { p { span.st.is-unseen { (view.count(&s.not_comparable, done.not_comparable)) } } }
            @if let Some(kept_since) = kept_since {
                p { span.st.is-unseen { (view.fill(s.kept_since, &[("time", &view.time(kept_since))])) } }
            }
            @if done.not_erased_then > 0 { p { (view.count(&s.not_erased_then, done.not_erased_then)) } }
            @if done.still_open > 0 { p { span.st.is-unseen { (view.count(&s.still_open, done.still_open)) } } }
            @if !done.not_looked_at.is_empty() {
                p { span.st.is-unseen { (s.not_looked_at) } }
                ul.bullets lang="en" { @for place in &done.not_looked_at { li { (place) } } }
            }
        }
        section aria-labelledby="s-found" {
            h2 #s-found { (s.found_title) }
            @if done.found.is_empty() { p { (s.nobody) } } @else { (table(view, &done.found)) }
        }
    }
}

fn table(view: &View, found: &[FoundAgain]) -> Markup {
    let (w, s) = (view.words(), sweeping(view.lang));
    let row = |one: &FoundAgain| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { a href={ "/erasures/" (one.erasure) } { (one.erasure) } }
                (cell(w.state, &html! { span class={ "st " (class(one.is)) } { ((s.is)(one.is)) } }))
                (cell(s.go, &html! { (view.lang.number(one.records)) }))
                (cell(s.stay, &html! { (view.lang.number(one.kept)) }))
                (cell(s.again_by, &html! {
                    @match &one.again { Some(again) => a href={ "/erasures/" (again) } { (again) }, None => "–" }
                }))
            }
        }
    };
    html! {
        table.stack role="table" {
            caption { (view.say(s.found_caption, &[])) }
            (heads(&[w.erasure, w.state, s.go, s.stay, s.again_by]))
            tbody role="rowgroup" { @for one in found.iter().take(LISTED_MAX) { (row(one)) } }
        }
        @if found.len() > LISTED_MAX { p.small.muted { (view.count(&s.more, (found.len() - LISTED_MAX) as u64)) } }
    }
}

fn class(is: Is) -> &'static str {
    match is {
        Is::Again => "is-bad",
        Is::UnderWay => "is-run",
        Is::Held => "is-kept",
        Is::Unseen | Is::Undated | Is::Possible => "is-unseen",
        Is::Back => "is-off",
    }
}
