//! What was looked at again after a receipt, and what is to come.

use maud::{Markup, html};

use super::parts::{cell, heads};
use super::view::View;
use crate::operations::recheck::Rechecks;
use crate::papers::InWords;

/// Nothing where there is none.
pub(super) fn looks(view: &View, names: InWords<'_>, rechecks: &Rechecks) -> Markup {
    let w = view.words();
    let why = |word: &str| match (w.recheck_why)(word) {
        "" => html! { small lang="en" { (word) } },
        known => html! { small { (known) } },
    };
    html! {
        @if !rechecks.is_empty() {
            section aria-labelledby="h-looks" {
                h2 #h-looks { (w.looked_again_later) }
                table.stack role="table" {
                    caption { (w.looks_caption) }
                    (heads(&[w.system, w.when, w.result]))
                    tbody role="rowgroup" {
                        @for one in &rechecks.looked {
                            tr role="row" {
                                th scope="row" role="rowheader" { (names.system(&one.target)) }
                                (cell(w.when, &view.time(one.looked)))
                                (cell(w.result, &html! { ((w.recheck)(one.outcome)) @if let Some(word) = &one.why { (why(word)) } }))
                            }
                        }
                        @for one in &rechecks.to_come {
                            tr role="row" {
                                th scope="row" role="rowheader" { (names.system(&one.target)) }
                                (cell(w.when, &view.time(one.at)))
                                (cell(w.result, &html! { span.muted { (w.to_come) } }))
                            }
                        }
                    }
                }
            }
        }
    }
}
