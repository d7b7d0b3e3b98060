//! With which particulars something was done: each by its name in words, with what it was. What a later version wrote stands as it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use crate::admin::pages::view::View;
use crate::admin::pages::words::{operating, records};
use crate::audit::Act;
use crate::consent::CameBy;
use crate::deadline::read_day;
use crate::erasure::ErasureId;
use crate::hold::HoldReason;
use crate::ledger::{DropReason, PauseReason};
use crate::operations::tasks::Said;
use crate::request::{Came, ClosedBecause, ExtendedBecause, RejectedBecause, VerifiedBy};

/// Numbers that are shown of several.
const NUMBERS_SHOWN: usize = 10;

pub(super) fn particulars(view: &View, act: Option<Act>, details: &BTreeMap<String, Value>) -> Markup {
    let label = |name: &str| {
        html! {
            @match (records(view.lang).detail)(name) { "" => span.mono { (name) }, word => (word) }
        }
    };
    html! {
        @if details.is_empty() { "–" } @else {
            ul.plain { @for (name, value) in details { li { (label(name)) ": " (shown(view, act, name, value)) } } }
        }
    }
}

fn shown(view: &View, act: Option<Act>, name: &str, value: &Value) -> Markup {
    let r = records(view.lang);
    match value {
        Value::Bool(true) => html! { (r.detail_yes) },
        Value::Bool(false) => html! { (r.detail_no) },
        Value::Number(number) => html! {
            @match number.as_u64() { Some(number) => (view.lang.number(number)), None => span.mono { (number) } }
        },
        Value::Array(all) => html! {
            // They are numbers of receipts or sessions, by which these are asked for.
            @for (place, one) in all.iter().take(NUMBERS_SHOWN).enumerate() { @if place > 0 { ", " } (one) }
            @if all.len() > NUMBERS_SHOWN { " " (view.count(&r.and_more, (all.len() - NUMBERS_SHOWN) as u64)) }
        },
        Value::String(text) => match word(view, act, name, text) {
            Some(word) => html! { (word) },
            None => said(view, name, text),
        },
        other => html! { span.mono { (other) } },
    }
}

/// One of a few words, as the page calls it on which it was chosen.
fn word(view: &View, act: Option<Act>, name: &str, text: &str) -> Option<&'static str> {
    let (w, o) = (view.words(), operating(view.lang));
    match (act?, name) {
        (Act::RejectRequest, "because") => text.parse::<RejectedBecause>().ok().map(w.rejected_because),
        (Act::CloseRequest, "because") => text.parse::<ClosedBecause>().ok().map(w.closed_because),
        (Act::ExtendRequest, "because") => text.parse::<ExtendedBecause>().ok().map(w.extended_because),
        (Act::EnterRequest, "came") => text.parse::<Came>().ok().map(w.came_by),
        (Act::EnterRequest | Act::VerifyRequest, "verified") => text.parse::<VerifiedBy>().ok().map(w.verified_by),
        (Act::WithdrawConsent, "came") => CameBy::ALL.into_iter().find(|one| one.as_str() == text).map(w.consents.came),
        (Act::AddHold, "reason") => HoldReason::ALL.into_iter().find(|one| one.as_str() == text).map(w.hold_reason),
        (Act::PauseTarget, "reason") => {
            PauseReason::ALL.into_iter().find(|one| one.as_str() == text).map(o.pause_reason)
        }
        (Act::DropQuarantined, "reason") => {
            DropReason::ALL.into_iter().find(|one| one.as_str() == text).map(o.drop_reason)
        }
        (Act::ConfirmTask, "outcome") => Said::ALL.into_iter().find(|one| one.as_str() == text).map(w.task_said),
        _ => None,
    }
}

/// A time, a day, an erasure or a name.
fn said(view: &View, name: &str, text: &str) -> Markup {
    if let Ok(time) = text.parse::<Timestamp>() {
        return view.time(time);
    }
    // A number is no day, whatever it looks like.
    let is_day = ["received", "asked", "answered"].contains(&name);
    if let Some(day) = read_day(text).filter(|_| is_day) {
        return view.day(day);
    }
    match text.parse::<ErasureId>() {
        Ok(id) => html! { a href={ "/erasures/" (id) } { (id) } },
        Err(_) => html! { span.mono { (text) } },
    }
}
