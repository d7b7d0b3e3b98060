//! What tells later why something was decided.

use std::time::Duration;

use quietus_plugin::Span;

use super::fixtures::*;
use crate::attention::{Code, Limits};
use crate::audit::{Act, Object};
use crate::erasure::{ErasureState, NewErasure, Outcome, Subject};
use crate::keys::Digest;
use crate::ledger::{Attempt, AuditRange, Cursor, Finished, NewRuleVersion, RULE_WAITS, SessionMark, Work, is_held};
use crate::policy::Evaluated;
use crate::subject::{InstallationName, SessionKey};

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

/// A version of a rule.
fn version(name: &str, digest: &str, waiting: bool) -> NewRuleVersion {
    NewRuleVersion { name: name.into(), digest: digest.into(), waiting, sessions: 10, would: 9 }
}

pub(crate) async fn of_a_rule_every_version_is_known_and_only_once(ledger: Shared) {
    let known = async || {
        let versions = ledger.rule_versions().await.expect("read");
        versions.into_iter().map(|one| (one.rule.name, one.rule.digest, one.rule.waiting)).collect::<Vec<_>>()
    };
    for (name, digest, waiting) in
        [("b", "1", false), ("a", "1", false), ("a", "1", true), ("a", "2", true), ("a", "2", false), ("a", "1", false)]
    {
        ledger.add_rule_version(&version(name, digest, waiting)).await.expect("written");
    }
    let row = |name: &str, digest: &str, waiting| (name.to_owned(), digest.to_owned(), waiting);
    let all = [row("a", "1", false), row("a", "2", true), row("a", "1", false), row("b", "1", false)];
    assert_eq!(known().await, all);
    // Two servers that begin at once.
    let version = version("c", "1", true);
    let (one, other) = tokio::join!(ledger.add_rule_version(&version), ledger.add_rule_version(&version));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(known().await.last(), Some(&row("c", "1", true)));
    assert_eq!(known().await.len(), 5);
}

pub(crate) async fn what_waits_for_its_rule_begins_once_that_is_confirmed(ledger: Shared) {
    let waiting = async || {
        let limits = Limits {
            deadline: Span::from_secs(u64::MAX >> 20),
            warn_before: Span::from_secs(0),
            unknown_share_max: 1.0,
        };
        let told = ledger.attention(&limits).await.expect("read");
        told.into_iter().filter(|found| found.code == Code::RuleWaiting).map(|found| found.object).collect::<Vec<_>>()
    };
    ledger.add_rule_version(&version("much", "1", true)).await.expect("written");
    assert_eq!(waiting().await, [Object::rule("much")]);
    let erasure = NewErasure { rule: "much".into(), ..due_erasure(1, &["crm"]) };
    ledger.request(erasure, &by()).await.expect("requested");
    let held = only(claim(&ledger, &to_resolve()).await);
    let Work::Resolve(work) = &held.work else { panic!("{held:?}") };
    assert_eq!((work.rules.as_slice(), work.approved), (&["much".to_owned()][..], false));
    assert!(is_held(&work.rules, work.created, &ledger.rule_versions().await.expect("read")));
    let pause = Duration::from_secs(3600);
    assert_eq!(ledger.retry(held, pause, Attempt::Free, RULE_WAITS).await.expect("put back"), Finished::Done);
    assert!(claim(&ledger, &to_resolve()).await.is_empty());

    assert!(!ledger.confirm_rule("another", &by()).await.expect("answered"));
    assert!(ledger.confirm_rule("much", &by()).await.expect("confirmed"));
    assert!(!ledger.confirm_rule("much", &by()).await.expect("answered"), "it does not wait any more");
    assert!(waiting().await.is_empty());
    let going = only(claim(&ledger, &to_resolve()).await);
    let Work::Resolve(work) = &going.work else { panic!("{going:?}") };
    assert!(!is_held(&work.rules, work.created, &ledger.rule_versions().await.expect("read")));
    let orders = ledger.audit(&AuditRange::all(Cursor::OLDEST, 100)).await.expect("read").items;
    let confirmed = orders.iter().filter(|row| row.statement.act == Act::ConfirmRule.as_str());
    let confirmed: Vec<_> = confirmed.map(|row| row.statement.object.to_string()).collect();
    assert_eq!(confirmed, ["rules", "rule:much", "rules"], "a name that nobody knows is not written");
}
