//! What has been found of whom an erasure is about, and how each session is judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::guests::judge_guest;
use super::scope::{Found, Question};
use crate::erasure::{MluviiSearch, Subject};
use crate::keys::Digest;
use crate::ledger::SessionView;
use crate::mluvii::SessionFacts;
use crate::policy::{Certainty, Comparison};
use crate::subject::{Fingerprinted, Fingerprinter, GuestId, InstallationName, Kind, SessionId, SessionKey, TenantId};

/// What has been found so far. Holds personal data in memory.
pub(in crate::worker) struct Search<'q> {
    pub(super) question: Question<'q>,
    /// What a session is compared with.
    pub(super) base: Vec<Fingerprinted>,
    /// Whether what sessions would be compared with was erased.
    pub(super) base_is_lost: bool,
    pub(super) found: BTreeMap<SessionKey, Found>,
    pub(super) views: BTreeMap<SessionKey, SessionView>,
    /// What mluvii showed while resolving.
    pub(super) read: BTreeMap<SessionKey, SessionFacts>,
    /// The same of sessions of which only holds are to know: no target is told anything of it.
    pub(super) read_for_holds: BTreeMap<SessionKey, SessionFacts>,
    pub(super) guests_seen: BTreeSet<Digest>,
    /// Those of them that several people use.
    pub(super) shared_guests: BTreeSet<Digest>,
    /// Guests of sessions that go, of whom nobody is told, as what is held by their ids is not of these sessions alone.
    pub(super) guests_kept: BTreeSet<GuestId>,
    /// Every session of a guest, as mluvii lists them by a proved filter.
    pub(super) listed_of_guest: BTreeMap<GuestId, BTreeSet<SessionId>>,
    pub(super) searched: MluviiSearch,
    /// How many contacts mluvii has of the person; `None` where it was not searched for them.
    pub(super) contacts: Option<usize>,
    /// Sessions that could not be read.
    pub(super) unread: BTreeSet<SessionKey>,
    /// Sessions beside those that were not read this time, as there are too many.
    pub(super) unread_beyond: u32,
}

impl<'q> Search<'q> {
    pub(super) fn new(question: Question<'q>) -> Self {
        Self {
            question,
            base: Vec::new(),
            base_is_lost: false,
            found: BTreeMap::new(),
            views: BTreeMap::new(),
            read: BTreeMap::new(),
            read_for_holds: BTreeMap::new(),
            guests_seen: BTreeSet::new(),
            shared_guests: BTreeSet::new(),
            guests_kept: BTreeSet::new(),
            listed_of_guest: BTreeMap::new(),
            searched: MluviiSearch::NotNeeded,
            contacts: None,
            unread: BTreeSet::new(),
            unread_beyond: 0,
        }
    }

    pub(super) fn installation(&self) -> &'q InstallationName {
        self.question.subject.installation()
    }

    pub(super) fn key(&self, session: SessionId) -> SessionKey {
        SessionKey { installation: self.installation().clone(), session }
    }

    /// Takes a session that was just read, where it is the person's or may be.
    pub(super) fn judge_person(&mut self, key: SessionKey, prints: &[Fingerprinted], sets: &[BTreeSet<Kind>]) {
        let comparison = Comparison::of(&self.base, prints);
        if let Some((certainty, reason)) = self.judge(&comparison, sets) {
            self.add(key, certainty, format!("read at mluvii: {reason}"), true);
        }
    }

    /// How surely a session is the person's by what agrees, and why. Where only an address is proved, nothing else that was given makes one
    /// certain: whoever reads a mailbox may have written anybody's name and number beside it.
    pub(super) fn judge(&self, comparison: &Comparison, sets: &[BTreeSet<Kind>]) -> Option<(Certainty, String)> {
        let certainty = comparison.judge(sets)?;
        if certainty == Certainty::Certain && self.lacks_the_address(comparison) {
            return Some((
                Certainty::Possible,
                format!("{comparison}, but only an address is proved, and it is not there"),
            ));
        }
        Some((certainty, comparison.to_string()))
    }

    fn lacks_the_address(&self, comparison: &Comparison) -> bool {
        self.question.whom.by_address_alone && !comparison.agreeing.contains(&Kind::Email)
    }

    /// Judges what was found by a guest id once more, since now several people are known to use it.
    pub(super) fn judge_guest_again(&mut self, guest: Digest, sets: &[BTreeSet<Kind>]) {
        let views = self.views.values().filter(|view| view.record.guest_digest == Some(guest));
        // Not the session from which the demand came: it is meant whoever shares its guest.
        for view in views.filter(|view| !self.question.whom.origin.contains(&view.record.session)) {
            let comparison = Comparison::of(&self.base, &view.fingerprints);
            if self.judge(&comparison, sets).is_some_and(|(certainty, _)| certainty == Certainty::Certain) {
                continue;
            }
            let (certainty, reason) = self.judge_of_guest(&comparison, true, &view.fingerprints);
            if let Some(found) = self.found.get_mut(&view.record.session) {
                found.certainty = certainty;
                found.reason = reason;
            }
        }
    }

    /// Judges a session that is found by its guest.
    pub(super) fn judge_of_guest(
        &self,
        comparison: &Comparison,
        shared: bool,
        session: &[Fingerprinted],
    ) -> (Certainty, String) {
        // Who shares a browser with a mailbox's owner has not read their mail.
        if self.lacks_the_address(comparison) {
            let reason = "same guest, but only an address is proved, and it is not there";
            return (Certainty::Possible, reason.to_owned());
        }
        judge_guest(comparison, shared, self.base_is_lost, session)
    }

    /// Until when to wait, when one of the sessions that go has not settled.
    pub(in crate::worker) fn unsettled_until(&self) -> Option<Timestamp> {
        let going = self.found.values().filter(|found| found.goes);
        going.filter_map(|found| self.views.get(&found.key)?.settle_at).max()
    }

    pub(super) fn take(&mut self, view: SessionView, certainty: Certainty, reason: String) {
        let key = view.record.session.clone();
        self.add(key.clone(), certainty, reason, view.read_at.is_some());
        self.views.insert(key, view);
    }

    /// The surer judgement of a session stands.
    pub(super) fn add(&mut self, key: SessionKey, certainty: Certainty, reason: String, read_before: bool) {
        let goes = certainty == Certainty::Certain;
        let found = Found { key: key.clone(), certainty, reason, goes, read_before };
        let surer = self.found.get(&key).is_none_or(|known| certainty < known.certainty);
        if surer {
            self.found.insert(key, found);
        }
    }

    /// The guests of the certain sessions, whether the ledger or mluvii tells them.
    pub(super) fn guests_of_certain(&self, fingerprinter: &Fingerprinter) -> BTreeSet<Digest> {
        let certain = self.found.values().filter(|found| found.certainty == Certainty::Certain);
        certain.filter_map(|found| self.guest_of(&found.key, fingerprinter)).collect()
    }

    fn guest_of(&self, key: &SessionKey, fingerprinter: &Fingerprinter) -> Option<Digest> {
        let known = self.views.get(key).and_then(|view| view.record.guest_digest);
        known.or_else(|| self.read.get(key)?.guest.as_ref().map(|guest| fingerprinter.guest(guest)))
    }

    /// The identifiers of each session of a guest that the ledger or mluvii has shown so far.
    pub(super) fn prints_of_guest(&self, guest: Digest, fingerprinter: &Fingerprinter) -> Vec<Vec<Fingerprinted>> {
        let views = self.views.values().filter(|view| view.record.guest_digest == Some(guest));
        let read = self.read.iter().filter(|(key, _)| self.guest_of(key, fingerprinter) == Some(guest));
        let read = read.map(|(_, facts)| facts.fingerprints(fingerprinter));
        views.map(|view| view.fingerprints.clone()).chain(read).collect()
    }

    /// The sessions of a guest that go, by their numbers.
    pub(super) fn going_of_guest(&self, guest: Digest, fingerprinter: &Fingerprinter) -> Vec<SessionId> {
        let going = self.found.values().filter(|found| found.goes);
        let of_guest = going.filter(|found| self.guest_of(&found.key, fingerprinter) == Some(guest));
        of_guest.map(|found| found.key.session).collect()
    }

    /// A session of a tenant that no source names is not ours to erase, no matter whose it is, unless a person says so.
    pub(super) fn leave_to_other_tenants(&mut self, ours: &[TenantId]) {
        for (key, facts) in &self.read {
            let is_foreign = facts.department.is_some_and(|department| !ours.contains(&department));
            if is_foreign && let Some(found) = self.found.get_mut(key) {
                found.certainty = Certainty::Possible;
                "of a department that no source is for".clone_into(&mut found.reason);
            }
        }
    }

    /// The guests of the sessions that go, as far as their ids are known.
    pub(super) fn guests_that_go(&self) -> BTreeSet<GuestId> {
        let going = self.found.values().filter(|found| found.goes);
        let guest = |found: &Found| {
            let view = self.views.get(&found.key).and_then(|view| view.record.guest.clone());
            view.or_else(|| self.read.get(&found.key)?.guest.clone())
        };
        let by_id = matches!(self.question.subject, Subject::Guest { .. }).then_some(&self.question.whom.guests);
        going.filter_map(guest).chain(by_id.into_iter().flatten().cloned()).collect()
    }

    /// Whether what is held by a person's guest's id is not of the sessions that go alone: several people use the id, a session of it
    /// stays, or only an address is proved. `in_ledger` are all that the ledger knows of the guest.
    pub(super) fn keeps(
        &self,
        guest: &GuestId,
        in_ledger: &[SessionView],
        shared: bool,
        fingerprinter: &Fingerprinter,
    ) -> bool {
        let digest = fingerprinter.guest(guest);
        if shared || self.shared_guests.contains(&digest) || self.question.whom.by_address_alone {
            return true;
        }
        let found = self.found.keys().filter(|key| self.guest_of(key, fingerprinter) == Some(digest));
        // Nothing is left of those that were erased, unless something came since.
        let known = in_ledger.iter().filter(|view| !view.is_gone());
        let mut sessions = found.chain(known.map(|view| &view.record.session)).map(|key| key.session);
        let mut listed = self.listed_of_guest.get(guest).into_iter().flatten().copied();
        sessions.any(|session| !self.goes(session)) || listed.any(|session| !self.goes(session))
    }

    pub(super) fn going(&self) -> Vec<SessionKey> {
        self.found.values().filter(|found| found.goes).map(|found| found.key.clone()).collect()
    }

    /// Those of them that mluvii has never shown.
    pub(super) fn unknown(&self) -> Vec<SessionKey> {
        let never_read = |found: &&Found| found.goes && !found.read_before && !self.read.contains_key(&found.key);
        self.found.values().filter(never_read).map(|found| found.key.clone()).collect()
    }

    pub(super) fn goes(&self, session: SessionId) -> bool {
        self.found.get(&self.key(session)).is_some_and(|found| found.goes)
    }
}

#[cfg(test)]
mod tests;
