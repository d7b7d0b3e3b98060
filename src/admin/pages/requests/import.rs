//! Many requests from the lines of a spreadsheet. What is sent is kept nowhere: it is read, each line is entered as one request, and what came of
//! each line is shown by its number, without what stood there. Who sends the same lines again goes on where it ended, as a person with an
//! open request is known.

use axum::http::StatusCode;
use axum::response::Response;
use csv::ByteRecord;
use maud::{Markup, html};

use super::deciding::VERIFIED_BY;
use crate::admin::caller::Requests;
use crate::admin::pages::details;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{MustChoose, cell, choices, crumbs, heads, path_of, request_path};
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Wrong, field};
use crate::admin::pages::words::{Words, import};
use crate::admin::problem::Problem;
use crate::operations::requests::{
    self, Asked, BYTE_ORDER_MARK, BadColumns, BadLine, Columns, FIRST_LINE, not_entered, stops_all,
};
use crate::operations::{InputError, OperationError};
use crate::request::{Came, Request};

/// Lines that are entered at once: each is an order of its own in the audit.
const LINES_MAX: usize = 200;

/// What came of a line.
enum Outcome {
    Entered(Box<Request>),
    /// A request of the same person was there: where it is, and what it is called.
    There {
        path: String,
        name: String,
    },
    /// It is no request.
    Bad(BadLine),
    /// It was not taken.
    Refused(OperationError),
}

/// What came of all of them.
struct Outcomes {
    /// By the line's number in the file.
    lines: Vec<(u64, Outcome)>,
    /// Why it ended before the last line, and how many were left.
    stopped: Option<(Problem, usize)>,
}

pub(super) async fn ask(visitor: Visitor<Requests>) -> Response {
    visitor.view.page(&form(&visitor, None, &[], StatusCode::OK))
}

pub(super) async fn enter(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let view = &visitor.view;
    let came = fields.text("came").parse::<Came>().ok();
    match read(&visitor, &fields, came) {
        Ok((asked, columns, lines)) => {
            let outcomes = entered(&visitor, &asked, &columns, &lines).await;
            view.page(&results(&visitor, &outcomes))
        }
        Err(wrong) => view.page(&form(&visitor, came, &[wrong], StatusCode::BAD_REQUEST)),
    }
}

/// The lines, and what holds for all of them; or what is wrong with the whole, of which nothing was entered.
fn read(
    visitor: &Visitor<Requests>,
    fields: &Fields,
    came: Option<Came>,
) -> Result<(Asked, Columns, Vec<ByteRecord>), Wrong> {
    let (view, w, i) = (&visitor.view, visitor.view.words(), import(visitor.view.lang));
    let wrong = |field: &'static str, text: String| Wrong { field, text };
    let sent = fields.secret("lines");
    let bytes = sent.expose().as_bytes();
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(wrong("lines", view.say(i.no_lines, &[])));
    }
    let company = Some(fields.text("company")).filter(|name| !name.is_empty());
    let Ok(installation) = visitor.company_or_only(company) else {
        return Err(wrong("company", view.say(w.choose_company, &[])));
    };
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut reader = requests::reader(first, bytes);
    let columns =
        Columns::read(&mut reader, came.is_some()).map_err(|why| wrong("lines", bad_columns(visitor, why)))?;
    let mut lines = Vec::new();
    for (line, record) in (FIRST_LINE..).zip(reader.into_byte_records()) {
        let unreadable = || view.say(i.line_unreadable, &[("line", &view.lang.number(line))]);
        lines.push(record.map_err(|_| wrong("lines", unreadable()))?);
        if lines.len() > LINES_MAX {
            return Err(wrong("lines", view.count(&i.too_many, LINES_MAX as u64)));
        }
    }
    if lines.is_empty() {
        return Err(wrong("lines", view.say(i.no_lines, &[])));
    }
    let asked = Asked {
        installation: Some(installation),
        number: None,
        came: came.unwrap_or(Came::Letter),
        received: None,
        verified: None,
        targets: Vec::new(),
        identifiers: Vec::new(),
        anyway: false,
    };
    Ok((asked, columns, lines))
}

fn bad_columns(visitor: &Visitor<Requests>, why: BadColumns) -> String {
    let (view, i) = (&visitor.view, import(visitor.view.lang));
    let of = |sentence: &str, place: usize| view.say(sentence, &[("column", &view.lang.number(place as u64))]);
    match why {
        BadColumns::NotText => view.say(i.columns_unreadable, &[]),
        BadColumns::Unknown(place) => of(i.column_unknown, place),
        BadColumns::InternalId(place) => of(i.column_internal, place),
        BadColumns::NobodyNamed => view.say(i.nobody_named, &[]),
        BadColumns::CameNotSaid => view.say(i.came_not_said, &[]),
    }
}

async fn entered(visitor: &Visitor<Requests>, asked: &Asked, columns: &Columns, lines: &[ByteRecord]) -> Outcomes {
    let mut outcomes = Outcomes { lines: Vec::new(), stopped: None };
    for (index, (line, record)) in (FIRST_LINE..).zip(lines).enumerate() {
        let outcome = match columns.asked(record, asked) {
            Ok(asked) => one(visitor, asked).await,
            Err(bad) => Ok(Outcome::Bad(bad)),
        };
        match outcome {
            Ok(outcome) => outcomes.lines.push((line, outcome)),
            Err(problem) => {
                outcomes.stopped = Some((problem, lines.len() - index));
                break;
            }
        }
    }
    outcomes
}

/// Enters one; a problem where nothing further can be entered either.
async fn one(visitor: &Visitor<Requests>, mut asked: Asked) -> Result<Outcome, Problem> {
    // A file can name any company; who may see some only learns of no other one that it is there.
    let company = match &asked.installation {
        Some(named) => visitor.company(&named.0),
        None => visitor.company_or_only(None),
    };
    let Ok(company) = company else {
        let unknown = InputError::UnknownInstallation { name: String::new(), known: String::new() };
        return Ok(Outcome::Refused(unknown.into()));
    };
    asked.installation = Some(company.clone());
    match requests::enter(&visitor.on, asked, &visitor.actor()).await {
        Ok(shown) => Ok(Outcome::Entered(Box::new(shown.request))),
        Err(OperationError::Duplicate(name)) => {
            let number = name.strip_prefix(&format!("{company}/")).unwrap_or(&name).to_owned();
            Ok(Outcome::There { path: path_of(&company, &number), name: number })
        }
        Err(error) if stops_all(&error) => Err(visitor.told(error)),
        Err(error) => Ok(Outcome::Refused(error)),
    }
}

fn form(visitor: &Visitor<Requests>, came: Option<Came>, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w, i) = (&visitor.view, visitor.view.words(), import(visitor.view.lang));
    let hint = view.count(&i.lines_hint, LINES_MAX as u64);
    let came_words = (Came::as_str as fn(Came) -> &'static str, w.came_by);
    let body = html! {
        (crumbs(view, &[("/requests", w.requests)], i.title))
        div.head { h1 { (i.title) } p.lead { (view.say(i.lead, &[])) } }
        (whom::errors(w.not_entered, wrong))
        @if !wrong.is_empty() { div.note.is-soon { p { (view.say(i.lines_are_gone, &[])) } } }
        form.page method="post" action="/requests/import" autocomplete="off" {
            (whom::company(visitor, wrong, ""))
            (field(view, wrong, "came", w.how_it_came, Some(i.came_hint), |aria| {
                choices("came", Came::ALL, came_words, came, Some(i.by_column), MustChoose::No, aria)
            }))
            (field(view, wrong, "lines", i.lines, Some(hint.as_str()), |aria| html! {
                textarea #lines name="lines" rows="12" autocomplete="off" spellcheck="false" required
                    aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {}
            }))
            details {
                summary { (i.columns_title) }
                p.measure { (view.say(i.columns_lead, &[])) }
                pre lang="en" { "name;email;came;received\nJan Novák;jan@example.com;letter;2026-11-03" }
            }
            p.measure { (view.say(w.enter_lead, &[])) }
            div.actions { button.primary { (i.do_import) } }
        }
    };
    let title = whom::titled(view, i.title, wrong);
    Sheet { status, ..Sheet::new(title, Section::Requests, body) }
}

fn results(visitor: &Visitor<Requests>, outcomes: &Outcomes) -> Sheet {
    let (view, w, i) = (&visitor.view, visitor.view.words(), import(visitor.view.lang));
    let count = |is: fn(&Outcome) -> bool| outcomes.lines.iter().filter(|(_, one)| is(one)).count() as u64;
    let entered = count(|one| matches!(one, Outcome::Entered(_)));
    let there = count(|one| matches!(one, Outcome::There { .. }));
    let refused = count(|one| matches!(one, Outcome::Bad(_) | Outcome::Refused(_)));
    let body = html! {
        (crumbs(view, &[("/requests", w.requests)], i.title))
        div.head {
            h1 { (view.count(&i.entered, entered)) }
            p.lead {
                @if there > 0 { (view.count(&i.there, there)) " " }
                @if refused > 0 { (view.count(&i.refused, refused)) " " }
                (view.say(i.results_lead, &[]))
            }
        }
        @if let Some((problem, left)) = &outcomes.stopped {
            div.note.is-bad role="alert" {
                p { b { (view.count(&i.stopped, *left as u64)) } }
                p { ((w.problem)(problem.code()).0) ": " (details::said(view.lang, problem.detail())) }
                p { (view.say(i.give_again, &[])) }
            }
        }
        section aria-labelledby="i-lines" {
            h2 #i-lines { (i.by_line) }
            table.stack role="table" {
                caption { (i.names_nobody) }
                (heads(&[i.line, w.result]))
                tbody role="rowgroup" { @for (line, outcome) in &outcomes.lines {
                    tr role="row" {
                        th scope="row" role="rowheader" { (view.lang.number(*line)) }
                        (cell(w.result, &said(visitor, outcome)))
                    }
                } }
            }
        }
        div.actions { a.button.primary href="/requests" { (w.list_of_requests) } a href="/requests/import" { (i.further) } }
    };
    Sheet::new(i.title, Section::Requests, body)
}

/// What came of a line, without what stood there.
fn said(visitor: &Visitor<Requests>, outcome: &Outcome) -> Markup {
    let (view, w, i) = (&visitor.view, visitor.view.words(), import(visitor.view.lang));
    let refused = |what: &str, why: Option<&str>| {
        html! { span.st.is-bad { (what) } @if let Some(why) = why { small { (details::said(view.lang, why)) } } }
    };
    match outcome {
        Outcome::Entered(request) => html! {
            span.st.is-done.quiet { (i.entered_as) } " " a href=(request_path(request)) { (request.number) }
        },
        Outcome::There { path, name } => html! { span.st.is-wait { (i.was_there) } " " a href=(path) { (name) } },
        Outcome::Bad(BadLine::Length { is, should }) => {
            let (is, should) = (view.lang.number(*is as u64), view.lang.number(*should as u64));
            refused(&view.say(i.bad_length, &[("is", &is), ("should", &should)]), None)
        }
        Outcome::Bad(BadLine::NotText) => refused(&view.say(i.bad_text, &[]), None),
        Outcome::Bad(BadLine::Cell { column, why }) => bad_cell(view, column, &cell_should(view, column, why)),
        Outcome::Refused(error) => match error {
            OperationError::Input(why) => match (column_of(w, why), Wrong::of(view, why)) {
                (Some((column, Some(sentence))), _) => bad_cell(view, &column, &html! { (view.say(sentence, &[])) }),
                (Some((column, None)), _) => bad_cell(view, &column, &details::said(view.lang, &not_entered(error))),
                (None, Some(Wrong { text, .. })) => refused(&text, None),
                (None, None) => refused(w.not_entered, Some(not_entered(error).as_str())),
            },
            // Nothing else of a new request is in conflict.
            OperationError::Conflict(_) => refused(i.number_taken, None),
            error => refused(w.not_entered, Some(not_entered(error).as_str())),
        },
    }
}

/// That a column is wrong, and what should stand there.
fn bad_cell(view: &View, column: &str, should: &Markup) -> Markup {
    let what = view.say(import(view.lang).bad_cell, &[("column", column)]);
    html! { span.st.is-bad { (what) } small { (should) } }
}

/// What should stand in a column, by its name.
fn cell_should(view: &View, column: &str, why: &str) -> Markup {
    let (w, i) = (view.words(), import(view.lang));
    let one_of = |words: Vec<&str>| html! { (view.say(i.one_of, &[("words", &words.join(", "))])) };
    match column {
        "received" => html! { (view.say(w.day_wrong, &[])) },
        "number" => html! { (view.say(w.number_wrong, &[])) },
        "came" => one_of(Came::ALL.iter().map(|came| came.as_str()).collect()),
        "verified" => one_of(VERIFIED_BY.iter().map(|how| how.as_str()).collect()),
        _ => details::said(view.lang, why),
    }
}

/// Which column names what was not taken, and what is said of it; without a sentence of ours, what the operation says.
fn column_of(w: &'static Words, why: &InputError) -> Option<(String, Option<&'static str>)> {
    let (column, sentence) = match why {
        InputError::NotComparable(kind) | InputError::Empty(kind) => (kind.to_string(), Some(w.not_comparable)),
        InputError::RegionNeeded => ("phone".to_owned(), Some(w.phone_needs_country)),
        InputError::FutureDay { .. } => ("received".to_owned(), Some(w.day_in_future)),
        InputError::OwnNumber => ("number".to_owned(), Some(w.own_number)),
        InputError::UnknownInstallation { .. } => ("mluvii".to_owned(), None),
        InputError::UnknownTarget { .. } => ("targets".to_owned(), None),
        _ => return None,
    };
    Some((column, sentence))
}
