//! All that the ledger has of a person at once: whoever looks asks once, and the audit has it as one search.

use super::person::note_search;
use super::{GivenIdentifiers, OperationError, Operations, consent, holds, receipts, requests};
use crate::audit::Actor;
use crate::hold::HeldBy;
use crate::operations::erasures::About;
use crate::subject::InstallationName;

/// What is known of a person. It names nobody.
#[derive(Debug)]
pub(crate) struct FoundPerson {
    pub(crate) requests: Vec<requests::Shown>,
    pub(crate) erasures: receipts::Found,
    pub(crate) consents: consent::Shown,
    pub(crate) holds: Vec<HeldBy>,
}

/// Finds a person's requests, erasures, consents and holds in one installation, or in all. The audit names the search before it is answered.
pub(crate) async fn find(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
    by: &Actor,
) -> Result<FoundPerson, OperationError> {
    let about = About::Person { installation: installation.cloned(), identifiers: identifiers.clone() };
    let found = FoundPerson {
        requests: requests::of_person(on, installation, identifiers).await?,
        erasures: receipts::of_person(on, installation, identifiers).await?,
        consents: consent::found(on, &about).await?,
        holds: holds::of_person(on, installation, identifiers).await?,
    };
    let all = found.requests.len() + found.erasures.erasures.len() + found.consents.consents.len() + found.holds.len();
    note_search(on, "all", installation, identifiers, all, by).await?;
    Ok(found)
}
