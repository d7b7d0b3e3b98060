//! `cargo bench --bench receiving`: how fast deliveries are received durably, beside a bare handler and the physical limit,
//! in one run on one machine; how long it takes from a delivery to the call that anonymizes; whether a full ledger
//! changes that; what becomes of far too many deliveries (`overload`); what grows over many (`soak`); and what it costs that people look
//! at the pages (`viewers`). `-- postgres half-load`
//! measures only this part, with this ledger.

mod end_to_end;
mod load;
mod overload;
mod server;
#[path = "../shared/mod.rs"]
mod shared;
mod soak;
mod store;
mod usage;
mod viewers;
mod yardsticks;

use std::fmt::Write as _;
use std::io::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};

use load::Measured;
use server::Server;
use shared::postgres::Postgres;
use shared::{longest, machine, number};
use store::Store;

/// Connections of the measurements.
const CONNECTIONS: [u64; 4] = [1, 16, 64, 256];

/// How long one measurement takes at most, in seconds.
const LONGEST_S: u64 = 4;

/// The parts, which can be named as arguments; without any, all are measured.
const PARTS: [&str; 7] = ["receiving", "half-load", "end-to-end", "full-ledger", "overload", "soak", "viewers"];

/// The ledgers, likewise.
const LEDGERS: [&str; 2] = ["sqlite", "postgres"];

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, flag, yardstick, folder] = arguments.as_slice()
        && flag == "--yardstick"
    {
        return yardsticks::serve(yardstick, folder);
    }
    for named in arguments.iter().skip(1).filter(|argument| !argument.starts_with("--")) {
        let named = named.as_str();
        assert!(
            [&PARTS[..], &LEDGERS].concat().contains(&named),
            "there is no {named}, only {PARTS:?} and {LEDGERS:?}"
        );
    }
    // The first one wins, and there is no other.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let say = |line: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).expect("stdout is open");
    };
    let is_wanted = |part: &str| shared::is_wanted(part, &PARTS);
    let postgres = shared::is_wanted("postgres", &LEDGERS).then(Postgres::start);
    let sqlite = shared::is_wanted("sqlite", &LEDGERS).then_some(Store::Sqlite);
    let stores: Vec<_> = sqlite.into_iter().chain(postgres.as_ref().map(Store::Postgres)).collect();
    say(&machine::described());
    say("durable receiving: every 204 after an fsync, de-duplicated, its follow-up work written");
    if let Some(postgres) = &postgres {
        say(&postgres.described());
    }
    say(&machine::load());
    if is_wanted("receiving") {
        say(
            "\nconnections | bare /s | file /s | ledger     | basic /s | ratio bare, file | p99 ms | hmac /s | ratio bare, file | p99 ms | RSS MB",
        );
        // One that is chosen takes the place of all.
        let chosen = [number("QUIETUS_BENCH_CONNECTIONS", 0, 16)];
        for connections in if chosen == [0] { &CONNECTIONS[..] } else { &chosen } {
            say(&receiving(*connections as usize, &stores));
        }
        say("");
    }
    for store in stores {
        if is_wanted("half-load") {
            say(&half_load(store));
        }
        if is_wanted("end-to-end") {
            say(&format!("{}: {}", store.name(), end_to_end::measure(store)));
        }
        if is_wanted("overload") {
            say(&overload::measure(store));
        }
        if is_wanted("soak") {
            soak::measure(store, say);
        }
    }
    if is_wanted("full-ledger") {
        say(&full_ledger());
    }
    if is_wanted("viewers") {
        say(&viewers::measure());
    }
    say(&machine::load());
}

/// One row for each ledger: the servers one after the other, each with its own folder on the same disk.
fn receiving(connections: usize, stores: &[Store<'_>]) -> String {
    let bare = flood(&Server::yardstick("bare"), connections, &Credentials::Basic, 0);
    let file = flood(&Server::yardstick("file"), connections, &Credentials::Basic, 0);
    let rows = stores.iter().map(|store| {
        let mut row = format!(
            "{connections:>11} | {:>7.0} | {:>7.0} | {:<10}",
            bare.per_second(),
            file.per_second(),
            store.name()
        );
        let mut resident = 0.0_f64;
        for credentials in [Credentials::Basic, Credentials::Hmac] {
            let quietus = store.quietus();
            let ours = flood(&quietus.server, connections, &credentials, 0);
            resident = resident.max(quietus.server.resident_mb_peak());
            assert_eq!(ours.refused, 0, "every distinct event is acknowledged");
            quietus.assert_holds(ours.requests);
            let (to_bare, to_file) = (ours.per_second() / bare.per_second(), ours.per_second() / file.per_second());
            let p99 = ours.percentile(99.0).as_secs_f64() * 1e3;
            write!(row, " | {:>8.0} | {to_bare:.2}, {to_file:.2} | {p99:.1}", ours.per_second()).expect("to memory");
        }
        write!(row, " | {resident:.0}").expect("to memory");
        row
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// The latencies at half of what 64 connections bring, beside those of the physical limit at the same rate; and the
/// memory before and during.
fn half_load(store: Store<'_>) -> String {
    let full = flood(&store.quietus().server, 64, &Credentials::Basic, 0);
    let rate = full.per_second() / 2.0;
    let at_half = |server: &Server| {
        let requests = requests(&Credentials::Basic, (rate * longest(LONGEST_S).as_secs_f64()) as usize, 0);
        let half = load::pace(server.address, 64, requests, rate, longest(LONGEST_S) * 2);
        let [median, tail] = [50.0, 99.0].map(|percent| half.percentile(percent).as_secs_f64() * 1e3);
        format!("p50 {median:.2} ms, p99 {tail:.2} ms")
    };
    let quietus = store.quietus();
    let idle = quietus.server.resident_mb();
    let ours = at_half(&quietus.server);
    format!(
        "{}: half of that load at 64 connections ({rate:.0}/s): {ours}; the file at that rate: {}; bare: {}\n\
         resident {idle:.1} MB idle, {:.1} MB at most",
        store.name(),
        at_half(&Server::yardstick("file")),
        at_half(&Server::yardstick("bare")),
        quietus.server.resident_mb_peak(),
    )
}

/// The same at 64 connections with a million sessions in the ledger, in SQLite.
fn full_ledger() -> String {
    let sessions = number("QUIETUS_BENCH_SESSIONS", 1_000_000, 1_000) as usize;
    let empty = flood(&Store::Sqlite.quietus().server, 64, &Credentials::Basic, sessions);
    let server = Server::quietus_with_sessions(sessions);
    let full = flood(&server, 64, &Credentials::Basic, sessions);
    format!(
        "with {sessions} sessions in the ledger: {:.0}/s, {:.2} of {:.0}/s with none; p99 {:.1} ms; RSS {:.0} MB",
        full.per_second(),
        full.per_second() / empty.per_second(),
        empty.per_second(),
        full.percentile(99.0).as_secs_f64() * 1e3,
        server.resident_mb_peak(),
    )
}

fn flood(server: &Server, connections: usize, credentials: &Credentials, first: usize) -> Measured {
    // One connection waits for a sync each time; many bring at most what the bare handler can.
    let per_second = if connections == 1 { 15_000.0 } else { 100_000.0 };
    let longest = longest(LONGEST_S);
    let enough = (per_second * longest.as_secs_f64()) as usize;
    load::flood(server.address, connections, requests(credentials, enough, first), longest)
}

/// How deliveries authenticate.
pub(crate) enum Credentials {
    Basic,
    Hmac,
}

/// Distinct `SessionEnded` deliveries, ready to be sent.
pub(crate) fn requests(credentials: &Credentials, count: usize, first: usize) -> Vec<Vec<u8>> {
    (first..first + count).map(|number| request(credentials, 1_000_000 + number)).collect()
}

/// The end of a session.
pub(crate) fn request(credentials: &Credentials, session: usize) -> Vec<u8> {
    let body = format!(
        r#"{{"eventType":"SessionEnded","data":{{"id":{session},"tenantId":62,"channel":"Chat","source":"Default","started":"2026-05-02T16:05:24.454661+02:00","ended":"2026-05-02T16:15:24.454661+02:00","note":"padding that brings the body to the size that was seen, about three hundred bytes, as in production"}}}}"#
    );
    let authentication = match credentials {
        Credentials::Basic => "authorization: Basic bWx1dmlpOmJlbmNoLXBhc3N3b3Jk".to_owned(),
        Credentials::Hmac => {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(server::SECRET.as_bytes()).expect("any length");
            mac.update(body.as_bytes());
            format!("x-signature: sha256={}", hex::encode(mac.finalize().into_bytes()))
        }
    };
    format!(
        "POST /webhooks/bench HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{authentication}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
