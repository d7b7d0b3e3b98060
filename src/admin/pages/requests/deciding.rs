//! What can be decided about a request, each with what comes of it above the button.

use maud::{Markup, html};

use crate::access::Permission;
use crate::admin::pages::days::{self, DayField, Within};
use crate::admin::pages::parts::{Approvals, Aria, MustChoose, choices, request_path};
use crate::admin::pages::view::View;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::requesting;
use crate::admin::problem::Problem;
use crate::audit::NotApart;
use crate::deadline::EXTENDED_MONTHS_MAX;
use crate::operations::requests::Shown;
use crate::request::{ClosedBecause, ExtendedBecause, Plan, RejectedBecause, RequestState, VerifiedBy};
use crate::subject::Kind;

/// Ways of which an officer knows whose a request is; a link is no word of theirs.
pub(super) const VERIFIED_BY: [VerifiedBy; 2] = [VerifiedBy::Document, VerifiedBy::KnownContact];

/// The likeliest next act, where it is the visitor's.
pub(super) fn next<N>(visitor: &Visitor<N>, shown: &Shown, approving: &Approving) -> Markup {
    let view = &visitor.view;
    let officer = view.may(Permission::Requests);
    let needs_another = waits_for_approval(visitor, shown);
    html! {
        @match (shown.state, &shown.request.plan) {
            (RequestState::Unverified | RequestState::Asked, _) if officer => { (verify(visitor, shown)) }
            (RequestState::Verified, _) if officer => { (make_plan(view, shown, true)) }
            (RequestState::Planned, Some(_)) => {
                @if needs_another {
                    @match approving {
                        Approving::May => { (read(view, shown)) }
                        not => { (not_by(view, not)) }
                    }
                } @else if officer && includes_anything(shown) { (read_to_run(view, shown)) }
            }
            (RequestState::Approved, Some(_)) if officer => { (read_to_run(view, shown)) }
            // More is proved than its erasures knew, or something is left: a further plan can be made beside them.
            (RequestState::Erasing, _) if officer && shown.request.widened => { (make_plan(view, shown, true)) }
            _ => {}
        }
        @if officer && shown.state.is_open() && shown.request.reopened.is_none() && shown.request.is_by_address_alone() {
            (verify_more(view, shown))
        }
    }
}

/// Whether somebody else has to approve a plan before it is run.
pub(super) fn waits_for_approval<N>(visitor: &Visitor<N>, shown: &Shown) -> bool {
    visitor.on.settings.four_eyes && shown.state == RequestState::Planned && includes_anything(shown)
}

/// Whether whoever looks can approve a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Approving {
    /// They are surely somebody else than who has asked for it.
    May,
    /// Somebody else has to: whoever looks approves nothing.
    SomebodyElse,
    /// They do not, or nobody can.
    Not(NotApart),
}

/// The same, of a plan that waits for it.
pub(super) async fn approving<N>(visitor: &Visitor<N>, shown: &Shown) -> Result<Approving, Problem> {
    if !waits_for_approval(visitor, shown) {
        return Ok(Approving::SomebodyElse);
    }
    let approves = visitor.view.may(Permission::Approve);
    Ok(match Approvals::default().why_not(visitor, &shown.request).await? {
        None if approves => Approving::May,
        Some(why) if approves || why.stops_everybody() => Approving::Not(why),
        _ => Approving::SomebodyElse,
    })
}

/// Whether its plan would erase anything.
pub(super) fn includes_anything(shown: &Shown) -> bool {
    shown.request.plan.as_ref().is_some_and(|plan| !shown.request.is_nothing(plan))
}

/// Whether its plan can be run now.
pub(super) fn can_be_run<N>(visitor: &Visitor<N>, shown: &Shown) -> bool {
    match shown.state {
        RequestState::Approved => true,
        RequestState::Planned => includes_anything(shown) && !waits_for_approval(visitor, shown),
        _ => false,
    }
}

fn panel(id: &str, title: &str, form: &Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (title) } (form) } }
}

fn to(shown: &Shown, act: &str) -> String {
    format!("{}/{act}", request_path(&shown.request))
}

fn day_field(view: &View, id: &str, label: &str) -> Markup {
    let day = DayField {
        id,
        name: "on",
        label,
        hint: Some(view.words().today_if_empty),
        typed: None,
        within: Within::UntilToday,
        must: MustChoose::No,
    };
    days::day_field(view, &[], &day)
}

fn verify<N>(visitor: &Visitor<N>, shown: &Shown) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names_an_address = shown.request.kinds.contains(&Kind::Email);
    let form = html! {
        p.intro { (view.say(w.verify_lead, &[])) }
        (verify_form(view, shown, true))
        @if shown.state == RequestState::Unverified {
            p { (view.say(w.ask_lead, &[])) }
            form.page method="post" action=(to(shown, "ask")) {
                (day_field(view, "ask-on", w.asked_on)) div.actions { button { (w.do_ask) } }
            }
        } @else {
            p { (view.say(w.answered_lead, &[])) }
            form.page method="post" action=(to(shown, "answered")) {
                (day_field(view, "answered-on", w.answered_on)) div.actions { button { (w.do_answered) } }
            }
        }
        @if visitor.on.settings.sends_links && names_an_address {
            p { (view.say(w.link_lead, &[])) }
            form method="post" action=(to(shown, "link")) { div.actions { button { (w.do_link) } } }
        }
    };
    panel("h-verify", w.verify_title, &form)
}

fn verify_form(view: &View, shown: &Shown, is_primary: bool) -> Markup {
    let w = view.words();
    let words = (VerifiedBy::as_str as fn(VerifiedBy) -> &'static str, w.verified_by);
    html! {
        form.page method="post" action=(to(shown, "verify")) {
            div.field { label for="how" { (w.how_it_is_known) } (choices("how", &VERIFIED_BY, words, None, Some(w.choose), MustChoose::Yes, &Aria::default())) }
            (day_field(view, "verify-on", w.known_on))
            div.actions { button.primary[is_primary] { (w.do_verify) } }
        }
    }
}

/// More than an address can become known.
fn verify_more(view: &View, shown: &Shown) -> Markup {
    let w = view.words();
    let form = html! { p.intro { (view.say(w.verify_more_lead, &[])) } (verify_form(view, shown, false)) };
    panel("h-verify", w.verify_title, &form)
}

pub(super) fn make_plan(view: &View, shown: &Shown, is_primary: bool) -> Markup {
    let w = view.words();
    let form = html! {
        p.intro { (view.say(w.plan_lead, &[])) }
        form method="post" action=(to(shown, "plan")) {
            div.actions { button.primary[is_primary] { @if is_primary { (w.do_plan) } @else { (w.do_plan_again) } } }
        }
    };
    panel("h-make-plan", w.step_planned, &form)
}

/// The plan is read before it is approved.
fn read(view: &View, shown: &Shown) -> Markup {
    let w = view.words();
    let act = html! {
        p.intro { (view.say(w.read_lead, &[])) }
        div.actions { a.button.primary href=(to(shown, "plan")) { (w.read_the_plan) } }
    };
    panel("h-read", w.approve_title, &act)
}

pub(super) fn approve(view: &View, shown: &Shown, plan: &Plan) -> Markup {
    let w = view.words();
    let form = html! {
        p.intro { (view.say(w.approve_lead, &[])) }
        form method="post" action=(to(shown, "approve")) {
            input type="hidden" name="plan" value=(plan.hash);
            div.actions { button.primary { (w.do_approve) } }
        }
    };
    panel("h-approve", w.approve_title, &form)
}

/// Why whoever looks does not approve it, and what there is to do.
pub(super) fn not_by(view: &View, approving: &Approving) -> Markup {
    let own = requesting(view.lang);
    match approving {
        Approving::May => html! {},
        Approving::SomebodyElse => somebody_else(view),
        Approving::Not(why) if why.stops_everybody() => html! {
            div.note.is-soon {
                p { span.st.is-soon { (own.unknown_asker_title) } }
                p { (view.not_apart(why)) }
                p { (view.say(own.unknown_asker_way, &[])) }
            }
        },
        Approving::Not(why) => html! {
            div.note.is-run {
                p { span.st.is-wait { (view.words().somebody_else_title) } }
                p { (view.not_apart(why)) }
            }
        },
    }
}

fn somebody_else(view: &View) -> Markup {
    let w = view.words();
    html! { div.note.is-run { p { span.st.is-wait { (w.somebody_else_title) } } p { (w.somebody_else) } } }
}

/// The plan is read before it is run.
pub(super) fn read_to_run(view: &View, shown: &Shown) -> Markup {
    let w = view.words();
    let act = html! {
        p.intro { (view.say(w.read_to_run, &[])) }
        div.actions { a.button.primary href=(to(shown, "plan")) { (w.read_the_plan) } }
    };
    panel("h-run", w.erasure, &act)
}

pub(super) fn run(view: &View, shown: &Shown, plan: &Plan) -> Markup {
    let w = view.words();
    let form = html! {
        p.intro { (view.count(&w.run_lead, plan.sessions.len() as u64)) " " (view.say(w.cannot_be_undone, &[])) }
        form method="post" action=(to(shown, "run")) {
            input type="hidden" name="plan" value=(plan.hash);
            div.actions { button.primary { (w.do_run) } }
        }
    };
    panel("h-run", w.erasure, &form)
}

/// What ends it in another way, or gives it more time.
pub(super) fn otherwise<N>(visitor: &Visitor<N>, shown: &Shown) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    if !view.may(Permission::Requests) || !shown.state.is_open() {
        return html! {};
    }
    let extended = (ExtendedBecause::as_str as fn(ExtendedBecause) -> &'static str, w.extended_because);
    let rejected = (RejectedBecause::as_str as fn(RejectedBecause) -> &'static str, w.rejected_because);
    let closed = (ClosedBecause::as_str as fn(ClosedBecause) -> &'static str, w.closed_because);
    // What could be erased is, where a receipt says so.
    let has_receipt = !shown.request.receipted.is_empty();
    let ends = ClosedBecause::ALL.iter().copied().filter(|one| has_receipt || *one != ClosedBecause::Incomplete);
    let ends: Vec<_> = ends.collect();
    let until = shown.request.extendable_until(view.today());
    let months_left = EXTENDED_MONTHS_MAX.saturating_sub(shown.request.running_term().extended);
    // While something is being erased, it does not end.
    let can_end = shown.request.erasing().is_none();
    if until.is_none() && !can_end {
        return html! {};
    }
    html! {
        details.block {
            summary { (w.otherwise) }
            div.body {
                @if let Some(until) = until {
                    form.page method="post" action=(to(shown, "extend")) {
                        h2 { (w.extend_title) }
                        p { (view.say(w.extend_lead, &[])) " " (view.fill(w.extend_until, &[("until", &view.day(until))])) }
                        div.field {
                            label for="months" { (w.months) }
                            select #months name="months" {
                                @for months in 1..=months_left { option value=(months) { (view.count(&w.months_more, u64::from(months))) } }
                            }
                        }
                        div.field { label for="extend-because" { (w.because) } (choices("extend-because", ExtendedBecause::ALL, extended, None, Some(w.choose), MustChoose::Yes, &Aria::default())) }
                        div.actions { button { (w.extend_title) } }
                    }
                }
                @if can_end {
                    form.page method="post" action=(to(shown, "reject")) {
                        h2 { (w.do_reject) }
                        p { (view.say(w.reject_lead, &[])) }
                        div.field { label for="reject-because" { (w.because) } (choices("reject-because", RejectedBecause::ALL, rejected, None, Some(w.choose), MustChoose::Yes, &Aria::default())) }
                        div.actions { button.danger { (w.do_reject) } }
                    }
                    form.page method="post" action=(to(shown, "withdraw")) {
                        h2 { (w.withdraw_title) }
                        p { (view.say(w.withdraw_lead, &[])) }
                        div.actions { button.danger { (w.do_withdraw) } }
                    }
                    form.page method="post" action=(to(shown, "close")) {
                        h2 { (w.close_title) }
                        p { (view.say(w.close_lead, &[])) }
                        div.field { label for="close-because" { (w.because) } (choices("close-because", &ends, closed, None, Some(w.choose), MustChoose::Yes, &Aria::default())) }
                        div.actions { button.danger { (w.close_title) } }
                    }
                }
            }
        }
    }
}
