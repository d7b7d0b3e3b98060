//! Dataverse's audit log keeps the values of what is deleted, and logs the deletion. `DeleteRecordChangeHistory` is for one record:
//! powerapps-docs, `developer/data-platform/auditing/delete-audit-data.md`. What the log holds of rows that are gone is read as
//! in `retrieve-audit-data.md` there, "Find Contact records deleted by a user".

use super::*;

const DYNAMICS: usize = 4;

/// Ann with a task that goes with her, an opportunity that is erased by itself, and the history of each.
fn audited() -> StandIn {
    let rows = vec![
        person(1, &["ann@x.cz"], &[]),
        of(1, "task", 31),
        of(1, "opportunity", 32),
        of(1, "history", 71),
        of(31, "history", 72),
        of(32, "history", 73),
        of(99, "history", 79),
    ];
    let standin = StandIn::start(ALL[DYNAMICS], rows);
    standin.world().switches.logs_deletions = true;
    standin
}

fn config() -> Value {
    json!({ "related": ["opportunities", "audit_history"] })
}

/// What writes, in its order.
fn writes(standin: &StandIn) -> Vec<String> {
    let seen = standin.server.seen();
    let writes = seen.iter().filter(|seen| seen.method != "GET");
    writes
        .map(|seen| {
            seen.target.rsplit('/').next().unwrap_or_default().split(['(', '%']).next().unwrap_or_default().to_owned()
        })
        .collect()
}

#[test]
fn the_history_of_all_that_goes_is_erased_before_it_and_after_it() {
    let standin = audited();
    let host = host_with(&standin, config());
    let dry = host.dry_run(ann()).expect("an answer");
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, &answer.counts), (Outcome::Erased, &dry.counts), "{answer:?}");
    assert_eq!((answer.counts["audit histories"], answer.counts["tasks"]), (3, 1), "{answer:?}");
    assert_eq!(standin.live("history"), [79], "also what the deletions have logged");
    let history = "DeleteRecordChangeHistory";
    let expected = [history, history, history, "opportunities", "contacts", history, history, history];
    assert_eq!(writes(&standin), expected, "before each row is gone, and once more");
}

#[test]
fn a_kill_at_any_place_leaves_no_history_behind() {
    for stored in 0..12 {
        let standin = audited();
        let host = host_with(&standin, config()).stores_at_most(stored);
        let killed = host.erase(ann()).is_err();
        let host = host.restarted().expect("configured").stores_at_most(99);
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Erased, "{stored} {killed}");
        let counts = ["contacts", "tasks", "opportunities", "audit histories"].map(|what| answer.counts[what]);
        assert_eq!(counts, [1, 1, 1, 3], "{stored} {killed}: {answer:?}");
        assert_eq!(standin.live("history"), [79], "{stored} {killed}");
    }
}

#[test]
fn where_a_row_that_is_gone_has_no_history_to_erase_the_log_is_looked_at() {
    for logs_deletions in [false, true] {
        let standin = audited();
        standin.world().switches.logs_deletions = logs_deletions;
        standin.world().switches.history_ends_with_row = true;
        let host = host_with(&standin, config());
        for attempt in 0..2 {
            let answer = host.erase(ann()).expect("an answer");
            let outcome = if logs_deletions { Outcome::Unverifiable } else { Outcome::Erased };
            assert_eq!(answer.outcome, outcome, "{attempt}: {answer:?}");
            let reason = answer.reason.unwrap_or_default();
            assert_eq!(
                reason.starts_with("3 records are gone, and what the vendor's audit log"),
                logs_deletions,
                "{reason}"
            );
        }
    }
}

#[test]
fn where_the_log_may_not_be_looked_at_nothing_is_claimed() {
    let standin = audited();
    standin.world().switches.history_ends_with_row = true;
    standin.world().before = Some(Box::new(|seen, _| {
        let refusal = json!({ "error": { "code": "0x80040220", "message": "missing prvReadAuditSummary" } });
        seen.target.contains("/audits?").then(|| Reply::json(403, &refusal))
    }));
    let answer = host_with(&standin, config()).erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["contacts"]), (Outcome::Unverifiable, 1), "{answer:?}");
}

#[test]
fn more_histories_than_can_be_remembered_need_a_person() {
    let mut rows = vec![person(1, &["ann@x.cz"], &[])];
    rows.extend((0..801).map(|n| of(1, "task", 1000 + n)));
    let standin = StandIn::start(ALL[DYNAMICS], rows);
    let host = host_with(&standin, json!({ "related": ["audit_history"] }));
    let error = host.erase(ann()).expect_err("too many");
    assert!(error.class == ErrorClass::Permanent && error.message.contains("802 records"), "{error}");
    assert_eq!(standin.writes(), 0);
}

#[test]
fn tables_that_are_not_audited_have_no_history_and_the_receipt_says_so() {
    let standin = audited();
    standin.world().switches.unaudited = vec!["task"];
    let answer = host_with(&standin, config()).erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["audit histories"]), (Outcome::Erased, 2), "{answer:?}");
    assert!(answer.not_looked_at.concat().contains("whose auditing is off now"), "{answer:?}");
}
