//! The sessions of which the ledger knows.

use super::Resolver;
use super::guests::contradict_one_another;
use super::scope::{Question, ResolveError};
use super::search::Search;
use crate::erasure::{MluviiSearch, Subject};
use crate::keys::Digest;
use crate::ledger::LedgerError;
use crate::policy::{Certainty, Comparison};
use crate::subject::SessionKey;

impl Resolver<'_> {
    /// What the ledger tells, without a call to mluvii.
    pub(in crate::worker) async fn find<'q>(&self, question: Question<'q>) -> Result<Search<'q>, ResolveError> {
        let mut search = Search::new(question);
        // What the targets are told is no more than the request itself: no session, and no guest of one.
        if search.question.selection.identifiers_only {
            search.searched = MluviiSearch::IdentifiersOnly;
            return Ok(search);
        }
        match search.question.subject {
            Subject::Session(key) => {
                self.add_by_number(key, Certainty::Certain, "named by its number", &mut search).await?;
            }
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

    /// Adds a session whether the ledger knows it or not.
    async fn add_by_number(
        &self,
        key: &SessionKey,
        certainty: Certainty,
        reason: &str,
        search: &mut Search<'_>,
    ) -> Result<(), LedgerError> {
        let view = self.ledger.session(key).await?;
        let read_before = view.as_ref().is_some_and(|view| view.read_at.is_some());
        search.add(key.clone(), certainty, reason.to_owned(), read_before);
        search.views.extend(view.map(|view| (key.clone(), view)));
        Ok(())
    }

    /// With what the sessions of a guest are compared: the session from which the demand came.
    async fn find_origin(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        for key in search.question.whom.origin.clone() {
            match self.ledger.session(&key).await? {
                Some(view) if !view.is_gone() => {
                    // A number to call back may be anybody's, so it tells no guest from another.
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
        // What one origin has lost, another one or the sealed identifiers may still tell.
        search.base_is_lost &= search.base.is_empty();
        Ok(())
    }

    /// The sessions of one guest id. People who share a device share the id, so those that contradict are left.
    async fn find_guest(&self, guest: Digest, search: &mut Search<'_>) -> Result<(), LedgerError> {
        if !search.guests_seen.insert(guest) {
            return Ok(());
        }
        let views = self.ledger.sessions_of_guest(search.installation(), guest).await?;
        // Nothing is left of those that were erased, unless something came since.
        let views: Vec<_> = views.into_iter().filter(|view| !view.is_gone()).collect();
        let compared: Vec<_> = views.iter().map(|view| Comparison::of(&search.base, &view.fingerprints)).collect();
        let in_ledger = views.iter().map(|view| view.fingerprints.clone());
        let all = in_ledger.chain(search.prints_of_guest(guest, self.fingerprinter));
        let contradicted = compared.iter().any(Comparison::contradicts) || contradict_one_another(all);
        if contradicted {
            search.shared_guests.insert(guest);
        }
        let shared = contradicted || self.ledger.is_shared_guest(search.installation(), guest).await?;
        for (view, comparison) in views.into_iter().zip(compared) {
            let (certainty, reason) = search.judge_of_guest(&comparison, shared, &view.fingerprints);
            search.take(view, certainty, reason);
        }
        Ok(())
    }

    /// A person's sessions: those that share an identifier, and all sessions of the guests of the certain ones.
    async fn find_person(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        let views = self.ledger.sessions_with(search.installation(), &search.base).await?;
        for view in views {
            let comparison = Comparison::of(&search.base, &view.fingerprints);
            if let Some((certainty, reason)) = search.judge(&comparison, &self.person.r#match) {
                search.take(view, certainty, reason);
            }
        }
        for key in search.question.whom.origin.clone() {
            // One that was erased before is the person's again once something has come to it since.
            if !search.found.contains_key(&key)
                && let Some(view) = self.ledger.session(&key).await?
                && !view.is_gone()
            {
                search.take(view, Certainty::Possible, "the demand came from it".to_owned());
            }
        }
        self.find_guests_of_certain(search).await
    }

    pub(super) async fn find_guests_of_certain(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        for guest in search.guests_of_certain(self.fingerprinter) {
            self.find_guest(guest, search).await?;
        }
        Ok(())
    }

    /// Who is told a guest's id erases whatever is held by it, so of a person only guests of whom nothing stays are told.
    pub(super) async fn keep_guests_of_others(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        if !matches!(search.question.subject, Subject::Person { .. }) {
            return Ok(());
        }
        for guest in search.guests_that_go() {
            let digest = self.fingerprinter.guest(&guest);
            let in_ledger = self.ledger.sessions_of_guest(search.installation(), digest).await?;
            let shared = self.ledger.is_shared_guest(search.installation(), digest).await?;
            if search.keeps(&guest, &in_ledger, shared, self.fingerprinter) {
                search.guests_kept.insert(guest);
            }
        }
        Ok(())
    }

    /// What a person decided about single sessions stands above what they are judged to be.
    pub(super) async fn select(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        let selection = search.question.selection;
        for key in &selection.include {
            // What was decided holds for further plans, and an earlier erasure may have taken it.
            let is_gone =
                async || Ok::<_, LedgerError>(self.ledger.session(key).await?.is_some_and(|view| view.is_gone()));
            if !search.found.contains_key(key) && !is_gone().await? {
                self.add_by_number(key, Certainty::Possible, "included by the request", search).await?;
            }
        }
        for found in search.found.values_mut() {
            let included = selection.include_possible || selection.include.contains(&found.key);
            let taken = found.certainty == Certainty::Certain || included;
            found.goes = taken && !selection.leaves_out(&found.key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
