//! What is done with receipts beside reading them: somebody notes to have seen incomplete ones, and all of them are taken away as a file.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::seen;
use crate::access::Permission;
use crate::admin::caller::{Requests, See};
use crate::admin::exporting::Lines;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::paging::PAGE;
use crate::admin::pages::parts::crumbs;
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::noting;
use crate::admin::problem::{Code, Problem};
use crate::operations::receipts::{self, Seen};

/// The number with which an export begins.
const FIRST: u64 = 1;

/// The form with which an officer notes to have seen these; nothing where there is none, or where it is not theirs.
pub(super) fn form(view: &View, numbers: &[u64]) -> Markup {
    let n = noting(view.lang);
    html! {
        @if view.may(Permission::Requests) && !numbers.is_empty() {
            section aria-labelledby="r-seen" {
                h2 #r-seen { (n.title) }
                p.intro { (view.say(n.lead, &[])) }
                form method="post" action="/receipts/acknowledge" {
                    @for number in numbers { input type="hidden" name="number" value=(number); }
                    div.actions { button { (view.count(&n.do_note, numbers.len() as u64)) } }
                }
            }
        }
    }
}

/// The way to the file with all of them.
pub(super) fn download(view: &View) -> Markup {
    let n = noting(view.lang);
    html! {
        section aria-labelledby="r-file" {
            h2 #r-file { (n.file_title) }
            p.intro { (view.say(n.file_lead, &[])) }
            form method="get" action="/receipts/export" { div.actions { button { (n.do_download) } } }
        }
    }
}

pub(super) async fn acknowledge(visitor: Visitor<Requests>, fields: Fields) -> Response {
    visitor.view.answer(acknowledged(&visitor, &fields).await)
}

/// Those that were shown, and no others: what has come since nobody has seen.
async fn acknowledged(visitor: &Visitor<Requests>, fields: &Fields) -> Result<Sheet, Problem> {
    let texts: Vec<&str> = fields.all("number").map(|one| one.expose().trim()).collect();
    if texts.is_empty() || texts.len() > PAGE as usize {
        return Err(Problem::new(Code::NotUnderstood, "the form names no receipts, or more than a list shows"));
    }
    let mut numbers = Vec::new();
    for text in texts {
        numbers.push(seen(visitor, text).await?.statement.sequence);
    }
    let new = receipts::acknowledge(&visitor.on, &Seen::These(numbers), &visitor.actor()).await?;
    Ok(result(&visitor.view, new))
}

fn result(view: &View, new: u64) -> Sheet {
    let (w, n) = (view.words(), noting(view.lang));
    let title = if new == 0 { n.nothing_new.to_owned() } else { view.count(&n.noted, new) };
    let body = html! {
        (crumbs(view, &[("/receipts", w.receipts)], n.title))
        div.head { h1 { (title) } p.lead { (view.say(n.noted_lead, &[])) } }
        div.actions { a.button.primary href="/receipts?show=incomplete" { (n.back) } }
    };
    Sheet::new(title, Section::Receipts, body)
}

/// As a download. The chain is of all companies.
pub(super) async fn export(visitor: Visitor<See>) -> Response {
    let lines = async {
        visitor.sees_all()?;
        Ok::<_, Problem>(Lines::of_receipts(&visitor.on, FIRST).await?)
    };
    match lines.await {
        Ok(lines) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson")),
                (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"receipts.jsonl\"")),
            ];
            (headers, Body::new(lines)).into_response()
        }
        Err(problem) => visitor.view.problem(&problem),
    }
}
