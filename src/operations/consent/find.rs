//! Finding consents: by a session's number, by a guest's id, or by a person's identifiers, which are compared as erasures compare them.

use serde::Serialize;

use crate::audit::{Act, Actor};
use crate::consent::Consent;
use crate::key_files::Keys;
use crate::ledger::SessionView;
use crate::operations::erasures::About;
use crate::operations::looks::note_look;
use crate::operations::person::{GivenIdentifiers, NamedPerson};
use crate::operations::{OperationError, Operations, unknown_session};
use crate::policy::{Certainty, Comparison};
use crate::subject::{Fingerprinted, InstallationName, TenantId};
use crate::worker::{contradict_one_another, judge_guest};

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

/// The consents of a session, a guest or a person.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) consents: Vec<FoundConsent>,
    /// Whether those of sessions that were erased would be among them: of a person they are found by fingerprints that are kept.
    pub(crate) erased_are_found: bool,
}

/// Shows the consents of a session, a guest or a person; of a person in all installations, where none is named. The audit names each look
/// before it is answered.
pub(crate) async fn show(on: &Operations, about: &About, by: &Actor) -> Result<Shown, OperationError> {
    let shown = found(on, about).await?;
    note_look(on, Act::ViewConsent, "consents", about, shown.consents.len(), by).await?;
    Ok(shown)
}

/// The same, for a search that the audit names as a whole.
pub(in crate::operations) async fn found(on: &Operations, about: &About) -> Result<Shown, OperationError> {
    let keys = on.keys().await?;
    let mut consents = Vec::new();
    for installation in installations(on, about)? {
        let mut all = meant(on, &keys, &installation, about).await?;
        if let About::Person { identifiers, .. } = about {
            add_erased(on, &keys, &installation, identifiers, &mut all).await?;
        }
        consents.extend(all.into_iter().map(FoundConsent::of));
    }
    // All others are found by what they are named by.
    let erased_are_found = on.settings.keep_fingerprints || !matches!(about, About::Person { .. });
    Ok(Shown { consents, erased_are_found })
}

/// Adds a person's sessions that were erased, by the fingerprints that they carried before.
async fn add_erased(
    on: &Operations,
    keys: &Keys,
    installation: &InstallationName,
    identifiers: &GivenIdentifiers,
    all: &mut Vec<Meant>,
) -> Result<(), OperationError> {
    // What is left of them until they are deleted is not looked at.
    if !on.settings.keep_fingerprints {
        return Ok(());
    }
    let person = NamedPerson::read(identifiers, &on.fingerprinter(keys, installation), on.settings.person.region)?;
    for view in on.ledger.erased_sessions_with(installation, &person.fingerprints).await? {
        let Some(view) = until_erased(view) else { continue };
        let Some(erased) = of_person(on, &person.fingerprints, view) else { continue };
        let erased = Meant { why: format!("{}, before it was erased", erased.why), ..erased };
        match all.iter().position(|one| one.view.record.session == erased.view.record.session) {
            // Something has come to it since, which tells less.
            Some(known) if erased.certainty < all[known].certainty => all[known] = erased,
            Some(_) => {}
            None => all.push(erased),
        }
    }
    all.sort_by_key(|one| one.view.record.session.session);
    Ok(())
}

/// A session that was erased, with what was consented to in it until then: what has come since may be somebody else's. `None` where nothing
/// is left of that.
fn until_erased(mut view: SessionView) -> Option<SessionView> {
    let erased = view.erased_at?;
    let record = &mut view.record;
    let mut all = std::mem::take(&mut record.earlier);
    all.push(std::mem::take(&mut record.consent));
    all.retain(|consent| consent.since.is_none_or(|since| since <= erased));
    record.consent = all.pop()?;
    record.earlier = all;
    Some(view)
}

/// A session by what it carries; `None` where it is somebody else's, as far as is known.
fn of_person(on: &Operations, person: &[Fingerprinted], view: SessionView) -> Option<Meant> {
    let comparison = Comparison::of(person, &view.fingerprints);
    let certainty = comparison.judge(&on.settings.person.r#match)?;
    Some(Meant { view, certainty, why: comparison.to_string() })
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
    let fingerprinter = on.fingerprinter(keys, installation);
    let mut meant: Vec<_> = match about {
        About::Session(key) => {
            let key = on.session_key(key)?;
            match on.ledger.session(&key).await? {
                Some(view) => {
                    vec![Meant { view, certainty: Certainty::Certain, why: "named by its number".to_owned() }]
                }
                None => return Err(unknown_session(on, &key).await?),
            }
        }
        About::Guest { guest, .. } => {
            let guest = fingerprinter.guest(guest);
            let views = on.ledger.sessions_of_guest(installation, guest).await?;
            of_guest(views, on.ledger.is_shared_guest(installation, guest).await?)
        }
        About::Person { identifiers, .. } => {
            let person = NamedPerson::read(identifiers, &fingerprinter, on.settings.person.region)?.fingerprints;
            let views = on.ledger.sessions_with(installation, &person).await?;
            views.into_iter().filter_map(|view| of_person(on, &person, view)).collect()
        }
    };
    meant.sort_by_key(|one| one.view.record.session.session);
    Ok(meant)
}

/// Judges the sessions of a guest as an erasure does that nothing but the guest's id is known of: people who share a device share the id,
/// and whose session is whose is then for a person to say. `known_as_shared` is whether an erasure has found that.
fn of_guest(views: Vec<SessionView>, known_as_shared: bool) -> Vec<Meant> {
    let shared = known_as_shared || contradict_one_another(views.iter().map(|view| view.fingerprints.clone()));
    let judged = views.into_iter().map(|view| {
        let (certainty, why) = judge_guest(&Comparison::default(), shared, false, &view.fingerprints);
        Meant { view, certainty, why }
    });
    judged.collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Fingerprint;
    use crate::ledger::SessionChange;
    use crate::subject::{Kind, SessionId, SessionKey};

    #[test]
    fn what_has_come_to_an_erased_session_since_is_not_who_it_was_of() {
        let at = |second| jiff::Timestamp::from_second(second).expect("a time");
        let consent = |version: &str, second| Consent {
            version: Some(version.into()),
            since: Some(at(second)),
            ..Consent::default()
        };
        let versions = |view: SessionView| {
            let record = until_erased(view)?.record;
            let all = record.earlier.iter().chain([&record.consent]).map(|one| one.version.clone());
            Some(all.flatten().collect::<Vec<_>>())
        };
        let mut view = SessionView { erased_at: Some(at(20)), ..session(1, 1) };
        view.record.earlier = vec![consent("v1", 5), consent("v2", 10)];
        view.record.consent = consent("v3", 30);
        assert_eq!(versions(view.clone()), Some(vec!["v1".to_owned(), "v2".to_owned()]));
        view.record.earlier.clear();
        assert_eq!(versions(view.clone()), None);
        view.record.consent = consent("v3", 20);
        assert_eq!(versions(view), Some(vec!["v3".to_owned()]));
    }

    /// A session in which an address was left; 0 for none.
    fn session(id: i64, address: u8) -> SessionView {
        let key = SessionKey { installation: InstallationName("acme".into()), session: SessionId(id) };
        let fingerprint = Fingerprint([address; 32]);
        let print = Fingerprinted { kind: Kind::Email, fingerprint, version: 1, supplementary: false };
        let fingerprints = (address != 0).then(|| vec![print]);
        SessionView::after(SessionChange { fingerprints, ..SessionChange::unknown(&key) }, None)
    }

    fn certainties(views: Vec<SessionView>, known_as_shared: bool) -> Vec<Certainty> {
        of_guest(views, known_as_shared).into_iter().map(|meant| meant.certainty).collect()
    }

    #[test]
    fn sessions_of_a_guest_that_several_people_are_stay_possible() {
        use Certainty::{Certain, Possible};

        assert_eq!(certainties(vec![session(1, 1), session(2, 1), session(3, 0)], false), [Certain; 3]);
        assert_eq!(certainties(vec![session(1, 1), session(2, 2), session(3, 0)], false), [Possible; 3]);
        assert_eq!(certainties(vec![session(1, 1), session(2, 0)], true), [Possible; 2], "an erasure has found it");
    }
}
