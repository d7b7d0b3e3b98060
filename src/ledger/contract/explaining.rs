//! What tells later why something was decided.

use std::time::Duration;

use quietus_plugin::Span;

use super::fixtures::*;
use crate::attention::{Code, Limits};
use crate::audit::{Act, Object};
use crate::erasure::{ErasureId, ErasureState, NewErasure, Outcome, Subject};
use crate::keys::Digest;
use crate::ledger::{
    Attempt, AuditRange, Claim, Cursor, Finished, NewRuleVersion, QueueName, RULE_WAITS, RuleState, SessionMark, Work,
    is_held,
};
use crate::policy::Evaluated;
use crate::subject::{InstallationName, SessionId, SessionKey};

/// An evaluation, as it stands in a record.
fn evaluated(rule: &str) -> Evaluated {
    let text = format!(r#"{{"o":"session-settled","a":1767225600000,"k":"absent","p":"01234567","r":["{rule}"]}}"#);
    serde_json::from_str(&text).expect("is read")
}

pub(crate) async fn what_was_evaluated_is_kept_with_the_session(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.evaluated = vec![evaluated("a"), evaluated("b")];
    decide(&ledger, change).await;
    let kept = ledger.session(&session(1)).await.expect("read").expect("is there").evaluated;
    assert_eq!(kept, [evaluated("a"), evaluated("b")]);
    // It stays when the session is erased, and the guest's id does not.
    let digest = Digest([7; 16]);
    let mut change = unchanged(2, 0);
    change.record.guest_digest = Some(digest);
    change.evaluated = vec![evaluated("c")];
    decide(&ledger, change).await;
    begun(&ledger, 2, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    close(&ledger).await;
    let kept = ledger.session(&session(2)).await.expect("read").expect("is there").evaluated;
    assert_eq!(kept, [evaluated("c")]);
}

pub(crate) async fn the_erasures_of_a_session_are_found_whatever_has_become_of_them(ledger: Shared) {
    let guest = Digest([9; 16]);
    let mut change = unchanged(1, 0);
    change.record.guest_digest = Some(guest);
    decide(&ledger, change).await;
    decide(&ledger, unchanged(2, 0)).await;
    let of_guest = Subject::Guest { installation: installation(), digest: guest };

    let reaching = ledger.request(erasure_of(person(3), &["crm"], in_hours(-1)), &by()).await.expect("requested");
    resolve(&ledger, vec![reached(1), reached(2)]).await;
    let cancelled = ledger
        .request(erasure_of(Subject::Session(session(1)), &["crm"], in_hours(5)), &by())
        .await
        .expect("requested");
    assert!(ledger.cancel_erasure(cancelled, &by()).await.expect("cancelled"));
    let waiting = ledger
        .request(erasure_of(Subject::Session(session(1)), &["crm"], in_hours(5)), &by())
        .await
        .expect("requested");
    let of_the_guest = ledger.request(erasure_of(of_guest, &["crm"], in_hours(5)), &by()).await.expect("requested");
    let another = ledger
        .request(erasure_of(Subject::Session(session(2)), &["crm"], in_hours(5)), &by())
        .await
        .expect("requested");

    let found = async |id: i64, guest| {
        let mut ids: Vec<_> = ledger
            .erasures_of(&session(id), guest)
            .await
            .expect("read")
            .into_iter()
            .map(|one| (one.id, one.state))
            .collect();
        ids.sort_unstable_by_key(|(id, _)| *id);
        ids
    };
    let sorted = |mut ids: Vec<_>| {
        ids.sort_unstable_by_key(|(id, _)| *id);
        ids
    };
    let (erasing, scheduled) = (ErasureState::Erasing, ErasureState::Scheduled);
    let all = sorted(vec![
        (reaching, erasing),
        (cancelled, ErasureState::Cancelled),
        (waiting, scheduled),
        (of_the_guest, scheduled),
    ]);
    assert_eq!(found(1, Some(guest)).await, all);
    assert_eq!(found(2, None).await, sorted(vec![(reaching, erasing), (another, scheduled)]));
    assert!(found(3, None).await.is_empty());
    let elsewhere = SessionKey { installation: InstallationName("nowhere".into()), ..session(1) };
    assert!(ledger.erasures_of(&elsewhere, None).await.expect("read").is_empty());

    // Those of its own are found when they are over; a person's, by the person only.
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    close(&ledger).await;
    assert_eq!(found(2, None).await, vec![(another, scheduled)]);
    let over = begun(&ledger, 4, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    close(&ledger).await;
    assert_eq!(found(4, None).await, vec![(over, ErasureState::Done)]);
}

pub(crate) async fn all_sessions_are_read_with_what_was_kept_of_their_evaluations(ledger: Shared) {
    for id in 1..=5 {
        let mut change = unchanged(id, 0);
        change.record.tenant = Some(crate::subject::TenantId(id));
        change.evaluated = if id % 2 == 0 { vec![evaluated("even")] } else { Vec::new() };
        decide(&ledger, change).await;
    }
    for most in [1, 2, 5, 100] {
        let (mut found, mut next) = (Vec::new(), Some(SessionMark::BEGINNING));
        while let Some(after) = next {
            let page = ledger.decided_sessions(after, most).await.expect("read");
            assert!(page.sessions.len() <= most as usize && page.damaged == 0);
            for one in page.sessions {
                assert_eq!(one.record.tenant.map(|tenant| tenant.0), Some(one.record.session.session.0));
                found.push((one.record.session, one.evaluated));
            }
            next = page.next;
        }
        let kept = |id: i64| if id % 2 == 0 { vec![evaluated("even")] } else { Vec::new() };
        let expected: Vec<_> = (1..=5).map(|id| (session(id), kept(id))).collect();
        assert_eq!(found, expected, "{most}");
    }
}

pub(crate) async fn sessions_are_listed_from_the_greatest_number_on(ledger: Shared) {
    for id in [3, 1, 7, 5] {
        decide(&ledger, unchanged(id, 0)).await;
    }
    let list = async |up_to: i64, limit: u32| {
        let page = ledger.sessions_up_to(&installation(), SessionId(up_to), limit).await.expect("read");
        for one in &page.items {
            assert_eq!(one.record.as_ref().map(|record| &record.session), Some(&one.key));
            assert_eq!(one.erased, None);
        }
        let numbers: Vec<i64> = page.items.iter().map(|one| one.key.session.0).collect();
        (numbers, page.next.map(|next| next.0))
    };
    assert_eq!(list(i64::MAX, 9).await, (vec![7, 5, 3, 1], None));
    // A page says where the next one begins, and the last one that it is the last.
    assert_eq!(list(i64::MAX, 2).await, (vec![7, 5], Some(4)));
    assert_eq!(list(4, 2).await, (vec![3, 1], None));
    assert_eq!(list(6, 1).await, (vec![5], Some(4)));
    assert_eq!(list(0, 9).await, (Vec::new(), None));
    let elsewhere = InstallationName("nowhere".into());
    let none = ledger.sessions_up_to(&elsewhere, SessionId(i64::MAX), 9).await.expect("read");
    assert!(none.items.is_empty() && none.next.is_none());
}

pub(crate) async fn the_consents_of_one_company_are_read_past_all_that_are_of_others(ledger: Shared) {
    for id in 1..=3 {
        decide(&ledger, unchanged(id, 0)).await;
        let theirs = SessionKey { installation: other(), session: session(id).session };
        let mut event = event(id, 9);
        event.head.session = theirs.clone();
        ledger.record(event).await.expect("recorded");
        let work = only(claim(&ledger, &QueueName::Decide(other())).await);
        let mut change = unchanged(id, 0);
        change.record.session = theirs;
        assert_eq!(ledger.decided(work, decision(change)).await.expect("decided"), Finished::Done);
    }
    let read = async |of: Option<InstallationName>, most| {
        let (mut keys, mut pages, mut next) = (Vec::new(), 0, Some(SessionMark::BEGINNING));
        while let Some(after) = next {
            let page = ledger.consents(of.as_ref(), after, most).await.expect("read");
            keys.extend(page.sessions.into_iter().map(|one| one.record.session));
            pages += 1;
            next = page.next;
        }
        keys.sort();
        (keys, pages)
    };
    for company in [installation(), other()] {
        let own: Vec<_> =
            (1..=3).map(|id| SessionKey { installation: company.clone(), session: session(id).session }).collect();
        // A page that is full may be the last one: whoever reads on finds nothing more.
        for (most, pages) in [(1, 4), (2, 2), (3, 2), (9, 1)] {
            assert_eq!(read(Some(company.clone()), most).await, (own.clone(), pages), "{company}, {most}");
        }
    }
    assert_eq!(read(None, 2).await.0.len(), 6);
    assert_eq!(read(Some(InstallationName("nowhere".into())), 2).await, (Vec::new(), 1));
}

/// A version of a rule.
fn version(name: &str, digest: &str, state: RuleState) -> NewRuleVersion {
    let mluvii = Some(InstallationName("acme".into()));
    NewRuleVersion { name: name.into(), digest: digest.into(), state, sessions: 10, would: 9, together: 10, mluvii }
}

pub(crate) async fn of_a_rule_every_version_is_known_and_only_once(ledger: Shared) {
    let known = async || {
        let versions = ledger.rule_versions().await.expect("read");
        versions.into_iter().map(|one| (one.rule.name, one.rule.digest, one.rule.state)).collect::<Vec<_>>()
    };
    let (in_force, waiting) = (RuleState::InForce, RuleState::Waiting);
    for (name, digest, state) in [
        ("b", "1", in_force),
        ("a", "1", in_force),
        ("a", "1", waiting),
        ("a", "2", waiting),
        ("a", "2", in_force),
        ("a", "1", in_force),
    ] {
        ledger.add_rule_version(&version(name, digest, state)).await.expect("written");
    }
    let row = |name: &str, digest: &str, state| (name.to_owned(), digest.to_owned(), state);
    let all = [row("a", "1", in_force), row("a", "2", waiting), row("a", "1", in_force), row("b", "1", in_force)];
    assert_eq!(known().await, all);
    // Two servers that begin at once.
    let version = version("c", "1", waiting);
    let (one, other) = tokio::join!(ledger.add_rule_version(&version), ledger.add_rule_version(&version));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(known().await.last(), Some(&row("c", "1", waiting)));
    assert_eq!(known().await.len(), 5);
}

/// The rules that wait for a person.
async fn waiting_rules(ledger: &Shared) -> Vec<Object> {
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(u64::MAX >> 20),
        warn_before: Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let told = ledger.attention(&limits).await.expect("read");
    told.into_iter().filter(|found| found.code == Code::RuleWaiting).map(|found| found.object).collect()
}

/// What a version of a rule demands of a session's erasure.
async fn demanded(ledger: &Shared, rule: &str, version: &str, targets: &[&str], hours: i64) -> ErasureId {
    let version = Some(version.to_owned());
    let erasure = NewErasure { rule: rule.into(), version, due: in_hours(hours), ..due_erasure(1, targets) };
    ledger.request(erasure, &by()).await.expect("requested")
}

/// The claim of an erasure that is due, and whether it waits for its rules.
async fn claimed(ledger: &Shared) -> (Claim, bool) {
    let claim = only(claim(ledger, &to_resolve()).await);
    let Work::Resolve(work) = &claim.work else { panic!("{claim:?}") };
    let waits = is_held(&work.demands, &ledger.rule_versions().await.expect("read"));
    (claim, waits)
}

/// Has an erasure wait that is due.
async fn held(ledger: &Shared) {
    let (claim, waits) = claimed(ledger).await;
    assert!(waits);
    let pause = Duration::from_secs(3600);
    assert_eq!(ledger.retry(claim, pause, Attempt::Free, RULE_WAITS).await.expect("put back"), Finished::Done);
}

/// The objects of the orders of this kind.
async fn ordered(ledger: &Shared, act: Act) -> Vec<String> {
    let orders = ledger.audit(&AuditRange::all(Cursor::OLDEST, 100)).await.expect("read").items;
    let all = orders.iter().filter(|row| row.statement.act == act.as_str());
    all.map(|row| row.statement.object.to_string()).collect()
}

pub(crate) async fn what_waits_for_its_rule_begins_once_that_is_confirmed(ledger: Shared) {
    ledger.add_rule_version(&version("much", "1", RuleState::Waiting)).await.expect("written");
    assert_eq!(waiting_rules(&ledger).await, [Object::rule("much")]);
    demanded(&ledger, "much", "1", &["crm"], -1).await;
    held(&ledger).await;
    assert!(claim(&ledger, &to_resolve()).await.is_empty());

    let confirm = async |name, version| ledger.confirm_rule(name, version, &by()).await.expect("answered");
    assert!(!confirm("another", "1").await && !confirm("much", "2").await);
    assert!(confirm("much", "1").await);
    assert!(!confirm("much", "1").await, "it does not wait any more");
    assert!(waiting_rules(&ledger).await.is_empty());
    assert!(!claimed(&ledger).await.1);
    let orders = ordered(&ledger, Act::ConfirmRule).await;
    assert_eq!(orders, ["rules", "rules", "rule:much", "rules"], "a name that nobody knows is not written");
}

pub(crate) async fn a_version_is_confirmed_only_as_long_as_it_is_the_newest(ledger: Shared) {
    for (digest, state) in [("1", RuleState::InForce), ("2", RuleState::Waiting), ("3", RuleState::Waiting)] {
        ledger.add_rule_version(&version("much", digest, state)).await.expect("written");
    }
    // What the second version demands becomes a part of what the first one has demanded.
    let first = demanded(&ledger, "much", "1", &["crm"], 5).await;
    assert_eq!(demanded(&ledger, "much", "2", &["crm"], -1).await, first);
    held(&ledger).await;
    assert!(!ledger.confirm_rule("much", "2", &by()).await.expect("answered"));
    assert!(ledger.confirm_rule("much", "3", &by()).await.expect("answered"));
    assert_eq!(waiting_rules(&ledger).await, [Object::rule("much")], "the second one waits on");
    assert!(claimed(&ledger).await.1, "and what it demanded does");
}

pub(crate) async fn what_a_rejected_version_alone_demands_never_begins(ledger: Shared) {
    for (name, digest, state) in [("kept", "1", RuleState::InForce), ("much", "1", RuleState::Waiting)] {
        ledger.add_rule_version(&version(name, digest, state)).await.expect("written");
    }
    let alone = demanded(&ledger, "much", "1", &["crm"], -1).await;
    held(&ledger).await;
    let reject = async |version| ledger.reject_rule("much", version, &by()).await.expect("answered");
    assert!(!reject("2").await && reject("1").await && !reject("1").await);
    assert_eq!(ordered(&ledger, Act::RejectRule).await, ["rules", "rule:much", "rules"]);
    assert!(waiting_rules(&ledger).await.is_empty());
    let end = async |claim| assert_eq!(ledger.without_rejected(claim).await.expect("ended"), Finished::Done);
    end(claimed(&ledger).await.0).await;
    let shown = ledger.erasure(alone).await.expect("read").expect("is there");
    assert_eq!((shown.state, shown.rejected), (ErasureState::Cancelled, vec!["much@1".to_owned()]));
    assert_eq!(shown.rules, ["much"]);

    // What another rule demands, too, is done at the time of that one, at its targets.
    let both = demanded(&ledger, "kept", "1", &["crm"], 5).await;
    assert_eq!(demanded(&ledger, "much", "1", &["mailbox"], -1).await, both);
    end(claimed(&ledger).await.0).await;
    let shown = ledger.erasure(both).await.expect("read").expect("is there");
    assert_eq!((shown.state, shown.rules.as_slice()), (ErasureState::Scheduled, &["kept".to_owned()][..]));
    assert_eq!((shown.steps.len(), shown.due > in_hours(4)), (1, true));
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    // Somebody thinks better of it.
    assert!(ledger.confirm_rule("much", "1", &by()).await.expect("answered"));
    demanded(&ledger, "much", "1", &["crm"], -1).await;
    assert!(!claimed(&ledger).await.1);
}

pub(crate) async fn what_a_rejected_version_demanded_is_over_before_it_is_confirmed(ledger: Shared) {
    ledger.add_rule_version(&version("much", "1", RuleState::Waiting)).await.expect("written");
    let late = demanded(&ledger, "much", "1", &["crm"], 5).await;
    assert!(claim(&ledger, &to_resolve()).await.is_empty(), "it is not due");
    assert!(ledger.reject_rule("much", "1", &by()).await.expect("answered"));
    let confirmed = async || ledger.confirm_rule("much", "1", &by()).await.expect("answered");
    assert!(!confirmed().await, "what it demanded is not over yet");
    // It is, before its time.
    let (claim, _) = claimed(&ledger).await;
    assert!(!confirmed().await, "somebody is at it");
    assert_eq!(ledger.without_rejected(claim).await.expect("ended"), Finished::Done);
    let shown = ledger.erasure(late).await.expect("read").expect("is there");
    assert_eq!(shown.state, ErasureState::Cancelled);
    assert!(confirmed().await);
}
