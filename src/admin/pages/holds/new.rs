//! A new hold: on a session, a guest, what a rule demands, or a person. Of a guest and a person nothing comes back in the form.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::html;

use crate::admin::caller::Requests;
use crate::admin::pages::days::{DayField, Within, day_field};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{MustChoose, choices, crumbs};
use crate::admin::pages::view::{Section, Sheet, View, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Named, Wrong, field};
use crate::admin::pages::words::holding;
use crate::hold::{CaseReference, HoldReason};
use crate::operations::holds::{self, HoldAbout, HoldRequest};
use crate::operations::{GivenIdentifiers, OperationError};
use crate::subject::{GuestId, InstallationName, SessionId, SessionKey};

/// What was typed and names nobody: it stands in the form again, as far as it can be read.
#[derive(Default)]
struct Typed {
    /// Who was searched for, as it comes back.
    person: Option<String>,
    company: String,
    session: Option<i64>,
    /// One that a rule has: anything else may be anything.
    rule: Option<String>,
    reason: Option<HoldReason>,
    case: Option<CaseReference>,
    until: Option<Date>,
}

impl Typed {
    fn of(fields: &Fields, rules: &[String]) -> Self {
        Self {
            person: None,
            rule: rules.iter().find(|rule| **rule == fields.text("rule")).cloned(),
            company: fields.text("company").to_owned(),
            session: fields.text("session").parse().ok(),
            reason: HoldReason::ALL.into_iter().find(|reason| reason.as_str() == fields.text("reason")),
            case: fields.text("case").parse().ok(),
            until: fields.text("until").parse().ok(),
        }
    }
}

/// The rules by which a server works or has worked. Their names are of all companies.
async fn rules(visitor: &Visitor<Requests>) -> Result<Vec<String>, OperationError> {
    if !visitor.is_of_all() {
        return Ok(Vec::new());
    }
    let versions = visitor.on.ledger.rule_versions().await?;
    let names: BTreeSet<String> = versions.into_iter().map(|version| version.rule.name).collect();
    Ok(names.into_iter().collect())
}

pub(super) async fn ask(visitor: Visitor<Requests>) -> Response {
    match rules(&visitor).await {
        Ok(rules) => visitor.view.page(&form(&visitor, &Typed::default(), &rules, &[], StatusCode::OK)),
        Err(error) => visitor.view.problem(&error.into()),
    }
}

/// The same form, of whom was searched for.
pub(super) async fn ask_of(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let w = visitor.view.words();
    match whom::named(&visitor, &fields, |_, _| {}) {
        Named::As(identifiers) => {
            let person = Some(whom::carried(&visitor, &identifiers)).filter(|_| !identifiers.is_empty());
            visitor.view.page(&form(&visitor, &Typed { person, ..Typed::default() }, &[], &[], StatusCode::OK))
        }
        Named::Expired => {
            let wrong = [Wrong { field: "email", text: visitor.view.say(w.person_expired, &[]) }];
            visitor.view.page(&form(&visitor, &Typed::default(), &[], &wrong, StatusCode::BAD_REQUEST))
        }
    }
}

pub(super) async fn add(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let view = &visitor.view;
    let rules = match rules(&visitor).await {
        Ok(rules) => rules,
        Err(error) => return view.problem(&error.into()),
    };
    let mut typed = Typed::of(&fields, &rules);
    let again =
        |typed: &Typed, wrong: &[Wrong]| view.page(&form(&visitor, typed, &rules, wrong, StatusCode::BAD_REQUEST));
    let request = match read(&visitor, &fields, &mut typed) {
        Ok(request) => request,
        Err(wrong) => return again(&typed, &wrong),
    };
    let is_on_rule = matches!(request.about, HoldAbout::Rule { .. });
    match holds::add(&visitor.on, request, &visitor.actor()).await {
        // What is being erased just now is not kept: that is said before anything else.
        Ok(added) if !added.under_way.is_empty() => view.page(&under_way(view, &added)),
        Ok(added) => see(&format!("/holds/{}", added.hold.id)),
        Err(OperationError::NotFound(_)) if is_on_rule => {
            again(&typed, &[Wrong { field: "rule", text: view.say(holding(view.lang).rule_unknown, &[]) }])
        }
        Err(OperationError::Input(why)) => match Wrong::of(view, &why) {
            Some(wrong) => again(&typed, &[wrong]),
            None => view.problem(&visitor.told(OperationError::Input(why))),
        },
        Err(error) => view.problem(&visitor.told(error)),
    }
}

/// What is asked for, or every field that is wrong.
fn read(visitor: &Visitor<Requests>, fields: &Fields, typed: &mut Typed) -> Result<HoldRequest, Vec<Wrong>> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let company = Some(typed.company.as_str()).filter(|name| !name.is_empty());
    let installation = visitor.company_or_only(company).ok();
    if installation.is_none() {
        is_wrong("company", w.choose_company);
    }
    let until = typed.until.and_then(|day| view.end_of(day)).filter(|until| *until > Timestamp::now());
    let is_unread = |name: &str, is_read: bool| !fields.text(name).is_empty() && !is_read;
    if is_unread("until", until.is_some()) {
        is_wrong("until", w.hold_until_wrong);
    }
    if is_unread("case", typed.case.is_some()) {
        is_wrong("case", w.hold_case_wrong);
    }
    if is_unread("session", typed.session.is_some()) {
        is_wrong("session", w.hold_session_wrong);
    }
    if typed.reason.is_none() {
        is_wrong("reason", w.hold_reason_needed);
    }
    let identifiers = match whom::named(visitor, fields, &mut is_wrong) {
        Named::As(identifiers) => identifiers,
        Named::Expired => {
            is_wrong("email", w.person_expired);
            return Err(wrong);
        }
    };
    let guest = GuestId::named(fields.text("guest"));
    if !fields.text("guest").is_empty() && guest.is_none() {
        is_wrong("guest", holding(view.lang).guest_wrong);
    }
    let named: Vec<_> = ["session", "guest", "rule"].into_iter().filter(|name| !fields.text(name).is_empty()).collect();
    match (named.first(), named.len() + usize::from(!identifiers.is_empty())) {
        (None, 0) => is_wrong("email", w.nobody_named),
        (Some(first), 2..) => is_wrong(*first, holding(view.lang).only_one),
        _ => {}
    }
    // What was typed now does not come back; what was searched for does.
    if whom::comes_back(fields) {
        typed.person = Some(whom::carried(visitor, &identifiers));
    }
    let (Some(installation), Some(reason), true) = (installation, typed.reason, wrong.is_empty()) else {
        return Err(wrong);
    };
    let about = about(installation, typed.session, guest, fields.text("rule"), identifiers);
    Ok(HoldRequest { about, reason, case: typed.case.clone(), until })
}

/// What is kept: the one thing that is named.
fn about(
    installation: InstallationName,
    session: Option<i64>,
    guest: Option<GuestId>,
    rule: &str,
    identifiers: GivenIdentifiers,
) -> HoldAbout {
    match (session, guest, rule) {
        (Some(number), ..) => HoldAbout::Session(SessionKey { installation, session: SessionId(number) }),
        (None, Some(guest), _) => HoldAbout::Guest { installation, guest },
        (None, None, "") => HoldAbout::Person { installation: Some(installation), identifiers },
        (None, None, rule) => HoldAbout::Rule { installation: Some(installation), rule: rule.to_owned() },
    }
}

/// What the hold came too late for.
fn under_way(view: &View, added: &holds::Added) -> Sheet {
    let w = view.words();
    let id = added.hold.id.to_string();
    let erasures = html! {
        @for (at, erasure) in added.under_way.iter().enumerate() {
            @if at > 0 { ", " } a href={ "/erasures/" (erasure) } { (erasure) }
        }
    };
    let title = view.say(w.hold_of, &[("id", &id)]);
    let body = html! {
        (crumbs(view, &[("/holds", w.holds)], &id))
        div.head { h1 { (title) } }
        div.note.is-bad { p { (view.fill(w.hold_under_way, &[("erasures", &erasures)])) } }
        p { a.button.primary href={ "/holds/" (id) } { (w.look_at_it) } }
    };
    Sheet::new(title, Section::Holds, body)
}

fn form(visitor: &Visitor<Requests>, typed: &Typed, rules: &[String], wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w, h) = (&visitor.view, visitor.view.words(), holding(visitor.view.lang));
    let reasons = (HoldReason::as_str as fn(HoldReason) -> &'static str, w.hold_reason);
    let session = typed.session.map(|number| number.to_string()).unwrap_or_default();
    let body = html! {
        (crumbs(view, &[("/holds", w.holds)], w.new_hold))
        div.head { h1 { (w.new_hold) } p.lead { (view.say(w.new_hold_lead, &[])) } }
        (whom::errors(w.hold_not_added, wrong))
        @if !wrong.is_empty() && typed.person.is_none() { div.note.is-soon { p { (view.say(w.typed_is_gone, &[])) } } }
        form.page method="post" action="/holds/new" autocomplete="off" {
            section aria-labelledby="n-on" {
                h2 #n-on { (w.hold_on) }
                @if typed.person.is_none() {
                    (field(view, wrong, "session", w.hold_session, Some(w.hold_session_hint), |aria| html! {
                        input #session name="session" inputmode="numeric" autocomplete="off" maxlength="18" value=(session)
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    // The id is of a person, so what was typed of it does not come back.
                    (field(view, wrong, "guest", h.guest, Some(h.guest_hint), |aria| html! {
                        input #guest name="guest" autocomplete="off" spellcheck="false" maxlength="128"
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    (field(view, wrong, "rule", h.rule, Some(h.rule_hint), |aria| html! {
                        input #rule name="rule" autocomplete="off" maxlength="128" value=[typed.rule.as_ref()]
                            list=[(!rules.is_empty()).then_some("rules")]
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                        @if !rules.is_empty() { datalist #rules { @for rule in rules { option value=(rule) {} } } }
                    }))
                }
                (whom::person(view, wrong, typed.person.as_deref()))
            }
            section aria-labelledby="n-case" {
                h2 #n-case { (w.the_case) }
                div.halves {
                    (whom::company(visitor, wrong, &typed.company))
                    (field(view, wrong, "reason", w.because, None, |aria| {
                        choices("reason", &HoldReason::ALL, reasons, typed.reason, Some(w.choose), MustChoose::Yes, aria)
                    }))
                    (field(view, wrong, "case", w.hold_case, Some(w.hold_case_hint), |aria| html! {
                        input #case name="case" autocomplete="off" maxlength="40" value=[typed.case.as_ref()]
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    (day_field(view, wrong, &DayField {
                        id: "until",
                        name: "until",
                        label: w.hold_until,
                        hint: Some(w.hold_until_hint),
                        typed: typed.until,
                        within: Within::FromToday,
                        must: MustChoose::No,
                    }))
                }
            }
            div.actions { button.primary { (w.do_hold) } }
        }
    };
    let title = if wrong.is_empty() { w.new_hold.to_owned() } else { format!("{} {}", w.error_in_title, w.new_hold) };
    Sheet { status, ..Sheet::new(title, Section::Holds, body) }
}
