//! Finding a person's erasures. The identifiers are compared as keyed fingerprints, which erasures keep one by one
//! (`erasing.keep_fingerprints`); the ledger holds no values.

use std::collections::{BTreeMap, BTreeSet};

use crate::erasure::{Erasure, ErasureId};
use crate::keys::Fingerprint;
use crate::operations::person::{GivenIdentifiers, NamedPerson};
use crate::operations::{OperationError, Operations};
use crate::subject::{InstallationName, Kind};

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
        let mut wanted: BTreeMap<Kind, Vec<Fingerprint>> = BTreeMap::new();
        for one in person.fingerprints {
            wanted.entry(one.kind).or_default().push(one.fingerprint);
        }
        erasures.extend(with_all(on, &wanted).await?);
    }
    Ok(Found { erasures, ended_are_found: on.settings.keep_fingerprints })
}

/// The erasures that have an identifier of every kind that is wanted.
async fn with_all(on: &Operations, wanted: &BTreeMap<Kind, Vec<Fingerprint>>) -> Result<Vec<Erasure>, OperationError> {
    let mut agreeing: Option<Vec<Erasure>> = None;
    for fingerprints in wanted.values() {
        let with = on.ledger.erasures_with(fingerprints).await?;
        agreeing = Some(match agreeing {
            None => with,
            Some(before) => {
                let ids: BTreeSet<ErasureId> = with.iter().map(|erasure| erasure.id).collect();
                before.into_iter().filter(|erasure| ids.contains(&erasure.id)).collect()
            }
        });
    }
    // Without an identifier nobody is meant, and never everybody.
    Ok(agreeing.unwrap_or_default())
}
