//! One erasure: where each system stands, and how it came there.

use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::course::{Belongs, belongs_to, course};
use super::orders::orders;
use super::steps::of_step;
use super::{demanded, found};
use crate::admin::caller::{Needs, See};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::looks::looks;
use crate::admin::pages::parts::{crumbs, days_left, demanded_by, erasure_state, in_words, urgency, waits_for};
use crate::admin::pages::refreshing;
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::approving;
use crate::admin::problem::Problem;
use crate::audit::NotApart;
use crate::erasure::{Step, StepState};
use crate::operations::erasures::{self, Explained};
use crate::operations::recheck;

pub(super) async fn show(visitor: Visitor<See>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::read(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let because = refreshing::every_s(&fields, visitor.view.now).map_or(Because::Asked, Because::Refreshed);
    visitor.view.answer(shown(&visitor, &id, because).await)
}

/// Why the page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Because {
    Asked,
    /// The browser asks for it again by itself, after so many seconds.
    Refreshed(u16),
    /// It was approved as it is no more: nothing was done, and it is read anew.
    Changed,
}

/// The page as it is now, to whoever has approved what it was before.
pub(super) async fn changed<N: Needs>(visitor: &Visitor<N>, id: &str) -> Result<Sheet, Problem> {
    Ok(Sheet { status: StatusCode::CONFLICT, ..shown(visitor, id, Because::Changed).await? })
}

async fn shown<N: Needs>(visitor: &Visitor<N>, id: &str, because: Because) -> Result<Sheet, Problem> {
    let erasure = found(visitor, id).await?;
    let belongs = belongs_to(visitor, &erasure).await?;
    let rechecks = recheck::of(&visitor.on, &[&erasure]).await?.pop().unwrap_or_default();
    let mut explained = erasures::explain(&visitor.on, vec![erasure]).await?;
    let explained = explained.pop().expect("one was explained for one");
    let is_over = explained.erasure.ended.is_some();
    let (because, every_s) = match because {
        Because::Refreshed(_) if is_over => (Because::Asked, None),
        Because::Refreshed(every_s) => (because, Some(every_s)),
        other => (other, None),
    };
    let why_not = demanded::why_not(visitor, &explained.erasure).await?;
    Ok(Sheet { every_s, ..sheet(visitor, &explained, &belongs, &rechecks, (because, why_not.as_ref())) })
}

fn sheet<N>(
    visitor: &Visitor<N>,
    explained: &Explained,
    belongs: &Belongs,
    rechecks: &recheck::Rechecks,
    (because, why_not): (Because, Option<&NotApart>),
) -> Sheet {
    let refreshes = matches!(because, Because::Refreshed(_));
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
            div.line { h1 { (title) } " " (erasure_state(view, erasure)) }
            p.lead {
                (view.fill(w.erasure_lead, &[("rules", &html! { (demanded_by(view, &erasure.rules)) }), ("since", &view.time(erasure.created))]))
                @if let Some(left) = belongs.days_left.or(explained.days_left) { " " span class={ "st fill " (urgency(left)) } { (days_left(view, left)) } }
            }
            @if erasure.ended.is_none() {
                (refreshing::links(view, &path, refreshes))
            }
        }
        @if because == Because::Changed {
            div.errors role="alert" aria-labelledby="e" { h2 #e { (approving(view.lang).changed_title) } p { (view.say(approving(view.lang).changed, &[])) } }
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
        @if let Some(number) = belongs.receipt {
            p { a.button.primary href={ "/receipts/" (number) } { (view.say(w.receipt_of, &[("number", &number.to_string())])) } }
        }
        section aria-labelledby="h-steps" {
            h2 #h-steps { (w.systems) }
            @for step in steps { (of_step(visitor, explained, step)) }
        }
        (belongs.links(view, erasure))
        (looks(view, names, rechecks))
        (course(view, erasure, belongs))
        (orders(visitor, explained, &path, why_not))
    };
    Sheet::new(title, Section::Erasures, body)
}
