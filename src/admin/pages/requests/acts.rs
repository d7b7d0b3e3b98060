//! What somebody decides about a request. Each order is answered with the page to go on at, so that neither going back nor loading
//! again repeats it.

use std::str::FromStr;

use axum::extract::Path;
use axum::response::Response;
use jiff::civil::Date;

use super::named;
use crate::admin::caller::{Approve, Requests};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::request_path;
use crate::admin::pages::visitor::Visitor;
use crate::admin::problem::{Code, Problem};
use crate::operations::OperationError;
use crate::operations::requests::{self, Shown};

type Which = Path<(String, String)>;

/// A field that has to be chosen or written.
fn needed<T: FromStr>(fields: &Fields, name: &str) -> Result<T, Problem> {
    fields.text(name).parse().map_err(|_| Problem::new(Code::Input, format!("choose or write `{name}`")))
}

/// A day, or none where the field is empty.
fn day(fields: &Fields) -> Result<Option<Date>, Problem> {
    match fields.text("on") {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Problem::new(Code::Input, "the day is none of the calendar")),
    }
}

/// Where it goes on: at the request as it is now.
fn at(shown: Result<Shown, OperationError>) -> Result<String, Problem> {
    Ok(request_path(&shown?.request))
}

macro_rules! acts {
    ($($(#[$about:meta])* $name:ident by $needs:ident as |$on:ident, $which:ident, $fields:ident, $actor:ident| $act:expr;)+) => {
        $(
            $(#[$about])*
            pub(super) async fn $name(visitor: Visitor<$needs>, Path(which): Which, $fields: Fields) -> Response {
                let done = async {
                    let ($on, $which, $actor) = (&visitor.on, named(&visitor, &which)?, visitor.actor());
                    at($act.await)
                };
                visitor.view.done(done.await)
            }
        )+
    };
}

acts! {
    verify by Requests as |on, which, fields, actor|
        requests::verify(on, &which, needed(&fields, "how")?, day(&fields)?, &actor);
    ask by Requests as |on, which, fields, actor| requests::ask(on, &which, day(&fields)?, &actor);
    answered by Requests as |on, which, fields, actor| requests::answered(on, &which, day(&fields)?, &actor);
    extend by Requests as |on, which, fields, actor|
        requests::extend(on, &which, needed(&fields, "months")?, needed(&fields, "extend-because")?, &actor);
    reject by Requests as |on, which, fields, actor|
        requests::reject(on, &which, needed(&fields, "reject-because")?, &actor);
    close by Requests as |on, which, fields, actor| requests::close(on, &which, needed(&fields, "close-because")?, &actor);
    approve by Approve as |on, which, fields, actor| requests::approve(on, &which, fields.text("plan"), &actor);
}

/// A link is mailed that is to show whose it is.
pub(super) async fn send_link(visitor: Visitor<Requests>, Path(which): Which) -> Response {
    let done = async { at(requests::send_link(&visitor.on, &named(&visitor, &which)?, &visitor.actor()).await) };
    visitor.view.done(done.await)
}

/// The person wants nothing any more.
pub(super) async fn withdraw(visitor: Visitor<Requests>, Path(which): Which) -> Response {
    let done = async { at(requests::withdraw(&visitor.on, &named(&visitor, &which)?, &visitor.actor()).await) };
    visitor.view.done(done.await)
}

/// What was planned is done, and nothing else; it goes on at the erasure.
pub(super) async fn run(visitor: Visitor<Requests>, Path(which): Which, fields: Fields) -> Response {
    let done = async {
        let named = named(&visitor, &which)?;
        let ran = requests::run(&visitor.on, &named, fields.text("plan"), &visitor.actor()).await;
        let ran = ran.map_err(|error| visitor.told(error))?;
        Ok::<_, Problem>(format!("/erasures/{}", ran.erasure))
    };
    visitor.view.done(done.await)
}
