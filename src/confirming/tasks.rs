//! The routes of links to tasks. A look changes nothing, whoever follows the link; the form gives the answer, once. Whoever has no link that is
//! good learns nothing but that.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest as _, Request, State};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use serde::Deserialize;
use tokio::time::timeout;
use tracing::error;

use super::page::Said as Told;
use super::state::{Pages, language, no_such_method, not_found};
use super::task_page::{self, Typed, Wrong};
use crate::causes::with_causes;
use crate::language::Lang;
use crate::operations::task_links::{self, Answered, LinkedTask, PATH};
use crate::operations::tasks::Said;
use crate::operations::{InputError, OperationError, Operations};

/// The largest form: a choice and a line.
const BODY_BYTES_MAX: usize = 16 << 10;

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/confirm/task/{token}", get(look).post(answer).fallback(other_method))
}

async fn look(State(pages): State<Arc<Pages>>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let Some(reader) = Reader::of(&pages, &parts) else { return not_found() };
    match linked(&pages, &reader, &parts).await {
        Ok(linked) => reader.asks(StatusCode::OK, &linked, &Typed::default(), &[]),
        Err(page) => *page,
    }
}

async fn answer(State(pages): State<Arc<Pages>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Some(reader) = Reader::of(&pages, &parts) else { return not_found() };
    // Before the form is waited for: of whoever has no link, nothing is read.
    let linked = match linked(&pages, &reader, &parts).await {
        Ok(linked) => linked,
        Err(page) => return *page,
    };
    let token = token(&parts).to_owned();
    let read_max = pages.of.server.current().body_read_max.0;
    let sent = read(parts, body, read_max).await.unwrap_or_default();
    let typed = Typed { said: Said::ALL.into_iter().find(|said| said.as_str() == sent.said), law: sent.law };
    // It is known already whether it waits.
    if !linked.task.held.is_empty() {
        return reader.asks(StatusCode::CONFLICT, &linked, &typed, &[]);
    }
    let (said, wrong) = (typed.said, typed.wrong(!sent.sure.is_empty()));
    let Some(said) = said.filter(|_| wrong.is_empty()) else {
        return reader.asks(StatusCode::BAD_REQUEST, &linked, &typed, &wrong);
    };
    let law = (said == Said::Retained).then_some(typed.law.as_str());
    match task_links::answer(&reader.on, &token, said, law).await {
        Ok(Answered::Done) => task_page::answered(reader.language, &reader.company),
        Ok(Answered::Held(linked)) => reader.asks(StatusCode::CONFLICT, &linked, &typed, &[]),
        Ok(Answered::NotValid) => task_page::not_valid(reader.language, &reader.company),
        Err(OperationError::Input(InputError::RetainedWithoutReason | InputError::ReasonTooLong)) => {
            reader.asks(StatusCode::BAD_REQUEST, &linked, &typed, &[Wrong::Law])
        }
        Err(failed) => reader.later(&failed),
    }
}

async fn other_method(State(pages): State<Arc<Pages>>) -> Response<Body> {
    if (pages.of.operations)().settings.links_base.is_some() { no_such_method() } else { not_found() }
}

/// What stands in the path, as it stands there.
fn token(parts: &Parts) -> &str {
    parts.uri.path().strip_prefix(PATH).unwrap_or_default()
}

/// The task behind the link, or the page that says why there is none.
async fn linked(pages: &Pages, reader: &Reader, parts: &Parts) -> Result<LinkedTask, Box<Response<Body>>> {
    let client = pages.enter(parts).map_err(|seconds| Box::new(reader.told(Told::Limited { seconds })))?;
    match task_links::look(&reader.on, token(parts)).await {
        Ok(Some(linked)) => Ok(linked),
        Ok(None) => {
            pages.failed(client);
            Err(Box::new(task_page::not_valid(reader.language, &reader.company)))
        }
        Err(failed) => Err(Box::new(reader.later(&failed))),
    }
}

/// What a form says, as it was sent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    said: String,
    law: String,
    sure: String,
}

/// `None` where it is no form, is too large or does not come.
async fn read(parts: Parts, body: Body, read_max: Duration) -> Option<Sent> {
    let bytes = timeout(read_max, to_bytes(body, BODY_BYTES_MAX)).await.ok()?.ok()?;
    let request = Request::from_parts(parts, Body::from(bytes));
    let Form(sent) = Form::<Sent>::from_request(request, &()).await.ok()?;
    Some(sent)
}

/// Whoever has come, and what they are answered by.
struct Reader {
    on: Arc<Operations>,
    language: Lang,
    /// Whose page it is.
    company: String,
}

impl Reader {
    /// `None` where there are no links.
    fn of(pages: &Pages, parts: &Parts) -> Option<Self> {
        let on = (pages.of.operations)();
        on.settings.links_base.as_ref()?;
        let settings = (pages.of.settings)();
        let language = language(&parts.headers, settings.as_ref());
        let company = settings.map(|settings| settings.company).or_else(|| on.settings.letterhead.controller.clone());
        Some(Self { on, language, company: company.unwrap_or_else(|| "quietus".to_owned()) })
    }

    fn told(&self, told: Told) -> Response<Body> {
        told.page(self.language, &self.company)
    }

    fn later(&self, failed: &OperationError) -> Response<Body> {
        // The token is not in it.
        error!(error = %with_causes(failed), "the page of a task could not be shown or answered; its link stays as it is");
        self.told(Told::Later)
    }

    /// What is to be done, and what became of it.
    fn asks(&self, status: StatusCode, linked: &LinkedTask, typed: &Typed, wrong: &[Wrong]) -> Response<Body> {
        task_page::asks(status, &self.on.settings, self.language, &self.company, linked, typed, wrong)
    }
}
