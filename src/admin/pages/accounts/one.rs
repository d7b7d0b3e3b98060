//! One account: what it may, where it is signed in, its tokens, and what can be ordered of it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::form::{OF_ACCOUNT, OF_TOKEN, Typed, gives, of_token, shown_as};
use super::{companies, roles, state};
use crate::access::{AccountName, LoginSession, Role, Token};
use crate::admin::caller::SeeAccounts;
use crate::admin::pages::parts::{cell, crumbs, heads};
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Wrong};
use crate::admin::problem::Problem;
use crate::operations::accounts::{self, Shown};

/// Where an account is.
pub(super) fn path(name: &AccountName) -> String {
    format!("/accounts/{name}")
}

pub(super) async fn show(visitor: Visitor<SeeAccounts>, Path(name): Path<String>) -> Response {
    let shown = async {
        let name: AccountName = name.parse().map_err(|_| Problem::not_found("account of this name"))?;
        sheet(&visitor, &name, None, &[], StatusCode::OK).await
    };
    visitor.view.answer(shown.await)
}

/// The page of an account, with a form as it was filled in.
pub(super) async fn sheet<N>(
    visitor: &Visitor<N>,
    name: &AccountName,
    typed: Option<&Typed>,
    wrong: &[Wrong],
    status: StatusCode,
) -> Result<Sheet, Problem> {
    // Accounts are of all companies.
    visitor.sees_all()?;
    let (view, w) = (&visitor.view, visitor.view.words());
    let shown = accounts::show(&visitor.on, name).await?;
    let account = &shown.account;
    let is_own = *name == visitor.identity.account;
    let body = html! {
        (crumbs(view, &[("/accounts", w.accounts)], name.as_str()))
        div.head { h1 { (account.shown_as) } p.lead.mono { (name) } }
        (whom::errors(w.giving.not_done, wrong))
        dl.facts {
            dt { (w.state) } dd { (state(view, account)) }
            dt { (w.roles) } dd { (roles(view, &account.roles)) }
            dt { (w.companies_seen) } dd { (companies(view, &account.companies)) }
        }
        @if is_own { div.note.is-run { p { (view.say(w.giving.own_account, &[])) } } }
        (signed_in(view, &shown.sessions, name, is_own))
        (tokens(view, &shown.tokens, name))
        @if !is_own { (orders(visitor, &shown, typed, wrong)) }
    };
    let title = whom::titled(view, name.as_str(), wrong);
    Ok(Sheet { status, ..Sheet::new(title, Section::Accounts, body) })
}

/// A form that orders one thing of the account, which is confirmed on the next page.
fn order(name: &AccountName, act: &str, button: &Markup, more: &Markup) -> Markup {
    html! {
        form.page method="post" action="/accounts/orders" autocomplete="off" {
            input type="hidden" name="act" value=(act);
            input type="hidden" name="name" value=(name);
            (more)
            div.actions { (button) }
        }
    }
}

fn signed_in(view: &View, all: &[LoginSession], name: &AccountName, is_own: bool) -> Markup {
    let w = view.words();
    html! {
        section aria-labelledby="a-sessions" {
            h2 #a-sessions { (w.giving.signed_in) }
            @if all.is_empty() { p { (w.giving.no_sessions) } } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.signed_in_at, w.seen_last, w.ends_at]))
                    tbody role="rowgroup" { @for one in all {
                        tr role="row" {
                            th scope="row" role="rowheader" { (view.time(one.created)) }
                            (cell(w.seen_last, &view.time(one.seen)))
                            (cell(w.ends_at, &view.time(one.expires)))
                        }
                    } }
                }
                @if !is_own {
                    (order(name, "sign_out", &html! { button.danger { (w.giving.sign_out_title) } }, &html! {}))
                }
            }
        }
    }
}

fn tokens(view: &View, all: &[Token], name: &AccountName) -> Markup {
    let w = view.words();
    html! {
        section aria-labelledby="a-tokens" {
            h2 #a-tokens { (w.tokens) }
            @if all.is_empty() { p { (w.none_here) } } @else {
                table.stack role="table" {
                    caption { (w.giving.not_shown_again) }
                    thead role="rowgroup" { tr role="row" {
                        @for head in [w.token, w.token_for, w.roles, w.companies_seen, w.expires_at] {
                            th scope="col" role="columnheader" { (head) }
                        }
                        th.act scope="col" role="columnheader" { span.hidden { (w.next) } }
                    } }
                    tbody role="rowgroup" { @for one in all {
                        tr role="row" {
                            th scope="row" role="rowheader" { span.mono { (one.id) } }
                            (cell(w.token_for, &html! { (one.purpose) }))
                            (cell(w.roles, &html! { (roles(view, &one.roles)) }))
                            (cell(w.companies_seen, &html! { (companies(view, &one.companies)) }))
                            (cell(w.expires_at, &view.time(one.expires)))
                            td.act role="cell" {
                                form method="post" action="/accounts/orders" {
                                    input type="hidden" name="act" value="revoke";
                                    input type="hidden" name="name" value=(name);
                                    input type="hidden" name="id" value=(one.id);
                                    button.tight { (w.giving.revoke) span.hidden { " " (one.id) } }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn orders<N>(visitor: &Visitor<N>, shown: &Shown, typed: Option<&Typed>, wrong: &[Wrong]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let (account, name) = (&shown.account, &shown.account.name);
    let known = Typed::known(&account.roles, &account.companies, &account.shown_as);
    let of = |act: &str| typed.filter(|typed| typed.act == act).unwrap_or(&known);
    let (change, token) = (of("change"), of("token"));
    let own_roles: Vec<Role> = account.roles.iter().collect();
    let has_password = account.password_changed.is_some();
    html! {
        section aria-labelledby="a-password" {
            h2 #a-password { (w.giving.password_title) }
            p.intro { @if !has_password { (w.account_no_password) ". " } (view.say(w.giving.password_lead, &[])) }
            (order(name, "password", &html! { button { (w.giving.password_title) } }, &html! {}))
        }
        section aria-labelledby="a-change" {
            h2 #a-change { (w.giving.change_title) }
            p.intro { (view.say(w.giving.change_lead, &[])) }
            (order(name, "change", &html! { button { (w.giving.do_change) } }, &html! {
                (shown_as(view, wrong, &change.shown_as))
                (gives(visitor, wrong, OF_ACCOUNT, change, &Role::ALL))
            }))
        }
        @if account.disabled.is_none() {
            section aria-labelledby="a-token" {
                h2 #a-token { (w.giving.issue_title) }
                p.intro { (view.say(w.giving.issue_lead, &[])) }
                (order(name, "token", &html! { button { (w.giving.issue_title) } }, &html! {
                    (of_token(view, wrong, token))
                    (gives(visitor, wrong, OF_TOKEN, token, &own_roles))
                }))
            }
            section aria-labelledby="a-disable" {
                h2 #a-disable { (w.giving.disable_title) }
                p.intro { (view.say(w.giving.disable_lead, &[])) }
                (order(name, "disable", &html! { button.danger { (w.giving.disable_title) } }, &html! {}))
            }
        } @else {
            section aria-labelledby="a-enable" {
                h2 #a-enable { (w.giving.enable_title) }
                p.intro { (view.say(w.giving.enable_lead, &[])) }
                (order(name, "enable", &html! { button { (w.giving.enable_title) } }, &html! {}))
            }
        }
    }
}
