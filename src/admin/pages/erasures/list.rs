//! The list of erasures: the newest first, or the longest due first where a time is asked for; each with its reason on the row.

use axum::extract::RawQuery;
use axum::response::Response;
use maud::{Markup, html};

use super::course::days_of_request;
use super::filter::{Filter, Show, When};
use crate::access::Permission;
use crate::admin::caller::See;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::filters::nothing_here;
use crate::admin::pages::paging::{Begin, PAGE, next};
use crate::admin::pages::parts::{
    cell, days_left, demanded_by, erasure_state, heads, in_words, urgency, verdict, waits_for,
};
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::{demanding, lists, places};
use crate::admin::problem::{Code, Problem};
use crate::erasure::{Seen, Subject};
use crate::ledger::ErasureFilter;
use crate::operations::erasures::{self, Explained};

/// A part of the list, and where the next one is.
struct Part {
    items: Vec<Explained>,
    further: Option<String>,
}

pub(super) async fn show(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a list, or a part of it, that is not there");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let filter = Filter::read(visitor, &fields)?;
    let begin = Begin::read(fields.text("from")).ok_or_else(unknown)?;
    let all = filter.companies(visitor);
    let installation = all.get(begin.company).cloned().ok_or_else(unknown)?;
    let Some(asked) = filter.asked(visitor, installation, PAGE) else {
        return Ok(sheet(visitor, &filter, &Part { items: Vec::new(), further: None }));
    };
    let page = erasures::list(&visitor.on, ErasureFilter { after: begin.cursor, ..asked }).await?;
    let further = next(begin.company, all.len(), page.next);
    let mut items = erasures::explain(&visitor.on, page.items).await?;
    // The page is shorter by the others, and goes on where it would.
    items.retain(|one| filter.has(one));
    // As on the page of each: a request is answered by its own last day. Only persons are erased for one.
    let runs = |one: &&mut Explained| one.days_left.is_some() && matches!(one.erasure.subject, Subject::Person { .. });
    for one in items.iter_mut().filter(runs) {
        one.days_left = days_of_request(visitor, one.erasure.id).await?.or(one.days_left);
    }
    Ok(sheet(visitor, &filter, &Part { items, further }))
}

fn sheet(visitor: &Visitor<See>, filter: &Filter, part: &Part) -> Sheet {
    let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
    let chip = |show: Show| {
        let current = (show == filter.show).then_some("true");
        html! { li { a href={ "/erasures?" (filter.with(show).query()) } aria-current=[current] { (show.name(view.lang)) } } }
    };
    let order = if filter.when == When::Any { w.newest_first } else { l.longest_due_first };
    let body = html! {
        div.head {
            h1 { (w.erasures) } p.lead { (view.say(w.erasures_lead, &[])) }
            @if view.may(Permission::Operate) || view.may(Permission::Requests) {
                div.actions {
                    @if view.may(Permission::Operate) { a.button href={ "/erasures/retry?" (filter.query()) } { (l.retry_these) } }
                    @if view.may(Permission::Requests) { a.button href="/erasures/new" { (demanding(view.lang).title) } }
                }
            }
        }
        section aria-label=(l.which_erasures) {
            ul.chips { @for show in Show::all() { (chip(show)) } }
            (filter.form(visitor))
        }
        section aria-label=(w.erasures) {
            @if part.items.is_empty() && part.further.is_some() { div.panel.sunk { p { b { (w.none_on_this_page) } } } } @else if part.items.is_empty() {
                (nothing_here(view, places(view.lang).no_erasures, (!filter.is_everything()).then_some("/erasures")))
            } @else {
                table.stack role="table" {
                    caption { (order) }
                    (heads(&[w.erasure, w.state, w.demanded_by, w.since_head, w.result]))
                    tbody role="rowgroup" { @for one in &part.items { (row(visitor, one)) } }
                }
            }
            @if let Some(further) = &part.further {
                div.pager { p { a href={ "/erasures?" (filter.query()) "&from=" (further) } { (w.further) } } }
            }
        }
    };
    Sheet::new(w.erasures, Section::Erasures, body)
}

/// How much of an id stands in a row: what is erased tells rows apart, and the whole id is on the page of each.
const SHORT: usize = 14;

/// What is erased: a session by its number, and of whom nobody is named no more than the company.
fn about(view: &View, subject: &Subject) -> String {
    let l = lists(view.lang);
    match subject {
        Subject::Session(key) => view.say(l.about_session, &[("session", &key.to_string())]),
        Subject::Guest { installation, .. } => view.say(l.about_guest, &[("company", &installation.to_string())]),
        Subject::Person { installation, .. } => view.say(l.about_person, &[("company", &installation.to_string())]),
    }
}

fn row(visitor: &Visitor<See>, one: &Explained) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let erasure = &one.erasure;
    let names = in_words(visitor, erasure.subject.installation());
    let state = html! {
        (erasure_state(view, erasure))
        @for delay in &one.waits_for { small { (waits_for(view, names, delay)) } }
    };
    let since = html! {
        (view.time(erasure.created))
        @if let Some(left) = one.days_left { small { span class={ "st " (urgency(left)) } { (days_left(view, left)) } } }
    };
    // Whole, it stands on its page and breaks everywhere else.
    let short: String = erasure.id.to_string().chars().take(SHORT).collect();
    let result =
        html! { @match erasure.verdict { Some(found) => (verdict(view, found, Seen::of(erasure))), None => "–" } };
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { a href={ "/erasures/" (erasure.id) } { (about(view, &erasure.subject)) } small { (short) } }
            (cell(w.state, &state))
            (cell(w.demanded_by, &html! { (demanded_by(view, &erasure.rules)) }))
            (cell(w.since_head, &since))
            (cell(w.result, &result))
        }
    }
}
