//! A request's plan as it is kept: which sessions go and why, for whoever approves it or has it erased. Each look at it is in the audit.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::deciding::Approving;
use super::{deciding, named};
use crate::access::Permission;
use crate::admin::caller::SeePlans;
use crate::admin::pages::foretold::{self, Beside};
use crate::admin::pages::parts::{
    actor, cell, crumbs, days_left, explain_path, heads, request_path, request_state, urgency,
};
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::why::why_theirs;
use crate::admin::pages::words::requesting;
use crate::admin::problem::Problem;
use crate::operations::requests::{self, KnownOfPlan, Shown};
use crate::request::{Choice, Plan, Request};
use crate::subject::SessionKey;

pub(super) async fn show(visitor: Visitor<SeePlans>, Path(which): Path<(String, String)>) -> Response {
    visitor.view.answer(shown(&visitor, &which).await)
}

async fn shown(visitor: &Visitor<SeePlans>, which: &(String, String)) -> Result<Sheet, Problem> {
    let shown = requests::view_plan(&visitor.on, &named(visitor, which)?, &visitor.actor()).await?;
    let Some(plan) = &shown.request.plan else { return Err(Problem::not_found("plan of this request")) };
    let known = requests::known_of(&visitor.on, &shown.request, plan).await?;
    let approving = deciding::approving(visitor, &shown).await?;
    Ok(sheet(visitor, &shown, plan, &known, &approving))
}

fn sheet(visitor: &Visitor<SeePlans>, shown: &Shown, plan: &Plan, known: &KnownOfPlan, approving: &Approving) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let request = &shown.request;
    let (title, path) = (view.say(w.plan_of, &[("number", &shown.name())]), request_path(request));
    let body = html! {
        (crumbs(view, &[("/requests", w.requests), (&path, request.number.as_str())], w.step_planned))
        div.head {
            div.line {
                h1 { (view.count(&w.sessions_go, plan.sessions.len() as u64)) } " " (request_state(view, shown.state))
                @if let Some(left) = shown.days_left { " " span class={ "st fill " (urgency(left)) } { (days_left(view, left)) } }
            }
            p.lead { (made_by(view, request, plan)) }
        }
        @if !plan.sessions.is_empty() {
            section aria-labelledby="h-go" {
                h2 #h-go { (w.these_go) }
                table.stack role="table" {
                    caption { (view.count(&w.sessions, plan.sessions.len() as u64)) }
                    (heads(&[w.session, w.when_and_how, w.how_sure, w.why_theirs]))
                    tbody role="rowgroup" { @for one in &plan.sessions {
                        tr role="row" {
                            th scope="row" role="rowheader" { a href=(explain_path(&one.session)) { (one.session) } }
                            (cell(w.when_and_how, &when_and_how(view, known, &one.session)))
                            (cell(w.how_sure, &html! { ((w.certainty)(&one.certainty)) }))
                            (cell(w.why_theirs, &why_theirs(view, &one.reason)))
                        }
                    } }
                }
            }
        }
        (decided(view, w.included_by_decision, &request.include))
        (decided(view, w.excluded_by_decision, &request.exclude))
        section aria-labelledby="p-where" {
            (foretold::answers(visitor, &request.mluvii, plan.foreseen.as_ref(), requesting(view.lang).answers_caption, &|_| None))
            (foretold::unasked(visitor, request, plan))
        }
        (foretold::holds(view, &known.holds))
        (foretold::verdict_of(visitor, &request.mluvii, plan.foreseen.as_ref(), Beside::of(visitor, request, known.holds.iter().any(|hold| hold.waits))))
        @if deciding::waits_for_approval(visitor, shown) {
            @match approving {
                Approving::May => { (deciding::approve(view, shown, plan)) }
                not => { (deciding::not_by(view, not)) }
            }
        }
        @if view.may(Permission::Requests) && deciding::can_be_run(visitor, shown) { (deciding::run(view, shown, plan)) }
        // Decisions are made where everything that was found is shown.
        @if view.may(Permission::Requests) && shown.state.is_open() { (deciding::make_plan(view, shown, false)) }
        p { a href=(path) { (w.back_to_request) } }
    };
    Sheet::new(title, Section::Requests, body)
}

/// When a session was and by which way, as far as the ledger still knows.
fn when_and_how(view: &View, known: &KnownOfPlan, session: &SessionKey) -> Markup {
    let record = known.records.get(session);
    let started = record.and_then(|record| record.started);
    let channel = record.and_then(|record| record.channel.as_ref());
    html! {
        @match started { Some(started) => (view.time(started)), None => span.muted { (view.words().not_known) } }
        @if let Some(channel) = channel { span aria-hidden="true" { " · " } (channel.0) }
    }
}

/// Whose a plan is, and who has approved it.
pub(super) fn made_by(view: &View, request: &Request, plan: &Plan) -> Markup {
    let w = view.words();
    let makers: Vec<_> = request.makers.iter().map(actor).collect();
    html! {
        (view.fill(w.planned_by, &[("who", &html! { (makers.join(", ")) }), ("time", &view.time(plan.at))])) " "
        (hash(view, plan))
        @if let Some(approved) = &plan.approved {
            " " (view.fill(w.approved_by, &[("who", &html! { (actor(&approved.by)) }), ("time", &view.time(approved.at))]))
        }
    }
}

/// By what a plan is told from another one.
pub(super) fn hash(view: &View, plan: &Plan) -> Markup {
    view.fill(view.words().plan_hash, &[("hash", &html! { span.hash { (plan.hash) } })])
}

fn decided(view: &View, title: &str, choices: &[Choice]) -> Markup {
    let w = view.words();
    html! {
        @if !choices.is_empty() {
            div {
                p { b { (title) } }
                ul.plain { @for one in choices { li { (one.session) ": " ((w.chosen_because)(one.because)) } } }
            }
        }
    }
}
