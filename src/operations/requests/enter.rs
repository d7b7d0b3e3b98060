//! Entering a request: who is meant is sealed, and kept as fingerprints.

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::person::{GivenIdentifiers, NamedPerson};
use super::{past_day, today};
use crate::audit::Actor;
use crate::ledger::{EnteredAs, LedgerError, NewRequest, sealing};
use crate::operations::erasures::{installation_of_person, named_targets};
use crate::operations::{InputError, OperationError, Operations};
use crate::request::{self, Came, Entered, RequestId, RequestNumber, VerifiedBy};
use crate::subject::{InstallationName, Whom};

/// A request as somebody enters it. Holds personal data in memory.
#[derive(Clone)]
pub(crate) struct Asked {
    /// May be left out where there is one.
    pub(crate) installation: Option<InstallationName>,
    /// The company's own number of the case.
    pub(crate) number: Option<RequestNumber>,
    pub(crate) came: Came,
    /// Today, when it is left out.
    pub(crate) received: Option<Date>,
    pub(crate) verified: Option<VerifiedBy>,
    /// The places to erase from; all when empty.
    pub(crate) targets: Vec<String>,
    pub(crate) identifiers: GivenIdentifiers,
    /// Whether it is entered although an open one is of the same person.
    pub(crate) anyway: bool,
}

/// Enters a request.
pub(crate) async fn enter(on: &Operations, asked: Asked, by: &Actor) -> Result<super::Shown, OperationError> {
    let now = Timestamp::now();
    let received = past_day(asked.received, today(on, now))?;
    if asked.number.as_ref().is_some_and(RequestNumber::is_own) {
        return Err(InputError::OwnNumber.into());
    }
    if asked.verified == Some(VerifiedBy::EmailLink) {
        return Err(InputError::LinkByOrder.into());
    }
    let mluvii = installation_of_person(on, asked.installation.as_ref())?;
    let targets = named_targets(on, &asked.targets)?;
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    let fingerprinter = on.fingerprinter(&keys, &mluvii);
    let NamedPerson { identifiers, fingerprints } =
        NamedPerson::read(&asked.identifiers, &fingerprinter, on.settings.person.region)?;
    if fingerprints.is_empty() {
        return Err(InputError::NoIdentifier.into());
    }
    let kinds = identifiers.0.iter().map(|one| one.kind.clone()).collect();
    let whom = Whom { identifiers, ..Whom::default() };
    let id = RequestId::generate(now);
    let entered = Entered {
        id,
        number: asked.number,
        mluvii,
        came: asked.came,
        received,
        verified: asked.verified,
        targets,
        kinds,
    };
    let add = || async {
        let capsule = request::seal(&whom, id, &seal);
        let new =
            NewRequest { entered: entered.clone(), fingerprints: fingerprints.clone(), capsule, anyway: asked.anyway };
        on.ledger.add_request(&new, by).await
    };
    let added: Result<EnteredAs, LedgerError> = sealing(&seal, add).await;
    match added? {
        EnteredAs::New(stored) => Ok(super::Shown::of(on, *stored, now)),
        EnteredAs::NumberTaken => {
            let number = entered.number.map(|number| number.to_string()).unwrap_or_default();
            let shown = request::shown(&entered.mluvii.0, &number);
            Err(OperationError::Conflict(format!("there is a request {shown} already")))
        }
        EnteredAs::Duplicate(number) => {
            let shown = request::shown(&entered.mluvii.0, number.as_str());
            Err(OperationError::Duplicate(shown))
        }
    }
}
