//! A new account.

use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::form::{OF_ACCOUNT, Typed, gives, name, shown_as};
use crate::access::Role;
use crate::admin::caller::Accounts;
use crate::admin::pages::parts::crumbs;
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Wrong};

pub(super) async fn ask(visitor: Visitor<Accounts>) -> Response {
    let may = visitor.sees_all();
    visitor.view.answer(may.map(|()| sheet(&visitor, &Typed::default(), &[], StatusCode::OK)))
}

/// The form, as it was filled in.
pub(super) fn sheet(visitor: &Visitor<Accounts>, typed: &Typed, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let body = html! {
        (crumbs(view, &[("/accounts", w.accounts)], w.giving.new_account))
        div.head { h1 { (w.giving.new_account) } p.lead { (view.say(w.giving.new_lead, &[])) } }
        (whom::errors(w.giving.not_done, wrong))
        form.page method="post" action="/accounts/orders" autocomplete="off" {
            input type="hidden" name="act" value="add";
            (name(view, wrong, &typed.name))
            (shown_as(view, wrong, &typed.shown_as))
            (gives(visitor, wrong, OF_ACCOUNT, typed, &Role::ALL))
            div.actions { button.primary { (w.giving.new_account) } }
        }
    };
    let title = whom::titled(view, w.giving.new_account, wrong);
    Sheet { status, ..Sheet::new(title, Section::Accounts, body) }
}
