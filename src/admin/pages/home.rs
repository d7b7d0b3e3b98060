//! What needs somebody, the most urgent first, each with its reason and one way on.

use axum::response::Response;
use maud::{Markup, html};

use super::filters::only_companies;
use super::needed;
use super::parts::{
    Approvals, SOON_DAYS, companies, days_left, demanded_by, in_words, request_path, request_state, urgency, waits_for,
    whose,
};
use super::pictures::{is_any, pictures};
use super::requests::{Open, open_requests};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use super::words::{muting, operating, requesting, starting, unseen};
use crate::access::{Companies, Permission};
use crate::admin::caller::See;
use crate::admin::problem::Problem;
use crate::attention::{Attention, Delay, DelayCode};
use crate::erasure::{Erasure, ErasureState};
use crate::ledger::{CountedRequests, ErasureFilter, OpenCounts};
use crate::operations::days::ShownDay;
use crate::operations::requests::Shown;
use crate::operations::tasks::{self, TaskState};
use crate::operations::{OperationError, days, erasures, requests};

/// Erasures that are named; the list has the others.
const ERASURES_MAX: u32 = 100;

/// Tasks that are looked at of each system where people erase; their list has the others.
const TASKS_MAX: u32 = 100;

pub(super) async fn show(visitor: Visitor<See>) -> Response {
    visitor.view.answer(home(&visitor).await)
}

/// Who can do what a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Whoever looks.
    They,
    /// Others; an officer sees what is late, or soon is, all the same.
    Others,
    /// Nobody can approve its plan, so that an officer has to find another way.
    Nobody,
}

/// A request that whoever looks is to know of.
struct Waiting {
    shown: Shown,
    /// What it waits for; nothing where it goes on by itself.
    delay: Option<Delay>,
    who: Who,
}

/// Tasks of people, as an officer is told of them.
#[derive(Default)]
struct Tasks {
    open: u64,
    late: u64,
    /// Somebody has answered that the data is still there.
    residual: u64,
    /// There are more than were looked at.
    is_cut: bool,
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
    tasks: Tasks,
    /// All open requests, also those that were not read.
    open: u64,
    /// Open requests that wait for somebody else, or for the end of a hold.
    others: u64,
    /// Of all open requests, whoever they wait for.
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
    let counted = counted(visitor).await?;
    let only = is_cut.then_some(open.len() as u64);
    let (mut requests, mut others) = (Vec::new(), 0_u64);
    let mut approvals = Approvals::default();
    for shown in open {
        match needs(visitor, &shown, &mut approvals).await? {
            Some((delay, who)) => requests.push(Waiting { shown, delay: Some(delay), who }),
            None if is_urgent(&shown) && visitor.view.may(Permission::Requests) => {
                let delay = shown.waits_for.first().cloned();
                requests.push(Waiting { shown, delay, who: Who::Others });
            }
            None => others += u64::from(shown.waits_for.iter().any(waits_for_somebody)),
        }
    }
    let (erasures, more_erasures) = to_approve(visitor).await?;
    let attention = of_operator(visitor).await?;
    let tasks = of_people(visitor).await?;
    let days = of_days(visitor).await?;
    let (open, late) = (counted.all(), counted.late);
    let found = Found { requests, erasures, attention, tasks, open, others, late, only, more_erasures, days };
    Ok(sheet(visitor, &found))
}

/// All open requests of the companies that somebody may see, also those that were not read.
async fn counted(visitor: &Visitor<See>) -> Result<OpenCounts, Problem> {
    let today = visitor.on.settings.limits.calendar.day(visitor.view.now);
    let companies = visitor.identity.companies.clone();
    let which = CountedRequests { companies, target: None, today, soon_before: today };
    Ok(requests::count_open(&visitor.on, which).await?)
}

/// Whether something goes on only once somebody has done something, or a hold has ended.
fn waits_for_somebody(delay: &Delay) -> bool {
    whose(delay.code).is_some()
        || matches!(delay.code, DelayCode::Held | DelayCode::Task | DelayCode::Report | DelayCode::Link)
}

/// What a request waits for that whoever looks can do, or that nobody can.
async fn needs(
    visitor: &Visitor<See>,
    shown: &Shown,
    approvals: &mut Approvals,
) -> Result<Option<(Delay, Who)>, Problem> {
    for delay in &shown.waits_for {
        let who = match whose(delay.code) {
            Some(Permission::Approve) => {
                if approvals.may(visitor, &shown.request).await? {
                    Some(Who::They)
                } else if is_stuck(visitor, shown, delay.code, approvals).await? {
                    Some(Who::Nobody)
                } else {
                    None
                }
            }
            // What operators see says more of it.
            Some(Permission::Operate) | None => None,
            Some(wanted) => visitor.view.may(wanted).then_some(Who::They),
        };
        if let Some(who) = who {
            return Ok(Some((delay.clone(), who)));
        }
    }
    Ok(None)
}

/// Whether an officer looks at a plan that nobody can approve, as nothing shows who has asked for it.
async fn is_stuck(
    visitor: &Visitor<See>,
    shown: &Shown,
    code: DelayCode,
    approvals: &mut Approvals,
) -> Result<bool, Problem> {
    if code != DelayCode::Unapproved || !visitor.view.may(Permission::Requests) {
        return Ok(false);
    }
    Ok(approvals.why_not(visitor, &shown.request).await?.is_some_and(|why| why.stops_everybody()))
}

/// How many tasks there are, for who sees to them.
async fn of_people(visitor: &Visitor<See>) -> Result<Tasks, Problem> {
    let mut counted = Tasks::default();
    if !visitor.view.may(Permission::Requests) {
        return Ok(counted);
    }
    let (all, is_cut) = tasks::oldest(&visitor.on, TASKS_MAX).await?;
    counted.is_cut = is_cut;
    for task in all.iter().filter(|task| visitor.sees(&task.mluvii)) {
        match task.state {
            // Whoever has it is to wait.
            TaskState::Open | TaskState::Late if !task.held.is_empty() => {}
            TaskState::Open => counted.open += 1,
            TaskState::Late => counted.late += 1,
            TaskState::Residual => counted.residual += 1,
        }
    }
    Ok(counted)
}

/// Erasures that wait for an approval, and whether there are more. Those that wait for the person's own click are theirs first, and what
/// whoever looks has asked for is for others; what nobody can approve, they can reject.
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
        for one in explained.filter(|one| one.waits_for.iter().all(|delay| delay.code != DelayCode::Link)) {
            if !is_for_others(visitor, &one.erasure).await? {
                found.push(one.erasure);
            }
        }
    }
    Ok((found, is_cut))
}

/// Whether somebody else approves it. Of what rules alone demand, its page says so: nobody has asked for that.
async fn is_for_others(visitor: &Visitor<See>, erasure: &Erasure) -> Result<bool, Problem> {
    if !erasures::asked_by_hand(erasure) {
        return Ok(false);
    }
    let why = erasures::why_not_by(&visitor.on, erasure, &visitor.actor()).await?;
    Ok(why.is_some_and(|why| !why.stops_everybody()))
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
    let Found { requests, erasures, attention, tasks, open, others: elsewhere, late, only, more_erasures, days } =
        found;
    let (urgent, others): (Vec<&Waiting>, Vec<&Waiting>) = requests.iter().partition(|one| is_urgent(&one.shown));
    let of_tasks = [(tasks.late, true), (tasks.residual, false)].into_iter().filter(|(count, _)| *count > 0);
    let of_tasks: Vec<_> = of_tasks.collect();
    let all = (requests.len() + erasures.len() + attention.len() + of_tasks.len()) as u64;
    // Of what was not read nobody knows.
    let is_cut = only.is_some() || *more_erasures;
    let nothing = if is_cut { w.nothing_read_needs_you } else { w.nothing_needs_you };
    let things = if is_cut { &w.things_need_you_at_least } else { &w.things_need_you };
    let mut is_first = true;
    let mut primary = || std::mem::take(&mut is_first);
    let rows_urgent: Vec<_> = urgent.iter().map(|one| request_row(visitor, one, primary())).collect();
    let rows_others: Vec<_> = others.iter().map(|one| request_row(visitor, one, primary())).collect();
    let rows_erasures: Vec<_> = erasures.iter().map(|erasure| erasure_row(visitor, erasure, primary())).collect();
    let rows_tasks: Vec<_> = of_tasks.iter().map(|(count, late)| tasks_row(view, *count, *late, primary())).collect();
    let body = html! {
        div.head {
            h1 { @if all == 0 { (nothing) } @else { (view.count(things, all)) } }
            @if let Some(only) = *only { p.hint { (view.count(&w.most_urgent_only, only)) } }
            p.lead {
                @if *late > 0 { (view.count(&w.late_in_all, *late)) " " }
                @if *elsewhere > 0 { (view.count(&w.wait_for_others, *elsewhere)) " " }
                (w.look_at_lists)
            }
            (at_hand(view, all == 0, *open, tasks))
            (only_companies(view, unseen(view.lang).only_companies_home))
        }
        (section("h-urgent", w.late_or_soon, &rows_urgent))
        (section("h-others", w.waits_for_you, &[rows_others, rows_erasures, rows_tasks].concat()))
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

/// What there is in all, and what an officer may begin, also where nothing waits.
fn at_hand(view: &View, is_quiet: bool, open: u64, tasks: &Tasks) -> Markup {
    let (w, s) = (view.words(), starting(view.lang));
    html! {
        div.actions {
            @if view.may(Permission::Requests) {
                a.button.primary[is_quiet] href="/requests/new" { (w.new_request) }
            }
            a href="/requests" { (view.count(&w.open_requests, open)) }
            @if tasks.open > 0 { a href="/tasks" { (view.count(&s.tasks_open, tasks.open)) } }
        }
        @if tasks.is_cut { p.small.muted { (view.count(&s.tasks_oldest, u64::from(TASKS_MAX))) } }
    }
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
            div.what { h3 { a href=(path) { (title) } } p { (why) } @if !since.0.is_empty() { p.small.muted { (since) } } }
            div class="do" { a.button.primary[is_primary] href=(path) { (act) span.hidden { ": " (title) } } }
        }
    }
}

fn request_row(visitor: &Visitor<See>, Waiting { shown, delay, who }: &Waiting, is_primary: bool) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let own = requesting(view.lang);
    let title = html! { (view.say(w.request_of, &[("number", &shown.name())])) };
    let why = match (delay, who) {
        (_, Who::Nobody) => html! { (own.unknown_asker_title) },
        (Some(delay), Who::They) if delay.code == DelayCode::Unapproved => html! { (own.waits_for_your_approval) },
        (Some(delay), _) => waits_for(view, in_words(visitor, &shown.request.mluvii), delay),
        (None, _) => request_state(view, shown.state),
    };
    let act = match (delay, who) {
        (Some(delay), Who::They) => (w.act)(delay.code),
        _ => w.look_at_it,
    };
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
    let why = html! { (view.say(w.erasure_needs_approval, &[("rules", &demanded_by(view, &erasure.rules))])) };
    let since = view.since(erasure.created);
    row(&title, &format!("/erasures/{}", erasure.id), &why, &since, w.look_at_it, is_primary)
}

/// Tasks that somebody has to see to, the late ones or those whose data is still there.
fn tasks_row(view: &View, count: u64, are_late: bool, is_primary: bool) -> Markup {
    let (w, s) = (view.words(), starting(view.lang));
    let (title, why) = match are_late {
        true => (&s.tasks_late, s.tasks_late_act),
        false => (&s.tasks_residual, s.tasks_residual_act),
    };
    let title = html! { (view.count(title, count)) };
    row(&title, "/tasks", &html! { (view.say(why, &[])) }, &html! {}, w.look_at_it, is_primary)
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
    let (o, s) = (operating(view.lang), starting(view.lang));
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
                @if view.may(Permission::Approve) {
                    (step(s.approver_begin_title, &html! { (view.say(s.approver_begin, &[])) }, &nothing))
                }
            }
        }
    };
    Sheet::new(w.nothing_has_come, Section::Home, body)
}
