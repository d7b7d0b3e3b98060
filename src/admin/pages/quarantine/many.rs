//! Replaying what a list of the quarantine holds: asked for first, and then done.

use axum::extract::RawQuery;
use axum::response::Response;
use maud::html;

use super::{Chosen, sources, written};
use crate::admin::caller::Operate;
use crate::admin::ending::to_its_end;
use crate::admin::pages::came;
use crate::admin::pages::details;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::paging::no_such_list;
use crate::admin::pages::parts::crumbs;
use crate::admin::pages::view::{Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::operating;
use crate::admin::problem::Problem;
use crate::operations::quarantine;
use crate::subject::SourceName;

/// Deliveries that are read again at once: each takes some commits, and somebody waits.
const AT_ONCE: u32 = 100;

pub(super) async fn ask(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::read(query.as_deref().unwrap_or_default()).ok_or_else(no_such_list);
    let sheet = fields.and_then(|fields| Chosen::of(&fields)).map(|chosen| sheet(&visitor, &chosen));
    visitor.view.answer(sheet)
}

fn sheet(visitor: &Visitor<Operate>, chosen: &Chosen) -> Sheet {
    let (view, w, o) = (&visitor.view, visitor.view.words(), operating(visitor.view.lang));
    let source = chosen.source.as_ref().map(|source| source.0.to_string());
    let from = chosen.from.to_string();
    let body = html! {
        (crumbs(view, &[("/quarantine", o.quarantine)], o.replay_many_title))
        div.head { h1 { (o.replay_many_title) } p.lead { (view.say(o.replay_many_lead, &[("most", &AT_ONCE.to_string())])) } }
        dl.facts {
            dt { (o.source) } dd { (source.as_deref().unwrap_or(w.all_of_them)) }
            dt { (o.unread_because) }
            dd { @match &chosen.reason { Some(reason) => (details::said(view.lang, reason)), None => (w.all_of_them) } }
        }
        form method="post" action="/quarantine/replay" {
            @if let Some(source) = &source { input type="hidden" name="source" value=(source); }
            @if let Some(reason) = &chosen.reason { input type="hidden" name="reason" value=(reason); }
            input type="hidden" name="from" value=(from);
            div.actions { button.primary { (o.do_replay_many) } }
        }
    };
    Sheet::new(o.replay_many_title, Section::Quarantine, body)
}

pub(super) async fn replay(visitor: Visitor<Operate>, fields: Fields) -> Response {
    let chosen = match Chosen::of(&fields) {
        Ok(chosen) => chosen,
        Err(problem) => return visitor.view.problem(&problem),
    };
    let (range, actor) = (chosen.range(AT_ONCE), visitor.actor());
    let (on, is_of_all, seen) = (visitor.on.clone(), visitor.is_of_all(), sources(&visitor));
    let replaying = async move {
        // What comes from a source that is in the configuration no more is seen by who sees all.
        let may = move |source: &SourceName| is_of_all || seen.contains(source);
        quarantine::replay_many(&on, &range, may, &actor).await.map_err(Problem::from)
    };
    let came = to_its_end(replaying).await;
    visitor.view.done(came.map(|came| {
        let filter = chosen.query(None);
        let between = if filter.is_empty() { "" } else { "&" };
        format!("/quarantine?{filter}{between}{}", came::written(&visitor, &written(&came)))
    }))
}
