//! `cargo bench`: how fast deliveries are received durably, beside a bare handler and the physical limit, in one run on
//! one machine; how long it takes from a delivery to the call that anonymizes; and whether a full ledger changes that.

mod end_to_end;
mod load;
mod server;
mod yardsticks;

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};

use load::Measured;
use server::Server;

/// How long one measurement takes at most.
const LONGEST: Duration = Duration::from_secs(4);

/// Connections of the measurements.
const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, flag, yardstick, folder] = arguments.as_slice()
        && flag == "--yardstick"
    {
        return yardsticks::serve(yardstick, folder);
    }
    // The first one wins, and there is no other.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let mut out = std::io::stdout().lock();
    let mut say = |line: &str| writeln!(out, "{line}").and_then(|()| out.flush()).expect("stdout is open");
    say(&machine());
    say("durable receiving: every 204 after an fsync, de-duplicated, its follow-up work written\n");
    say(
        "connections | bare /s | file /s | basic /s | ratio bare, file | p99 ms | hmac /s | ratio bare, file | p99 ms | RSS MB",
    );
    for connections in CONNECTIONS {
        say(&receiving(connections));
    }
    say("");
    say(&half_load());
    say(&end_to_end::measure());
    say(&full_ledger());
}

/// One row: the four servers one after the other, each with its own folder on the same disk.
fn receiving(connections: usize) -> String {
    let bare = flood(&Server::yardstick("bare"), connections, &Credentials::Basic, 0);
    let file = flood(&Server::yardstick("file"), connections, &Credentials::Basic, 0);
    let mut row = format!("{connections:>11} | {:>7.0} | {:>7.0}", bare.per_second(), file.per_second());
    let mut resident = 0.0_f64;
    for credentials in [Credentials::Basic, Credentials::Hmac] {
        let server = Server::quietus();
        let ours = flood(&server, connections, &credentials, 0);
        resident = resident.max(server.resident_mb_peak());
        assert_eq!(ours.refused, 0, "every distinct event is acknowledged");
        server.assert_holds(ours.requests);
        let (to_bare, to_file) = (ours.per_second() / bare.per_second(), ours.per_second() / file.per_second());
        let p99 = ours.percentile(99.0).as_secs_f64() * 1e3;
        write!(row, " | {:>8.0} | {to_bare:.2}, {to_file:.2} | {p99:.1}", ours.per_second()).expect("to memory");
    }
    write!(row, " | {resident:.0}").expect("to memory");
    row
}

/// The latencies at half of what 64 connections bring, beside those of the physical limit at the same rate; and the
/// memory before and during.
fn half_load() -> String {
    let full = flood(&Server::quietus(), 64, &Credentials::Basic, 0);
    let rate = full.per_second() / 2.0;
    let at_half = |server: &Server| {
        let requests = requests(&Credentials::Basic, (rate * LONGEST.as_secs_f64()) as usize, 0);
        let half = load::pace(server.address, 64, requests, rate, LONGEST * 2);
        let [median, tail] = [50.0, 99.0].map(|percent| half.percentile(percent).as_secs_f64() * 1e3);
        format!("p50 {median:.2} ms, p99 {tail:.2} ms")
    };
    let server = Server::quietus();
    let idle = server.resident_mb();
    let ours = at_half(&server);
    format!(
        "half of that load at 64 connections ({rate:.0}/s): {ours}; the file at that rate: {}; bare: {}\n\
         resident {idle:.1} MB idle, {:.1} MB at most",
        at_half(&Server::yardstick("file")),
        at_half(&Server::yardstick("bare")),
        server.resident_mb_peak(),
    )
}

/// The same at 64 connections with a million sessions in the ledger.
fn full_ledger() -> String {
    const SESSIONS: usize = 1_000_000;
    let empty = flood(&Server::quietus(), 64, &Credentials::Basic, SESSIONS);
    let server = Server::quietus_with_sessions(SESSIONS);
    let full = flood(&server, 64, &Credentials::Basic, SESSIONS);
    format!(
        "with {SESSIONS} sessions in the ledger: {:.0}/s, {:.2} of {:.0}/s with none; p99 {:.1} ms; RSS {:.0} MB",
        full.per_second(),
        full.per_second() / empty.per_second(),
        empty.per_second(),
        full.percentile(99.0).as_secs_f64() * 1e3,
        server.resident_mb_peak(),
    )
}

fn flood(server: &Server, connections: usize, credentials: &Credentials, first: usize) -> Measured {
    // One connection waits for a sync each time; many bring at most what the bare handler can.
    let enough = if connections == 1 { 60_000 } else { 400_000 };
    load::flood(server.address, connections, requests(credentials, enough, first), LONGEST)
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

fn request(credentials: &Credentials, session: usize) -> Vec<u8> {
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

/// The machine's own words about itself.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores, {}, Linux {}; generator and server share them",
        model.trim_matches([' ', '\t', ':']),
        kernel.trim()
    )
}
