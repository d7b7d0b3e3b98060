//! One request: how long it has, where it stands, what is to be done next, and by whom.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::deciding::Approving;
use super::planned::made_by;
use super::{deciding, letters, named};
use crate::access::Permission;
use crate::admin::caller::See;
use crate::admin::pages::foretold::{self, Beside};
use crate::admin::pages::looks::looks;
use crate::admin::pages::parts::{
    actor, crumbs, days_left, in_words, kind, request_path, request_state, urgency, verdict, verdict_class, waits_for,
    whose,
};
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::requesting;
use crate::admin::problem::Problem;
use crate::attention::{Delay, DelayCode};
use crate::erasure::confirmation::LinkState;
use crate::operations::requests::{self, Shown, ShownReceipt};
use crate::papers::LetterKind;
use crate::request::{Ended, Plan, Request, RequestState};

pub(super) async fn show(visitor: Visitor<See>, Path(which): Path<(String, String)>) -> Response {
    visitor.view.answer(shown(&visitor, &which).await)
}

async fn shown(visitor: &Visitor<See>, which: &(String, String)) -> Result<Sheet, Problem> {
    let shown = requests::show(&visitor.on, &named(visitor, which)?).await?;
    let approving = deciding::approving(visitor, &shown).await?;
    let letters = letters::possible(visitor, &shown).await?;
    Ok(sheet(visitor, &shown, &approving, &letters))
}

fn sheet(visitor: &Visitor<See>, shown: &Shown, approving: &Approving, possible: &[LetterKind]) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let request = &shown.request;
    let title = view.say(w.request_of, &[("number", &shown.name())]);
    let names = in_words(visitor, &request.mluvii);
    let body = html! {
        (crumbs(view, &[("/requests", w.requests)], request.number.as_str()))
        div.head {
            div.line { h1 { (title) } " " (time_left(view, shown)) " " (request_state(view, shown.state)) }
            p.lead {
                (view.fill(w.came_then, &[("how", &html! { ((w.came_by)(request.came)) }), ("day", &view.day(request.term.received))]))
                @if let Some(due) = shown.due { " " (view.fill(w.due_then, &[("day", &view.day(due))])) }
            }
        }
        (steps(view, shown.state))
        (waiting(visitor, shown))
        (link(view, shown))
        (reopened(visitor, request))
        (deciding::next(visitor, shown, approving))
        @if let Some(plan) = &request.plan {
            (planned(visitor, shown, plan))
            @if view.may(Permission::Requests) && shown.state.is_open() { (deciding::make_plan(view, shown, false)) }
        }
        (to_answer(visitor, shown))
        @for receipt in &shown.receipts { (receipted(visitor, shown, receipt)) }
        @if !request.erasures.is_empty() {
            section aria-labelledby="h-erasures" {
                h2 #h-erasures { (w.erasures) }
                ul.plain { @for id in &request.erasures {
                    li { a href={ "/erasures/" (id) } { (view.say(w.erasure_of, &[("id", &id.to_string())])) } }
                } }
            }
        }
        (letters::listed(visitor, shown, possible))
        (looks(view, names, &shown.rechecks))
        (facts(visitor, shown))
        (deciding::otherwise(visitor, shown))
    };
    Sheet::new(title, Section::Requests, body)
}

/// What it waits for. That somebody has to approve it is said with what whoever looks can do about it.
fn waiting(visitor: &Visitor<See>, shown: &Shown) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, &shown.request.mluvii);
    let is_said = |delay: &&Delay| delay.code != DelayCode::Unapproved || !deciding::waits_for_approval(visitor, shown);
    let all: Vec<_> = shown.waits_for.iter().filter(is_said).collect();
    let sentence = |delay: &Delay| match delay.code {
        DelayCode::NotRun if shown.state == RequestState::Approved && !view.may(Permission::Requests) => {
            html! { (requesting(view.lang).approved_to_run) }
        }
        _ => waits_for(view, names, delay),
    };
    html! {
        @if !all.is_empty() {
            section aria-labelledby="h-waits" {
                h2 #h-waits { (w.what_it_waits_for) }
                ul.plain { @for delay in all {
                    li { span class={ "st " (if whose(delay.code).is_some() { "is-soon" } else { "is-wait quiet" }) } { (sentence(delay)) } }
                } }
            }
        }
    }
}

/// That what was done is still to be told to whoever has asked for it, and by what. Whether it was is known to nobody here.
fn to_answer(visitor: &Visitor<See>, shown: &Shown) -> Markup {
    let own = requesting(visitor.view.lang);
    let is_officers = shown.state == RequestState::Done && visitor.view.may(Permission::Requests);
    html! {
        @if is_officers && !shown.receipts.is_empty() {
            div.note.is-soon {
                p { b { (own.answer_remains) } }
                ol { li { (own.answer_certificate) } li { (visitor.view.say(own.answer_letter, &[])) } }
                p { a href="#h-letters" { (own.answer_where) } }
            }
        }
    }
}

/// Where the link stands that is to show whose it is: neither what it says nor to whom.
fn link(view: &View, shown: &Shown) -> Markup {
    let w = view.words();
    let Some(link) = &shown.link else { return html! {} };
    let class = match link.state {
        LinkState::Failed | LinkState::Over => "is-soon",
        LinkState::Waiting | LinkState::Sending | LinkState::Sent | LinkState::Used => "is-run",
    };
    let end = if link.state == LinkState::Over { w.link_over } else { w.link_expires };
    html! {
        section aria-labelledby="h-link" {
            h2 #h-link { (w.link_title) }
            div class={ "note " (class) } {
                p { ((w.link_state)(link.state)) }
                @if link.mailed.is_some() || link.expires.is_some() {
                    p {
                        @if let Some(mailed) = link.mailed { (view.fill(w.link_mailed, &[("time", &view.time(mailed))])) " " }
                        @if let Some(expires) = link.expires { (view.fill(end, &[("until", &view.time(expires))])) }
                    }
                }
                // What a mail server has said, as it is.
                @if let Some(why) = link.reason.as_ref().filter(|_| link.state == LinkState::Failed) {
                    p { (view.fill(w.link_why, &[("why", &html! { span lang="en" { (why) } })])) }
                }
            }
        }
    }
}

/// Who does what about something that is there again.
fn reopened(visitor: &Visitor<See>, request: &Request) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let Some(reopened) = request.reopened.as_ref().filter(|_| request.state() == RequestState::Reopened) else {
        return html! {};
    };
    let erasure = html! {
        a href={ "/erasures/" (reopened.erasure) } { (view.say(w.erasure_of, &[("id", &reopened.erasure.to_string())])) }
    };
    html! {
        section aria-labelledby="h-again" {
            h2 #h-again { (w.reopened_title) }
            p { (view.fill(w.reopened_lead, &[("erasure", &erasure), ("day", &view.day(reopened.term.received))])) }
            ul.bullets { li { (view.say(w.reopened_operator, &[])) } li { (view.say(w.reopened_officer, &[])) } }
        }
    }
}

fn time_left(view: &View, shown: &Shown) -> Markup {
    html! {
        @match shown.days_left {
            Some(left) => span class={ "st fill " (urgency(left)) } { (days_left(view, left)) },
            None => @if shown.state.is_open() { span.st.fill.is-wait { (view.words().does_not_run) } },
        }
    }
}

/// How far it has come, in six words.
fn steps(view: &View, state: RequestState) -> Markup {
    let w = view.words();
    let all = [w.step_received, w.step_verified, w.step_planned, w.step_approved, w.erasure, w.step_answered];
    let at = match state {
        RequestState::Unverified | RequestState::Asked => 1,
        RequestState::Verified | RequestState::Reopened => 2,
        RequestState::Planned => 3,
        RequestState::Approved | RequestState::Erasing => 4,
        RequestState::Done => 5,
        // They have left this way.
        RequestState::Rejected | RequestState::Withdrawn | RequestState::Closed => return html! {},
    };
    html! {
        ol.steps aria-label=(w.how_far) {
            @for (place, word) in all.into_iter().enumerate() {
                li class=[(place < at).then_some("past")] aria-current=[(place == at).then_some("step")] {
                    span.n {} span.word { (word) }
                }
            }
        }
    }
}

/// That there is a plan, and whose it is. Which sessions it includes is a look of its own, which the audit names.
fn planned(visitor: &Visitor<See>, shown: &Shown, plan: &Plan) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let is_held = plan.foreseen.iter().flat_map(|foreseen| &foreseen.holds).any(|hold| hold.waits);
    html! {
        section aria-labelledby="h-plan" {
            h2 #h-plan { (view.count(&w.sessions_go, plan.sessions.len() as u64)) }
            p.intro { (made_by(view, &shown.request, plan)) }
            @if view.may(Permission::SeePlans) {
                p { a href={ (request_path(&shown.request)) "/plan" } { (w.read_the_plan) } " " span.small.muted { (w.looks_are_audited) } }
            }
            (foretold::verdict_of(visitor, &shown.request.mluvii, plan.foreseen.as_ref(), Beside::of(visitor, &shown.request, is_held)))
        }
    }
}

fn receipted(visitor: &Visitor<See>, shown: &Shown, receipt: &ShownReceipt) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, &shown.request.mluvii);
    html! {
        div class={ "verdict " (verdict_class(receipt.verdict, receipt.seen)) } {
            p { (verdict(view, receipt.verdict, receipt.seen)) }
            ul.bullets { @for reason in receipt.reasons.iter().filter(|reason| reason.lowers) { li { (names.reason(&reason.reason)) } } }
            p { a href={ "/receipts/" (receipt.sequence) } { (view.say(w.receipt_of, &[("number", &receipt.sequence.to_string())])) } }
        }
    }
}

fn facts(visitor: &Visitor<See>, shown: &Shown) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let request = &shown.request;
    let names = in_words(visitor, &request.mluvii);
    let kinds: Vec<_> = request.kinds.iter().map(|one| kind(view, one)).collect();
    let targets: Vec<_> = request.targets.iter().map(|target| names.system(target)).collect();
    html! {
        section aria-labelledby="h-facts" {
            h2 #h-facts { (w.what_is_known) }
            dl.facts {
                dt { (w.entered_by) } dd { (actor(&request.entered_by)) ", " (view.time(request.entered)) }
                dt { (w.company) } dd { (request.mluvii) }
                dt { (w.named_by) } dd { (kinds.join(", ")) }
                dt { (w.from_where) } dd { (targets.join(", ")) }
                @if let Some(verified) = &request.verified {
                    dt { (w.step_verified) }
                    dd { ((w.verified_by)(verified.how)) ", " (actor(&verified.by)) ", " (view.time(verified.at)) }
                }
                @if let Some(extension) = &request.extension {
                    dt { (w.extended) }
                    dd { ((w.extended_because)(extension.because)) ", " (actor(&extension.by)) ", " (view.time(extension.at)) }
                }
                @if let Some(end) = &request.end {
                    dt { ((w.request_state)(shown.state)) }
                    dd {
                        @match end.ended {
                            Ended::Rejected(because) => { ((w.rejected_because)(because)) ", " }
                            Ended::Closed(because) => { ((w.closed_because)(because)) ", " }
                            Ended::Done | Ended::Withdrawn => {}
                        }
                        @if let Some(by) = &end.by { (actor(by)) ", " }
                        (view.time(end.at))
                        @if let Some(day) = shown.refused_after {
                            div { span.st.is-bad { (view.fill(w.refused_after, &[("day", &view.day(day))])) } }
                        }
                    }
                }
            }
        }
    }
}
