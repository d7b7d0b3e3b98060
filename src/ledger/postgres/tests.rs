//! The contract, and what is true of a database only.

mod away;
mod damage;
mod finding;
mod fleet;
mod holds;
mod months;
mod plans;
mod refusing;
mod schema;
mod session;
mod snapshots;
mod standby;
mod way;

use std::sync::atomic::AtomicUsize;

use test_servers::postgres::Cluster;

use super::*;
use crate::attention::Limits;
use crate::chain::Head;
use crate::erasure::{ErasureId, NewErasure};
use crate::keys::{Digest, Fingerprint};
use crate::ledger::Ledger;
use crate::ledger::contract::{self, KEEP, by, to_decide, to_resolve, to_settle};

/// The database of a test.
const DATABASE: &str = "quietus";

const HOUR: Duration = Duration::from_secs(3_600);

/// A server on which each story of the contract has a database of its own.
struct Stories {
    cluster: Cluster,
    user: &'static str,
    told: AtomicUsize,
}

impl Stories {
    /// On a server whose database [`DATABASE`] is migrated; whoever is connected to it must have gone.
    fn of(cluster: Cluster, user: &'static str) -> Self {
        Self { cluster, user, told: AtomicUsize::new(0) }
    }

    async fn ledger(&self) -> Arc<dyn Ledger> {
        let name = format!("story_{}", self.told.fetch_add(1, Ordering::Relaxed));
        self.cluster.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {DATABASE}"));
        at(&place(&self.cluster.url_of(self.user, &name))).await
    }
}

async fn stories() -> Stories {
    let (ledger, cluster) = postgres().await;
    ledger.shutdown().await;
    Stories::of(cluster, "postgres")
}

/// A server with an empty ledger.
async fn postgres() -> (Arc<PostgresLedger>, Cluster) {
    let cluster = Cluster::start();
    // A collation in which `;` comes before `:`, as people have it.
    let create = "CREATE DATABASE quietus TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";
    cluster.sql("postgres", create);
    let place = place(&cluster.url(DATABASE));
    migrate(&place, None).await.expect("migrated");
    (at(&place).await, cluster)
}

async fn at(place: &PostgresPlace) -> Arc<PostgresLedger> {
    PostgresLedger::open(place, None).await.expect("opens")
}

fn place(url: &str) -> PostgresPlace {
    PostgresPlace {
        url: url.to_owned(),
        user: None,
        ca_file: None,
        statement_max: Duration::from_secs(10),
        connections_max: 8,
    }
}

/// Looks past the program that keeps the ledger.
fn sql(cluster: &Cluster, sql: &str) -> String {
    cluster.sql(DATABASE, &format!("SET search_path = quietus; {sql}"))
}

async fn claim(ledger: &PostgresLedger, queue: &QueueName, most: usize) -> Vec<Claim> {
    ledger.claim(queue, most, HOUR, &Bounds::NONE).await.expect("claimed").claims
}

contract::contract!(parts, stories);

/// The stories of the contract that change what is stored past the ledger.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_past_the_port() {
    let server = stories().await;
    macro_rules! story {
        ($part:ident $story:ident) => {
            let ledger = server.ledger().await;
            let name = format!("story_{}", server.told.load(Ordering::Relaxed) - 1);
            let sql = |sql: &str| _ = server.cluster.sql(&name, &format!("SET search_path = quietus; {sql}"));
            contract::$part::$story(Arc::clone(&ledger), &sql).await;
            ledger.shutdown().await;
        };
    }
    story!(clock a_jump_ahead_stops_erasing_and_nothing_else);
    story!(clock a_clock_behind_what_was_seen_stops_erasing);
    story!(clock no_pause_is_longer_for_a_clock_that_was_put_back);
    story!(clock a_clock_that_has_jumped_does_not_say_for_how_long_work_was_tried);
    story!(clock a_target_that_only_wants_fewer_calls_needs_a_person_after_an_hour);
    story!(working work_at_which_each_process_dies_is_put_aside_and_holds_up_nobody);
    story!(working what_ends_beside_a_death_is_suspect_no_more);
    story!(deciding an_event_that_may_not_become_work_is_set_aside_and_stops_no_other);
    story!(expiring an_erasure_expires_once_nothing_refers_to_it);
    story!(expiring what_may_not_be_deleted_is_told_and_stops_nothing_else);
    story!(expiring an_erasure_that_may_not_be_deleted_stops_no_other);
    story!(expiring a_consents_fingerprint_that_may_not_be_deleted_stops_no_other);
    story!(damage a_session_whose_record_is_damaged_is_not_read_and_hides_no_other);
    story!(damage an_erasure_whose_subject_is_damaged_does_not_begin_and_stops_no_other);
    story!(damage a_step_whose_sessions_are_damaged_is_not_called_and_stops_no_other);
    story!(damage of_what_is_damaged_nothing_is_left_by_an_erasure);
    story!(damage what_is_not_closed_by_damaged_sessions_is_nobody_elses_end);
    story!(damage a_step_that_may_not_be_noted_as_tried_is_not_called_and_stops_no_other);
    story!(damage a_step_at_which_processes_die_and_that_may_not_be_parked_stops_no_other);
    story!(damage an_end_that_the_ledger_refuses_is_nobody_elses);
    story!(damage every_checksum_is_compared_for_those_who_look_the_ledger_over);
    story!(accounts a_session_ends_once_nothing_came_of_it_for_half_an_hour);
    story!(accounts what_is_changed_of_an_account_past_the_ledger_gives_nobody_anything);
    story!(answering what_was_answered_is_forgotten_after_a_day);
    story!(sealing a_capsule_opens_as_its_own_erasures_only);
    story!(sealing what_was_found_of_one_is_told_of_nobody_else);
}

#[tokio::test]
async fn an_event_that_is_damaged_is_set_aside_and_stops_no_other() {
    let (ledger, cluster) = postgres().await;
    for id in 501..=503 {
        ledger.record(contract::event(id, 1)).await.expect("recorded");
    }
    // It is still JSON, and names another session.
    let change = "UPDATE inbox SET events = convert_to(replace(convert_from(events, 'UTF8'), ':502', ':602'), 'UTF8')";
    sql(&cluster, change);
    let shared: Arc<dyn Ledger> = ledger.clone();
    assert_eq!(contract::sessions_to_decide(&shared).await, [501, 503]);
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(86_400),
        warn_before: quietus_plugin::Span::from_secs(0),
        unknown_share_max: 1.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let told = ledger.attention(&limits).await.expect("read");
    let told: Vec<_> = told.iter().map(|found| (found.code.as_str(), found.severity.as_str())).collect();
    assert_eq!(told, [("events_damaged", "urgent"), ("server_away", "attention")]);
    ledger.shutdown().await;
}
