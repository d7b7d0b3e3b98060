//! What the ledger is asked, and nothing is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;

use super::sessions::Place;
use super::{
    PostgresLedger, archive, attention, audit, capsules, clock, columns, confirming, counts, days, deliveries,
    erasures, finding, gauges, generations, holds, installations, meta, past_jobs, pauses, people, periodic, processes,
    quarantine, query, receipts, rechecks, requests, rules, session_list, sessions, sweep_jobs, targets, tasks,
};
use crate::attention::{Attention, Limits};
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
impl Records for PostgresLedger {
    async fn session(&self, key: &SessionKey) -> Result<Option<SessionView>, LedgerError> {
        let connection = self.reading().await?;
        let Some(installation) = self.installations.known(&connection, &key.installation.0).await? else {
            return Ok(None);
        };
        sessions::one(&connection, Place { installation, session: key.session.0 }).await
    }

    async fn tombstone(&self, key: &SessionKey) -> Result<Option<Tombstone>, LedgerError> {
        let connection = self.reading().await?;
        let Some(installation) = self.installations.known(&connection, &key.installation.0).await? else {
            return Ok(None);
        };
        sessions::tombstone(&connection, Place { installation, session: key.session.0 }).await
    }

    async fn sessions_of_guest(
        &self,
        installation: &InstallationName,
        guest: Digest,
    ) -> Result<Vec<SessionView>, LedgerError> {
        let connection = self.reading().await?;
        match self.installations.known(&connection, &installation.0).await? {
            Some(installation) => sessions::of_guest(&connection, installation, guest).await,
            None => Ok(Vec::new()),
        }
    }

    async fn is_shared_guest(&self, installation: &InstallationName, guest: Digest) -> Result<bool, LedgerError> {
        let connection = self.reading().await?;
        match self.installations.known(&connection, &installation.0).await? {
            Some(installation) => sessions::is_shared_guest(&connection, installation, guest).await,
            None => Ok(false),
        }
    }

    async fn sessions_with(
        &self,
        installation: &InstallationName,
        person: &[Fingerprinted],
    ) -> Result<Vec<SessionView>, LedgerError> {
        let connection = self.reading().await?;
        match self.installations.known(&connection, &installation.0).await? {
            Some(installation) => finding::with(&connection, installation, person).await,
            None => Ok(Vec::new()),
        }
    }

    async fn erased_sessions_with(
        &self,
        installation: &InstallationName,
        person: &[Fingerprinted],
    ) -> Result<Vec<SessionView>, LedgerError> {
        let connection = self.reading().await?;
        match self.installations.known(&connection, &installation.0).await? {
            Some(installation) => finding::erased_with(&connection, installation, person).await,
            None => Ok(Vec::new()),
        }
    }

    async fn unread_sessions(
        &self,
        installation: &InstallationName,
        limit: u32,
    ) -> Result<UnreadSessions, LedgerError> {
        let connection = self.reading().await?;
        let Some(number) = self.installations.known(&connection, &installation.0).await? else {
            return Ok(UnreadSessions::default());
        };
        sessions::unread(&connection, installation, number, limit).await
    }

    async fn idle_sessions(
        &self,
        installation: &InstallationName,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<IdleSession>, LedgerError> {
        let connection = self.reading().await?;
        let Some(number) = self.installations.known(&connection, &installation.0).await? else {
            return Ok(Vec::new());
        };
        sessions::idle(&connection, installation, number, since, most).await
    }

    async fn erased_sessions(
        &self,
        installation: &InstallationName,
        after: ErasedMark,
        most: u32,
    ) -> Result<Vec<ErasedMark>, LedgerError> {
        let connection = self.reading().await?;
        let Some(number) = self.installations.known(&connection, &installation.0).await? else {
            return Ok(Vec::new());
        };
        sessions::erased(&connection, number, after, most).await
    }

    async fn sessions_up_to(
        &self,
        installation: &InstallationName,
        number: SessionId,
        limit: u32,
    ) -> Result<Page<ListedSession, SessionId>, LedgerError> {
        let connection = self.reading().await?;
        let Some(company) = self.installations.known(&connection, &installation.0).await? else {
            return Ok(Page::nothing());
        };
        session_list::up_to(&connection, company, number, limit).await
    }

    async fn ended_erasures(
        &self,
        installation: &InstallationName,
        after: EndedMark,
        most: u32,
    ) -> Result<Vec<EndedErasure>, LedgerError> {
        let connection = self.reading().await?;
        let Some(number) = self.installations.known(&connection, &installation.0).await? else {
            return Ok(Vec::new());
        };
        erasures::ended(&connection, number, after, most).await
    }

    async fn rechecks(&self, erasures: &[ErasureId]) -> Result<Vec<Recheck>, LedgerError> {
        rechecks::of(&self.reading().await?, erasures).await
    }

    async fn erased_mark(&self, installation: &InstallationName) -> Result<Option<ErasedMark>, LedgerError> {
        periodic::erased_mark(&self.reading().await?, installation).await
    }

    async fn past_jobs(&self) -> Result<Vec<StoredPastJob>, LedgerError> {
        past_jobs::list(&self.reading().await?).await
    }

    async fn sweep_jobs(&self) -> Result<Vec<ListedSweep>, LedgerError> {
        sweep_jobs::list(&self.reading().await?).await
    }

    async fn sweep_job(
        &self,
        target: &TargetName,
        installation: &InstallationName,
    ) -> Result<Option<StoredSweepJob>, LedgerError> {
        sweep_jobs::one(&self.reading().await?, target, installation).await
    }

    async fn open_sweeps(&self) -> Result<Vec<(TargetName, InstallationName)>, LedgerError> {
        sweep_jobs::open(&self.reading().await?).await
    }

    async fn requests(&self, filter: &RequestFilter) -> Result<Page<StoredRequest, RequestCursor>, LedgerError> {
        requests::list(&self.reading().await?, filter).await
    }

    async fn count_open_requests(&self, which: &CountedRequests) -> Result<OpenCounts, LedgerError> {
        requests::count_open(&self.reading().await?, which).await
    }

    async fn requests_numbered(&self, number: &RequestNumber) -> Result<Vec<StoredRequest>, LedgerError> {
        requests::numbered(&self.reading().await?, number).await
    }

    async fn requests_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<StoredRequest>, LedgerError> {
        requests::with(&self.reading().await?, fingerprints).await
    }

    async fn requests_of_erasure(&self, id: ErasureId) -> Result<Vec<StoredRequest>, LedgerError> {
        requests::of_erasure(&self.reading().await?, id).await
    }

    async fn request_capsule(&self, id: RequestId) -> Result<Option<Capsule>, LedgerError> {
        requests::capsule(&self.reading().await?, id).await
    }

    async fn links_of_requests(&self, all: &[RequestId]) -> Result<HashMap<RequestId, Link>, LedgerError> {
        confirming::newest_of_requests(&self.reading().await?, all).await
    }

    async fn request_under(&self, generation: &KeyId, after: u64) -> Result<Option<StoredRequest>, LedgerError> {
        requests::under(&self.reading().await?, generation.as_str(), after).await
    }

    async fn holds(&self, which: HoldsListed) -> Result<Vec<Hold>, LedgerError> {
        let connection = self.reading().await?;
        let now = clock::now(&connection).await?;
        holds::list(&connection, which, now).await
    }

    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, LedgerError> {
        holds::one(&self.reading().await?, id).await
    }

    async fn hold_ends(&self, all: &BTreeSet<HoldId>) -> Result<BTreeMap<HoldId, Option<Timestamp>>, LedgerError> {
        let connection = self.reading().await?;
        let now = clock::now(&connection).await?;
        holds::ends(&connection, all, now).await
    }

    async fn erasures_on_hold(&self, id: HoldId, most: u32) -> Result<Vec<ErasureId>, LedgerError> {
        holds::waiting(&self.reading().await?, id, most).await
    }

    async fn holds_keeping(&self, all: &[ErasureId]) -> Result<BTreeMap<ErasureId, Vec<HeldBy>>, LedgerError> {
        let connection = self.reading().await?;
        let now = clock::now(&connection).await?;
        let keeping = holds::keeping(&connection, &all.iter().copied().collect(), now).await?;
        let named = |holds: Vec<Hold>| holds.iter().map(|hold| hold.hold.named()).collect();
        Ok(keeping.into_iter().map(|(id, holds)| (id, named(holds))).collect())
    }

    async fn holds_on(&self, of: &MaybeHeld) -> Result<Vec<HeldBy>, LedgerError> {
        let connection = self.reading().await?;
        let Some(number) = self.installations.known(&connection, &of.installation.0).await? else {
            return Ok(Vec::new());
        };
        let now = clock::now(&connection).await?;
        holds::keeping_any(&connection, number, of, now).await
    }

    async fn marks(&self) -> Result<BTreeMap<String, Timestamp>, LedgerError> {
        periodic::marks(&self.reading().await?).await
    }

    async fn told_forms(
        &self,
        sources: &[SourceName],
        session: SessionId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ToldForm>, LedgerError> {
        deliveries::forms(&self.reading().await?, sources, session, from..=to).await
    }

    async fn events_of_session(
        &self,
        sources: &[SourceName],
        session: SessionId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SeenEvent>, LedgerError> {
        deliveries::of_session(&self.reading().await?, sources, session, from..=to).await
    }

    async fn last_deliveries(&self) -> Result<BTreeMap<SourceName, Timestamp>, LedgerError> {
        deliveries::last_of_all(&self.reading().await?).await
    }

    async fn delivery_hours(&self, source: &SourceName) -> Result<DeliveryHours, LedgerError> {
        deliveries::hours(&self.reading().await?, source).await
    }

    async fn installation(&self, installation: &InstallationName) -> Result<InstallationFacts, LedgerError> {
        installations::facts(&self.reading().await?, installation).await
    }

    async fn erasure(&self, id: ErasureId) -> Result<Option<Erasure>, LedgerError> {
        erasures::one(&self.reading().await?, id).await
    }

    async fn erasures_named(&self, all: &[ErasureId]) -> Result<Vec<Erasure>, LedgerError> {
        match all {
            [] => Ok(Vec::new()),
            some => erasures::in_order(&self.reading().await?, some).await,
        }
    }

    async fn parked_marks(&self, all: &[ErasureId]) -> Result<HashMap<ErasureId, ParkedMark>, LedgerError> {
        tasks::parked_marks(&self.reading().await?, all).await
    }

    async fn erasures(&self, filter: &ErasureFilter) -> Result<Page<Erasure, ErasureCursor>, LedgerError> {
        erasures::list(&self.reading().await?, filter).await
    }

    async fn erasures_at(
        &self,
        called: &TargetName,
        after: Option<ErasureId>,
        most: u32,
    ) -> Result<Vec<ErasureId>, LedgerError> {
        people::waiting(&self.reading().await?, called, after, most).await
    }

    async fn capsules(&self, erasure: ErasureId) -> Result<Vec<Capsule>, LedgerError> {
        let mut found = capsules::of(&self.reading().await?, &[erasure]).await?;
        Ok(found.remove(&erasure).unwrap_or_default())
    }

    async fn erasures_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Erasure>, LedgerError> {
        erasures::with(&self.reading().await?, fingerprints).await
    }

    async fn erasures_of(&self, session: &SessionKey, guest: Option<Digest>) -> Result<Vec<Erasure>, LedgerError> {
        let connection = self.reading().await?;
        let Some(installation) = self.installations.known(&connection, &session.installation.0).await? else {
            return Ok(Vec::new());
        };
        let place = Place { installation, session: session.session.0 };
        erasures::of_session(&connection, place, &Subject::keys_of(session, guest)).await
    }

    async fn rule_versions(&self) -> Result<Vec<RuleVersion>, LedgerError> {
        rules::versions(&self.reading().await?).await
    }

    async fn decided_sessions(&self, after: SessionMark, most: u32) -> Result<DecidedSessions, LedgerError> {
        sessions::decided(&self.reading().await?, query::NOT_REDUCED, after, most).await
    }

    async fn consents(
        &self,
        of: Option<&InstallationName>,
        after: SessionMark,
        most: u32,
    ) -> Result<DecidedSessions, LedgerError> {
        let connection = self.reading().await?;
        let Some(of) = of else { return sessions::decided(&connection, query::ALL_SESSIONS, after, most).await };
        match self.installations.known(&connection, &of.0).await? {
            Some(number) => sessions::decided(&connection, query::OF_INSTALLATION, after.within(number), most).await,
            None => Ok(DecidedSessions::default()),
        }
    }

    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError> {
        receipts::head(&self.reading().await?).await
    }

    async fn seal_generations(&self) -> Result<Vec<SealGeneration>, LedgerError> {
        generations::list(&self.reading().await?).await
    }

    async fn seal_state(&self, id: &KeyId) -> Result<Option<GenerationState>, LedgerError> {
        generations::state(&self.reading().await?, id).await
    }

    async fn quarantined_under(
        &self,
        generation: &KeyId,
        after: QuarantineId,
    ) -> Result<Option<(QuarantineId, Quarantined)>, LedgerError> {
        quarantine::under(&self.reading().await?, generation, after).await
    }

    async fn id(&self) -> Result<LedgerId, LedgerError> {
        meta::id(&self.reading().await?).await
    }

    async fn receipt_end(&self) -> Result<ChainEnd, LedgerError> {
        receipts::end(&self.reading().await?).await
    }

    async fn receipt_gaps(&self) -> Result<Vec<SignedGap>, LedgerError> {
        receipts::gaps(&self.reading().await?).await
    }

    async fn receipts(&self, range: &ReceiptRange) -> Result<Page<Receipt, Cursor>, LedgerError> {
        receipts::list(&self.reading().await?, *range).await
    }

    async fn receipt_of(&self, erasure: ErasureId) -> Result<Option<Receipt>, LedgerError> {
        receipts::of_erasure(&self.reading().await?, erasure).await
    }

    async fn archived_receipt_of(&self, erasure: ErasureId) -> Result<Option<u64>, LedgerError> {
        archive::receipt_of(&self.reading().await?, erasure).await
    }

    async fn oldest_records(&self, chain: ChainName, most: u32) -> Result<Vec<AgingRecord>, LedgerError> {
        archive::oldest_records(&self.reading().await?, chain, most).await
    }

    async fn checkpoints(&self, chain: ChainName) -> Result<Vec<SignedCheckpoint>, LedgerError> {
        archive::checkpoints(&self.reading().await?, chain).await
    }

    async fn quarantined(&self, range: &QuarantineRange) -> Result<Page<Stored, Cursor>, LedgerError> {
        quarantine::list(&self.reading().await?, range).await
    }

    async fn quarantined_one(&self, id: QuarantineId) -> Result<Option<Quarantined>, LedgerError> {
        quarantine::one(&self.reading().await?, id).await
    }

    async fn targets(&self) -> Result<Vec<TargetHealth>, LedgerError> {
        targets::list(&self.reading().await?).await
    }

    async fn paused_targets(&self) -> Result<Vec<TargetPause>, LedgerError> {
        let connection = self.reading().await?;
        let now = clock::now(&connection).await?;
        pauses::list(&connection, now).await
    }

    async fn processes(&self) -> Result<Vec<ProcessView>, LedgerError> {
        processes::list(&self.reading().await?).await
    }

    async fn counts(&self) -> Result<Counts, LedgerError> {
        counts::all(&self.reading().await?).await
    }

    async fn gauges(&self, queues: &[QueueName], calendar: &Calendar) -> Result<Gauges, LedgerError> {
        let queues: Vec<_> = queues.iter().map(|queue| queue.name().into_owned()).collect();
        gauges::all(&self.reading().await?, &queues, calendar).await
    }

    async fn days(&self, bounds: &[Timestamp]) -> Result<Days, LedgerError> {
        days::all(&self.reading().await?, bounds).await
    }

    async fn clock(&self) -> Result<ClockView, LedgerError> {
        clock::view(&self.reading().await?).await
    }

    async fn one_client_since(&self) -> Result<Option<Timestamp>, LedgerError> {
        meta::one_client_since(&self.reading().await?).await
    }

    async fn attention(&self, limits: &Limits) -> Result<Vec<Attention>, LedgerError> {
        let mut found = self.found(limits).await?;
        if found.facts.damage.is_none() {
            found.facts.unwritable = self.writable().await.err().map(|error| format!("{:#}", error.into_cause()));
        }
        Ok(crate::attention::attention(&found.facts, &found.mutes, limits, found.now))
    }

    async fn attention_untried(&self, limits: &Limits) -> Result<Vec<Attention>, LedgerError> {
        let found = self.found(limits).await?;
        Ok(crate::attention::attention(&found.facts, &found.mutes, limits, found.now))
    }

    async fn link_due(&self) -> Result<Option<bool>, LedgerError> {
        confirming::due(&self.reading().await?).await
    }

    async fn alert(&self, name: &str) -> Result<Option<(u64, String)>, LedgerError> {
        periodic::alert(&self.reading().await?, name).await
    }

    async fn audit(&self, range: &AuditRange) -> Result<Page<AuditRow, Cursor>, LedgerError> {
        audit::list(&self.reading().await?, range).await
    }

    async fn audit_head(&self) -> Result<Option<Head>, LedgerError> {
        audit::head(&self.reading().await?).await
    }

    /// The server has checks of its own, which need rights that a deployment's role has not.
    async fn integrity(&self) -> Result<Option<Vec<String>>, LedgerError> {
        Ok(None)
    }

    async fn count_broken(&self, invariant: Invariant) -> Result<u64, LedgerError> {
        Ok(columns::unsigned(self.reading().await?.row(invariant.sql(), &[]).await?.get(0)))
    }

    async fn count_summed(&self, summed: Summed) -> Result<u64, LedgerError> {
        Ok(columns::unsigned(self.reading().await?.row(summed.count_sql(), &[]).await?.get(0)))
    }

    async fn compare_sums(&self, summed: Summed, after: Option<&SumMark>) -> Result<SumChunk, LedgerError> {
        let mut comparison = Comparison::of(summed);
        for row in self.reading().await?.listed(&summed.rows(after)).await? {
            comparison.add(&row)?;
        }
        comparison.end()
    }
}

impl PostgresLedger {
    /// What needs a person, as far as nothing is written to know it.
    async fn found(&self, limits: &Limits) -> Result<attention::Found, LedgerError> {
        let reading = self.reading().await?;
        let mut found = attention::find(&reading).await?;
        let places: Vec<_> = limits.remind_after.keys().cloned().collect();
        found.facts.tasks = people::tasks(&reading, &places).await?;
        found.facts.erasures = erasures::readable(&reading, found.facts.explained()).await?;
        found.facts.holds = holds::ends(&reading, &found.facts.holds_of_explained(), found.now).await?;
        found.facts.damage = found.facts.damage.or_else(|| self.damage.known());
        Ok(found)
    }
}
