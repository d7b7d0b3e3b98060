//! Comparisons of the past with mluvii: ordered by days, shown by month and rule, and done once somebody confirms one.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use super::{Ask, Wrongs};
use crate::admin::caller::Operate;
use crate::admin::pages::days::{DayField, Within, day_field};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{MustChoose, cell, crumbs, heads};
use crate::admin::pages::refreshing;
use crate::admin::pages::view::{Section, Sheet, View, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Wrong, errors, must_be_sure, sure, titled};
use crate::admin::pages::words::operating;
use crate::admin::problem::{Code, Problem};
use crate::ledger::{PastState, StoredPastJob};
use crate::operations::reconcile::{self, Asked};

/// What was typed of a new one.
#[derive(Default)]
pub(super) struct Typed {
    company: String,
    since: Option<Date>,
    until: Option<Date>,
}

fn path(number: i64) -> String {
    format!("/mluvii/past/{number}")
}

fn state(view: &View, state: PastState) -> Markup {
    let class = match state {
        PastState::Looking | PastState::Entering => "is-run",
        PastState::Shown => "is-soon",
        PastState::Done => "is-done quiet",
        PastState::Cancelled => "is-off quiet",
    };
    html! { span class={ "st " (class) } { ((operating(view.lang).past_state)(state)) } }
}

/// From when until when.
fn time(view: &View, stored: &StoredPastJob) -> Markup {
    let (since, until) = (view.time(stored.job.since), view.time(stored.job.until));
    view.fill(operating(view.lang).past_time, &[("since", &since), ("until", &until)])
}

/// All of them, and what each would erase.
pub(super) fn list(visitor: &Visitor<Operate>, jobs: &[StoredPastJob]) -> Markup {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let row = |stored: &StoredPastJob| {
        let number = stored.id.to_string();
        let would: u64 = stored.job.counts.would_erase.values().sum();
        let untold: u64 = stored.job.counts.found.values().sum();
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    a href=(path(stored.id)) { (view.say(o.past_of, &[("number", &number)])) } small { (stored.job.mluvii) }
                }
                (cell(w.when, &time(view, stored)))
                (cell(w.state, &state(view, stored.job.state)))
                (cell(o.past_untold, &html! { (view.lang.number(untold)) }))
                (cell(o.past_would, &html! { (view.lang.number(would)) }))
            }
        }
    };
    html! {
        section aria-labelledby="m-past" {
            h2 #m-past { (o.past) }
            p.intro { (view.say(o.past_lead, &[])) }
            @if jobs.is_empty() { p { (w.none_here) } } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[o.past, w.when, w.state, o.past_untold, o.past_would]))
                    tbody role="rowgroup" { @for stored in jobs { (row(stored)) } }
                }
            }
        }
    }
}

/// What a new one is asked for with.
pub(super) fn form(visitor: &Visitor<Operate>, typed: &Typed, wrong: &[Wrong]) -> Markup {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let day = |id: &str, label: &str, hint: Option<&str>, typed: Option<Date>, must: MustChoose| {
        day_field(view, wrong, &DayField { id, name: id, label, hint, typed, within: Within::UntilToday, must })
    };
    html! {
        section aria-labelledby="m-new" {
            h2 #m-new { (o.past_new) }
            form.page method="post" action="/mluvii/past" autocomplete="off" {
                div.halves {
                    (whom::company(visitor, wrong, &typed.company))
                    (day("since", o.from_day, None, typed.since, MustChoose::Yes))
                    (day("until", o.to_day, Some(w.today_if_empty), typed.until, MustChoose::No))
                }
                div.actions { button.primary { (o.do_compare) } }
            }
        }
    }
}

pub(super) async fn order(visitor: Visitor<Operate>, fields: Fields) -> Response {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let typed = Typed {
        company: fields.text("company").to_owned(),
        since: fields.text("since").parse().ok(),
        until: fields.text("until").parse().ok(),
    };
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let installation = visitor.company_or_only(Some(typed.company.as_str()).filter(|name| !name.is_empty())).ok();
    if installation.is_none() {
        is_wrong("company", w.choose_company);
    }
    let now = Timestamp::now();
    let from = typed.since.and_then(|day| view.begin_of(day)).filter(|from| *from <= now);
    if from.is_none() {
        is_wrong("since", o.day_not_over);
    }
    let ends = match fields.text("until") {
        "" => Some(now),
        // What comes later cannot have been compared.
        _ => typed.until.and_then(|day| view.end_of(day)).map(|end| end.min(now)),
    };
    let to = ends.filter(|to| from.is_none_or(|from| from < *to));
    if to.is_none() {
        is_wrong("until", o.day_not_over);
    }
    let (Some(installation), Some(from), Some(to)) = (installation, from, to) else {
        let wrongs = Wrongs { past: typed, wrong: &wrong };
        let known = super::known(&visitor, Ask::Nobody).await;
        let sheet = known.map(|known| super::sheet(&visitor, &known, &html! {}, &wrongs, StatusCode::BAD_REQUEST));
        return view.answer(sheet);
    };
    let asked = Asked { installation, from, to, dry_run: false, of_past: false };
    match reconcile::order(&visitor.on, &asked, &visitor.actor()).await {
        Ok(number) => see(&path(number)),
        Err(error) => view.problem(&visitor.told(error)),
    }
}

/// The comparison of a path, as far as the account may see its company.
async fn seen(visitor: &Visitor<Operate>, number: &str) -> Result<StoredPastJob, Problem> {
    let unknown = || Problem::not_found("comparison of this number");
    let number: i64 = number.parse().map_err(|_| unknown())?;
    let all = reconcile::jobs(&visitor.on).await?;
    let found = all.into_iter().find(|stored| stored.id == number && visitor.sees(&stored.job.mluvii));
    found.ok_or_else(unknown)
}

pub(super) async fn show(visitor: Visitor<Operate>, Path(number): Path<String>, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::read(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let stored = seen(&visitor, &number).await;
    visitor.view.answer(stored.map(|stored| {
        let every_s = refreshing::every_s(&fields, visitor.view.now).filter(|_| goes_on(stored.job.state));
        let refreshes = every_s.map_or(Refreshes::No, |_| Refreshes::Yes);
        Sheet { every_s, ..sheet(&visitor, &stored, refreshes, &[], StatusCode::OK) }
    }))
}

/// Whether the browser asks for the page again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refreshes {
    Yes,
    No,
}

/// Whether it changes without anybody: what was shown waits for a person, and a form that is filled in must not be taken away from them.
fn goes_on(state: PastState) -> bool {
    matches!(state, PastState::Looking | PastState::Entering)
}

fn sheet(
    visitor: &Visitor<Operate>,
    stored: &StoredPastJob,
    refreshes: Refreshes,
    wrong: &[Wrong],
    status: StatusCode,
) -> Sheet {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let (job, counts) = (&stored.job, &stored.job.counts);
    let number = stored.id.to_string();
    let title = view.say(o.past_of, &[("number", &number)]);
    let is_over = job.state.is_over();
    let reach: Vec<&str> = counts.reach_further.iter().map(String::as_str).collect();
    let body = html! {
        (crumbs(view, &[("/mluvii", o.mluvii)], &title))
        div.head {
            div.line { h1 { (title) } " " (state(view, job.state)) }
            p.lead { (time(view, stored)) }
            @if goes_on(job.state) { (refreshing::links(view, &path(stored.id), refreshes == Refreshes::Yes)) }
        }
        (errors(o.not_confirmed, wrong))
        // Of what is over, neither is true any more.
        @for why in [&job.reason, &job.again].into_iter().flatten().filter(|_| !is_over) {
            div.note.is-soon lang="en" { p { (why) } }
        }
        dl.facts {
            dt { (w.company) } dd { (job.mluvii) }
            dt { (o.compared_until) } dd { (view.time(job.come)) }
            dt { (o.past_listed) } dd { (view.lang.number(counts.listed)) }
            dt { (o.past_unread) } dd { (view.lang.number(counts.unread)) }
            dt { (o.past_failed) } dd { (view.lang.number(counts.failed)) }
            dt { (o.past_foreign) } dd { (view.lang.number(counts.foreign)) }
            dt { (o.past_entered) } dd { (view.lang.number(job.entered)) }
        }
        (by_month(view, stored))
        (by_rule(view, stored))
        @if !reach.is_empty() {
            div.note.is-soon { p { (view.say(o.past_reach_further, &[("rules", &reach.join(", "))])) } }
        }
        @if job.state == PastState::Shown {
            section aria-labelledby="m-confirm" {
                h2 #m-confirm { (o.do_confirm_past) }
                p.intro { (view.say(o.confirm_past_lead, &[])) }
                form.page method="post" action={ (path(stored.id)) "/confirm" } {
                    @if let Some(shown) = job.shown { input type="hidden" name="shown" value=(shown); }
                    (sure(view, wrong, o.confirm_past_tick))
                    div.actions { button.danger { (o.do_confirm_past) } }
                }
            }
        }
        @if !is_over {
            section aria-labelledby="m-cancel" {
                h2 #m-cancel { (o.do_cancel_past) }
                p.intro { (view.say(o.cancel_past_lead, &[])) }
                form method="post" action={ (path(stored.id)) "/cancel" } { div.actions { button { (o.do_cancel_past) } } }
            }
        }
    };
    let title = titled(view, &title, wrong);
    Sheet { status, ..Sheet::new(title, Section::Mluvii, body) }
}

/// Those that nobody told of, and those that would be erased, by the month in which they ended.
fn by_month(view: &View, stored: &StoredPastJob) -> Markup {
    let o = operating(view.lang);
    let (found, would) = (&stored.job.counts.found, &stored.job.counts.would_erase);
    let months: BTreeSet<&str> = found.keys().chain(would.keys()).map(String::as_str).collect();
    let rows: Vec<_> = months.into_iter().map(|month| (month, of(found, month), of(would, month))).collect();
    counted(view, o.by_month, [o.month, o.past_untold, o.past_would], &rows)
}

/// The same by rule, over all months; and of which nobody knows, as the rule could not decide.
fn by_rule(view: &View, stored: &StoredPastJob) -> Markup {
    let o = operating(view.lang);
    let (would, failed) = (&stored.job.counts.by_rule, &stored.job.counts.failed_by_rule);
    let rules: BTreeSet<&str> = would.keys().chain(failed.keys()).map(String::as_str).collect();
    let in_all = |rule: &str| would.get(rule).map_or(0, |months| months.values().sum::<u64>());
    let rows: Vec<_> = rules.into_iter().map(|rule| (rule, in_all(rule), of(failed, rule))).collect();
    counted(view, o.by_rule, [o.rule, o.past_would, o.past_failed], &rows)
}

fn of(counts: &BTreeMap<String, u64>, name: &str) -> u64 {
    counts.get(name).copied().unwrap_or_default()
}

/// Two numbers of each, where there are any.
fn counted(view: &View, caption: &str, names: [&str; 3], rows: &[(&str, u64, u64)]) -> Markup {
    let [_, first, second] = names;
    let number = |count: u64| html! { (view.lang.number(count)) };
    html! {
        @if !rows.is_empty() {
            section aria-label=(caption) {
                table.stack role="table" {
                    caption { (caption) }
                    (heads(&names))
                    tbody role="rowgroup" { @for (each, one, other) in rows {
                        tr role="row" {
                            th scope="row" role="rowheader" { (each) }
                            (cell(first, &number(*one)))
                            (cell(second, &number(*other)))
                        }
                    } }
                }
            }
        }
    }
}

pub(super) async fn confirm(visitor: Visitor<Operate>, Path(number): Path<String>, fields: Fields) -> Response {
    let view = &visitor.view;
    let stored = match seen(&visitor, &number).await {
        Ok(stored) => stored,
        Err(problem) => return view.problem(&problem),
    };
    if let Some(wrong) = must_be_sure(view, &fields, operating(view.lang).confirm_needed) {
        return view.page(&sheet(&visitor, &stored, Refreshes::No, &[wrong], StatusCode::BAD_REQUEST));
    }
    let Ok(shown) = fields.text("shown").parse() else {
        return view.problem(&Problem::new(Code::NotUnderstood, "`shown` is no time"));
    };
    match reconcile::confirm(&visitor.on, stored.id, shown, &visitor.actor()).await {
        Ok(()) => see(&path(stored.id)),
        Err(error) => view.problem(&error.into()),
    }
}

pub(super) async fn cancel(visitor: Visitor<Operate>, Path(number): Path<String>) -> Response {
    let cancelled = async {
        let stored = seen(&visitor, &number).await?;
        reconcile::cancel(&visitor.on, stored.id, &visitor.actor()).await?;
        Ok::<_, Problem>(path(stored.id))
    };
    visitor.view.done(cancelled.await)
}
