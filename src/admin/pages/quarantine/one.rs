//! One delivery in quarantine: what is known of it, replaying it, and dropping it for good.

use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::written;
use crate::admin::caller::Operate;
use crate::admin::ending::to_its_end;
use crate::admin::pages::came;
use crate::admin::pages::details;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{MustChoose, choices, crumbs};
use crate::admin::pages::view::{Section, Sheet, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{Wrong, errors, field, must_be_sure, sure, titled};
use crate::admin::pages::words::operating;
use crate::admin::problem::Problem;
use crate::ledger::{Cursor, DropReason, QuarantineRange, Stored};
use crate::operations::OperationError;
use crate::operations::quarantine::{self, Replayed, ReplayedMany, Shown};

/// A delivery, and its shape as far as it can be opened.
struct Known {
    stored: Stored,
    shape: Result<String, Problem>,
}

fn unknown() -> Problem {
    Problem::not_found("delivery of this number in quarantine")
}

/// Somebody else may have dropped it meanwhile.
fn told(error: OperationError) -> Problem {
    match error {
        OperationError::NotFound(_) => unknown(),
        other => other.into(),
    }
}

/// The delivery of a path, as far as the account may see its company.
async fn seen(visitor: &Visitor<Operate>, number: &str) -> Result<Stored, Problem> {
    let number: u64 = number.parse().map_err(|_| unknown())?;
    let page = quarantine::list(&visitor.on, &QuarantineRange::all(Cursor::Up(number), 1)).await?;
    let found = page.items.into_iter().next().filter(|stored| u64::try_from(stored.id.0) == Ok(number));
    found.filter(|stored| visitor.sees_source(&stored.source)).ok_or_else(unknown)
}

async fn known(visitor: &Visitor<Operate>, number: &str) -> Result<Known, Problem> {
    let stored = seen(visitor, number).await?;
    let shape = match quarantine::show(&visitor.on, stored.id, Shown::Shape, &visitor.actor()).await {
        Ok(delivery) => Ok(delivery.content),
        Err(error @ OperationError::NotFound(_)) => return Err(told(error)),
        // What was changed, or whose key is gone, can be dropped all the same.
        Err(error) => Err(Problem::from(error)),
    };
    Ok(Known { stored, shape })
}

pub(super) async fn show(visitor: Visitor<Operate>, Path(number): Path<String>, RawQuery(query): RawQuery) -> Response {
    let known = known(&visitor, &number).await;
    let fields = Fields::read(query.as_deref().unwrap_or_default());
    let came = fields.and_then(|fields| came::read(&visitor, &fields));
    let stays = came.is_some_and(|fields| fields.text("stays") == "1");
    let note = html! {
        @if stays {
            div.note.is-soon role="status" { p { (visitor.view.say(operating(visitor.view.lang).replay_stays, &[])) } }
        }
    };
    visitor.view.answer(known.map(|known| sheet(&visitor, &known, &note, None, &[], StatusCode::OK)))
}

fn sheet(
    visitor: &Visitor<Operate>,
    known: &Known,
    note: &Markup,
    why: Option<DropReason>,
    wrong: &[Wrong],
    status: StatusCode,
) -> Sheet {
    let (view, o) = (&visitor.view, operating(visitor.view.lang));
    let Known { stored, shape } = known;
    let number = stored.id.0.to_string();
    let title = view.say(o.delivery_of, &[("number", &number)]);
    let command = html! { span.mono { "quietus quarantine show " (number) " --reveal" } };
    let body = html! {
        (crumbs(view, &[("/quarantine", o.quarantine)], &number))
        div.head { h1 { (title) } }
        (note)
        (errors(o.not_dropped, wrong))
        dl.facts {
            dt { (o.source) } dd { (stored.source) }
            dt { (o.unread_because) } dd { (details::said(view.lang, &stored.reason)) }
            dt { (o.received) } dd { (view.time(stored.received)) }
            dt { (o.size) } dd { (view.count(&o.bytes, stored.sealed_bytes)) }
        }
        section aria-labelledby="q-shape" {
            h2 #q-shape { (o.shape_title) }
            @match shape {
                Ok(shape) => {
                    p.intro { (view.fill(o.shape_lead, &[("command", &command)])) }
                    pre tabindex="0" lang="en" { (shape) }
                }
                Err(problem) => div.note.is-bad { p { (view.say(o.shape_closed, &[])) } p { (details::said(view.lang, problem.detail())) } },
            }
        }
        @if shape.is_ok() {
            section aria-labelledby="q-replay" {
                h2 #q-replay { (o.do_replay) }
                p.intro { (view.say(o.replay_lead, &[])) }
                form method="post" action={ "/quarantine/" (number) "/replay" } { div.actions { button.primary { (o.do_replay) } } }
            }
        }
        section aria-labelledby="q-drop" {
            h2 #q-drop { (o.drop_title) }
            p.intro { (view.say(o.drop_lead, &[])) }
            (drop_form(visitor, &number, why, wrong))
        }
    };
    let title = titled(view, &title, wrong);
    Sheet { status, ..Sheet::new(title, Section::Quarantine, body) }
}

fn drop_form(visitor: &Visitor<Operate>, number: &str, why: Option<DropReason>, wrong: &[Wrong]) -> Markup {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let words = (DropReason::as_str as fn(DropReason) -> &'static str, o.drop_reason);
    html! {
        form.page method="post" action={ "/quarantine/" (number) "/drop" } autocomplete="off" {
            (field(view, wrong, "why", o.drop_why, None, |aria| {
                choices("why", &DropReason::ALL, words, why, Some(w.choose), MustChoose::Yes, aria)
            }))
            (sure(view, wrong, o.drop_confirm))
            div.actions { button.danger { (o.do_drop) } }
        }
    }
}

pub(super) async fn replay(visitor: Visitor<Operate>, Path(number): Path<String>) -> Response {
    let replayed = async {
        let id = seen(&visitor, &number).await?.id;
        let (on, actor) = (visitor.on.clone(), visitor.actor());
        // That it stays is what often comes of it, and no error.
        let replaying = async move {
            match quarantine::replay(&on, id, &actor).await {
                Ok(replayed) => Ok(Some(replayed)),
                Err(OperationError::Conflict(_)) => Ok(None),
                Err(error) => Err(told(error)),
            }
        };
        let none = ReplayedMany::default();
        let came = match to_its_end(replaying).await? {
            Some(Replayed::Recorded) => ReplayedMany { recorded: 1, ..none },
            Some(Replayed::Duplicate) => ReplayedMany { duplicate: 1, ..none },
            Some(Replayed::ForeignTenant | Replayed::Ignored) => ReplayedMany { ignored: 1, ..none },
            None => return Ok(format!("/quarantine/{number}?{}", came::written(&visitor, "stays=1"))),
        };
        Ok::<_, Problem>(format!("/quarantine?{}", came::written(&visitor, &written(&came))))
    };
    visitor.view.done(replayed.await)
}

pub(super) async fn drop(visitor: Visitor<Operate>, Path(number): Path<String>, fields: Fields) -> Response {
    let (view, o) = (&visitor.view, operating(visitor.view.lang));
    let stored = match seen(&visitor, &number).await {
        Ok(stored) => stored,
        Err(problem) => return view.problem(&problem),
    };
    let why = DropReason::ALL.into_iter().find(|why| why.as_str() == fields.text("why"));
    let mut wrong = Vec::new();
    if why.is_none() {
        wrong.push(Wrong { field: "why", text: view.say(o.drop_why_needed, &[]) });
    }
    wrong.extend(must_be_sure(view, &fields, o.drop_confirm_needed));
    if !wrong.is_empty() {
        // Only here it is shown again, which is one more look.
        let known = known(&visitor, &number).await;
        return view
            .answer(known.map(|known| sheet(&visitor, &known, &html! {}, why, &wrong, StatusCode::BAD_REQUEST)));
    }
    match quarantine::drop(&visitor.on, stored.id, why, &visitor.actor()).await {
        Ok(()) => see(&format!("/quarantine?{}", came::written(&visitor, "dropped=1"))),
        Err(error) => view.problem(&told(error)),
    }
}
