//! The port as `benches/claiming` uses it, whose words are a benchmark's: text and numbers. Nothing here is SQL.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Attempt, Bounds, Claim, ErasureFilter, Finished, LedgerError, PostgresLedger, PostgresPlace, Queue as _, QueueName,
    ReceiptRange, Records as _, StepEnd, migrate, plans,
};
use crate::erasure::{ErasureId, ErasureState, Evidence, Outcome};
use crate::keys::{Digest, Fingerprint};
use crate::subject::{Fingerprinted, InstallationName, Kind, SessionId, SessionKey, TargetName};

pub use super::plans::SMALL_TABLES;

/// A ledger as one process has it.
pub struct Measured(Arc<PostgresLedger>);

/// A step that was claimed.
#[must_use = "it is put back or ends"]
pub struct Step(Claim);

impl Measured {
    /// Makes the ledger's schema.
    pub async fn migrate(url: &str) {
        migrate(&place(url, 1), None).await.expect("migrated");
    }

    /// Opens it with so many connections for work.
    pub async fn open(url: &str, connections_max: usize) -> Self {
        Self(PostgresLedger::open(&place(url, connections_max), None).await.expect("opens"))
    }

    /// Claims up to `most` steps at a target, of which so many may be under way.
    pub async fn claim(&self, target: &str, most: usize, lease: Duration, at_once: usize) -> Vec<Step> {
        let target = TargetName(target.into());
        let bounds = Bounds { target: Some(target.clone()), at_once, calls_per_s: None };
        let claimed = self.0.claim(&QueueName::Step(target), most, lease, &bounds).await.expect("claimed");
        claimed.claims.into_iter().map(Step).collect()
    }

    /// Makes it due again at once.
    pub async fn put_back(&self, step: Step) {
        let put_back = self.0.retry(step.0, Duration::ZERO, Attempt::Free, "").await.expect("put back");
        assert_eq!(put_back, Finished::Done);
    }

    /// The target answered that it has erased, and is not re-checked.
    pub async fn erased(&self, step: Step) {
        let counts = [("messages".to_owned(), 12)].into();
        let evidence = Evidence { looked_at: vec!["messages".to_owned()], ..Evidence::default() };
        let end = StepEnd::Final { outcome: Outcome::Erased, reason: None, counts, evidence };
        assert_eq!(self.0.stepped(step.0, end).await.expect("stepped"), Finished::Done);
    }

    /// How many sessions a guest has, by the digest of the guest's id.
    pub async fn sessions_of_guest(&self, installation: &str, guest: [u8; 16]) -> usize {
        let installation = InstallationName(installation.into());
        self.0.sessions_of_guest(&installation, Digest(guest)).await.expect("found").len()
    }

    /// How many sessions carry the fingerprint of an e-mail address.
    pub async fn sessions_with(&self, installation: &str, fingerprint: [u8; 32]) -> usize {
        let installation = InstallationName(installation.into());
        let fingerprint = Fingerprint(fingerprint);
        let email = Fingerprinted { kind: Kind::Email, fingerprint, version: 1, supplementary: false };
        self.0.sessions_with(&installation, &[email]).await.expect("found").len()
    }

    /// Whether a session is known.
    pub async fn has_session(&self, installation: &str, session: i64) -> bool {
        let key = SessionKey { installation: InstallationName(installation.into()), session: SessionId(session) };
        self.0.session(&key).await.expect("read").is_some()
    }

    /// Whether an erasure is there.
    pub async fn has_erasure(&self, id: [u8; 16]) -> bool {
        self.0.erasure(ErasureId(id)).await.expect("read").is_some()
    }

    /// How many of the newest `limit` erasures there are of each state by itself.
    pub async fn newest_of_each_state(&self, limit: u32) -> usize {
        let mut listed = 0;
        for state in ErasureState::ALL {
            let filter = ErasureFilter { states: vec![state], ..ErasureFilter::newest(limit) };
            listed += self.0.erasures(&filter).await.expect("listed").items.len();
        }
        listed
    }

    /// Whether the receipt with this number is there; what is in it does not matter.
    pub async fn has_receipt(&self, sequence: u64) -> bool {
        match self.0.receipts(&ReceiptRange::all(sequence, 1)).await {
            Ok(receipts) => !receipts.items.is_empty(),
            Err(LedgerError::Broken(_)) => true,
            Err(LedgerError::Busy(cause) | LedgerError::Damaged(cause)) => panic!("{cause:#}"),
        }
    }

    /// The ledger in numbers, the oldest open duty among them.
    pub async fn count(&self) {
        assert!(self.0.counts().await.expect("counted").oldest_due.is_some());
    }

    /// Each statement that was prepared, and the lines of its plan.
    pub async fn plans(&self) -> Vec<(String, Vec<String>)> {
        let plans = plans::of(&self.0).await.expect("explained");
        plans.into_iter().map(|plan| (plan.statement, plan.lines)).collect()
    }
}

fn place(url: &str, connections_max: usize) -> PostgresPlace {
    let statement_max = Duration::from_secs(60);
    PostgresPlace { url: url.to_owned(), user: None, ca_file: None, statement_max, connections_max }
}
