//! The sessions that can be explained, those with the greatest numbers first: a way in for whoever does not know the number.

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::admin::caller::See;
use crate::admin::pages::filters::nothing_here;
use crate::admin::pages::paging::{Begin, PAGE, next};
use crate::admin::pages::parts::{cell, explain_path, heads};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::explained;
use crate::admin::problem::{Code, Problem};
use crate::ledger::ListedSession;
use crate::operations::rules;
use crate::subject::{InstallationName, SessionId};

/// A part of the list, and where the next one is.
pub(super) struct Part {
    items: Vec<ListedSession>,
    next: Option<String>,
}

/// A page of the sessions of one company, or of each that the account may see, one after the other; from a day down where one is named.
pub(super) async fn part(
    visitor: &Visitor<See>,
    company: Option<&InstallationName>,
    day: Option<Date>,
    begin: Begin<i64>,
) -> Result<Part, Problem> {
    let on = &visitor.on;
    let all = on.settings.installations.iter().map(|one| &one.name).filter(|name| visitor.sees(name));
    let all: Vec<_> = all.filter(|name| company.is_none_or(|company| company == *name)).collect();
    if all.is_empty() {
        return Ok(Part { items: Vec::new(), next: None });
    }
    let Some(installation) = all.get(begin.company).copied() else {
        return Err(Problem::new(Code::NotUnderstood, "the address names a part of the list that is not there"));
    };
    let day_is_over = day.and_then(|day| visitor.view.end_of(day));
    let up_to = match (begin.cursor, day_is_over) {
        (Some(number), _) => Some(SessionId(number)),
        (None, Some(time)) => rules::begun_before(on, installation, time).await.map_err(|error| visitor.told(error))?,
        (None, None) => Some(SessionId(i64::MAX)),
    };
    let Some(up_to) = up_to else {
        return Ok(Part { items: Vec::new(), next: next(begin.company, all.len(), None::<i64>) });
    };
    let page = rules::sessions(on, installation, up_to, PAGE).await.map_err(|error| visitor.told(error))?;
    let further = page.next.map(|number| number.0);
    Ok(Part { items: page.items, next: next(begin.company, all.len(), further) })
}

/// The list; `query` is what it is restricted to.
pub(super) fn list(visitor: &Visitor<See>, part: &Part, query: &str) -> Markup {
    let (view, w, e) = (&visitor.view, visitor.view.words(), explained(visitor.view.lang));
    let row = |one: &ListedSession| {
        let time = |time: Option<Timestamp>| html! { @match time { Some(time) => (view.time(time)), None => "–" } };
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    a href=(explain_path(&one.key)) { (one.key.session) } small { (one.key.installation) }
                }
                @match &one.record {
                    Some(record) => {
                        (cell(w.consents.started, &time(record.started)))
                        (cell(e.ended, &time(record.ended)))
                        (cell(e.erased, &time(one.erased)))
                    }
                    None => td role="cell" colspan="3" { div { span.st.is-bad { (e.damaged) } } },
                }
            }
        }
    };
    html! {
        section aria-labelledby="x-list" {
            h2 #x-list { (e.sessions_title) }
            @if part.items.is_empty() && part.next.is_some() { div.panel.sunk { p { b { (w.none_on_this_page) } } } }
            @else if part.items.is_empty() {
                (nothing_here(view, e.sessions_none, (!query.is_empty()).then_some("/explain")))
            } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.session, w.consents.started, e.ended, e.erased]))
                    tbody role="rowgroup" { @for one in &part.items { (row(one)) } }
                }
            }
            @if let Some(further) = &part.next {
                div.pager { p { a href={ "/explain?" (query) "&from=" (further) } { (w.further) } } }
            }
        }
    }
}
