//! The sessions of which the ledger does not know, or not enough: mluvii is asked.

use std::collections::BTreeSet;

use super::Resolver;
use super::guests::contradict_one_another;
use super::scope::{OnUnread, ResolveError, ScopeResolution};
use super::search::Search;
use crate::erasure::{MluviiSearch, Subject};
use crate::hold::HoldOn;
use crate::ledger::{Hold, HoldsListed, LedgerError};
use crate::mluvii::{Look, LookUp, MluviiError};
use crate::policy::{Certainty, Comparison};
use crate::subject::{Fingerprinted, GuestId, InstallationName, SessionId, SessionKey};

/// Sessions that could not be read at their settling and that are looked at once more for one erasure.
const UNREAD_MAX: u32 = 100;

impl Resolver<'_> {
    /// Asks mluvii about sessions that the ledger does not know well enough: those that could not be read when they
    /// settled, and, where a search is set up, those that never reached us. Every one is read and judged like any other.
    pub(in crate::worker) async fn search_mluvii(&self, search: &mut Search<'_>) -> Result<(), ResolveError> {
        if matches!(search.question.subject, Subject::Session(_)) || search.question.selection.identifiers_only {
            return Ok(());
        }
        self.look_at_unread(search).await?;
        self.search_contacts(search).await?;
        self.search_guests(search).await?;
        if !self.departments.is_empty() && self.tenants_are_departments(search).await? {
            search.leave_to_other_tenants(self.departments);
        }
        // Last: it says which of them go, now that some have become only possible.
        self.select(search).await?;
        Ok(())
    }

    /// Sessions that could not be read when they settled: they may be anybody's. What still cannot be read is counted.
    async fn look_at_unread(&self, search: &mut Search<'_>) -> Result<(), ResolveError> {
        let unread = self.ledger.unread_sessions(search.installation(), UNREAD_MAX).await?;
        search.unread_beyond = unread.total.saturating_sub(u32::try_from(unread.newest.len()).unwrap_or(u32::MAX));
        for key in unread.newest {
            if search.found.contains_key(&key) {
                continue;
            }
            // A person has said whose it is, so it counts as none that could not be read.
            if search.question.selection.exclude.contains(&key) {
                search.add(key, Certainty::Possible, "could not be read".to_owned(), false);
                continue;
            }
            match self.mluvii.look_up(key.session, Look::SESSION_ONLY).await? {
                LookUp::Found(facts) => {
                    let prints = facts.fingerprints(self.fingerprinter);
                    let guest = facts.guest.as_ref().map(|guest| self.fingerprinter.guest(guest));
                    search.read.insert(key.clone(), *facts);
                    if guest.is_some_and(|guest| search.guests_seen.contains(&guest)) {
                        // It was not compared with the other sessions of its guest.
                        let reason = "same guest, and read for the first time".to_owned();
                        search.add(key, Certainty::Possible, reason, true);
                    } else {
                        search.judge_person(key, &prints, &self.person.r#match);
                    }
                }
                LookUp::Missing | LookUp::NotUnderstood(_) | LookUp::TooLarge(_) => {
                    search.unread.insert(key);
                }
            }
        }
        Ok(())
    }

    /// The sessions of a person's contacts.
    async fn search_contacts(&self, search: &mut Search<'_>) -> Result<(), ResolveError> {
        let contacts = match search.question.subject {
            Subject::Person { .. } => {
                let found = self
                    .mluvii
                    .contacts_of_person(&search.question.whom.identifiers, self.departments, self.person.region)
                    .await?;
                // Also those without a session: nothing else would tell of them.
                search.contacts = found.as_ref().map(BTreeSet::len);
                found
            }
            // Without the guest's id there is nothing to search by.
            _ => (!search.guests_that_go().is_empty()).then(BTreeSet::new),
        };
        search.searched = if contacts.is_some() { MluviiSearch::Done } else { self.not_searched() };
        for guest in contacts.unwrap_or_default() {
            for session in self.listed(&guest, search).await?.unwrap_or_default() {
                let key = search.key(session);
                if !search.found.contains_key(&key)
                    && let Some(prints) = self.read(&key, search).await?
                {
                    search.judge_person(key, &prints, &self.person.r#match);
                }
            }
        }
        Ok(())
    }

    /// The further sessions of the guests that go. Sessions that were just read can bring further guests, each of which is
    /// asked about once.
    async fn search_guests(&self, search: &mut Search<'_>) -> Result<(), ResolveError> {
        let mut asked = BTreeSet::new();
        loop {
            self.find_guests_of_certain(search).await?;
            let guests = search.guests_that_go();
            let Some(guest) = guests.into_iter().find(|guest| !asked.contains(guest)) else { return Ok(()) };
            asked.insert(guest.clone());
            if search.searched != MluviiSearch::Done {
                continue;
            }
            match self.listed(&guest, search).await? {
                Some(listed) => self.judge_listed(&guest, listed, search).await?,
                None => search.searched = self.not_searched(),
            }
        }
    }

    fn not_searched(&self) -> MluviiSearch {
        if self.person.accept_ledger_only { MluviiSearch::OffAccepted } else { MluviiSearch::Off }
    }

    /// The sessions that mluvii lists of a guest, asked for once.
    async fn listed(
        &self,
        guest: &GuestId,
        search: &mut Search<'_>,
    ) -> Result<Option<BTreeSet<SessionId>>, ResolveError> {
        if let Some(listed) = search.listed_of_guest.get(guest) {
            return Ok(Some(listed.clone()));
        }
        // What is known of the guest's has to be listed: a filter that reads another id lists nothing, which would look
        // like a guest without sessions.
        let known = search.going_of_guest(self.fingerprinter.guest(guest), self.fingerprinter);
        let listed = self.mluvii.sessions_of_guest(guest, known).await?;
        if let Some(listed) = &listed {
            search.listed_of_guest.insert(guest.clone(), listed.clone());
        }
        Ok(listed)
    }

    async fn tenants_are_departments(&self, search: &Search<'_>) -> Result<bool, LedgerError> {
        Ok(self.ledger.installation(search.installation()).await?.tenants_are_departments == Some(true))
    }

    /// Reads a session that has to be there; nothing where it cannot be read and that is counted.
    async fn read(
        &self,
        key: &SessionKey,
        search: &mut Search<'_>,
    ) -> Result<Option<Vec<Fingerprinted>>, ResolveError> {
        if let Some(facts) = search.read.get(key) {
            return Ok(Some(facts.fingerprints(self.fingerprinter)));
        }
        let why = match self.mluvii.look_up(key.session, Look::SESSION_ONLY).await? {
            LookUp::Found(facts) => {
                let prints = facts.fingerprints(self.fingerprinter);
                search.read.insert(key.clone(), *facts);
                return Ok(Some(prints));
            }
            LookUp::Missing => "it answers 404".to_owned(),
            LookUp::NotUnderstood(what) | LookUp::TooLarge(what) => what,
        };
        match search.question.on_unread {
            OnUnread::Wait => Err(ResolveError::Unread { key: key.clone(), why }),
            OnUnread::Count | OnUnread::Tell => {
                search.unread.insert(key.clone());
                Ok(None)
            }
        }
    }

    /// Judges the sessions that mluvii lists of a guest, by the same measure as those that the ledger knows.
    async fn judge_listed(
        &self,
        guest: &GuestId,
        listed: BTreeSet<SessionId>,
        search: &mut Search<'_>,
    ) -> Result<(), ResolveError> {
        // All are read before one is judged: a single one that contradicts makes the guest a shared one for all of
        // them.
        let mut read = Vec::new();
        for session in listed {
            let key = search.key(session);
            if !search.found.contains_key(&key)
                && let Some(prints) = self.read(&key, search).await?
            {
                read.push((key, prints));
            }
        }
        let digest = self.fingerprinter.guest(guest);
        let compared: Vec<_> = read.iter().map(|(_, prints)| Comparison::of(&search.base, prints)).collect();
        let listed = read.iter().map(|(_, prints)| prints.clone());
        let all = listed.chain(search.prints_of_guest(digest, self.fingerprinter));
        let contradicted = compared.iter().any(Comparison::contradicts) || contradict_one_another(all);
        if contradicted && search.shared_guests.insert(digest) {
            search.judge_guest_again(digest, &self.person.r#match);
        }
        let shared = search.shared_guests.contains(&digest)
            || self.ledger.is_shared_guest(search.installation(), digest).await?;
        for ((key, prints), comparison) in read.into_iter().zip(compared) {
            let (certainty, reason) = match search.judge(&comparison, &self.person.r#match) {
                Some((Certainty::Certain, reason)) => (Certainty::Certain, reason),
                _ => search.judge_of_guest(&comparison, shared, &prints),
            };
            search.add(key, certainty, format!("listed by mluvii: {reason}"), true);
        }
        Ok(())
    }

    /// Learns what the targets have to be told of the sessions that go.
    pub(in crate::worker) async fn identify(&self, mut search: Search<'_>) -> Result<ScopeResolution, ResolveError> {
        let elsewhere = search.question.targets.iter().any(|target| !target.is_mluvii());
        let told = !search.question.whom.identifiers.0.is_empty();
        let reads = match search.question.subject {
            // To a person nothing is added: identifiers of other sessions could be somebody else's who shares a phone.
            Subject::Person { .. } => false,
            // Where the demand brought what the session knew, mluvii is not asked a second time.
            Subject::Session(_) => elsewhere && !told,
            // What it brought is of one session; the others may hold other addresses.
            Subject::Guest { .. } => elsewhere,
        };
        for key in search.going().into_iter().filter(|_| reads) {
            self.read(&key, &mut search).await?;
            if let Some(facts) = search.read.get(&key) {
                search.question.whom.identifiers.0.extend(facts.all_identifiers().0);
            }
        }
        self.show_to_holds(&mut search).await?;
        self.keep_guests_of_others(&mut search).await?;
        Ok(search.into_scope(self.fingerprinter))
    }

    /// Has mluvii show the sessions that go of which nothing is known here, such as one that is named by its number: whose they are tells
    /// whether they stay, also by a hold that comes later, before a target is asked.
    async fn show_to_holds(&self, search: &mut Search<'_>) -> Result<(), ResolveError> {
        let unknown = search.unknown();
        let is_somebodys = !unknown.is_empty() && self.is_anybody_held(search.installation()).await?;
        let on_unread = search.question.on_unread;
        let waits = on_unread == OnUnread::Wait;
        for key in unknown {
            let why = match self.mluvii.look_up(key.session, Look::SESSION_ONLY).await {
                Ok(LookUp::Found(facts)) => {
                    search.read_for_holds.insert(key, *facts);
                    continue;
                }
                Ok(LookUp::Missing) => "it answers 404".to_owned(),
                Ok(LookUp::NotUnderstood(what) | LookUp::TooLarge(what)) => what,
                // It may fail for this session alone, for ever, and has to go all the same.
                Err(MluviiError::Away(_) | MluviiError::Page(_)) if !waits && !is_somebodys => continue,
                Err(_) if on_unread == OnUnread::Tell && !is_somebodys => continue,
                Err(error) => return Err(error.into()),
            };
            // It may be gone there, too: it is waited for where there is somebody whose it may be, and not for ever.
            if waits && is_somebodys {
                return Err(ResolveError::Unread { key, why });
            }
        }
        Ok(())
    }

    async fn is_anybody_held(&self, installation: &InstallationName) -> Result<bool, LedgerError> {
        let is_of_somebody = |hold: &Hold| matches!(hold.hold.on, HoldOn::Guest(_) | HoldOn::Person(_));
        let holds = self.ledger.holds(HoldsListed::InForce).await?;
        Ok(holds.iter().any(|hold| hold.hold.installation == *installation && is_of_somebody(hold)))
    }
}
