//! A person is found among many sessions, as in SQLite (`sqlite/tests/finding`).

use super::*;
use crate::ledger::contract::Shared;
use crate::ledger::contract::finding::{of_namesakes, one_namesake_in, others, the_wanted_are_found, the_wanted_come};

/// The same sessions of others as in SQLite.
fn fill(cluster: &Cluster, sessions: i64) {
    let last = 999 + sessions;
    sql(
        cluster,
        &format!(
            "INSERT INTO session (installation, session, version, guest, read_at, concluded, recording_ready, record, forms_seen)
               SELECT one.installation, i, 1, substr(sha256(i::TEXT::BYTEA), 1, 16), 0, TRUE, FALSE, one.record, ''
               FROM generate_series(1000, {last}) AS i, (SELECT installation, record FROM session LIMIT 1) AS one"
        ),
    );
    let (names, marks) = of_namesakes();
    let (version, namesake) = (names[0].version, one_namesake_in(sessions));
    let several = sessions / 20 + 1;
    sql(
        cluster,
        &format!(
            "INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary, beside)
               SELECT CASE kind WHEN 'name' THEN sha256((i % {several})::TEXT::BYTEA) ELSE sha256((kind || i)::BYTEA) END,
                      one.installation, i, {version}, kind, FALSE, CASE kind WHEN 'name' THEN '{marks}' ELSE '' END
               FROM generate_series(1000, {last}) AS i, (VALUES ('email'), ('phone'), ('name')) AS kinds (kind),
                    (SELECT installation FROM session LIMIT 1) AS one
               WHERE kind <> 'name' OR i % {namesake} <> 0"
        ),
    );
    for name in names {
        let (print, version) = (hex::encode(name.fingerprint.0), name.version);
        sql(
            cluster,
            &format!(
                "INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary, beside)
                   SELECT '\\x{print}', one.installation, i, {version}, 'name', FALSE, '{marks}'
                   FROM generate_series(1000, {last}) AS i, (SELECT installation FROM session LIMIT 1) AS one
                   WHERE i % {namesake} = 0"
            ),
        );
    }
    // As it is done by itself to a table that grew.
    cluster.sql(DATABASE, "VACUUM (ANALYZE) quietus.session, quietus.fingerprint");
}

#[tokio::test]
async fn a_person_is_found_among_many() {
    let (ledger, cluster) = postgres().await;
    let shared: Shared = ledger;
    the_wanted_come(&shared).await;
    fill(&cluster, others());
    the_wanted_are_found(&shared, others()).await;
}
