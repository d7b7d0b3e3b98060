//! One system's part in an erasure: how it stands, what is kept of how it came there, and what a person can do next. The ledger keeps how many
//! attempts there were and what was answered last, so that is all that is shown of them.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::access::Permission;
use crate::admin::pages::parts::{in_words, waits_for};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::timeline;
use crate::attention::{Delay, DelayCode};
use crate::erasure::{Outcome, Step, StepState};
use crate::operations::erasures::Explained;

pub(super) fn of_step<N>(visitor: &Visitor<N>, explained: &Explained, step: &Step) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, explained.erasure.subject.installation());
    // No program works where people erase.
    let is_open_task = explained
        .waits_for
        .iter()
        .any(|delay| delay.code == DelayCode::Task && delay.target.as_ref() == Some(&step.target));
    let (class, word) = match (&step.state, step.final_outcome()) {
        (StepState::Parked { .. }, _) => ("is-bad", w.needs_somebody),
        (_, Some(outcome)) => (outcome_class(outcome, step.verified_at.is_some()), (w.outcome)(outcome)),
        (StepState::Planned, None) => ("is-wait quiet", w.not_begun),
        (StepState::WaitsForFinds, None) => ("is-wait quiet", w.waits_for_others),
        (_, None) if is_open_task => ("is-wait", timeline(view.lang).waits_for_people),
        (_, None) => ("is-run", step.stage().map_or(w.under_way, w.stage)),
    };
    let counts = names.counted(&step.counts);
    let id = format!("s-{}", step.target);
    html! {
        article.step aria-labelledby=(id) {
            div.bar {
                h3 id=(id) { (names.system(&step.target)) }
                span class={ "st " (class) } { (word) }
                @if let Some(reason) = &step.reason { p { (names.said(reason)) } }
                @if !counts.is_empty() { p { (w.found) ": " (counts) "." } }
            }
            (next(visitor, explained, step))
            details open[matches!(step.state, StepState::Parked { .. })] {
                // They are counted of the present stage alone: of one that has just begun, or is over, there are none to tell of.
                summary { @if step.attempts > 0 { (view.count(&w.attempts, u64::from(step.attempts))) } @else { (w.details) } span.hidden { ": " (names.system(&step.target)) } }
                (happened(visitor, explained, step))
                (looked(visitor, explained, step))
            }
        }
    }
}

/// What happens next, and who can do something about it.
fn next<N>(visitor: &Visitor<N>, explained: &Explained, step: &Step) -> Markup {
    let (view, t) = (&visitor.view, timeline(visitor.view.lang));
    let names = in_words(visitor, explained.erasure.subject.installation());
    let delays: Vec<&Delay> =
        explained.waits_for.iter().filter(|delay| delay.target.as_ref() == Some(&step.target)).collect();
    if delays.is_empty() {
        return html! {};
    }
    html! {
        div.actions {
            div {
                // What was answered stands above.
                @for delay in &delays { p { b { (t.next_here) } " " (waits_for(view, names, &Delay { reason: None, ..(*delay).clone() })) } }
                @for delay in &delays { (act(visitor, explained, step, delay.code)) }
            }
        }
    }
}

fn act<N>(visitor: &Visitor<N>, explained: &Explained, step: &Step, code: DelayCode) -> Markup {
    let (view, w, t) = (&visitor.view, visitor.view.words(), timeline(visitor.view.lang));
    let name = in_words(visitor, explained.erasure.subject.installation()).system(&step.target);
    let sentence = |sentence: &str| html! { p.small.muted { (view.say(sentence, &[])) } };
    // Nobody finds a cause in a system where people erase: they are asked once more.
    let is_task = visitor.on.settings.manual.contains_key(&step.called);
    let (lead, button) = if is_task { (t.ask_people_again, t.do_ask_again) } else { (t.look_then_retry, w.do_retry) };
    match code {
        DelayCode::Parked if view.may(Permission::Operate) => html! {
            p.small { (view.say(lead, &[])) }
            @if step.erases_once_more_if_retried() {
                p.small { b { (view.say(w.asked_once_more, &[("targets", &name)])) } }
            }
            form method="post" action={ "/erasures/" (explained.erasure.id) "/retry" } {
                button.tight { (button) span.hidden { ": " (name) } }
            }
        },
        DelayCode::Parked if is_task => sentence(t.operator_asks_again),
        DelayCode::Parked => sentence(t.operator_retries),
        DelayCode::Task if view.may(Permission::Requests) => html! {
            p { a.button.tight href="/tasks" { (t.see_tasks) span.hidden { ": " (name) } } }
        },
        DelayCode::Task => sentence(t.officer_sees_to_task),
        DelayCode::Paused | DelayCode::Out if view.may(Permission::Operate) && visitor.is_of_all() => html! {
            p { a.button.tight href="/targets" { (t.see_target) span.hidden { ": " (name) } } }
        },
        DelayCode::Paused | DelayCode::Out => sentence(t.operator_sees_to_target),
        DelayCode::Report => sentence(t.report_or_person),
        _ => sentence(t.goes_on_by_itself),
    }
}

/// Something that is kept of a step, with its time where that is kept, too.
struct Entry {
    at: Option<Timestamp>,
    class: &'static str,
    what: String,
    more: Option<String>,
}

/// What is kept of how it came to how it stands, the newest first.
fn happened<N>(visitor: &Visitor<N>, explained: &Explained, step: &Step) -> Markup {
    let (view, w, t) = (&visitor.view, visitor.view.words(), timeline(visitor.view.lang));
    let names = in_words(visitor, explained.erasure.subject.installation());
    let mut all = Vec::new();
    let mut add = |at: Option<Timestamp>, class: &'static str, what: &str, more: Option<String>| {
        all.push(Entry { at, class, what: view.say(what, &[]), more });
    };
    if let Some(due) = step.due {
        add(Some(due), "is-wait", w.called_next, None);
    }
    if let Some(by) = step.report_by() {
        add(Some(by), "is-wait", w.report_until, None);
    }
    if step.stopped {
        add(None, "is-off", t.was_stopped, None);
    }
    if let Some(at) = step.verified_at {
        let found = step.outcome().map(|outcome| (w.outcome)(outcome).to_owned());
        let class = step.outcome().map_or("is-wait", |outcome| outcome_class(outcome, true));
        add(Some(at), class, w.looked_again, found);
    }
    if step.is_unanswered() {
        add(None, "is-unseen", t.sent_unanswered, None);
    }
    if step.rounds > 0 {
        let still = view.count(&t.still_there, u64::from(step.rounds));
        add(None, "is-wait", t.asked_to_erase, Some(still));
    }
    if let Some(at) = step.erased_at {
        let counts = names.counted(&step.counts);
        add(Some(at), "is-wait", w.answered_erased, (!counts.is_empty()).then_some(counts));
    }
    if step.attempts > 0 {
        let reason = step.reason.as_deref().map(|reason| names.said(reason));
        add(None, "is-wait", t.last_answer, reason);
    }
    if let Some(begun) = explained.erasure.begun {
        add(Some(begun), "is-wait", t.step_begun, None);
    }
    html! {
        @if !all.is_empty() {
            ol.timeline {
                @for Entry { at, class, what, more } in &all {
                    li {
                        span class={ "st " (class) } { (what) }
                        @if let Some(at) = at { span.when { (view.time(*at)) } }
                        @if let Some(more) = more { p { (more) } }
                    }
                }
            }
        }
        p.small.muted { (view.say(t.what_is_kept, &[])) }
    }
}

/// Where somebody has looked, and where not.
fn looked<N>(visitor: &Visitor<N>, explained: &Explained, step: &Step) -> Markup {
    let w = visitor.view.words();
    let names = in_words(visitor, explained.erasure.subject.installation());
    let evidence = &step.evidence;
    if evidence.looked_at.is_empty() && evidence.not_looked_at.is_empty() {
        return html! {};
    }
    html! {
        dl.facts {
            @if !evidence.looked_at.is_empty() {
                dt { (w.looked_at) } dd { @for place in &evidence.looked_at { div { (names.place(place)) } } }
            }
            @if !evidence.not_looked_at.is_empty() {
                dt { (w.not_looked_at) }
                dd { @for place in &evidence.not_looked_at { div { span.st.is-unseen.quiet { (names.place(place)) } } } }
            }
        }
    }
}

/// Nothing that nobody has seen is green.
fn outcome_class(outcome: Outcome, is_seen: bool) -> &'static str {
    match outcome {
        Outcome::Erased if is_seen => "is-done quiet",
        Outcome::Absent => "is-done quiet",
        Outcome::Erased | Outcome::Unverifiable => "is-unseen",
        Outcome::Retained => "is-kept",
        Outcome::Residual | Outcome::Parked => "is-bad",
    }
}
