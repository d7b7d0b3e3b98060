//! What a plan foresees, wherever it is shown: each system's answer, the holds, and what the receipt will have to say.

use maud::{Markup, html};

use super::unreached;
use crate::admin::pages::parts::{cell, heads, held_by, in_words, verdict_class};
use crate::admin::pages::view::View;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::requesting;
use crate::erasure::{Foreseen, Outcome, Verdict};
use crate::operations::erasures::{MayHold, NotReached};
use crate::operations::requests::KnownHold;
use crate::receipt::ForeseenAdvice;
use crate::request::{Plan, Request};
use crate::subject::{InstallationName, TargetName};

/// Why a system has said nothing, where that is known.
pub(super) type WhyNot<'w> = &'w dyn Fn(&TargetName) -> Option<String>;

/// A row for each system; of a plan whose answers nobody has kept, that.
pub(super) fn answers<N>(
    visitor: &Visitor<N>,
    company: &InstallationName,
    foreseen: Option<&Foreseen>,
    caption: &str,
    why_not: WhyNot<'_>,
) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, company);
    let kept = foreseen.filter(|foreseen| !(foreseen.answers.is_empty() && foreseen.not_known.is_empty()));
    html! {
        h2 #p-where { (w.what_happens_where) }
        @match kept {
            None => div.note.is-unseen { p { (view.say(requesting(view.lang).answers_not_kept, &[])) } },
            Some(foreseen) => table.stack role="table" {
                caption { (caption) }
                (heads(&[w.system, w.found, w.what_would_happen]))
                tbody role="rowgroup" {
                    @for one in &foreseen.answers {
                        tr role="row" {
                            th scope="row" role="rowheader" { (names.system(&one.target)) }
                            (cell(w.found, &html! { (names.counted(&one.counts)) }))
                            (cell(w.what_would_happen, &html! {
                                span class={ "st quiet " (would_class(one.outcome)) } { ((w.would_be)(one.outcome)) }
                                @if let Some(reason) = &one.reason { small { (names.said(reason)) } }
                                @for place in &one.not_looked_at {
                                    small { span.st.is-unseen.quiet { (w.not_looked_at) ": " (names.place(place)) } }
                                }
                            }))
                        }
                    }
                    @for target in &foreseen.not_known {
                        tr role="row" {
                            th scope="row" role="rowheader" { (names.system(target)) }
                            (cell(w.found, &html! { span.st.is-unseen { (w.not_known) } }))
                            (cell(w.what_would_happen, &html! {
                                @match why_not(target) {
                                    Some(why) => span lang="en" { (why) },
                                    None => (view.say(w.could_not_say, &[("target", &names.system(target))])),
                                }
                            }))
                        }
                    }
                }
            },
        }
    }
}

fn would_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Erased => "is-wait",
        Outcome::Absent => "is-done",
        Outcome::Retained => "is-kept",
        Outcome::Residual | Outcome::Parked => "is-bad",
        Outcome::Unverifiable => "is-unseen",
    }
}

/// What a kept plan did not reach, beside what its answers say: systems for which nobody asked, and what others could not say.
pub(super) fn unasked<N>(visitor: &Visitor<N>, request: &Request, plan: &Plan) -> Markup {
    let names = in_words(visitor, &request.mluvii);
    let others = visitor.on.settings.targets.iter().filter(|target| !request.targets.contains(target));
    let others: Vec<TargetName> = others.cloned().collect();
    let further: Vec<TargetName> = plan.foreseen.iter().flat_map(|foreseen| foreseen.further.clone()).collect();
    let mut all = Vec::new();
    all.extend((!others.is_empty()).then_some(NotReached::Targets(others)));
    all.extend((!further.is_empty()).then_some(NotReached::FurtherIdentifiers(further)));
    html! {
        @if !all.is_empty() {
            ul.plain { @for one in &all { li { span.st.is-unseen { (unreached::sentence(&visitor.view, names, one)) } } } }
        }
    }
}

/// What is shown of holds that a look has found.
pub(super) fn known(all: &[MayHold]) -> Vec<KnownHold> {
    let known = |hold: &MayHold| KnownHold { held: hold.held.clone(), until: hold.until, waits: hold.waits };
    all.iter().map(known).collect()
}

/// The holds that concern it.
pub(super) fn holds(view: &View, all: &[KnownHold]) -> Markup {
    let w = view.words();
    html! {
        @if !all.is_empty() {
            section aria-labelledby="p-holds" {
                h2 #p-holds { (w.what_waits) }
                @for hold in all {
                    div.note.is-held {
                        p { span.st.is-held { a href={ "/holds/" (hold.held.hold) } { (held_by(view, &hold.held)) } } }
                        p {
                            @if hold.waits { (w.hold_waits) } @else { (w.hold_does_not_wait) }
                            @match hold.until {
                                Some(until) => { " " (view.fill(w.hold_ends, &[("until", &view.time(until))])) }
                                None => { " " (w.hold_has_no_end) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the receipt will have to say: as something good only where nothing is left that is not known.
pub(super) fn verdict_of<N>(
    visitor: &Visitor<N>,
    company: &InstallationName,
    foreseen: Option<&Foreseen>,
    is_held: bool,
) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let own = requesting(view.lang);
    let names = in_words(visitor, company);
    let Some(foreseen) = foreseen else {
        return html! { div.note.is-unseen { p { (view.say(own.answers_not_kept, &[])) } } };
    };
    let advice = ForeseenAdvice::from(foreseen);
    let class = class_of(foreseen, is_held);
    let chip = html! { span class={ "st " (class) } { ((w.verdict)(advice.at_best)) } };
    html! {
        div class={ "note " (class) } {
            p {
                (view.fill(w.receipt_at_best, &[("verdict", &chip)]))
                @if !foreseen.is_settled() { " " (view.say(own.not_settled, &[])) }
            }
            ul.plain {
                @for reason in advice.reasons.iter().filter(|reason| reason.lowers && reason.sure) {
                    li { (names.reason(&reason.reason)) }
                }
                @for reason in advice.reasons.iter().filter(|reason| reason.lowers && !reason.sure) {
                    li { span.st.is-unseen { (view.say(own.perhaps, &[("reason", &names.reason(&reason.reason))])) } }
                }
                @for target in &advice.not_known {
                    li { span.st.is-unseen { (view.say(w.could_not_say, &[("target", &names.system(target))])) } }
                }
                @for reason in advice.reasons.iter().filter(|reason| !reason.lowers) {
                    li { span.muted { (names.reason(&reason.reason)) } }
                }
            }
        }
    }
}

fn class_of(foreseen: &Foreseen, is_held: bool) -> &'static str {
    match foreseen.at_best() {
        Verdict::Complete if !foreseen.is_settled() => "is-unseen",
        Verdict::Complete if is_held => "is-held",
        best => verdict_class(best),
    }
}
