//! Requests as they are shown: with where they stand, and how many days are left.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::super::person::{GivenIdentifiers, NamedPerson};
use super::{Named, one};
use crate::erasure::confirmation::ShownLink;
use crate::keys::Fingerprint;
use crate::ledger::{Cursor, Page, RequestFilter, StoredRequest, shown_request};
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
    /// The newest link that is to show whose it is, as long as that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<ShownLink>,
    #[serde(flatten)]
    pub(crate) request: Request,
}

impl Shown {
    pub(super) fn of(on: &Operations, stored: StoredRequest, now: Timestamp) -> Self {
        let request = stored.request;
        let days_left = request.days_left(&on.settings.limits.calendar, now);
        Self { state: request.state(), due: request.due(), days_left, link: None, request }
    }

    /// The same with its link.
    pub(super) async fn with_link(
        on: &Operations,
        stored: StoredRequest,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        let mut shown = Self::all(on, vec![stored], now).await?;
        Ok(shown.remove(0))
    }

    /// Each with its link.
    async fn all(on: &Operations, stored: Vec<StoredRequest>, now: Timestamp) -> Result<Vec<Self>, OperationError> {
        let mut all: Vec<_> = stored.into_iter().map(|stored| Self::of(on, stored, now)).collect();
        let waits = |shown: &&mut Self| matches!(shown.state, RequestState::Unverified | RequestState::Asked);
        let ids: Vec<_> = all.iter_mut().filter(waits).map(|shown| shown.request.id).collect();
        if ids.is_empty() {
            return Ok(all);
        }
        let mut links = on.ledger.links_of_requests(&ids).await?;
        for shown in all.iter_mut().filter(waits) {
            shown.link = links.remove(&shown.request.id).map(ShownLink::from);
        }
        Ok(all)
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
    Ok(Page { items: Shown::all(on, items, Timestamp::now()).await?, next })
}

/// Shows one.
pub(crate) async fn show(on: &Operations, named: &Named) -> Result<Shown, OperationError> {
    Shown::with_link(on, one(on, named).await?, Timestamp::now()).await
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
        found.extend(Shown::all(on, stored, now).await?);
    }
    Ok(found)
}
