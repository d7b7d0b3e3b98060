//! The list of requests: the open ones with the most urgent first, the ended ones with the newest first.

use std::fmt;

use axum::extract::RawQuery;
use axum::response::Response;
use jiff::civil::Date;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Open, open_requests};
use crate::access::Permission;
use crate::admin::caller::See;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::filters::{company_filter, nothing_here};
use crate::admin::pages::paging::{Begin, PAGE, next};
use crate::admin::pages::parts::{
    SOON_DAYS, actor, cell, companies, due, heads, in_words, request_path, request_state, waits_for, whose,
};
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::field;
use crate::admin::pages::words::{import, lists, places};
use crate::admin::problem::{Code, Problem};
use crate::ledger::{Cursor, RequestFilter};
use crate::operations::requests::{self, Shown};
use crate::request::{RequestId, RequestState};
use crate::subject::InstallationName;

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

/// What the list shows. All of it stands in the address: names of companies and systems, and no person's.
struct Filter {
    which: Which,
    company: Option<InstallationName>,
    target: String,
    /// Only those that wait for somebody to do something.
    needs_person: bool,
}

/// The longest name of a system that is looked for, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// The word by which those are meant that wait for somebody.
const PERSON: &str = "person";

impl Filter {
    /// Of an address, as far as the account may see the company that it names.
    fn read(visitor: &Visitor<See>, fields: &Fields) -> Result<Self, Problem> {
        let unknown = || Problem::new(Code::NotUnderstood, "the address names a list that is not there");
        let company = match fields.text("company") {
            "" => None,
            name => Some(visitor.company(name)?),
        };
        let target = fields.text("target").to_owned();
        let needs_person = match fields.text("waits") {
            "" => false,
            PERSON => true,
            _ => return Err(unknown()),
        };
        let which = Which::read(fields.text("show")).filter(|_| target.len() <= NAME_BYTES_MAX);
        Ok(Self { which: which.ok_or_else(unknown)?, company, target, needs_person })
    }

    /// What stands behind the `?` of an address, of another list by the same filters.
    fn query(&self, which: Which) -> String {
        let company = self.company.as_ref().map_or("", |company| &*company.0);
        let waits = if self.needs_person { PERSON } else { "" };
        let pairs = [("show", which.word()), ("company", company), ("target", self.target.as_str()), ("waits", waits)];
        let written = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let written = written.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        written.collect::<Vec<_>>().join("&")
    }

    /// Whether more is asked for than one of the lists.
    fn is_combined(&self) -> bool {
        self.company.is_some() || !self.target.is_empty() || self.needs_person
    }

    /// Whether a request is among what is asked for, whichever list it is in.
    fn has(&self, shown: &Shown) -> bool {
        let request = &shown.request;
        let is_of_company = self.company.as_ref().is_none_or(|company| *company == request.mluvii);
        let has_target = self.target.is_empty() || request.targets.iter().any(|target| *target.0 == *self.target);
        let waits = !self.needs_person || shown.waits_for.iter().any(|delay| whose(delay.code).is_some());
        is_of_company && has_target && waits
    }

    /// The fields by which filters are combined.
    fn form(&self, visitor: &Visitor<See>) -> Markup {
        let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
        html! {
            details open[self.is_combined()] {
                summary { (l.more_filters) }
                form.filters method="get" action="/requests" {
                    input type="hidden" name="show" value=(self.which.word());
                    (company_filter(visitor, self.company.as_ref()))
                    (field(view, &[], "waits", w.state, None, |aria| html! {
                        select #waits name="waits" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {
                            option value="" { (w.all_of_them) }
                            option value=(PERSON) selected[self.needs_person] { (l.needs_person) }
                        }
                    }))
                    (field(view, &[], "target", w.system, None, |aria| html! {
                        input #target name="target" value=(self.target) maxlength=(NAME_BYTES_MAX) autocomplete="off"
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    button { (l.do_filter) }
                }
            }
        }
    }
}

/// Where an open request stands among the open ones, the most urgent first; those that do not run are last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    due: (bool, Option<Date>),
    id: RequestId,
}

impl Place {
    fn of(shown: &Shown) -> Self {
        Self { due: (shown.due.is_none(), shown.due), id: shown.request.id }
    }

    fn read(text: &str) -> Option<Self> {
        let (due, id) = text.split_once('~')?;
        let due = match due {
            "" => None,
            due => Some(due.parse::<Date>().ok()?),
        };
        let mut bytes = [0; 16];
        hex::decode_to_slice(id, &mut bytes).ok()?;
        Some(Self { due: (due.is_none(), due), id: RequestId(bytes) })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let due = self.due.1.map(|due| due.to_string()).unwrap_or_default();
        write!(f, "{due}~{}", hex::encode(self.id.0))
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
    let filter = Filter::read(visitor, &fields)?;
    let Open { all: mut open, is_cut } = open_requests(visitor).await?;
    let late = open.iter().filter(|shown| Which::Late.has(shown)).count() as u64;
    let in_all = open.len() as u64;
    open.retain(|shown| filter.has(shown));
    open.sort_by_key(Place::of);
    let counts = Counts { in_all, late, each: counts(&open), is_cut };
    let part = match filter.which {
        Which::Ended => ended(visitor, &filter, fields.text("from")).await?,
        which => {
            open.retain(|shown| which.has(shown));
            let after = match fields.text("from") {
                "" => None,
                text => Some(Place::read(text).ok_or_else(unknown)?),
            };
            part_of(open, after)
        }
    };
    Ok(sheet(visitor, &filter, &counts, &part))
}

/// Those that come after a place, where one is said: a request that has ended meanwhile moves none of the others to another page.
fn part_of(all: Vec<Shown>, after: Option<Place>) -> Part {
    let mut rest: Vec<Shown> = all.into_iter().filter(|shown| Some(Place::of(shown)) > after).collect();
    let is_cut = rest.len() > PAGE as usize;
    rest.truncate(PAGE as usize);
    let next = rest.last().filter(|_| is_cut).map(|last| Place::of(last).to_string());
    Part { items: rest, next }
}

async fn ended(visitor: &Visitor<See>, filter: &Filter, from: &str) -> Result<Part, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a part of the list that is not there");
    let begin = Begin::<Cursor>::read(from).ok_or_else(unknown)?;
    let all = match &filter.company {
        Some(one) => vec![Some(one.clone())],
        None => companies(visitor),
    };
    let installation = all.get(begin.company).cloned().ok_or_else(unknown)?;
    let states = RequestState::ALL.iter().copied().filter(|state| !state.is_open()).collect();
    let asked = RequestFilter { states, installation, cursor: begin.cursor.unwrap_or(Cursor::NEWEST), limit: PAGE };
    let page = requests::list(&visitor.on, asked).await?;
    let next = next(begin.company, all.len(), page.next);
    // The page is shorter by those that are not asked for, and goes on where it would.
    let items = page.items.into_iter().filter(|shown| filter.has(shown)).collect();
    Ok(Part { items, next })
}

/// How many there are, or that there are at least so many.
struct Counts {
    /// Of all open ones, whatever is asked for.
    in_all: u64,
    late: u64,
    /// Of each list, by the filters.
    each: Vec<(Which, usize)>,
    is_cut: bool,
}

/// How many there are of each list that is one of open requests; those of the ended ones nobody counts.
fn counts(open: &[Shown]) -> Vec<(Which, usize)> {
    let states = RequestState::ALL.iter().copied().filter(|state| state.is_open()).map(Which::In);
    let all = [Which::Open, Which::Late, Which::Soon].into_iter().chain(states);
    all.map(|which| (which, open.iter().filter(|shown| which.has(shown)).count())).collect()
}

fn sheet(visitor: &Visitor<See>, filter: &Filter, counts: &Counts, part: &Part) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let Counts { in_all, late, each, is_cut } = counts;
    let name = |which: Which| match which {
        Which::Open => w.open_ones,
        Which::Late => w.late_ones,
        Which::Soon => w.soon_ones,
        Which::Ended => w.ended_ones,
        Which::In(state) => (w.request_state)(state),
    };
    let chip = |one: Which, count: Option<usize>| {
        html! {
            li { a href={ "/requests?" (filter.query(one)) } aria-current=[(one == filter.which).then_some("true")] {
                (name(one)) @if let Some(count) = count { " " b { @if *is_cut { "≥ " } (view.lang.number(count as u64)) } }
            } }
        }
    };
    let is_shown = |(one, count): &&(Which, usize)| *count > 0 || *one == filter.which || *one == Which::Open;
    let all = (filter.is_combined() || filter.which != Which::Open).then_some("/requests");
    let body = html! {
        div.head {
            h1 { (view.count(if *is_cut { &w.open_requests_at_least } else { &w.open_requests }, *in_all)) }
            @if *is_cut { p.hint { (view.count(&w.oldest_only, *in_all)) } }
            p.lead { @if *late > 0 { (view.count(&w.of_them_late, *late)) " " } (view.say(w.requests_lead, &[])) }
            @if view.may(Permission::Requests) {
                div.actions {
                    a.button.primary href="/requests/new" { (w.new_request) }
                    a.button href="/requests/import" { (import(view.lang).title) }
                }
            }
        }
        section aria-label=(w.filter) {
            ul.chips {
                @for (one, count) in each.iter().filter(is_shown) { (chip(*one, Some(*count))) }
                (chip(Which::Ended, None))
            }
            (filter.form(visitor))
        }
        section aria-label=(w.list_of_requests) {
            @if part.items.is_empty() && part.next.is_some() { div.panel.sunk { p { b { (w.none_on_this_page) } } } } @else if part.items.is_empty() {
                (nothing_here(view, places(view.lang).no_requests, all))
            } @else {
                table.stack role="table" {
                    caption { (name(filter.which)) }
                    (heads(&[w.request, w.time_left, w.state, w.came, w.entered_by]))
                    tbody role="rowgroup" { @for shown in &part.items { (row(visitor, shown)) } }
                }
            }
            div.pager {
                p.muted { (w.no_names_here) }
                @if let Some(next) = &part.next {
                    p { a href={ "/requests?" (filter.query(filter.which)) "&from=" (next) } { (w.further) } }
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
        @for delay in &shown.waits_for { small { (waits_for(view, names, delay)) } }
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

    #[test]
    fn a_page_ends_at_a_place_that_is_read_as_it_was_written() {
        let day = jiff::civil::date(2026, 11, 30);
        let [first, second] = [1, 2].map(|byte| RequestId([byte; 16]));
        let all = [
            Place { due: (false, Some(day)), id: first },
            Place { due: (false, Some(day)), id: second },
            Place { due: (true, None), id: first },
        ];
        assert!(all.is_sorted());
        for place in all {
            assert_eq!(Place::read(&place.to_string()), Some(place), "{place}");
        }
        for wrong in ["", "7", "~", "2026-11-30~x", "x~00000000000000000000000000000000"] {
            assert_eq!(Place::read(wrong), None, "{wrong}");
        }
    }
}
