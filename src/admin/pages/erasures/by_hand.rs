//! Having a session or a guest erased by hand: named, shown what would go, and asked for where that is meant. What a person asks for is a
//! request of theirs. A guest's id stands on no page: it comes back sealed, as what is typed of a person does.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use crate::admin::caller::Requests;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::foretold::{self, Beside};
use crate::admin::pages::parts::{cell, crumbs, explain_path, heads, in_words};
use crate::admin::pages::unreached;
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Named, Wrong, field, must_be_sure, sure};
use crate::admin::pages::why::why_theirs;
use crate::admin::pages::words::{demanding, holding};
use crate::admin::problem::Problem;
use crate::erasure::Selection;
use crate::keys::Secret;
use crate::operations::erasures::{self, About, Preview, Request};
use crate::subject::{GuestId, InstallationName, Kind, SessionId, SessionKey, TargetName};
use crate::worker::Found;

/// What is to be erased, of which company.
struct Wanted {
    company: InstallationName,
    of: Of,
}

/// One session, or all of a guest.
enum Of {
    Session(i64),
    Guest(Secret),
}

impl Wanted {
    /// The same as the operations take it: everywhere, and as soon as its sessions have settled.
    fn request(&self) -> Option<Request> {
        let installation = self.company.clone();
        let about = match &self.of {
            Of::Session(number) => About::Session(SessionKey { installation, session: SessionId(*number) }),
            Of::Guest(id) => About::Guest { installation, guest: GuestId::named(id.expose().trim())? },
        };
        Some(Request { about, targets: Vec::new(), selection: Selection::default(), after: Duration::ZERO })
    }

    /// With it, the next form names the same.
    fn carried(&self, visitor: &Visitor<Requests>) -> Markup {
        html! {
            input type="hidden" name="company" value=(self.company);
            @match &self.of {
                Of::Session(number) => { input type="hidden" name="session" value=(number); }
                Of::Guest(id) => { (whom::passed_on(&whom::carried(visitor, &vec![(Kind::GuestId, id.clone())]))) }
            }
        }
    }
}

/// What was typed and names nobody.
#[derive(Default)]
struct Typed {
    company: String,
    session: Option<i64>,
}

/// What a form names, with its request; or every field that is wrong.
fn read(visitor: &Visitor<Requests>, fields: &Fields) -> Result<(Wanted, Request), (Typed, Vec<Wrong>)> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let (d, h) = (demanding(view.lang), holding(view.lang));
    let typed = Typed { company: fields.text("company").to_owned(), session: fields.text("session").parse().ok() };
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let company = visitor.company_or_only(Some(typed.company.as_str()).filter(|name| !name.is_empty())).ok();
    if company.is_none() {
        is_wrong("company", w.choose_company);
    }
    let before = match whom::passed(visitor, fields) {
        Some(Named::As(identifiers)) => {
            identifiers.into_iter().find(|(kind, _)| *kind == Kind::GuestId).map(|(_, id)| id)
        }
        Some(Named::Expired) => {
            is_wrong("guest", w.person_expired);
            None
        }
        None => None,
    };
    let now = Some(fields.secret("guest")).filter(|id| !id.expose().trim().is_empty());
    let of = match (fields.text("session"), now.or(before)) {
        ("", Some(id)) => Some(Of::Guest(id)),
        ("", None) => {
            is_wrong("session", d.nothing_named);
            None
        }
        (_, Some(_)) => {
            is_wrong("session", d.only_one);
            None
        }
        (_, None) => match typed.session {
            Some(number) => Some(Of::Session(number)),
            None => {
                is_wrong("session", w.hold_session_wrong);
                None
            }
        },
    };
    let wanted = company.zip(of).map(|(company, of)| Wanted { company, of });
    let request = wanted.as_ref().and_then(Wanted::request);
    if wanted.is_some() && request.is_none() {
        is_wrong("guest", h.guest_wrong);
    }
    match (wanted, request, wrong.is_empty()) {
        (Some(wanted), Some(request), true) => Ok((wanted, request)),
        _ => Err((typed, wrong)),
    }
}

pub(super) async fn ask(visitor: Visitor<Requests>) -> Response {
    visitor.view.page(&form(&visitor, &Typed::default(), &[], StatusCode::OK))
}

fn form(visitor: &Visitor<Requests>, typed: &Typed, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let (d, h) = (demanding(view.lang), holding(view.lang));
    let session = typed.session.map(|number| number.to_string()).unwrap_or_default();
    let body = html! {
        (crumbs(view, &[("/erasures", w.erasures)], d.title))
        div.head {
            h1 { (d.title) }
            p.lead { (view.say(d.lead, &[])) " " a href="/requests/new" { (w.new_request) } }
        }
        (whom::errors(d.not_asked, wrong))
        form.page method="post" action="/erasures/new/foresee" autocomplete="off" {
            div.halves {
                (whom::company(visitor, wrong, &typed.company))
                (field(view, wrong, "session", w.hold_session, Some(d.session_hint), |aria| html! {
                    input #session name="session" inputmode="numeric" autocomplete="off" maxlength="18" value=(session)
                        aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                }))
                (field(view, wrong, "guest", h.guest, Some(d.guest_hint), |aria| html! {
                    input #guest name="guest" autocomplete="off" spellcheck="false" maxlength="256"
                        aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                }))
            }
            div.actions { button.primary { (d.do_foresee) } }
        }
    };
    let title = if wrong.is_empty() { d.title.to_owned() } else { format!("{} {}", w.error_in_title, d.title) };
    Sheet { status, ..Sheet::new(title, Section::Erasures, body) }
}

pub(super) async fn foresee(visitor: Visitor<Requests>, fields: Fields) -> Response {
    match read(&visitor, &fields) {
        Ok((wanted, request)) => visitor.view.answer(foreseen(&visitor, &wanted, request, &[], StatusCode::OK).await),
        Err((typed, wrong)) => visitor.view.page(&form(&visitor, &typed, &wrong, StatusCode::BAD_REQUEST)),
    }
}

/// Nothing is erased by it.
async fn foreseen(
    visitor: &Visitor<Requests>,
    wanted: &Wanted,
    request: Request,
    wrong: &[Wrong],
    status: StatusCode,
) -> Result<Sheet, Problem> {
    let _turn = visitor.admin.turn_to_plan().await?;
    let preview = erasures::preview(&visitor.on, request, &|_| {}, &visitor.actor()).await;
    let preview = preview.map_err(|error| visitor.told(error))?;
    Ok(Sheet { status, ..sheet(visitor, wanted, &preview, wrong) })
}

fn sheet(visitor: &Visitor<Requests>, wanted: &Wanted, preview: &Preview, wrong: &[Wrong]) -> Sheet {
    let (view, w, d) = (&visitor.view, visitor.view.words(), demanding(visitor.view.lang));
    let names = in_words(visitor, &wanted.company);
    let found = &preview.reach.found;
    let going = found.sessions.values().filter(|one| one.goes).count() as u64;
    let why = |target: &TargetName| {
        let why = preview.targets.get(target)?.as_ref().err()?;
        Some(foretold::not_asked(view, &names.system(target), why))
    };
    let is_held = preview.holds.iter().any(|hold| hold.waits);
    let body = html! {
        (crumbs(view, &[("/erasures", w.erasures), ("/erasures/new", d.title)], d.foreseen))
        div.head { h1 { (view.count(&w.sessions_go, going)) } p.lead { (view.say(d.foreseen_lead, &[])) } }
        (whom::errors(d.not_asked, wrong))
        @if !found.sessions.is_empty() { (sessions(view, found.sessions.values())) }
        section aria-labelledby="p-where" {
            (foretold::answers(visitor, &wanted.company, Some(&preview.foreseen), w.nothing_was_erased, &why))
        }
        (foretold::holds(view, &foretold::known(&preview.holds)))
        section aria-labelledby="p-unseen" {
            h2 #p-unseen { (w.where_nobody_looks) }
            (foretold::verdict_of(visitor, &wanted.company, Some(&preview.foreseen), Beside { is_held, is_all_asked: true }))
            ul.plain {
                @for one in &preview.reach.not_reached { li { span.st.is-unseen { (unreached::sentence(view, names, one)) } } }
            }
        }
        section aria-labelledby="p-ask" {
            h2 #p-ask { (d.ask_title) }
            p.intro { (view.say(if visitor.on.settings.four_eyes { d.ask_lead_approval } else { d.ask_lead }, &[])) }
            @if let Some(until) = found.unsettled_until { p { (view.fill(d.unsettled, &[("until", &view.time(until))])) } }
            form.page method="post" action="/erasures/new/do" {
                (wanted.carried(visitor))
                (sure(view, wrong, d.ask_tick))
                div.actions { button.danger { (d.do_ask) } }
            }
        }
    };
    let title = if wrong.is_empty() { d.foreseen.to_owned() } else { format!("{} {}", w.error_in_title, d.foreseen) };
    Sheet::new(title, Section::Erasures, body)
}

fn sessions<'f>(view: &View, all: impl Iterator<Item = &'f Found>) -> Markup {
    let w = view.words();
    let row = |one: &Found| {
        html! {
            tr.out[!one.goes] role="row" {
                th scope="row" role="rowheader" { a href=(explain_path(&one.key)) { (one.key) } }
                (cell(w.how_sure, &html! { ((w.certainty)(one.certainty.as_str())) }))
                (cell(w.why_theirs, &why_theirs(view, &one.reason)))
                (cell(w.what_happens, &html! { @if one.goes { (w.it_goes) } @else { (w.it_stays) } }))
            }
        }
    };
    html! {
        section aria-label=(w.what_would_happen) {
            table.stack role="table" {
                caption { (w.what_would_happen) }
                (heads(&[w.session, w.how_sure, w.why_theirs, w.what_happens]))
                tbody role="rowgroup" { @for one in all { (row(one)) } }
            }
        }
    }
}

/// Asks for it, where that is meant.
pub(super) async fn do_it(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let view = &visitor.view;
    let (wanted, request) = match read(&visitor, &fields) {
        Ok(read) => read,
        Err((typed, wrong)) => return view.page(&form(&visitor, &typed, &wrong, StatusCode::BAD_REQUEST)),
    };
    if let Some(wrong) = must_be_sure(view, &fields, demanding(view.lang).ask_needed) {
        let wrong = [wrong];
        return view.answer(foreseen(&visitor, &wanted, request, &wrong, StatusCode::BAD_REQUEST).await);
    }
    let asked = erasures::request(&visitor.on, request, &visitor.actor()).await;
    let asked = asked.map(|asked| format!("/erasures/{}", asked.erasure.id));
    view.done(asked.map_err(|error| visitor.told(error)))
}
