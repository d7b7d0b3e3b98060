//! What the ledger is asked, and nothing is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter};

use super::checkpoint::LOG_BYTES_LONG;
use super::names::{Names, Place};
use super::{
    SqliteLedger, archive, attention, audit, capsules, clock, confirming, counts, days, deliveries, erasures, finding,
    gauges, generations, holds, installations, integrity, meta, past_jobs, pauses, people, periodic, processes,
    quarantine, query, receipts, rechecks, requests, rules, session_list, sessions, sweep_jobs, targets, tasks,
};
use crate::attention::{Attention, Facts, Limits, LongLog};
use crate::audit::AuditRow;
use crate::chain::Head;
use crate::deadline::Calendar;
use crate::erasure::confirmation::Link;
use crate::erasure::{Capsule, Erasure, ErasureId, Recheck, Subject};
use crate::hold::{HeldBy, HoldId};
use crate::keys::{Digest, Fingerprint, KeyId};
use crate::ledger::checksums::Comparison;
use crate::ledger::sweep_job::{ListedSweep, StoredSweepJob};
use crate::ledger::{
    AgingRecord, AuditRange, ClockView, CountedRequests, Counts, Cursor, Days, DecidedSessions, DeliveryHours,
    EndedErasure, EndedMark, ErasedMark, ErasureCursor, ErasureFilter, Gauges, GenerationState, Hold, HoldsListed,
    IdleSession, InstallationFacts, Intake as _, Invariant, LedgerError, LedgerId, ListedSession, MaybeHeld,
    OpenCounts, Page, ParkedMark, ProcessView, QuarantineId, QuarantineRange, Quarantined, QueueName, ReceiptRange,
    Records, RequestCursor, RequestFilter, RuleVersion, SealGeneration, SeenEvent, SessionMark, SessionView, Stored,
    StoredPastJob, StoredRequest, SumChunk, SumMark, Summed, TargetHealth, TargetPause, ToldForm, Tombstone,
    UnreadSessions,
};
use crate::receipt::{ChainEnd, ChainName, Receipt, ReceiptHead, SignedCheckpoint, SignedGap};
use crate::request::{RequestId, RequestNumber};
use crate::subject::{Fingerprinted, InstallationName, SessionId, SessionKey, SourceName, TargetName};

#[async_trait]
impl Records for SqliteLedger {
    async fn session(&self, key: &SessionKey) -> Result<Option<SessionView>, LedgerError> {
        let key = key.clone();
        let look = move |connection: &_| match Place::known(connection, &key)? {
            Some(place) => sessions::one(connection, place),
            None => Ok(None),
        };
        self.readers.read(look).await
    }

    async fn tombstone(&self, key: &SessionKey) -> Result<Option<Tombstone>, LedgerError> {
        let key = key.clone();
        let look = move |connection: &_| match Place::known(connection, &key)? {
            Some(place) => sessions::tombstone(connection, place),
            None => Ok(None),
        };
        self.readers.read(look).await
    }

    async fn sessions_of_guest(
        &self,
        installation: &InstallationName,
        guest: Digest,
    ) -> Result<Vec<SessionView>, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| sessions::of_guest(connection, &installation, guest)).await
    }

    async fn is_shared_guest(&self, installation: &InstallationName, guest: Digest) -> Result<bool, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| sessions::is_shared_guest(connection, &installation, guest)).await
    }

    async fn sessions_with(
        &self,
        installation: &InstallationName,
        person: &[Fingerprinted],
    ) -> Result<Vec<SessionView>, LedgerError> {
        let installation = installation.clone();
        let person = person.to_vec();
        self.readers.read(move |connection| finding::with(connection, &installation, &person)).await
    }

    async fn erased_sessions_with(
        &self,
        installation: &InstallationName,
        person: &[Fingerprinted],
    ) -> Result<Vec<SessionView>, LedgerError> {
        let installation = installation.clone();
        let person = person.to_vec();
        self.readers.read(move |connection| finding::erased_with(connection, &installation, &person)).await
    }

    async fn unread_sessions(
        &self,
        installation: &InstallationName,
        limit: u32,
    ) -> Result<UnreadSessions, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| sessions::unread(connection, &installation, limit)).await
    }

    async fn idle_sessions(
        &self,
        installation: &InstallationName,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<IdleSession>, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| sessions::idle(connection, &installation, since, most)).await
    }

    async fn erased_sessions(
        &self,
        installation: &InstallationName,
        after: ErasedMark,
        most: u32,
    ) -> Result<Vec<ErasedMark>, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| sessions::erased(connection, &installation, after, most)).await
    }

    async fn sessions_up_to(
        &self,
        installation: &InstallationName,
        number: SessionId,
        limit: u32,
    ) -> Result<Page<ListedSession, SessionId>, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| session_list::up_to(connection, &installation, number, limit)).await
    }

    async fn ended_erasures(
        &self,
        installation: &InstallationName,
        after: EndedMark,
        most: u32,
    ) -> Result<Vec<EndedErasure>, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| erasures::ended(connection, &installation, after, most)).await
    }

    async fn rechecks(&self, erasures: &[ErasureId]) -> Result<Vec<Recheck>, LedgerError> {
        let erasures = erasures.to_vec();
        self.readers.read(move |connection| rechecks::of(connection, &erasures)).await
    }

    async fn erased_mark(&self, installation: &InstallationName) -> Result<Option<ErasedMark>, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| periodic::erased_mark(connection, &installation)).await
    }

    async fn past_jobs(&self) -> Result<Vec<StoredPastJob>, LedgerError> {
        self.readers.read(past_jobs::list).await
    }

    async fn sweep_jobs(&self) -> Result<Vec<ListedSweep>, LedgerError> {
        self.readers.read(sweep_jobs::list).await
    }

    async fn sweep_job(
        &self,
        target: &TargetName,
        installation: &InstallationName,
    ) -> Result<Option<StoredSweepJob>, LedgerError> {
        let (target, installation) = (target.clone(), installation.clone());
        self.readers.read(move |connection| sweep_jobs::one(connection, &target, &installation)).await
    }

    async fn open_sweeps(&self) -> Result<Vec<(TargetName, InstallationName)>, LedgerError> {
        self.readers.read(sweep_jobs::open).await
    }

    async fn requests(&self, filter: &RequestFilter) -> Result<Page<StoredRequest, RequestCursor>, LedgerError> {
        let filter = filter.clone();
        self.readers.read(move |connection| requests::list(connection, &filter)).await
    }

    async fn count_open_requests(&self, which: &CountedRequests) -> Result<OpenCounts, LedgerError> {
        let which = which.clone();
        self.readers.read(move |connection| requests::count_open(connection, &which)).await
    }

    async fn requests_numbered(&self, number: &RequestNumber) -> Result<Vec<StoredRequest>, LedgerError> {
        let number = number.clone();
        self.readers.read(move |connection| requests::numbered(connection, &number)).await
    }

    async fn requests_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<StoredRequest>, LedgerError> {
        let fingerprints = fingerprints.to_vec();
        self.readers.read(move |connection| requests::with(connection, &fingerprints)).await
    }

    async fn requests_of_erasure(&self, id: ErasureId) -> Result<Vec<StoredRequest>, LedgerError> {
        self.readers.read(move |connection| requests::of_erasure(connection, id)).await
    }

    async fn request_capsule(&self, id: RequestId) -> Result<Option<Capsule>, LedgerError> {
        self.readers.read(move |connection| requests::capsule(connection, id)).await
    }

    async fn links_of_requests(&self, all: &[RequestId]) -> Result<HashMap<RequestId, Link>, LedgerError> {
        let all = all.to_vec();
        self.readers.read(move |connection| confirming::newest_of_requests(connection, &all)).await
    }

    async fn request_under(&self, generation: &KeyId, after: u64) -> Result<Option<StoredRequest>, LedgerError> {
        let generation = generation.clone();
        self.readers.read(move |connection| requests::under(connection, generation.as_str(), after)).await
    }

    async fn holds(&self, which: HoldsListed) -> Result<Vec<Hold>, LedgerError> {
        self.readers.read(move |connection| holds::list(connection, which, Timestamp::now())).await
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, LedgerError> {
        self.readers.read(move |connection| holds::one(connection, id)).await
    }

    async fn hold_ends(&self, all: &BTreeSet<HoldId>) -> Result<BTreeMap<HoldId, Option<Timestamp>>, LedgerError> {
        let all = all.clone();
        self.readers.read(move |connection| holds::ends(connection, &all, Timestamp::now())).await
    }

    async fn erasures_on_hold(&self, id: HoldId, most: u32) -> Result<Vec<ErasureId>, LedgerError> {
        self.readers.read(move |connection| holds::waiting(connection, id, most, Timestamp::now())).await
    }

    async fn holds_keeping(&self, all: &[ErasureId]) -> Result<BTreeMap<ErasureId, Vec<HeldBy>>, LedgerError> {
        let all = all.to_vec();
        let now = Timestamp::now();
        let look = move |connection: &Connection| {
            let mut keeping = BTreeMap::new();
            for id in all {
                let holds = holds::keeping(connection, id, now)?;
                if !holds.is_empty() {
                    keeping.insert(id, holds.iter().map(|hold| hold.hold.named()).collect());
                }
            }
            Ok(keeping)
        };
        self.readers.read(look).await
    }

    async fn holds_on(&self, of: &MaybeHeld) -> Result<Vec<HeldBy>, LedgerError> {
        let of = of.clone();
        self.readers.read(move |connection| holds::keeping_any(connection, &of, Timestamp::now())).await
    }

    async fn marks(&self) -> Result<BTreeMap<String, Timestamp>, LedgerError> {
        self.readers.read(periodic::marks).await
    }

    async fn told_forms(
        &self,
        sources: &[SourceName],
        session: SessionId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ToldForm>, LedgerError> {
        let sources = sources.to_vec();
        self.readers.read(move |connection| deliveries::forms(connection, &sources, session, from..=to)).await
    }

    async fn events_of_session(
        &self,
        sources: &[SourceName],
        session: SessionId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SeenEvent>, LedgerError> {
        let sources = sources.to_vec();
        self.readers.read(move |connection| deliveries::of_session(connection, &sources, session, from..=to)).await
    }

    async fn last_deliveries(&self) -> Result<BTreeMap<SourceName, Timestamp>, LedgerError> {
        self.readers.read(deliveries::last_of_all).await
    }

    async fn delivery_hours(&self, source: &SourceName) -> Result<DeliveryHours, LedgerError> {
        let source = source.clone();
        self.readers.read(move |connection| deliveries::hours(connection, &source)).await
    }

    async fn installation(&self, installation: &InstallationName) -> Result<InstallationFacts, LedgerError> {
        let installation = installation.clone();
        self.readers.read(move |connection| installations::facts(connection, &installation)).await
    }

    async fn erasure(&self, id: ErasureId) -> Result<Option<Erasure>, LedgerError> {
        self.readers.read(move |connection| erasures::one(connection, id)).await
    }

    async fn erasures_named(&self, all: &[ErasureId]) -> Result<Vec<Erasure>, LedgerError> {
        let all = all.to_vec();
        self.readers.read(move |connection| erasures::many(connection, all)).await
    }

    async fn parked_marks(&self, all: &[ErasureId]) -> Result<HashMap<ErasureId, ParkedMark>, LedgerError> {
        let all = all.to_vec();
        self.readers.read(move |connection| tasks::parked_marks(connection, &all)).await
    }

    async fn erasures(&self, filter: &ErasureFilter) -> Result<Page<Erasure, ErasureCursor>, LedgerError> {
        let filter = filter.clone();
        self.readers.read(move |connection| erasures::list(connection, &filter)).await
    }

    async fn erasures_at(
        &self,
        called: &TargetName,
        after: Option<ErasureId>,
        most: u32,
    ) -> Result<Vec<ErasureId>, LedgerError> {
        let called = called.clone();
        self.readers.read(move |connection| people::waiting(connection, &called, after, most)).await
    }

    async fn capsules(&self, erasure: ErasureId) -> Result<Vec<Capsule>, LedgerError> {
        self.readers.read(move |connection| capsules::of(connection, erasure)).await
    }

    async fn erasures_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Erasure>, LedgerError> {
        let fingerprints = fingerprints.to_vec();
        self.readers.read(move |connection| erasures::with(connection, &fingerprints)).await
    }

    async fn erasures_of(&self, session: &SessionKey, guest: Option<Digest>) -> Result<Vec<Erasure>, LedgerError> {
        let key = session.clone();
        let look = move |connection: &_| match Place::known(connection, &key)? {
            Some(place) => erasures::of_session(connection, place, &Subject::keys_of(&key, guest)),
            None => Ok(Vec::new()),
        };
        self.readers.read(look).await
    }

    async fn rule_versions(&self) -> Result<Vec<RuleVersion>, LedgerError> {
        self.readers.read(rules::versions).await
    }

    async fn decided_sessions(&self, after: SessionMark, most: u32) -> Result<DecidedSessions, LedgerError> {
        self.readers.read(move |connection| sessions::decided(connection, query::NOT_REDUCED, after, most)).await
    }

    async fn consents(
        &self,
        of: Option<&InstallationName>,
        after: SessionMark,
        most: u32,
    ) -> Result<DecidedSessions, LedgerError> {
        let of = of.cloned();
        let look = move |connection: &_| {
            let Some(of) = of else { return sessions::decided(connection, query::ALL_SESSIONS, after, most) };
            match Names::Installation.known(connection, &of.0)? {
                Some(number) => sessions::decided(connection, query::OF_INSTALLATION, after.within(number), most),
                None => Ok(DecidedSessions::default()),
            }
        };
        self.readers.read(look).await
    }

    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError> {
        Ok(self.receipt_end().await?.head)
    }

    async fn seal_generations(&self) -> Result<Vec<SealGeneration>, LedgerError> {
        self.readers.read(|connection| generations::list(connection, Timestamp::now())).await
    }

    async fn seal_state(&self, id: &KeyId) -> Result<Option<GenerationState>, LedgerError> {
        let id = id.clone();
        self.readers.read(move |connection| generations::state(connection, &id)).await
    }

    async fn quarantined_under(
        &self,
        generation: &KeyId,
        after: QuarantineId,
    ) -> Result<Option<(QuarantineId, Quarantined)>, LedgerError> {
        let generation = generation.clone();
        self.readers.read(move |connection| quarantine::under(connection, &generation, after)).await
    }

    async fn id(&self) -> Result<LedgerId, LedgerError> {
        self.readers.read(meta::id).await
    }

    async fn receipt_end(&self) -> Result<ChainEnd, LedgerError> {
        self.readers.read(receipts::end).await
    }

    async fn receipt_gaps(&self) -> Result<Vec<SignedGap>, LedgerError> {
        self.readers.read(receipts::gaps).await
    }

    async fn receipts(&self, range: &ReceiptRange) -> Result<Page<Receipt, Cursor>, LedgerError> {
        let range = *range;
        self.readers.read(move |connection| receipts::list(connection, range)).await
    }

    async fn receipt_of(&self, erasure: ErasureId) -> Result<Option<Receipt>, LedgerError> {
        self.readers.read(move |connection| receipts::of_erasure(connection, erasure)).await
    }

    async fn archived_receipt_of(&self, erasure: ErasureId) -> Result<Option<u64>, LedgerError> {
        self.readers.read(move |connection| archive::receipt_of(connection, erasure)).await
    }

    async fn oldest_records(&self, chain: ChainName, most: u32) -> Result<Vec<AgingRecord>, LedgerError> {
        self.readers.read(move |connection| archive::oldest_records(connection, chain, most)).await
    }

    async fn checkpoints(&self, chain: ChainName) -> Result<Vec<SignedCheckpoint>, LedgerError> {
        self.readers.read(move |connection| archive::checkpoints(connection, chain)).await
    }

    async fn quarantined(&self, range: &QuarantineRange) -> Result<Page<Stored, Cursor>, LedgerError> {
        let range = range.clone();
        self.readers.read(move |connection| quarantine::list(connection, &range)).await
    }

    async fn quarantined_one(&self, id: QuarantineId) -> Result<Option<Quarantined>, LedgerError> {
        self.readers.read(move |connection| quarantine::one(connection, id)).await
    }

    async fn targets(&self) -> Result<Vec<TargetHealth>, LedgerError> {
        self.readers.read(targets::list).await
    }

    async fn paused_targets(&self) -> Result<Vec<TargetPause>, LedgerError> {
        self.readers.read(|connection| pauses::list(connection, Timestamp::now())).await
    }

    async fn processes(&self) -> Result<Vec<ProcessView>, LedgerError> {
        self.readers.read(|connection| processes::list(connection, Timestamp::now())).await
    }

    async fn counts(&self) -> Result<Counts, LedgerError> {
        self.readers.read(|connection| counts::all(connection, Timestamp::now())).await
    }

    async fn gauges(&self, queues: &[QueueName], calendar: &Calendar) -> Result<Gauges, LedgerError> {
        let queues: Vec<_> = queues.iter().map(|queue| queue.name().into_owned()).collect();
        let calendar = calendar.clone();
        let files = Arc::clone(&self.files);
        let look = move |connection: &_| {
            let gauges = gauges::all(connection, &queues, &calendar, Timestamp::now())?;
            Ok(Gauges { size: gauges::size(files.ledger(), files.log_bytes()), ..gauges })
        };
        self.readers.read(look).await
    }

    async fn days(&self, bounds: &[Timestamp]) -> Result<Days, LedgerError> {
        let bounds = bounds.to_vec();
        self.readers.read(move |connection| days::all(connection, &bounds)).await
    }

    async fn clock(&self) -> Result<ClockView, LedgerError> {
        self.readers.read(|connection| clock::view(connection, Timestamp::now())).await
    }

    async fn one_client_since(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.readers.read(|connection| meta::State::OneClient.since(connection)).await
    }

    async fn attention(&self, limits: &Limits) -> Result<Vec<Attention>, LedgerError> {
        let unwritable = match self.damage.known() {
            Some(_) => None,
            None => self.writable().await.err().map(|error| format!("{:#}", error.into_cause())),
        };
        self.found(limits, unwritable).await
    }

    async fn attention_untried(&self, limits: &Limits) -> Result<Vec<Attention>, LedgerError> {
        self.found(limits, None).await
    }

    async fn link_due(&self) -> Result<Option<bool>, LedgerError> {
        self.readers.read(confirming::due).await
    }

    async fn alert(&self, name: &str) -> Result<Option<(u64, String)>, LedgerError> {
        let name = name.to_owned();
        self.readers.read(move |connection| periodic::alert(connection, &name)).await
    }

    async fn audit(&self, range: &AuditRange) -> Result<Page<AuditRow, Cursor>, LedgerError> {
        let range = range.clone();
        self.readers.read(move |connection| audit::list(connection, &range)).await
    }

    async fn audit_head(&self) -> Result<Option<Head>, LedgerError> {
        self.readers.read(audit::head).await
    }

    async fn integrity(&self) -> Result<Option<Vec<String>>, LedgerError> {
        self.readers.read(integrity::of_all).await.map(Some)
    }

    async fn count_broken(&self, invariant: Invariant) -> Result<u64, LedgerError> {
        let count = move |connection: &Connection| {
            let count: i64 = connection.query_row(invariant.sql(), [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        self.readers.read(count).await
    }

    async fn count_summed(&self, summed: Summed) -> Result<u64, LedgerError> {
        let count = move |connection: &Connection| {
            let count: i64 = connection.query_row(summed.count_sql(), [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        self.readers.read(count).await
    }

    async fn compare_sums(&self, summed: Summed, after: Option<&SumMark>) -> Result<SumChunk, LedgerError> {
        let query::Statement { sql, values } = summed.rows(after);
        let compare = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut comparison = Comparison::of(summed);
            while let Some(row) = rows.next()? {
                comparison.add(row)?;
            }
            comparison.end()
        };
        self.readers.read(compare).await
    }
}

impl SqliteLedger {
    /// What needs a person; `unwritable` is why nothing can be written, where that is so.
    async fn found(&self, limits: &Limits, unwritable: Option<String>) -> Result<Vec<Attention>, LedgerError> {
        let limits = limits.clone();
        let places: Vec<_> = limits.remind_after.keys().cloned().collect();
        let damage = self.damage.known();
        let log_bytes = self.files.log_bytes();
        let look = move |connection: &_| {
            let now = Timestamp::now();
            let mut facts = attention::facts(connection, now)?;
            facts.tasks = people::tasks(connection, &places)?;
            facts.erasures = erasures::readable(connection, facts.explained());
            facts.holds = holds::ends(connection, &facts.holds_of_explained(), now)?;
            if log_bytes >= LOG_BYTES_LONG {
                facts.long_log = Some(LongLog { bytes: log_bytes, since: meta::State::LogLong.since(connection)? });
            }
            Ok((facts, attention::mutes(connection)?, now))
        };
        let (facts, mutes, now) = match self.readers.read(look).await {
            // Where it cannot be read, that is what is known of it.
            Err(LedgerError::Damaged(_)) if damage.is_some() => (Facts::default(), Vec::new(), Timestamp::now()),
            read => read?,
        };
        // Where nothing can be written, no server can say that it is there.
        let no_server = facts.no_server.filter(|_| damage.is_none());
        Ok(crate::attention::attention(&Facts { damage, unwritable, no_server, ..facts }, &mutes, &limits, now))
    }
}
