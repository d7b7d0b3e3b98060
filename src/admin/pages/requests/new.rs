//! A new request. Whom it is about is typed here, sealed in the ledger, and shown nowhere again: where something is wrong, the form
//! comes back without it.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use maud::html;

use super::deciding::VERIFIED_BY;
use crate::admin::caller::Requests;
use crate::admin::pages::days::{DayField, Within, day_field};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{MustChoose, choices, crumbs, path_of, request_path};
use crate::admin::pages::view::{Section, Sheet, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Named, Wrong, field};
use crate::operations::requests::{self, Asked};
use crate::operations::{InputError, OperationError};
use crate::request::{Came, RequestNumber, VerifiedBy};
use crate::subject::InstallationName;

/// What was typed and names nobody: it stands in the form again. A number or a day that cannot be read may be anything that was meant for
/// another field, and a company that is not offered as well.
#[derive(Default)]
struct Typed {
    /// Who was searched for, as it comes back.
    person: Option<String>,
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
            person: None,
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

/// The same form, of whom was searched for.
pub(super) async fn ask_of(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let (typed, wrong, status) = match whom::named(&visitor, &fields, |_, _| {}) {
        Named::As(identifiers) => {
            let person = Some(whom::carried(&visitor, &identifiers)).filter(|_| !identifiers.is_empty());
            (Typed { person, ..Typed::default() }, Vec::new(), StatusCode::OK)
        }
        Named::Expired => (Typed::default(), vec![expired(&visitor)], StatusCode::BAD_REQUEST),
    };
    visitor.view.page(&form(&visitor, &typed, &wrong, None, status))
}

fn expired(visitor: &Visitor<Requests>) -> Wrong {
    Wrong { field: "email", text: visitor.view.say(visitor.view.words().person_expired, &[]) }
}

pub(super) async fn enter(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let mut typed = Typed::of(&fields);
    let view = &visitor.view;
    let asked = match read(&visitor, &fields, &mut typed) {
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
            other => match Wrong::of(view, &other) {
                Some(Wrong { field, text }) => again(field, text),
                None => view.problem(&visitor.told(OperationError::Input(other))),
            },
        },
        Err(error) => view.problem(&visitor.told(error)),
    }
}

/// What is asked for, or every field that is wrong.
fn read(visitor: &Visitor<Requests>, fields: &Fields, typed: &mut Typed) -> Result<Asked, Vec<Wrong>> {
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
    let identifiers = match whom::named(visitor, fields, &mut is_wrong) {
        Named::As(identifiers) => identifiers,
        Named::Expired => {
            is_wrong("email", w.person_expired);
            return Err(wrong);
        }
    };
    if identifiers.is_empty() {
        is_wrong("email", w.nobody_named);
    }
    // What was typed now does not come back; what was searched for does.
    if whom::comes_back(fields) {
        typed.person = Some(whom::carried(visitor, &identifiers));
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

fn form(
    visitor: &Visitor<Requests>,
    typed: &Typed,
    wrong: &[Wrong],
    duplicate: Option<&str>,
    status: StatusCode,
) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let is_again = !wrong.is_empty() || duplicate.is_some();
    let came = (Came::as_str as fn(Came) -> &'static str, w.came_by);
    let verified = (VerifiedBy::as_str as fn(VerifiedBy) -> &'static str, w.verified_by);
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
        (whom::errors(w.not_entered, wrong))
        @if is_again && typed.person.is_none() { div.note.is-soon { p { (view.say(w.typed_is_gone, &[])) } } }
        form.page method="post" action="/requests/new" autocomplete="off" {
            section aria-labelledby="n-person" {
                h2 #n-person { (w.whom) }
                p.intro { (view.say(w.whom_lead, &[])) }
                (whom::person(view, wrong, typed.person.as_deref()))
            }
            section aria-labelledby="n-case" {
                h2 #n-case { (w.the_case) }
                div.halves {
                    (whom::company(visitor, wrong, &typed.company))
                    (field(view, wrong, "came", w.how_it_came, None, |aria| choices("came", Came::ALL, came, typed.came, Some(w.choose), MustChoose::Yes, aria)))
                    (day_field(view, wrong, &DayField {
                        id: "received",
                        name: "received",
                        label: w.received_on,
                        hint: Some(w.today_if_empty),
                        typed: typed.received.parse().ok(),
                        within: Within::UntilToday,
                        must: MustChoose::No,
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
