//! Trying a filtered selection again: first it is shown how many and which, then exactly those are taken up again, each by itself.

use std::collections::BTreeSet;

use axum::extract::RawQuery;
use axum::response::Response;
use maud::{Markup, html};

use super::filter::Filter;
use super::found;
use crate::admin::caller::Operate;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{cell, crumbs, heads, in_words};
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::lists;
use crate::admin::problem::{Code, Problem};
use crate::erasure::{Erasure, ErasureId, ErasureState, Step, StepState};
use crate::ledger::ErasureFilter;
use crate::operations::erasures;

/// Erasures that are taken up again at once.
const RETRIED_MAX: u32 = 200;

pub(super) async fn ask(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(asked(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn asked(visitor: &Visitor<Operate>, query: &str) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a list that is not there");
    let filter = Filter::read(visitor, &Fields::read(query).ok_or_else(unknown)?)?;
    let (mut parked, mut is_cut) = (Vec::new(), false);
    for company in filter.companies(visitor) {
        let Some(asked) = filter.asked(visitor, company, RETRIED_MAX) else { continue };
        let asked = ErasureFilter { states: vec![ErasureState::Parked], ..asked };
        let page = erasures::list(&visitor.on, asked).await?;
        is_cut |= page.next.is_some();
        // No others than the list shows.
        let listed = erasures::explain(&visitor.on, page.items).await?.into_iter().filter(|one| filter.has(one));
        parked.extend(listed.map(|one| one.erasure).filter(|erasure| filter.show.has_parked(erasure)));
    }
    is_cut |= parked.len() > RETRIED_MAX as usize;
    parked.truncate(RETRIED_MAX as usize);
    Ok(confirmation(visitor, &filter, &parked, is_cut))
}

fn confirmation(visitor: &Visitor<Operate>, filter: &Filter, parked: &[Erasure], is_cut: bool) -> Sheet {
    let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
    let list = format!("/erasures?{}", filter.query());
    let row = |erasure: &Erasure| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    label { input type="checkbox" name="erasure" value=(erasure.id) checked; " " (erasure.id) }
                    small { (erasure.subject.installation()) }
                }
                (cell(w.systems, &html! { @for step in of_parked(erasure) { (why(visitor, erasure, step)) } }))
                (cell(w.demanded_by, &html! { (erasure.rules.join(", ")) }))
            }
        }
    };
    let body = html! {
        (crumbs(view, &[(list.as_str(), w.erasures)], l.retry_these))
        div.head {
            h1 { (view.count(&l.retry_count, parked.len() as u64)) }
            p.lead { (view.say(if parked.is_empty() { l.nothing_to_retry } else { l.retry_many_lead }, &[])) }
            @if is_cut { p.hint { (view.count(&l.only_first, u64::from(RETRIED_MAX))) } }
        }
        @if parked.is_empty() {
            div.actions { a.button.primary href=(list) { (l.back_to_list) } }
        } @else {
            form method="post" action="/erasures/retry" {
                table.stack role="table" {
                    caption { (l.ticked_are_retried) }
                    (heads(&[w.erasure, w.systems, w.demanded_by]))
                    tbody role="rowgroup" { @for erasure in parked { (row(erasure)) } }
                }
                div.actions {
                    button.primary { (l.do_retry_these) }
                    a href=(list) { (l.back_to_list) }
                }
            }
        }
    };
    Sheet::new(l.retry_these, Section::Erasures, body)
}

fn of_parked(erasure: &Erasure) -> impl Iterator<Item = &Step> {
    erasure.steps.iter().filter(|step| matches!(step.state, StepState::Parked { .. }))
}

fn why(visitor: &Visitor<Operate>, erasure: &Erasure, step: &Step) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, erasure.subject.installation());
    let system = names.system(&step.target);
    html! {
        div {
            b { (system) }
            @if let Some(reason) = &step.reason { small { (names.said(reason)) } }
            @if step.erases_once_more_if_retried() {
                small { span.st.is-soon { (view.say(w.asked_once_more, &[("targets", &system)])) } }
            }
        }
    }
}

/// What came of it.
#[derive(Default)]
struct Outcomes {
    retried: u64,
    /// Which were not, each with why.
    refused: Vec<(ErasureId, Problem)>,
    /// Those that were not tried any more, as the ledger could not be asked.
    left: u64,
}

pub(super) async fn retry(visitor: Visitor<Operate>, fields: Fields) -> Response {
    visitor.view.answer(retried(&visitor, &fields).await)
}

async fn retried(visitor: &Visitor<Operate>, fields: &Fields) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the form names what is no erasure, or too many of them");
    let ids: Option<BTreeSet<ErasureId>> = fields.all("erasure").map(|id| id.expose().parse().ok()).collect();
    let ids = ids.filter(|ids| ids.len() <= RETRIED_MAX as usize).ok_or_else(unknown)?;
    if ids.is_empty() {
        return Err(Problem::new(Code::Input, "no erasure was chosen"));
    }
    let mut outcomes = Outcomes::default();
    for (done, id) in ids.iter().enumerate() {
        let problem = match retried_one(visitor, *id).await {
            Ok(()) => {
                outcomes.retried += 1;
                continue;
            }
            Err(problem) => problem,
        };
        let is_its_own = matches!(problem.code(), Code::Conflict | Code::NotFound);
        outcomes.refused.push((*id, problem));
        if !is_its_own {
            outcomes.left = (ids.len() - done - 1) as u64;
            break;
        }
    }
    Ok(result(visitor, &outcomes))
}

async fn retried_one(visitor: &Visitor<Operate>, id: ErasureId) -> Result<(), Problem> {
    let erasure = found(visitor, &id.to_string()).await?;
    erasures::retry_parked(&visitor.on, erasure.id, &visitor.actor()).await?;
    Ok(())
}

fn result(visitor: &Visitor<Operate>, outcomes: &Outcomes) -> Sheet {
    let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
    let body = html! {
        (crumbs(view, &[("/erasures", w.erasures)], l.retry_these))
        div.head {
            h1 { (view.count(&l.retried, outcomes.retried)) }
            p.lead { (view.say(l.retried_lead, &[])) }
            @if outcomes.left > 0 { p { span.st.is-unseen { (view.count(&l.not_tried, outcomes.left)) } } }
        }
        @if !outcomes.refused.is_empty() {
            section aria-labelledby="h-not" {
                h2 #h-not { (view.count(&l.not_retried, outcomes.refused.len() as u64)) }
                table.stack role="table" {
                    caption { (l.not_retried_caption) }
                    (heads(&[w.erasure, w.because]))
                    tbody role="rowgroup" { @for (id, problem) in &outcomes.refused {
                        tr role="row" {
                            th scope="row" role="rowheader" { a href={ "/erasures/" (id) } { (id) } }
                            (cell(w.because, &html! {
                                ((w.problem)(problem.code()).0) small lang="en" { (problem.detail()) }
                            }))
                        }
                    } }
                }
            }
        }
        div.actions { a.button.primary href="/erasures?show=parked" { (l.back_to_list) } }
    };
    Sheet::new(l.retry_these, Section::Erasures, body)
}
