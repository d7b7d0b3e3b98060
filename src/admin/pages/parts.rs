//! What several pages show alike.

use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::view::View;
pub(super) use super::view::actor;
use super::visitor::Visitor;
use super::words::{Words, timeline};
use crate::access::{Companies, Permission};
use crate::admin::problem::Problem;
use crate::attention::{Delay, DelayCode};
use crate::audit::Actor;
use crate::erasure::{Erasure, ErasureState, Verdict};
use crate::hold::{HeldBy, HoldId, HoldReason};
use crate::operations::accounts;
use crate::operations::requests::Shown;
use crate::papers::InWords;
use crate::request::{Request, RequestState};
use crate::subject::{InstallationName, Kind, SessionKey, TargetName};

/// From so many days on it is said that the end is near.
pub(super) const SOON_DAYS: i32 = 7;

/// What stands in a segment of a path as it is.
pub(super) const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Where a request is.
pub(super) fn request_path(request: &Request) -> String {
    path_of(&request.mluvii, request.number.as_str())
}

/// Where the request of this company and number is.
pub(super) fn path_of(company: &InstallationName, number: &str) -> String {
    let (company, number) = (utf8_percent_encode(&company.0, PLAIN), utf8_percent_encode(number, PLAIN));
    format!("/requests/{company}/{number}")
}

/// Where it is explained what was decided about a session.
pub(super) fn explain_path(key: &SessionKey) -> String {
    format!("/explain?company={}&session={}", utf8_percent_encode(&key.installation.0, PLAIN), key.session.0)
}

/// Where a target is, by the name by which it is called.
pub(super) fn target_path(target: &TargetName) -> String {
    format!("/targets/{}", utf8_percent_encode(&target.0, PLAIN))
}

/// What a person is known by.
pub(super) fn kind(view: &View, kind: &Kind) -> String {
    kind_in(view.words(), kind).to_owned()
}

/// The same in one language. A company's own kinds are called as it calls them.
pub(super) fn kind_in<'k>(w: &'static Words, kind: &'k Kind) -> &'k str {
    match kind {
        Kind::Email => w.kind_email,
        Kind::Phone => w.kind_phone,
        Kind::Name => w.kind_name,
        Kind::GuestId => w.kind_guest,
        Kind::SessionId => w.kind_session,
        Kind::Other(own) => own.as_str(),
    }
}

/// A hold, by which it is found, and why it is there.
pub(super) fn held_by(view: &View, held: &HeldBy) -> String {
    let why = (view.words().hold_reason)(held.reason);
    let case = held.case.as_ref().map(|case| format!(", {case}")).unwrap_or_default();
    format!("{}: {why}{case}", held.hold)
}

/// What a list is read for: everything at once, or each company that the account may see.
pub(super) fn companies<N>(visitor: &Visitor<N>) -> Vec<Option<InstallationName>> {
    match &visitor.identity.companies {
        Companies::All => vec![None],
        Companies::Only(these) => these.iter().cloned().map(Some).collect(),
    }
}

/// Whether somebody may approve requests. Who is surely somebody else is read in the audit, so it is asked once for the same people, and only
/// where the answer is shown.
#[derive(Default)]
pub(super) struct Approvals(Vec<(Vec<Actor>, bool)>);

impl Approvals {
    /// Whether somebody else has entered and planned it, as far as the ledger knows who is who.
    pub(super) async fn may<N>(&mut self, visitor: &Visitor<N>, request: &Request) -> Result<bool, Problem> {
        if !visitor.view.may(Permission::Approve) {
            return Ok(false);
        }
        let askers = request.askers();
        if let Some((_, may)) = self.0.iter().find(|(known, _)| *known == askers) {
            return Ok(*may);
        }
        let may = accounts::why_not(&visitor.on, &visitor.actor(), &askers).await?.is_none();
        self.0.push((askers, may));
        Ok(may)
    }
}

/// How systems are called on this page, and times in the reader's zone.
pub(super) fn in_words<'a, N>(visitor: &'a Visitor<N>, installation: &'a InstallationName) -> InWords<'a> {
    let view = &visitor.view;
    InWords { lang: view.lang, titles: &visitor.on.settings.titles, calendar: view.reader(), installation }
}

/// Time left in words, with the date.
pub(super) fn due(view: &View, shown: &Shown) -> Markup {
    let w = view.words();
    match (shown.days_left, shown.due) {
        (Some(left), Some(due)) => html! {
            span.due {
                span class={ "st " (urgency(left)) } { (days_left(view, left)) }
                small { (view.fill(w.due_on, &[("day", &view.day(due))])) }
            }
        },
        _ if shown.state.is_open() => html! { span.muted { (w.does_not_run) } },
        _ => html! { span.muted { "–" } },
    }
}

pub(super) fn urgency(left: i32) -> &'static str {
    match left {
        ..0 => "is-bad",
        0..=SOON_DAYS => "is-soon",
        _ => "is-wait",
    }
}

/// How much time is left, or by how much it is over.
pub(super) fn days_left(view: &View, left: i32) -> String {
    let w = view.words();
    let days = u64::from(left.unsigned_abs());
    match left {
        ..0 => view.count(&w.days_late, days),
        0 => view.say(w.last_day_today, &[]),
        1.. => view.count(&w.days_left, days),
    }
}

/// Where a request stands: a shape, a word and a colour.
pub(super) fn request_state(view: &View, state: RequestState) -> Markup {
    let class = match state {
        RequestState::Unverified | RequestState::Asked | RequestState::Verified => "is-wait",
        RequestState::Planned | RequestState::Approved => "is-wait",
        RequestState::Erasing => "is-run quiet",
        RequestState::Reopened => "is-bad",
        RequestState::Done => "is-done quiet",
        RequestState::Rejected | RequestState::Withdrawn | RequestState::Closed => "is-off quiet",
    };
    html! { span class={ "st " (class) } { ((view.words().request_state)(state)) } }
}

/// The same of an erasure.
pub(super) fn erasure_state(view: &View, erasure: &Erasure) -> Markup {
    let state = erasure.state;
    // Its time is not what such a one waits for.
    if erasure.held && state == ErasureState::Scheduled {
        return html! { span.st.is-kept { (timeline(view.lang).kept_by_hold) } };
    }
    let class = match state {
        ErasureState::Requested => "is-wait",
        ErasureState::Scheduled => "is-wait quiet",
        ErasureState::Erasing | ErasureState::Verifying => "is-run quiet",
        ErasureState::Parked => "is-bad",
        // Whether it is complete says its receipt.
        ErasureState::Done => "is-off quiet",
        ErasureState::Cancelled => "is-off quiet",
    };
    html! { span class={ "st " (class) } { ((view.words().erasure_state)(state)) } }
}

/// What a receipt comes to.
pub(super) fn verdict(view: &View, verdict: Verdict) -> Markup {
    html! { span class={ "st " (verdict_class(verdict)) } { ((view.words().verdict)(verdict)) } }
}

pub(super) fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Complete => "is-done",
        Verdict::Retained => "is-kept",
        Verdict::Incomplete => "is-soon",
    }
}

/// What something waits for, as a sentence.
pub(super) fn waits_for(view: &View, names: InWords<'_>, delay: &Delay) -> Markup {
    let w = view.words();
    let target = delay.target.as_ref().map(|target| names.system(target)).unwrap_or_default();
    let sentence = view.say((w.delay)(delay.code), &[("target", &target)]);
    let end = if delay.too_late { w.until_too_late } else { w.until_then };
    html! {
        (sentence)
        @if let Some(since) = delay.since { " " (view.fill(w.since_then, &[("since", &view.day(since))])) }
        @if let Some(until) = delay.until { " " (view.fill(end, &[("until", &view.time(until))])) }
        // What a target has answered, in words as far as they are known.
        @if let Some(reason) = &delay.reason {
            " "
            @if delay.code == DelayCode::Held { (holds(view, reason)) } @else { span.muted { (names.said(reason)) } }
        }
    }
}

/// The holds that keep something, each as a link: it is ours that names them, and no system.
fn holds(view: &View, named: &str) -> Markup {
    let parts = named.split("), ").map(|one| one.trim_end_matches(')'));
    html! {
        @for (place, one) in parts.enumerate() {
            @if place > 0 { ", " }
            @match one.split_once(" (").and_then(|(id, why)| Some((id.parse::<HoldId>().ok()?, why))) {
                Some((id, why)) => {
                    @let (word, case) = why.split_once(", ").map_or((why, None), |(word, case)| (word, Some(case)));
                    @let known = HoldReason::ALL.into_iter().find(|reason| reason.as_str() == word);
                    a href={ "/holds/" (id) } { (id) } " ("
                    @match known { Some(reason) => ((view.words().hold_reason)(reason)), None => (word) }
                    @if let Some(case) = case { ", " (case) } ")"
                }
                None => (one),
            }
        }
    }
}

/// Whose it is to do something about it; nobody's where it goes on by itself.
pub(super) fn whose(code: DelayCode) -> Option<Permission> {
    match code {
        DelayCode::Unverified
        | DelayCode::Unanswered
        | DelayCode::Reopened
        | DelayCode::Incomplete
        | DelayCode::Unplanned
        | DelayCode::NothingPlanned
        | DelayCode::NotRun => Some(Permission::Requests),
        DelayCode::Unapproved | DelayCode::Approval => Some(Permission::Approve),
        DelayCode::Parked | DelayCode::Paused | DelayCode::Out => Some(Permission::Operate),
        DelayCode::Held
        | DelayCode::Task
        | DelayCode::Report
        | DelayCode::Link
        | DelayCode::Purge
        | DelayCode::NotDue
        | DelayCode::Settling
        | DelayCode::Target
        | DelayCode::Receipt => None,
    }
}

/// How a choice is written or shown.
type Word<T> = fn(T) -> &'static str;

/// Whether one of a list has to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MustChoose {
    Yes,
    No,
}

/// What belongs to a field: its hint, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Aria {
    /// The ids of the texts about it.
    pub(super) described_by: Option<String>,
    pub(super) is_wrong: bool,
}

impl Aria {
    /// Of the field with this id, whose hint and error have ids that follow from it.
    pub(super) fn of(id: &str, has_hint: bool, is_wrong: bool) -> Self {
        let texts = [has_hint.then(|| format!("{id}-h")), is_wrong.then(|| format!("{id}-e"))];
        let texts: Vec<_> = texts.into_iter().flatten().collect();
        Self { described_by: (!texts.is_empty()).then(|| texts.join(" ")), is_wrong }
    }

    pub(super) fn invalid(&self) -> Option<&'static str> {
        self.is_wrong.then_some("true")
    }
}

/// A list of words to choose from, none of them beforehand where `nothing` is a word for that.
pub(super) fn choices<T: Copy + PartialEq>(
    id: &str,
    all: &[T],
    (word, shown): (Word<T>, Word<T>),
    chosen: Option<T>,
    nothing: Option<&str>,
    must: MustChoose,
    aria: &Aria,
) -> Markup {
    html! {
        select id=(id) name=(id) required[must == MustChoose::Yes]
            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {
            @if let Some(nothing) = nothing { option value="" { (nothing) } }
            @for one in all { option value=(word(*one)) selected[chosen == Some(*one)] { (shown(*one)) } }
        }
    }
}

/// Where one is.
pub(super) fn crumbs(view: &View, above: &[(&str, &str)], here: &str) -> Markup {
    html! {
        nav.crumbs aria-label=(view.words().you_are_here) {
            ol {
                @for (path, name) in above { li { a href=(path) { (name) } } }
                li aria-current="page" { (here) }
            }
        }
    }
}

/// The first cells of a table.
pub(super) fn heads(heads: &[&str]) -> Markup {
    html! {
        thead role="rowgroup" { tr role="row" {
            @for head in heads { th scope="col" role="columnheader" { (head) } }
        } }
    }
}

/// A cell that says what it is where the table becomes cards.
pub(super) fn cell(label: &str, content: &Markup) -> Markup {
    html! { td role="cell" data-label=(label) { div { (content) } } }
}
