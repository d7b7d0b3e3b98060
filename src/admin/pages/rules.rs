//! Rules: what they are, by which versions servers have worked, what they decided and would decide, and what a person says of one that
//! waits. They are changed in the configuration, and nowhere here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use super::fields::Fields;
use super::parts::{cell, crumbs, heads};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use crate::access::Permission;
use crate::admin::caller::{Rules, See};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::ledger::{RuleState, RuleVersion};
use crate::operations::OperationError;
use crate::operations::rules::{self, Difference, Trial};
use crate::policy::{ConfiguredRule, ConfirmBy};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/rules", get(list))
        .route("/rules/trial", get(trial))
        .route("/rules/confirm", post(confirm))
        .route("/rules/reject", post(reject))
}

/// In how many days sessions ended on which rules can be tried.
const DAYS: [u16; 3] = [30, 90, 365];

const DAY_S: u64 = 24 * 60 * 60;
const HOUR_S: u64 = 60 * 60;
const MINUTE_S: u64 = 60;

async fn list(visitor: Visitor<See>) -> Response {
    let shown = async {
        // They are of all companies.
        visitor.sees_all()?;
        let versions = visitor.on.ledger.rule_versions().await.map_err(OperationError::from)?;
        Ok::<_, Problem>(sheet(&visitor, &versions))
    };
    visitor.view.answer(shown.await)
}

fn sheet(visitor: &Visitor<See>, versions: &[RuleVersion]) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let waiting = waiting(versions);
    let all: Vec<_> = visitor.on.settings.policy.rules().map(|rule| rule.configured()).collect();
    let body = html! {
        div.head { h1 { (w.rules.title) } p.lead { (view.say(w.rules.lead, &[])) } }
        @if !waiting.is_empty() {
            section aria-labelledby="r-waits" {
                h2 #r-waits { (w.rules.waits_title) }
                p.intro { (view.say(w.rules.waits_lead, &[])) }
                @for version in &waiting { (judge(view, version, newest(versions, &version.rule.name))) }
            }
        }
        section aria-labelledby="r-rules" {
            h2 #r-rules { (w.rules.configured) }
            @if all.is_empty() { div.panel.sunk { p { b { (w.rules.none) } } } }
            @for rule in &all { (configured(view, rule, versions)) }
            p.small.muted { (view.say(w.rules.change_lead, &[])) }
        }
        @if view.may(Permission::Rules) && !all.is_empty() { (try_form(view)) }
        @if !versions.is_empty() { (history(view, versions)) }
    };
    Sheet::new(w.rules.title, Section::Rules, body)
}

/// The rules that wait for a person, each by its newest version that does.
fn waiting(versions: &[RuleVersion]) -> Vec<&RuleVersion> {
    let waits = versions.iter().filter(|version| version.rule.state == RuleState::Waiting);
    waits.map(|version| (&version.rule.name, version)).collect::<BTreeMap<_, _>>().into_values().collect()
}

/// The version of a rule by which servers work; they are in the order of time.
fn newest<'v>(versions: &'v [RuleVersion], rule: &str) -> Option<&'v RuleVersion> {
    versions.iter().rfind(|version| version.rule.name == rule)
}

/// What is known of a version that waits, and what is said of it.
fn judge(view: &View, version: &RuleVersion, newest: Option<&RuleVersion>) -> Markup {
    let w = view.words();
    let rule = &version.rule;
    let is_newest = newest.is_some_and(|newest| newest.rule.digest == rule.digest);
    let form = |act: &str, lead: &str, class: &str, word: &str| {
        html! {
            form method="post" action={ "/rules/" (act) } {
                p.measure { (view.say(lead, &[])) }
                input type="hidden" name="rule" value=(rule.name);
                input type="hidden" name="version" value=(rule.digest);
                div.actions { button class=(class) { (word) span.hidden { ": " (rule.name) } } }
            }
        }
    };
    html! {
        div.panel {
            h3 { (rule.name) }
            (judged(view, version))
            @if !view.may(Permission::Rules) { p { (w.rules.not_yours) } } @else {
                @if is_newest { (form("confirm", w.rules.confirm_lead, "primary", w.rules.do_confirm)) }
                @else { p { span.st.is-soon { (view.say(w.rules.only_reject, &[])) } } }
                (form("reject", w.rules.reject_lead, "danger", w.rules.do_reject))
            }
        }
    }
}

/// By what a version was judged whether it erases much.
fn judged(view: &View, version: &RuleVersion) -> Markup {
    let w = view.words();
    let rule = &version.rule;
    html! {
        dl.facts {
            dt { (w.rules.version) } dd { span.mono { (rule.digest) } }
            dt { (w.rules.since) } dd { (view.time(version.since)) }
            @if let Some(company) = &rule.mluvii { dt { (w.company) } dd { (company) } }
            @if rule.sessions == 0 { dt { (w.rules.judged_by) } dd { (w.rules.not_judged) } } @else {
                dt { (w.rules.judged_by) } dd { (view.lang.number(rule.sessions)) }
                dt { (w.rules.would) } dd { (view.lang.number(rule.would)) }
                dt { (w.rules.together) } dd { (view.lang.number(rule.together)) }
            }
        }
    }
}

/// A rule in words, with its expression as it is configured.
fn configured(view: &View, rule: &ConfiguredRule<'_>, versions: &[RuleVersion]) -> Markup {
    let w = view.words();
    let targets: Vec<_> = rule.targets.iter().map(ToString::to_string).collect();
    let known = newest(versions, rule.name).filter(|known| known.rule.digest == rule.version);
    let decides = match (rule.confirm, rule.approve) {
        (Some(ConfirmBy::Email), _) => w.rules.by_link,
        (None, true) => w.rules.by_person,
        (None, false) => w.rules.by_itself,
    };
    html! {
        div.panel {
            h3 { (rule.name) }
            dl.facts {
                dt { (w.rules.on) } dd { ((w.rules.trigger)(rule.on)) }
                dt { (w.rules.condition) }
                dd { @match rule.when { Some(when) => code { (when) }, None => (w.rules.always) } }
                dt { (w.rules.what) } dd { ((w.rules.scope)(rule.erase)) }
                dt { (w.rules.where_) } dd { (targets.join(", ")) }
                dt { (w.rules.after) } dd { (after(view, rule.after)) }
                dt { (w.rules.decides) } dd { (decides) }
                dt { (w.rules.state_head) }
                dd {
                    @match known {
                        Some(known) => { (state(view, known.rule.state)) " " (view.since(known.since)) }
                        None => span.st.is-unseen { (w.rules.not_seen) },
                    }
                    small.mono { " " (rule.version) }
                }
            }
        }
    }
}

/// How long after, in the largest unit that says it without a remainder.
fn after(view: &View, after: Duration) -> String {
    let w = view.words();
    let seconds = after.as_secs();
    match seconds {
        0 => view.say(w.rules.at_once, &[]),
        _ if seconds.is_multiple_of(DAY_S) => view.count(&w.rules.days_after, seconds / DAY_S),
        _ if seconds.is_multiple_of(HOUR_S) => view.count(&w.rules.hours_after, seconds / HOUR_S),
        _ if seconds.is_multiple_of(MINUTE_S) => view.count(&w.rules.minutes_after, seconds / MINUTE_S),
        _ => view.count(&w.rules.seconds_after, seconds),
    }
}

fn state(view: &View, state: RuleState) -> Markup {
    let class = match state {
        RuleState::InForce => "is-done quiet",
        RuleState::Waiting => "is-soon",
        RuleState::Rejected => "is-off",
    };
    html! { span class={ "st " (class) } { ((view.words().rules.state)(state)) } }
}

fn history(view: &View, versions: &[RuleVersion]) -> Markup {
    let w = view.words();
    html! {
        section aria-labelledby="r-versions" {
            h2 #r-versions { (w.rules.versions) }
            table.stack role="table" {
                caption { (w.newest_first) }
                (heads(&[w.rules.rule, w.rules.state_head, w.rules.since, w.rules.judged_by, w.rules.would]))
                tbody role="rowgroup" { @for version in by_time(versions) {
                    tr role="row" {
                        th scope="row" role="rowheader" { (version.rule.name) small.mono { (version.rule.digest) } }
                        (cell(w.rules.state_head, &state(view, version.rule.state)))
                        (cell(w.rules.since, &view.time(version.since)))
                        (cell(w.rules.judged_by, &html! { (view.lang.number(version.rule.sessions)) }))
                        (cell(w.rules.would, &html! { (view.lang.number(version.rule.would)) }))
                    }
                } }
            }
        }
    }
}

/// The newest first, whichever rule it is of.
fn by_time(versions: &[RuleVersion]) -> Vec<&RuleVersion> {
    let mut all: Vec<_> = versions.iter().collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.since));
    all
}

fn try_form(view: &View) -> Markup {
    let w = view.words();
    html! {
        section aria-labelledby="r-try" {
            h2 #r-try { (w.rules.trial_title) }
            p.intro { (view.say(w.rules.trial_lead, &[])) }
            form.page method="get" action="/rules/trial" {
                div.field {
                    label for="days" { (w.rules.within) }
                    select #days name="days" {
                        @for days in DAYS { option value=(days) { (view.count(&w.rules.last_days, u64::from(days))) } }
                    }
                }
                div.actions { button { (w.rules.do_try) } }
            }
        }
    }
}

async fn trial(visitor: Visitor<Rules>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(tried(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn tried(visitor: &Visitor<Rules>, query: &str) -> Result<Sheet, Problem> {
    visitor.sees_all()?;
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a time that is not there");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let days = DAYS.into_iter().find(|days| days.to_string() == fields.text("days")).ok_or_else(unknown)?;
    // It reads every session.
    let _turn = visitor.admin.turn_to_try().await?;
    let last = Duration::from_secs(u64::from(days) * DAY_S);
    let tried = rules::try_rules(&visitor.on, &visitor.on.settings.policy, last, |_, _| {}).await?;
    Ok(tried_sheet(&visitor.view, days, &tried))
}

fn tried_sheet(view: &View, days: u16, tried: &Trial) -> Sheet {
    let w = view.words();
    let number = |number: u64| view.lang.number(number);
    let month = |one: &Difference| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { (one.rule) @if !one.is_tried { small { (w.rules.also_beside) } } }
                (cell(w.rules.month, &html! { (one.month) }))
                (cell(w.rules.decided, &html! { (number(one.decided)) }))
                (cell(w.rules.would_short, &html! { (number(one.would)) }))
                (cell(w.rules.more, &html! { (number(one.more)) }))
                (cell(w.rules.less, &html! { (number(one.less)) }))
            }
        }
    };
    let body = html! {
        (crumbs(view, &[("/rules", w.rules.title)], w.rules.tried_title))
        div.head {
            h1 { (w.rules.tried_title) }
            p.lead { (view.say(w.rules.tried_lead, &[])) }
        }
        dl.facts.wide {
            dt { (w.rules.within) } dd { (view.count(&w.rules.last_days, u64::from(days))) }
            dt { (w.rules.tried_of) } dd { (number(tried.sessions)) }
            dt { (w.rules.tried_would) } dd { (number(tried.would_erase)) }
            dt { (w.rules.tried_more) } dd { (number(tried.would_erase_more)) }
            dt { (w.rules.tried_less) } dd { (number(tried.would_erase_less)) }
            @if tried.failed > 0 { dt { (w.rules.failed) } dd { span.st.is-bad { (number(tried.failed)) } } }
            @if tried.damaged > 0 { dt { (w.rules.damaged) } dd { span.st.is-bad { (number(tried.damaged)) } } }
        }
        section aria-label=(w.rules.month) {
            @if tried.differences.is_empty() { div.panel.sunk { p { b { (w.rules.nothing_to_say) } } } } @else {
                table.stack role="table" {
                    caption { (view.say(w.rules.by_session_and_rule, &[])) }
                    (heads(&[w.rules.rule, w.rules.month, w.rules.decided, w.rules.would_short, w.rules.more, w.rules.less]))
                    tbody role="rowgroup" { @for one in &tried.differences { (month(one)) } }
                }
            }
            @if !tried.not_tried.is_empty() {
                p { span.st.is-unseen { (view.say(w.rules.not_tried, &[("rules", &tried.not_tried.join(", "))])) } }
            }
        }
    };
    Sheet::new(w.rules.tried_title, Section::Rules, body)
}

async fn confirm(visitor: Visitor<Rules>, fields: Fields) -> Response {
    let done = async {
        let (rule, version) = version_of(&visitor, &fields)?;
        rules::confirm(&visitor.on, rule, Some(version), &visitor.actor()).await?;
        Ok::<_, Problem>("/rules".to_owned())
    };
    visitor.view.done(done.await)
}

async fn reject(visitor: Visitor<Rules>, fields: Fields) -> Response {
    let done = async {
        let (rule, version) = version_of(&visitor, &fields)?;
        rules::reject(&visitor.on, rule, Some(version), &visitor.actor()).await?;
        Ok::<_, Problem>("/rules".to_owned())
    };
    visitor.view.done(done.await)
}

/// The version that was looked at. A form that names none says nothing of any other.
fn version_of<'f>(visitor: &Visitor<Rules>, fields: &'f Fields) -> Result<(&'f str, &'f str), Problem> {
    visitor.sees_all()?;
    match (fields.text("rule"), fields.text("version")) {
        ("", _) | (_, "") => {
            Err(Problem::new(Code::Input, visitor.view.say(visitor.view.words().rules.no_such_version, &[])))
        }
        named => Ok(named),
    }
}
