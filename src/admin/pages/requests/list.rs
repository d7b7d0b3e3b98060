//! The list of requests: the open ones with the most urgent first, the ended ones with the newest first.

use axum::extract::RawQuery;
use axum::response::Response;
use jiff::ToSpan as _;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::access::{Companies, Permission};
use crate::admin::caller::See;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::filters::{company_filter, name_filter, nothing_here, query, systems};
use crate::admin::pages::paging::PAGE;
use crate::admin::pages::parts::{
    SOON_DAYS, actor, cell, due, heads, in_words, request_path, request_state, verdict, waits_for, whose,
};
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::field;
use crate::admin::pages::words::{import, lists, places};
use crate::admin::problem::{Code, Problem};
use crate::erasure::{Seen, Verdict};
use crate::ledger::{CountedRequests, DueDays, OpenCounts, RequestCursor, RequestFilter, RequestOrder};
use crate::operations::requests::{self, Shown};
use crate::request::{Ended, RequestState};
use crate::subject::{InstallationName, TargetName};

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

    /// The open ones by what is urgent; of the others, nothing is.
    fn order(self) -> RequestOrder {
        if self == Self::Ended { RequestOrder::Entered } else { RequestOrder::Due }
    }

    fn states(self) -> Vec<RequestState> {
        match self {
            Self::In(state) => vec![state],
            which => {
                RequestState::ALL.iter().copied().filter(|state| state.is_open() != (which == Self::Ended)).collect()
            }
        }
    }

    fn count(self, counts: &OpenCounts) -> Option<u64> {
        match self {
            Self::Open => Some(counts.all()),
            Self::Late => Some(counts.late),
            Self::Soon => Some(counts.soon),
            Self::In(state) => Some(counts.of(state)),
            Self::Ended => None,
        }
    }

    fn due(self, days: Days) -> Option<DueDays> {
        match self {
            Self::Late => Some(DueDays { from: None, before: days.today }),
            Self::Soon => Some(DueDays { from: Some(days.today), before: days.soon_before }),
            Self::Open | Self::In(_) | Self::Ended => None,
        }
    }
}

/// The days by which something is late, or will be soon.
#[derive(Clone, Copy)]
struct Days {
    today: Date,
    soon_before: Date,
}

impl Days {
    fn of(visitor: &Visitor<See>) -> Self {
        let today = visitor.on.settings.limits.calendar.day(visitor.view.now);
        Self { today, soon_before: today.checked_add((SOON_DAYS + 1).days()).unwrap_or(Date::MAX) }
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
        query(&pairs)
    }

    /// Whether more is asked for than one of the lists.
    fn is_combined(&self) -> bool {
        self.company.is_some() || !self.target.is_empty() || self.needs_person
    }

    fn companies(&self, visitor: &Visitor<See>) -> Companies {
        match &self.company {
            Some(one) => Companies::named([one.clone()]),
            None => visitor.identity.companies.clone(),
        }
    }

    fn target(&self) -> Option<TargetName> {
        (!self.target.is_empty()).then(|| TargetName(self.target.as_str().into()))
    }

    /// What of it the ledger does not know.
    fn has(&self, shown: &Shown) -> bool {
        !self.needs_person || shown.waits_for.iter().any(|delay| whose(delay.code).is_some())
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
                    (name_filter(visitor, "target", w.system, &self.target, &systems(visitor)))
                    button { (l.do_filter) }
                }
            }
        }
    }
}

/// One of the list.
struct Item {
    shown: Shown,
    /// What its receipts come to, of one that has ended with them.
    verdict: Option<(Verdict, Seen)>,
}

impl Item {
    async fn of(visitor: &Visitor<See>, shown: Shown) -> Result<Self, Problem> {
        let receipts = match shown.state {
            RequestState::Done => requests::ended_with(&visitor.on, &shown.request).await?,
            _ => None,
        };
        // The worst of them, and no better than somebody has seen of all.
        let receipts = receipts.unwrap_or_default();
        let has_seen_all = receipts.iter().all(|one| one.seen == Seen::All);
        let seen = if has_seen_all { Seen::All } else { Seen::NotAll };
        let verdict = receipts.iter().map(|one| one.verdict).max().map(|worst| (worst, seen));
        Ok(Self { shown, verdict })
    }
}

/// A part of the list, and where the next one is.
struct Part {
    items: Vec<Item>,
    next: Option<String>,
}

pub(super) async fn show(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

/// Requests of which it is asked at once what they wait for: a page shows those of them that wait for somebody.
const LOOKED_AT: u32 = 200;

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a list, or a part of it, that is not there");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let filter = Filter::read(visitor, &fields)?;
    let from: Option<RequestCursor> = match fields.text("from") {
        "" => None,
        text => Some(text.parse().map_err(|_| unknown())?),
    };
    let days = Days::of(visitor);
    let asked = RequestFilter {
        states: filter.which.states(),
        companies: filter.companies(visitor),
        target: filter.target(),
        due: filter.which.due(days),
        cursor: filter.which.order().begin(from).ok_or_else(unknown)?,
        limit: if filter.needs_person { LOOKED_AT } else { PAGE },
    };
    let page = requests::list(&visitor.on, asked).await?;
    let counts = Counts::of(visitor, &filter, days).await?;
    // The page is shorter by the others, and goes on where it would.
    let mut items = Vec::new();
    for shown in page.items.into_iter().filter(|shown| filter.has(shown)) {
        items.push(Item::of(visitor, shown).await?);
    }
    let part = Part { items, next: page.next.map(|next| next.to_string()) };
    Ok(sheet(visitor, &filter, &counts, &part))
}

/// How many there are.
struct Counts {
    /// Of all open ones that the account may see, whatever is asked for.
    in_all: OpenCounts,
    /// Of those that are asked for, where that can be counted.
    asked: Option<OpenCounts>,
}

impl Counts {
    async fn of(visitor: &Visitor<See>, filter: &Filter, days: Days) -> Result<Self, Problem> {
        let Days { today, soon_before } = days;
        let companies = visitor.identity.companies.clone();
        let everything = CountedRequests { companies, target: None, today, soon_before };
        let in_all = requests::count_open(&visitor.on, everything.clone()).await?;
        let asked = if filter.needs_person {
            None
        } else if filter.is_combined() {
            let (companies, target) = (filter.companies(visitor), filter.target());
            Some(requests::count_open(&visitor.on, CountedRequests { companies, target, ..everything }).await?)
        } else {
            Some(in_all.clone())
        };
        Ok(Self { in_all, asked })
    }

    /// Of each list; of the ended ones nobody counts.
    fn each(&self) -> impl Iterator<Item = (Which, Option<u64>)> {
        let states = RequestState::ALL.iter().copied().filter(|state| state.is_open()).map(Which::In);
        let all = [Which::Open, Which::Late, Which::Soon].into_iter().chain(states).chain([Which::Ended]);
        all.map(|which| (which, self.asked.as_ref().and_then(|counts| which.count(counts))))
    }
}

fn sheet(visitor: &Visitor<See>, filter: &Filter, counts: &Counts, part: &Part) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let (in_all, late) = (counts.in_all.all(), counts.in_all.late);
    let name = |which: Which| match which {
        Which::Open => w.open_ones,
        Which::Late => w.late_ones,
        Which::Soon => w.soon_ones,
        Which::Ended => w.ended_ones,
        Which::In(state) => (w.request_state)(state),
    };
    let chip = |one: Which, count: Option<u64>| {
        html! {
            li { a href={ "/requests?" (filter.query(one)) } aria-current=[(one == filter.which).then_some("true")] {
                (name(one)) @if let Some(count) = count { " " b { (view.lang.number(count)) } }
            } }
        }
    };
    let is_shown = |(one, count): &(Which, Option<u64>)| *count != Some(0) || [filter.which, Which::Open].contains(one);
    let all = (filter.is_combined() || filter.which != Which::Open).then_some("/requests");
    let body = html! {
        div.head {
            h1 { (view.count(&w.open_requests, in_all)) }
            p.lead { @if late > 0 { (view.count(&w.of_them_late, late)) " " } (view.say(w.requests_lead, &[])) }
            @if view.may(Permission::Requests) {
                div.actions {
                    a.button.primary href="/requests/new" { (w.new_request) }
                    a.button href="/requests/import" { (import(view.lang).title) }
                }
            }
        }
        section aria-label=(w.filter) {
            ul.chips {
                @for (one, count) in counts.each().filter(is_shown) { (chip(one, count)) }
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
                    tbody role="rowgroup" { @for item in &part.items { (row(visitor, item)) } }
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

fn row(visitor: &Visitor<See>, Item { shown, verdict: came_to }: &Item) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let request = &shown.request;
    let names = in_words(visitor, &request.mluvii);
    let state = html! {
        (request_state(view, shown.state))
        @for delay in &shown.waits_for { small { (waits_for(view, names, delay)) } }
        @if let Some((worst, seen)) = *came_to { small { (verdict(view, worst, seen)) } }
        @if let Some(end) = &request.end {
            @match end.ended {
                Ended::Rejected(because) => small { ((w.rejected_because)(because)) },
                Ended::Closed(because) => small { ((w.closed_because)(because)) },
                Ended::Done | Ended::Withdrawn => {}
            }
            small { (view.time(end.at)) }
        }
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
