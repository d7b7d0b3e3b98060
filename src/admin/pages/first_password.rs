//! Choosing a password of one's own by the one-time password that one was given. Nobody has signed in yet.

use axum::http::StatusCode;
use maud::html;

use super::view::{Sheet, View};
use super::whom::{self, Wrong, field};

/// The form. `name` is the account's, as it was typed with its one-time password.
pub(super) fn form(view: &View, name: &str, next: &str, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let w = view.words();
    let one = |id: &'static str, label: &str, autocomplete: &str| {
        field(view, wrong, id, label, None, |aria| {
            html! {
                input id=(id) name=(id) type="password" autocomplete=(autocomplete) maxlength="1024" required
                    aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
            }
        })
    };
    let body = html! {
        h1 { (w.giving.choose_title) }
        p { (view.say(w.giving.choose_lead, &[])) }
        (whom::errors(w.giving.no_password_chosen, wrong))
        form.page method="post" action="/sign-in/password" {
            input type="hidden" name="user" value=(name);
            input type="hidden" name="next" value=(next);
            (one("given", w.giving.given_password, "current-password"))
            (one("new", w.new_password, "new-password"))
            (one("again", w.new_password_again, "new-password"))
            button.primary { (w.giving.do_choose) }
        }
    };
    let title = match wrong.is_empty() {
        true => w.giving.choose_title.to_owned(),
        false => format!("{} {}", w.error_in_title, w.giving.choose_title),
    };
    Sheet { title, section: None, body, status, every_s: None }
}
