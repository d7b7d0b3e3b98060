//! A new request. Whom it is about is typed here, sealed in the ledger, and shown nowhere again: where something is wrong, the form
//! comes back without it.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::admin::caller::Requests;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{Aria, MustChoose, choices, crumbs, path_of, request_path};
use crate::admin::pages::view::{Section, Sheet, View, see};
use crate::admin::pages::visitor::Visitor;
use crate::operations::requests::{self, Asked};
use crate::operations::{GivenIdentifiers, InputError, OperationError};
use crate::request::{Came, RequestNumber, VerifiedBy};
use crate::subject::{InstallationName, Kind};

const VERIFIED_BY: [VerifiedBy; 2] = [VerifiedBy::Document, VerifiedBy::KnownContact];

/// The kinds that have a field of their own.
const KINDS: [(&str, &str, &str); 3] = [("email", "email", "email"), ("phone", "tel", "tel"), ("name", "text", "text")];

/// A field that is wrong, and how to put it right.
struct Wrong {
    field: &'static str,
    text: String,
}

/// What was typed and names nobody: it stands in the form again. A number or a day that cannot be read may be anything that was meant for
/// another field, and a company that is not offered as well.
#[derive(Default)]
struct Typed {
    company: String,
    number: String,
    came: Option<Came>,
    received: String,
    verified: Option<VerifiedBy>,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        let read = |name: &str, is_read: fn(&str) -> bool| Some(fields.text(name)).filter(|text| is_read(text));
        Self {
            company: fields.text("company").to_owned(),
            number: read("number", |text| text.parse::<RequestNumber>().is_ok()).unwrap_or_default().to_owned(),
            came: fields.text("came").parse().ok(),
            received: read("received", |text| text.parse::<Date>().is_ok()).unwrap_or_default().to_owned(),
            verified: fields.text("verified").parse().ok(),
        }
    }
}

pub(super) async fn ask(visitor: Visitor<Requests>) -> Response {
    visitor.view.page(&form(&visitor, &Typed::default(), &[], None, StatusCode::OK))
}

pub(super) async fn enter(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let typed = Typed::of(&fields);
    let view = &visitor.view;
    let asked = match read(&visitor, &fields, &typed) {
        Ok(asked) => asked,
        Err(wrong) => return view.page(&form(&visitor, &typed, &wrong, None, StatusCode::BAD_REQUEST)),
    };
    let again = |field: &'static str, text: String| {
        view.page(&form(&visitor, &typed, &[Wrong { field, text }], None, StatusCode::BAD_REQUEST))
    };
    let w = view.words();
    match requests::enter(&visitor.on, asked, &visitor.actor()).await {
        Ok(shown) => see(&request_path(&shown.request)),
        Err(OperationError::Duplicate(number)) => {
            view.page(&form(&visitor, &typed, &[], Some(&number), StatusCode::CONFLICT))
        }
        Err(OperationError::Input(why)) => match why {
            InputError::FutureDay { .. } => again("received", view.say(w.day_in_future, &[])),
            InputError::OwnNumber => again("number", view.say(w.own_number, &[])),
            InputError::RegionNeeded => again("phone", view.say(w.phone_needs_country, &[])),
            InputError::NotComparable(kind) | InputError::Empty(kind) => {
                again(field_of(&kind), view.say(w.not_comparable, &[]))
            }
            InputError::NoIdentifier => again("email", view.say(w.nobody_named, &[])),
            other => view.problem(&visitor.told(OperationError::Input(other))),
        },
        Err(error) => view.problem(&visitor.told(error)),
    }
}

fn field_of(kind: &Kind) -> &'static str {
    let word = kind.to_string();
    KINDS.iter().find(|(name, ..)| *name == word).map_or("other", |(name, ..)| name)
}

/// What is asked for, or every field that is wrong.
fn read(visitor: &Visitor<Requests>, fields: &Fields, typed: &Typed) -> Result<Asked, Vec<Wrong>> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let company = Some(typed.company.as_str()).filter(|name| !name.is_empty());
    let installation: Option<InstallationName> = visitor.company_or_only(company).ok();
    if installation.is_none() {
        is_wrong("company", w.choose_company);
    }
    let number = match fields.text("number") {
        "" => None,
        text => text.parse::<RequestNumber>().map(Some).unwrap_or_else(|_| {
            is_wrong("number", w.number_wrong);
            None
        }),
    };
    if typed.came.is_none() {
        is_wrong("came", w.choose_how_it_came);
    }
    let received = match fields.text("received") {
        "" => None,
        text => text.parse::<Date>().map(Some).unwrap_or_else(|_| {
            is_wrong("received", w.day_wrong);
            None
        }),
    };
    let mut identifiers = GivenIdentifiers::new();
    for (name, ..) in KINDS {
        let one = fields.secret(name);
        if let (false, Ok(kind)) = (one.expose().trim().is_empty(), name.parse::<Kind>()) {
            identifiers.push((kind, one));
        }
    }
    let other = fields.secret("other");
    if !other.expose().trim().is_empty() {
        match fields.text("kind").parse::<Kind>() {
            Ok(kind) if !kind.is_internal_id() => identifiers.push((kind, other)),
            _ => is_wrong("kind", w.kind_wrong),
        }
    }
    if identifiers.is_empty() {
        is_wrong("email", w.nobody_named);
    }
    let anyway = fields.text("anyway") == "1";
    match typed.came.filter(|_| wrong.is_empty()) {
        Some(came) => {
            let (verified, targets) = (typed.verified, Vec::new());
            Ok(Asked { installation, number, came, received, verified, targets, identifiers, anyway })
        }
        None => Err(wrong),
    }
}

/// Where the request of this name is: its number, with its company before it where that has a name.
fn other_path(visitor: &Visitor<Requests>, typed: &Typed, name: &str) -> Option<String> {
    let company = Some(typed.company.as_str()).filter(|company| !company.is_empty());
    let company = visitor.company_or_only(company).ok()?;
    let number = name.strip_prefix(&format!("{company}/")).unwrap_or(name);
    Some(path_of(&company, number))
}

/// A field with its label, its hint and what is wrong with it, which its control is tied to.
fn field(
    view: &View,
    wrong: &[Wrong],
    id: &str,
    label: &str,
    hint: Option<&str>,
    control: impl FnOnce(&Aria) -> Markup,
) -> Markup {
    let w = view.words();
    let wrong = wrong.iter().find(|wrong| wrong.field == id);
    let aria = Aria::of(id, hint.is_some(), wrong.is_some());
    html! {
        div.field.wrong[wrong.is_some()] {
            label for=(id) { (label) }
            @if let Some(hint) = hint { span.hint id={ (id) "-h" } { (hint) } }
            @if let Some(wrong) = wrong { span.error id={ (id) "-e" } { span.hidden { (w.error_in_title) " " } (wrong.text) } }
            (control(&aria))
        }
    }
}

fn form(
    visitor: &Visitor<Requests>,
    typed: &Typed,
    wrong: &[Wrong],
    duplicate: Option<&str>,
    status: StatusCode,
) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let companies: Vec<_> = visitor
        .on
        .settings
        .installations
        .iter()
        .filter(|one| visitor.sees(&one.name))
        .map(|one| one.name.to_string())
        .collect();
    let is_again = !wrong.is_empty() || duplicate.is_some();
    let came = (Came::as_str as fn(Came) -> &'static str, w.came_by);
    let verified = (VerifiedBy::as_str as fn(VerifiedBy) -> &'static str, w.verified_by);
    let person = |name: &str, kind: &str, mode: &str, label: &str| {
        // What browsers keep of forms would be a list of persons.
        field(view, wrong, name, label, None, |aria| {
            html! {
                input id=(name) name=(name) type=(kind) inputmode=(mode) autocomplete="off" spellcheck="false" maxlength="320"
                    aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
            }
        })
    };
    let body = html! {
        (crumbs(view, &[("/requests", w.requests)], w.new_request))
        div.head { h1 { (w.new_request) } p.lead { (view.say(w.new_request_lead, &[])) } }
        @if let Some(number) = duplicate {
            div.errors role="alert" aria-labelledby="e" {
                h2 #e { (view.say(w.is_duplicate, &[("number", number)])) }
                @if let Some(path) = other_path(visitor, typed, number) { p { a href=(path) { (w.to_that_request) } } }
                p { (view.say(w.duplicate_lead, &[])) }
            }
        }
        @if !wrong.is_empty() {
            div.errors role="alert" aria-labelledby="e" {
                h2 #e { (w.not_entered) }
                ul { @for one in wrong { li { a href={ "#" (one.field) } { (one.text) } } } }
            }
        }
        @if is_again { div.note.is-soon { p { (view.say(w.typed_is_gone, &[])) } } }
        form.page method="post" action="/requests/new" autocomplete="off" {
            section aria-labelledby="n-person" {
                h2 #n-person { (w.whom) }
                p.intro { (view.say(w.whom_lead, &[])) }
                div.halves {
                    (person(KINDS[0].0, KINDS[0].1, KINDS[0].2, w.email))
                    (person(KINDS[1].0, KINDS[1].1, KINDS[1].2, w.phone))
                    (person(KINDS[2].0, KINDS[2].1, KINDS[2].2, w.name))
                    (field(view, wrong, "kind", w.other_kind, Some(w.other_kind_hint), |aria| html! {
                        input #kind name="kind" autocomplete="off" maxlength="64" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    (person("other", "text", "text", w.other_value))
                }
            }
            section aria-labelledby="n-case" {
                h2 #n-case { (w.the_case) }
                div.halves {
                    @if companies.len() > 1 {
                        (field(view, wrong, "company", w.company, None, |aria| html! {
                            select #company name="company" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {
                                option value="" { (w.choose) }
                                @for one in &companies { option value=(one) selected[*one == typed.company] { (one) } }
                            }
                        }))
                    }
                    (field(view, wrong, "came", w.how_it_came, None, |aria| choices("came", Came::ALL, came, typed.came, Some(w.choose), MustChoose::Yes, aria)))
                    (field(view, wrong, "received", w.received_on, Some(w.today_if_empty), |aria| html! {
                        input #received name="received" type="date" max=(view.today()) value=(typed.received)
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    (field(view, wrong, "number", w.case_number, Some(w.case_number_hint), |aria| html! {
                        input #number name="number" autocomplete="off" maxlength="40" value=(typed.number)
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    (field(view, wrong, "verified", w.how_it_is_known, None, |aria| {
                        choices("verified", &VERIFIED_BY, verified, typed.verified, Some(w.not_known_yet), MustChoose::No, aria)
                    }))
                }
            }
            @if duplicate.is_some() {
                label.pick { input type="checkbox" name="anyway" value="1"; " " (w.enter_anyway) }
            }
            p.measure { (view.say(w.enter_lead, &[])) }
            div.actions { button.primary { (w.do_enter) } }
        }
    };
    let title = if is_again { format!("{} {}", w.error_in_title, w.new_request) } else { w.new_request.to_owned() };
    Sheet { status, ..Sheet::new(title, Section::Requests, body) }
}
