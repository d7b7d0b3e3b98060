//! An order on an account, from the form until it is done: it is said what it comes to, whoever gives it shows their own password, and what
//! makes an officer or an approver is had done by another operator, who does the same.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::form::{self, Unread};
use super::sealed::{Asked, For};
use super::{companies, new, one, roles};
use crate::access::{Account, AccountName, Companies, Roles};
use crate::admin::caller::Accounts;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::crumbs;
use crate::admin::pages::sessions::Address;
use crate::admin::pages::sign_in::why_not;
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Wrong, password};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::operations::OperationError;
use crate::operations::accounts::{self, AccountOrder, Given};
use crate::subject::InstallationName;

/// Says what an order comes to, and asks for the own password.
pub(super) async fn ask(visitor: Visitor<Accounts>, fields: Fields) -> Response {
    let asked = async {
        visitor.sees_all()?;
        let order = match form::read(&visitor, &fields) {
            Ok(order) => order,
            Err(Unread::Unknown) => return Err(Problem::new(Code::Input, "the form names no account, or no act")),
            Err(Unread::Wrong(typed, wrong)) if typed.act == "add" => {
                return Ok(new::sheet(&visitor, &typed, &wrong, StatusCode::BAD_REQUEST));
            }
            Err(Unread::Wrong(typed, wrong)) => {
                let name: AccountName = typed.name.parse().map_err(|_| Problem::not_found("account of this name"))?;
                return one::sheet(&visitor, &name, Some(&*typed), &wrong, StatusCode::BAD_REQUEST).await;
            }
        };
        let own = &visitor.identity.account;
        accounts::must_be_let(&visitor.on, &order, own).await?;
        let was = accounts::ordered_on(&visitor.on, &order, own).await?;
        let asked = Asked::new((order, was), own.clone(), For::Oneself, visitor.view.now);
        confirm(&visitor, &asked, &asked.seal(&visitor.admin.passing), &[], StatusCode::OK).await
    };
    visitor.view.answer(asked.await)
}

/// The same for the other operator, who was sent the address.
pub(super) async fn show(visitor: Visitor<Accounts>, Path(sealed): Path<String>) -> Response {
    let shown = async {
        visitor.sees_all()?;
        match opened(&visitor, &sealed) {
            Some(asked) => {
                accounts::must_be_as_ordered(&visitor.on, &asked.order, &asked.was, &asked.by).await?;
                confirm(&visitor, &asked, &sealed, &[], StatusCode::OK).await
            }
            None => Ok(expired(&visitor.view)),
        }
    };
    visitor.view.answer(shown.await)
}

fn opened(visitor: &Visitor<Accounts>, sealed: &str) -> Option<Asked> {
    let asked = Asked::open(&visitor.admin.passing, sealed, visitor.view.now);
    asked.filter(|asked| asked.is_of(&visitor.identity.account))
}

/// Does it once whoever orders it has shown their own password.
pub(super) async fn carry_out(
    State(admin): State<Arc<Admin>>,
    visitor: Visitor<Accounts>,
    Address(from): Address,
    fields: Fields,
) -> Response {
    let done = async {
        visitor.sees_all()?;
        let (on, own, view) = (&visitor.on, &visitor.identity, &visitor.view);
        let sealed = fields.text("order");
        let Some(asked) = opened(&visitor, sealed) else { return Ok(expired(view)) };
        let shown = accounts::show_own_password(on, own, &fields.secret("password"), from, admin.sign_ins()).await?;
        if let Err(why) = shown {
            let (text, status) = why_not(view, why);
            return confirm(&visitor, &asked, sealed, &[Wrong { field: "password", text }], status).await;
        }
        let is_for_another = asked.is_for == For::Oneself && accounts::takes_two(on, &asked.order).await?;
        // Before it is used up: who may not have it done must not keep another one from it.
        if is_for_another {
            accounts::must_be_let(on, &asked.order, &own.account).await?;
        } else {
            accounts::must_be_done_by(on, &asked.order, own, &asked.by).await?;
        }
        accounts::must_be_as_ordered(on, &asked.order, &asked.was, &asked.by).await?;
        if !admin.spent.spend(asked.number(), asked.until(), view.now) {
            return Ok(expired(view));
        }
        // First used up and then done: sent twice at once, it is done once.
        let give_back = |error: OperationError| {
            if accounts::may_be_repeated(&error) {
                admin.spent.give_back(asked.number());
            }
            error
        };
        if is_for_another {
            accounts::note_asked(on, &asked.order, &visitor.actor()).await.map_err(give_back)?;
            let Asked { order, was, by, .. } = asked;
            let for_another = Asked::new((order, was), by, For::Another, view.now);
            return Ok(for_another_sheet(view, &for_another.seal(&admin.passing)));
        }
        let name = asked.order.account().clone();
        let given = accounts::carry_out(on, asked.order.clone(), &asked.was, own, &asked.by).await;
        Ok::<_, Problem>(done_sheet(view, &name, &given.map_err(give_back)?))
    };
    visitor.view.answer(done.await)
}

/// What an order comes to, and the field for the own password.
async fn confirm(
    visitor: &Visitor<Accounts>,
    asked: &Asked,
    sealed: &str,
    wrong: &[Wrong],
    status: StatusCode,
) -> Result<Sheet, Problem> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let takes_two = accounts::takes_two(&visitor.on, &asked.order).await?;
    let renews = accounts::renews_password(&visitor.on, &asked.order).await?;
    let name = asked.order.account();
    let stored = match &asked.order {
        AccountOrder::Change { .. } | AccountOrder::Password { .. } | AccountOrder::Enable { .. } => {
            Some(accounts::show(&visitor.on, name).await?.account)
        }
        _ => None,
    };
    let title = title(view, &asked.order);
    let by_another = asked.is_for == For::Another;
    let body = html! {
        (crumbs(view, &[("/accounts", w.accounts)], &title))
        div.head { h1 { (title) } p.lead { (view.say(lead(view, &asked.order), &[])) } }
        (whom::errors(w.giving.not_done, wrong))
        section aria-labelledby="o-what" {
            h2 #o-what { (w.giving.what_changes) }
            dl.facts {
                dt { (w.account) } dd { span.mono { (name) } }
                (what(view, &asked.order, stored.as_ref()))
            }
        }
        @if by_another {
            div.note.is-soon { p { (view.say(w.giving.asked_by, &[("who", asked.by.as_str())])) } }
        } @else if takes_two {
            div.note.is-run { p { (view.say(w.giving.take_two, &[])) } }
        }
        @if renews {
            div.note.is-soon { p { (view.say(w.giving.renews, &[])) } }
        }
        form.page method="post" action="/accounts/orders/do" {
            input type="hidden" name="order" value=(sealed);
            (password(view, wrong, "password", w.giving.own_password, Some(w.giving.own_password_lead), "current-password"))
            div.actions { button.primary { (w.giving.do_it) } a.button href="/accounts" { (w.giving.back) } }
        }
    };
    let title = whom::titled(view, &title, wrong);
    Ok(Sheet { status, ..Sheet::new(title, Section::Accounts, body) })
}

fn title(view: &View, order: &AccountOrder) -> String {
    let w = view.words();
    let sentence = match order {
        AccountOrder::Add { .. } => w.giving.order_add,
        AccountOrder::Change { .. } => w.giving.order_change,
        AccountOrder::Password { .. } => w.giving.order_password,
        AccountOrder::Enable { .. } => w.giving.order_enable,
        AccountOrder::Disable { .. } => w.giving.order_disable,
        AccountOrder::SignOut { .. } => w.giving.order_sign_out,
        AccountOrder::IssueToken { .. } => w.giving.order_issue,
        AccountOrder::RevokeToken { .. } => w.giving.order_revoke,
    };
    view.say(sentence, &[("name", order.account().as_str())])
}

fn lead(view: &View, order: &AccountOrder) -> &'static str {
    let w = view.words();
    match order {
        AccountOrder::Add { .. } => w.giving.new_lead,
        AccountOrder::Change { .. } => w.giving.change_lead,
        AccountOrder::Password { .. } => w.giving.password_lead,
        AccountOrder::Enable { .. } => w.giving.enable_lead,
        AccountOrder::Disable { .. } => w.giving.disable_lead,
        AccountOrder::SignOut { .. } => w.giving.sign_out_lead,
        AccountOrder::IssueToken { .. } => w.giving.issue_lead,
        AccountOrder::RevokeToken { .. } => w.giving.revoke_lead,
    }
}

/// What is given by it, and what of it is another than the account has.
fn what(view: &View, order: &AccountOrder, stored: Option<&Account>) -> Markup {
    let w = view.words();
    let gives = |given: &Roles, of: &Companies| {
        html! {
            dt { (w.roles) }
            dd { (roles(view, given)) (before(view, stored.filter(|had| had.roles != *given), |had| roles(view, &had.roles))) }
            dt { (w.companies_seen) }
            dd {
                (companies(view, of))
                (before(view, stored.filter(|had| had.companies != *of), |had| companies(view, &had.companies)))
            }
        }
    };
    let named = |of: &[InstallationName]| Companies::named(of.iter().cloned());
    html! {
        @match order {
            AccountOrder::Add { shown_as, roles, companies, .. } | AccountOrder::Change { shown_as, roles, companies, .. } => {
                dt { (w.giving.shown_as) }
                dd {
                    (shown_as)
                    (before(view, stored.filter(|had| had.shown_as != *shown_as), |had| had.shown_as.clone()))
                }
                (gives(roles, &named(companies)))
            }
            AccountOrder::IssueToken { roles, companies, purpose, days, .. } => {
                dt { (w.token_for) } dd { (purpose) }
                dt { (w.giving.days) } dd { (view.count(&w.giving.good_for_days, u64::from(*days))) }
                (gives(roles, &named(companies)))
            }
            AccountOrder::RevokeToken { id, .. } => { dt { (w.token) } dd { span.mono { (id) } } }
            // Whoever gets the password may all that the account may.
            AccountOrder::Password { .. } | AccountOrder::Enable { .. } => {
                @if let Some(stored) = stored { (gives(&stored.roles, &stored.companies)) }
            }
            AccountOrder::Disable { .. } | AccountOrder::SignOut { .. } => {}
        }
    }
}

/// What was there before, where that was another.
fn before(view: &View, had: Option<&Account>, shown: impl Fn(&Account) -> String) -> Markup {
    html! {
        @if let Some(had) = had {
            br;
            span.muted { (view.words().giving.until_now) " " (shown(had)) }
        }
    }
}

/// What is not, or no longer, theirs to confirm.
fn expired(view: &View) -> Sheet {
    let w = view.words();
    let body = html! {
        div.head { h1 { (w.giving.expired_title) } p.lead { (view.say(w.giving.expired, &[])) } }
        div.actions { a.button.primary href="/accounts" { (w.accounts) } }
    };
    Sheet { status: StatusCode::BAD_REQUEST, ..Sheet::new(w.giving.expired_title, Section::Accounts, body) }
}

/// The address that another operator is sent.
fn for_another_sheet(view: &View, sealed: &str) -> Sheet {
    let w = view.words();
    let path = format!("/accounts/orders/{sealed}");
    let whole = format!("{}{path}", view.server.as_deref().unwrap_or_default());
    let body = html! {
        div.head { h1 { (w.giving.ask_title) } p.lead { (view.say(w.giving.ask_lead, &[])) } }
        section aria-labelledby="o-link" {
            h2 #o-link { a href=(path) { (w.giving.ask_link) } }
            pre.whole tabindex="0" { code { (whole) } }
        }
        div.actions { a.button href="/accounts" { (w.giving.back) } }
    };
    Sheet::new(w.giving.ask_title, Section::Accounts, body)
}

/// That it is done. What was given is shown this once.
fn done_sheet(view: &View, name: &AccountName, given: &Given) -> Sheet {
    let w = view.words();
    let (title, label, lead, secret) = match given {
        Given::Nothing => (w.giving.done_title, "", w.giving.done_lead, None),
        Given::Password(password) => {
            (w.giving.given_title, w.giving.given_password, w.giving.given_lead, Some(password.expose()))
        }
        Given::Token(issued) => {
            (w.giving.given_title, w.giving.given_token, w.giving.not_shown_again, Some(issued.secret.expose()))
        }
    };
    let body = html! {
        (crumbs(view, &[("/accounts", w.accounts), (&one::path(name), name.as_str())], title))
        div.head { h1 { (title) } p.lead { (view.say(lead, &[])) } }
        @if let Some(secret) = secret {
            section aria-labelledby="o-given" {
                h2 #o-given { (label) }
                pre.whole tabindex="0" { code { (secret) } }
                p { span.st.is-soon { (view.say(w.giving.given_once, &[])) } }
            }
        }
        div.actions { a.button href=(one::path(name)) { (w.giving.to_account) } }
    };
    Sheet::new(title, Section::Accounts, body)
}
