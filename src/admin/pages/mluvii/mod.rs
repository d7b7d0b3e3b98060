//! mluvii: whether its webhooks are as they should be, and what was found by comparing what ended there. It is asked only when somebody wants
//! it to be: a page that waits for another system is no page.

mod past;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::came;
use super::fields::Fields;
use super::needed;
use super::parts::{actor, cell, crumbs, heads};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use super::whom::{Wrong, errors, must_be_sure, sure, titled};
use super::words::operating;
use crate::admin::caller::Operate;
use crate::admin::ending::to_its_end;
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::attention::{self, Attention};
use crate::audit::{Act, AuditRow};
use crate::ledger::{AuditRange, Cursor, StoredPastJob};
use crate::operations::webhooks::{self, Change, ConfiguredWebhook, Seen};
use crate::operations::{OperationError, audit, reconcile};
use crate::subject::{InstallationName, SourceName};
use crate::verify::WebhookMode;

/// Comparisons that found something, which are named.
const FOUND_MAX: usize = 10;

/// So many rows of the audit are read at a time, and so many times, until those are there.
const PAGE: u32 = 100;
const PAGES_MAX: usize = 10;

/// What operators are told of mluvii.
const CODES: [attention::Code; 6] = [
    attention::Code::WebhookWrong,
    attention::Code::SourceSilent,
    attention::Code::DeliveriesRefused,
    attention::Code::ReconcileFailed,
    attention::Code::SessionsReappeared,
    attention::Code::PastWaiting,
];

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/mluvii", get(show))
        .route("/mluvii/register", post(register))
        .route("/mluvii/unregister", get(ask_unregister).post(unregister))
        .route("/mluvii/past", post(past::order))
        .route("/mluvii/past/{number}", get(past::show))
        .route("/mluvii/past/{number}/confirm", post(past::confirm))
        .route("/mluvii/past/{number}/cancel", post(past::cancel))
}

/// All that the page says.
struct Known {
    webhooks: Vec<ConfiguredWebhook>,
    /// By source, where mluvii was asked.
    seen: BTreeMap<SourceName, Seen>,
    delivered: BTreeMap<SourceName, Timestamp>,
    /// Until when each company was compared.
    compared: Vec<(InstallationName, Option<Timestamp>)>,
    attention: Vec<Attention>,
    found: Vec<AuditRow>,
    jobs: Vec<StoredPastJob>,
}

/// Whether mluvii is asked for its webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Mluvii,
    Nobody,
}

async fn known(visitor: &Visitor<Operate>, ask: Ask) -> Result<Known, Problem> {
    let on = &visitor.on;
    let mut webhooks = webhooks::configured(on);
    webhooks.retain(|one| visitor.sees(&one.mluvii));
    let mut seen = BTreeMap::new();
    if ask == Ask::Mluvii {
        for one in &webhooks {
            let looked = webhooks::status(on, Some(&one.source)).await?;
            seen.extend(looked.into_iter().map(|view| (view.source, view.state)));
        }
    }
    let marks = on.ledger.marks().await.map_err(OperationError::from)?;
    let companies = on.settings.installations.iter().map(|one| &one.name).filter(|name| visitor.sees(name));
    let compared = companies.map(|name| (name.clone(), marks.get(&reconcile::periodic_name(name)).copied())).collect();
    let mut attention = on.ledger.attention_untried(&on.settings.limits).await.map_err(OperationError::from)?;
    attention.retain(|found| CODES.contains(&found.code) && is_seen(visitor, &webhooks, found));
    let found = found(visitor).await?;
    let mut jobs = reconcile::jobs(on).await?;
    jobs.retain(|stored| visitor.sees(&stored.job.mluvii));
    let delivered = on.ledger.last_deliveries().await.map_err(OperationError::from)?;
    Ok(Known { webhooks, seen, delivered, compared, attention, found, jobs })
}

/// The newest comparisons that found something. Most find nothing, and another company's are among them.
async fn found(visitor: &Visitor<Operate>) -> Result<Vec<AuditRow>, Problem> {
    let (mut found, mut cursor) = (Vec::new(), Cursor::NEWEST);
    for _ in 0..PAGES_MAX {
        let range = AuditRange { act: Some(Act::ReconcileSessions), ..AuditRange::all(cursor, PAGE) };
        let page = audit::list(&visitor.on, &range).await?;
        let is_told =
            |row: &AuditRow| found_by(row).is_some_and(|count| count > 0) && company_of(visitor, row).is_some();
        found.extend(page.items.into_iter().filter(is_told));
        match page.next {
            Some(next) if found.len() < FOUND_MAX => cursor = next,
            _ => break,
        }
    }
    found.truncate(FOUND_MAX);
    Ok(found)
}

/// Whether it is of a company, or of a source, that the account may see.
fn is_seen(visitor: &Visitor<Operate>, webhooks: &[ConfiguredWebhook], found: &Attention) -> bool {
    let named = |key: &str| found.parameters.get(key).and_then(Value::as_str);
    let of_company = named("mluvii").is_some_and(|name| visitor.sees(&InstallationName(name.into())));
    let of_source = named("source").is_some_and(|name| webhooks.iter().any(|one| *one.source.0 == *name));
    visitor.is_of_all() || of_company || of_source
}

/// How much a comparison has found, where it has ended.
fn found_by(row: &AuditRow) -> Option<u64> {
    row.statement.details.get("found").and_then(Value::as_u64)
}

/// Of which company it is, as far as the account may see it.
fn company_of<'r>(visitor: &Visitor<Operate>, row: &'r AuditRow) -> Option<&'r str> {
    let name = row.statement.details.get("mluvii").and_then(Value::as_str)?;
    visitor.sees(&InstallationName(name.into())).then_some(name)
}

async fn show(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    let shown = async {
        let unknown = || Problem::new(Code::NotUnderstood, "the address is not understood");
        let fields = Fields::read(query.as_deref().unwrap_or_default()).ok_or_else(unknown)?;
        let ask = if fields.text("ask") == "now" { Ask::Mluvii } else { Ask::Nobody };
        let known = known(&visitor, ask).await?;
        Ok::<_, Problem>(sheet(&visitor, &known, &note(&visitor, &fields), &Wrongs::default(), StatusCode::OK))
    };
    visitor.view.answer(shown.await)
}

/// What is wrong with the form of a new comparison.
#[derive(Default)]
struct Wrongs<'w> {
    past: past::Typed,
    wrong: &'w [Wrong],
}

/// What was done just now, by whoever looks.
fn note(visitor: &Visitor<Operate>, fields: &Fields) -> Markup {
    let (view, o) = (&visitor.view, operating(visitor.view.lang));
    let Some(fields) = came::read(visitor, fields) else { return html! {} };
    let said = match fields.text("changed") {
        "none" => Some(o.changed_none.to_owned()),
        "registered" => Some(o.changed_registered.to_owned()),
        "corrected" => Some(o.changed_corrected.to_owned()),
        _ => fields.text("deleted").parse().ok().map(|deleted| view.count(&o.webhooks_deleted, deleted)),
    };
    html! { @if let Some(said) = said { div.note.is-done role="status" { p { (said) } } } }
}

fn sheet(visitor: &Visitor<Operate>, known: &Known, note: &Markup, wrongs: &Wrongs<'_>, status: StatusCode) -> Sheet {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let body = html! {
        div.head { h1 { (o.mluvii) } p.lead { (view.say(o.mluvii_lead, &[])) } }
        (note)
        (errors(o.not_ordered, wrongs.wrong))
        @for found in &known.attention {
            div.note.is-soon { p { b { (needed::what(view, found)) } } p { (needed::act(view, found)) } }
        }
        section aria-labelledby="m-webhooks" {
            h2 #m-webhooks { (o.webhooks) }
            p.intro { (view.say(o.webhooks_lead, &[])) }
            div.actions { a.button.primary href="/mluvii?ask=now" { (o.ask_mluvii) } }
            @if !known.seen.is_empty() { p.small.muted { (view.say(w.as_of, &[("time", &view.clock())])) } }
            @for one in &known.webhooks { (webhook(visitor, known, one)) }
        }
        (reconciliation(visitor, known))
        (past::list(visitor, &known.jobs))
        (past::form(visitor, &wrongs.past, wrongs.wrong))
    };
    let title = titled(view, o.mluvii, wrongs.wrong);
    Sheet { status, ..Sheet::new(title, Section::Mluvii, body) }
}

/// The webhook of a source: as it should be, and as it was seen.
fn webhook(visitor: &Visitor<Operate>, known: &Known, one: &ConfiguredWebhook) -> Markup {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let is_managed = one.mode == WebhookMode::Managed;
    let delivered = known.delivered.get(&one.source);
    html! {
        div.panel {
            h3 { (one.source) }
            dl.facts {
                dt { (w.company) } dd { (one.mluvii) }
                dt { (o.address) } dd {
                    @match &one.address {
                        Ok(address) => span.mono { (address) },
                        Err(why) if why.is_of_address() => (o.address_unknown),
                        Err(_) => "–",
                    }
                }
                dt { (o.webhook) } dd { @if is_managed { (o.kept_right) } @else { (o.looked_after) } }
                dt { (o.delivered_last) } dd { @match delivered { Some(at) => (view.time(*at)), None => (w.never) } }
                @if let Some(seen) = known.seen.get(&one.source) { dt { (w.state) } dd { (state(view, seen)) } }
            }
            // Where it is not known what mluvii is to call, nothing can be ordered of it.
            @if let Err(why) = &one.address {
                @if why.is_of_address() { p.measure { (view.say(o.register_needs_address, &[])) } }
                @else { p.measure lang="en" { (why) } }
            } @else {
                p.measure { (view.say(o.register_lead, &[])) }
                div.actions {
                    form method="post" action="/mluvii/register" {
                        input type="hidden" name="source" value=(one.source);
                        button { (o.do_register) span.hidden { ": " (one.source) } }
                    }
                    @if !is_managed {
                        a.button href=(unregister_path(&one.source)) { (o.do_unregister) span.hidden { ": " (one.source) } }
                    }
                }
            }
        }
    }
}

/// How mluvii has it.
fn state(view: &View, seen: &Seen) -> Markup {
    let o = operating(view.lang);
    html! {
        @match seen {
            Seen::Right { also, masked, .. } => {
                span.st.is-done { (o.webhook_right) }
                @if *masked { small { (o.webhook_masked) } }
                @if !also.is_empty() { small { (view.say(o.webhook_also, &[("ids", &also.join(", "))])) } }
            }
            Seen::Wrong { lacks, credentials, .. } => {
                span.st.is-bad { (o.webhook_wrong) }
                @if !lacks.is_empty() { small { (view.say(o.webhook_lacks, &[("events", &lacks.join(", "))])) } }
                @if *credentials { small { (o.webhook_credentials) } }
            }
            Seen::Missing => span.st.is-bad { (o.webhook_missing) },
            Seen::Unknown { reason } => {
                span.st.is-unseen { (o.webhook_unknown) }
                small lang="en" { (reason) }
            }
        }
    }
}

/// Until when it was compared, and what was found.
fn reconciliation(visitor: &Visitor<Operate>, known: &Known) -> Markup {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let row = |row: &AuditRow| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { (view.time(row.statement.at)) }
                (cell(w.company, &html! { (company_of(visitor, row).unwrap_or("–")) }))
                (cell(o.past_untold, &html! { (view.lang.number(found_by(row).unwrap_or_default())) }))
                (cell(w.audit_who, &html! { (actor(&row.statement.actor)) }))
            }
        }
    };
    html! {
        section aria-labelledby="m-compared" {
            h2 #m-compared { (o.reconciliation) }
            p.intro { (view.say(o.reconciliation_lead, &[])) }
            dl.facts {
                @for (company, until) in &known.compared {
                    dt { (o.compared_until) small { " " (company) } }
                    dd { @match until { Some(until) => (view.time(*until)), None => (o.not_compared) } }
                }
            }
            h3 { (o.found_last) }
            @if known.found.is_empty() { p { (o.nothing_found) } } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.when, w.company, o.past_untold, w.audit_who]))
                    tbody role="rowgroup" { @for one in &known.found { (row(one)) } }
                }
            }
        }
    }
}

/// The source that a form names, as far as the account may see its company.
fn source_of(visitor: &Visitor<Operate>, fields: &Fields) -> Result<SourceName, Problem> {
    let found = webhooks::configured(&visitor.on).into_iter().find(|one| *one.source.0 == *fields.text("source"));
    let seen = found.filter(|one| visitor.sees(&one.mluvii)).map(|one| one.source);
    seen.ok_or_else(|| Problem::not_found("source of this name"))
}

async fn register(visitor: Visitor<Operate>, fields: Fields) -> Response {
    let registered = async {
        let source = source_of(&visitor, &fields)?;
        webhooks::must_be_configured(&visitor.on, &source).map_err(|error| visitor.told(error))?;
        let (on, actor) = (visitor.on.clone(), visitor.actor());
        let registering = async move { Ok(webhooks::register(&on, &source, &actor).await) };
        let change = to_its_end(registering).await?.map_err(|error| visitor.told(error))?;
        let change = match change {
            Change::None => "none",
            Change::Registered => "registered",
            Change::Corrected => "corrected",
        };
        Ok::<_, Problem>(format!("/mluvii?{}", came::written(&visitor, &format!("changed={change}"))))
    };
    visitor.view.done(registered.await)
}

fn unregister_path(source: &SourceName) -> String {
    format!("/mluvii/unregister?source={}", utf8_percent_encode(&source.0, NON_ALPHANUMERIC))
}

/// Asks whether that is meant.
async fn ask_unregister(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    let unknown = || Problem::new(Code::NotUnderstood, "the address is not understood");
    let fields = Fields::read(query.as_deref().unwrap_or_default()).ok_or_else(unknown);
    let source = fields.and_then(|fields| source_of(&visitor, &fields));
    visitor.view.answer(source.map(|source| unregister_sheet(&visitor, &source, &[], StatusCode::OK)))
}

fn unregister_sheet(visitor: &Visitor<Operate>, source: &SourceName, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, o) = (&visitor.view, operating(visitor.view.lang));
    let known = webhooks::configured(&visitor.on);
    let is_managed = known.iter().any(|one| one.source == *source && one.mode == WebhookMode::Managed);
    let body = html! {
        (crumbs(view, &[("/mluvii", o.mluvii)], o.unregister_title))
        div.head { h1 { (o.unregister_title) } p.lead { (view.say(o.unregister_lead, &[])) } }
        (errors(o.not_unregistered, wrong))
        dl.facts { dt { (o.source) } dd { (source) } }
        @if is_managed { div.note.is-soon { p { (view.say(o.unregister_managed, &[])) } } } @else {
            form.page method="post" action="/mluvii/unregister" {
                input type="hidden" name="source" value=(source);
                (sure(view, wrong, o.unregister_confirm))
                div.actions { button.danger { (o.do_unregister) } }
            }
        }
    };
    let title = titled(view, o.unregister_title, wrong);
    Sheet { status, ..Sheet::new(title, Section::Mluvii, body) }
}

async fn unregister(visitor: Visitor<Operate>, fields: Fields) -> Response {
    let view = &visitor.view;
    let source = match source_of(&visitor, &fields) {
        Ok(source) => source,
        Err(problem) => return view.problem(&problem),
    };
    if let Err(error) = webhooks::must_be_configured(&visitor.on, &source) {
        return view.problem(&visitor.told(error));
    }
    if let Some(wrong) = must_be_sure(view, &fields, operating(view.lang).confirm_needed) {
        return view.page(&unregister_sheet(&visitor, &source, &[wrong], StatusCode::BAD_REQUEST));
    }
    let (on, actor) = (visitor.on.clone(), visitor.actor());
    let deleting = async move { Ok(webhooks::unregister(&on, &source, &actor).await) };
    let deleted = match to_its_end(deleting).await {
        Ok(deleted) => deleted.map_err(|error| visitor.told(error)),
        Err(problem) => Err(problem),
    };
    view.done(deleted.map(|deleted| format!("/mluvii?{}", came::written(&visitor, &format!("deleted={deleted}")))))
}
