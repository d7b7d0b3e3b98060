//! Quarantine: deliveries that could not be read. A page shows their shape and never what they say; what came of replaying stands in the
//! address, as numbers.

mod many;
mod one;

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::came;
use super::details;
use super::fields::Fields;
use super::paging::{PAGE, cursor, no_such_list};
use super::parts::{cell, heads};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use super::words::operating;
use crate::admin::caller::Operate;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::ledger::{Cursor, Page, QuarantineRange, Stored};
use crate::operations::quarantine::{self, ReplayedMany};
use crate::subject::SourceName;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/quarantine", get(list))
        .route("/quarantine/replay", get(many::ask).post(many::replay))
        .route("/quarantine/{number}", get(one::show))
        .route("/quarantine/{number}/replay", post(one::replay))
        .route("/quarantine/{number}/drop", post(one::drop))
}

/// Which part of the quarantine an address or a form names.
struct Chosen {
    source: Option<SourceName>,
    reason: Option<String>,
    from: Cursor,
}

impl Chosen {
    fn of(fields: &Fields) -> Result<Self, Problem> {
        let some = |name: &str| Some(fields.text(name)).filter(|text| !text.is_empty());
        let from = cursor(fields, Cursor::OLDEST)?;
        let source = some("source").map(|name| SourceName(name.into()));
        Ok(Self { source, reason: some("reason").map(str::to_owned), from })
    }

    fn range(&self, most: u32) -> QuarantineRange {
        let Self { source, reason, from } = self;
        QuarantineRange { source: source.clone(), reason: reason.clone(), ..QuarantineRange::all(*from, most) }
    }

    /// The same in an address, from another place on.
    fn query(&self, from: Option<Cursor>) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let source = self.source.iter().map(|source| format!("source={}", encoded(&source.0)));
        let reason = self.reason.iter().map(|reason| format!("reason={}", encoded(reason)));
        let from = from.iter().map(|from| format!("from={from}"));
        source.chain(reason).chain(from).collect::<Vec<_>>().join("&")
    }
}

/// What came of replaying, as fields of an address.
fn written(came: &ReplayedMany) -> String {
    let ReplayedMany { recorded, duplicate, ignored, stay, failed, next } = came;
    let further = next.iter().map(|next| format!("&further={next}")).collect::<String>();
    format!("replayed={recorded}.{duplicate}.{ignored}.{stay}.{failed}{further}")
}

/// The same, read; nothing where it is no such thing.
fn read(fields: &Fields) -> Option<ReplayedMany> {
    let numbers = fields.text("replayed").split('.').map(|text| text.parse::<u64>().ok());
    let numbers = numbers.collect::<Option<Vec<_>>>()?;
    let &[recorded, duplicate, ignored, stay, failed] = numbers.as_slice() else { return None };
    Some(ReplayedMany { recorded, duplicate, ignored, stay, failed, next: fields.text("further").parse().ok() })
}

async fn list(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<Operate>, query: &str) -> Result<Sheet, Problem> {
    let fields = Fields::read(query).ok_or_else(no_such_list)?;
    let chosen = Chosen::of(&fields)?;
    let mut page = quarantine::list(&visitor.on, &chosen.range(PAGE)).await?;
    // The page is shorter by what is another company's, and goes on where it would.
    page.items.retain(|stored| visitor.sees_source(&stored.source));
    let note = html! {
        @if let Some(fields) = came::read(visitor, &fields) {
            @if let Some(came) = read(&fields) { (came_of(&visitor.view, &chosen, &came)) }
            @if fields.text("dropped") == "1" {
            div.note.is-done role="status" { p { (operating(visitor.view.lang).was_dropped) } }
            }
        }
    };
    Ok(sheet(visitor, &chosen, &page, &note))
}

/// What came of replaying, each result that there was.
fn came_of(view: &View, chosen: &Chosen, came: &ReplayedMany) -> Markup {
    let o = operating(view.lang);
    let all = [
        (came.recorded, &o.replayed_recorded),
        (came.duplicate, &o.replayed_duplicate),
        (came.ignored, &o.replayed_ignored),
        (came.stay, &o.replayed_stay),
        (came.failed, &o.replayed_failed),
    ];
    let class = if came.stay + came.failed > 0 { "is-soon" } else { "is-done" };
    html! {
        div class={ "note " (class) } role="status" {
            @if all.iter().all(|(count, _)| *count == 0) { p { (o.replayed_none) } }
            @for (count, forms) in &all { @if *count > 0 { p { (view.count(forms, *count)) } } }
            @if let Some(next) = came.next {
                p { a href={ "/quarantine/replay?" (chosen.query(Some(next))) } { (o.go_on_with_further) } }
            }
        }
    }
}

fn sheet(visitor: &Visitor<Operate>, chosen: &Chosen, page: &Page<Stored, Cursor>, note: &Markup) -> Sheet {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let row = |stored: &Stored| {
        let of_reason =
            Chosen { reason: Some(stored.reason.clone()), source: chosen.source.clone(), from: Cursor::OLDEST };
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    a href={ "/quarantine/" (stored.id.0) } { (view.say(o.delivery_of, &[("number", &stored.id.0.to_string())])) }
                    small { (stored.source) }
                }
                (cell(o.unread_because, &html! {
                    (details::said(view.lang, &stored.reason))
                    @if chosen.reason.is_none() {
                        small { a href={ "/quarantine?" (of_reason.query(None)) } { (o.only_of_reason) span.hidden { ": " (stored.reason) } } }
                    }
                }))
                (cell(o.received, &view.time(stored.received)))
                (cell(o.size, &html! { (view.count(&o.bytes, stored.sealed_bytes)) }))
            }
        }
    };
    let body = html! {
        div.head {
            h1 { (o.quarantine) } p.lead { (view.say(o.quarantine_lead, &[])) }
            @if !page.items.is_empty() {
                div.actions { a.button.primary href={ "/quarantine/replay?" (chosen.query(None)) } { (o.replay_many_title) } }
            }
        }
        (note)
        (filters(visitor, chosen))
        section aria-label=(o.quarantine) {
            @if page.items.is_empty() && page.next.is_some() { div.panel.sunk { p { b { (w.none_on_this_page) } } } } @else if page.items.is_empty() { div.panel.sunk { p { b { (w.none_here) } } } } @else {
                table.stack role="table" {
                    caption { (o.oldest_first) }
                    (heads(&[o.delivery, o.unread_because, o.received, o.size]))
                    tbody role="rowgroup" { @for stored in &page.items { (row(stored)) } }
                }
            }
            @if let Some(next) = page.next { div.pager { p { a href={ "/quarantine?" (chosen.query(Some(next))) } { (w.further) } } } }
        }
    };
    Sheet::new(o.quarantine, Section::Quarantine, body)
}

/// The sources of the configuration that the account may see.
fn sources(visitor: &Visitor<Operate>) -> Vec<SourceName> {
    let known = visitor.on.settings.sources.iter().map(|source| SourceName(source.name.as_str().into()));
    known.filter(|source| visitor.sees_source(source)).collect()
}

/// Of which source, and by which reason.
fn filters(visitor: &Visitor<Operate>, chosen: &Chosen) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let sources = sources(visitor);
    let chip = |source: Option<&SourceName>| {
        let of = Chosen { source: source.cloned(), reason: chosen.reason.clone(), from: Cursor::OLDEST };
        let name = source.map_or(w.all_of_them.to_owned(), |source| source.0.to_string());
        html! {
            li { a href={ "/quarantine?" (of.query(None)) } aria-current=[(source == chosen.source.as_ref()).then_some("true")] { (name) } }
        }
    };
    let without = Chosen { source: chosen.source.clone(), reason: None, from: Cursor::OLDEST };
    html! {
        section aria-label=(w.filter) {
            ul.chips {
                (chip(None)) @for source in &sources { (chip(Some(source))) }
            }
            @if let Some(reason) = &chosen.reason {
                p { (operating(view.lang).unread_because) ": " (details::said(view.lang, reason)) " "
                    a href={ "/quarantine?" (without.query(None)) } { (w.all_of_them) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_replaying_is_read_as_it_was_written_and_nothing_else_is() {
        let came =
            ReplayedMany { recorded: 3, duplicate: 1, ignored: 0, stay: 2, failed: 4, next: Some(Cursor::Up(9)) };
        for came in [came, ReplayedMany { next: None, ..came }] {
            let fields = Fields::read(&written(&came)).expect("fields");
            assert_eq!(read(&fields), Some(came));
        }
        for wrong in
            ["", "replayed=", "replayed=1.2.3.4", "replayed=1.2.3.4.x", "replayed=1.2.3.4.5.6", "replayed=-1.0.0.0.0"]
        {
            assert_eq!(read(&Fields::read(wrong).expect("fields")), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_chosen_stands_in_the_address_whatever_it_is() {
        let chosen = Chosen {
            source: Some(SourceName("a&b=c".into())),
            reason: Some("no & \"<event".to_owned()),
            from: Cursor::OLDEST,
        };
        let query = chosen.query(Some(Cursor::Up(7)));
        assert!(!query.contains(['<', '"', ' ']), "{query}");
        let again = Chosen::of(&Fields::read(&query).expect("fields"));
        let Ok(again) = again else { panic!("it is a part: {query}") };
        assert_eq!((again.source, again.reason, again.from), (chosen.source, chosen.reason, Cursor::Up(7)));
    }
}
