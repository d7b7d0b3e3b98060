//! Connections that are lost, above all while the database commits: the next attempt tells the truth.

use quietus_plugin::ErrorClass;
use test_servers::{mariadb, postgres};

use super::*;
use crate::address::Engine;

/// A proxy before the server, and the plugin behind it.
enum Proxy {
    Postgres(postgres::Proxy),
    Mysql(mariadb::Proxy),
}

/// When the connection is cut.
#[derive(Clone, Copy)]
enum Cut {
    Before,
    After,
}

impl Proxy {
    fn before(database: &Database) -> (Self, Host) {
        let proxy = match database.engine {
            Engine::Postgres => Self::Postgres(postgres::Proxy::to(database.port())),
            Engine::Mysql => Self::Mysql(mariadb::Proxy::to(database.port())),
        };
        let url = match &proxy {
            Self::Postgres(proxy) => database.url_at("postgres", proxy.port()),
            Self::Mysql(proxy) => database.url_at("root", proxy.port()),
        };
        (proxy, configured(&url, &shop()).expect("configured"))
    }

    fn cut(&self, cut: Cut) {
        match (self, cut) {
            (Self::Postgres(proxy), Cut::Before) => proxy.cut_at(postgres::Cut::BeforeCommitReaches),
            (Self::Postgres(proxy), Cut::After) => proxy.cut_at(postgres::Cut::AfterCommitBeforeAnswer),
            (Self::Mysql(proxy), Cut::Before) => proxy.cut_at(mariadb::Cut::BeforeCommitReaches),
            (Self::Mysql(proxy), Cut::After) => proxy.cut_at(mariadb::Cut::AfterCommitBeforeAnswer),
        }
    }

    fn has_cut(&self) -> bool {
        match self {
            Self::Postgres(proxy) => proxy.has_cut(),
            Self::Mysql(proxy) => proxy.has_cut(),
        }
    }
}

#[track_caller]
fn is_unsure(answer: Result<Answer, PluginError>) {
    let error = answer.expect_err("nobody knows");
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(error.message.contains("everything or nothing"), "{}", error.message);
}

/// Tries again until the transaction that the server has not given up yet is gone.
fn again(plugin: &Host) -> Answer {
    let answer = std::cell::RefCell::new(None);
    super::database::wait_until("an answer", || {
        let next = plugin.erase(ann());
        let is_over = !matches!(&next, Err(error) if error.class == ErrorClass::Retryable);
        answer.replace(Some(next));
        is_over
    });
    answer.into_inner().expect("asked").expect("an answer")
}

#[test]
fn a_commit_that_happened_and_was_not_heard_is_told_by_the_next_attempt() {
    super::database::on_both(|database| {
        filled(database);
        let (proxy, plugin) = Proxy::before(database);
        proxy.cut(Cut::After);
        is_unsure(plugin.erase(ann()));
        assert!(proxy.has_cut());
        database.is("SELECT id FROM orders ORDER BY id", "3 4");
        assert_eq!(again(&plugin), erased());
        assert_eq!(again(&plugin), erased());
    });
}

#[test]
fn a_commit_that_never_arrived_is_made_by_the_next_attempt_and_counted_once() {
    super::database::on_both(|database| {
        filled(database);
        let (proxy, plugin) = Proxy::before(database);
        proxy.cut(Cut::Before);
        is_unsure(plugin.erase(ann()));
        assert!(proxy.has_cut());
        assert_eq!(again(&plugin), erased());
        database.is("SELECT id FROM orders ORDER BY id", "3 4");
    });
}

#[test]
fn what_came_after_an_unheard_commit_is_counted_beside_it() {
    super::database::on_both(|database| {
        filled(database);
        let (proxy, plugin) = Proxy::before(database);
        proxy.cut(Cut::After);
        is_unsure(plugin.erase(ann()));
        database.sql("INSERT INTO orders VALUES (9, 'ann@x.cz', NULL)");
        assert_eq!(again(&plugin), erased().count("orders", 1));
    });
}

#[test]
fn a_connection_that_is_lost_half_way_leaves_nothing_half_done() {
    let database = Database::new(Engine::Postgres);
    filled(&database);
    let proxy = postgres::Proxy::to(database.port());
    let plugin = configured(&database.url_at("postgres", proxy.port()), &shop()).expect("configured");
    proxy.cut_statement("ann@x.cz", postgres::Cut::AfterCommitBeforeAnswer);
    let error = plugin.erase(ann()).expect_err("lost");
    assert_eq!(error.class, ErrorClass::Retryable, "{}", error.message);
    assert!(error.message.contains("lost"), "{}", error.message);
    database.is("SELECT count(*) FROM orders", "4");
    assert_eq!(plugin.erase(ann()), Ok(erased()));
}

#[test]
fn a_silent_network_is_given_up_with_the_call() {
    let database = Database::new(Engine::Postgres);
    filled(&database);
    let proxy = postgres::Proxy::to(database.port());
    proxy.stall();
    let plugin = configured(&database.url_at("postgres", proxy.port()), &shop()).expect("configured");
    let plugin = plugin.call_max(std::time::Duration::from_millis(300));
    let error = plugin.erase(ann()).expect_err("nobody answers");
    assert!(matches!(error.class, ErrorClass::Cancelled | ErrorClass::Retryable), "{}", error.message);
    database.is("SELECT count(*) FROM orders", "4");
}

#[test]
fn erasures_of_one_person_at_once_count_each_row_once() {
    super::database::on_both(|database| {
        filled(database);
        // Two processes, with two calls each.
        let plugins = [plugin(database, &shop()), plugin(database, &shop())];
        let one = &|n: usize| {
            let plugin = &plugins[n % 2];
            let request = Request { idempotency_key: format!("k-{n}"), ..ann() };
            loop {
                match plugin.erase(request.clone()) {
                    Err(error) if error.class == ErrorClass::Retryable => {}
                    answer => return answer.expect("an answer").counts,
                }
            }
        };
        let counts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || one(n))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert_eq!(counts.iter().filter_map(|counts| counts.get("orders")).sum::<u64>(), 2);
        assert_eq!(counts.iter().filter_map(|counts| counts.get("notes")).sum::<u64>(), 3);
    });
}
