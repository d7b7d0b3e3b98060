//! Which sessions an erasure reaches, and how surely each is meant. Asked before anything is erased, and by the dry run,
//! so that both see one set.

mod search;

pub(super) use search::Search;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use self::search::{contradict_one_another, judge_guest};
use super::evaluate::{all_identifiers, fingerprints};
use crate::erasure::{Capsule, Findings, MluviiSearch, ReachedSession, Selection, Subject};
use crate::keys::{Digest, Fingerprint, SealBroken, SealKey};
use crate::ledger::{Ledger, LedgerError, Resolution};
use crate::mluvii::{Look, LookUp, MluviiClient, MluviiError};
use crate::policy::{Certainty, Comparison, PersonSettings};
use crate::subject::{
    Fingerprinted, Fingerprinter, GuestId, InstallationName, SessionId, SessionKey, TargetName, TenantId, Whom,
};

/// What resolving needs: the ledger, and one installation.
pub(crate) struct Resolver<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) mluvii: &'a MluviiClient,
    pub(crate) person: &'a PersonSettings,
    pub(crate) fingerprinter: &'a Fingerprinter,
    /// The tenants of the installation's sources, for searching contacts; all when empty.
    pub(crate) departments: &'a [TenantId],
}

/// What is asked: whom, where, and what a person decided about single sessions.
pub(crate) struct Question<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) whom: Whom,
    pub(crate) selection: &'a Selection,
    pub(crate) targets: &'a [TargetName],
    pub(crate) on_unread: OnUnread,
}

/// What to do about a session that has to be there and cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnUnread {
    /// It may only be early, or mluvii away: it is an error, and all is resolved again later.
    Wait,
    /// It has had its time: it is counted, and the receipt says so ([`Findings::unread`]).
    Count,
}

/// The session alone, without its forms.
const SESSION_ONLY: Look = Look { params: false, activity: None };

/// Sessions that nobody could read at their settling and that are looked at once more for one erasure.
const UNREAD_MAX: u32 = 100;

/// Sets of identifiers under one guest id that are compared with one another; more are those of several people.
const DISTINCT_MAX: usize = 100;

/// A session that was found, and why it is or is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) key: SessionKey,
    pub(crate) certainty: Certainty,
    /// Kinds of identifiers and words; free of personal data.
    pub(crate) reason: String,
    /// Whether it goes, by its certainty or by a person's decision.
    pub(crate) goes: bool,
    /// Whether mluvii showed it to us before, or just now.
    pub(crate) read_before: bool,
}

/// What an erasure reaches. Holds personal data in memory.
#[derive(Debug, Default)]
pub(crate) struct ScopeResolution {
    pub(crate) whom: Whom,
    /// Every session that was found, whether it goes or not.
    pub(crate) sessions: BTreeMap<SessionKey, Found>,
    pub(crate) findings: Findings,
    /// Guest ids, by their digests, that several people use.
    pub(crate) shared_guests: Vec<Digest>,
    pub(crate) fingerprints: Vec<Fingerprinted>,
    /// Until when to wait, when one of the sessions that go has not settled.
    pub(crate) unsettled_until: Option<Timestamp>,
}

/// Why an erasure could not be resolved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Mluvii(#[from] MluviiError),
    #[error("a capsule does not open; were the keys replaced?")]
    Capsule(#[from] SealBroken),
    /// mluvii listed a session and does not show it, or not in a way that is understood: it may be the person's.
    #[error("mluvii lists the session {key} and cannot show it: {why}")]
    Unread { key: SessionKey, why: String },
}

impl Resolver<'_> {
    /// Finds the sessions, judges each, and learns what the targets have to be told.
    pub(crate) async fn reach(&self, question: Question<'_>) -> Result<ScopeResolution, ResolveError> {
        let mut search = self.find(question).await?;
        self.search_mluvii(&mut search).await?;
        self.identify(search).await
    }

    /// What the ledger tells, without a call to mluvii.
    pub(super) async fn find<'q>(&self, question: Question<'q>) -> Result<Search<'q>, ResolveError> {
        let mut search = Search::new(question);
        match search.question.subject {
            Subject::Session(key) => self.find_session(key, &mut search).await?,
            Subject::Guest { digest, .. } => {
                self.find_origin(&mut search).await?;
                self.find_guest(*digest, &mut search).await?;
            }
            Subject::Person { .. } => {
                search.base = self.fingerprinter.of_all(&search.question.whom.identifiers);
                self.find_person(&mut search).await?;
            }
        }
        // Before it is asked whether all that go have settled.
        self.select(&mut search).await?;
        Ok(search)
    }

    async fn find_session(&self, key: &SessionKey, search: &mut Search<'_>) -> Result<(), LedgerError> {
        let view = self.ledger.session(key).await?;
        let read_before = view.as_ref().is_some_and(|view| view.read_at.is_some());
        search.add(key.clone(), Certainty::Certain, "named by its number".to_owned(), read_before);
        if let Some(view) = view {
            search.views.insert(key.clone(), view);
        }
        Ok(())
    }

    /// With what the sessions of a guest are compared: the session from which the demand came.
    async fn find_origin(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        for key in search.question.whom.origin.clone() {
            match self.ledger.session(&key).await? {
                Some(view) if view.erased_at.is_none() || !view.fingerprints.is_empty() => {
                    search.base.extend(view.fingerprints.iter().filter(|one| !one.supplementary).cloned());
                    search.take(view, Certainty::Certain, "the demand came from it".to_owned());
                }
                // It was erased meanwhile, and with it what tells its guest from others on the same device.
                _ => search.base_is_lost = true,
            }
        }
        if search.base.is_empty() {
            search.base = self.fingerprinter.of_all(&search.question.whom.identifiers);
        }
        search.base_is_lost &= search.base.is_empty();
        Ok(())
    }

    /// The sessions of one guest id. People who share a device share the id, so those that contradict are left.
    async fn find_guest(&self, guest: Digest, search: &mut Search<'_>) -> Result<(), LedgerError> {
        if !search.guests_seen.insert(guest) {
            return Ok(());
        }
        let views = self.ledger.sessions_of_guest(self.installation(search), guest).await?;
        // Nothing is left of those that were erased, unless something came since.
        let views: Vec<_> =
            views.into_iter().filter(|view| view.erased_at.is_none() || !view.fingerprints.is_empty()).collect();
        let compared: Vec<_> = views.iter().map(|view| Comparison::of(&search.base, &view.fingerprints)).collect();
        let all = views.iter().map(|view| view.fingerprints.clone());
        let all = all.chain(search.prints_of_guest(guest, self.fingerprinter));
        let contradicted = compared.iter().any(Comparison::contradicts) || contradict_one_another(all);
        if contradicted {
            search.shared_guests.insert(guest);
        }
        let shared = contradicted || self.ledger.is_shared_guest(self.installation(search), guest).await?;
        for (view, comparison) in views.into_iter().zip(compared) {
            let (certainty, reason) = judge_guest(&comparison, shared, search.base_is_lost, &view.fingerprints);
            search.take(view, certainty, reason);
        }
        Ok(())
    }

    /// A person's sessions: those that share an identifier, and all sessions of the guests of the certain ones.
    async fn find_person(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        let prints: Vec<Fingerprint> = search.base.iter().map(|one| one.fingerprint).collect();
        let views = self.ledger.sessions_with(self.installation(search), &prints).await?;
        for view in views {
            let comparison = Comparison::of(&search.base, &view.fingerprints);
            if let Some(certainty) = comparison.judge(&self.person.r#match) {
                search.take(view, certainty, comparison.to_string());
            }
        }
        for key in search.question.whom.origin.clone() {
            if !search.found.contains_key(&key)
                && let Some(view) = self.ledger.session(&key).await?
                && view.erased_at.is_none()
            {
                search.take(view, Certainty::Possible, "the demand came from it".to_owned());
            }
        }
        self.find_guests_of_certain(search).await
    }

    async fn find_guests_of_certain(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        for guest in search.guests_of_certain(self.fingerprinter) {
            self.find_guest(guest, search).await?;
        }
        Ok(())
    }

    /// Asks mluvii about sessions that the ledger does not know well enough: those that nobody could read when they settled,
    /// and, where a search is set up, those that never reached us. Every one is read and judged like any other.
    pub(super) async fn search_mluvii(&self, search: &mut Search<'_>) -> Result<(), ResolveError> {
        if matches!(search.question.subject, Subject::Session(_)) {
            return Ok(());
        }
        self.look_at_unread(search).await?;
        let contacts = match search.question.subject {
            Subject::Person { .. } => {
                self.mluvii
                    .contacts_of_person(&search.question.whom.identifiers, self.departments, self.person.region)
                    .await?
            }
            // Without the guest's id there is nothing to search by.
            _ => (!search.guests_that_go().is_empty()).then(BTreeSet::new),
        };
        let off = if self.person.accept_ledger_only { MluviiSearch::OffAccepted } else { MluviiSearch::Off };
        search.searched = if contacts.is_some() { MluviiSearch::Done } else { off };
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
        // Sessions that were just read can bring further guests, each of which is asked about once.
        let mut asked = BTreeSet::new();
        loop {
            self.find_guests_of_certain(search).await?;
            let guests = search.guests_that_go();
            let Some(guest) = guests.into_iter().find(|guest| !asked.contains(guest)) else { break };
            asked.insert(guest.clone());
            if search.searched != MluviiSearch::Done {
                continue;
            }
            match self.listed(&guest, search).await? {
                Some(listed) => self.judge_listed(&guest, listed, search).await?,
                None => search.searched = off,
            }
        }
        if !self.departments.is_empty() && self.tenants_are_departments(search).await? {
            search.leave_to_other_tenants(self.departments);
        }
        self.select(search).await?;
        Ok(())
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
        let known = search.going_of_guest(self.fingerprinter.guest(guest), self.fingerprinter);
        let listed = self.mluvii.sessions_of_guest(guest, known).await?;
        if let Some(listed) = &listed {
            search.listed_of_guest.insert(guest.clone(), listed.clone());
        }
        Ok(listed)
    }

    async fn tenants_are_departments(&self, search: &Search<'_>) -> Result<bool, LedgerError> {
        Ok(self.ledger.installation(self.installation(search)).await?.tenants_are_departments == Some(true))
    }

    /// Sessions that nobody could read when they settled: they may be anybody's. What still cannot be read is counted.
    async fn look_at_unread(&self, search: &mut Search<'_>) -> Result<(), ResolveError> {
        let unread = self.ledger.unread_sessions(self.installation(search), UNREAD_MAX).await?;
        search.unread_beyond = unread.total.saturating_sub(u32::try_from(unread.newest.len()).unwrap_or(u32::MAX));
        for key in unread.newest {
            if search.found.contains_key(&key) {
                continue;
            }
            if search.question.selection.exclude.contains(&key) {
                search.add(key, Certainty::Possible, "nobody could read it".to_owned(), false);
                continue;
            }
            match self.mluvii.look_up(key.session, SESSION_ONLY).await? {
                LookUp::Found(facts) => {
                    let prints = fingerprints(self.fingerprinter, &facts);
                    let guest = facts.guest.as_ref().map(|guest| self.fingerprinter.guest(guest));
                    search.read.insert(key.clone(), *facts);
                    if guest.is_some_and(|guest| search.guests_seen.contains(&guest)) {
                        // Nobody has compared it with the other sessions of its guest.
                        search.add(
                            key,
                            Certainty::Possible,
                            "same guest, and read for the first time".to_owned(),
                            true,
                        );
                    } else {
                        search.judge_person(key, &prints, &self.person.r#match);
                    }
                }
                LookUp::Missing | LookUp::NotUnderstood(_) => {
                    search.unread.insert(key);
                }
            }
        }
        Ok(())
    }

    /// Reads a session that has to be there; nothing where it cannot be read and that is counted.
    async fn read(
        &self,
        key: &SessionKey,
        search: &mut Search<'_>,
    ) -> Result<Option<Vec<Fingerprinted>>, ResolveError> {
        if let Some(facts) = search.read.get(key) {
            return Ok(Some(fingerprints(self.fingerprinter, facts)));
        }
        let why = match self.mluvii.look_up(key.session, SESSION_ONLY).await? {
            LookUp::Found(facts) => {
                let prints = fingerprints(self.fingerprinter, &facts);
                search.read.insert(key.clone(), *facts);
                return Ok(Some(prints));
            }
            LookUp::Missing => "it answers 404".to_owned(),
            LookUp::NotUnderstood(what) => what,
        };
        match search.question.on_unread {
            OnUnread::Wait => Err(ResolveError::Unread { key: key.clone(), why }),
            OnUnread::Count => {
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
            || self.ledger.is_shared_guest(self.installation(search), digest).await?;
        for ((key, prints), comparison) in read.into_iter().zip(compared) {
            let (certainty, reason) = match comparison.judge(&self.person.r#match) {
                Some(Certainty::Certain) => (Certainty::Certain, comparison.to_string()),
                _ => judge_guest(&comparison, shared, search.base_is_lost, &prints),
            };
            search.add(key, certainty, format!("listed by mluvii: {reason}"), true);
        }
        Ok(())
    }

    /// Learns what the targets have to be told of the sessions that go.
    pub(super) async fn identify(&self, mut search: Search<'_>) -> Result<ScopeResolution, ResolveError> {
        let elsewhere = search.question.targets.iter().any(|target| !target.is_mluvii());
        let told = !search.question.whom.identifiers.0.is_empty();
        let reads = match search.question.subject {
            // To a person nothing is added: identifiers of other sessions could be somebody else's who shares a phone.
            Subject::Person { .. } => false,
            // Where the demand output what the session knew, mluvii is not asked a second time.
            Subject::Session(_) => elsewhere && !told,
            // What it output is of one session; the others may hold other addresses.
            Subject::Guest { .. } => elsewhere,
        };
        for key in search.going().into_iter().filter(|_| reads) {
            self.read(&key, &mut search).await?;
            if let Some(facts) = search.read.get(&key) {
                search.question.whom.identifiers.0.extend(all_identifiers(facts).0);
            }
        }
        Ok(search.into_reach(self.fingerprinter))
    }

    /// What a person decided about single sessions stands above what they are judged to be.
    async fn select(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        for key in &search.question.selection.include {
            if !search.found.contains_key(key) {
                let view = self.ledger.session(key).await?;
                let read_before = view.as_ref().is_some_and(|view| view.read_at.is_some());
                search.add(key.clone(), Certainty::Possible, "included by the request".to_owned(), read_before);
                search.views.extend(view.map(|view| (key.clone(), view)));
            }
        }
        let selection = search.question.selection;
        for found in search.found.values_mut() {
            let included = selection.include_possible || selection.include.contains(&found.key);
            let taken = found.certainty == Certainty::Certain || included;
            found.goes = taken && !selection.exclude.contains(&found.key);
        }
        Ok(())
    }

    fn installation<'s>(&self, search: &Search<'s>) -> &'s InstallationName {
        search.question.subject.installation()
    }
}

impl ScopeResolution {
    /// The sessions that go.
    pub(crate) fn going(&self) -> Vec<ReachedSession> {
        let going = self.sessions.values().filter(|found| found.goes);
        going.map(|found| ReachedSession { key: found.key.clone(), read_before: found.read_before }).collect()
    }

    /// Seals what the steps need. Guests travel in the capsule, for a guest's id can be a customer's number.
    pub(super) fn seal(self, under: &SealKey) -> Resolution {
        let sessions = self.going();
        let capsule = Capsule::seal(&self.whom, under);
        Resolution {
            capsule,
            sessions,
            findings: self.findings,
            shared_guests: self.shared_guests,
            fingerprints: self.fingerprints,
        }
    }
}
