//! Finding a person's erasures. The identifiers are compared as keyed fingerprints, which erasures keep one by one
//! (`erasing.keep_fingerprints`); the ledger holds no values.

use crate::erasure::Erasure;
use crate::operations::person::{GivenIdentifiers, NamedPerson, of_all};
use crate::operations::{OperationError, Operations};
use crate::subject::InstallationName;

/// A person's erasures.
#[derive(Debug)]
pub(crate) struct Found {
    /// Of one installation after the other, the newest first.
    pub(crate) erasures: Vec<Erasure>,
    /// Whether erasures that have ended are among them: their fingerprints are kept.
    pub(crate) ended_are_found: bool,
}

/// Finds the erasures of a person in one installation, or in all. Values of one kind are alternatives; every kind that is
/// given has to agree.
pub(crate) async fn find(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
) -> Result<Found, OperationError> {
    let installations = match installation {
        Some(name) => std::slice::from_ref(on.installation(name)?),
        None => on.settings.installations.as_slice(),
    };
    let keys = on.keys().await?;
    let mut erasures = Vec::new();
    for installation in installations {
        // Each installation has a key of its own, so the same identifier has another fingerprint in each.
        let fingerprinter = on.fingerprinter(&keys, &installation.name);
        let person = NamedPerson::read(identifiers, &fingerprinter, on.settings.person.region)?;
        let mut found = Vec::new();
        for fingerprints in person.of_each_kind() {
            found.push(on.ledger.erasures_with(&fingerprints).await?);
        }
        erasures.extend(of_all(found, |erasure| erasure.id));
    }
    Ok(Found { erasures, ended_are_found: on.settings.keep_fingerprints })
}
