//! Holds: what stays for now, whoever demands that it goes.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::erasures::installation_of_person;
use super::person::{GivenIdentifiers, NamedPerson};
use super::{InputError, OperationError, Operations};
use crate::audit::Actor;
use crate::erasure::{Erasure, ErasureId};
use crate::hold::{CaseReference, HeldBy, HoldId, HoldOn, HoldReason, NewHold};
use crate::ledger::{Hold, HoldsListed, MaybeHeld};
use crate::subject::{GuestId, InstallationName, SessionKey};

/// Erasures that are shown of those that wait for a hold.
pub(crate) const WAITING_SHOWN: u32 = 100;

/// A hold as somebody asks for it. Holds personal data in memory.
pub(crate) struct HoldRequest {
    pub(crate) about: HoldAbout,
    pub(crate) reason: HoldReason,
    pub(crate) case: Option<CaseReference>,
    pub(crate) until: Option<Timestamp>,
}

/// What is to be kept. An installation may be named by one of its sources, and left out where there is one.
pub(crate) enum HoldAbout {
    Session(SessionKey),
    Guest { installation: InstallationName, guest: GuestId },
    Person { installation: Option<InstallationName>, identifiers: GivenIdentifiers },
    Rule { installation: Option<InstallationName>, rule: String },
}

/// A hold that was added.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) hold: NewHold,
    /// Erasures that it concerns and of which a target is being asked to erase just now, or has accepted to: what it erases is not
    /// kept.
    pub(crate) under_way: Vec<ErasureId>,
}

/// A hold, and what waits for it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) hold: Hold,
    /// No more than [`WAITING_SHOWN`].
    pub(crate) waiting: Vec<Erasure>,
}

/// Keeps something from being erased.
pub(crate) async fn add(on: &Operations, request: HoldRequest, by: &Actor) -> Result<Added, OperationError> {
    let HoldRequest { about, reason, case, until } = request;
    if until.is_some_and(|until| until <= Timestamp::now()) {
        return Err(InputError::EndIsOver.into());
    }
    let (installation, kept) = kept(on, about).await?;
    let hold = NewHold { id: HoldId::generate(), installation, on: kept, reason, case, until };
    let added = on.ledger.add_hold(&hold, by).await?;
    Ok(Added { hold, under_way: added.under_way })
}

async fn kept(on: &Operations, about: HoldAbout) -> Result<(InstallationName, HoldOn), OperationError> {
    Ok(match about {
        HoldAbout::Session(key) => {
            let key = on.session_key(&key)?;
            (key.installation, HoldOn::Session(key.session))
        }
        HoldAbout::Guest { installation, guest } => {
            let installation = on.installation(&installation)?.name.clone();
            let keys = on.keys().await?;
            let digest = on.fingerprinter(&keys, &installation).guest(&guest);
            (installation, HoldOn::Guest(digest))
        }
        HoldAbout::Person { installation, identifiers } => {
            let installation = installation_of_person(on, installation.as_ref())?;
            let keys = on.keys().await?;
            let fingerprinter = on.fingerprinter(&keys, &installation);
            let person = NamedPerson::read(&identifiers, &fingerprinter, on.settings.person.region)?;
            (installation, HoldOn::Person(person.fingerprints))
        }
        HoldAbout::Rule { installation, rule } => {
            let installation = installation_of_person(on, installation.as_ref())?;
            // A name that no rule has may be anything that somebody has typed, so it is not written.
            let known: BTreeSet<String> =
                on.ledger.rule_versions().await?.into_iter().map(|version| version.rule.name).collect();
            if !known.contains(&rule) {
                let known = known.into_iter().collect::<Vec<_>>().join(", ");
                return Err(OperationError::NotFound(format!(
                    "no server has worked by a rule of this name; by: {known}"
                )));
            }
            (installation, HoldOn::Rule(rule))
        }
    })
}

/// Ends a hold: what waited for it goes on.
pub(crate) async fn lift(on: &Operations, id: HoldId, by: &Actor) -> Result<(), OperationError> {
    if on.ledger.lift_hold(id, by).await? {
        return Ok(());
    }
    match on.ledger.hold(id).await? {
        Some(_) => Err(OperationError::Conflict(format!("the hold {id} has ended"))),
        None => Err(unknown(id)),
    }
}

/// The holds in force that concern a person in one installation, or in all, whoever else they concern.
pub(super) async fn of_person(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
) -> Result<Vec<HeldBy>, OperationError> {
    let installations = match installation {
        Some(name) => std::slice::from_ref(on.installation(name)?),
        None => on.settings.installations.as_slice(),
    };
    let keys = on.keys().await?;
    let mut found = Vec::new();
    for one in installations {
        let fingerprinter = on.fingerprinter(&keys, &one.name);
        let person = NamedPerson::read(identifiers, &fingerprinter, on.settings.person.region)?;
        let of = MaybeHeld {
            installation: one.name.clone(),
            session: None,
            guest: None,
            rules: Vec::new(),
            identifiers: person.fingerprints,
        };
        found.extend(on.ledger.holds_on(&of).await?);
    }
    Ok(found)
}

pub(crate) async fn list(on: &Operations, which: HoldsListed) -> Result<Vec<Hold>, OperationError> {
    Ok(on.ledger.holds(which).await?)
}

pub(crate) async fn show(on: &Operations, id: HoldId) -> Result<Shown, OperationError> {
    let hold = on.ledger.hold(id).await?.ok_or_else(|| unknown(id))?;
    let mut waiting = Vec::new();
    for erasure in on.ledger.erasures_on_hold(id, WAITING_SHOWN).await? {
        waiting.extend(on.ledger.erasure(erasure).await?);
    }
    Ok(Shown { hold, waiting })
}

fn unknown(id: HoldId) -> OperationError {
    OperationError::NotFound(format!("there is no hold {id}"))
}
