//! How the server runs the statements that a ledger has prepared. The text of each is taken from where the server has it,
//! so that none is written a second time.

use deadpool_postgres::Pool;
use tokio_postgres::SimpleQueryMessage;

use super::PostgresLedger;

/// Tables that stay small, and may be read whole.
pub const SMALL_TABLES: &[&str] = &[
    "account",
    "account_session",
    "account_token",
    "alert",
    "chain",
    "clock_anchor",
    "clock_seen",
    "damage",
    "delivery_hour",
    "expired",
    "hold",
    "hold_fingerprint",
    "inbox",
    "installation",
    "keeper",
    "meta",
    "mute",
    "order_answer",
    "pace",
    "past_job",
    "periodic",
    "process",
    "quarantine",
    "receipt_gap",
    "refused",
    "request",
    "request_erasure",
    "rule_version",
    "seal_generation",
    "source",
    "sweep_asked",
    "sweep_job",
    "tally",
    "target",
    "target_pause",
];

/// A prepared statement and its plan, whatever the values are.
pub(super) struct Plan {
    pub(super) statement: String,
    pub(super) lines: Vec<String>,
}

/// The plans of all that was done so far with the connections that are free now.
pub(super) async fn of(ledger: &PostgresLedger) -> anyhow::Result<Vec<Plan>> {
    let mut plans = Vec::new();
    for connections in [&ledger.work, &ledger.readers] {
        explain(&connections.pool, &mut plans).await?;
    }
    Ok(plans)
}

async fn explain(pool: &Pool, plans: &mut Vec<Plan>) -> anyhow::Result<()> {
    let connection = pool.get().await?;
    connection.batch_execute("SET plan_cache_mode = force_generic_plan").await?;
    let prepared = connection
        .query("SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements", &[])
        .await?;
    for row in prepared {
        let (name, statement, values): (String, String, i32) = (row.get(0), row.get(1), row.get(2));
        let values = vec!["NULL"; values.unsigned_abs() as usize].join(", ");
        let values = if values.is_empty() { values } else { format!("({values})") };
        // Some cannot be explained, such as a LISTEN.
        let Ok(plan) = connection.simple_query(&format!("EXPLAIN EXECUTE \"{name}\"{values}")).await else { continue };
        let lines = plan.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        plans.push(Plan { statement, lines: lines.collect() });
    }
    connection.batch_execute("RESET plan_cache_mode").await?;
    Ok(())
}
