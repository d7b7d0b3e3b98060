//! What a form or a query says. Values can be a person's, so they are wiped, and none is shown again.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::view::Refusal;
use super::visitor::view_of;
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::keys::Secret;

/// The largest form: identifiers of one person, or a decision about each of some thousand sessions.
const BODY_BYTES_MAX: usize = 256 << 10;

const MEDIA: &[u8] = b"application/x-www-form-urlencoded";

/// Names and values, in their order.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, Secret)>);

impl Fields {
    /// Reads `a=1&b=2`; `None` where it is not UTF-8.
    pub(super) fn read(text: &str) -> Option<Self> {
        let decoded = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_decode_str(&spaced).decode_utf8().ok().map(|text| text.into_owned())
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, Secret::new(decoded(value)?)))
        };
        pairs.map(read).collect::<Option<_>>().map(Self)
    }

    /// Without the space around it; empty where it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.expose().trim())
    }

    /// As it was typed.
    pub(super) fn secret(&self, name: &str) -> Secret {
        self.all(name).next().cloned().unwrap_or_else(|| Secret::new(""))
    }

    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f Secret> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// Those whose names begin so, by what follows.
    pub(super) fn beginning<'f>(&'f self, start: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        let of = move |(name, value): &'f (String, Secret)| Some((name.strip_prefix(start)?, value.expose().trim()));
        self.0.iter().filter_map(of)
    }
}

impl FromRequest<Arc<Admin>> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, admin: &Arc<Admin>) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        match read(&parts, body, admin).await {
            Ok(fields) => Ok(fields),
            Err(problem) => Err(Refusal::of(view_of(&parts, admin).await.problem(&problem))),
        }
    }
}

async fn read(parts: &Parts, body: Body, admin: &Admin) -> Result<Fields, Problem> {
    let media = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let bare = media.split(|byte| *byte == b';').next().unwrap_or_default();
    if !bare.trim_ascii().eq_ignore_ascii_case(MEDIA) {
        return Err(Problem::new(Code::NotUnderstood, "the body is no form"));
    }
    let read = timeout(admin.body_read_max(), to_bytes(body, BODY_BYTES_MAX)).await;
    let read = read.map_err(|_| Problem::new(Code::TooSlow, "the form did not come in time"))?;
    let bytes = read.map_err(|_| Problem::new(Code::TooLarge, "the form is too large, or broke off"))?;
    let text = std::str::from_utf8(&bytes).ok();
    text.and_then(Fields::read).ok_or_else(|| Problem::new(Code::NotUnderstood, "the form is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_writes_it() {
        let read = Fields::read("name=+Ann+%C3%81+&a%5B1%5D=x&a%5B2%5D=&a%5B1%5D=y&empty&=z").expect("a form");
        assert_eq!((read.text("name"), read.secret("name").expose()), ("Ann Á", " Ann Á "));
        assert_eq!(read.beginning("a[").collect::<Vec<_>>(), [("1]", "x"), ("2]", ""), ("1]", "y")]);
        assert_eq!((read.text("empty"), read.text("nothing")), ("", ""));
        assert!(Fields::read("a=%FF").is_none() && Fields::read("").is_some());
    }
}
