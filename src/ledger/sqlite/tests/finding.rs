//! A person is found among many sessions: by an index, whatever their number, and however many have the person's name.

use rusqlite::params_from_iter;

use super::super::days::{Ended, created_sql};
use super::retention::come;
use super::*;
use crate::access::Companies;
use crate::ledger::contract::finding::{of_namesakes, one_namesake_in, others, the_wanted_are_found, the_wanted_come};
use crate::ledger::{CountedRequests, ErasureFilter, QuarantineRange, RequestFilter, RequestOrder};
use crate::request::RequestState;

/// Sessions of other people, each with a guest, an e-mail address and a phone number of their own, in the order of the indexes: a ledger
/// that grew for years is as large, and this takes minutes instead. Names are skewed: many have one, some twenty each of the others.
fn fill(dir: &TempDir, sessions: i64) {
    let connection = beside(dir);
    let numbers = "WITH RECURSIVE number(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM number WHERE i < 999 + ?1)";
    connection
        .execute(
            &format!(
                "{numbers}
                 INSERT INTO session (installation, session, version, guest, read_at, concluded, recording_ready, record, forms_seen,
                                      idle_since)
                   SELECT one.installation, i, 1, randomblob(16), 0, TRUE, FALSE, one.record, x'', 0
                   FROM number, (SELECT installation, record FROM session LIMIT 1) AS one"
            ),
            [sessions],
        )
        .expect("filled");
    let (names, marks) = of_namesakes();
    // The number of a name takes the place of its fingerprint.
    let other_name = "CAST(printf('%032d', abs(random()) % (?1 / 20 + 1)) AS BLOB)";
    connection
        .execute(
            &format!(
                "{numbers}
                 INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary, beside)
                   SELECT fingerprint, one.installation, i, ?3, kind, FALSE, CASE kind WHEN 'name' THEN ?4 ELSE '' END
                   FROM (SELECT CASE WHEN kind <> 'name' THEN randomblob(32) ELSE {other_name} END AS fingerprint, i, kind
                         FROM number, (SELECT 'email' AS kind UNION ALL SELECT 'phone' UNION ALL SELECT 'name')
                         WHERE kind <> 'name' OR i % ?2 <> 0 ORDER BY 1),
                        (SELECT installation FROM session LIMIT 1) AS one"
            ),
            params![sessions, one_namesake_in(sessions), names[0].version, marks],
        )
        .expect("filled");
    for name in names {
        connection
            .execute(
                &format!(
                    "{numbers}
                     INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary, beside)
                       SELECT ?3, one.installation, i, ?4, 'name', FALSE, ?5
                       FROM number, (SELECT installation FROM session LIMIT 1) AS one WHERE i % ?2 = 0"
                ),
                params![sessions, one_namesake_in(sessions), name.fingerprint, name.version, marks],
            )
            .expect("filled");
    }
}

#[tokio::test]
async fn a_person_is_found_among_many() {
    let (ledger, dir) = sqlite();
    let shared: contract::Shared = ledger.clone();
    the_wanted_come(&shared).await;
    fill(&dir, others());
    the_wanted_are_found(&shared, others()).await;
}

#[tokio::test]
async fn what_one_company_has_ended_is_found_past_what_others_have() {
    let (ledger, dir) = sqlite();
    come(&ledger, 1..201, |_| false).await;
    let connection = beside(&dir);
    let explained = format!("EXPLAIN QUERY PLAN {}", super::super::erasures::ENDED);
    let plan: String = connection
        .query_row(&explained, params![0, &[0_u8; 16][..], 1, 1], |row| row.get("detail"))
        .expect("explained");
    assert!(plan.contains("erasure_ended_of (installation=? AND (ended,id)>(?,?))"), "{plan}");
}

/// Whatever an erasure holds besides, what is counted of each day is read from indexes alone.
#[tokio::test]
async fn what_was_done_on_a_day_is_counted_without_a_look_at_the_erasures() {
    let (ledger, dir) = sqlite();
    come(&ledger, 1..201, |_| false).await;
    let connection = beside(&dir);
    let plan = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("explained");
        let lines = statement.query_map(values, |row| row.get::<_, String>("detail")).expect("explained");
        lines.collect::<Result<Vec<_>, _>>().expect("text").join("; ")
    };
    for (which, index) in [
        (Ended::All, "erasure_ended"),
        (Ended::Incomplete, "erasure_incomplete"),
        (Ended::WithoutReceipt, "erasure_without_receipt"),
    ] {
        let ended = plan(&which.sql(), params![0, 1]);
        assert!(ended.contains(&format!("USING COVERING INDEX {index} (ended>? AND ended<?)")), "{ended}");
    }
    let created = plan(&created_sql(), params!["done", &[0_u8; 16][..], &[1_u8; 16][..]]);
    assert!(created.contains("USING COVERING INDEX erasure_in_state (state=? AND id>? AND id<?)"), "{created}");
}

/// The steps of a plan.
fn plan(dir: &TempDir, query::Statement { sql, values }: query::Statement) -> String {
    let connection = beside(dir);
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("explained");
    let lines = statement.query_map(params_from_iter(values), |row| row.get::<_, String>("detail")).expect("explained");
    lines.collect::<Result<Vec<_>, _>>().expect("text").join("; ")
}

/// However many others there are, in whichever state.
#[tokio::test]
async fn erasures_of_a_rule_or_a_target_are_found_by_an_index_and_so_is_quarantine_by_its_reason() {
    let (_ledger, dir) = sqlite();
    let by_label = "USING PRIMARY KEY (kind=? AND name=? AND state=?";
    let (rule, target) = (Some("retention".to_owned()), Some(TargetName("crm".into())));
    let of_rule = ErasureFilter { rule, ..ErasureFilter::newest(50) };
    let both =
        ErasureFilter { target: target.clone(), installation: Some(contract::installation()), ..of_rule.clone() };
    for filter in [ErasureFilter { target, ..ErasureFilter::newest(50) }, of_rule, both] {
        for statement in query::erasures(&filter, "parked = 1") {
            let found = plan(&dir, statement);
            assert!(found.starts_with(&format!("SEARCH label {by_label}")) && !found.contains("SCAN "), "{found}");
            // In the order of the label: what is older is not read.
            assert!(!found.contains("TEMP B-TREE"), "{found}");
        }
    }
    let because = QuarantineRange { reason: Some("no_json".to_owned()), ..QuarantineRange::all(Cursor::NEWEST, 50) };
    let found = plan(&dir, query::quarantined(&because));
    assert!(found.starts_with("SEARCH quarantine USING INDEX quarantine_of_reason (reason=?"), "{found}");
    assert!(!found.contains("TEMP B-TREE"), "{found}");
}

/// However many have ended, and however many are open.
#[tokio::test]
async fn open_requests_are_listed_and_counted_by_an_index() {
    let (_ledger, dir) = sqlite();
    let all = RequestFilter {
        states: RequestState::ALL.iter().copied().filter(|state| state.is_open()).collect(),
        companies: Companies::Only([contract::installation()].into()),
        target: Some(TargetName("crm".into())),
        due: None,
        cursor: RequestOrder::Due.beginning(),
        limit: 50,
    };
    for filter in [RequestFilter { states: Vec::new(), ..all.clone() }, all] {
        let listed = plan(&dir, query::requests(&filter));
        // In the order of the index: what comes later is not read.
        assert_eq!(listed, "SEARCH request USING INDEX request_open (<expr>>?)");
    }
    let (companies, today) = (Companies::All, jiff::civil::date(2026, 12, 1));
    let which = CountedRequests { companies, target: None, today, soon_before: today };
    let counted = plan(&dir, query::open_requests(&which));
    assert_eq!(counted, "SEARCH request USING INDEX request_in_state (state=?)");
}
