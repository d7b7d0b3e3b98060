//! What a plan foresees, wherever it is shown: each system's answer, the holds, and what the receipt will have to say.

use maud::{Markup, html};

use super::unreached;
use crate::admin::pages::parts::{cell, heads, held_by, in_words, verdict_class, verdict_word};
use crate::admin::pages::view::View;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::{operating, requesting};
use crate::erasure::{Foreseen, Outcome, Verdict};
use crate::ledger::TargetPause;
use crate::operations::erasures::{MayHold, NotReached, NotSaid};
use crate::operations::requests::KnownHold;
use crate::receipt::ForeseenAdvice;
use crate::request::{Plan, Request};
use crate::subject::{InstallationName, TargetName};

/// Why a system has said nothing, where that is known.
pub(super) type WhyNot<'w> = &'w dyn Fn(&TargetName) -> Option<Markup>;

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
                                    Some(why) => (why),
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

/// Why a system has said nothing: that somebody has paused it in words of ours, all else as it was said.
pub(super) fn not_asked(view: &View, system: &str, why: &NotSaid) -> Markup {
    let (w, own, o) = (view.words(), requesting(view.lang), operating(view.lang));
    match why {
        NotSaid::Paused(TargetPause { pause, .. }) => html! {
            (view.say(own.not_asked_paused, &[("reason", (o.pause_reason)(pause.reason))]))
            @if let Some(case) = &pause.case { small { (case) } }
            @if let Some(until) = pause.until { small { (view.fill(w.until_then, &[("until", &view.time(until))])) } }
        },
        NotSaid::Failed(_) | NotSaid::NotStarted(_) => html! {
            (view.say(w.could_not_say, &[("target", system)])) small lang="en" { (why) }
        },
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
    let others = not_of(visitor, request);
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

/// Systems for which nobody asks.
fn not_of<N>(visitor: &Visitor<N>, request: &Request) -> Vec<TargetName> {
    let others = visitor.on.settings.targets.iter().filter(|target| !request.targets.contains(target));
    others.cloned().collect()
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

/// What is beside what was foreseen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// A hold keeps it from beginning.
    pub(super) is_held: bool,
    /// No system is left out. A receipt is as good where one is; whoever reads has to see that it is.
    pub(super) is_all_asked: bool,
}

impl Beside {
    pub(super) fn of<N>(visitor: &Visitor<N>, request: &Request, is_held: bool) -> Self {
        Self { is_held, is_all_asked: not_of(visitor, request).is_empty() }
    }
}

/// What the receipt will have to say: as something good only where nothing is left that is not known.
pub(super) fn verdict_of<N>(
    visitor: &Visitor<N>,
    company: &InstallationName,
    foreseen: Option<&Foreseen>,
    beside: Beside,
) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let own = requesting(view.lang);
    let names = in_words(visitor, company);
    let Some(foreseen) = foreseen else {
        return html! { div.note.is-unseen { p { (view.say(own.answers_not_kept, &[])) } } };
    };
    let advice = ForeseenAdvice::from(foreseen);
    let class = class_of(foreseen, beside);
    let word = verdict_word(view, advice.at_best, foreseen.seen());
    let chip = html! { span class={ "st " (class) } { (word) } };
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

fn class_of(foreseen: &Foreseen, beside: Beside) -> &'static str {
    match foreseen.at_best() {
        Verdict::Complete if !foreseen.is_settled() || !beside.is_all_asked => "is-unseen",
        Verdict::Complete if beside.is_held => "is-held",
        best => verdict_class(best, foreseen.seen()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::erasure::{Evidence, Findings, MluviiSearch, SaidBefore};
    use crate::subject::Scope;

    #[test]
    fn nothing_is_green_that_is_not_known_or_was_left_out() {
        let (target, evidence) = (TargetName("crm".into()), Evidence::default());
        let counts = BTreeMap::from([("contacts".to_owned(), 2)]);
        let findings = Findings { search: MluviiSearch::Done, ..Findings::default() };
        let of = |outcome, not_known| {
            let said = SaidBefore { target: &target, outcome, reason: None, counts: &counts, evidence: &evidence };
            Foreseen::of(&findings, Scope::Person, [said], not_known, Timestamp::UNIX_EPOCH)
        };
        let known = of(Outcome::Erased, Vec::new());
        let class = |foreseen, is_held, is_all_asked| class_of(foreseen, Beside { is_held, is_all_asked });
        assert_eq!(class(&known, false, true), "is-done");
        assert_eq!(class(&known, true, true), "is-held");
        assert_eq!(class(&known, false, false), "is-unseen", "nobody asks what another system has");
        let away = of(Outcome::Erased, vec![TargetName("erp".into())]);
        assert_eq!(class(&away, false, true), "is-unseen");
    }
}
