//! A person is found among many sessions: by an index, whatever their number.

use std::time::Instant;

use super::retention::{come, print_of, show};
use super::*;
use crate::keys::Fingerprint;
use crate::subject::Kind;

/// Whoever is looked for.
const WANTED: std::ops::Range<i64> = 1..201;

/// Of these there are sessions, beside those that are looked for.
fn others() -> i64 {
    std::env::var("QUIETUS_SESSIONS").map_or(5_000, |number| number.parse().expect("a number"))
}

/// Sessions of other people, each with a guest, an e-mail address and a phone number of their own, in the order of the indexes: a ledger
/// that grew for years is as large, and this takes minutes instead.
fn fill(dir: &TempDir, sessions: i64) {
    let connection = beside(dir);
    let numbers = "WITH RECURSIVE number(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM number WHERE i < 999 + ?1)";
    connection
        .execute(
            &format!(
                "{numbers}
                 INSERT INTO session (installation, session, version, guest, read_at, concluded, recording_ready, record, forms_seen,
                                      idle_since)
                   SELECT one.installation, i, 1, randomblob(16), one.read_at, TRUE, FALSE, one.record, x'', one.read_at
                   FROM number, (SELECT installation, read_at, record FROM session LIMIT 1) AS one"
            ),
            [sessions],
        )
        .expect("filled");
    connection
        .execute(
            &format!(
                "{numbers}
                 INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary)
                   SELECT fingerprint, one.installation, i, 1, kind, FALSE
                   FROM (SELECT randomblob(32) AS fingerprint, i, kind
                         FROM number, (SELECT 'email' AS kind UNION ALL SELECT 'phone') ORDER BY 1),
                        (SELECT installation FROM session LIMIT 1) AS one"
            ),
            [sessions],
        )
        .expect("filled");
}

#[tokio::test]
async fn a_person_is_found_among_many() {
    let (ledger, dir) = sqlite();
    come(&ledger, WANTED, |_| false).await;
    let others = others();
    fill(&dir, others);
    let mut times = Vec::new();
    for id in WANTED {
        let prints = [print_of(id, Kind::Email), print_of(id, Kind::Phone)].map(|print| print.fingerprint);
        let began = Instant::now();
        let found = ledger.sessions_with(&contract::installation(), &prints).await.expect("read");
        times.push(began.elapsed());
        let found: Vec<_> = found.iter().map(|view| view.record.session.session.0).collect();
        assert_eq!(found, [id]);
    }
    let nobody = ledger.sessions_with(&contract::installation(), &[Fingerprint([7; 32])]).await.expect("read");
    assert!(nobody.is_empty(), "{nobody:?}");
    times.sort_unstable();
    let [half, last] = [times[times.len() / 2], times[times.len() - 1]].map(|time| time.as_secs_f64() * 1e3);
    show(&format!("a person among {others} sessions: {half:.2} ms, at most {last:.2} ms"));
}

#[tokio::test]
async fn what_one_company_has_ended_is_found_past_what_others_have() {
    let (ledger, dir) = sqlite();
    come(&ledger, WANTED, |_| false).await;
    let connection = beside(&dir);
    let explained = format!("EXPLAIN QUERY PLAN {}", super::super::erasures::ENDED);
    let plan: String = connection
        .query_row(&explained, params![0, &[0_u8; 16][..], 1, 1], |row| row.get("detail"))
        .expect("explained");
    assert!(plan.contains("erasure_ended_of (installation=? AND (ended,id)>(?,?))"), "{plan}");
}
