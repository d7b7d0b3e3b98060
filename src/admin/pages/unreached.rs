//! What a plan does not reach, in words.

use std::collections::BTreeSet;

use crate::admin::pages::parts::kind;
use crate::admin::pages::view::View;
use crate::operations::erasures::NotReached;
use crate::papers::InWords;
use crate::subject::{Kind, TargetName};

pub(super) fn sentence(view: &View, names: InWords<'_>, not: &NotReached) -> String {
    let w = view.words();
    let counted = |sentence: &str, count: u64| view.say(sentence, &[("n", &view.lang.number(count))]);
    let systems =
        |targets: &[TargetName]| targets.iter().map(|target| names.system(target)).collect::<Vec<_>>().join(", ");
    match not {
        NotReached::PossibleSessions(count) => counted(w.unreached_possible, *count as u64),
        NotReached::ExcludedSessions(count) => counted(w.unreached_excluded, u64::from(*count)),
        NotReached::UnreadSessions(count) => counted(w.unreached_unread, u64::from(*count)),
        NotReached::IncludedGone(session) => view.say(w.unreached_gone, &[("session", &session.to_string())]),
        NotReached::NeverRead(session) => view.say(w.unreached_never_read, &[("session", &session.to_string())]),
        NotReached::CertainSessions { needed } => view.say(w.unreached_certain, &[("kinds", &sets(view, needed))]),
        NotReached::UnheardSessions { accepted: false } => view.say(w.unreached_unheard, &[]),
        NotReached::UnheardSessions { accepted: true } => view.say(w.unreached_unheard_accepted, &[]),
        NotReached::Targets(targets) => view.say(w.unreached_targets, &[("targets", &systems(targets))]),
        NotReached::FurtherIdentifiers(targets) => view.say(w.unreached_further, &[("targets", &systems(targets))]),
    }
}

/// Kinds that are needed together, or others in their place.
fn sets(view: &View, needed: &[BTreeSet<Kind>]) -> String {
    let set = |set: &BTreeSet<Kind>| set.iter().map(|one| kind(view, one)).collect::<Vec<_>>().join(" + ");
    needed.iter().map(set).collect::<Vec<_>>().join(" / ")
}
