//! Choosing a password of one's own by the one-time password that one was given. Nobody has signed in yet.

use axum::http::StatusCode;
use maud::html;

use super::view::{Sheet, View};
use super::whom::{self, Wrong, password};

/// The form. `name` is the account's, as it was typed with its one-time password.
pub(super) fn form(view: &View, name: &str, next: &str, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let w = view.words();
    let body = html! {
        h1 { (w.giving.choose_title) }
        p { (view.say(w.giving.choose_lead, &[])) }
        (whom::errors(w.giving.no_password_chosen, wrong))
        form.page method="post" action="/sign-in/password" {
            input type="hidden" name="user" value=(name);
            input type="hidden" name="next" value=(next);
            (password(view, wrong, "given", w.giving.given_password, None, "current-password"))
            (password(view, wrong, "new", w.new_password, None, "new-password"))
            (password(view, wrong, "again", w.new_password_again, None, "new-password"))
            button.primary { (w.giving.do_choose) }
        }
    };
    let title = whom::titled(view, w.giving.choose_title, wrong);
    Sheet { title, section: None, body, status, every_s: None }
}
