//! The list of requests: the open ones with the most urgent first, the ended ones with the newest first.

use axum::extract::RawQuery;
use axum::response::Response;
use maud::{Markup, html};

use super::{Open, open_requests};
use crate::access::Permission;
use crate::admin::caller::See;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::paging::{Begin, PAGE, next};
use crate::admin::pages::parts::{
    SOON_DAYS, actor, cell, companies, due, heads, in_words, request_path, request_state, waits_for,
};
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::problem::{Code, Problem};
use crate::ledger::{Cursor, RequestFilter};
use crate::operations::requests::{self, Shown};
use crate::request::RequestState;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Open,
    Late,
    Soon,
    In(RequestState),
    Ended,
}

impl Which {
    fn read(word: &str) -> Option<Self> {
        match word {
            "" | "open" => Some(Self::Open),
            "late" => Some(Self::Late),
            "soon" => Some(Self::Soon),
            "ended" => Some(Self::Ended),
            word => word.parse::<RequestState>().ok().filter(|state| state.is_open()).map(Self::In),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Late => "late",
            Self::Soon => "soon",
            Self::Ended => "ended",
            Self::In(state) => state.as_str(),
        }
    }

    /// Of the open ones.
    fn has(self, shown: &Shown) -> bool {
        match self {
            Self::Open => true,
            Self::Late => shown.days_left.is_some_and(|left| left < 0),
            Self::Soon => shown.days_left.is_some_and(|left| (0..=SOON_DAYS).contains(&left)),
            Self::In(state) => shown.state == state,
            Self::Ended => false,
        }
    }
}

/// A part of the list, and where the next one is.
struct Part {
    items: Vec<Shown>,
    next: Option<String>,
}

pub(super) async fn show(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a list, or a part of it, that is not there");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let which = Which::read(fields.text("show")).ok_or_else(unknown)?;
    let Open { all: mut open, is_cut } = open_requests(visitor).await?;
    open.sort_by_key(|shown| shown.days_left.unwrap_or(i32::MAX));
    let counts = Counts { each: counts(&open), is_cut };
    let part = match which {
        Which::Ended => ended(visitor, fields.text("from")).await?,
        which => {
            open.retain(|shown| which.has(shown));
            let from: usize = match fields.text("from") {
                "" => 0,
                text => text.parse::<usize>().map_err(|_| unknown())?,
            };
            part_of(open, from)
        }
    };
    Ok(sheet(visitor, which, &counts, &part))
}

fn part_of(all: Vec<Shown>, from: usize) -> Part {
    let next = from.saturating_add(PAGE as usize);
    let next = (next < all.len()).then(|| next.to_string());
    Part { items: all.into_iter().skip(from).take(PAGE as usize).collect(), next }
}

async fn ended(visitor: &Visitor<See>, from: &str) -> Result<Part, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a part of the list that is not there");
    let begin = Begin::<Cursor>::read(from).ok_or_else(unknown)?;
    let all = companies(visitor);
    let installation = all.get(begin.company).cloned().ok_or_else(unknown)?;
    let states = RequestState::ALL.iter().copied().filter(|state| !state.is_open()).collect();
    let filter = RequestFilter { states, installation, cursor: begin.cursor.unwrap_or(Cursor::NEWEST), limit: PAGE };
    let page = requests::list(&visitor.on, filter).await?;
    Ok(Part { items: page.items, next: next(begin.company, all.len(), page.next) })
}

/// How many there are of each list, or that there are at least so many.
struct Counts {
    each: Vec<(Which, usize)>,
    is_cut: bool,
}

/// How many there are of each list that is one of open requests; those of the ended ones nobody counts.
fn counts(open: &[Shown]) -> Vec<(Which, usize)> {
    let states = RequestState::ALL.iter().copied().filter(|state| state.is_open()).map(Which::In);
    let all = [Which::Open, Which::Late, Which::Soon].into_iter().chain(states);
    all.map(|which| (which, open.iter().filter(|shown| which.has(shown)).count())).collect()
}

fn sheet(visitor: &Visitor<See>, which: Which, Counts { each: counts, is_cut }: &Counts, part: &Part) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let name = |which: Which| match which {
        Which::Open => w.open_ones,
        Which::Late => w.late_ones,
        Which::Soon => w.soon_ones,
        Which::Ended => w.ended_ones,
        Which::In(state) => (w.request_state)(state),
    };
    let chip = |one: Which, count: Option<usize>| {
        html! {
            li { a href={ "/requests?show=" (one.word()) } aria-current=[(one == which).then_some("true")] {
                (name(one)) @if let Some(count) = count { " " b { @if *is_cut { "≥ " } (view.lang.number(count as u64)) } }
            } }
        }
    };
    let is_shown = |(one, count): &&(Which, usize)| *count > 0 || *one == which || *one == Which::Open;
    let late = counts.iter().find(|(one, _)| *one == Which::Late).map_or(0, |(_, count)| *count as u64);
    let open = counts.first().map_or(0, |(_, count)| *count as u64);
    let body = html! {
        div.head {
            h1 { (view.count(if *is_cut { &w.open_requests_at_least } else { &w.open_requests }, open)) }
            @if *is_cut { p.hint { (view.count(&w.newest_only, open)) } }
            p.lead { @if late > 0 { (view.count(&w.of_them_late, late)) " " } (view.say(w.requests_lead, &[])) }
            @if view.may(Permission::Requests) {
                div.actions { a.button.primary href="/requests/new" { (w.new_request) } }
            }
        }
        section aria-label=(w.filter) {
            ul.chips {
                @for (one, count) in counts.iter().filter(is_shown) { (chip(*one, Some(*count))) }
                (chip(Which::Ended, None))
            }
        }
        section aria-label=(w.list_of_requests) {
            @if part.items.is_empty() {
                div.panel.sunk { p { b { (w.none_here) } } p.muted { (w.no_names_here) } }
            } @else {
                table.stack role="table" {
                    caption { (name(which)) }
                    (heads(&[w.request, w.time_left, w.state, w.came, w.entered_by]))
                    tbody role="rowgroup" { @for shown in &part.items { (row(visitor, shown)) } }
                }
                div.pager {
                    p.muted { (w.no_names_here) }
                    @if let Some(next) = &part.next {
                        p { a href={ "/requests?show=" (which.word()) "&from=" (next) } { (w.further) } }
                    }
                }
            }
        }
    };
    Sheet::new(w.requests, Section::Requests, body)
}

fn row(visitor: &Visitor<See>, shown: &Shown) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let request = &shown.request;
    let names = in_words(visitor, &request.mluvii);
    let state = html! {
        (request_state(view, shown.state))
        @if let Some(delay) = shown.waits_for.first() { small { (waits_for(view, names, delay)) } }
        @if let Some(end) = &request.end { small { (view.time(end.at)) } }
    };
    let came = html! { ((w.came_by)(request.came)) ", " (view.day(request.term.received)) };
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { a href=(request_path(request)) { (request.number) } small { (request.mluvii) } }
            (cell(w.time_left, &due(view, shown)))
            (cell(w.state, &state))
            (cell(w.came, &came))
            (cell(w.entered_by, &html! { (actor(&request.entered_by)) }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_by_words_of_ours_alone() {
        for word in ["open", "late", "soon", "ended", "planned", "unverified"] {
            assert_eq!(Which::read(word).map(Which::word), Some(word));
        }
        assert_eq!(Which::read(""), Some(Which::Open));
        for wrong in ["done", "x", "<b>"] {
            assert_eq!(Which::read(wrong), None, "{wrong}");
        }
    }
}
