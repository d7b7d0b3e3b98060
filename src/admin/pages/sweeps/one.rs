//! One look at a restored system: how far it is, what came of it, and having those erased who are there again.

use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::{path, seen, state};
use crate::admin::caller::Operate;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{actor, crumbs};
use crate::admin::pages::refreshing;
use crate::admin::pages::view::{Section, Sheet, View, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{Wrong, errors, must_be_sure, sure};
use crate::admin::pages::words::sweeping;
use crate::admin::problem::{Code, Problem};
use crate::ledger::{ListedSweep, SweepState};
use crate::operations::erase_again::{self, Asked, ErasedAgain, Is, Then};

/// The one of a path, as far as the account may see its company.
async fn found(visitor: &Visitor<Operate>, company: &str, target: &str) -> Result<ListedSweep, Problem> {
    let all = seen(visitor).await?;
    let found = all.into_iter().find(|one| *one.job.mluvii.0 == *company && *one.job.target.0 == *target);
    found.ok_or_else(|| Problem::not_found("look at this system"))
}

/// What came of it, once it is done. It may have been written by another version.
fn result_of(listed: &ListedSweep) -> Option<ErasedAgain> {
    listed.job.result.clone().and_then(|result| serde_json::from_value(result).ok())
}

/// Those who are to be erased again by the plan that was shown; nothing where they were not only counted.
fn to_confirm(listed: &ListedSweep, result: Option<&ErasedAgain>) -> Option<u64> {
    let is_counted = listed.job.state == SweepState::Done && listed.job.then == Then::Count;
    result.filter(|_| is_counted).map(|result| result.count(Is::Again)).filter(|again| *again > 0)
}

pub(super) async fn show(
    visitor: Visitor<Operate>,
    Path((company, target)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::read(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let listed = found(&visitor, &company, &target).await;
    visitor.view.answer(listed.map(|listed| {
        let every_s = refreshing::every_s(&fields, visitor.view.now).filter(|_| !listed.job.state.is_over());
        Sheet { every_s, ..sheet(&visitor.view, &listed, every_s.is_some(), &[], StatusCode::OK) }
    }))
}

fn sheet(view: &View, listed: &ListedSweep, refreshes: bool, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (w, s) = (view.words(), sweeping(view.lang));
    let job = &listed.job;
    let target = job.target.to_string();
    let path = path(&target, &job.mluvii);
    let title = view.say(s.of, &[("target", &target)]);
    let is_over = job.state.is_over();
    let result = result_of(listed);
    let body = html! {
        (crumbs(view, &[("/sweeps", s.title)], &target))
        div.head {
            div.line { h1 { (title) } " " (state(view, job)) }
            p.lead { (view.fill(s.ordered_by, &[("who", &html! { (actor(&job.by)) }), ("time", &view.time(job.begun))])) }
            @if !is_over { (refreshing::links(view, &path, refreshes)) }
        }
        (errors(s.not_erased, wrong))
        @if let Some(reason) = &job.reason { div.note.is-bad { p { (s.why) " " span lang="en" { (reason) } } } }
        @if let Some(why) = job.restarted {
            div.note.is-soon { p { (view.count(&s.restarts, job.restarts.into())) " " ((s.restarted)(why)) } }
        }
        dl.facts {
            dt { (w.company) } dd { (job.mluvii) }
            dt { (s.since) } dd { (view.time(job.since)) }
            dt { (s.records) } dd { (view.lang.number(job.records)) }
            dt { (s.asked) } dd { (view.lang.number(listed.asked)) }
            dt { (s.moved) } dd { (view.time(job.moved)) }
        }
        @if let Some(result) = &result { (super::result::sections(view, result)) }
        @if let (Some(again), Some(result)) = (to_confirm(listed, result.as_ref()), &result) {
            (confirm(view, &path, again, result, wrong))
        }
        @if !is_over {
            section aria-labelledby="s-cancel" {
                h2 #s-cancel { (s.do_cancel) }
                p.intro { (view.say(s.cancel_lead, &[])) }
                form method="post" action={ (path) "/cancel" } { div.actions { button { (s.do_cancel) } } }
            }
        }
    };
    let title = if wrong.is_empty() { title } else { format!("{} {title}", w.error_in_title) };
    Sheet { status, ..Sheet::new(title, Section::Sweeps, body) }
}

fn confirm(view: &View, path: &str, again: u64, result: &ErasedAgain, wrong: &[Wrong]) -> Markup {
    let s = sweeping(view.lang);
    html! {
        section aria-labelledby="s-erase" {
            h2 #s-erase { (view.count(&s.would_go, again)) }
            p.intro { (view.say(if result.needs_approval { s.erase_lead_approval } else { s.erase_lead }, &[])) }
            form.page method="post" action={ (path) "/erase" } {
                input type="hidden" name="plan" value=(result.plan);
                (sure(view, wrong, s.erase_tick))
                div.actions { button.danger { (s.do_erase) } }
            }
        }
    }
}

/// Has those erased whom the plan is about that was shown: nobody, where they are others by now.
pub(super) async fn erase(
    visitor: Visitor<Operate>,
    Path((company, target)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    let view = &visitor.view;
    let listed = match found(&visitor, &company, &target).await {
        Ok(listed) => listed,
        Err(problem) => return view.problem(&problem),
    };
    let plan = result_of(&listed).map(|result| result.plan);
    let is_counted = listed.job.state == SweepState::Done && listed.job.then == Then::Count;
    let Some(plan) = plan.filter(|plan| is_counted && *plan == fields.text("plan")) else {
        let why = "it is not what was shown any more: look at it again";
        return view.problem(&Problem::new(Code::Conflict, why));
    };
    if let Some(wrong) = must_be_sure(view, &fields, sweeping(view.lang).confirm_needed) {
        return view.page(&sheet(view, &listed, false, &[wrong], StatusCode::BAD_REQUEST));
    }
    let job = listed.job;
    let asked = Asked { target: job.target.to_string(), installation: Some(job.mluvii), since: job.since };
    match erase_again::order(&visitor.on, &asked, &Then::Erase { plan }, &visitor.actor()).await {
        Ok(job) => see(&path(&job.target.0, &job.mluvii)),
        Err(error) => view.problem(&visitor.told(error)),
    }
}

pub(super) async fn cancel(visitor: Visitor<Operate>, Path((company, target)): Path<(String, String)>) -> Response {
    let cancelled = async {
        let job = found(&visitor, &company, &target).await?.job;
        let done = erase_again::cancel(&visitor.on, &job.target.0, Some(&job.mluvii), &visitor.actor()).await;
        done.map_err(|error| visitor.told(error))?;
        Ok::<_, Problem>(path(&job.target.0, &job.mluvii))
    };
    visitor.view.done(cancelled.await)
}
