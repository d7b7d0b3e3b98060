//! Tasks: what people erase where nothing else can, and what they say of it. Whom one is about is shown on a terminal only.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use super::fields::Fields;
use super::filters::nothing_here;
use super::paging::{PAGE, no_such_list};
use super::parts::{MustChoose, cell, choices, crumbs, days_left, heads, held_by, in_words, urgency};
use super::view::{Section, Sheet, View, see};
use super::visitor::Visitor;
use super::whom::{Wrong, errors, field};
use super::words::{places, task_links};
use crate::admin::caller::Requests;
use crate::admin::problem::Problem;
use crate::admin::seen;
use crate::admin::state::Admin;
use crate::erasure::ErasureId;
use crate::operations::task_links::{self as links, MadeLink};
use crate::operations::tasks::{self, OpenTask, Said, TaskState};
use crate::operations::{InputError, OperationError};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/tasks", get(list))
        .route("/tasks/{id}", get(show))
        .route("/tasks/{id}/done", post(done))
        .route("/tasks/{id}/link", post(link))
}

async fn list(visitor: Visitor<Requests>, RawQuery(query): RawQuery) -> Response {
    let listed = async {
        let fields = Fields::read(query.as_deref().unwrap_or_default()).ok_or_else(no_such_list)?;
        let after = match fields.text("from") {
            "" => None,
            text => Some(text.parse::<ErasureId>().map_err(|_| no_such_list())?),
        };
        let (mut all, next) = tasks::part(&visitor.on, after, PAGE).await?;
        // The page is shorter by them, and goes on where it would.
        all.retain(|task| visitor.sees(&task.mluvii));
        all.sort_by_key(|task| task.deadline);
        Ok::<_, Problem>(list_sheet(&visitor, &all, next))
    };
    visitor.view.answer(listed.await)
}

/// Where a task stands, and how long it has.
fn state(view: &View, task: &OpenTask) -> Markup {
    let w = view.words();
    html! {
        @if task.held.is_empty() { span.st.is-wait { ((w.task_state)(task.state)) } }
        @else { span.st.is-held { (w.task_wait) } }
        @if let Some(left) = task.days_left { small { span class={ "st " (urgency(left)) } { (days_left(view, left)) } } }
    }
}

fn list_sheet(visitor: &Visitor<Requests>, all: &[OpenTask], next: Option<ErasureId>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let row = |task: &OpenTask| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { a href={ "/tasks/" (task.id) } { (task.id) } small { (task.mluvii) } }
                (cell(w.system, &html! { (in_words(visitor, &task.mluvii).system(&task.target)) }))
                (cell(w.state, &state(view, task)))
                (cell(w.until_head, &html! { @match task.deadline { Some(at) => (view.time(at)), None => "–" } }))
                (cell(w.erasure, &html! { a href={ "/erasures/" (task.erasure) } { (task.erasure) } }))
            }
        }
    };
    let body = html! {
        div.head { h1 { (w.tasks) } p.lead { (view.say(w.tasks_lead, &[])) } }
        section aria-label=(w.tasks) {
            @if all.is_empty() && next.is_some() { div.panel.sunk { p { b { (w.none_on_this_page) } } } } @else if all.is_empty() { (nothing_here(view, places(view.lang).no_tasks, None)) } @else {
                table.stack role="table" {
                    caption { (w.tasks) }
                    (heads(&[w.task, w.system, w.state, w.until_head, w.erasure]))
                    tbody role="rowgroup" { @for task in all { (row(task)) } }
                }
            }
            // By the erasure at which the page ends, which is found also where its task is done by then.
            @if let Some(next) = next { div.pager { p { a href={ "/tasks?from=" (next) } { (w.further) } } } }
        }
    };
    Sheet::new(w.tasks, Section::Tasks, body)
}

async fn show(visitor: Visitor<Requests>, Path(id): Path<String>) -> Response {
    let task = seen::task(&visitor, &id).await;
    visitor.view.answer(task.map(|task| sheet(&visitor, &task, None, &[], StatusCode::OK)))
}

async fn done(visitor: Visitor<Requests>, Path(id): Path<String>, fields: Fields) -> Response {
    let (view, w) = (&visitor.view, visitor.view.words());
    let task = match seen::task(&visitor, &id).await {
        Ok(task) => task,
        Err(problem) => return view.problem(&problem),
    };
    let said = Said::ALL.into_iter().find(|said| said.as_str() == fields.text("said"));
    let again = |field: &'static str, sentence: &str| {
        let wrong = [Wrong { field, text: view.say(sentence, &[]) }];
        view.page(&sheet(&visitor, &task, said, &wrong, StatusCode::BAD_REQUEST))
    };
    let Some(said) = said else { return again("said", w.task_choose) };
    let law = fields.text("law");
    match tasks::done(&visitor.on, &task.id, said, Some(law), &visitor.actor()).await {
        Ok(()) => see(&format!("/erasures/{}", task.erasure)),
        Err(OperationError::Input(InputError::RetainedWithoutReason | InputError::ReasonTooLong)) => {
            again("law", w.task_law_wrong)
        }
        Err(error) => view.problem(&visitor.told(error)),
    }
}

async fn link(visitor: Visitor<Requests>, Path(id): Path<String>) -> Response {
    let made = async {
        let task = seen::task(&visitor, &id).await?;
        let made = links::make(&visitor.on, &task.id, &visitor.actor()).await;
        made.map(|made| made_sheet(&visitor.view, &made)).map_err(|error| visitor.told(error))
    };
    visitor.view.answer(made.await)
}

/// A link, which is shown this once.
fn made_sheet(view: &View, made: &MadeLink) -> Sheet {
    let (w, l) = (view.words(), task_links(view.lang));
    let MadeLink { task, url, until } = made;
    let id = task.id.to_string();
    let title = view.say(l.made_title, &[("id", &id)]);
    let path = format!("/tasks/{id}");
    let body = html! {
        (crumbs(view, &[("/tasks", w.tasks), (&path, &id)], l.made_link))
        div.head { h1 { (title) } p.lead { (view.say(l.made_lead, &[])) } }
        section aria-labelledby="t-made" {
            h2 #t-made { (l.made_link) }
            pre.whole tabindex="0" { code { (url.expose()) } }
            p { (view.fill(l.until, &[("until", &view.time(*until))])) }
            p { span.st.is-soon { (view.say(l.made_once, &[])) } }
        }
        div.actions { a.button href=(path) { (l.to_task) } }
    };
    Sheet::new(title, Section::Tasks, body)
}

/// Having a link made for who has no account, or why none is.
fn links_of(visitor: &Visitor<Requests>, task: &OpenTask) -> Markup {
    let view = &visitor.view;
    let l = task_links(view.lang);
    html! {
        section aria-labelledby="t-link" {
            h2 #t-link { (l.title) }
            p.intro { (view.say(l.lead, &[])) }
            @if visitor.on.settings.links_base.is_none() { p { (view.say(l.needs_address, &[])) } }
            @else if task.state != TaskState::Open { p { (view.say(l.not_now, &[])) } }
            @else {
                form.page method="post" action={ "/tasks/" (task.id) "/link" } {
                    div.actions { button { (l.do_make) } }
                }
            }
        }
    }
}

fn sheet(
    visitor: &Visitor<Requests>,
    task: &OpenTask,
    said: Option<Said>,
    wrong: &[Wrong],
    status: StatusCode,
) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let id = task.id.to_string();
    let title = view.say(w.task_of, &[("id", &id)]);
    let words = (Said::as_str as fn(Said) -> &'static str, w.task_said);
    let body = html! {
        (crumbs(view, &[("/tasks", w.tasks)], &id))
        div.head {
            div.line { h1 { (title) } " " (state(view, task)) }
            @if let Some(deadline) = task.deadline { p.lead { (view.fill(w.until_then, &[("until", &view.time(deadline))])) } }
        }
        (errors(w.task_not_done, wrong))
        @for held in &task.held { div.note.is-held { p { span.st.is-held { (held_by(view, held)) } } } }
        section aria-labelledby="t-what" {
            h2 #t-what { (w.task_what) }
            // As the configuration says it, in whatever language.
            pre tabindex="0" { (task.text.trim()) }
            dl.facts {
                dt { (w.system) } dd { (in_words(visitor, &task.mluvii).system(&task.target)) }
                dt { (w.company) } dd { (task.mluvii) }
                dt { (w.erasure) } dd { a href={ "/erasures/" (task.erasure) } { (task.erasure) } }
            }
        }
        section aria-labelledby="t-done" {
            h2 #t-done { (w.task_done_title) }
            p.intro { (view.say(w.task_done_lead, &[])) }
            form.page method="post" action={ "/tasks/" (id) "/done" } autocomplete="off" {
                (field(view, wrong, "said", w.result, None, |aria| {
                    choices("said", &Said::ALL, words, said, Some(w.choose), MustChoose::Yes, aria)
                }))
                (field(view, wrong, "law", w.task_law, Some(w.task_law_hint), |aria| html! {
                    input #law name="law" autocomplete="off" maxlength="200" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                }))
                div.actions { button.primary { (w.do_task) } }
            }
        }
        (links_of(visitor, task))
    };
    Sheet { status, ..Sheet::new(title, Section::Tasks, body) }
}
