//! Acknowledging something, muting it for a time or for good, and wanting to be told of it again.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::html;

use super::{everything, names};
use crate::admin::caller::Operate;
use crate::admin::pages::days::{DayField, Within, day_field};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::needed;
use crate::admin::pages::parts::{MustChoose, crumbs};
use crate::admin::pages::view::{Section, Sheet, View, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{Wrong, errors};
use crate::admin::pages::words::muting;
use crate::admin::problem::{Code as ProblemCode, Problem};
use crate::attention::{Attention, Code, MuteEnd};
use crate::audit::Object;
use crate::operations::attention::{self, AttentionFilter};

/// Words of the form: until it changes, until the day that is given, and for good.
pub(super) const CHANGED: &str = "changed";
const AT: &str = "at";
const NEVER: &str = "never";

/// Where one goes on after it.
const MUTED: &str = "/attention?show=muted";

/// What a form or an address names.
fn named(fields: &Fields) -> Result<(Code, Object), Problem> {
    let unknown = || Problem::new(ProblemCode::NotUnderstood, "it is not said what is muted");
    let code: Code = fields.text("code").parse().map_err(|_| unknown())?;
    match fields.text("object") {
        "" => Err(unknown()),
        object => Ok((code, Object::written(object.to_owned()))),
    }
}

/// It as it is now, where it is still there.
async fn found(visitor: &Visitor<Operate>, fields: &Fields) -> Result<Attention, Problem> {
    let (code, object) = named(fields)?;
    let all = everything(visitor).await?;
    let found = all.into_iter().find(|found| found.code == code && found.object == object);
    found.ok_or_else(|| Problem::not_found("such thing that needs somebody now"))
}

pub(super) async fn ask(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    let asked = async {
        let unknown = || Problem::new(ProblemCode::NotUnderstood, "it is not said what is muted");
        let fields = Fields::read(query.as_deref().unwrap_or_default()).ok_or_else(unknown)?;
        let found = found(&visitor, &fields).await?;
        Ok::<_, Problem>(sheet(&visitor.view, &found, &[], StatusCode::OK))
    };
    visitor.view.answer(asked.await)
}

fn sheet(view: &View, found: &Attention, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (w, m) = (view.words(), muting(view.lang));
    let seen = html! { (names(found)) input type="hidden" name="seen" value=(found.digest()); };
    let body = html! {
        (crumbs(view, &[("/attention", m.title)], m.mute_title))
        div.head { h1 { (m.mute_title) } p.lead { (needed::what(view, found)) } p { (needed::act(view, found)) } }
        (errors(m.not_muted, wrong))
        section aria-labelledby="m-until" {
            h2 #m-until { (m.until_title) }
            p.intro { (view.say(m.until_lead, &[])) }
            form.page method="post" action="/attention/mute" autocomplete="off" {
                (seen)
                (day_field(view, wrong, &DayField {
                        id: "until",
                        name: "until",
                        label: m.until,
                        hint: Some(m.until_hint),
                        typed: None,
                        within: Within::FromToday,
                        must: MustChoose::Yes,
                    }))
                div.actions { button.primary name="end" value=(AT) { (m.do_mute_until) } }
            }
        }
        // What is urgent would be forgotten, and does harm for as long as it is there.
        @if found.may_be_muted(MuteEnd::Never).is_ok() {
            section aria-labelledby="m-never" {
                h2 #m-never { (m.for_good_title) }
                p.intro { (view.say(m.for_good_lead, &[])) }
                form method="post" action="/attention/mute" {
                    (seen)
                    div.actions { button.danger name="end" value=(NEVER) { (m.do_mute_for_good) } }
                }
            }
        }
    };
    let title =
        if wrong.is_empty() { m.mute_title.to_owned() } else { format!("{} {}", w.error_in_title, m.mute_title) };
    Sheet { status, ..Sheet::new(title, Section::Home, body) }
}

/// Mutes what was shown: where it is about something else by now, it is looked at again.
pub(super) async fn mute(visitor: Visitor<Operate>, fields: Fields) -> Response {
    match muted(&visitor, &fields).await {
        Ok(None) => see(MUTED),
        Ok(Some(again)) => visitor.view.page(&again),
        Err(problem) => visitor.view.problem(&problem),
    }
}

/// The form once more, where something in it is wrong.
async fn muted(visitor: &Visitor<Operate>, fields: &Fields) -> Result<Option<Sheet>, Problem> {
    let view = &visitor.view;
    let found = found(visitor, fields).await?;
    let end = match fields.text("end") {
        CHANGED => MuteEnd::Changed,
        NEVER => MuteEnd::Never,
        AT => {
            let day: Option<Date> = fields.text("until").parse().ok();
            let until = day.and_then(|day| view.end_of(day)).filter(|until| *until > Timestamp::now());
            let Some(until) = until else {
                let wrong = [Wrong { field: "until", text: view.say(muting(view.lang).until_wrong, &[]) }];
                return Ok(Some(sheet(view, &found, &wrong, StatusCode::BAD_REQUEST)));
            };
            MuteEnd::At(until)
        }
        _ => return Err(Problem::new(ProblemCode::NotUnderstood, "it is not said until when it is muted")),
    };
    let seen = fields.text("seen");
    if found.digest() != seen {
        let why = "it is about something else by now than what was shown: look at it again";
        return Err(Problem::new(ProblemCode::Conflict, why));
    }
    let filter = AttentionFilter {
        code: Some(found.code),
        object: Some(found.object),
        seen: Some(seen.to_owned()),
        ..AttentionFilter::default()
    };
    attention::mute(&visitor.on, &filter, end, &visitor.actor()).await?;
    Ok(None)
}

pub(super) async fn unmute(visitor: Visitor<Operate>, fields: Fields) -> Response {
    let done = async {
        visitor.sees_all()?;
        let (code, object) = named(&fields)?;
        let filter = AttentionFilter { code: Some(code), object: Some(object), ..AttentionFilter::default() };
        attention::unmute(&visitor.on, &filter, &visitor.actor()).await?;
        Ok::<_, Problem>("/attention?show=all".to_owned())
    };
    visitor.view.done(done.await)
}
