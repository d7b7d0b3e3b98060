//! What a search comes to: what the erasure reaches, and what its receipt will say of it.

use std::collections::BTreeSet;

use super::scope::{Found, ScopeResolution};
use super::search::Search;
use crate::erasure::{Findings, MluviiSearch, Subject};
use crate::ledger::ShownSession;
use crate::policy::Certainty;
use crate::subject::{Fingerprinted, Fingerprinter, GuestId, Whom};

impl Search<'_> {
    pub(super) fn into_scope(self, fingerprinter: &Fingerprinter) -> ScopeResolution {
        ScopeResolution {
            findings: self.findings(),
            contacts: self.contacts,
            fingerprints: self.fingerprints(fingerprinter),
            shown: self.shown(fingerprinter),
            unsettled_until: self.unsettled_until(),
            whom: self.whom(),
            sessions: self.found,
            shared_guests: self.shared_guests.into_iter().collect(),
        }
    }

    fn findings(&self) -> Findings {
        let selection = self.question.selection;
        let excluded = |found: &Found| selection.exclude.contains(&found.key);
        // Who says that one is needed has said that it is theirs, however uncertain that was.
        let theirs = |found: &Found| found.certainty == Certainty::Certain || selection.needed.contains(&found.key);
        Findings {
            certain: self.count(|found| found.certainty == Certainty::Certain && found.goes),
            possible_included: self.count(|found| found.certainty == Certainty::Possible && found.goes),
            possible_left: self
                .count(|found| found.certainty == Certainty::Possible && !found.goes && !excluded(found)),
            possible_excluded: self.count(|found| excluded(found) && !theirs(found)),
            excluded: self.count(|found| excluded(found) && theirs(found)),
            // Nobody has decided to leave these: what was planned goes, and no more.
            came_since: self.count(|found| {
                found.certainty == Certainty::Certain && !excluded(found) && selection.leaves_out(&found.key)
            }),
            unread: u32::try_from(self.unread.len()).unwrap_or(u32::MAX).saturating_add(self.unread_beyond),
            never_read: self.count(|found| found.goes && !found.read_before),
            narrowed: self.question.whom.narrowed,
            search: self.searched,
            consent_versions: self.consent_versions(),
        }
    }

    fn count(&self, test: impl Fn(&Found) -> bool) -> u32 {
        u32::try_from(self.found.values().filter(|found| test(found)).count()).unwrap_or(u32::MAX)
    }

    /// By what the erasure is found again.
    fn fingerprints(&self, fingerprinter: &Fingerprinter) -> Vec<Fingerprinted> {
        let mut prints: BTreeSet<_> = fingerprinter.of_all(&self.question.whom.proved()).into_iter().collect();
        if !matches!(self.question.subject, Subject::Person { .. }) {
            // The ledger's own are as good as those of a further look.
            let going = self.found.values().filter(|found| found.goes);
            let of_ledger = going.filter_map(|found| self.views.get(&found.key)).flat_map(|view| &view.fingerprints);
            prints.extend(of_ledger.cloned());
        }
        prints.into_iter().collect()
    }

    /// What mluvii showed of the sessions that go. Of some the ledger has no record, or not enough of one, by which a hold would find them.
    fn shown(&self, fingerprinter: &Fingerprinter) -> Vec<ShownSession> {
        let mut all = Vec::new();
        for found in self.found.values().filter(|found| found.goes) {
            let session = found.key.session;
            let facts = self.read.get(&found.key).or_else(|| self.read_for_holds.get(&found.key));
            let own = facts.and_then(|facts| facts.guest.as_ref());
            let listed = self.listed_of_guest.iter().filter(|(_, listed)| listed.contains(&session));
            let guests = own.into_iter().chain(listed.map(|(guest, _)| guest));
            let guests: BTreeSet<_> = guests.map(|guest| fingerprinter.guest(guest)).collect();
            let fingerprints = facts.map(|facts| facts.fingerprints(fingerprinter)).unwrap_or_default();
            if !guests.is_empty() || !fingerprints.is_empty() {
                all.push(ShownSession { session, guests, fingerprints });
            }
        }
        all
    }

    /// What the targets are told: nothing that is not proved. A guest whose sessions do not go is not told, unless the request named it; nor
    /// one of a person that is kept.
    fn whom(&self) -> Whom {
        let guests = self.guests_that_go();
        let mut whom = self.question.whom.clone();
        whom.whole_guests = guests.iter().filter(|guest| self.goes_whole(guest)).cloned().collect();
        if !matches!(self.question.subject, Subject::Guest { .. }) {
            whom.guests.clear();
        }
        whom.guests.extend(guests.into_iter().filter(|guest| !self.guests_kept.contains(guest)));
        whom.searched = self.searched == MluviiSearch::Done;
        whom.identifiers = whom.proved();
        whom
    }

    /// Whether every session that mluvii lists of the guest goes, so that one call may take them all.
    fn goes_whole(&self, guest: &GuestId) -> bool {
        let listed = self.listed_of_guest.get(guest);
        // An empty list may be one that lags: by it, one call would take sessions that nobody has judged.
        listed.is_some_and(|listed| !listed.is_empty() && listed.iter().all(|session| self.goes(*session)))
    }

    fn consent_versions(&self) -> Vec<String> {
        let mut versions = BTreeSet::new();
        for found in self.found.values().filter(|found| found.goes) {
            let view = self.views.get(&found.key).and_then(|view| view.record.consent.version.clone());
            versions.extend(view.or_else(|| self.read.get(&found.key)?.consent_version.clone()));
        }
        versions.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::super::scope::{OnUnread, Question};
    use super::*;
    use crate::erasure::Selection;
    use crate::keys::{Digest, IndexKey};
    use crate::mluvii::SessionFacts;
    use crate::subject::{Identifier, Identifiers, InstallationName, Kind, SessionId, SessionKey};

    #[test]
    fn a_possible_session_that_is_left_as_needed_is_counted_as_theirs() {
        let installation = InstallationName::unnamed();
        let fingerprinter = Fingerprinter::new(&IndexKey::new(&Zeroizing::new([1; 32])), &installation, None);
        let key = |number| SessionKey { installation: installation.clone(), session: SessionId(number) };
        let subject = Subject::Person { installation: installation.clone(), digest: Digest([1; 16]) };
        let exclude = [key(1), key(2), key(3)].into();
        let selection = Selection { exclude, needed: [key(3)].into(), ..Selection::default() };
        let mut search = Search::new(Question {
            subject: &subject,
            whom: Whom::default(),
            selection: &selection,
            targets: &[],
            on_unread: OnUnread::Wait,
        });
        for (number, certainty) in
            [(1, Certainty::Certain), (2, Certainty::Possible), (3, Certainty::Possible), (4, Certainty::Possible)]
        {
            search.add(key(number), certainty, String::new(), false);
        }
        let found = search.into_scope(&fingerprinter).findings;
        assert_eq!((found.excluded, found.possible_excluded, found.possible_left), (2, 1, 1));
    }

    #[test]
    fn what_mluvii_showed_of_sessions_that_go_is_kept_for_holds_without_a_record_of_them() {
        let installation = InstallationName::unnamed();
        let fingerprinter = Fingerprinter::new(&IndexKey::new(&Zeroizing::new([1; 32])), &installation, None);
        let subject = Subject::Person { installation, digest: Digest([1; 16]) };
        let selection = Selection::default();
        let mut search = Search::new(Question {
            subject: &subject,
            whom: Whom::default(),
            selection: &selection,
            targets: &[],
            on_unread: OnUnread::Wait,
        });
        let guest = GuestId("g-1".into());
        let email = Identifier::new(Kind::Email, "ann@x.cz").expect("an address");
        let identifiers = Identifiers([email].into());
        for (number, certainty) in [(1, Certainty::Certain), (2, Certainty::Certain), (3, Certainty::Possible)] {
            let key = search.key(SessionId(number));
            search.add(key.clone(), certainty, String::new(), true);
            let guest = (number == 1).then(|| guest.clone());
            let facts = SessionFacts { guest, identifiers: identifiers.clone(), ..SessionFacts::default() };
            search.read.insert(key, facts);
        }
        search.listed_of_guest.insert(guest.clone(), [SessionId(2)].into());
        let shown = search.into_scope(&fingerprinter).shown;
        let of = |number| ShownSession {
            session: SessionId(number),
            guests: [fingerprinter.guest(&guest)].into(),
            fingerprints: fingerprinter.of_all(&identifiers),
        };
        assert_eq!(shown, [of(1), of(2)]);
    }
}
