//! Who has an account, and which tokens there are; and what operators order of them.

mod form;
mod new;
mod one;
mod ordering;
mod sealed;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use super::parts::{cell, heads};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use crate::access::{Account, Companies, Roles, Token};
use crate::admin::caller::SeeAccounts;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::operations::accounts;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/accounts", get(show))
        .route("/accounts/new", get(new::ask))
        .route("/accounts/orders", post(ordering::ask))
        .route("/accounts/orders/do", post(ordering::carry_out))
        .route("/accounts/orders/{sealed}", get(ordering::show))
        .route("/accounts/{name}", get(one::show))
}

async fn show(visitor: Visitor<SeeAccounts>) -> Response {
    let shown = async {
        // They are of all companies.
        visitor.sees_all()?;
        let all = accounts::list(&visitor.on).await?;
        let tokens = accounts::tokens(&visitor.on, None).await?;
        Ok::<_, Problem>(sheet(&visitor.view, &all, &tokens))
    };
    visitor.view.answer(shown.await)
}

fn roles(view: &View, roles: &Roles) -> String {
    roles.iter().map(|role| (view.words().role)(role)).collect::<Vec<_>>().join(", ")
}

fn companies(view: &View, companies: &Companies) -> String {
    match companies {
        Companies::All => view.words().all_companies.to_owned(),
        Companies::Only(these) => these.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Whether an account is used.
fn state(view: &View, one: &Account) -> Markup {
    let w = view.words();
    html! {
        @match (one.disabled, one.password_changed) {
            (Some(since), _) => { span.st.is-off { (w.account_disabled) } small { (view.since(since)) } }
            (None, None) => span.st.is-wait.quiet { (w.account_no_password) },
            (None, Some(_)) => span.st.is-done.quiet { (w.account_enabled) },
        }
    }
}

fn sheet(view: &View, all: &[Account], tokens: &[Token]) -> Sheet {
    let w = view.words();
    let account = |one: &Account| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { a href=(one::path(&one.name)) { (one.shown_as) } small.mono { (one.name) } }
                (cell(w.roles, &html! { (roles(view, &one.roles)) }))
                (cell(w.companies_seen, &html! { (companies(view, &one.companies)) }))
                (cell(w.state, &state(view, one)))
            }
        }
    };
    let body = html! {
        div.head {
            h1 { (w.accounts) } p.lead { (view.say(w.accounts_lead, &[])) }
            div.actions { a.button.primary href="/accounts/new" { (w.giving.new_account) } }
        }
        section aria-labelledby="a-accounts" {
            h2 #a-accounts { (view.count(&w.accounts_in_all, all.len() as u64)) }
            table.stack role="table" {
                caption.hidden { (w.accounts) }
                (heads(&[w.account, w.roles, w.companies_seen, w.state]))
                tbody role="rowgroup" { @for one in all { (account(one)) } }
            }
        }
        (of_tokens(view, tokens))
    };
    Sheet::new(w.accounts, Section::Accounts, body)
}

fn of_tokens(view: &View, tokens: &[Token]) -> Markup {
    let w = view.words();
    html! {
        section aria-labelledby="a-tokens" {
            h2 #a-tokens { (w.tokens) }
            @if tokens.is_empty() { p { (w.none_here) } } @else {
                table.stack role="table" {
                    caption.hidden { (w.tokens) }
                    (heads(&[w.token, w.token_for, w.roles, w.companies_seen, w.token_used, w.expires_at]))
                    tbody role="rowgroup" { @for one in tokens {
                        tr role="row" {
                            th scope="row" role="rowheader" { span.mono { (one.id) } small.mono { (one.account) } }
                            (cell(w.token_for, &html! { (one.purpose) }))
                            (cell(w.roles, &html! { (roles(view, &one.roles)) }))
                            (cell(w.companies_seen, &html! { (companies(view, &one.companies)) }))
                            (cell(w.token_used, &html! { @match one.last_used { Some(at) => (view.time(at)), None => (w.never) } }))
                            (cell(w.expires_at, &html! {
                                @if one.expires <= view.now { span.st.is-off { (view.time(one.expires)) } } @else { (view.time(one.expires)) }
                            }))
                        }
                    } }
                }
            }
        }
    }
}
