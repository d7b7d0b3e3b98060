//! What quietus calls to erase: how each is, and what waits for it.

mod one;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use super::parts::{actor, cell, heads, target_path};
use super::pictures::pictures;
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use super::words::operating;
use crate::admin::caller::Operate;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::ledger::TargetState;
use crate::operations::days::{self, ShownDay};
use crate::operations::targets::{self, ShownTarget};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/targets", get(show))
        .route("/targets/{name}", get(one::show))
        .route("/targets/{name}/pause", post(one::pause))
        .route("/targets/{name}/resume", post(one::resume))
        .route("/targets/{name}/reload", post(one::reload))
}

async fn show(visitor: Visitor<Operate>) -> Response {
    let shown = async {
        // It is of all companies.
        visitor.sees_all()?;
        let all = targets::list(&visitor.on).await?;
        let days = days::last(&visitor.on, visitor.view.now).await?;
        Ok::<_, Problem>(sheet(&visitor, &all, &days))
    };
    visitor.view.answer(shown.await)
}

/// Whether it is called, and who or what keeps it from that.
fn state(view: &View, one: &ShownTarget) -> Markup {
    let (w, o) = (view.words(), operating(view.lang));
    html! {
        @if let Some(paused) = &one.paused {
            span.st.is-wait { (view.fill(w.target_paused, &[("who", &html! { (actor(&paused.by)) })])) }
            small {
                ((o.pause_reason)(paused.pause.reason))
                @if let Some(case) = &paused.pause.case { ", " (case) }
            }
            small { (view.since(paused.since)) }
            @if let Some(until) = paused.pause.until { small { (view.fill(w.until_then, &[("until", &view.time(until))])) } }
        }
        @match &one.state {
            TargetState::Open { until, reason, .. } => {
                span.st.is-bad { (w.target_out) }
                small lang="en" { (reason) }
                small { (view.fill(w.until_then, &[("until", &view.time(*until))])) }
            }
            TargetState::Closed => @if one.paused.is_none() { span.st.is-done.quiet { (w.target_works) } },
        }
    }
}

fn sheet(visitor: &Visitor<Operate>, all: &[ShownTarget], days: &[ShownDay]) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    // What needs a person stands first, then what does not work.
    let mut all: Vec<&ShownTarget> = all.iter().collect();
    all.sort_by_key(|one| (one.parked == 0, one.paused.is_none(), matches!(one.state, TargetState::Closed)));
    let body = html! {
        div.head { h1 { (w.targets) } p.lead { (view.say(w.targets_lead, &[])) } }
        section aria-label=(w.targets) {
            table.stack role="table" {
                caption { (view.say(w.as_of, &[("time", &view.clock())])) }
                (heads(&[w.target, w.state, w.waiting_steps, w.parked_steps]))
                tbody role="rowgroup" { @for one in all {
                    tr role="row" {
                        th scope="row" role="rowheader" { a href=(target_path(&one.target)) { (one.target) } }
                        (cell(w.state, &state(view, one)))
                        (cell(w.waiting_steps, &html! { (view.lang.number(one.waiting)) }))
                        (cell(w.parked_steps, &html! {
                            @if one.parked > 0 { span.st.is-bad { (view.lang.number(one.parked)) } } @else { "–" }
                        }))
                    }
                } }
            }
        }
        (pictures(view, days))
    };
    Sheet::new(w.targets, Section::Targets, body)
}
