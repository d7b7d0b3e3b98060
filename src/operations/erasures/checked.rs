//! A request as it is given, and as it is understood: every name in it means something.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::erasure::{Selection, Subject};
use crate::key_files::Keys;
use crate::operations::person::{GivenIdentifiers, NamedPerson};
use crate::operations::{InputError, OperationError, Operations};
use crate::subject::{Fingerprinted, GuestId, InstallationName, Kind, SessionKey, TargetName, Whom};

/// An erasure as somebody asks for it. Holds personal data in memory.
pub(crate) struct Request {
    pub(crate) about: About,
    /// The places to erase from; all when empty.
    pub(crate) targets: Vec<String>,
    pub(crate) selection: Selection,
    /// How long to wait before it begins.
    pub(crate) after: Duration,
}

/// Whom a request is about. An installation may be named by one of its sources.
#[derive(Clone)]
pub(crate) enum About {
    Session(SessionKey),
    Guest {
        installation: InstallationName,
        guest: GuestId,
    },
    Person {
        /// May be left out where there is one.
        installation: Option<InstallationName>,
        identifiers: GivenIdentifiers,
    },
}

/// A request whose names all mean something. Holds personal data in memory.
pub(in crate::operations) struct Checked {
    pub(in crate::operations) subject: Subject,
    pub(in crate::operations) whom: Whom,
    /// Of the identifiers.
    pub(in crate::operations) fingerprints: Vec<Fingerprinted>,
    pub(in crate::operations) selection: Selection,
    pub(in crate::operations) targets: Vec<TargetName>,
}

impl Checked {
    pub(in crate::operations) fn read(on: &Operations, keys: &Keys, request: Request) -> Result<Self, OperationError> {
        let targets = named_targets(on, &request.targets)?;
        let mut checked = Self::about(on, keys, request.about)?;
        checked.selection = selection(on, request.selection, checked.subject.installation())?;
        checked.targets = targets;
        Ok(checked)
    }

    /// By what the erasure is found again, and held: nothing that is not proved.
    pub(in crate::operations) fn proved(&self) -> Vec<Fingerprinted> {
        let is_proved = |one: &&Fingerprinted| !self.whom.by_address_alone || one.kind == Kind::Email;
        self.fingerprints.iter().filter(is_proved).cloned().collect()
    }

    fn about(on: &Operations, keys: &Keys, about: About) -> Result<Self, OperationError> {
        let of = |subject, whom, fingerprints| Self {
            subject,
            whom,
            fingerprints,
            selection: Selection::default(),
            targets: Vec::new(),
        };
        match about {
            About::Session(key) => Ok(of(Subject::Session(on.session_key(&key)?), Whom::default(), Vec::new())),
            About::Guest { installation, guest } => {
                let installation = on.installation(&installation)?.name.clone();
                let digest = on.fingerprinter(keys, &installation).guest(&guest);
                let whom = Whom { guests: [guest].into(), ..Whom::default() };
                Ok(of(Subject::Guest { installation, digest }, whom, Vec::new()))
            }
            About::Person { installation, identifiers } => {
                let installation = installation_of_person(on, installation.as_ref())?;
                let fingerprinter = on.fingerprinter(keys, &installation);
                let NamedPerson { identifiers, fingerprints } =
                    NamedPerson::read(&identifiers, &fingerprinter, on.settings.person.region)?;
                let subject = Subject::Person { installation, digest: fingerprinter.person(&fingerprints) };
                Ok(of(subject, Whom { identifiers, ..Whom::default() }, fingerprints))
            }
        }
    }
}

/// A person's erasure never leaves one company's installation.
pub(in crate::operations) fn installation_of_person(
    on: &Operations,
    named: Option<&InstallationName>,
) -> Result<InstallationName, OperationError> {
    match (named, on.settings.installations.as_slice()) {
        (Some(name), _) => Ok(on.installation(name)?.name.clone()),
        (None, [only]) => Ok(only.name.clone()),
        (None, _) => Err(InputError::InstallationNeeded { known: on.settings.installation_names() }.into()),
    }
}

/// The targets that are asked for, all of which must exist.
pub(in crate::operations) fn named_targets(
    on: &Operations,
    named: &[String],
) -> Result<Vec<TargetName>, OperationError> {
    let all = &on.settings.targets;
    if named.is_empty() {
        return Ok(all.clone());
    }
    let mut targets = Vec::new();
    for name in named {
        let unknown = || {
            let known = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            InputError::UnknownTarget { name: name.clone(), known }
        };
        targets.push(all.iter().find(|target| *target.0 == **name).cloned().ok_or_else(unknown)?);
    }
    Ok(targets)
}

/// What is decided about single sessions, all of which must be of the erasure's installation.
fn selection(on: &Operations, given: Selection, within: &InstallationName) -> Result<Selection, OperationError> {
    let include = sessions(on, &given.include, within)?;
    let exclude = sessions(on, &given.exclude, within)?;
    if let Some(both) = include.intersection(&exclude).next() {
        return Err(InputError::IncludedAndExcluded(both.clone()).into());
    }
    let needed = sessions(on, &given.needed, within)?;
    let only = given.only.map(|only| sessions(on, &only, within)).transpose()?;
    let (include_possible, identifiers_only) = (given.include_possible, given.identifiers_only);
    Ok(Selection { include_possible, include, exclude, needed, only, identifiers_only })
}

fn sessions(
    on: &Operations,
    given: &BTreeSet<SessionKey>,
    within: &InstallationName,
) -> Result<BTreeSet<SessionKey>, OperationError> {
    let mut keys = BTreeSet::new();
    for key in given {
        let session = on.session_key(key)?;
        if session.installation != *within {
            return Err(InputError::OtherInstallation { session, within: within.clone() }.into());
        }
        keys.insert(session);
    }
    Ok(keys)
}
