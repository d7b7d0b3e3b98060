//! Erasures: which there are, and one of them: where each system stands, why, and what happens next.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::{Markup, html};

use super::fields::Fields;
use super::looks::looks;
use super::paging::{Begin, PAGE, next};
use super::parts::{cell, companies, crumbs, days_left, erasure_state, heads, in_words, urgency, verdict, waits_for};
use super::view::{Section, Sheet};
use super::visitor::Visitor;
use crate::access::Permission;
use crate::admin::caller::{Approve, Needs, Operate, Requests, See};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::erasure::{Confirming, Erasure, ErasureId, ErasureState, Outcome, Step, StepState};
use crate::ledger::ErasureFilter;
use crate::operations::erasures::{self, Explained};
use crate::operations::{OperationError, recheck};

/// How often a page can ask for itself again, in seconds.
const EVERY_S: u16 = 10;

/// How long it does so, in seconds: a page that nobody looks at must not keep somebody signed in.
const REFRESHED_S: i64 = 600;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/erasures", get(list))
        .route("/erasures/{id}", get(show))
        .route("/erasures/{id}/approve", post(approve))
        .route("/erasures/{id}/reject", post(reject))
        .route("/erasures/{id}/retry", post(retry))
        .route("/erasures/{id}/begin", post(begin))
        .route("/erasures/{id}/stop", post(stop))
        .route("/erasures/{id}/cancel", post(cancel))
}

async fn list(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a list, or a part of it, that is not there");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let wanted = ErasureState::ALL.into_iter().find(|state| state.as_str() == fields.text("show"));
    if wanted.is_none() && !fields.text("show").is_empty() {
        return Err(unknown());
    }
    let begin = Begin::read(fields.text("from")).ok_or_else(unknown)?;
    let all = companies(visitor);
    let installation = all.get(begin.company).cloned().ok_or_else(unknown)?;
    let states = wanted.into_iter().collect();
    let filter = ErasureFilter { states, installation, after: begin.cursor, ..ErasureFilter::newest(PAGE) };
    let page = erasures::list(&visitor.on, filter).await?;
    let further = next(begin.company, all.len(), page.next);
    let explained = erasures::explain(&visitor.on, page.items).await?;
    Ok(list_sheet(visitor, wanted, &explained, further.as_deref()))
}

fn list_sheet(visitor: &Visitor<See>, wanted: Option<ErasureState>, all: &[Explained], further: Option<&str>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let word = wanted.map_or("", ErasureState::as_str);
    let chip = |state: Option<ErasureState>| {
        let (word, name) = state.map_or(("", w.all_of_them), |state| (state.as_str(), (w.erasure_state)(state)));
        html! { li { a href={ "/erasures?show=" (word) } aria-current=[(state == wanted).then_some("true")] { (name) } } }
    };
    let row = |one: &Explained| {
        let erasure = &one.erasure;
        let names = in_words(visitor, erasure.subject.installation());
        let state = html! {
            (erasure_state(view, erasure.state))
            @if let Some(delay) = one.waits_for.first() { small { (waits_for(view, names, delay)) } }
        };
        let result = html! { @match erasure.verdict { Some(found) => (verdict(view, found)), None => "–" } };
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { a href={ "/erasures/" (erasure.id) } { (erasure.id) } small { (erasure.subject.installation()) } }
                (cell(w.state, &state))
                (cell(w.demanded_by, &html! { (erasure.rules.join(", ")) }))
                (cell(w.since_head, &view.time(erasure.created)))
                (cell(w.result, &result))
            }
        }
    };
    let body = html! {
        div.head { h1 { (w.erasures) } p.lead { (view.say(w.erasures_lead, &[])) } }
        ul.chips { (chip(None)) @for state in ErasureState::ALL { (chip(Some(state))) } }
        section aria-label=(w.erasures) {
            @if all.is_empty() { div.panel.sunk { p { b { (w.none_here) } } } } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.erasure, w.state, w.demanded_by, w.since_head, w.result]))
                    tbody role="rowgroup" { @for one in all { (row(one)) } }
                }
                @if let Some(further) = further {
                    div.pager { p { a href={ "/erasures?show=" (word) "&from=" (further) } { (w.further) } } }
                }
            }
        }
    };
    Sheet::new(w.erasures, Section::Erasures, body)
}

/// The erasure of a path, as far as the account may see its company.
async fn found<N: Needs>(visitor: &Visitor<N>, id: &str) -> Result<Erasure, Problem> {
    let unknown = || Problem::not_found("erasure of this id");
    let id: ErasureId = id.parse().map_err(|_| unknown())?;
    let erasure = visitor.on.ledger.erasure(id).await.map_err(OperationError::from)?;
    erasure.filter(|erasure| visitor.sees(erasure.subject.installation())).ok_or_else(unknown)
}

async fn show(visitor: Visitor<See>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::read(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let every_s = refreshes(&fields, visitor.view.now).then_some(EVERY_S);
    visitor.view.answer(shown(&visitor, &id, every_s).await)
}

/// Whether the browser is to ask again: as long as the link that it began with allows it, and that is never for longer than each link does.
fn refreshes(fields: &Fields, now: Timestamp) -> bool {
    let until = fields.text("until").parse::<i64>().ok();
    let left_s = until.map(|until| until.saturating_sub(now.as_second()));
    fields.text("every") == EVERY_S.to_string() && left_s.is_some_and(|left_s| (1..=REFRESHED_S).contains(&left_s))
}

async fn shown(visitor: &Visitor<See>, id: &str, every_s: Option<u16>) -> Result<Sheet, Problem> {
    let erasure = found(visitor, id).await?;
    let receipt = visitor.on.ledger.receipt_of(erasure.id).await.map_err(OperationError::from)?;
    let receipt = receipt.map(|receipt| receipt.statement.sequence);
    let rechecks = recheck::of(&visitor.on, &[&erasure]).await?.pop().unwrap_or_default();
    let mut explained = erasures::explain(&visitor.on, vec![erasure]).await?;
    let explained = explained.pop().expect("one was explained for one");
    let is_over = explained.erasure.ended.is_some();
    let every_s = every_s.filter(|_| !is_over);
    Ok(Sheet { every_s, ..sheet(visitor, &explained, receipt, &rechecks, every_s.is_some()) })
}

fn sheet(
    visitor: &Visitor<See>,
    explained: &Explained,
    receipt: Option<u64>,
    rechecks: &recheck::Rechecks,
    refreshes: bool,
) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let erasure = &explained.erasure;
    let names = in_words(visitor, erasure.subject.installation());
    let title = view.say(w.erasure_of, &[("id", &erasure.id.to_string())]);
    let path = format!("/erasures/{}", erasure.id);
    let over = erasure.steps.iter().filter(|step| step.final_outcome().is_some()).count() as u64;
    let all = erasure.steps.len() as u64;
    // What needs somebody stands first.
    let mut steps: Vec<&Step> = erasure.steps.iter().collect();
    steps.sort_by_key(|step| (!matches!(step.state, StepState::Parked { .. }), step.final_outcome().is_some()));
    let body = html! {
        (crumbs(view, &[("/erasures", w.erasures)], &erasure.id.to_string()))
        div.head {
            div.line { h1 { (title) } " " (erasure_state(view, erasure.state)) }
            p.lead {
                (view.fill(w.erasure_lead, &[("rules", &html! { (erasure.rules.join(", ")) }), ("since", &view.time(erasure.created))]))
                @if let Some(left) = explained.days_left { " " span class={ "st fill " (urgency(left)) } { (days_left(view, left)) } }
            }
            @if erasure.ended.is_none() {
                div.actions {
                    a.button href=(path) { (w.look_again) }
                    @if !refreshes { a href={ (path) "?every=" (EVERY_S) "&until=" (view.now.as_second() + REFRESHED_S) } { (view.count(&w.refresh_every, u64::from(EVERY_S))) } }
                    @else { a href=(path) { (w.stop_refreshing) } }
                }
            }
        }
        @if all > 0 {
            div.panel.sunk role="status" {
                p { b { (view.say(w.systems_over, &[("over", &view.lang.number(over)), ("all", &view.lang.number(all))])) } " "
                    span.muted { (view.say(w.as_of, &[("time", &view.clock())])) } }
                progress max=(all) value=(over) aria-label=(w.systems_over_label) {}
            }
        }
        @if !explained.waits_for.is_empty() {
            section aria-labelledby="h-waits" {
                h2 #h-waits { (w.what_it_waits_for) }
                ul.plain { @for delay in &explained.waits_for { li { (waits_for(view, names, delay)) } } }
            }
        }
        @if let Some(number) = receipt {
            p { a.button.primary href={ "/receipts/" (number) } { (view.say(w.receipt_of, &[("number", &number.to_string())])) } }
        }
        section aria-labelledby="h-steps" {
            h2 #h-steps { (w.systems) }
            @for step in steps { (of_step(visitor, erasure, step)) }
        }
        (looks(view, names, rechecks))
        (orders(visitor, erasure, &path))
    };
    Sheet::new(title, Section::Erasures, body)
}

fn of_step(visitor: &Visitor<See>, erasure: &Erasure, step: &Step) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, erasure.subject.installation());
    let (class, word) = match (&step.state, step.final_outcome()) {
        (StepState::Parked { .. }, _) => ("is-bad", w.needs_somebody),
        (_, Some(outcome)) => (outcome_class(outcome, step.verified_at.is_some()), (w.outcome)(outcome)),
        (StepState::Planned, None) => ("is-wait quiet", w.not_begun),
        (StepState::WaitsForFinds, None) => ("is-wait quiet", w.waits_for_others),
        (_, None) => ("is-run", step.stage().map_or(w.under_way, w.stage)),
    };
    let counts = names.counted(&step.counts);
    let id = format!("s-{}", step.target);
    html! {
        article.step aria-labelledby=(id) {
            div.bar {
                h3 id=(id) { (names.system(&step.target)) }
                span class={ "st " (class) } { (word) }
                @if let Some(reason) = &step.reason { p { (names.said(reason)) } }
                @if !counts.is_empty() { p { (w.found) ": " (counts) "." } }
            }
            details {
                // They are counted of the present stage alone: of one that has just begun, or is over, there are none to tell of.
                summary { @if step.attempts > 0 { (view.count(&w.attempts, u64::from(step.attempts))) } @else { (w.details) } span.hidden { ": " (names.system(&step.target)) } }
                dl.facts {
                    @if let Some(at) = step.erased_at { dt { (w.answered_erased) } dd { (view.time(at)) } }
                    @if let Some(at) = step.verified_at { dt { (w.looked_again) } dd { (view.time(at)) } }
                    @if let Some(at) = step.due { dt { (w.called_next) } dd { (view.time(at)) } }
                    @if let Some(by) = step.report_by() { dt { (w.report_until) } dd { (view.time(by)) } }
                    @if !step.evidence.looked_at.is_empty() {
                        dt { (w.looked_at) } dd { @for place in &step.evidence.looked_at { div { (names.place(place)) } } }
                    }
                    @if !step.evidence.not_looked_at.is_empty() {
                        dt { (w.not_looked_at) }
                        dd { @for place in &step.evidence.not_looked_at { div { span.st.is-unseen.quiet { (names.place(place)) } } } }
                    }
                }
            }
        }
    }
}

/// Nothing that nobody has seen is green.
fn outcome_class(outcome: Outcome, is_seen: bool) -> &'static str {
    match outcome {
        Outcome::Erased if is_seen => "is-done quiet",
        Outcome::Absent => "is-done quiet",
        Outcome::Erased | Outcome::Unverifiable => "is-unseen",
        Outcome::Retained => "is-kept",
        Outcome::Residual | Outcome::Parked => "is-bad",
    }
}

/// What somebody can order of it, with what comes of it.
fn orders(visitor: &Visitor<See>, erasure: &Erasure, path: &str) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, erasure.subject.installation());
    let once_more = erasure.steps.iter().filter(|step| step.erases_once_more_if_retried());
    let once_more: Vec<_> = once_more.map(|step| names.system(&step.target)).collect();
    let confirmation = erasure.confirmation.as_ref();
    let is_unconfirmed = confirmation.is_some_and(|it| it.by == Confirming::Email && it.confirmed.is_none());
    let order = |act: &str, lead: &str, button: &str, class: &str| {
        html! {
            form.page method="post" action={ (path) "/" (act) } {
                p.measure { (view.say(lead, &[])) }
                @if act == "approve" && is_unconfirmed { p.measure { (view.say(w.address_not_confirmed, &[])) } }
                @if act == "retry" && !once_more.is_empty() {
                    p.measure { (view.say(w.asked_once_more, &[("targets", &once_more.join(", "))])) }
                }
                div.actions { button class=(class) { (button) } }
            }
        }
    };
    let waits = erasure.state == ErasureState::Requested;
    let (approver, officer, operator) =
        (view.may(Permission::Approve), view.may(Permission::Requests), view.may(Permission::Operate));
    let is_open = erasure.ended.is_none();
    let scheduled = erasure.state == ErasureState::Scheduled;
    let parked = erasure.steps.iter().any(|step| matches!(step.state, StepState::Parked { .. }));
    let mut offered = Vec::new();
    if is_open && approver && waits {
        offered.push(order("approve", w.approve_erasure_lead, w.do_approve, "primary"));
        offered.push(order("reject", w.reject_erasure_lead, w.do_reject_erasure, "danger"));
    }
    if is_open && operator && parked {
        offered.push(order("retry", w.retry_lead, w.do_retry, ""));
    }
    if is_open && officer && scheduled {
        offered.push(order("begin", w.begin_lead, w.do_begin, ""));
        // Nothing was begun that could be stopped.
        offered.push(order("cancel", w.cancel_lead, w.do_cancel, "danger"));
    } else if is_open && officer && !waits {
        if parked {
            offered.push(order("cancel", w.cancel_lead, w.do_cancel, "danger"));
        }
        offered.push(order("stop", w.stop_lead, w.do_stop, "danger"));
    }
    html! {
        @if !offered.is_empty() {
            section aria-labelledby="h-orders" {
                h2 #h-orders { (w.what_you_can_do) }
                @for one in &offered { (one) }
            }
        }
    }
}

async fn retry(visitor: Visitor<Operate>, Path(id): Path<String>) -> Response {
    let done = async {
        let erasure = found(&visitor, &id).await?;
        erasures::retry_parked(&visitor.on, erasure.id, &visitor.actor()).await?;
        Ok::<_, Problem>(format!("/erasures/{}", erasure.id))
    };
    visitor.view.done(done.await)
}

macro_rules! orders {
    ($($name:ident by $needs:ident;)+) => {
        $(
            async fn $name(visitor: Visitor<$needs>, Path(id): Path<String>) -> Response {
                let done = async {
                    let erasure = found(&visitor, &id).await?;
                    erasures::$name(&visitor.on, erasure.id, &visitor.actor()).await?;
                    Ok::<_, Problem>(format!("/erasures/{}", erasure.id))
                };
                visitor.view.done(done.await)
            }
        )+
    };
}

orders! {
    approve by Approve;
    reject by Approve;
    begin by Requests;
    stop by Requests;
    cancel by Requests;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_for_itself_again_for_so_long_and_no_longer() {
        let begun = Timestamp::from_second(1_800_000_000).expect("a time");
        let is_refreshed = |query: &str, after_s: i64| {
            let now = Timestamp::from_second(begun.as_second() + after_s).expect("a time");
            refreshes(&Fields::read(query).expect("a query"), now)
        };
        let linked = format!("every={EVERY_S}&until={}", begun.as_second() + REFRESHED_S);
        assert!(is_refreshed(&linked, 0) && is_refreshed(&linked, REFRESHED_S - 1));
        assert!(!is_refreshed(&linked, REFRESHED_S) && !is_refreshed(&linked, REFRESHED_S * 9));
        // Nobody writes themselves a link without an end.
        for wrong in ["", "every=10", "every=1&until=1800000009", "every=10&until=1900000000", "every=10&until=x"] {
            assert!(!is_refreshed(wrong, 0), "{wrong}");
        }
    }
}
