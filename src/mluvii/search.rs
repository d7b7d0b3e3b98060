//! Searching mluvii itself for a person's or a guest's sessions. Every filter is proved at each use, and a list that holds
//! another person is refused as a whole: its filter does something else than its name says.

use std::collections::BTreeSet;

use quietus_plugin::identity::{self, Region};

use super::calls::Purpose;
use super::client::{Look, LookUp, MluviiClient};
use super::error::MluviiError;
use super::proofs::NOBODY;
use super::template::{DEPARTMENT, Template};
use super::transport::garbage;
use super::wire::{self, Contact, Listed};
use crate::keys::Secret;
use crate::subject::{GuestId, Identifiers, Kind, SessionId, TenantId};

/// Pages of one list that are read; a longer list is refused.
const PAGES_MAX: usize = 1000;

/// Sessions that a list of a guest's lacks and that are read to see whether they name the guest: mluvii may have deleted
/// some since, but a wrong filter lacks all.
const UNLISTED_READ_MAX: usize = 3;

impl MluviiClient {
    /// The contacts that mluvii holds with these identifiers, by filters that are proved at this moment; a contact's id is
    /// that of the guest. `None` when that is not set up, or when there is nothing to search by or no department to search
    /// in (all of them, where the request does not name one): nothing was searched then.
    pub(crate) async fn contacts_of_person(
        &self,
        identifiers: &Identifiers,
        departments: &[TenantId],
        region: Option<Region>,
    ) -> Result<Option<BTreeSet<GuestId>>, MluviiError> {
        let (Some(contacts), Some(_)) = (&self.requests.contacts, &self.requests.sessions_of_guest) else {
            return Ok(None);
        };
        let mut guests = BTreeSet::new();
        let mut searched = false;
        for (kind, field) in &self.contact_fields {
            let values = spellings(identifiers, kind, region);
            if values.is_empty() {
                continue;
            }
            let by = |department| Searched { request: contacts, department, kind, field, region };
            let searches: Vec<_> = match contacts.has(DEPARTMENT) {
                true => departments.iter().map(|department| by(Some(department.0.to_string()))).collect(),
                false => vec![by(None)],
            };
            for search in searches {
                searched = true;
                self.prove_contacts(&search).await?;
                for value in &values {
                    guests.extend(self.contacts_with(&search, value.expose()).await?);
                }
            }
        }
        Ok(searched.then_some(guests))
    }

    /// The kinds of these identifiers by which [`Self::contacts_of_person`] searches.
    pub(super) fn searched_by(&self, identifiers: &Identifiers, region: Option<Region>) -> Vec<Kind> {
        let kinds = self.contact_fields.iter().map(|(kind, _)| kind);
        kinds.filter(|kind| !spellings(identifiers, kind, region).is_empty()).cloned().collect()
    }

    /// All sessions that mluvii lists for a guest, by a filter that is proved at this moment; `None` when that is not set
    /// up. `known` are sessions that we take for the guest's: one that still names the guest has to be listed.
    pub(crate) async fn sessions_of_guest(
        &self,
        guest: &GuestId,
        known: impl IntoIterator<Item = SessionId>,
    ) -> Result<Option<BTreeSet<SessionId>>, MluviiError> {
        let Some(request) = &self.requests.sessions_of_guest else { return Ok(None) };
        let impossible = impossible_like(&guest.0);
        if !self.listed(request, &[&impossible, "0"], Purpose::Control).await?.is_empty() {
            return Err(refused(request, "an impossible id lists sessions, so the filter is ignored"));
        }
        let pages = Pages { request, before_offset: &[&guest.0], after_offset: None };
        let names_guest = |one: Listed| match one.guest.as_ref() == Some(guest) {
            true => Ok(one.id),
            false => Err("it lists a session that does not name the guest"),
        };
        let sessions = self.all_of(&pages, wire::listed, names_guest).await?;
        self.prove_listed(request, guest, known.into_iter().filter(|id| !sessions.contains(id))).await?;
        Ok(Some(sessions))
    }

    /// Every element of a list, read page by page until one is empty. `check` gives the id of an element, or says why the
    /// list is refused as a whole.
    async fn all_of<T, K: Ord>(
        &self,
        pages: &Pages<'_>,
        read: impl Fn(&[u8]) -> Option<Vec<T>>,
        check: impl Fn(T) -> Result<K, &'static str>,
    ) -> Result<BTreeSet<K>, MluviiError> {
        let request = pages.request;
        let mut found = BTreeSet::new();
        for _ in 0..PAGES_MAX {
            let offset = found.len().to_string();
            let json = self.list(request, &pages.values(&offset), Purpose::Work).await?;
            let page = read(&json).ok_or_else(|| garbage(&request.to_string()))?;
            // Not a short one: how many an installation gives at most is not known, and the rest would be missed.
            if page.is_empty() {
                return Ok(found);
            }
            let ids = page.into_iter().map(&check).collect::<Result<Vec<_>, _>>();
            let ids = ids.map_err(|why| refused(request, why))?;
            let whole = found.len() + ids.len();
            found.extend(ids);
            // Otherwise the offset would skip elements that were never seen.
            if found.len() != whole {
                return Err(refused(request, "its pages overlap, so the list may not be whole"));
            }
        }
        Err(refused(request, "the list does not end"))
    }

    /// An impossible id lists nothing where the filter takes another id than the guest's, too: then it never does.
    async fn prove_listed(
        &self,
        request: &Template,
        guest: &GuestId,
        unlisted: impl Iterator<Item = SessionId>,
    ) -> Result<(), MluviiError> {
        for session in unlisted.take(UNLISTED_READ_MAX) {
            if let LookUp::Found(facts) = self.look_up(session, Look { params: false, activity: None }).await?
                && facts.guest.as_ref() == Some(guest)
            {
                return Err(refused(request, "a session that names the guest is not listed"));
            }
        }
        Ok(())
    }

    async fn prove_contacts(&self, search: &Searched<'_>) -> Result<(), MluviiError> {
        let before_offset = [search.field, impossible_of(search.kind)];
        let pages = search.pages(&before_offset);
        let json = self.list(search.request, &pages.values("0"), Purpose::Control).await?;
        let listed = wire::contacts(&json).ok_or_else(|| garbage(&search.request.to_string()))?;
        match listed.is_empty() {
            true => Ok(()),
            false => Err(refused(search.request, "an impossible value lists contacts, so the filter is ignored")),
        }
    }

    /// The contacts that carry the value, each of which is checked.
    async fn contacts_with(&self, search: &Searched<'_>, value: &str) -> Result<BTreeSet<GuestId>, MluviiError> {
        let Searched { kind, field, region, .. } = search;
        let wanted = normal_forms(kind, value, *region);
        let carries = |contact: Contact| {
            let carried = contact
                .values(field)
                .flat_map(|value| normal_forms(kind, value, *region))
                .any(|form| wanted.contains(&form));
            if carried { Ok(contact.id) } else { Err("it lists a contact that does not carry what was searched for") }
        };
        let before_offset = [*field, value];
        self.all_of(&search.pages(&before_offset), wire::contacts, carries).await
    }
}

/// A list that comes in pages, and the values of its request's placeholders, in their order, around the offset.
struct Pages<'a> {
    request: &'a Template,
    before_offset: &'a [&'a str],
    after_offset: Option<&'a str>,
}

impl<'a> Pages<'a> {
    fn values(&self, offset: &'a str) -> Vec<&'a str> {
        self.before_offset.iter().copied().chain([offset]).chain(self.after_offset).collect()
    }
}

/// Where contacts are searched, and by which field.
struct Searched<'a> {
    request: &'a Template,
    /// `None` where one list has the contacts of all departments.
    department: Option<String>,
    kind: &'a Kind,
    field: &'a str,
    region: Option<Region>,
}

impl Searched<'_> {
    fn pages<'a>(&'a self, before_offset: &'a [&'a str]) -> Pages<'a> {
        Pages { request: self.request, before_offset, after_offset: self.department.as_deref() }
    }
}

/// The list is not believed, and a person has to look.
fn refused(request: &Template, why: &str) -> MluviiError {
    MluviiError::Refused(format!("{request}: the list is refused: {why}; see `{}`", request.key()))
}

/// The values to search by: each as it was written and in its normal forms, for a contact may carry either.
fn spellings(identifiers: &Identifiers, kind: &Kind, region: Option<Region>) -> BTreeSet<Secret> {
    let mut spellings = BTreeSet::new();
    for value in identifiers.of_kind(kind) {
        let forms = normal_forms(kind, value.expose(), region);
        // What has no normal form finds no one.
        if !forms.is_empty() {
            spellings.insert(value.clone());
            spellings.extend(forms.into_iter().map(Secret::new));
        }
    }
    spellings
}

fn normal_forms(kind: &Kind, value: &str, region: Option<Region>) -> Vec<String> {
    identity::normal_forms(&kind.into(), value, region)
}

/// A value that nobody has.
fn impossible_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Email => "nobody-has-this-address@quietus.invalid",
        // A country code that is not given out.
        Kind::Phone => "+999000000000",
        Kind::Name | Kind::GuestId | Kind::SessionId | Kind::Other(_) => "nobody-has-this-value-quietus",
    }
}

/// An id that no guest has, of the kind of the given one: a filter may read numbers and GUIDs only.
fn impossible_like(id: &str) -> String {
    let is_guid = id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        NOBODY.to_owned()
    } else if is_guid {
        "ffffffff-ffff-4fff-bfff-fffffffffff0".to_owned()
    } else {
        "nobody-has-this-id-quietus".to_owned()
    }
}
