//! What somebody can order of an erasure, each with what comes of it.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::demanded::{demanded, not_by};
use super::found;
use crate::access::Permission;
use crate::admin::caller::{Approve, Operate, Requests};
use crate::admin::pages::parts::in_words;
use crate::admin::pages::visitor::Visitor;
use crate::admin::problem::Problem;
use crate::audit::NotApart;
use crate::erasure::{Confirming, ErasureState, StepState};
use crate::operations::erasures::{self, Explained};

/// What somebody can order of it, with what comes of it.
pub(super) fn orders<N>(visitor: &Visitor<N>, explained: &Explained, path: &str, why_not: Option<&NotApart>) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let erasure = &explained.erasure;
    let names = in_words(visitor, erasure.subject.installation());
    let once_more = erasure.steps.iter().filter(|step| step.erases_once_more_if_retried());
    let once_more: Vec<_> = once_more.map(|step| names.system(&step.target)).collect();
    let confirmation = erasure.confirmation.as_ref();
    let is_unconfirmed = confirmation.is_some_and(|it| it.by == Confirming::Email && it.confirmed.is_none());
    let order = |act: &str, lead: &str, button: &str, class: &str| {
        html! {
            form.page method="post" action={ (path) "/" (act) } {
                @if let Some(to_approve) = explained.to_approve.as_ref().filter(|_| act == "approve") {
                    input type="hidden" name="seen" value=(to_approve.version);
                }
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
        if why_not.is_none() {
            offered.push(order("approve", w.approve_erasure_lead, w.do_approve, "primary"));
        }
        offered.push(order("reject", w.reject_erasure_lead, w.do_reject_erasure, "danger"));
    }
    if is_open && operator && parked {
        offered.push(order("retry", w.retry_lead, w.do_retry, ""));
    }
    if is_open && officer && scheduled {
        // A hold is not got round by an order: it is ended, or it ends.
        if !erasure.held {
            offered.push(order("begin", w.begin_lead, w.do_begin, ""));
        }
        // Nothing was begun that could be stopped.
        offered.push(order("cancel", w.cancel_lead, w.do_cancel, "danger"));
    } else if is_open && officer && !waits {
        // Where nothing but what needs somebody is left, nothing is under way that could be stopped.
        if erasure.state == ErasureState::Parked {
            offered.push(order("cancel", w.cancel_lead, w.do_cancel, "danger"));
        } else {
            offered.push(order("stop", w.stop_lead, w.do_stop, "danger"));
        }
    }
    html! {
        @if let Some(to_approve) = &explained.to_approve { (demanded(view, names, to_approve)) }
        @if let Some(why) = why_not { (not_by(view, why)) }
        @if !offered.is_empty() {
            section aria-labelledby="h-orders" {
                h2 #h-orders { (w.what_you_can_do) }
                @for one in &offered { (one) }
            }
        }
    }
}

pub(super) async fn retry(visitor: Visitor<Operate>, Path(id): Path<String>) -> Response {
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
            pub(super) async fn $name(visitor: Visitor<$needs>, Path(id): Path<String>) -> Response {
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
    reject by Approve;
    begin by Requests;
    stop by Requests;
    cancel by Requests;
}
