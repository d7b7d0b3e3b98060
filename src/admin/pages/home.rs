//! What needs somebody, the most urgent first, each with its reason and one way on.

use axum::response::Response;
use maud::{Markup, html};

use super::needed;
use super::parts::{Approvals, SOON_DAYS, companies, days_left, in_words, request_path, urgency, waits_for, whose};
use super::pictures::{is_any, pictures};
use super::requests::{Open, open_requests};
use super::view::{Section, Sheet};
use super::visitor::Visitor;
use super::words::{muting, operating, requesting};
use crate::access::{Companies, Permission};
use crate::admin::caller::See;
use crate::admin::problem::Problem;
use crate::attention::{Attention, Delay, DelayCode};
use crate::erasure::{Erasure, ErasureState};
use crate::ledger::ErasureFilter;
use crate::operations::days::ShownDay;
use crate::operations::requests::Shown;
use crate::operations::{OperationError, days, erasures};

/// Erasures that are named; the list has the others.
const ERASURES_MAX: u32 = 100;

pub(super) async fn show(visitor: Visitor<See>) -> Response {
    visitor.view.answer(home(&visitor).await)
}

/// A request that waits for whoever looks.
struct Waiting {
    shown: Shown,
    delay: Delay,
    /// Whether they can do it; an officer sees what is late, or soon is, also where others have to.
    is_theirs: bool,
}

/// Whether its last day is near, or over.
fn is_urgent(shown: &Shown) -> bool {
    shown.days_left.is_some_and(|left| left <= SOON_DAYS)
}

/// What there is for somebody to do.
struct Found {
    requests: Vec<Waiting>,
    erasures: Vec<Erasure>,
    attention: Vec<Attention>,
    /// Open requests that wait for somebody else, or for the end of a hold.
    others: u64,
    /// Of all open requests that were read, whoever they wait for.
    late: u64,
    /// So many open requests were read, where there are more.
    only: Option<u64>,
    /// There are more erasures to approve than were read.
    more_erasures: bool,
    /// Of the last days; nothing for who does not see to all of it.
    days: Vec<ShownDay>,
}

async fn home(visitor: &Visitor<See>) -> Result<Sheet, Problem> {
    let Open { all: open, is_cut } = open_requests(visitor).await?;
    if open.is_empty() && is_empty(visitor).await? {
        return Ok(beginning(visitor));
    }
    let late = open.iter().filter(|shown| shown.days_left.is_some_and(|left| left < 0)).count() as u64;
    let only = is_cut.then_some(open.len() as u64);
    let (mut requests, mut others) = (Vec::new(), 0_u64);
    let mut approvals = Approvals::default();
    for shown in open {
        match needs(visitor, &shown, &mut approvals).await? {
            Some(delay) => requests.push(Waiting { shown, delay, is_theirs: true }),
            None => {
                let may = is_urgent(&shown) && visitor.view.may(Permission::Requests);
                match shown.waits_for.first().filter(|_| may).cloned() {
                    Some(delay) => requests.push(Waiting { shown, delay, is_theirs: false }),
                    None => others += u64::from(shown.waits_for.iter().any(waits_for_somebody)),
                }
            }
        }
    }
    requests.sort_by_key(|waiting| waiting.shown.days_left.unwrap_or(i32::MAX));
    let (erasures, more_erasures) = to_approve(visitor).await?;
    let attention = of_operator(visitor).await?;
    let days = of_days(visitor).await?;
    Ok(sheet(visitor, &Found { requests, erasures, attention, others, late, only, more_erasures, days }))
}

/// Whether something goes on only once somebody has done something, or a hold has ended.
fn waits_for_somebody(delay: &Delay) -> bool {
    whose(delay.code).is_some()
        || matches!(delay.code, DelayCode::Held | DelayCode::Task | DelayCode::Report | DelayCode::Link)
}

/// What a request waits for that whoever looks can do.
async fn needs(visitor: &Visitor<See>, shown: &Shown, approvals: &mut Approvals) -> Result<Option<Delay>, Problem> {
    for delay in &shown.waits_for {
        let is_theirs = match whose(delay.code) {
            Some(Permission::Approve) => approvals.may(visitor, &shown.request).await?,
            // What operators see says more of it.
            Some(Permission::Operate) | None => false,
            Some(wanted) => visitor.view.may(wanted),
        };
        if is_theirs {
            return Ok(Some(delay.clone()));
        }
    }
    Ok(None)
}

/// Erasures that wait for an approval, and whether there are more. Those that wait for the person's own click are theirs first.
async fn to_approve(visitor: &Visitor<See>) -> Result<(Vec<Erasure>, bool), Problem> {
    let (mut found, mut is_cut) = (Vec::new(), false);
    if !visitor.view.may(Permission::Approve) {
        return Ok((found, is_cut));
    }
    for installation in companies(visitor) {
        let states = vec![ErasureState::Requested];
        let filter = ErasureFilter { states, installation, ..ErasureFilter::newest(ERASURES_MAX) };
        let page = erasures::list(&visitor.on, filter).await?;
        is_cut |= page.next.is_some();
        let explained = erasures::explain(&visitor.on, page.items).await?.into_iter();
        let to_approve = explained.filter(|one| one.waits_for.iter().all(|delay| delay.code != DelayCode::Link));
        found.extend(to_approve.map(|one| one.erasure));
    }
    Ok((found, is_cut))
}

/// Whether whoever looks sees to the whole deployment: what is of all companies is for them alone.
fn operates_all(visitor: &Visitor<See>) -> bool {
    visitor.view.may(Permission::Operate) && visitor.identity.companies == Companies::All
}

async fn of_days(visitor: &Visitor<See>) -> Result<Vec<ShownDay>, Problem> {
    if !operates_all(visitor) {
        return Ok(Vec::new());
    }
    let days = days::last(&visitor.on, visitor.view.now).await?;
    Ok(if is_any(&days) { days } else { Vec::new() })
}

async fn of_operator(visitor: &Visitor<See>) -> Result<Vec<Attention>, Problem> {
    if !operates_all(visitor) {
        return Ok(Vec::new());
    }
    // Looking writes nothing.
    let on = &visitor.on;
    let mut all = on.ledger.attention_untried(&on.settings.limits).await.map_err(OperationError::from)?;
    all.retain(Attention::needs_a_person);
    Ok(all)
}

fn sheet(visitor: &Visitor<See>, found: &Found) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let Found { requests, erasures, attention, others: elsewhere, late, only, more_erasures, days } = found;
    let (urgent, others): (Vec<&Waiting>, Vec<&Waiting>) = requests.iter().partition(|one| is_urgent(&one.shown));
    let all = (requests.len() + erasures.len() + attention.len()) as u64;
    // Of what was not read nobody knows.
    let is_cut = only.is_some() || *more_erasures;
    let nothing = if is_cut { w.nothing_read_needs_you } else { w.nothing_needs_you };
    let things = if is_cut { &w.things_need_you_at_least } else { &w.things_need_you };
    let mut is_first = true;
    let mut primary = || std::mem::take(&mut is_first);
    let rows_urgent: Vec<_> = urgent.iter().map(|one| request_row(visitor, one, primary())).collect();
    let rows_others: Vec<_> = others.iter().map(|one| request_row(visitor, one, primary())).collect();
    let rows_erasures: Vec<_> = erasures.iter().map(|erasure| erasure_row(visitor, erasure, primary())).collect();
    let body = html! {
        div.head {
            h1 { @if all == 0 { (nothing) } @else { (view.count(things, all)) } }
            @if let Some(only) = *only { p.hint { (view.count(&w.oldest_only, only)) } }
            p.lead {
                @if *late > 0 { (view.count(&w.late_in_all, *late)) " " }
                @if *elsewhere > 0 { (view.count(&w.wait_for_others, *elsewhere)) " " }
                (w.look_at_lists)
            }
        }
        (section("h-urgent", w.late_or_soon, &rows_urgent))
        (section("h-others", w.waits_for_you, &[rows_others, rows_erasures].concat()))
        @if !attention.is_empty() {
            section aria-labelledby="h-system" {
                h2 #h-system { (w.for_the_operator) }
                ol.tasks { @for one in attention { (needed::row(view, one, None, None)) } }
            }
        }
        @if operates_all(visitor) { p { a href="/attention" { (muting(view.lang).all_of_it) } } }
        (pictures(view, days))
    };
    Sheet::new(w.needs_attention, Section::Home, body)
}

fn section(id: &str, title: &str, rows: &[Markup]) -> Markup {
    html! {
        @if !rows.is_empty() {
            section aria-labelledby=(id) { h2 id=(id) { (title) } ol.tasks { @for row in rows { (row) } } }
        }
    }
}

fn row(title: &Markup, path: &str, why: &Markup, since: &Markup, act: &str, is_primary: bool) -> Markup {
    html! {
        li {
            div.what { h3 { a href=(path) { (title) } } p { (why) } p.small.muted { (since) } }
            div class="do" { a.button.primary[is_primary] href=(path) { (act) span.hidden { ": " (title) } } }
        }
    }
}

fn request_row(visitor: &Visitor<See>, Waiting { shown, delay, is_theirs }: &Waiting, is_primary: bool) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let title = html! { (view.say(w.request_of, &[("number", &shown.name())])) };
    let why = match delay.code {
        DelayCode::Unapproved if *is_theirs => html! { (requesting(view.lang).waits_for_your_approval) },
        _ => waits_for(view, in_words(visitor, &shown.request.mluvii), delay),
    };
    let act = if *is_theirs { (w.act)(delay.code) } else { w.look_at_it };
    let since = html! {
        @match (shown.days_left, shown.due) {
            (Some(left), Some(due)) => {
                span class={ "st fill " (urgency(left)) } { (days_left(view, left)) }
                " " span aria-hidden="true" { "·" } " " (view.fill(w.due_on, &[("day", &view.day(due))]))
            }
            _ => (w.does_not_run),
        }
    };
    row(&title, &request_path(&shown.request), &why, &since, act, is_primary)
}

fn erasure_row(visitor: &Visitor<See>, erasure: &Erasure, is_primary: bool) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let title = html! { (view.say(w.erasure_of, &[("id", &erasure.id.to_string())])) };
    let why = html! { (view.say(w.erasure_needs_approval, &[("rules", &erasure.rules.join(", "))])) };
    let since = view.since(erasure.created);
    row(&title, &format!("/erasures/{}", erasure.id), &why, &since, w.look_at_it, is_primary)
}

/// Whether nothing has ever come.
async fn is_empty(visitor: &Visitor<See>) -> Result<bool, Problem> {
    let counts = visitor.on.ledger.counts().await.map_err(OperationError::from)?;
    let erasures: u64 = counts.erasures.values().sum();
    let waiting = counts.events_waiting + counts.parked_work + counts.quarantined + counts.foreign_sessions;
    let known = counts.sessions + counts.receipts + counts.archived_receipts + erasures;
    Ok(known + waiting == 0)
}

/// What to do first, of what whoever looks can do.
fn beginning(visitor: &Visitor<See>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let step = |title: &str, text: &Markup, act: &Markup| {
        html! { li { div.what { h3 { (title) } p { (text) } } div class="do" { (act) } } }
    };
    let nothing = html! {};
    let sources = visitor.on.settings.sources.iter();
    let sources = sources.filter(|source| source.mluvii.as_ref().is_some_and(|company| visitor.sees(company)));
    let sources: Vec<_> = sources.map(|source| format!("/webhooks/{}", source.name)).collect();
    let keys = html! { (w.begin_keys) };
    let operates = view.may(Permission::Operate);
    let o = operating(view.lang);
    let webhooks = if operates { o.begin_webhooks_here } else { w.begin_webhooks };
    let webhooks = html! { (view.say(webhooks, &[("paths", &sources.join(", "))])) };
    let look = html! {
        @if operates { a.button.primary href="/mluvii" { (o.webhooks) } } @else { a.button href="/" { (w.look_again) } }
    };
    let letter = html! { (w.begin_letter) };
    let new = html! { a.button.primary[!operates] href="/requests/new" { (w.new_request) } };
    let body = html! {
        div.head { h1 { (w.nothing_has_come) } p.lead { (w.nothing_has_come_lead) } }
        section aria-labelledby="h-begin" {
            h2 #h-begin { (w.what_to_do_first) }
            ol.tasks {
                @if operates { (step(w.begin_keys_title, &keys, &nothing)) }
                (step(w.begin_webhooks_title, &webhooks, &look))
                @if view.may(Permission::Requests) { (step(w.begin_letter_title, &letter, &new)) }
            }
        }
    };
    Sheet::new(w.nothing_has_come, Section::Home, body)
}
