//! Finding consents: by a session's number, by a guest's id, or by a person's identifiers, which are compared as erasures compare them.

use serde::Serialize;

use crate::consent::Consent;
use crate::key_files::Keys;
use crate::keys::Fingerprint;
use crate::ledger::SessionView;
use crate::operations::erasures::About;
use crate::operations::person::NamedPerson;
use crate::operations::{OperationError, Operations, unknown_session};
use crate::policy::{Certainty, Comparison};
use crate::subject::{InstallationName, TenantId};

/// A session's consent, now and before. Nothing personal.
#[derive(Debug, Serialize)]
pub(crate) struct FoundConsent {
    pub(crate) session: String,
    /// How surely the session is the person's: `certain` or `possible`.
    pub(crate) meant: &'static str,
    /// By what.
    pub(crate) why: String,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) started: Option<jiff::Timestamp>,
    pub(crate) ended: Option<jiff::Timestamp>,
    pub(crate) erased: Option<jiff::Timestamp>,
    pub(crate) consent: Consent,
    /// The oldest first; without the present one.
    pub(crate) earlier: Vec<Consent>,
    /// Further ones, after the first of these, that are not kept.
    pub(crate) earlier_left_out: u32,
}

/// A session that is meant.
pub(super) struct Meant {
    pub(super) view: SessionView,
    pub(super) certainty: Certainty,
    pub(super) why: String,
}

/// Shows the consents of a session, a guest or a person; of a person in all installations, where none is named.
pub(crate) async fn show(on: &Operations, about: &About) -> Result<Vec<FoundConsent>, OperationError> {
    let keys = on.keys().await?;
    let mut found = Vec::new();
    for installation in installations(on, about)? {
        found.extend(meant(on, &keys, &installation, about).await?.into_iter().map(FoundConsent::of));
    }
    Ok(found)
}

/// Where it is looked.
fn installations(on: &Operations, about: &About) -> Result<Vec<InstallationName>, OperationError> {
    let named = match about {
        About::Session(key) => Some(&key.installation),
        About::Guest { installation, .. } => Some(installation),
        About::Person { installation, .. } => installation.as_ref(),
    };
    match named {
        Some(name) => Ok(vec![on.installation(name)?.name.clone()]),
        None => Ok(on.settings.installations.iter().map(|installation| installation.name.clone()).collect()),
    }
}

/// The sessions that are meant in one installation, in the order of their numbers.
pub(super) async fn meant(
    on: &Operations,
    keys: &Keys,
    installation: &InstallationName,
    about: &About,
) -> Result<Vec<Meant>, OperationError> {
    let certain = |why: &'static str| move |view| Meant { view, certainty: Certainty::Certain, why: why.to_owned() };
    let fingerprinter = on.fingerprinter(keys, installation);
    let mut meant: Vec<_> = match about {
        About::Session(key) => {
            let key = on.session_key(key)?;
            match on.ledger.session(&key).await? {
                Some(view) => vec![certain("named by its number")(view)],
                None => return Err(unknown_session(on, &key).await?),
            }
        }
        About::Guest { guest, .. } => {
            let views = on.ledger.sessions_of_guest(installation, fingerprinter.guest(guest)).await?;
            views.into_iter().map(certain("of the guest")).collect()
        }
        About::Person { identifiers, .. } => {
            let person = NamedPerson::read(identifiers, &fingerprinter, on.settings.person.region)?.fingerprints;
            let prints: Vec<Fingerprint> = person.iter().map(|one| one.fingerprint).collect();
            let views = on.ledger.sessions_with(installation, &prints).await?;
            let judged = views.into_iter().filter_map(|view| {
                let comparison = Comparison::of(&person, &view.fingerprints);
                let certainty = comparison.judge(&on.settings.person.r#match)?;
                Some(Meant { view, certainty, why: comparison.to_string() })
            });
            judged.collect()
        }
    };
    meant.sort_by_key(|one| one.view.record.session.session);
    Ok(meant)
}

impl FoundConsent {
    fn of(meant: Meant) -> Self {
        let Meant { view: SessionView { record, erased_at, .. }, certainty, why } = meant;
        Self {
            session: record.session.to_string(),
            meant: certainty.as_str(),
            why,
            tenant: record.tenant,
            started: record.started,
            ended: record.ended,
            erased: erased_at,
            consent: record.consent,
            earlier: record.earlier,
            earlier_left_out: record.earlier_left_out,
        }
    }
}
