//! One target: pausing and resuming it, its plugin on this server, and what waits for it with what it answered last.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use super::state;
use crate::admin::caller::Operate;
use crate::admin::ending::to_its_end;
use crate::admin::pages::days::{DayField, Within, day_field};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{MustChoose, cell, choices, crumbs, erasure_state, heads, in_words, target_path};
use crate::admin::pages::view::{Section, Sheet, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{Wrong, errors, field, titled};
use crate::admin::pages::words::operating;
use crate::admin::problem::Problem;
use crate::erasure::Erasure;
use crate::hold::CaseReference;
use crate::ledger::{PauseReason, TargetState};
use crate::operations::plugins::{self, ListedPlugin};
use crate::operations::targets::{self, PauseRequest, ShownTarget};
use crate::operations::{InputError, OperationError};
use crate::plugin::PluginState;

/// Erasures that are named; the numbers are of all.
const SHOWN: u32 = 20;

/// A target with what is around it.
struct Around {
    target: ShownTarget,
    /// Where it is a plugin of this server.
    plugin: Option<ListedPlugin>,
    /// The oldest that wait for it.
    waiting: Vec<Erasure>,
}

/// The target of a path. It is of all companies.
async fn seen(visitor: &Visitor<Operate>, name: &str) -> Result<Around, Problem> {
    visitor.sees_all()?;
    let all = targets::list(&visitor.on).await?;
    let found = all.into_iter().find(|one| *one.target.0 == *name);
    let target = found.ok_or_else(|| Problem::not_found("target of this name"))?;
    let plugins = plugins::list(visitor.admin.plugins()).await?;
    let plugin = plugins.into_iter().find(|listed| listed.plugin.name == target.target);
    let ledger = &visitor.on.ledger;
    let ids = ledger.erasures_at(&target.target, None, SHOWN).await.map_err(OperationError::from)?;
    let waiting = ledger.erasures_named(&ids).await.map_err(OperationError::from)?;
    Ok(Around { target, plugin, waiting })
}

/// What was typed of a pause.
#[derive(Default)]
struct Typed {
    reason: Option<PauseReason>,
    case: Option<CaseReference>,
    until: Option<Date>,
}

pub(super) async fn show(visitor: Visitor<Operate>, Path(name): Path<String>) -> Response {
    let around = seen(&visitor, &name).await;
    visitor.view.answer(around.map(|around| sheet(&visitor, &around, &Typed::default(), &[], StatusCode::OK)))
}

fn sheet(visitor: &Visitor<Operate>, around: &Around, typed: &Typed, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let Around { target, plugin, waiting } = around;
    let path = target_path(&target.target);
    let title = target.target.to_string();
    let is_out = matches!(target.state, TargetState::Open { .. });
    let body = html! {
        (crumbs(view, &[("/targets", w.targets)], &title))
        div.head { h1 { (title) } }
        (errors(o.not_paused, wrong))
        dl.facts {
            dt { (w.state) } dd { (state(view, target)) }
            dt { (w.waiting_steps) } dd { (view.lang.number(target.waiting)) }
            dt { (w.parked_steps) } dd {
                @if target.parked > 0 { span.st.is-bad { (view.lang.number(target.parked)) } } @else { "–" }
            }
        }
        @for (company, law) in &target.retained {
            div.note { p { span.st.is-kept { (view.say(o.retained_here, &[("company", &company.to_string()), ("law", law)])) } } }
        }
        @if target.paused.is_some() || is_out {
            section aria-labelledby="t-resume" {
                h2 #t-resume { (o.do_resume) }
                p.intro { (view.say(o.resume_lead, &[])) }
                form method="post" action={ (path) "/resume" } { div.actions { button.primary { (o.do_resume) } } }
            }
        }
        (waits(visitor, target, waiting))
        @if let Some(plugin) = plugin { (plugin_part(visitor, plugin, &path)) }
        @if target.paused.is_none() { (pause_form(visitor, &path, typed, wrong)) }
    };
    let title = titled(view, &title, wrong);
    Sheet { status, ..Sheet::new(title, Section::Targets, body) }
}

/// The oldest erasures that wait for it, and what it answered last of each.
fn waits(visitor: &Visitor<Operate>, target: &ShownTarget, waiting: &[Erasure]) -> Markup {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let row = |erasure: &Erasure| {
        let names = in_words(visitor, erasure.subject.installation());
        let step = erasure.steps.iter().find(|step| step.called == target.target);
        let answer = step.and_then(|step| step.reason.as_ref()).map(|reason| names.said(reason));
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { a href={ "/erasures/" (erasure.id) } { (erasure.id) } small { (erasure.subject.installation()) } }
                (cell(w.state, &erasure_state(view, erasure)))
                (cell(o.attempts_head, &html! { (view.lang.number(step.map_or(0, |step| step.attempts.into()))) }))
                (cell(o.last_answer, &html! { (answer.as_deref().unwrap_or(o.no_answer_yet)) }))
                (cell(w.called_next, &html! { @match step.and_then(|step| step.due) { Some(due) => (view.time(due)), None => "–" } }))
            }
        }
    };
    html! {
        section aria-labelledby="t-waits" {
            h2 #t-waits { (o.waits_here) }
            @if waiting.is_empty() { p { (o.nothing_waits) } } @else {
                table.stack role="table" {
                    caption { (o.oldest_first) }
                    (heads(&[w.erasure, w.state, o.attempts_head, o.last_answer, w.called_next]))
                    tbody role="rowgroup" { @for erasure in waiting { (row(erasure)) } }
                }
                @if waiting.len() == SHOWN as usize { p.small.muted { (view.count(&o.oldest_only, SHOWN.into())) } }
            }
        }
    }
}

/// Its plugin on this server.
fn plugin_part(visitor: &Visitor<Operate>, listed: &ListedPlugin, path: &str) -> Markup {
    let (view, o) = (&visitor.view, operating(visitor.view.lang));
    let plugin = &listed.plugin;
    let class = match plugin.state {
        PluginState::Up(_) => "is-done",
        PluginState::Starting => "is-run",
        PluginState::Restarting(_) => "is-soon",
        PluginState::Failed(_) => "is-bad",
        PluginState::Stopped => "is-off",
    };
    html! {
        section aria-labelledby="t-plugin" {
            h2 #t-plugin { (o.plugin) }
            p.intro { (view.say(o.plugin_lead, &[])) }
            dl.facts {
                dt { (visitor.view.words().state) } dd {
                    span class={ "st " (class) } { ((o.plugin_state)(&plugin.state)) }
                    @if let PluginState::Restarting(why) | PluginState::Failed(why) = &plugin.state { " " small lang="en" { (why) } }
                }
                @if let PluginState::Up(info) = &plugin.state {
                    dt { (o.plugin) } dd { (view.say(o.plugin_version, &[("name", &info.name), ("version", &info.version)])) }
                    dt { (o.plugin_sandbox) } dd lang="en" { (info.sandbox.as_str()) }
                    @if !info.doubts.is_empty() {
                        dt { (o.plugin_doubts) } dd lang="en" { @for doubt in &info.doubts { p { (doubt) } } }
                    }
                }
                dt { (o.plugin_file) } dd.mono { (plugin.file.display()) }
                dt { (o.plugin_calls) } dd { (view.lang.number(plugin.calls as u64)) }
                dt { (o.plugin_restarts) } dd { (view.lang.number(plugin.restarts)) }
                @if let Some(error) = &plugin.last_error {
                    dt { (o.last_error) } dd { (view.time(error.at)) " " span lang="en" { (error.why) } }
                }
            }
            p.measure { (view.say(o.reload_lead, &[])) }
            form method="post" action={ (path) "/reload" } { div.actions { button { (o.do_reload) } } }
        }
    }
}

fn pause_form(visitor: &Visitor<Operate>, path: &str, typed: &Typed, wrong: &[Wrong]) -> Markup {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let reasons = (PauseReason::as_str as fn(PauseReason) -> &'static str, o.pause_reason);
    html! {
        section aria-labelledby="t-pause" {
            h2 #t-pause { (o.pause_title) }
            p.intro { (view.say(o.pause_lead, &[])) }
            form.page method="post" action={ (path) "/pause" } autocomplete="off" {
                div.halves {
                    (field(view, wrong, "reason", w.because, None, |aria| {
                        choices("reason", &PauseReason::ALL, reasons, typed.reason, Some(w.choose), MustChoose::Yes, aria)
                    }))
                    (field(view, wrong, "case", w.hold_case, Some(o.pause_case_hint), |aria| html! {
                        input #case name="case" autocomplete="off" maxlength="40" value=[typed.case.as_ref()]
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    (day_field(view, wrong, &DayField {
                        id: "until",
                        name: "until",
                        label: o.pause_until,
                        hint: Some(o.pause_until_hint),
                        typed: typed.until,
                        within: Within::FromToday,
                        must: MustChoose::No,
                    }))
                }
                div.actions { button.danger { (o.do_pause) } }
            }
        }
    }
}

pub(super) async fn pause(visitor: Visitor<Operate>, Path(name): Path<String>, fields: Fields) -> Response {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let around = match seen(&visitor, &name).await {
        Ok(around) => around,
        Err(problem) => return view.problem(&problem),
    };
    let typed = Typed {
        reason: PauseReason::ALL.into_iter().find(|reason| reason.as_str() == fields.text("reason")),
        case: fields.text("case").parse().ok(),
        until: fields.text("until").parse().ok(),
    };
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let until = typed.until.and_then(|day| view.end_of(day)).filter(|until| *until > Timestamp::now());
    if !fields.text("until").is_empty() && until.is_none() {
        is_wrong("until", w.hold_until_wrong);
    }
    if !fields.text("case").is_empty() && typed.case.is_none() {
        is_wrong("case", w.hold_case_wrong);
    }
    if typed.reason.is_none() {
        is_wrong("reason", o.pause_reason_needed);
    }
    let again = |wrong: &[Wrong]| view.page(&sheet(&visitor, &around, &typed, wrong, StatusCode::BAD_REQUEST));
    let (Some(reason), true) = (typed.reason, wrong.is_empty()) else { return again(&wrong) };
    let request = PauseRequest { target: name, reason, case: typed.case.clone(), until };
    match targets::pause(&visitor.on, request, &visitor.actor()).await {
        Ok(target) => see(&target_path(&target)),
        Err(OperationError::Input(InputError::EndIsOver)) => {
            again(&[Wrong { field: "until", text: view.say(w.hold_until_wrong, &[]) }])
        }
        Err(error) => view.problem(&visitor.told(error)),
    }
}

pub(super) async fn resume(visitor: Visitor<Operate>, Path(name): Path<String>) -> Response {
    let resumed = async {
        let target = seen(&visitor, &name).await?.target.target;
        let target = targets::resume(&visitor.on, &target.0, &visitor.actor()).await?;
        Ok::<_, Problem>(target_path(&target))
    };
    visitor.view.done(resumed.await)
}

pub(super) async fn reload(visitor: Visitor<Operate>, Path(name): Path<String>) -> Response {
    let reloaded = async {
        let around = seen(&visitor, &name).await?;
        let target = around.target.target;
        if around.plugin.is_none() {
            return Err(Problem::not_found("plugin of this name"));
        }
        let (plugins, actor) = (visitor.admin.plugins().clone(), visitor.actor());
        let path = target_path(&target);
        let reloading = async move { plugins::reload(&plugins, &target, &actor).await.map_err(Problem::from) };
        to_its_end(reloading).await?;
        Ok(path)
    };
    visitor.view.done(reloaded.await)
}
