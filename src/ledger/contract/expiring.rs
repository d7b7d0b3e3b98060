//! What is deleted by its age, and what stays. A story cannot wait for years: the time of a kind is over at once, or in an hour.

use std::time::Duration;

use quietus_plugin::Span;

use super::clock::Sql;
use super::fixtures::*;
use crate::attention::{Code, Limits};
use crate::consent::{Consent, ConsentState};
use crate::erasure::{ErasureId, NewErasure, Outcome, Subject};
use crate::event::Channel;
use crate::keys::Digest;
use crate::ledger::expiry::RecordKind;
use crate::ledger::{
    Decision, Finished, Invariant, Keep, SessionChange, SessionMark, SessionView, SweepJob, SweepState, Tombstone,
};
use crate::subject::GuestId;

/// The time of everything is over, but for that of tombstones.
const OVER: Keep = Keep { tombstones: None, ..KEEP_NOTHING };

async fn there(ledger: &Shared, id: i64) -> Option<SessionView> {
    ledger.session(&session(id)).await.expect("read")
}

async fn tombstone(ledger: &Shared, id: i64) -> Option<Tombstone> {
    ledger.tombstone(&session(id)).await.expect("read")
}

/// Maintains the ledger once the clock has moved on: what is over now is not older than nothing.
async fn maintain(ledger: &Shared, keep: Keep) {
    tokio::time::sleep(Duration::from_millis(2)).await;
    ledger.maintain(keep).await.expect("maintained");
    for invariant in Invariant::ALL {
        assert_eq!(ledger.count_broken(invariant).await.expect("counted"), 0, "{}", invariant.as_str());
    }
}

async fn deleted(ledger: &Shared, kind: RecordKind) -> u64 {
    ledger.counts().await.expect("counted").expired[kind.as_str()].deleted
}

/// A session of which nothing is known but that it is there.
fn read(id: i64) -> SessionChange {
    SessionChange { read_at: Some(in_hours(-1)), ..unchanged(id, 0) }
}

/// A session of a guest that is found by an address.
fn of_guest(id: i64, byte: u8) -> SessionChange {
    let mut change = read(id);
    change.record.guest = Some(GuestId(format!("g-{byte}")));
    change.record.guest_digest = Some(Digest([byte; 16]));
    change.record.channel = Some(Channel("Chat".into()));
    change.fingerprints = Some(vec![email(byte)]);
    change
}

pub(crate) async fn a_session_expires_when_its_time_is_over_and_not_before(ledger: Shared) {
    decide(&ledger, of_guest(1, 1)).await;
    decide(&ledger, SessionChange { settle_at: Some(in_hours(-1)), ..of_guest(2, 1) }).await;
    decide(&ledger, unchanged(3, 0)).await;
    maintain(&ledger, KEEP).await;
    maintain(&ledger, Keep { sessions: None, consents: None, ..OVER }).await;
    assert!(there(&ledger, 1).await.is_some() && tombstone(&ledger, 1).await.is_none());
    assert_eq!(deleted(&ledger, RecordKind::Sessions).await, 0);

    maintain(&ledger, OVER).await;
    assert!(there(&ledger, 1).await.is_none());
    assert!(!tombstone(&ledger, 1).await.expect("is left").erased);
    assert!(there(&ledger, 2).await.is_some(), "it has not settled");
    assert!(there(&ledger, 3).await.is_some(), "nobody has ever looked into it");
    let found = ledger.sessions_with(&installation(), &[email(1)]).await.expect("found");
    assert_eq!(found.len(), 1, "nothing finds what is gone");
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.sessions, counts.expired["sessions"].deleted), (2, 1));
    assert!(counts.expired["sessions"].last.is_some() && counts.expired["sessions"].behind_since.is_none());

    maintain(&ledger, KEEP).await;
    assert!(tombstone(&ledger, 1).await.is_some());
    maintain(&ledger, KEEP_NOTHING).await;
    assert!(tombstone(&ledger, 1).await.is_none());
    assert_eq!(deleted(&ledger, RecordKind::Tombstones).await, 1);
}

pub(crate) async fn what_is_still_open_keeps_its_session_however_old_it_is(ledger: Shared) {
    for id in 1..=7 {
        decide(&ledger, of_guest(id, u8::try_from(id).expect("small"))).await;
    }
    let asks = async |subject, hours, approve| {
        let erasure = erasure_of(subject, &["mluvii"], in_hours(hours));
        ledger.request(NewErasure { approve, ..erasure }, &by()).await.expect("requested")
    };
    let of_session = |id| Subject::Session(session(id));
    let later = asks(of_session(1), 5, false).await;
    asks(of_session(2), 5, true).await;
    asks(Subject::Guest { installation: installation(), digest: Digest([3; 16]) }, 5, false).await;
    let of_person = NewErasure { fingerprints: vec![email(4)], ..erasure_of(person(9), &["mluvii"], in_hours(5)) };
    ledger.request(of_person, &by()).await.expect("requested");
    begun(&ledger, 5, &["crm"]).await;
    let parked = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(parked, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    let news = recorded(&ledger, event(6, 99)).await;
    let goes_on = SessionChange { settle_at: Some(in_hours(1)), ..unchanged(6, 1) };
    assert_eq!(ledger.decided(news, decision(goes_on)).await.expect("decided"), Finished::Done);

    for _ in 0..2 {
        maintain(&ledger, OVER).await;
        for id in 1..=6 {
            assert!(there(&ledger, id).await.is_some(), "{id} is open");
        }
        assert!(there(&ledger, 7).await.is_none());
    }
    assert!(ledger.cancel_erasure(later, &by()).await.expect("cancelled"));
    maintain(&ledger, OVER).await;
    assert!(there(&ledger, 1).await.is_none() && there(&ledger, 2).await.is_some());
}

pub(crate) async fn what_proves_a_consent_is_kept_for_a_time_of_its_own(ledger: Shared) {
    let mut given = of_guest(1, 1);
    given.record.consent = Consent { state: ConsentState::Given, version: Some("v3".into()), ..Consent::default() };
    given.record.earlier = vec![Consent { state: ConsentState::Absent, ..Consent::default() }];
    given.forms_seen = vec![Digest([5; 16])];
    let earlier = given.record.earlier.clone();
    decide(&ledger, given).await;
    decide(&ledger, of_guest(2, 1)).await;
    let proofs = Keep { sessions: Some(Duration::ZERO), consents: Some(HOUR), ..KEEP };
    for _ in 0..2 {
        maintain(&ledger, proofs).await;
        assert!(there(&ledger, 2).await.is_none(), "it proves nothing");
        let proof = there(&ledger, 1).await.expect("is kept");
        assert_eq!((proof.version, &proof.record.guest, &proof.record.channel), (2, &None, &None));
        assert_eq!((proof.record.consent.version.as_deref(), proof.forms_seen.len()), (Some("v3"), 1));
        let of_guest = ledger.sessions_of_guest(&installation(), Digest([1; 16])).await.expect("found");
        let with = ledger.sessions_with(&installation(), &[email(1)]).await.expect("found");
        assert_eq!((of_guest.len(), with.len()), (1, 1), "whose it is can still be told");
        assert_eq!(proof.record.earlier, earlier, "and what it was before");
        let all = ledger.consents(None, SessionMark::BEGINNING, 9).await.expect("read").sessions;
        assert_eq!(all.len(), 1, "it is among all consents");
        let decided = ledger.decided_sessions(SessionMark::BEGINNING, 9).await.expect("read").sessions;
        assert!(decided.is_empty(), "nothing is left of what was decided");
    }
    let stale = recorded(&ledger, event(1, 99)).await;
    assert_eq!(ledger.decided(stale, decision(of_guest(1, 1))).await.expect("answered"), Finished::Stale);

    // Whatever comes of it makes it a session as others are.
    let mut news = of_guest(1, 1);
    news.read_version = 2;
    news.record.consent.state = ConsentState::Withdrawn;
    let claim = only(claim(&ledger, &to_decide()).await);
    assert_eq!(ledger.decided(claim, decision(news)).await.expect("decided"), Finished::Done);
    maintain(&ledger, KEEP).await;
    assert!(there(&ledger, 1).await.is_some_and(|session| session.record.guest.is_some()));
    maintain(&ledger, proofs).await;
    assert!(there(&ledger, 1).await.is_some_and(|session| session.record.guest.is_none()));
    assert_eq!(deleted(&ledger, RecordKind::Consents).await, 0);
    maintain(&ledger, OVER).await;
    assert!(there(&ledger, 1).await.is_none() && tombstone(&ledger, 1).await.is_some());
    assert_eq!(deleted(&ledger, RecordKind::Consents).await, 1);
}

pub(crate) async fn what_may_not_be_deleted_is_told_and_stops_nothing_else(ledger: Shared, sql: Sql<'_>) {
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(86_400),
        warn_before: Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let refused = async |kind: RecordKind| {
        let refused = ledger.counts().await.expect("counted").expired[kind.as_str()].refused.clone();
        let told = ledger.attention(&limits).await.expect("found");
        let is_told = told.iter().any(|found| {
            found.code == Code::RetentionRefused && found.parameters["kind"] == kind.as_str() && found.since.is_some()
        });
        assert_eq!(is_told, refused.is_some());
        refused.map(|refused| (refused.count, refused.example))
    };
    for id in 1..=40 {
        decide(&ledger, of_guest(id, u8::try_from(id).expect("small"))).await;
    }
    // As somebody else's tables may refer to ours.
    for (table, but) in [("session", "7, 23"), ("tombstone", "5")] {
        sql(&format!(
            "CREATE TABLE keeps_{table} (installation BIGINT, session BIGINT,
               FOREIGN KEY (installation, session) REFERENCES {table} (installation, session))"
        ));
        sql(&format!("INSERT INTO keeps_{table} SELECT installation, session FROM {table} WHERE session IN ({but})"));
    }
    maintain(&ledger, OVER).await;
    for id in 1..=40 {
        assert_eq!(there(&ledger, id).await.is_some(), [7, 23].contains(&id), "{id}");
    }
    assert_eq!(deleted(&ledger, RecordKind::Sessions).await, 38);
    assert_eq!(refused(RecordKind::Sessions).await, Some((2, session(7).to_string())));
    assert_eq!(refused(RecordKind::Tombstones).await, None);

    // Each round tries it again, beside others.
    sql("INSERT INTO keeps_tombstone SELECT installation, session FROM tombstone WHERE session = 5");
    sql("DELETE FROM keeps_session WHERE session = 7");
    maintain(&ledger, KEEP_NOTHING).await;
    assert!(there(&ledger, 7).await.is_none() && there(&ledger, 23).await.is_some());
    assert_eq!(refused(RecordKind::Sessions).await, Some((1, session(23).to_string())));
    assert_eq!(refused(RecordKind::Tombstones).await, Some((1, session(5).to_string())));
    assert!(tombstone(&ledger, 5).await.is_some() && tombstone(&ledger, 6).await.is_none());

    sql("DELETE FROM keeps_session");
    sql("DELETE FROM keeps_tombstone");
    maintain(&ledger, KEEP_NOTHING).await;
    assert!(there(&ledger, 23).await.is_none() && tombstone(&ledger, 5).await.is_none());
    assert_eq!((refused(RecordKind::Sessions).await, refused(RecordKind::Tombstones).await), (None, None));
}

pub(crate) async fn an_erasure_that_may_not_be_deleted_stops_no_other(ledger: Shared, sql: Sql<'_>) {
    let mut cancelled = Vec::new();
    for id in 1..=9 {
        let asked = NewErasure { fingerprints: vec![email(id)], ..due_erasure(800 + i64::from(id), &["crm"]) };
        let asked = ledger.request(asked, &by()).await.expect("requested");
        assert!(ledger.cancel_erasure(asked, &by()).await.expect("cancelled"));
        cancelled.push(asked);
    }
    sql(
        "CREATE TABLE keeps_print (fingerprint BYTEA, erasure BYTEA, version BIGINT,
           FOREIGN KEY (fingerprint, erasure, version) REFERENCES erasure_fingerprint (fingerprint, erasure, version))",
    );
    sql("CREATE TABLE keeps_erasure (erasure BYTEA, FOREIGN KEY (erasure) REFERENCES erasure (id))");
    sql("INSERT INTO keeps_print SELECT fingerprint, erasure, version FROM erasure_fingerprint
         WHERE erasure = (SELECT id FROM erasure WHERE subject LIKE '%803%')");
    sql("INSERT INTO keeps_erasure SELECT id FROM erasure WHERE subject LIKE '%807%'");
    maintain(&ledger, OVER).await;
    for (index, id) in cancelled.iter().enumerate() {
        let is_there = ledger.erasure(*id).await.expect("read").is_some();
        assert_eq!(is_there, [2, 6].contains(&index), "{index}");
    }
    let counts = ledger.counts().await.expect("counted");
    let refused = [RecordKind::Fingerprints, RecordKind::Erasures].map(|kind| {
        counts.expired[kind.as_str()].refused.as_ref().map(|refused| (refused.count, refused.example.clone()))
    });
    let [prints, erasures] = [2, 6].map(|index: usize| Some((1, cancelled[index].to_string())));
    assert_eq!(refused, [prints, erasures]);
}

pub(crate) async fn a_consents_fingerprint_that_may_not_be_deleted_stops_no_other(ledger: Shared, sql: Sql<'_>) {
    for id in 1..=9 {
        let mut change = of_guest(id, u8::try_from(id).expect("small"));
        change.record.consent = Consent { state: ConsentState::Given, ..Consent::default() };
        decide(&ledger, change).await;
        begun(&ledger, id, &["mluvii"]).await;
        step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
        close(&ledger).await;
    }
    // What an erasure has kept at its beginning goes, too, whether it ends or not.
    let mut change = of_guest(10, 10);
    change.record.consent = Consent { state: ConsentState::Given, ..Consent::default() };
    decide(&ledger, change).await;
    begun(&ledger, 10, &["mluvii"]).await;
    let print = |id: i64| email(u8::try_from(id).expect("small"));
    let is_known =
        async |id| !ledger.erased_sessions_with(&installation(), &[print(id)]).await.expect("searched").is_empty();
    assert!(is_known(1).await && is_known(9).await);
    sql("CREATE TABLE keeps_consent (fingerprint BYTEA, installation BIGINT, session BIGINT, version BIGINT,
           FOREIGN KEY (fingerprint, installation, session, version)
             REFERENCES consent_fingerprint (fingerprint, installation, session, version))");
    sql("INSERT INTO keeps_consent SELECT fingerprint, installation, session, version FROM consent_fingerprint
         WHERE session = 4");
    let asked = NewErasure { fingerprints: vec![email(3)], ..due_erasure(850, &["crm"]) };
    let asked = ledger.request(asked, &by()).await.expect("requested");
    assert!(ledger.cancel_erasure(asked, &by()).await.expect("cancelled"));
    maintain(&ledger, Keep { fingerprints: Some(Duration::ZERO), ..KEEP }).await;
    for id in 1..=9 {
        assert_eq!(is_known(id).await, id == 4, "{id}");
    }
    let counts = ledger.counts().await.expect("counted");
    let of = |kind: RecordKind| &counts.expired[kind.as_str()];
    let refused = of(RecordKind::ConsentFingerprints).refused.as_ref();
    assert_eq!(refused.map(|one| (one.count, one.example.clone())), Some((1, session(4).to_string())));
    assert_eq!(of(RecordKind::ConsentFingerprints).deleted, 9);
    // Those of erasures go all the same, and nothing of them is refused.
    let erasures = of(RecordKind::Fingerprints);
    assert_eq!((erasures.deleted, erasures.refused.is_some()), (1, false));
}

pub(crate) async fn what_was_erased_stays_so_beyond_its_record(ledger: Shared) {
    for id in [1, 2] {
        decide(&ledger, of_guest(id, 1)).await;
    }
    begun(&ledger, 1, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    maintain(&ledger, OVER).await;
    let erased = async |id| tombstone(&ledger, id).await.expect("is left").erased;
    assert!(erased(1).await && !erased(2).await);
    // It is asked for by its number.
    begun(&ledger, 2, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    assert!(erased(2).await);

    let goes_on = SessionChange { settle_at: Some(in_hours(1)), ..of_guest(1, 1) };
    decide(&ledger, goes_on).await;
    let again = there(&ledger, 1).await.expect("is there");
    assert!(again.erased_at.is_some() && again.record.guest.is_none(), "{again:?}");
    assert!(tombstone(&ledger, 1).await.is_none());
}

pub(crate) async fn a_decision_on_what_is_over_writes_nothing_but_the_end_of_its_work(ledger: Shared) {
    decide(&ledger, read(1)).await;
    maintain(&ledger, OVER).await;
    let before = tombstone(&ledger, 1).await;
    let late = recorded(&ledger, event(1, 99)).await;
    assert_eq!(ledger.decided(late, Decision::outdated(&session(1))).await.expect("decided"), Finished::Done);
    assert!(there(&ledger, 1).await.is_none() && before.is_some());
    assert_eq!(tombstone(&ledger, 1).await, before);
    assert!(claim(&ledger, &to_decide()).await.is_empty());
    assert!(claim(&ledger, &to_settle()).await.is_empty());

    let late = recorded(&ledger, event(1, 98)).await;
    decide(&ledger, unchanged(1, 0)).await;
    assert_eq!(ledger.decided(late, Decision::outdated(&session(1))).await.expect("answered"), Finished::Stale);
    assert!(there(&ledger, 1).await.is_some());
}

pub(crate) async fn an_erasure_expires_once_nothing_refers_to_it(ledger: Shared, sql: Sql<'_>) {
    let is_there = async |id: ErasureId| ledger.erasure(id).await.expect("read").is_some();
    let asks = async |id| {
        let erasure = NewErasure { fingerprints: vec![email(1)], ..due_erasure(id, &["crm"]) };
        ledger.request(erasure, &by()).await.expect("requested")
    };
    let cancelled = asks(1).await;
    assert!(ledger.cancel_erasure(cancelled, &by()).await.expect("cancelled"));
    tokio::time::sleep(Duration::from_millis(2)).await;
    let done = begun(&ledger, 2, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Erased)).await;
    close(&ledger).await;
    let open = asks(3).await;
    maintain(&ledger, Keep { fingerprints: Some(HOUR), ..OVER }).await;
    assert!(is_there(cancelled).await, "it is found by a person's address");
    maintain(&ledger, Keep { erasures: None, ..OVER }).await;
    maintain(&ledger, Keep { erasures: Some(HOUR), ..OVER }).await;
    assert!(is_there(cancelled).await && deleted(&ledger, RecordKind::Erasures).await == 0);
    assert_eq!(deleted(&ledger, RecordKind::Fingerprints).await, 1);
    maintain(&ledger, OVER).await;
    assert!(!is_there(cancelled).await && is_there(done).await && is_there(open).await);

    // Its receipt has gone into an archive.
    sql("DELETE FROM receipt");
    ledger.maintain(OVER).await.expect("maintained");
    assert!(!is_there(done).await && is_there(open).await);
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.erasures["done"], counts.erasures["cancelled"], counts.erasures["scheduled"]), (0, 0, 1));
    assert_eq!(counts.expired["erasures"].deleted, 2);
    assert_eq!(ledger.count_broken(Invariant::StepHasErasure).await.expect("counted"), 0);
}

pub(crate) async fn a_sweep_goes_once_it_is_over_for_long_enough_and_never_before(ledger: Shared) {
    let said = serde_json::json!({ "not_looked_at": ["a folder, by the words of somebody's plugin"] });
    for (name, state) in [("crm", SweepState::Done), ("erp", SweepState::Failed), ("files", SweepState::Sweeping)] {
        let job = SweepJob { target: target(name), state, result: Some(said.clone()), ..super::sweeping::sweep_job() };
        ledger.add_sweep_job(&job, 0).await.expect("answered").expect("added");
    }
    let left = async || {
        let all = ledger.sweep_jobs().await.expect("read");
        all.into_iter().map(|listed| listed.job.target.to_string()).collect::<Vec<_>>()
    };
    for erasures in [None, Some(2 * HOUR)] {
        maintain(&ledger, Keep { erasures, ..KEEP_NOTHING }).await;
        assert_eq!(left().await, ["crm", "erp", "files"]);
    }
    maintain(&ledger, KEEP).await;
    assert_eq!(left().await, ["files"], "it is not over");
    let next = SweepJob { target: target("crm"), ..super::sweeping::sweep_job() };
    assert!(ledger.add_sweep_job(&next, 0).await.expect("answered").is_some());
}
