//! Rows that are not as they were written. Such a story is given a way to change what is stored past the port.

use std::collections::BTreeSet;
use std::time::Duration;

use super::clock::Sql;
use super::closing::chained;
use super::fixtures::*;
use crate::attention::{Limits, Severity};
use crate::consent::ConsentRecord;
use crate::erasure::{ErasureId, ErasureState, Outcome};
use crate::keys::Digest;
use crate::ledger::{Bounds, Claim, Closed, Finished, LedgerError, QueueName, RefusedWork, Summed, Work};
use crate::subject::GuestId;
use quietus_plugin::Span;

/// How many are urgent, as their records are damaged.
async fn damaged(ledger: &Shared) -> Option<u64> {
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(24 * 3_600),
        warn_before: Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let all = ledger.attention(&limits).await.expect("read");
    let found = all.iter().find(|found| found.code.as_str() == "records_damaged")?;
    assert_eq!(found.severity, Severity::Urgent);
    found.parameters["count"].as_u64()
}

/// The erasures whose work can be claimed.
async fn claimed(ledger: &Shared, queue: &QueueName) -> Vec<ErasureId> {
    let of = |work: &Work| match work {
        Work::Resolve(work) => work.id,
        Work::Step(work) => work.erasure,
        Work::Close(erasure) => erasure.id,
        other => panic!("{other:?}"),
    };
    claim(ledger, queue).await.iter().map(|claim| of(&claim.work)).collect()
}

pub(crate) async fn a_session_whose_record_is_damaged_is_not_read_and_hides_no_other(ledger: Shared, sql: Sql<'_>) {
    for id in 1..=2 {
        let mut change = unchanged(id, 0);
        change.record.guest = Some(GuestId(format!("guest-{id}")));
        change.record.guest_digest = Some(Digest([7; 16]));
        change.forms_seen = vec![Digest([9; 16])];
        change.fingerprints = Some(vec![email(3)]);
        decide(&ledger, change).await;
    }
    assert!(ledger.session(&session(1)).await.expect("read").is_some());
    // It is still a record, and names another guest.
    sql("UPDATE session SET record = REPLACE(record, 'guest-1', 'guest-2') WHERE session = 1");
    let found = ledger.session(&session(1)).await.expect_err("it is not as it was written");
    assert_eq!(found.of_this_work(), Some("what is stored of it is damaged: its checksum does not match"));
    assert!(ledger.session(&session(2)).await.expect("read").is_some());
    // To leave it out would be to act on what is missing.
    let of_guest = ledger.sessions_of_guest(&installation(), Digest([7; 16])).await;
    assert!(of_guest.expect_err("one of them is damaged").of_this_work().is_some());
    let with = ledger.sessions_with(&installation(), &[email(3)]).await;
    assert!(with.expect_err("one of them is damaged").of_this_work().is_some());
    sql("UPDATE session SET forms_seen = guest WHERE session = 2");
    ledger.session(&session(2)).await.expect_err("its forms are others");
}

pub(crate) async fn an_erasure_whose_subject_is_damaged_does_not_begin_and_stops_no_other(
    ledger: Shared,
    sql: Sql<'_>,
) {
    let whole = ledger.request(due_erasure(501, &["mluvii"]), &by()).await.expect("requested");
    ledger.request(due_erasure(502, &["mluvii"]), &by()).await.expect("requested");
    sql("UPDATE erasure SET subject = REPLACE(subject, '502', '503')");
    assert_eq!(claimed(&ledger, &to_resolve()).await, [whole]);
    assert_eq!(damaged(&ledger).await, Some(1));
    // It is no better when it is tried again.
    assert_eq!(ledger.retry_parked(&by()).await.expect("answered"), 1);
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert_eq!(damaged(&ledger).await, Some(1));
}

pub(crate) async fn a_step_whose_sessions_are_damaged_is_not_called_and_stops_no_other(ledger: Shared, sql: Sql<'_>) {
    let whole = begun(&ledger, 601, &["crm"]).await;
    begun(&ledger, 602, &["crm"]).await;
    sql("UPDATE erasure_session SET session = 603 WHERE session = 602");
    assert_eq!(claimed(&ledger, &steps_at("crm")).await, [whole]);
    assert_eq!(damaged(&ledger).await, Some(1));
}

pub(crate) async fn of_what_is_damaged_nothing_is_left_by_an_erasure(ledger: Shared, sql: Sql<'_>) {
    erase_a_guest(&ledger, "g-1", || async {
        sql("UPDATE session SET record = REPLACE(record, 'g-1', 'g-2')");
    })
    .await;
    let erased = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert!(erased.erased_at.is_some());
    assert_eq!(erased.record, ConsentRecord::new(session(1)), "it could be somebody else's");
}

pub(crate) async fn what_is_not_closed_by_damaged_sessions_is_nobody_elses_end(ledger: Shared, sql: Sql<'_>) {
    begun(&ledger, 701, &["mluvii"]).await;
    step_end(&ledger, "mluvii", verify_after(Outcome::Erased, 1)).await;
    step_end(&ledger, "mluvii", ends(Outcome::Absent)).await;
    sql("UPDATE erasure_session SET session = 702");
    assert!(claimed(&ledger, &QueueName::Close).await.is_empty());
    assert_eq!(damaged(&ledger).await, Some(1));
}

pub(crate) async fn an_end_that_the_ledger_refuses_is_nobody_elses(ledger: Shared, sql: Sql<'_>) {
    for id in 801..=804 {
        begun(&ledger, id, &["crm"]).await;
        step_end(&ledger, "crm", ends(Outcome::Absent)).await;
        if id == 801 {
            close(&ledger).await;
        }
    }
    // An erasure has one receipt.
    sql("INSERT INTO receipt (sequence, erasure, hash, receipt, verdict, ended)
         SELECT -1, id, '', '', 'complete', 0 FROM erasure WHERE subject LIKE '%803%'");
    let all = claim(&ledger, &QueueName::Close).await;
    let refused = ledger.closed(chained(&ledger, all).await).await.expect("answered");
    let Closed::Refused(claims, LedgerError::Broken(_)) = refused else { panic!("{refused:?}") };
    assert_eq!(claims.len(), 3);
    let mut parked = 0;
    for claim in claims {
        match ledger.closed(chained(&ledger, vec![claim]).await).await.expect("answered") {
            Closed::Done => {}
            Closed::Again(claims) => panic!("{claims:?}"),
            Closed::Refused(alone, _) => {
                let ended = ledger.park(only(alone), Outcome::Parked, "its end cannot be written").await;
                assert_eq!(ended.expect("parked"), Finished::Done);
                parked += 1;
            }
        }
    }
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((parked, counts.parked_work, counts.erasures_in(ErasureState::Done)), (1, 1, 3));
    // It goes on when the cause is gone and a person says so.
    sql("DELETE FROM receipt WHERE sequence = -1");
    assert_eq!(ledger.retry_parked(&by()).await.expect("answered"), 1);
    close(&ledger).await;
    assert_eq!(ledger.counts().await.expect("counted").erasures_in(ErasureState::Done), 4);
}

pub(crate) async fn a_step_that_may_not_be_noted_as_tried_is_not_called_and_stops_no_other(
    ledger: Shared,
    sql: Sql<'_>,
) {
    let first = begun(&ledger, 851, &["crm"]).await;
    let refused = begun(&ledger, 852, &["crm", "shop"]).await;
    let last = begun(&ledger, 853, &["crm"]).await;
    // No two steps of one erasure may be tried, and one is.
    sql("UPDATE step SET tried = (1 = 1) WHERE called = 'shop'");
    sql("CREATE UNIQUE INDEX refuse ON step (erasure, tried)");
    let look = async || ledger.claim(&steps_at("crm"), 100, HOUR, &Bounds::NONE).await.expect("claims");
    let mut found = look().await;
    let erasures = |claims: &[Claim]| -> BTreeSet<ErasureId> {
        let of = |claim: &Claim| match &claim.work {
            Work::Step(work) => work.erasure,
            other => panic!("{other:?}"),
        };
        claims.iter().map(of).collect()
    };
    assert_eq!(erasures(&found.claims), [first, last].into());
    for before in 0..4 {
        let RefusedWork { held, error } = only(found.refused);
        assert!(matches!(error, LedgerError::Broken(_)), "{error:?}");
        assert_eq!(held.refused, before);
        assert!(look().await.refused.is_empty(), "it is held");
        let pause = (before < 3).then_some(Duration::ZERO);
        assert_eq!(ledger.put_off(&held, pause, "refused").await.expect("put off"), Finished::Done);
        found = look().await;
        assert!(found.claims.is_empty(), "the others are held, and it is not done");
    }
    assert!(found.refused.is_empty(), "it is aside");
    assert_eq!(ledger.counts().await.expect("counted").parked_steps, [("crm".to_owned(), 1)].into());

    sql("DROP INDEX refuse");
    assert!(ledger.retry_erasure(refused, None, &by()).await.expect("retried"));
    found = look().await;
    assert_eq!((erasures(&found.claims), found.refused.len()), ([refused].into(), 0));
}

pub(crate) async fn a_step_at_which_processes_die_and_that_may_not_be_parked_stops_no_other(
    ledger: Shared,
    sql: Sql<'_>,
) {
    begun(&ledger, 861, &["crm", "shop"]).await;
    let other = begun(&ledger, 862, &["crm"]).await;
    // No two steps of one erasure may be parked, and one is.
    sql("UPDATE step SET parked = (1 = 1) WHERE called = 'shop'");
    sql("CREATE UNIQUE INDEX refuse ON step (erasure, parked)");
    sql(
        "UPDATE task SET deaths = 3 WHERE queue = 'step:crm' AND erasure = (SELECT erasure FROM step WHERE called = 'shop')",
    );
    assert_eq!(claimed(&ledger, &steps_at("crm")).await, [other]);
    assert_eq!(ledger.counts().await.expect("counted").parked_steps, [("crm".to_owned(), 1)].into());
}

/// What a comparison of all checksums finds: how many there are, how many do not match, and the first of these.
async fn compared(ledger: &Shared, summed: Summed) -> (u64, u64, Option<String>) {
    let (mut compared, mut damaged, mut first, mut after) = (0, 0, None, None);
    loop {
        let chunk = ledger.compare_sums(summed, after.as_ref()).await.expect("compared");
        compared += chunk.compared;
        damaged += chunk.damaged;
        first = first.or(chunk.first);
        after = chunk.next;
        if after.is_none() {
            return (compared, damaged, first);
        }
    }
}

pub(crate) async fn every_checksum_is_compared_for_those_who_look_the_ledger_over(ledger: Shared, sql: Sql<'_>) {
    for id in 901..=903 {
        decide(&ledger, unchanged(id, 0)).await;
        begun(&ledger, id, &["crm"]).await;
    }
    ledger.record(event(905, 1)).await.expect("recorded");
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 1);
    // More than are read at once.
    for id in 1_000..1_040 {
        ledger.record(event(id, 1)).await.expect("recorded");
    }
    super::accounts::one_that_is_used(&ledger, "ann").await;
    for (summed, all) in Summed::ALL.into_iter().zip([40, 1, 3, 3, 3, 1, 1, 1]) {
        assert_eq!(compared(&ledger, summed).await, (all, 0, None), "{summed:?}");
        assert_eq!(ledger.count_summed(summed).await.expect("counted"), all, "{summed:?}");
    }
    let other = "(SELECT digest FROM event LIMIT 1)";
    for (summed, first, change) in [
        (
            Summed::Inbox,
            "inbox row ",
            format!("UPDATE inbox SET events = {other} WHERE seq = (SELECT MAX(seq) FROM inbox)"),
        ),
        (Summed::Events, "task ", format!("UPDATE task SET event = {other} WHERE event IS NOT NULL")),
        (Summed::Sessions, "session 902", format!("UPDATE session SET forms_seen = {other} WHERE session = 902")),
        (Summed::Erasures, "e-", "UPDATE erasure SET subject = REPLACE(subject, '903', '904')".to_owned()),
        (Summed::Reached, "e-", "UPDATE erasure_session SET session = 999 WHERE session = 901".to_owned()),
        (Summed::Accounts, "ann", "UPDATE account SET disabled = 1".to_owned()),
        (Summed::Tokens, "", "UPDATE account_token SET expires = expires + 1".to_owned()),
        (Summed::SignedIn, "", "UPDATE account_session SET account = 'ann', hash = SUBSTR(hash, 2)".to_owned()),
    ] {
        sql(&change);
        let (_, damaged, which) = compared(&ledger, summed).await;
        assert!(damaged == 1 && which.as_ref().is_some_and(|which| which.starts_with(first)), "{summed:?}: {which:?}");
    }
    // One that is not there any more.
    sql("UPDATE inbox SET count = count + 1 WHERE seq = (SELECT MIN(seq) FROM inbox)");
    assert_eq!(compared(&ledger, Summed::Inbox).await.1, 2);
}
