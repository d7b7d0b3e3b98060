//! Receipts: the proof of what was done, and the certificate of it to print.

mod filter;
mod keeping;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use self::filter::Filter;
use super::fields::Fields;
use super::filters::nothing_here;
use super::paging::{cursor, no_such_list};
use super::paper::paper;
use super::parts::{cell, crumbs, demanded_by, heads, in_words, verdict, verdict_class};
use super::view::{Section, Sheet};
use super::visitor::Visitor;
use super::words::places;
use crate::access::Permission;
use crate::admin::caller::{Needs, Requests, See};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::erasure::Verdict;
use crate::ledger::{Cursor, Page};
use crate::operations::receipts::{self, OneVerified};
use crate::operations::{OperationError, papers};
use crate::papers::Audience;
use crate::receipt::{Advised, ChainBroken, ReasonStatement, Receipt, Statement, advised};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/receipts", get(list))
        .route("/receipts/export", get(keeping::export))
        .route("/receipts/acknowledge", post(keeping::acknowledge))
        .route("/receipts/{number}", get(show))
        .route("/receipts/{number}/certificate", get(certificate))
        .route("/receipts/{number}/verified", get(verified))
}

async fn list(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    visitor.sees_all()?;
    let fields = Fields::read(query).ok_or_else(no_such_list)?;
    let filter = Filter::read(visitor, &fields)?;
    let page = filter.page(visitor, cursor(&fields, Cursor::NEWEST)?).await?;
    Ok(list_sheet(visitor, &filter, &page))
}

/// Why a receipt says no better than it does: the first reason that allows no more.
fn why_not_better(statement: &Statement) -> Option<ReasonStatement> {
    let is_it = |one: &Advised| one.lowers && one.allows.is_none_or(|allows| allows == statement.verdict);
    advised(statement).into_iter().find(is_it).map(|one| one.reason)
}

fn list_sheet(visitor: &Visitor<See>, filter: &Filter, page: &Page<Receipt, Cursor>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let wanted = filter.verdict;
    let chip = |one: Option<Verdict>| {
        let name = one.map_or(w.all_of_them, w.verdict);
        html! { li { a href={ "/receipts?" (filter.with(one).query()) } aria-current=[(one == wanted).then_some("true")] { (name) } } }
    };
    let row = |receipt: &Receipt| {
        let statement = &receipt.statement;
        let why = why_not_better(statement).map(|why| in_words(visitor, &statement.installation).reason(&why));
        let result = html! {
            (verdict(view, statement.verdict, statement.seen()))
            @if let Some(why) = &why { small { (why) } }
        };
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    a href={ "/receipts/" (statement.sequence) } { (view.lang.number(statement.sequence)) }
                    small { (statement.installation) }
                }
                (cell(w.result, &result))
                (cell(w.when, &view.time(statement.ended)))
                (cell(w.demanded_by, &html! { (demanded_by(view, &statement.rules)) }))
            }
        }
    };
    // Those that are shown: a person notes to have seen what they have seen.
    let incomplete = page.items.iter().map(|receipt| &receipt.statement);
    let incomplete = incomplete.filter(|statement| wanted.is_some() && statement.verdict == Verdict::Incomplete);
    let incomplete: Vec<u64> = incomplete.map(|statement| statement.sequence).collect();
    let body = html! {
        div.head { h1 { (w.receipts) } p.lead { (view.say(w.receipts_lead, &[])) } }
        section aria-label=(w.filter) {
            ul.chips { (chip(None)) @for one in Verdict::ALL { (chip(Some(one))) } }
            (filter.form(visitor))
        }
        section aria-label=(w.receipts) {
            @if page.items.is_empty() && page.next.is_some() { div.panel.sunk { p { b { (w.none_on_this_page) } } } } @else if page.items.is_empty() {
                (nothing_here(view, places(view.lang).no_receipts, (!filter.is_everything()).then_some("/receipts")))
            } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.receipt, w.result, w.when, w.demanded_by]))
                    tbody role="rowgroup" { @for receipt in &page.items { (row(receipt)) } }
                }
            }
            @if let Some(next) = &page.next {
                div.pager { p { a href={ "/receipts?" (filter.query()) "&from=" (next) } { (w.further) } } }
            }
        }
        (keeping::form(view, &incomplete))
        @if !page.items.is_empty() { (keeping::download(view)) }
    };
    Sheet::new(w.receipts, Section::Receipts, body)
}

/// The receipt of a path, as far as the account may see its company.
async fn seen<N: Needs>(visitor: &Visitor<N>, number: &str) -> Result<Receipt, Problem> {
    let unknown = || Problem::not_found("receipt of this number");
    let number: u64 = number.parse().map_err(|_| unknown())?;
    let receipt = match receipts::show(&visitor.on, number).await {
        // That it is in an archive would tell that there was one.
        Err(OperationError::NotFound(_)) if !visitor.is_of_all() => return Err(unknown()),
        receipt => receipt?,
    };
    if visitor.sees(&receipt.statement.installation) { Ok(receipt) } else { Err(unknown()) }
}

async fn show(visitor: Visitor<See>, Path(number): Path<String>) -> Response {
    let receipt = seen(&visitor, &number).await;
    visitor.view.answer(receipt.map(|receipt| sheet(&visitor, &receipt)))
}

fn sheet(visitor: &Visitor<See>, receipt: &Receipt) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let statement = &receipt.statement;
    let number = view.lang.number(statement.sequence);
    let title = view.say(w.receipt_of, &[("number", &number)]);
    let said = in_words(visitor, &statement.installation).receipt(statement);
    // Its rows are those of the paper.
    let [where_, found, happened, again] = [w.system, w.found, w.what_happened, w.looked_again];
    let body = html! {
        (crumbs(view, &[("/receipts", w.receipts)], &number))
        div.head {
            h1 { (title) }
            p.lead {
                a href={ "/erasures/" (statement.erasure) } { (view.say(w.erasure_of, &[("id", &statement.erasure.to_string())])) }
                ", " (view.time(statement.ended)) ". " (w.names_nobody)
            }
            @if view.may(Permission::Requests) {
                div.actions { a.button.primary href={ "/receipts/" (statement.sequence) "/certificate" } { (w.certificate) } }
            }
        }
        div class={ "verdict " (verdict_class(statement.verdict, statement.seen())) } {
            p { (verdict(view, statement.verdict, statement.seen())) }
            p { (said.result) }
            @if !said.stays.is_empty() { ul.bullets { @for one in &said.stays { li { (one) } } } }
        }
        section aria-labelledby="r-done" {
            h2 #r-done { (w.what_was_done) }
            table.stack role="table" {
                caption { (w.only_after_a_look) }
                (heads(&[where_, found, happened, again]))
                tbody role="rowgroup" { @for [system, what, came, looked] in &said.rows {
                    tr role="row" {
                        th scope="row" role="rowheader" { (system) }
                        (cell(found, &html! { (what) })) (cell(happened, &html! { (came) })) (cell(again, &html! { (looked) }))
                    }
                } }
            }
        }
        (sentences("r-unseen", w.where_nobody_looked, "st is-unseen", &said.unseen))
        (sentences("r-decided", w.what_people_decided, "", &said.decided))
        @if statement.verdict == Verdict::Incomplete { (keeping::form(view, &[statement.sequence])) }
        section aria-labelledby="r-genuine" {
            h2 #r-genuine { (w.is_it_genuine) }
            p { a href={ "/receipts/" (statement.sequence) "/verified" } { (w.verify_receipt) } }
            p.measure { (view.say(w.anybody_can_verify, &[])) }
            pre tabindex="0" { code { "quietus receipts verify receipts.jsonl --public-key receipt.pub" } }
        }
    };
    Sheet::new(title, Section::Receipts, body)
}

fn sentences(id: &str, title: &str, class: &str, all: &[String]) -> Markup {
    html! {
        @if !all.is_empty() {
            section aria-labelledby=(id) { h2 id=(id) { (title) } ul.plain { @for one in all { li { span class=(class) { (one) } } } } }
        }
    }
}

/// Whether a receipt is as it was signed, as far as this server can see.
async fn verified(visitor: Visitor<See>, Path(number): Path<String>) -> Response {
    let shown = async {
        let receipt = seen(&visitor, &number).await?;
        let holds = receipts::verify_one(&visitor.on, &receipt).await?;
        Ok::<_, Problem>(verified_sheet(&visitor, &receipt, &holds))
    };
    visitor.view.answer(shown.await)
}

fn verified_sheet(visitor: &Visitor<See>, receipt: &Receipt, holds: &Result<OneVerified, ChainBroken>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let number = view.lang.number(receipt.statement.sequence);
    let path = format!("/receipts/{}", receipt.statement.sequence);
    let (class, sentence) = match holds {
        Ok(OneVerified::Linked) => ("is-done", html! { (w.verified_whole) }),
        Ok(OneVerified::First) => ("is-done", html! { (w.verified_first) }),
        // What was not compared is not called so.
        Ok(OneVerified::Alone) => ("is-unseen", html! { (w.verified_alone) }),
        Err(why) => ("is-bad", view.fill(w.not_verified, &[("why", &html! { span lang="en" { (why) } })])),
    };
    let title = view.say(w.receipt_of, &[("number", &number)]);
    let body = html! {
        (crumbs(view, &[("/receipts", w.receipts), (&path, &number)], w.verify_receipt))
        div.head { h1 { (title) } p.lead { (view.say(w.verified_lead, &[])) } }
        div class={ "verdict " (class) } { p { span class={ "st " (class) } { (sentence) } } }
        p.measure { (view.say(w.anybody_can_verify, &[])) }
    };
    Sheet::new(title, Section::Receipts, body)
}

/// The certificate, as it is printed, in the language of the page.
async fn certificate(visitor: Visitor<Requests>, Path(number): Path<String>) -> Response {
    let made = async {
        let receipt = seen(&visitor, &number).await?;
        let (on, lang) = (&visitor.on, visitor.view.lang);
        let html =
            papers::certificate(on, receipt.statement.sequence, None, lang, Audience::Person, &visitor.actor()).await?;
        Ok::<_, Problem>(html)
    };
    match made.await {
        Ok(html) => paper(html),
        Err(problem) => visitor.view.problem(&problem),
    }
}
