//! What a decision writes.

use std::time::Duration;

use jiff::Timestamp;
use quietus_plugin::Span;

use super::audit::audited;
use super::clock::Sql;
use super::fixtures::*;
use crate::attention::{Code, Limits};
use crate::consent::{CameBy, Consent, ConsentState, UnknownCause, Withdrawal};
use crate::erasure::{ErasureState, NewErasure, Outcome, Selection};
use crate::keys::Digest;
use crate::ledger::{Attempt, Decision, Finished, InstallationFacts, LedgerError, QueueName, Withdrawn, Work};
use crate::subject::{Fingerprinted, GuestId, InstallationName, Kind, SessionKey};

pub(crate) async fn a_decision_writes_the_session_the_erasures_and_the_end_of_the_work(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    let mut change = unchanged(1, 0);
    change.record.consent.state = ConsentState::Withdrawn;
    change.record.guest = Some(GuestId("g-1".into()));
    change.fingerprints = Some(vec![email(1), print(Kind::Phone, 2)]);
    change.forms_seen = vec![Digest([3; 16]), Digest([4; 16])];
    change.concluded = true;
    let erasure = due_erasure(1, &["crm"]);
    let id = erasure.id;
    let decision = Decision { erasures: vec![erasure], ..decision(change) };
    assert_eq!(ledger.decided(mine, decision).await.expect("decided"), Finished::Done);

    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!((view.version, view.record.consent.state), (1, ConsentState::Withdrawn));
    assert_eq!(view.fingerprints, [email(1), print(Kind::Phone, 2)]);
    assert_eq!(view.forms_seen, [Digest([3; 16]), Digest([4; 16])]);
    assert!(view.concluded && !view.recording_ready && view.settle_at.is_none() && view.erased_at.is_none());
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Scheduled);
    assert!(claim(&ledger, &to_decide()).await.is_empty());
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.sessions, counts.events_waiting, counts.erasures["scheduled"]), (1, 0, 1));

    let mut again = unchanged(1, 1);
    again.fingerprints = Some(vec![email(5)]);
    decide(&ledger, again).await;
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!((view.version, view.fingerprints), (2, vec![email(5)]));
    decide(&ledger, unchanged(1, 2)).await;
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!(view.fingerprints, [email(5)]);
    assert_eq!(ledger.counts().await.expect("counted").sessions, 1);
}

pub(crate) async fn a_decision_on_a_stale_session_writes_nothing_and_is_due_again(ledger: Shared) {
    decide(&ledger, unchanged(1, 0)).await;
    let mine = recorded(&ledger, event(1, 200)).await;
    for (read, finished) in [(0, Finished::Stale), (2, Finished::Stale)] {
        let erasure = due_erasure(1, &["crm"]);
        let id = erasure.id;
        let stale = Decision { erasures: vec![erasure], ..decision(unchanged(1, read)) };
        let claim = match read {
            0 => recorded(&ledger, event(1, 201)).await,
            _ => only(claim(&ledger, &to_decide()).await),
        };
        assert_eq!(ledger.decided(claim, stale).await.expect("answered"), finished);
        assert!(ledger.erasure(id).await.expect("read").is_none());
    }
    assert_eq!(ledger.session(&session(1)).await.expect("read").expect("is there").version, 1);
    assert_eq!(ledger.decided(mine, decision(unchanged(1, 1))).await.expect("decided"), Finished::Done);
}

pub(crate) async fn a_decision_that_cannot_be_written_leaves_the_work(ledger: Shared) {
    ledger.record(event(1, 1)).await.expect("recorded");
    let mine = claim_for_no_time(&ledger, &to_decide()).await;
    let impossible = Decision { erasures: vec![due_erasure(1, &[])], ..decision(unchanged(1, 0)) };
    let (refused, other) = tokio::join!(ledger.decided(mine, impossible), ledger.record(event(2, 1)));
    assert!(matches!(refused, Err(LedgerError::Broken(_))));
    assert!(other.is_ok());
    assert!(ledger.session(&session(1)).await.expect("read").is_none());
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 2);
}

pub(crate) async fn a_session_has_one_look_for_settling_which_moves(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.settle_at = Some(in_hours(1));
    decide(&ledger, change).await;
    assert!(claim(&ledger, &to_settle()).await.is_empty());
    assert_eq!(ledger.counts().await.expect("counted").sessions_settling, 1);

    let mut sooner = unchanged(1, 1);
    sooner.settle_at = Some(in_hours(-1));
    decide(&ledger, sooner).await;
    assert_eq!(ledger.counts().await.expect("counted").sessions_settling, 1);
    let look = only(claim(&ledger, &to_settle()).await);
    let Work::Settle(work) = &look.work else { panic!("not a session") };
    assert_eq!(work.session, session(1));

    // While one looks, something happens to the session: the look is no longer theirs.
    let mut later = unchanged(1, 2);
    later.settle_at = Some(in_hours(1));
    decide(&ledger, later).await;
    assert_eq!(ledger.decided(look, decision(unchanged(1, 3))).await.expect("answered"), Finished::LeaseLost);
    assert!(claim(&ledger, &to_settle()).await.is_empty());

    decide(&ledger, unchanged(1, 3)).await;
    assert_eq!(ledger.counts().await.expect("counted").sessions_settling, 0);
}

pub(crate) async fn a_look_for_settling_can_set_itself_anew(ledger: Shared) {
    for read in 0..3 {
        let mut again = unchanged(1, read);
        again.settle_at = Some(in_hours(-1));
        if read == 0 {
            decide(&ledger, again).await;
        } else {
            let look = only(claim(&ledger, &to_settle()).await);
            assert_eq!(ledger.decided(look, decision(again)).await.expect("decided"), Finished::Done);
        }
    }
    let look = only(claim(&ledger, &to_settle()).await);
    assert_eq!(ledger.decided(look, decision(unchanged(1, 3))).await.expect("settled"), Finished::Done);
    assert!(claim(&ledger, &to_settle()).await.is_empty());
}

pub(crate) async fn sessions_are_found_by_guest_and_by_any_of_their_fingerprints(ledger: Shared) {
    let ann = email(1);
    let phone = print(Kind::Phone, 2);
    let bob = email(3);
    let prints = [vec![ann.clone(), phone.clone()], vec![ann.clone()], vec![bob.clone(), phone.clone()]];
    for (id, prints) in (1..).zip(prints) {
        let mut change = unchanged(id, 0);
        change.record.guest_digest = Some(Digest([if id < 3 { 1 } else { 2 }; 16]));
        change.fingerprints = Some(prints);
        decide(&ledger, change).await;
    }
    let found = async |installation: InstallationName, prints: &[&Fingerprinted]| {
        let prints: Vec<_> = prints.iter().map(|print| (*print).clone()).collect();
        let views = ledger.sessions_with(&installation, &prints).await.expect("searched");
        views.into_iter().map(|view| view.record.session.session.0).collect::<Vec<_>>()
    };
    let nobody: [i64; 0] = [];
    assert_eq!(found(installation(), &[&ann]).await, [1, 2]);
    assert_eq!(found(installation(), &[&ann, &phone]).await, [1, 2, 3]);
    assert_eq!(found(installation(), &[&bob, &bob]).await, [3]);
    assert_eq!(found(installation(), &[]).await, nobody);
    assert_eq!(found(other(), &[&ann]).await, nobody);
    let of = async |installation: InstallationName, guest: u8| {
        ledger.sessions_of_guest(&installation, Digest([guest; 16])).await.expect("searched").len()
    };
    assert_eq!(of(installation(), 1).await, 2);
    assert_eq!(of(installation(), 9).await, 0);
    assert_eq!(of(other(), 1).await, 0);
}

pub(crate) async fn fingerprints_come_back_as_they_were(ledger: Shared) {
    let mut change = unchanged(1, 0);
    let own = print(Kind::Phone, 2);
    let to_call_back = Fingerprinted { supplementary: true, ..own.clone() };
    let another = Fingerprinted { version: 2, ..to_call_back.clone() };
    change.fingerprints = Some(vec![another.clone(), to_call_back, own.clone(), email(1)]);
    decide(&ledger, change).await;
    // The person's own number may contradict, whatever it is besides.
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!(view.fingerprints, [email(1), own, another]);
}

pub(crate) async fn one_session_number_of_two_companies_is_two_sessions(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.concluded = true;
    decide(&ledger, change).await;
    let theirs = SessionKey { installation: other(), session: session(1).session };
    assert!(ledger.session(&theirs).await.expect("read").is_none());

    let mut event = event(1, 9);
    event.head.session = theirs.clone();
    ledger.record(event).await.expect("recorded");
    assert!(claim(&ledger, &to_decide()).await.is_empty(), "it is another company's");
    let mine = only(claim(&ledger, &QueueName::Decide(other())).await);
    let mut change = unchanged(1, 0);
    change.record.session = theirs.clone();
    assert_eq!(ledger.decided(mine, decision(change)).await.expect("decided"), Finished::Done);
    assert!(ledger.session(&session(1)).await.expect("read").expect("is there").concluded);
    assert!(!ledger.session(&theirs).await.expect("read").expect("is there").concluded);
    assert_eq!(ledger.counts().await.expect("counted").sessions, 2);
}

pub(crate) async fn what_was_read_stays_read(ledger: Shared) {
    let read_at = async || ledger.session(&session(1)).await.expect("read").expect("is there").read_at;
    decide(&ledger, unchanged(1, 0)).await;
    assert_eq!(read_at().await, None);
    let at = jiff::Timestamp::from_second(1_790_000_000).expect("a time");
    let mut change = unchanged(1, 1);
    change.read_at = Some(at);
    decide(&ledger, change).await;
    decide(&ledger, unchanged(1, 2)).await;
    assert_eq!(read_at().await, Some(at));
}

pub(crate) async fn sessions_that_settled_without_being_read_are_listed(ledger: Shared) {
    let listed = async |installation: InstallationName, limit| {
        let unread = ledger.unread_sessions(&installation, limit).await.expect("listed");
        assert!(unread.newest.iter().all(|key| key.installation == installation));
        (unread.newest.into_iter().map(|key| key.session.0).collect::<Vec<_>>(), unread.total)
    };
    let nobody = (Vec::new(), 0);
    assert_eq!(listed(installation(), 9).await, nobody);
    for id in 1..=5 {
        let mut change = unchanged(id, 0);
        change.settle_at = (id == 4).then(|| in_hours(1));
        change.read_at = (id == 5).then(|| in_hours(0));
        decide(&ledger, change).await;
    }
    assert_eq!(listed(installation(), 9).await, (vec![3, 2, 1], 3));
    assert_eq!(listed(installation(), 2).await, (vec![3, 2], 3));
    assert_eq!(listed(other(), 9).await, nobody);
    // What was read since is not unread, and of what is erased nobody wants to know.
    let mut read = unchanged(3, 1);
    read.read_at = Some(in_hours(0));
    decide(&ledger, read).await;
    begun(&ledger, 2, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    assert_eq!(listed(installation(), 9).await, (vec![1], 1));
}

pub(crate) async fn what_waits_for_a_person_counts_as_unread(ledger: Shared) {
    let listed = async || {
        let unread = ledger.unread_sessions(&installation(), 9).await.expect("listed");
        (unread.newest.into_iter().map(|key| key.session.0).collect::<Vec<_>>(), unread.total)
    };
    let mut change = unchanged(1, 0);
    change.settle_at = Some(in_hours(0));
    decide(&ledger, change).await;
    assert_eq!(listed().await, (Vec::new(), 0), "it is going to be looked at");
    let look = only(claim(&ledger, &to_settle()).await);
    assert_eq!(ledger.park(look, Outcome::Parked, "too large").await.expect("parked"), Finished::Done);
    assert_eq!(listed().await, (vec![1], 1));
    let event = recorded(&ledger, event(2, 1)).await;
    assert_eq!(ledger.park(event, Outcome::Parked, "too large").await.expect("parked"), Finished::Done);
    assert_eq!(listed().await, (vec![1], 2), "whose the event is, nobody knows");
    ledger.retry_parked(&by()).await.expect("retried");
    assert_eq!(listed().await, (Vec::new(), 0));
}

pub(crate) async fn work_says_since_when_it_is_there_however_often_it_is_tried(ledger: Shared) {
    let mine = recorded(&ledger, event(1, 1)).await;
    let Work::Decide(work) = &mine.work else { panic!("not an event") };
    let came = work.since;
    assert!(came > in_hours(-1) && came < in_hours(1));
    let put_back = ledger.retry(mine, Duration::ZERO, Attempt::Counts, "404").await;
    assert_eq!(put_back.expect("put back"), Finished::Done);
    let again = only(claim(&ledger, &to_decide()).await);
    let Work::Decide(work) = &again.work else { panic!("not an event") };
    assert_eq!(work.since, came);

    let at = jiff::Timestamp::from_second(1_790_000_000).expect("a time");
    let mut change = unchanged(1, 0);
    change.settle_at = Some(at);
    assert_eq!(ledger.decided(again, decision(change)).await.expect("decided"), Finished::Done);
    for _ in 0..3 {
        let look = only(claim(&ledger, &to_settle()).await);
        let Work::Settle(work) = &look.work else { panic!("not a session") };
        assert_eq!(work.since, at);
        let put_back = ledger.retry(look, Duration::ZERO, Attempt::Free, "404").await;
        assert_eq!(put_back.expect("put back"), Finished::Done);
    }
}

pub(crate) async fn unknown_consents_are_counted_by_cause_until_they_are_known(ledger: Shared) {
    let unknown = |id, read, cause| {
        let mut change = unchanged(id, read);
        change.record.consent.cause = Some(cause);
        change
    };
    for id in 1..=2 {
        decide(&ledger, unknown(id, 0, UnknownCause::NotFound)).await;
    }
    decide(&ledger, unknown(3, 0, UnknownCause::NotUnderstood)).await;
    decide(&ledger, unchanged(4, 0)).await;
    let counts = async || ledger.counts().await.expect("counted").unknown_consents;
    assert_eq!(counts().await, [("not_found", 2), ("not_understood", 1)].into());
    let mut known = unknown(1, 1, UnknownCause::NotFound);
    known.record.consent.state = ConsentState::Given;
    decide(&ledger, known).await;
    assert_eq!(counts().await, [("not_found", 1), ("not_understood", 1)].into());
    // What is erased has no consent that anybody would have to know.
    begun(&ledger, 2, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    assert_eq!(counts().await, [("not_found", 0), ("not_understood", 1)].into());
}

pub(crate) async fn a_session_of_a_foreign_tenant_is_forgotten_and_counted(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(vec![email(1)]);
    change.settle_at = Some(in_hours(2));
    decide(&ledger, change).await;
    // What somebody asked for by the session's number does not go with it.
    let asked_for = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");

    let foreign = |read_version| Decision { foreign: true, ..decision(unchanged(1, read_version)) };
    let mine = recorded(&ledger, event(1, 9)).await;
    assert_eq!(ledger.decided(mine, foreign(7)).await.expect("answered"), Finished::Stale);
    let mine = only(claim(&ledger, &to_decide()).await);
    assert_eq!(ledger.decided(mine, foreign(1)).await.expect("decided"), Finished::Done);
    assert!(ledger.session(&session(1)).await.expect("read").is_none());
    assert!(ledger.sessions_with(&installation(), &[email(1)]).await.expect("searched").is_empty());
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.sessions, counts.sessions_settling, counts.foreign_sessions), (0, 0, 1));
    assert!(shown(&ledger, asked_for).await.due < in_hours(1), "it waits for no settling any more");

    // One that was never known, too; and it cannot bring an erasure.
    let mine = recorded(&ledger, event(1, 10)).await;
    assert_eq!(ledger.decided(mine, foreign(0)).await.expect("decided"), Finished::Done);
    assert_eq!(ledger.counts().await.expect("counted").foreign_sessions, 2);
    let mine = recorded(&ledger, event(1, 11)).await;
    let contradicts = Decision { erasures: vec![due_erasure(1, &["crm"])], ..foreign(0) };
    assert!(matches!(ledger.decided(mine, contradicts).await, Err(LedgerError::Broken(_))));
}

pub(crate) async fn one_contradiction_disproves_that_tenants_are_departments(ledger: Shared) {
    let facts = async || ledger.installation(&installation()).await.expect("read").tenants_are_departments;
    assert_eq!(facts().await, None);
    for (read_version, (shown, known)) in (0..).zip([
        (None, None),
        (Some(true), Some(true)),
        (None, Some(true)),
        (Some(false), Some(false)),
        (Some(true), Some(false)),
    ]) {
        let mine = recorded(&ledger, event(1, 100 + u8::try_from(read_version).expect("small"))).await;
        let showing = Decision { tenants_are_departments: shown, ..decision(unchanged(1, read_version)) };
        assert_eq!(ledger.decided(mine, showing).await.expect("decided"), Finished::Done);
        assert_eq!(facts().await, known);
    }
    assert_eq!(ledger.installation(&other()).await.expect("read"), InstallationFacts::default());
}

pub(crate) async fn rules_that_no_longer_apply_take_back_what_they_alone_demanded(ledger: Shared) {
    decide(&ledger, unchanged(1, 0)).await;
    let by_rule = |id: i64, rule: &str| NewErasure { rule: rule.into(), ..due_erasure(id, &["crm"]) };
    let selection = |id: i64| Selection { exclude: [session(id)].into(), ..Selection::default() };
    let alone = ledger.request(by_rule(1, "no consent"), &by()).await.expect("requested");
    let other_session = ledger.request(by_rule(2, "no consent"), &by()).await.expect("requested");
    // Erasures of the same session that could not become one.
    let with_another = NewErasure { selection: selection(8), ..by_rule(1, "no consent") };
    let with_another = ledger.request(with_another, &by()).await.expect("requested");
    let joins = NewErasure { selection: selection(8), ..by_rule(1, "request") };
    assert_eq!(ledger.request(joins, &by()).await.expect("requested"), with_another);
    let to_approve = NewErasure { approve: true, ..by_rule(1, "no consent") };
    let to_approve = ledger.request(to_approve, &by()).await.expect("requested");
    // What a person has approved is theirs.
    let approved = NewErasure { approve: true, selection: selection(9), ..by_rule(1, "no consent") };
    let approved = ledger.request(approved, &by()).await.expect("requested");
    assert!(ledger.approve_erasure(approved, None, &by()).await.expect("approved"));
    let mine = claim(&ledger, &to_resolve()).await;
    assert_eq!(mine.len(), 4);

    let settled = recorded(&ledger, event(1, 2)).await;
    let new = NewErasure { rule: "no consent".into(), ..due_erasure(1, &["mailbox"]) };
    let new_id = new.id;
    let rules_no_longer = vec!["no consent".to_owned(), "retention".to_owned()];
    let taken_back = Decision { rules_no_longer, erasures: vec![new], ..decision(unchanged(1, 1)) };
    assert_eq!(ledger.decided(settled, taken_back).await.expect("decided"), Finished::Done);
    for id in [alone, to_approve] {
        let cancelled = shown(&ledger, id).await;
        assert_eq!((cancelled.state, cancelled.ended.is_some()), (ErasureState::Cancelled, true));
    }
    for id in [other_session, with_another, approved] {
        assert_eq!(shown(&ledger, id).await.state, ErasureState::Scheduled);
    }
    let decided_now = shown(&ledger, new_id).await;
    assert_eq!((decided_now.state, decided_now.steps.len()), (ErasureState::Scheduled, 1), "it joined nothing");
    for held in mine {
        let Work::Resolve(work) = &held.work else { panic!("not an erasure") };
        let expected = if work.id == alone { Finished::LeaseLost } else { Finished::Done };
        let id = work.id;
        assert_eq!(ledger.resolved(held, resolution(Vec::new())).await.expect("answered"), expected, "{id}");
    }

    // What has begun is carried through.
    let settled = recorded(&ledger, event(2, 3)).await;
    let too_late = Decision { rules_no_longer: vec!["no consent".to_owned()], ..decision(unchanged(2, 0)) };
    assert_eq!(ledger.decided(settled, too_late).await.expect("decided"), Finished::Done);
    assert_eq!(shown(&ledger, other_session).await.state, ErasureState::Erasing);
}

/// An event that the ledger does not let become work, as its tables say: none of the others waits for it.
pub(crate) async fn an_event_that_may_not_become_work_is_set_aside_and_stops_no_other(ledger: Shared, sql: Sql<'_>) {
    for id in 1..=5 {
        ledger.record(event(id, 1)).await.expect("recorded");
    }
    // The same event is work already.
    sql("CREATE UNIQUE INDEX refuse ON task (event)");
    sql("INSERT INTO task (queue, due, event)
         SELECT 'elsewhere', 0, events FROM inbox WHERE seq = (SELECT MIN(seq) + 1 FROM inbox)");
    let told = async || {
        let limits = Limits {
            calendar: crate::deadline::Calendar::late_after_s(86_400),
            warn_before: Span::from_secs(0),
            unknown_share_max: 1.0,
            requests: crate::attention::sample::request_limits(),
            remind_after: Default::default(),
        };
        let all = ledger.attention(&limits).await.expect("found");
        all.into_iter().find(|found| found.code == Code::WorkParked).map(|found| found.parameters)
    };
    let mut mine = claim(&ledger, &to_decide()).await;
    assert_eq!(mine.len(), 4);
    for refused in 1..=3 {
        assert_eq!(told().await, None, "{refused}");
        sql("UPDATE inbox SET due = 0");
        mine.extend(claim(&ledger, &to_decide()).await);
        assert_eq!(mine.len(), 4, "{refused}");
    }
    let found = told().await.expect("a person is needed");
    assert_eq!((&found["count"], &found["ids"]), (&1.into(), &serde_json::json!(["acme/2"])));
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.parked_work, counts.events_waiting), (1, 4));

    sql("DELETE FROM task WHERE queue = 'elsewhere'");
    assert!(claim(&ledger, &to_decide()).await.is_empty(), "it waits for a person");
    assert_eq!(ledger.retry_parked(&by()).await.expect("retried"), 1);
    let Work::Decide(work) = &only(claim(&ledger, &to_decide()).await).work else { panic!("an event") };
    assert_eq!((&work.event.head.session, told().await), (&session(2), None));
}

pub(crate) async fn a_withdrawal_changes_all_its_sessions_or_none_and_is_audited(ledger: Shared) {
    ledger.key_ids(&key_ids("9")).await.expect("noted");
    let given = Consent { state: ConsentState::Given, version: Some("v3".into()), ..Consent::default() };
    for id in 1..=3 {
        let mut change = unchanged(id, 0);
        change.record.turn_to(given.clone());
        decide(&ledger, change).await;
    }
    let withdrawal = Withdrawal { came: CameBy::Letter, at: Timestamp::UNIX_EPOCH };
    let withdrawn = |id, read| {
        let mut change = unchanged(id, read);
        change.record.turn_to(given.clone());
        change.record.turn_to(given.withdrawn(withdrawal));
        change.settle_at = Some(in_hours(1));
        Decision { erasures: vec![due_erasure(id, &["crm"])], ..decision(change) }
    };
    let of = async |id| ledger.session(&session(id)).await.expect("read").expect("is there").record;
    let before = audited(&ledger).await.len();
    // The second one has changed since it was read: nothing of the first is written, either.
    let stale = ledger.withdraw_consents(vec![withdrawn(2, 1), withdrawn(1, 7)], withdrawal, &by()).await;
    assert_eq!(stale.expect("answered"), Withdrawn::Stale);
    for id in [1, 2] {
        assert_eq!((of(id).await.consent, of(id).await.earlier.len()), (given.clone(), 0));
    }
    assert_eq!(ledger.counts().await.expect("counted").erasures_in(ErasureState::Scheduled), 0);

    let decisions = vec![withdrawn(2, 1), withdrawn(1, 1)];
    let ids: Vec<_> = decisions.iter().flat_map(|decision| &decision.erasures).map(|erasure| erasure.id).collect();
    let done = ledger.withdraw_consents(decisions, withdrawal, &by()).await.expect("withdrawn");
    assert_eq!(done, Withdrawn::Done(ids.clone()), "in the order of the decisions");
    let asked_for = ids.clone();
    for id in [1, 2] {
        let record = of(id).await;
        assert_eq!((record.consent, record.earlier), (given.withdrawn(withdrawal), vec![given.clone()]));
    }
    assert_eq!(of(3).await.consent, given);
    for id in ids {
        assert_eq!(shown(&ledger, id).await.state, ErasureState::Scheduled);
    }
    let rows = audited(&ledger).await;
    let said =
        |row: usize| (&*rows[row].statement.act, rows[row].statement.object.as_str(), &*rows[row].statement.result);
    assert_eq!(rows.len(), before + 4, "one for each order, and one for each erasure of the one that was written");
    assert_eq!(said(before), ("consent.withdraw", "sessions:acme", "unchanged"));
    assert_eq!(said(before + 1), ("consent.withdraw", "sessions:acme", "done"));
    let details = &rows[before + 1].statement.details;
    assert_eq!((details["sessions"].to_string(), details["erasures"].to_string()), ("[1,2]".into(), "2".into()));
    // Who approves what it demands must not be who has written it down.
    for (row, id) in (before + 2..).zip(asked_for) {
        assert_eq!(said(row), ("erasure.request", &*format!("erasure:{id}"), "done"));
        assert_eq!(
            (&rows[row].statement.actor, &rows[row].statement.details["by"]),
            (&by(), &"consent.withdraw".into())
        );
    }
}
