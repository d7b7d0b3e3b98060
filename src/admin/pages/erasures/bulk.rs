//! Trying a filtered selection again: first it is shown how many and which, then exactly those are taken up again, each by itself, and each
//! only as it was shown: what was parked since is told, and left.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::RawQuery;
use axum::response::Response;
use maud::{Markup, html};

use super::filter::Filter;
use super::found;
use crate::admin::caller::Operate;
use crate::admin::pages::details;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{cell, crumbs, demanded_by, heads, in_words};
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::lists;
use crate::admin::problem::{Code, Problem};
use crate::erasure::{Erasure, ErasureId, ErasureState, Step, StepState};
use crate::ledger::{ErasureFilter, ParkedMark};
use crate::operations::erasures::{self, RetriedShown};

/// Erasures that are taken up again at once.
const RETRIED_MAX: u32 = 200;

pub(super) async fn ask(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(asked(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn asked(visitor: &Visitor<Operate>, query: &str) -> Result<Sheet, Problem> {
    let filter = read(visitor, query)?;
    let (parked, is_cut) = parked(visitor, &filter).await?;
    let shown = erasures::with_marks(&visitor.on, &parked.iter().map(|erasure| erasure.id).collect::<Vec<_>>()).await?;
    Ok(confirmation(visitor, &filter, &shown, is_cut))
}

fn read(visitor: &Visitor<Operate>, query: &str) -> Result<Filter, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a list that is not there");
    Filter::read(visitor, &Fields::read(query).ok_or_else(unknown)?)
}

/// The first of those of a list of which something is parked, and whether there are more.
async fn parked(visitor: &Visitor<Operate>, filter: &Filter) -> Result<(Vec<Erasure>, bool), Problem> {
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
    Ok((parked, is_cut))
}

/// What a form says of an erasure: its id, and what was shown as parked of it.
fn ticked(erasure: &Erasure, mark: &ParkedMark) -> String {
    format!("{}~{mark}", erasure.id)
}

fn read_ticked(text: &str) -> Option<(ErasureId, ParkedMark)> {
    let (id, mark) = text.split_once('~')?;
    Some((id.parse().ok()?, ParkedMark::shown(mark)))
}

fn confirmation(visitor: &Visitor<Operate>, filter: &Filter, parked: &[(Erasure, ParkedMark)], is_cut: bool) -> Sheet {
    let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
    let list = format!("/erasures?{}", filter.query());
    let row = |erasure: &Erasure, mark: &ParkedMark| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    input type="hidden" name="shown" value=(erasure.id);
                    label { input type="checkbox" name="erasure" value=(ticked(erasure, mark)) checked; " " (erasure.id) }
                    small { (erasure.subject.installation()) }
                }
                (cell(w.systems, &html! { @for step in of_parked(erasure) { (why(visitor, erasure, step)) } }))
                (cell(w.demanded_by, &html! { (demanded_by(view, &erasure.rules)) }))
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
            form method="post" action={ "/erasures/retry?" (filter.query()) } {
                table.stack role="table" {
                    caption { (l.ticked_are_retried) }
                    (heads(&[w.erasure, w.systems, w.demanded_by]))
                    tbody role="rowgroup" { @for (erasure, mark) in parked { (row(erasure, mark)) } }
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
    refused: Vec<(ErasureId, Left)>,
    /// Those that were not tried any more, as the ledger could not be asked.
    left: u64,
    /// Those of the list of which something is parked and that were not shown, and whether there are more of them.
    since: (u64, bool),
}

/// Why one was left as it is.
enum Left {
    /// Something else of it is parked than was shown.
    ParkedSince,
    Refused(Problem),
}

pub(super) async fn retry(visitor: Visitor<Operate>, RawQuery(query): RawQuery, fields: Fields) -> Response {
    visitor.view.answer(retried(&visitor, query.as_deref().unwrap_or_default(), &fields).await)
}

async fn retried(visitor: &Visitor<Operate>, query: &str, fields: &Fields) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the form names what is no erasure, or too many of them");
    let filter = read(visitor, query)?;
    let chosen: Option<BTreeMap<ErasureId, ParkedMark>> =
        fields.all("erasure").map(|one| read_ticked(one.expose())).collect();
    let shown: Option<BTreeSet<ErasureId>> = fields.all("shown").map(|id| id.expose().parse().ok()).collect();
    let is_bounded = |count: usize| count <= RETRIED_MAX as usize;
    let chosen = chosen.filter(|chosen| is_bounded(chosen.len())).ok_or_else(unknown)?;
    let mut shown = shown.filter(|shown| is_bounded(shown.len())).ok_or_else(unknown)?;
    shown.extend(chosen.keys());
    if chosen.is_empty() {
        return Err(Problem::new(Code::Input, "no erasure was chosen"));
    }
    let mut outcomes = Outcomes::default();
    for (done, (id, mark)) in chosen.iter().enumerate() {
        match retried_one(visitor, *id, mark).await {
            Ok(RetriedShown::Retried) => outcomes.retried += 1,
            Ok(RetriedShown::ParkedSince) => outcomes.refused.push((*id, Left::ParkedSince)),
            Err(problem) => {
                let is_its_own = matches!(problem.code(), Code::Conflict | Code::NotFound);
                outcomes.refused.push((*id, Left::Refused(problem)));
                if !is_its_own {
                    outcomes.left = (chosen.len() - done - 1) as u64;
                    break;
                }
            }
        }
    }
    // Whatever became of them is told also where the ledger cannot say what else there is.
    if let Ok((parked, is_cut)) = parked(visitor, &filter).await {
        let since = parked.iter().filter(|erasure| !shown.contains(&erasure.id)).count() as u64;
        outcomes.since = (since, is_cut);
    }
    Ok(result(visitor, &filter, &outcomes))
}

async fn retried_one(visitor: &Visitor<Operate>, id: ErasureId, mark: &ParkedMark) -> Result<RetriedShown, Problem> {
    let erasure = found(visitor, &id.to_string()).await?;
    Ok(erasures::retry_shown(&visitor.on, erasure.id, mark, &visitor.actor()).await?)
}

fn result(visitor: &Visitor<Operate>, filter: &Filter, outcomes: &Outcomes) -> Sheet {
    let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
    let (since, is_cut) = outcomes.since;
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
                    tbody role="rowgroup" { @for (id, left) in &outcomes.refused {
                        tr role="row" {
                            th scope="row" role="rowheader" { a href={ "/erasures/" (id) } { (id) } }
                            (cell(w.because, &html! {
                                @match left {
                                    Left::ParkedSince => (l.parked_since),
                                    Left::Refused(problem) => {
                                        ((w.problem)(problem.code()).0) small { (details::said(view.lang, problem.detail())) }
                                    }
                                }
                            }))
                        }
                    } }
                }
            }
        }
        @if since > 0 {
            section aria-labelledby="h-since" {
                h2 #h-since { (view.count(if is_cut { &l.not_shown_at_least } else { &l.not_shown }, since)) }
                div.actions { a.button href={ "/erasures/retry?" (filter.query()) } { (l.look_at_them) } }
            }
        }
        div.actions { a.button.primary href="/erasures?show=parked" { (l.back_to_list) } }
    };
    Sheet::new(l.retry_these, Section::Erasures, body)
}
