//! Taking up again what could not be decided on, and calling mluvii again, which is needed for that.

use axum::response::Response;
use maud::html;

use crate::admin::caller::Operate;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::crumbs;
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::muting;
use crate::admin::problem::{Code, Problem};
use crate::operations::erasures::{self, UndecidedRetried};

/// The word by which the form says that it means all of it.
pub(super) const UNDECIDED: &str = "undecided";

pub(super) async fn retry(visitor: Visitor<Operate>, fields: Fields) -> Response {
    visitor.view.answer(retried(&visitor, &fields).await)
}

/// It is of all companies.
async fn retried(visitor: &Visitor<Operate>, fields: &Fields) -> Result<Sheet, Problem> {
    visitor.sees_all()?;
    if fields.text("what") != UNDECIDED {
        return Err(Problem::new(Code::NotUnderstood, "it is not said what is retried"));
    }
    let UndecidedRetried { mluvii_resumed, work } = erasures::retry_undecided(&visitor.on, &visitor.actor()).await?;
    let (view, m) = (&visitor.view, muting(visitor.view.lang));
    let title = view.count(&m.retried, work);
    let body = html! {
        (crumbs(view, &[("/attention", m.title)], m.do_retry))
        div.head {
            h1 { (title) }
            p.lead { (view.say(m.retried_lead, &[])) }
            @if mluvii_resumed { p { (view.say(m.mluvii_again, &[])) } }
        }
        div.actions { a.button.primary href="/attention" { (m.title) } }
    };
    Ok(Sheet::new(title, Section::Home, body))
}
