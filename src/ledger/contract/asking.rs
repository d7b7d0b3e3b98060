//! What people ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::attention::limits;
use super::fixtures::*;
use crate::attention::Code;
use crate::erasure::{ErasureId, ErasureState, Outcome};
use crate::event::EventKind;
use crate::keys::{KeyId, KeyIds, KeyKind};
use crate::ledger::{
    AuditRange, CallEnd, Cursor, ErasedMark, ErasureFilter, Keep, PastState, Recorded, RotatedKey, SessionChange,
    TargetState,
};
use crate::subject::{InstallationName, SessionId, SourceName};

pub(crate) async fn erasures_are_listed_newest_first_and_by_state(ledger: Shared) {
    for id in 1..=4 {
        let mut erasure = due_erasure(i64::from(id), &["crm"]);
        erasure.id = ErasureId([id; 16]);
        ledger.request(erasure, &by()).await.expect("requested");
    }
    ledger.cancel_erasure(ErasureId([2; 16]), &by()).await.expect("cancelled");
    let list = async |states: &[ErasureState], limit| {
        let filter = ErasureFilter { states: states.to_vec(), ..ErasureFilter::newest(limit) };
        let erasures = ledger.erasures(&filter).await.expect("listed").items;
        erasures.into_iter().map(|erasure| erasure.id.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(list(&[], 9).await, [4, 3, 2, 1]);
    assert_eq!(list(&[], 2).await, [4, 3]);
    assert_eq!(list(&[ErasureState::Scheduled], 2).await, [4, 3]);
    assert_eq!(list(&[ErasureState::Cancelled, ErasureState::Done], 9).await, [2]);
    assert!(ledger.erasure(ErasureId([9; 16])).await.expect("read").is_none());
    let named = async |ids: &[u8]| {
        let ids: Vec<_> = ids.iter().map(|id| ErasureId([*id; 16])).collect();
        let erasures = ledger.erasures_named(&ids).await.expect("read");
        erasures.into_iter().map(|erasure| (erasure.id.0[0], erasure.steps.len())).collect::<Vec<_>>()
    };
    assert_eq!(
        named(&[3, 9, 1, 2]).await,
        [(3, 1), (1, 1), (2, 1)],
        "those that are there, in the order that is asked for"
    );
    assert!(named(&[]).await.is_empty());
    assert!(!ledger.retry_erasure(ErasureId([9; 16]), None, &by()).await.expect("answered"));
    assert!(!ledger.cancel_erasure(ErasureId([9; 16]), &by()).await.expect("answered"));
}

pub(crate) async fn targets_are_noted_until_they_answer_or_a_person_resumes_them(ledger: Shared) {
    let out = async || {
        let states = ledger.targets().await.expect("listed").into_iter().map(|health| match health.state {
            TargetState::Open { reason, needs_person, tries, .. } => (health.target.0, reason, needs_person, tries),
            TargetState::Closed => panic!("it is not listed"),
        });
        states.collect::<Vec<_>>()
    };
    put_out(&ledger, "crm").await;
    assert_eq!(out().await, [("crm".into(), "its token was revoked".to_owned(), true, 0)]);
    for _ in 0..BREAKER.failures {
        call_ended(&ledger, "mailbox", CallEnd::Unavailable { reason: "503".into() }).await;
    }
    assert_eq!(out().await[1], ("mailbox".into(), "503".to_owned(), false, 0));
    call_ended(&ledger, "mailbox", CallEnd::Answered { sort: "erase" }).await;
    assert!(ledger.resume_target(&target("crm"), &by()).await.expect("resumed"));
    assert!(!ledger.resume_target(&target("crm"), &by()).await.expect("resumed"));
    assert!(out().await.is_empty());
}

pub(crate) async fn a_ledger_belongs_to_the_keys_of_its_first_use_until_one_is_rotated(ledger: Shared) {
    let (first, other) = (key_ids("1"), key_ids("2"));
    for used in [&first, &other, &first] {
        assert_eq!(ledger.key_ids(used).await.expect("answered"), first);
    }
    let rotated = |from: &KeyIds| RotatedKey {
        kind: KeyKind::Receipt,
        from: from.receipt.clone(),
        to: KeyId::written("receipt-3".into()),
    };
    assert!(!ledger.rotate_key(&rotated(&other), &by()).await.expect("answered"));
    assert!(ledger.rotate_key(&rotated(&first), &by()).await.expect("answered"));
    assert!(!ledger.rotate_key(&rotated(&first), &by()).await.expect("answered"));
    let now = ledger.key_ids(&other).await.expect("answered");
    assert_eq!(now, KeyIds { receipt: KeyId::written("receipt-3".into()), ..first });
    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 9)).await.expect("listed").items;
    let said: Vec<_> = rows.iter().map(|row| (&*row.statement.act, &*row.statement.result)).collect();
    assert_eq!(said, [("keys.rotate", "unchanged"), ("keys.rotate", "done"), ("keys.rotate", "unchanged")]);
    let details = ["key", "from", "to"].map(|name| rows[1].statement.details[name].as_str().unwrap_or_default());
    assert_eq!(details, ["receipt", "receipt-1", "receipt-3"]);
}

pub(crate) async fn what_one_does_for_all_is_taken_by_one_and_again_when_it_is_due(ledger: Shared) {
    let hour = Duration::from_secs(3600);
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let ledger = Arc::clone(&ledger);
        takers.spawn(async move { ledger.take_periodic("watch", hour).await.expect("answered") });
    }
    let taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].mark, None);
    assert!(ledger.take_periodic("another", hour).await.expect("answered").is_some());
    // How far it has come is told to whoever takes it next.
    let mark = Some(Timestamp::from_millisecond(1_700_000_000_123).expect("a time"));
    ledger.put_off_periodic("watch", Duration::ZERO, mark).await.expect("put off");
    assert_eq!(ledger.take_periodic("watch", hour).await.expect("answered").map(|taken| taken.mark), Some(mark));
    assert_eq!(ledger.take_periodic("watch", hour).await.expect("answered"), None);
    ledger.put_off_periodic("watch", hour, None).await.expect("put off");
    assert_eq!(ledger.take_periodic("watch", hour).await.expect("answered"), None);
    // A lease that was over is nobody's.
    ledger.put_off_periodic("watch", Duration::ZERO, None).await.expect("put off");
    assert!(ledger.take_periodic("watch", Duration::ZERO).await.expect("answered").is_some());
    assert!(ledger.take_periodic("watch", hour).await.expect("answered").is_some());
}

pub(crate) async fn forms_that_were_told_of_are_found_by_their_time(ledger: Shared) {
    let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).expect("a time");
    let submitted = |id: i64, digest: u8, kind: EventKind, time: Option<Timestamp>| {
        let mut event = event(id, digest);
        (event.head.kind, event.head.time) = (kind, time);
        event
    };
    let card = EventKind::SessionActivityHeroCardSubmission;
    for event in [
        submitted(7, 1, card, Some(at(0))),
        submitted(7, 2, EventKind::SessionActivityCallScriptSubmission, Some(at(60))),
        submitted(7, 3, card, Some(at(61))),
        submitted(7, 4, EventKind::SessionEnded, Some(at(10))),
        submitted(8, 5, card, Some(at(10))),
        submitted(7, 6, EventKind::SessionActivityChatbotHeroCardSubmission, None),
    ] {
        assert_eq!(ledger.record(event).await.expect("recorded"), Recorded::New);
    }
    let sources = [SourceName("other".into()), source()];
    let told = async |sources: &[SourceName], from: Timestamp, to: Timestamp| {
        let found = ledger.told_forms(sources, SessionId(7), from, to).await.expect("read");
        found.into_iter().map(|form| (form.digest.0[0], form.time)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(told(&sources, at(0), at(60)).await, BTreeMap::from([(1, at(0)), (2, at(60))]));
    let epoch = Timestamp::UNIX_EPOCH;
    assert_eq!(told(&sources, epoch, epoch).await, BTreeMap::from([(6, epoch)]));
    assert!(told(&sources[..1], at(0), at(60)).await.is_empty(), "another source may name another session");
    assert!(told(&[], at(0), at(60)).await.is_empty());
    let seen = async |sources: &[SourceName], from: Timestamp, to: Timestamp| {
        let found = ledger.events_of_session(sources, SessionId(7), from, to).await.expect("read");
        found.into_iter().map(|event| (event.kind, event.happened)).collect::<BTreeSet<_>>()
    };
    let ended = (EventKind::SessionEnded, Some(at(10)));
    assert_eq!(seen(&sources, at(0), at(10)).await, BTreeSet::from([(card, Some(at(0))), ended]), "of any kind");
    let without_time = (EventKind::SessionActivityChatbotHeroCardSubmission, None);
    assert_eq!(seen(&sources, epoch, epoch).await, BTreeSet::from([without_time]));
    assert!(seen(&sources[..1], at(0), at(60)).await.is_empty());
}

pub(crate) async fn sources_that_deliver_are_noted_by_the_minute(ledger: Shared) {
    assert!(ledger.last_deliveries().await.expect("read").is_empty());
    let before = ledger.clock().await.expect("read").now;
    let other = SourceName("other".into());
    ledger.delivered(&[taken(source(), 1), taken(other.clone(), 1)]).await.expect("noted");
    ledger.delivered(&[taken(source(), 1)]).await.expect("noted");
    let last = ledger.last_deliveries().await.expect("read");
    assert_eq!(last.keys().cloned().collect::<BTreeSet<_>>(), BTreeSet::from([source(), other]));
    let now = ledger.clock().await.expect("read").now;
    let is_now = |last: &Timestamp| *last <= now && before.duration_since(*last) < SignedDuration::from_mins(1);
    assert!(last.values().all(is_now), "{last:?}");
    let minutes: u32 =
        ledger.delivery_hours(&source()).await.expect("read").values().map(|bits| bits.count_ones()).sum();
    assert!((1..=2).contains(&minutes), "a minute may have begun between: {minutes}");
    assert!(ledger.delivery_hours(&SourceName("third".into())).await.expect("read").is_empty());
    let mark = Timestamp::from_millisecond(1_700_000_000_123).expect("a time");
    ledger.put_off_periodic("watch", Duration::ZERO, Some(mark)).await.expect("put off");
    ledger.put_off_periodic("no mark", Duration::ZERO, None).await.expect("put off");
    let gauges = ledger.gauges(&[], &crate::deadline::Calendar::late_after_s(0)).await.expect("read");
    let marks = BTreeMap::from([("watch".to_owned(), mark)]);
    assert_eq!((gauges.delivered, &gauges.marks), (last, &marks));
    assert_eq!(ledger.marks().await.expect("read"), marks);
}

pub(crate) async fn sessions_are_found_by_since_when_nothing_of_them_is_open(ledger: Shared) {
    for id in [2, 3] {
        decide(&ledger, SessionChange { read_at: Some(in_hours(-1)), ..unchanged(id, 0) }).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    erase_a_guest(&ledger, "g-1", || async {}).await;
    let idle = async |since, most| {
        let found = ledger.idle_sessions(&installation(), since, most).await.expect("read");
        found.into_iter().map(|idle| (idle.key, idle.is_erased)).collect::<Vec<_>>()
    };
    let all = [(session(2), false), (session(3), false), (session(1), true)];
    assert_eq!(idle(in_hours(-1), 10).await, all);
    assert_eq!(idle(in_hours(-1), 2).await, all[..2]);
    assert_eq!(idle(in_hours(1), 10).await, []);
    let elsewhere = InstallationName("elsewhere".into());
    assert_eq!(ledger.idle_sessions(&elsewhere, in_hours(-1), 10).await.expect("read"), []);
}

/// A guest's sessions are erased in one moment.
pub(crate) async fn erased_sessions_are_walked_through_whatever_their_moments(ledger: Shared) {
    let sessions = [4, 2, 9, 1];
    for id in sessions {
        decide(&ledger, SessionChange { read_at: Some(in_hours(-1)), ..unchanged(id, 0) }).await;
    }
    ledger.request(erasure_of(person(1), &["mluvii"], in_hours(-1)), &by()).await.expect("requested");
    resolve(&ledger, sessions.map(reached).to_vec()).await;
    step_end(&ledger, "mluvii", verify_after(Outcome::Erased, 4)).await;
    step_end(&ledger, "mluvii", ends(Outcome::Absent)).await;
    close(&ledger).await;
    let mut mark = ErasedMark::before(in_hours(-1));
    let mut walked = Vec::new();
    while let [next] = ledger.erased_sessions(&installation(), mark, 1).await.expect("read")[..] {
        assert!(next > mark, "it goes on");
        walked.push(next);
        mark = next;
    }
    assert_eq!(walked.iter().map(|one| one.session.0).collect::<BTreeSet<_>>(), BTreeSet::from(sessions));
    assert!(walked.iter().all(|one| one.at == walked[0].at), "in one moment: {walked:?}");
    assert_eq!(
        ledger.erased_sessions(&installation(), ErasedMark::before(in_hours(-1)), 10).await.expect("read"),
        walked
    );
    assert_eq!(ledger.erased_sessions(&installation(), ErasedMark::before(in_hours(1)), 10).await.expect("read"), []);
    let elsewhere = InstallationName("elsewhere".into());
    assert_eq!(ledger.erased_sessions(&elsewhere, ErasedMark::before(in_hours(-1)), 10).await.expect("read"), []);
    // How far somebody has come.
    assert_eq!(ledger.erased_mark(&installation()).await.expect("read"), None);
    for to in [walked[2], walked[1]] {
        ledger.looked_at_erased(&installation(), to).await.expect("noted");
        assert_eq!(ledger.erased_mark(&installation()).await.expect("read"), Some(to));
    }
    assert_eq!(ledger.erased_mark(&elsewhere).await.expect("read"), None);
}

/// Wanted while somebody does it, as for an outage that ended meanwhile: nobody else begins, and it is done once more afterwards.
pub(crate) async fn what_is_wanted_is_done_at_once_or_once_more_after_what_is_under_way(ledger: Shared) {
    let hour = Duration::from_secs(3600);
    let is_due = async || ledger.take_periodic("watch", hour).await.expect("answered").is_some();
    let want = async || ledger.want_periodic("watch").await.expect("noted");
    let put_off = async || ledger.put_off_periodic("watch", hour, None).await.expect("put off");
    want().await;
    assert!(is_due().await, "what nobody has done yet");
    put_off().await;
    assert!(!is_due().await);
    want().await;
    assert!(is_due().await, "what is due later");
    ledger.renew_periodic("watch", hour, Some(in_hours(-1))).await.expect("renewed");
    want().await;
    assert!(!is_due().await, "what is under way");
    ledger.renew_periodic("watch", hour, None).await.expect("renewed");
    assert!(!is_due().await, "whatever is wanted");
    put_off().await;
    assert!(is_due().await, "once more");
    put_off().await;
    assert!(!is_due().await, "once");
    // Who did it was killed.
    ledger.renew_periodic("watch", Duration::ZERO, None).await.expect("renewed");
    want().await;
    assert!(is_due().await);
    let marked = ledger.marks().await.expect("read");
    assert!(marked.contains_key("watch"), "how far it has come stays: {marked:?}");
}

pub(crate) async fn a_job_of_the_past_is_changed_by_one_at_a_time(ledger: Shared) {
    assert!(ledger.past_jobs().await.expect("read").is_empty());
    let job = past_job();
    assert_eq!(ledger.add_past_job(&job).await.expect("added"), 1);
    assert_eq!(ledger.add_past_job(&job).await.expect("added"), 2);
    let all = ledger.past_jobs().await.expect("read");
    assert_eq!(all.iter().map(|stored| (stored.id, stored.version)).collect::<Vec<_>>(), [(2, 1), (1, 1)]);
    assert_eq!(all[0].job, job);
    let mut changed = all[0].clone();
    changed.job.state = PastState::Cancelled;
    assert!(ledger.save_past_job(&changed).await.expect("saved"));
    assert!(!ledger.save_past_job(&all[0]).await.expect("answered"), "somebody has changed it");
    let now = ledger.past_jobs().await.expect("read");
    assert_eq!((now[0].version, now[0].job.state, now[1].job.state), (2, PastState::Cancelled, PastState::Shown));
    // What waits for a person is told.
    let all = ledger.attention(&limits()).await.expect("read");
    let waiting: Vec<_> = all.iter().filter(|found| found.code == Code::PastWaiting).collect();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let told = ["job", "sessions", "would"].map(|name| waiting[0].parameters[name].clone());
    assert_eq!((told, waiting[0].since), ([1, 4, 3].map(Into::into), now[1].job.shown));
}

pub(crate) async fn what_an_alert_has_told_is_written_by_who_has_read_it(ledger: Shared) {
    assert_eq!(ledger.alert("ops").await.expect("read"), None);
    // Of several that begin it, one does.
    assert!(ledger.keep_alert("ops", 0, r#"{"told":1}"#).await.expect("answered"));
    assert!(!ledger.keep_alert("ops", 0, r#"{"told":2}"#).await.expect("answered"));
    let (version, state) = ledger.alert("ops").await.expect("read").expect("it is there");
    assert_eq!(state, r#"{"told":1}"#);
    assert!(ledger.keep_alert("ops", version, r#"{"told":3}"#).await.expect("answered"));
    // Who was away for longer than its lease knows an old version only.
    assert!(!ledger.keep_alert("ops", version, r#"{"told":4}"#).await.expect("answered"));
    assert_eq!(ledger.alert("ops").await.expect("read").map(|(_, state)| state).as_deref(), Some(r#"{"told":3}"#));
    assert_eq!(ledger.alert("dpo").await.expect("read"), None);
}

pub(crate) async fn a_ledger_keeps_its_id(ledger: Shared) {
    let id = ledger.id().await.expect("read");
    assert!(id.0.len() == 32 && id.0.bytes().any(|byte| byte != b'0'), "{id}");
    ledger.key_ids(&key_ids("1")).await.expect("noted");
    assert_eq!(ledger.id().await.expect("read"), id);
}

pub(crate) async fn an_empty_ledger_counts_nothing_and_can_be_written(ledger: Shared) {
    ledger.writable().await.expect("writable");
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.sessions, counts.events_waiting, counts.sessions_settling, counts.overdue), (0, 0, 0, 0));
    assert_eq!((counts.parked_work, counts.receipts, counts.quarantined, counts.oldest_due), (0, 0, 0, None));
    assert_eq!((counts.incomplete_unacknowledged, counts.foreign_sessions), (0, 0));
    assert!(counts.verdicts.len() == 3 && counts.verdicts.values().all(|count| *count == 0));
    assert!(counts.unknown_consents.len() == 2 && counts.unknown_consents.values().all(|count| *count == 0));
    assert!(ErasureState::ALL.iter().all(|state| counts.erasures[state.as_str()] == 0));
    assert!(ledger.receipt_head().await.expect("read").is_none());
    assert!(ledger.session(&session(1)).await.expect("read").is_none());
}

pub(crate) async fn maintenance_forgets_old_deliveries_and_keeps_the_rest(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(ledger.record(event(1, 1)).await.expect("recorded"), Recorded::Duplicate);
    // Until the clock has moved on, the delivery is not older than nothing.
    let forgotten = async {
        while ledger.record(event(1, 1)).await.expect("recorded") == Recorded::Duplicate {
            ledger.maintain(Keep { duplicates: Duration::ZERO, ..KEEP }).await.expect("maintained");
        }
    };
    tokio::time::timeout(Duration::from_secs(10), forgotten).await.expect("forgotten");
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 2);
}
