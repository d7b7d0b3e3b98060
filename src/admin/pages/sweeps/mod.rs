//! After another system's restore: whom it holds again of those who were erased there. The newest look at each system, and a new one.

mod one;
mod result;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use percent_encoding::utf8_percent_encode;

use super::days::{DayField, Within, day_field};
use super::fields::Fields;
use super::parts::{MustChoose, PLAIN, cell, heads};
use super::view::{Section, Sheet, View, see};
use super::visitor::Visitor;
use super::whom::{self, Wrong, errors, field};
use super::words::sweeping;
use crate::admin::caller::Operate;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::ledger::{ListedSweep, SweepJob, SweepState};
use crate::operations::erase_again::{self, Asked, Then};
use crate::operations::{InputError, OperationError};
use crate::subject::InstallationName;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/sweeps", get(show).post(order))
        .route("/sweeps/{company}/{target}", get(one::show))
        .route("/sweeps/{company}/{target}/erase", post(one::erase))
        .route("/sweeps/{company}/{target}/cancel", post(one::cancel))
}

/// Where one is.
fn path(target: &str, company: &InstallationName) -> String {
    format!("/sweeps/{}/{}", utf8_percent_encode(&company.0, PLAIN), utf8_percent_encode(target, PLAIN))
}

/// Those of the companies that the account may see.
async fn seen(visitor: &Visitor<Operate>) -> Result<Vec<ListedSweep>, Problem> {
    let mut all = erase_again::jobs(&visitor.on).await?;
    all.retain(|listed| visitor.sees(&listed.job.mluvii));
    Ok(all)
}

/// What was typed of a new one.
#[derive(Default)]
struct Typed {
    /// One of the configuration: anything else may be anything.
    target: Option<String>,
    company: String,
    since: Option<Date>,
}

async fn show(visitor: Visitor<Operate>) -> Response {
    visitor.view.answer(shown(&visitor, &Typed::default(), &[], StatusCode::OK).await)
}

async fn shown(
    visitor: &Visitor<Operate>,
    typed: &Typed,
    wrong: &[Wrong],
    status: StatusCode,
) -> Result<Sheet, Problem> {
    let all = seen(visitor).await?;
    let (view, w, s) = (&visitor.view, visitor.view.words(), sweeping(visitor.view.lang));
    let row = |listed: &ListedSweep| {
        let job = &listed.job;
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    a href=(path(&job.target.0, &job.mluvii)) { (job.target) } small { (job.mluvii) }
                }
                (cell(w.state, &state(view, job)))
                (cell(s.since, &view.time(job.since)))
                (cell(s.records, &html! { (view.lang.number(job.records)) }))
                (cell(s.asked, &html! { (view.lang.number(listed.asked)) }))
            }
        }
    };
    let body = html! {
        div.head { h1 { (s.title) } p.lead { (view.say(s.lead, &[])) } }
        (errors(s.not_ordered, wrong))
        section aria-labelledby="s-all" {
            h2 #s-all { (s.newest) }
            @if all.is_empty() { p { (s.none) } } @else {
                table.stack role="table" {
                    caption { (view.say(w.as_of, &[("time", &view.clock())])) }
                    (heads(&[w.system, w.state, s.since, s.records, s.asked]))
                    tbody role="rowgroup" { @for listed in &all { (row(listed)) } }
                }
            }
        }
        (form(visitor, typed, wrong))
    };
    let title = if wrong.is_empty() { s.title.to_owned() } else { format!("{} {}", w.error_in_title, s.title) };
    Ok(Sheet { status, ..Sheet::new(title, Section::Sweeps, body) })
}

/// Where it stands.
fn state(view: &View, job: &SweepJob) -> Markup {
    let class = match job.state {
        SweepState::Sweeping | SweepState::Asking => "is-run",
        SweepState::Done => "is-done quiet",
        SweepState::Failed => "is-bad",
        SweepState::Cancelled => "is-off quiet",
    };
    html! { span class={ "st " (class) } { ((sweeping(view.lang).state)(job.state)) } }
}

/// The systems that can be looked at so. Their names are of all companies.
fn targets(visitor: &Visitor<Operate>) -> Vec<String> {
    let all = visitor.on.settings.targets.iter().filter(|target| !target.is_mluvii());
    let all = all.map(ToString::to_string);
    if visitor.is_of_all() { all.collect() } else { Vec::new() }
}

fn form(visitor: &Visitor<Operate>, typed: &Typed, wrong: &[Wrong]) -> Markup {
    let (view, s) = (&visitor.view, sweeping(visitor.view.lang));
    let known = targets(visitor);
    html! {
        section aria-labelledby="s-new" {
            h2 #s-new { (s.new_title) }
            p.intro { (view.say(s.new_lead, &[])) }
            form.page method="post" action="/sweeps" autocomplete="off" {
                div.halves {
                    (field(view, wrong, "target", s.target, Some(s.target_hint), |aria| html! {
                        input #target name="target" autocomplete="off" maxlength="64" required value=[typed.target.as_ref()]
                            list=[(!known.is_empty()).then_some("targets")]
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                        @if !known.is_empty() { datalist #targets { @for one in &known { option value=(one) {} } } }
                    }))
                    (whom::company(visitor, wrong, &typed.company))
                    (day_field(view, wrong, &DayField {
                        id: "since",
                        name: "since",
                        label: s.backup_of,
                        hint: Some(s.backup_hint),
                        typed: typed.since,
                        within: Within::UntilToday,
                        must: MustChoose::Yes,
                    }))
                }
                div.actions { button.primary { (s.do_look) } }
            }
        }
    }
}

async fn order(visitor: Visitor<Operate>, fields: Fields) -> Response {
    let (view, w, s) = (&visitor.view, visitor.view.words(), sweeping(visitor.view.lang));
    let target = fields.text("target");
    let typed = Typed {
        target: targets(&visitor).into_iter().find(|known| known == target),
        company: fields.text("company").to_owned(),
        since: fields.text("since").parse().ok(),
    };
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let company = visitor.company_or_only(Some(typed.company.as_str()).filter(|name| !name.is_empty())).ok();
    if company.is_none() {
        is_wrong("company", w.choose_company);
    }
    let since = typed.since.and_then(|day| view.begin_of(day)).filter(|since| *since <= Timestamp::now());
    if since.is_none() {
        is_wrong("since", s.since_wrong);
    }
    if target.is_empty() {
        is_wrong("target", s.target_unknown);
    }
    let (Some(company), Some(since), true) = (company, since, wrong.is_empty()) else {
        return view.answer(shown(&visitor, &typed, &wrong, StatusCode::BAD_REQUEST).await);
    };
    let asked = Asked { target: target.to_owned(), installation: Some(company.clone()), since };
    match erase_again::order(&visitor.on, &asked, &Then::Count, &visitor.actor()).await {
        Ok(job) => see(&path(&job.target.0, &job.mluvii)),
        Err(OperationError::Input(InputError::UnknownTarget { .. })) => {
            let wrong = [Wrong { field: "target", text: view.say(s.target_unknown, &[]) }];
            view.answer(shown(&visitor, &typed, &wrong, StatusCode::BAD_REQUEST).await)
        }
        Err(error) => view.problem(&visitor.told(error)),
    }
}
