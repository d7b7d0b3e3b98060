//! Which sessions an erasure reaches, and how surely each is meant. Asked before anything is erased, and by the dry run,
//! so that both see one set.

mod at_mluvii;
mod guests;
mod in_ledger;
mod scope;
mod search;
mod summary;

pub(crate) use guests::{contradict_one_another, judge_guest};
pub(crate) use scope::{Found, OnUnread, Question, ResolveError, ScopeResolution};

use crate::ledger::Records;
use crate::mluvii::MluviiClient;
use crate::policy::PersonSettings;
use crate::subject::{Fingerprinter, TenantId};

/// What resolving needs: the ledger, and one installation.
pub(crate) struct Resolver<'a> {
    pub(crate) ledger: &'a dyn Records,
    pub(crate) mluvii: &'a MluviiClient,
    pub(crate) person: &'a PersonSettings,
    pub(crate) fingerprinter: &'a Fingerprinter,
    /// The tenants of the installation's sources, for searching contacts; all when empty.
    pub(crate) departments: &'a [TenantId],
}

impl Resolver<'_> {
    /// Finds the sessions, judges each, and learns what the targets have to be told.
    pub(crate) async fn reach(&self, question: Question<'_>) -> Result<ScopeResolution, ResolveError> {
        let mut search = self.find(question).await?;
        self.search_mluvii(&mut search).await?;
        self.identify(search).await
    }
}
