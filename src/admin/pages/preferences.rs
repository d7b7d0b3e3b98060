//! How somebody wants times shown: in which zone. The browser keeps it in a cookie, which names a zone and nobody.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::tz;
use maud::html;

use super::cookies::Cookies;
use super::fields::Fields;
use super::sign_in::with_cookie;
use super::view::{Section, Sheet, View, see};
use super::visitor::Visitor;
use super::whom::{Wrong, errors, field, titled};
use super::words::places;
use crate::admin::caller::Own;
use crate::admin::state::Admin;
use crate::deadline::Calendar;

/// The longest name of a zone, in bytes; those of the IANA have half as many.
const NAME_BYTES_MAX: usize = 64;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/preferences", get(ask).post(choose))
}

async fn ask(visitor: Visitor<Own>) -> Response {
    visitor.view.page(&form(&visitor.view, &[], StatusCode::OK))
}

fn form(view: &View, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (w, p) = (view.words(), places(view.lang));
    let mut names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    names.retain(|name| name.contains('/'));
    let chosen = view.zone().filter(|zone| *zone != view.default_zone());
    let body = html! {
        div.head {
            h1 { (p.reader_zone) }
            p.lead { (view.say(p.reader_zone_lead, &[("zone", view.default_zone())])) }
        }
        (errors(w.error_in_title, wrong))
        form.page method="post" action="/preferences" {
            (field(view, wrong, "zone", p.reader_zone, Some(p.reader_zone_hint), |aria| html! {
                input #zone name="zone" value=[chosen] maxlength=(NAME_BYTES_MAX) autocomplete="off" autocapitalize="none"
                    spellcheck="false" list="zones" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
            }))
            datalist #zones { @for name in &names { option value=(name) {} } }
            p.small.muted { (view.say(p.default_zone, &[("zone", view.default_zone())])) }
            div.actions { button.primary { (p.set_zone) } }
        }
    };
    let title = titled(view, p.reader_zone, wrong);
    Sheet { status, ..Sheet::new(title, Section::Own, body) }
}

async fn choose(State(admin): State<Arc<Admin>>, visitor: Visitor<Own>, fields: Fields) -> Response {
    let (view, cookies) = (&visitor.view, Cookies::of(&admin));
    let name = fields.text("zone");
    if name.is_empty() {
        return with_cookie(see("/preferences"), cookies.no_zone());
    }
    match known(name) {
        Some(zone) => with_cookie(see("/preferences"), cookies.zone(&zone)),
        None => {
            let wrong = Wrong { field: "zone", text: view.say(places(view.lang).zone_unknown, &[]) };
            view.page(&form(view, &[wrong], StatusCode::BAD_REQUEST))
        }
    }
}

/// The zone of this name, as the machine writes it.
fn known(name: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    if name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
        return None;
    }
    let zone = Calendar::of(name)?;
    Some(zone.zone().unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_one_that_is_known_and_nothing_that_ends_a_cookie() {
        assert_eq!(known("UTC").as_deref(), Some("UTC"));
        assert_eq!(known("Europe/Prague").as_deref(), Some("Europe/Prague"), "it is known without a database, too");
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for wrong in ["", "Mars/Olympus", "UTC; Max-Age=1", "../../etc/passwd", "Europe/Prague\r\nX: y", long.as_str()]
        {
            assert_eq!(known(wrong), None, "{wrong:?}");
        }
    }
}
