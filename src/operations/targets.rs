//! The targets of the configuration, as they are called: how each is, and whether a person has paused it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{InputError, OperationError, Operations};
use crate::audit::Actor;
use crate::hold::CaseReference;
use crate::ledger::{NewPause, PauseReason, TargetPause, TargetState};
use crate::subject::{InstallationName, TargetName};

/// A target and what waits for it.
#[derive(Debug)]
pub(crate) struct ShownTarget {
    pub(crate) target: TargetName,
    pub(crate) paused: Option<TargetPause>,
    /// Whether it is out, because it failed.
    pub(crate) state: TargetState,
    /// Steps that wait for it, and those that need a person.
    pub(crate) waiting: u64,
    pub(crate) parked: u64,
    /// The companies for which it is not asked to erase, each with the law that keeps what it holds.
    pub(crate) retained: BTreeMap<InstallationName, String>,
    /// Whether these are all companies that it would be called for.
    pub(crate) is_exempt: bool,
}

/// All of the configuration, and those that are paused.
pub(crate) async fn list(on: &Operations) -> Result<Vec<ShownTarget>, OperationError> {
    let paused = on.ledger.paused_targets().await?;
    let health = on.ledger.targets().await?;
    let counts = on.ledger.counts().await?;
    let mut names = called(on);
    names.extend(paused.iter().map(|one| one.pause.target.clone()));
    let shown = |target: TargetName| {
        let state = health.iter().find(|one| one.target == target);
        let count = |counts: &std::collections::BTreeMap<String, u64>| counts.get(&*target.0).copied().unwrap_or(0);
        let (retained, is_exempt) = exemptions(on, &target);
        ShownTarget {
            paused: paused.iter().find(|one| one.pause.target == target).cloned(),
            state: state.map_or(TargetState::Closed, |one| one.state.clone()),
            waiting: count(&counts.waiting_steps),
            parked: count(&counts.parked_steps),
            retained,
            is_exempt,
            target,
        }
    };
    Ok(names.into_iter().map(shown).collect())
}

/// A pause as somebody asks for it.
pub(crate) struct PauseRequest {
    pub(crate) target: String,
    pub(crate) reason: PauseReason,
    pub(crate) case: Option<CaseReference>,
    pub(crate) until: Option<Timestamp>,
}

/// Has nobody call a target, on any server, until it is resumed; what is under way ends.
pub(crate) async fn pause(on: &Operations, request: PauseRequest, by: &Actor) -> Result<TargetName, OperationError> {
    let PauseRequest { target, reason, case, until } = request;
    if until.is_some_and(|until| until <= Timestamp::now()) {
        return Err(InputError::EndIsOver.into());
    }
    let target = named(on, &target).await?;
    on.ledger.pause_target(&NewPause { target: target.clone(), reason, case, until }, by).await?;
    Ok(target)
}

/// Has a target called again that is paused or out.
pub(crate) async fn resume(on: &Operations, target: &str, by: &Actor) -> Result<TargetName, OperationError> {
    let target = named(on, target).await?;
    let was_paused = on.ledger.unpause_target(&target, by).await?;
    let is_out = on.ledger.targets().await?.iter().any(|one| one.target == target);
    let was_out = is_out && on.ledger.resume_target(&target, by).await?;
    if was_paused || was_out {
        return Ok(target);
    }
    Err(OperationError::Conflict(format!("`{target}` is neither paused nor out")))
}

/// As they are called: mluvii at each company.
fn called(on: &Operations) -> BTreeSet<TargetName> {
    let installations = &on.settings.installations;
    let of = |target: &TargetName| -> Vec<TargetName> {
        installations.iter().map(|installation| target.called_for(&installation.name)).collect()
    };
    on.settings.targets.iter().flat_map(of).collect()
}

/// The companies for which a target is exempt by law, and whether these are all that would call it.
fn exemptions(on: &Operations, called: &TargetName) -> (BTreeMap<InstallationName, String>, bool) {
    let mut retained = BTreeMap::new();
    let mut is_exempt = true;
    for installation in &on.settings.installations {
        let names = on.settings.targets.iter();
        for target in names.filter(|target| target.called_for(&installation.name) == *called) {
            match on.settings.exemptions.of(&installation.name, target) {
                Some(law) => _ = retained.insert(installation.name.clone(), law.to_owned()),
                None => is_exempt = false,
            }
        }
    }
    let is_any = !retained.is_empty();
    (retained, is_exempt && is_any)
}

/// A target of the configuration, or one that is paused and no longer there.
async fn named(on: &Operations, name: &str) -> Result<TargetName, OperationError> {
    let mut known = called(on);
    known.extend(on.ledger.paused_targets().await?.into_iter().map(|one| one.pause.target));
    let found = known.iter().find(|target| *target.0 == *name).cloned();
    found.ok_or_else(|| {
        let known = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        InputError::UnknownTarget { name: name.to_owned(), known }.into()
    })
}
