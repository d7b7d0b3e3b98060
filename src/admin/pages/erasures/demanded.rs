//! What is approved of an erasure that waits for it, and why whoever looks does not.

use maud::{Markup, html};

use crate::access::Permission;
use crate::admin::pages::parts::{cell, heads, kind};
use crate::admin::pages::view::View;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::approving;
use crate::admin::problem::Problem;
use crate::audit::NotApart;
use crate::erasure::{Erasure, ErasureState};
use crate::operations::erasures::{self, Demanded, ToApprove};
use crate::papers::InWords;

/// Why whoever looks does not approve an erasure that waits for it, or nobody can.
pub(super) async fn why_not<N>(visitor: &Visitor<N>, erasure: &Erasure) -> Result<Option<NotApart>, Problem> {
    if erasure.state != ErasureState::Requested {
        return Ok(None);
    }
    let why = erasures::why_not_by(&visitor.on, erasure, &visitor.actor()).await?;
    Ok(why.filter(|why| visitor.view.may(Permission::Approve) || why.stops_everybody()))
}

/// Why whoever looks does not approve it, and what there is to do.
pub(super) fn not_by(view: &View, why: &NotApart) -> Markup {
    let a = approving(view.lang);
    html! {
        @if why.stops_everybody() {
            div.note.is-soon {
                p { span.st.is-soon { (a.erasure_by_nobody) } }
                p { (view.not_apart(why)) }
                p { (view.say(a.erasure_way_out, &[])) }
            }
        } @else {
            div.note.is-run {
                p { span.st.is-wait { (a.erasure_by_somebody_else) } }
                p { (view.not_apart(why)) }
            }
        }
    }
}

/// What is approved: each demand by itself, and the version of all of them.
pub(super) fn demanded(view: &View, names: InWords<'_>, to_approve: &ToApprove) -> Markup {
    let (w, a) = (view.words(), approving(view.lang));
    let systems = |demand: &Demanded| demand.targets.iter().map(|one| names.system(one)).collect::<Vec<_>>().join(", ");
    let known_by = |demand: &Demanded| {
        let kinds: Vec<_> = demand.identifiers.iter().map(|one| kind(view, one)).collect();
        if kinds.is_empty() { "–".to_owned() } else { kinds.join(", ") }
    };
    html! {
        section aria-labelledby="h-demanded" {
            h2 #h-demanded { (a.demanded_title) }
            p.intro { (view.say(a.demanded_lead, &[])) }
            table.stack role="table" {
                caption.hidden { (a.demanded_title) }
                (heads(&[a.demanded_by_rule, w.systems, a.demanded_from, a.demanded_identifiers]))
                tbody role="rowgroup" { @for demand in &to_approve.demands {
                    tr role="row" {
                        th scope="row" role="rowheader" { (demand.rule) }
                        (cell(w.systems, &html! { (systems(demand)) }))
                        (cell(a.demanded_from, &view.time(demand.due)))
                        (cell(a.demanded_identifiers, &html! { (known_by(demand)) }))
                    }
                } }
            }
            p.small.muted { (view.fill(a.version, &[("version", &html! { span.hash { (to_approve.version) } })])) }
        }
    }
}
