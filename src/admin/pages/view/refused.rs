//! Why a request cannot be as it is, in the reader's language.

use maud::{Markup, html};

use super::{View, actor};
use crate::request::Refused;

pub(super) fn sentence(view: &View, why: &Refused) -> Markup {
    let w = view.words();
    let plain = |sentence: &str| html! { (view.say(sentence, &[])) };
    match why {
        Refused::Ended(state) => html! { (view.say(w.refused_ended, &[("state", (w.request_state)(*state))])) },
        Refused::Erasing(id) => {
            let erasure =
                html! { a href={ "/erasures/" (id) } { (view.say(w.erasure_of, &[("id", &id.to_string())])) } };
            view.fill(w.refused_erasing, &[("erasure", &erasure)])
        }
        Refused::Verified => plain(w.refused_verified),
        Refused::NotVerified => plain(w.refused_not_verified),
        Refused::AskedAlready(day) => view.fill(w.refused_asked, &[("day", &view.day(*day))]),
        Refused::NotAsked => plain(w.refused_not_asked),
        Refused::NotThen { from, to } => {
            view.fill(w.refused_not_then, &[("from", &view.day(*from)), ("to", &view.day(*to))])
        }
        Refused::Late(day) => view.fill(w.refused_late, &[("day", &view.day(*day))]),
        Refused::TooLateToExtend(day) => view.fill(w.refused_too_late, &[("day", &view.day(*day))]),
        Refused::ExtendedEnough(_) => plain(w.refused_extended),
        Refused::Reopened(_) => plain(w.reopened_officer),
        Refused::NoPlan => plain(w.refused_no_plan),
        Refused::OtherPlan(_) => plain(w.refused_other_plan),
        Refused::NothingPlanned => plain(w.refused_nothing_planned),
        Refused::SomethingHeld(_) => plain(w.refused_something_held),
        Refused::NothingShown(_) => plain(w.refused_nothing_shown),
        Refused::NoReceipt => plain(w.refused_no_receipt),
        Refused::NotApproved => plain(w.refused_not_approved),
        Refused::Approved => plain(w.refused_approved),
        Refused::ChangedMeanwhile => plain(w.refused_meanwhile),
        Refused::NotAsPlanned { count, .. } => html! { (view.count(&w.refused_differs, *count as u64)) },
        Refused::SamePerson(own) => html! { (view.say(w.refused_same_person, &[("who", &actor(own))])) },
    }
}
