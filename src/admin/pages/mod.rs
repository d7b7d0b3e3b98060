//! The pages for people: made on the server, whole without a script, in English and Czech. An adapter over `operations`, as the API beside
//! it is one; [`Visitor`](visitor::Visitor) is the one way to them.

mod accounts;
mod attention;
mod audit;
mod came;
mod consents;
mod cookies;
mod days;
mod details;
mod erasures;
mod explain;
mod fields;
mod filters;
mod first_password;
mod foretold;
mod holds;
mod home;
mod looks;
mod mluvii;
mod needed;
mod origin;
mod paging;
mod paper;
mod parts;
mod people;
mod pictures;
mod place;
mod preferences;
mod quarantine;
mod receipts;
mod refreshing;
mod requests;
mod rules;
mod sessions;
mod sign_in;
mod style;
mod sweeps;
mod targets;
mod tasks;
mod unreached;
mod view;
mod visitor;
mod whom;
mod why;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;

use self::view::View;
use self::visitor::view_of;
use super::problem::{Code, Problem};
use super::state::Admin;

/// Nothing but files of ours, and no frame around them.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages' routes.
pub(super) fn router(admin: &Arc<Admin>) -> Router<Arc<Admin>> {
    Router::new()
        .route("/", get(home::show))
        .route("/static/{name}", get(style::serve))
        .merge(sign_in::routes())
        .merge(sessions::routes())
        .merge(preferences::routes())
        .merge(attention::routes())
        .merge(requests::routes())
        .merge(erasures::routes())
        .merge(explain::routes())
        .merge(receipts::routes())
        .merge(holds::routes())
        .merge(people::routes())
        .merge(tasks::routes())
        .merge(rules::routes())
        .merge(consents::routes())
        .merge(accounts::routes())
        .merge(targets::routes())
        .merge(quarantine::routes())
        .merge(mluvii::routes())
        .merge(sweeps::routes())
        .route("/audit", get(audit::show))
        .layer(middleware::from_fn_with_state(Arc::clone(admin), guarded))
}

/// What was asked for and is not there, or not so. Who has sent it is looked up only where it comes from a page of ours.
pub(super) async fn refused(admin: &Arc<Admin>, request: Request, problem: Problem) -> Response {
    let is_ours = must_be_ours(admin, &request).is_ok();
    let (parts, _) = request.into_parts();
    let view = match is_ours {
        true => view_of(&parts, admin).await,
        false => View::of_stranger(&parts, admin, &admin.operations()),
    };
    let mut response = view.problem(&problem);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// Before any page looks at who asks: nothing that comes over a network in clear, by a name that is not ours, or from another's page.
async fn guarded(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    let why = must_be_ours(&admin, &request).err();
    if let Some(problem) = why {
        return refused(&admin, request, problem).await;
    }
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

fn must_be_ours(admin: &Admin, request: &Request) -> Result<(), Problem> {
    let behind_proxy = admin.behind_proxy();
    admin.must_be_private(request.headers(), request.extensions())?;
    if !behind_proxy && !origin::is_this_machine(request.headers()) {
        let what = "the request names another host than this machine: use http://localhost or http://127.0.0.1";
        return Err(Problem::new(Code::Forbidden, what));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && !origin::is_own(request.headers(), behind_proxy) {
        return Err(Problem::new(Code::Forbidden, "the form was sent by another page than one of quietus"));
    }
    Ok(())
}
