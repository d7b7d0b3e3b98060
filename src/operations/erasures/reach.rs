//! Which sessions a request reaches and what it does not reach, found by the code that the erasure itself uses.

use std::collections::BTreeSet;

use super::checked::Checked;
use crate::erasure::{MluviiSearch, Subject};
use crate::key_files::Keys;
use crate::mluvii::MluviiClient;
use crate::operations::{OperationError, Operations};
use crate::policy::Certainty;
use crate::subject::{Kind, SessionKey, TargetName};
use crate::worker::{OnUnread, Question, ResolveError, Resolver, ScopeResolution};

/// What a request reaches, and what it does not. Holds personal data in memory.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) found: ScopeResolution,
    pub(crate) not_reached: Vec<NotReached>,
}

/// Something that a request does not reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotReached {
    /// So many sessions that are only possibly meant, about which nobody has decided.
    PossibleSessions(usize),
    /// So many sessions of theirs that the request excludes: certain ones, and possible ones that are needed.
    ExcludedSessions(u32),
    /// So many sessions that mluvii does not show: nobody knows whose they are.
    UnreadSessions(u32),
    /// A session that the request includes and that was erased before: nothing of it is known to have come since.
    IncludedGone(SessionKey),
    /// Any session for certain: none of these sets of kinds is complete in what was given.
    CertainSessions { needed: Vec<BTreeSet<Kind>> },
    /// Sessions of which quietus never heard, as mluvii itself is not searched.
    UnheardSessions { accepted: bool },
    /// A session that goes and that nobody has ever read at mluvii: the receipt cannot say that it is gone.
    NeverRead(SessionKey),
    /// Targets for which nobody asked.
    Targets(Vec<TargetName>),
    /// What these targets know the person by, beside what is known: they could not say it, or not all of it.
    FurtherIdentifiers(Vec<TargetName>),
}

/// Asks the ledger, and mluvii where it is searched.
pub(in crate::operations) async fn find(
    on: &Operations,
    keys: &Keys,
    checked: &Checked,
    mluvii: &MluviiClient,
) -> Result<Reach, OperationError> {
    let installation = on.installation(checked.subject.installation())?;
    let resolver = Resolver {
        ledger: &*on.ledger,
        mluvii,
        person: &on.settings.person,
        fingerprinter: &on.fingerprinter(keys, &installation.name),
        departments: &installation.departments,
    };
    let question = Question {
        subject: &checked.subject,
        whom: checked.whom.clone(),
        selection: &checked.selection,
        targets: &checked.targets,
        on_unread: OnUnread::Tell,
    };
    let found = resolver.reach(question).await?;
    let not_reached = not_reached(on, checked, &found);
    Ok(Reach { found, not_reached })
}

/// What a request does not reach, as far as that can be known.
fn not_reached(on: &Operations, checked: &Checked, found: &ScopeResolution) -> Vec<NotReached> {
    let mut not = Vec::new();
    // About an excluded one somebody has decided: it is somebody else's, or counted as left below.
    let exclude = &checked.selection.exclude;
    let undecided = found
        .sessions
        .values()
        .filter(|session| session.certainty == Certainty::Possible && !session.goes && !exclude.contains(&session.key));
    let undecided = undecided.count();
    if undecided > 0 {
        not.push(NotReached::PossibleSessions(undecided));
    }
    if found.findings.excluded > 0 {
        not.push(NotReached::ExcludedSessions(found.findings.excluded));
    }
    if found.findings.unread > 0 {
        not.push(NotReached::UnreadSessions(found.findings.unread));
    }
    let include = checked.selection.include.iter();
    let gone = include.filter(|key| !found.sessions.contains_key(*key));
    not.extend(gone.map(|key| NotReached::IncludedGone(key.clone())));
    not.extend(certain_sessions(on, checked));
    match found.findings.search {
        MluviiSearch::Off => not.push(NotReached::UnheardSessions { accepted: false }),
        MluviiSearch::OffAccepted => not.push(NotReached::UnheardSessions { accepted: true }),
        MluviiSearch::NotNeeded | MluviiSearch::Done | MluviiSearch::IdentifiersOnly => {}
    }
    let never_read = found.sessions.values().filter(|session| session.goes && !session.read_before);
    not.extend(never_read.map(|session| NotReached::NeverRead(session.key.clone())));
    let others: Vec<_> =
        on.settings.targets.iter().filter(|target| !checked.targets.contains(target)).cloned().collect();
    if !others.is_empty() {
        not.push(NotReached::Targets(others));
    }
    not
}

/// Why no session can be certainly the person's: no set of `person.match` is complete in the request.
fn certain_sessions(on: &Operations, checked: &Checked) -> Option<NotReached> {
    if !matches!(checked.subject, Subject::Person { .. }) {
        return None;
    }
    let given: BTreeSet<&Kind> = checked.fingerprints.iter().map(|one| &one.kind).collect();
    let needed = &on.settings.person.r#match;
    let is_complete = needed.iter().any(|set| set.iter().all(|kind| given.contains(kind)));
    (!is_complete).then(|| NotReached::CertainSessions { needed: needed.clone() })
}

impl From<ResolveError> for OperationError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Ledger(error) => error.into(),
            ResolveError::Capsule(error) => Self::Ledger(error.into()),
            other @ (ResolveError::Mluvii(_) | ResolveError::Unread { .. }) => Self::Unavailable(other.into()),
        }
    }
}
