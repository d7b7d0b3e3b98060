//! What has been found of whom an erasure is about, and how each session is judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::evaluate::fingerprints;
use super::{DISTINCT_MAX, Found, Question, ScopeResolution};
use crate::consent::ConsentRecord;
use crate::erasure::{Findings, MluviiSearch, Subject};
use crate::keys::Digest;
use crate::ledger::SessionView;
use crate::mluvii::SessionFacts;
use crate::policy::{Certainty, Comparison};
use crate::subject::{Fingerprinted, Fingerprinter, GuestId, Kind, SessionId, SessionKey, TenantId};

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
    pub(super) guests_seen: BTreeSet<Digest>,
    /// Those of them that several people use.
    pub(super) shared_guests: BTreeSet<Digest>,
    /// Every session of a guest, as mluvii lists them by a proved filter.
    pub(super) listed_of_guest: BTreeMap<GuestId, BTreeSet<SessionId>>,
    pub(super) searched: MluviiSearch,
    /// Sessions that could not be read.
    pub(super) unread: BTreeSet<SessionKey>,
    /// Sessions beside those that nobody has tried to read this time, for there are too many.
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
            guests_seen: BTreeSet::new(),
            shared_guests: BTreeSet::new(),
            listed_of_guest: BTreeMap::new(),
            searched: MluviiSearch::NotNeeded,
            unread: BTreeSet::new(),
            unread_beyond: 0,
        }
    }

    pub(super) fn key(&self, session: SessionId) -> SessionKey {
        SessionKey { installation: self.question.subject.installation().clone(), session }
    }

    /// Takes a session that was just read, where it is the person's or may be.
    pub(super) fn judge_person(&mut self, key: SessionKey, prints: &[Fingerprinted], sets: &[BTreeSet<Kind>]) {
        let comparison = Comparison::of(&self.base, prints);
        if let Some(certainty) = comparison.judge(sets) {
            self.add(key, certainty, format!("read at mluvii: {comparison}"), true);
        }
    }

    /// Judges what was found by a guest id once more, since now several people are known to use it.
    pub(super) fn judge_guest_again(&mut self, guest: Digest, sets: &[BTreeSet<Kind>]) {
        let views = self.views.values().filter(|view| view.record.guest_digest == Some(guest));
        for view in views.filter(|view| !self.question.whom.origin.contains(&view.record.session)) {
            let comparison = Comparison::of(&self.base, &view.fingerprints);
            if comparison.judge(sets) == Some(Certainty::Certain) {
                continue;
            }
            let (certainty, reason) = judge_guest(&comparison, true, self.base_is_lost, &view.fingerprints);
            if let Some(found) = self.found.get_mut(&view.record.session) {
                found.certainty = certainty;
                found.reason = reason;
            }
        }
    }

    /// What the ledger knows of a session that was found.
    pub(in crate::worker) fn record(&self, key: &SessionKey) -> Option<&ConsentRecord> {
        self.views.get(key).map(|view| &view.record)
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
        let read = read.map(|(_, facts)| fingerprints(fingerprinter, facts));
        views.map(|view| view.fingerprints.clone()).chain(read).collect()
    }

    /// The sessions of a guest that go, by their numbers.
    pub(super) fn going_of_guest(&self, guest: Digest, fingerprinter: &Fingerprinter) -> Vec<SessionId> {
        let going = self.found.values().filter(|found| found.goes);
        let of_guest = going.filter(|found| self.guest_of(&found.key, fingerprinter) == Some(guest));
        of_guest.map(|found| found.key.session).collect()
    }

    /// A session of a tenant that no source names is not ours to erase, whoever it is of, unless a person says so.
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

    pub(super) fn going(&self) -> Vec<SessionKey> {
        self.found.values().filter(|found| found.goes).map(|found| found.key.clone()).collect()
    }

    pub(super) fn into_reach(self, fingerprinter: &Fingerprinter) -> ScopeResolution {
        let unsettled_until = self.unsettled_until();
        let guests = self.guests_that_go();
        let whole = |guest: &GuestId| {
            let listed = self.listed_of_guest.get(guest);
            listed.is_some_and(|listed| !listed.is_empty() && listed.iter().all(|session| self.goes(*session)))
        };
        let whole_guests = guests.iter().filter(|guest| whole(guest)).cloned().collect();
        let count = |test: &dyn Fn(&Found) -> bool| {
            u32::try_from(self.found.values().filter(|found| test(found)).count()).unwrap_or(u32::MAX)
        };
        let excluded = |found: &Found| self.question.selection.exclude.contains(&found.key);
        let findings = Findings {
            certain: count(&|found| found.certainty == Certainty::Certain && found.goes),
            possible_included: count(&|found| found.certainty == Certainty::Possible && found.goes),
            possible_left: count(&|found| found.certainty == Certainty::Possible && !found.goes && !excluded(found)),
            possible_excluded: count(&|found| found.certainty == Certainty::Possible && excluded(found)),
            excluded: count(&|found| found.certainty == Certainty::Certain && excluded(found)),
            unread: u32::try_from(self.unread.len()).unwrap_or(u32::MAX).saturating_add(self.unread_beyond),
            never_read: count(&|found| found.goes && !found.read_before),
            narrowed: self.question.whom.narrowed,
            search: self.searched,
            consent_versions: self.consent_versions(),
        };
        let mut prints: BTreeSet<_> = fingerprinter.of_all(&self.question.whom.identifiers).into_iter().collect();
        if !matches!(self.question.subject, Subject::Person { .. }) {
            // The ledger's own are as good as those of a further look.
            let going = self.found.values().filter(|found| found.goes);
            let of_ledger = going.filter_map(|found| self.views.get(&found.key)).flat_map(|view| &view.fingerprints);
            prints.extend(of_ledger.cloned());
        }
        let mut whom = self.question.whom;
        let by_id = matches!(self.question.subject, Subject::Guest { .. });
        whom.guests.retain(|_| by_id);
        whom.guests.extend(guests);
        whom.whole_guests = whole_guests;
        whom.searched = self.searched == MluviiSearch::Done;
        ScopeResolution {
            whom,
            sessions: self.found,
            findings,
            shared_guests: self.shared_guests.into_iter().collect(),
            fingerprints: prints.into_iter().collect(),
            unsettled_until,
        }
    }

    pub(super) fn goes(&self, session: SessionId) -> bool {
        self.found.get(&self.key(session)).is_some_and(|found| found.goes)
    }

    pub(super) fn consent_versions(&self) -> Vec<String> {
        let going = self.found.values().filter(|found| found.goes);
        let version = |found: &Found| {
            let view = self.views.get(&found.key).and_then(|view| view.record.consent.version.clone());
            view.or_else(|| self.read.get(&found.key)?.consent_version.clone())
        };
        let all: BTreeSet<_> = going.filter_map(version).collect();
        all.into_iter().collect()
    }
}

/// Whether the sessions of one guest are those of several people, whoever is meant.
pub(super) fn contradict_one_another(sessions: impl IntoIterator<Item = Vec<Fingerprinted>>) -> bool {
    // One person's sessions carry the same few sets of identifiers, however many sessions there are.
    let distinct: BTreeSet<BTreeSet<Fingerprinted>> =
        sessions.into_iter().map(|prints| prints.into_iter().collect()).collect();
    let distinct: Vec<Vec<_>> = distinct.into_iter().map(|prints| prints.into_iter().collect()).collect();
    let differ = |one: &Vec<_>, other: &Vec<_>| Comparison::of(one, other).contradicts();
    distinct.len() > DISTINCT_MAX
        || distinct
            .iter()
            .enumerate()
            .any(|(number, one)| distinct[number + 1..].iter().any(|other| differ(one, other)))
}

/// Whether a session of a guest is meant, too. Where people demonstrably share the id, only what agrees is certain.
pub(super) fn judge_guest(
    comparison: &Comparison,
    shared: bool,
    base_is_lost: bool,
    session: &[Fingerprinted],
) -> (Certainty, String) {
    let told = |what: &str| format!("same guest, {what}: {comparison}");
    if comparison.contradicts() {
        return (Certainty::Possible, told("and somebody else's identifiers"));
    }
    if base_is_lost && !session.is_empty() {
        return (Certainty::Possible, "same guest, and nothing is known any more to compare it with".to_owned());
    }
    // People who share a device may share a phone as well.
    let told_apart = comparison.agreeing.len() > 1
        || comparison.agreeing.iter().any(|kind| !matches!(kind, Kind::Name | Kind::Phone));
    if shared && !told_apart {
        return (
            Certainty::Possible,
            "same guest, but several people use it and too little says who this was".to_owned(),
        );
    }
    (Certainty::Certain, told("and nothing contradicts"))
}

#[cfg(test)]
mod tests;
