//! How an erasure came to where it stands: when what of it happened, who has ordered what; and the request, the receipt and the holds that
//! belong to it.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::admin::pages::parts::{actor, demanded_by, explain_path, held_by, request_path};
use crate::admin::pages::view::View;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::timeline;
use crate::admin::problem::Problem;
use crate::audit::{Act, ActResult, AuditRow};
use crate::erasure::{Erasure, ErasureId, ErasureState, Subject};
use crate::operations::{OperationError, erasures};
use crate::request::Request;

/// What an erasure belongs to, and what was ordered of it.
pub(super) struct Belongs {
    /// Where the requests are that it is of, and what they are called.
    requests: Vec<(String, String)>,
    /// How many days the request has left that has fewest: whoever looks answers by it, and not by the erasure's own month.
    pub(super) days_left: Option<i32>,
    pub(super) receipt: Option<u64>,
    /// The number of its receipt that has moved to an archive.
    archived: Option<u64>,
    /// The oldest first.
    ordered: Vec<AuditRow>,
}

pub(super) async fn belongs_to<N>(visitor: &Visitor<N>, erasure: &Erasure) -> Result<Belongs, Problem> {
    let (on, id) = (&visitor.on, erasure.id);
    let of_it = requests_of(visitor, id).await?;
    let days_left = fewest_days(visitor, &of_it);
    let requests: Vec<_> = of_it.iter().map(|request| (request_path(request), request.name())).collect();
    let receipt = on.ledger.receipt_of(id).await.map_err(OperationError::from)?;
    let archived = on.ledger.archived_receipt_of(id).await.map_err(OperationError::from)?;
    Ok(Belongs {
        requests,
        days_left,
        receipt: receipt.map(|receipt| receipt.statement.sequence),
        archived,
        ordered: erasures::ordered(on, id).await?,
    })
}

/// The requests that an erasure is of, as far as whoever looks may see them.
async fn requests_of<N>(visitor: &Visitor<N>, id: ErasureId) -> Result<Vec<Request>, Problem> {
    let all = visitor.on.ledger.requests_of_erasure(id).await.map_err(OperationError::from)?;
    let all = all.into_iter().map(|stored| stored.request);
    Ok(all.filter(|request| visitor.sees(&request.mluvii)).collect())
}

fn fewest_days<N>(visitor: &Visitor<N>, all: &[Request]) -> Option<i32> {
    let calendar = &visitor.on.settings.limits.calendar;
    all.iter().filter_map(|request| request.days_left(calendar, visitor.view.now)).min()
}

/// How many days the request of an erasure has left, where it is of one.
pub(super) async fn days_of_request<N>(visitor: &Visitor<N>, id: ErasureId) -> Result<Option<i32>, Problem> {
    Ok(fewest_days(visitor, &requests_of(visitor, id).await?))
}

impl Belongs {
    /// The request, the receipt and the holds, each as a link.
    pub(super) fn links(&self, view: &View, erasure: &Erasure) -> Markup {
        let (w, t) = (view.words(), timeline(view.lang));
        let session = match &erasure.subject {
            Subject::Session(key) => Some(key),
            Subject::Guest { .. } | Subject::Person { .. } => None,
        };
        let has_receipt = self.receipt.is_some() || self.archived.is_some();
        if self.requests.is_empty() && session.is_none() && !has_receipt && erasure.holds.is_empty() {
            return html! {};
        }
        html! {
            section aria-labelledby="h-belongs" {
                h2 #h-belongs { (t.belongs_to) }
                ul.plain {
                    @for (path, name) in &self.requests {
                        li { a href=(path) { (view.say(w.request_of, &[("number", name)])) } }
                    }
                    @if let Some(key) = session {
                        li { a href=(explain_path(key)) { (view.say(w.session_of, &[("session", &key.to_string())])) } }
                    }
                    @if let Some(number) = self.receipt {
                        li { a href={ "/receipts/" (number) } { (view.say(w.receipt_of, &[("number", &number.to_string())])) } }
                    } @else if let Some(number) = self.archived {
                        li { (view.say(t.receipt_in_archive, &[("number", &number.to_string())])) }
                    }
                    @for held in &erasure.holds {
                        li { a href={ "/holds/" (held.hold) } { (view.say(w.hold_of, &[("id", &held_by(view, held))])) } }
                    }
                }
            }
        }
    }
}

/// Something that happened, by when.
struct Entry {
    at: Timestamp,
    class: &'static str,
    what: Markup,
}

/// What happened to all of it, the newest first.
pub(super) fn course(view: &View, erasure: &Erasure, belongs: &Belongs) -> Markup {
    let t = timeline(view.lang);
    let mut all = Vec::new();
    let mut add = |at: Option<Timestamp>, class: &'static str, what: Markup| {
        all.extend(at.map(|at| Entry { at, class, what }));
    };
    let rules = demanded_by(view, &erasure.rules);
    add(Some(erasure.created), "is-wait", html! { (view.say(t.demanded, &[("rules", &rules)])) });
    for row in &belongs.ordered {
        add(Some(row.statement.at), "is-wait", order(view, row));
    }
    // Who has approved it stands in the audit, as long as that is here.
    let has_approved = |row: &AuditRow| {
        row.statement.act == Act::ApproveErasure.as_str() && row.statement.result == ActResult::Done.as_str()
    };
    if !belongs.ordered.iter().any(has_approved) {
        add(erasure.approved, "is-wait", html! { (view.say(t.approved_then, &[])) });
    }
    add(erasure.begun, "is-run", html! { (view.say(t.begun_then, &[])) });
    let (class, over) = match erasure.state {
        ErasureState::Cancelled => ("is-off", t.cancelled_then),
        // Whether it is complete says its receipt.
        _ => ("is-off", t.ended_then),
    };
    add(erasure.ended, class, html! { (view.say(over, &[])) });
    // A stable sort: entries of the same time stay in the order in which they were added.
    all.sort_by_key(|entry| entry.at);
    html! {
        section aria-labelledby="h-course" {
            h2 #h-course { (t.what_happened) }
            ol.timeline {
                @for Entry { at, class, what } in all.iter().rev() {
                    li { span class={ "st " (class) } { (what) } span.when { (view.time(*at)) } }
                }
            }
        }
    }
}

/// What somebody has ordered; acts that only a later program knows stand as they are.
fn order(view: &View, row: &AuditRow) -> Markup {
    let (said, t) = (&row.statement, timeline(view.lang));
    let who = actor(&said.actor);
    let changed = said.result != ActResult::Unchanged.as_str();
    html! {
        @match (t.ordered)(&said.act) {
            "" => { span.mono { (said.act) } ", " (who) }
            sentence => (view.say(sentence, &[("who", &who)])),
        }
        @if !changed { " " (view.say(t.changed_nothing, &[])) }
    }
}
