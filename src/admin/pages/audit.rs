//! The audit: who ordered what. Of acts that a later version wrote, only the code is shown.

mod filter;
mod particulars;

use std::collections::BTreeSet;

use axum::extract::RawQuery;
use axum::response::Response;
use maud::html;

use self::filter::Filter;
use self::particulars::particulars;
use super::fields::Fields;
use super::filters::nothing_here;
use super::paging::{cursor, no_such_list};
use super::parts::{actor, cell, heads};
use super::view::{Section, Sheet};
use super::visitor::Visitor;
use super::words::{act, act_result, places};
use crate::access::Permission;
use crate::admin::caller::See;
use crate::admin::problem::Problem;
use crate::audit::{Act, ActResult, AuditRow, is_of_accounts};
use crate::ledger::{Cursor, Page};
use crate::operations::audit;

pub(super) async fn show(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    // It is of all companies.
    visitor.sees_all()?;
    let fields = Fields::read(query).ok_or_else(no_such_list)?;
    let filter = Filter::read(visitor, &fields)?;
    let cursor = cursor(&fields, Cursor::NEWEST)?;
    let mut page = audit::list(&visitor.on, &filter.range(cursor)).await?;
    let sees_accounts = visitor.view.may(Permission::SeeAccounts);
    // The page is shorter by them, and goes on where it would.
    page.items.retain(|row| sees_accounts || !is_of_accounts(&row.statement.act));
    let actors = filter::actors(visitor, &page.items).await?;
    Ok(sheet(visitor, &filter, &actors, &page))
}

fn sheet(visitor: &Visitor<See>, filter: &Filter, actors: &BTreeSet<String>, page: &Page<AuditRow, Cursor>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let row = |row: &AuditRow| {
        let said = &row.statement;
        let known = said.act.parse::<Act>().ok();
        let ended = ActResult::ALL.into_iter().find(|known| known.as_str() == said.result);
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { (view.time(said.at)) small { (view.lang.number(said.sequence)) } }
                (cell(w.audit_who, &html! { (actor(&said.actor)) }))
                (cell(w.audit_act, &html! {
                    @if let Some(known) = known { (act(view.lang, known)) small.mono { (said.act) } } @else { span.mono { (said.act) } }
                }))
                (cell(w.audit_what, &html! { span.mono { (said.object) } }))
                (cell(w.result, &html! {
                    @if let Some(ended) = ended { (act_result(view.lang, ended)) } @else { span.mono { (said.result) } }
                }))
                (cell(w.details, &particulars(view, known, &said.details)))
            }
        }
    };
    let body = html! {
        div.head { h1 { (w.audit) } p.lead { (view.say(w.audit_lead, &[])) } }
        section aria-label=(w.filter) { (filter.form(visitor, actors)) }
        section aria-label=(w.audit) {
            @if page.items.is_empty() && page.next.is_some() { div.panel.sunk { p { b { (w.none_on_this_page) } } } } @else if page.items.is_empty() { (nothing_here(view, places(view.lang).audit_none, (!filter.is_everything()).then_some("/audit"))) } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.when, w.audit_who, w.audit_act, w.audit_what, w.result, w.details]))
                    tbody role="rowgroup" { @for one in &page.items { (row(one)) } }
                }
            }
            @if let Some(next) = &page.next { div.pager { p { a href={ "/audit?" (filter.query()) "&from=" (next) } { (w.further) } } } }
        }
    };
    Sheet::new(w.audit, Section::Audit, body)
}
