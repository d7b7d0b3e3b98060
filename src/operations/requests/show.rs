//! Requests as they are shown: with where they stand, and how many days are left.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::super::person::{GivenIdentifiers, NamedPerson};
use super::{Named, one};
use crate::keys::Fingerprint;
use crate::ledger::{Cursor, Page, RequestFilter, StoredRequest, shown_request};
use crate::operations::recheck::{self, Rechecks};
use crate::operations::{OperationError, Operations};
use crate::request::{Request, RequestState};
use crate::subject::InstallationName;

/// A request as it is shown. Free of personal data.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) state: RequestState,
    /// Its last day; nothing while it does not run.
    pub(crate) due: Option<Date>,
    /// Less than none where it is late; nothing while it does not run, and once it has ended.
    pub(crate) days_left: Option<i32>,
    #[serde(flatten)]
    pub(crate) request: Request,
    /// Where one is shown.
    #[serde(skip_serializing_if = "Rechecks::is_empty")]
    pub(crate) rechecks: Rechecks,
}

impl Shown {
    pub(super) fn of(on: &Operations, stored: StoredRequest, now: Timestamp) -> Self {
        let request = stored.request;
        let days_left = request.days_left(&on.settings.limits.calendar, now);
        let rechecks = Rechecks::default();
        Self { state: request.state(), due: request.due(), days_left, request, rechecks }
    }

    /// As people know it.
    pub(crate) fn name(&self) -> String {
        shown_request(&self.request.mluvii.0, self.request.number.as_str())
    }
}

/// Lists requests, the newest first. The filter may name an installation by its source.
pub(crate) async fn list(on: &Operations, mut filter: RequestFilter) -> Result<Page<Shown, Cursor>, OperationError> {
    if let Some(installation) = &mut filter.installation {
        *installation = on.installation(installation)?.name.clone();
    }
    let Page { items, next } = on.ledger.requests(&filter).await?;
    let now = Timestamp::now();
    Ok(Page { items: items.into_iter().map(|stored| Shown::of(on, stored, now)).collect(), next })
}

/// Shows one, with what was looked at again after its receipts.
pub(crate) async fn show(on: &Operations, named: &Named) -> Result<Shown, OperationError> {
    let mut shown = Shown::of(on, one(on, named).await?, Timestamp::now());
    let mut erasures = Vec::new();
    for id in &shown.request.erasures {
        erasures.extend(on.ledger.erasure(*id).await?);
    }
    for mut some in recheck::of(on, &erasures.iter().collect::<Vec<_>>()).await? {
        shown.rechecks.looked.append(&mut some.looked);
        shown.rechecks.to_come.append(&mut some.to_come);
    }
    Ok(shown)
}

/// Finds the requests of a person in one installation, or in all. Values of one kind are alternatives; every kind that is given has to
/// agree. Ended ones are found as long as their fingerprints are kept; those are carried over whenever the index key is replaced.
pub(crate) async fn find(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
) -> Result<Vec<Shown>, OperationError> {
    let installations = match installation {
        Some(name) => std::slice::from_ref(on.installation(name)?),
        None => on.settings.installations.as_slice(),
    };
    let keys = on.keys().await?;
    let now = Timestamp::now();
    let mut found = Vec::new();
    for installation in installations {
        let fingerprinter = on.fingerprinter(&keys, &installation.name);
        let person = NamedPerson::read(identifiers, &fingerprinter, on.settings.person.region)?;
        let with = async |fingerprints: &[Fingerprint]| on.ledger.requests_with(fingerprints).await;
        let stored = person.found_by_all(with, |stored| stored.sequence).await?;
        found.extend(stored.into_iter().map(|stored| Shown::of(on, stored, now)));
    }
    Ok(found)
}
