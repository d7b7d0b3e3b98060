//! Strangers who take what they can: connections, and bodies that never end. A sender who is known is answered all the same.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sha2::Sha256;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;

use super::requests::head;
use crate::harness::{Away, Deployment, PASSWORD, Server, Wire, client, http, memory_kib, session_ended, wait_for};

/// A source whose deliveries are signed, beside `acme`.
const GATE: &str =
    "[[source]]\nname = 'gate'\nauth = [{ hmac = { header = 'x-signature', secrets = { file = 'gate.secret' } } }]";
const SECRET: &str = "the gateway's secret";

/// What a server may grow by for as many strangers as it accepts: 64 MiB of bodies, and headers and a buffer for each connection, in an
/// unoptimized build.
const STRANGERS_KIB_MAX: u64 = 220 << 10;

struct Besieged {
    _mluvii: Away,
    deployment: Deployment,
    server: Server,
    runtime: Runtime,
    strangers: Vec<TcpStream>,
}

impl Besieged {
    fn new(settings: &[(&str, &str)]) -> Self {
        let mluvii = Away::new();
        let deployment = Deployment::bare(&mluvii.url(), GATE);
        deployment.write("gate.secret", SECRET);
        let server = Server::start_with(&deployment, settings);
        server.leaves_work("its mluvii is away");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self { _mluvii: mluvii, deployment, server, runtime: runtime.expect("a runtime"), strangers: Vec::new() }
    }

    /// Connects so many strangers from so many addresses, who each send this and then nothing.
    fn connect(&mut self, strangers: u16, addresses: u16, sends: &str) {
        let server = self.server.address;
        for number in 0..strangers {
            let [higher, lower] = (number % addresses).to_be_bytes();
            let from = SocketAddr::from(([127, 0, 7 + higher, lower], 0));
            let connected = self.runtime.block_on(async {
                let socket = TcpSocket::new_v4()?;
                socket.bind(from)?;
                let mut stream = socket.connect(server).await?;
                // One that has to make way before all is sent hears no more of it.
                let _ = stream.write_all(sends.as_bytes()).await;
                Ok::<_, std::io::Error>(stream)
            });
            self.strangers.push(connected.expect("the server accepts everybody"));
        }
    }

    /// Keeps on connecting them while the senders whom they should not hinder deliver, and counts what these are answered.
    fn while_others_deliver(&mut self, strangers: u16, addresses: u16, sends: &str) {
        self.connect(strangers, addresses, sends);
        for path in ["healthz", "readyz"] {
            let beside = client().get(format!("http://{}/{path}", self.server.metrics));
            assert_eq!(http(beside).0, 200, "{path} beside the metrics");
        }
        let answers: Vec<u16> = (1..=20)
            .flat_map(|session| {
                self.connect(4, addresses, sends);
                let signed = deliver_signed(&self.server, 1000 + session);
                [self.server.deliver_end(session), signed, self.server.healthy()]
            })
            .collect();
        let expected: Vec<u16> = [[204, 204, 200]; 20].concat();
        assert_eq!(answers, expected);
        assert_eq!(self.deployment.events(), 40);
    }

    /// How many of the strangers are still connected.
    fn left(&mut self) -> usize {
        // What is closed can be read at once, to its end.
        let is_open = |stream: &TcpStream| match stream.try_read(&mut [0; 512]) {
            Ok(0) => false,
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        };
        self.runtime.block_on(async { tokio::task::yield_now().await });
        self.strangers.iter().filter(|stream| is_open(stream)).count()
    }
}

fn deliver_signed(server: &Server, session: i64) -> u16 {
    deliver_signed_to(&server.url("/webhooks/gate"), session)
}

fn deliver_signed_to(url: &str, session: i64) -> u16 {
    let body = session_ended(session).to_string();
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key").chain_update(&body);
    let signature = hex::encode(mac.finalize().into_bytes());
    http(client().post(url).header("x-signature", signature).body(body)).0
}

/// The head of a delivery that is well-formed, and the first byte of its body.
fn signed_by_nobody(length: usize) -> String {
    format!(
        "POST /webhooks/gate HTTP/1.1\r\nHost: x\r\nX-Signature: {}\r\nContent-Length: {length}\r\n\r\n{{",
        "ab".repeat(32)
    )
}

#[test]
fn headers_that_never_end_cost_a_sender_nothing() {
    for addresses in [1, 200] {
        let mut besieged = Besieged::new(&[("SERVER__CONNECTIONS_MAX", "100")]);
        besieged.while_others_deliver(200, addresses, "POST /webhooks/acme HTTP/1.1\r\nHost: x\r\n");
    }
}

#[test]
fn signed_bodies_that_never_end_cost_a_sender_nothing() {
    let settings = [("SERVER__CONNECTIONS_MAX", "100"), ("SERVER__REQUESTS_MAX", "2")];
    for addresses in [1, 200] {
        Besieged::new(&settings).while_others_deliver(200, addresses, &signed_by_nobody(50_000));
    }
}

/// With nothing configured, and as many as are a real attack.
#[test]
fn five_thousand_strangers_cost_a_sender_nothing_and_the_server_little_memory() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).expect("as many as are allowed");
    for addresses in [1, 500] {
        let mut besieged = Besieged::new(&[]);
        let before = memory_kib(besieged.server.id(), "VmHWM");
        besieged.while_others_deliver(5_000, addresses, "POST /webhooks/acme HTTP/1.1\r\nHost: x\r\n");
        // Their ends are not needed any more.
        besieged.strangers.clear();
        // More than headers may be: of none is more kept than that.
        let long = format!("POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nX-Long: {}", "x".repeat(60_000));
        besieged.connect(5_000, addresses, &long);
        let large = signed_by_nobody(250_000) + &"x".repeat(200_000);
        besieged.connect(1_500, addresses, &large);
        assert_eq!(deliver_signed(&besieged.server, 1), 204);
        let grown = memory_kib(besieged.server.id(), "VmHWM") - before;
        assert!(grown < STRANGERS_KIB_MAX, "it grew by {grown} KiB");
    }
}

#[test]
fn one_client_has_a_quarter_of_the_connections_until_it_is_known() {
    let mut besieged = Besieged::new(&[("SERVER__CONNECTIONS_MAX", "100")]);
    besieged.connect(60, 1, "POST /");
    wait_for("the oldest to be closed", || (besieged.left() == 25).then_some(()));
}

#[test]
fn behind_a_proxy_that_is_named_it_is_not_the_proxy_that_has_a_quarter() {
    let proxies = ("SERVER__TRUSTED_PROXIES", "[\"127.0.7.0/24\"]");
    let mut besieged = Besieged::new(&[("SERVER__CONNECTIONS_MAX", "100"), proxies]);
    besieged.connect(60, 1, "POST /");
    // Accepted after all of them.
    assert_eq!(besieged.server.deliver_end(1), 204);
    assert_eq!(besieged.left(), 60, "they may be of as many people");

    // Of bodies, the head says whose they are.
    let settings = [("SERVER__UNVERIFIED_BYTES_MAX", "200000"), ("SERVER__BODY_READ_MAX", "1m"), proxies];
    let mut besieged = Besieged::new(&settings);
    let of = |client: &str| {
        let head = format!("X-Forwarded-For: {client}\r\nContent-Length");
        signed_by_nobody(60_000).replacen("Content-Length", &head, 1) + &"x".repeat(20_000)
    };
    besieged.connect(1, 1, &of("192.0.2.1"));
    besieged.connect(1, 1, &of("192.0.2.2"));
    assert_eq!(deliver_signed(&besieged.server, 1), 204);
    assert_eq!(besieged.left(), 2, "of two clients, each has its own");
    besieged.connect(1, 1, &of("192.0.2.1"));
    wait_for("the older one of the same client to be closed", || (besieged.left() == 2).then_some(()));
}

#[test]
fn slow_requests_over_a_proxys_known_connections_keep_nobody_out() {
    let settings = [
        ("SERVER__CONNECTIONS_MAX", "8"),
        ("SERVER__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
        ("SERVER__BODY_READ_MAX", "1m"),
    ];
    let besieged = Besieged::new(&settings);
    let server = &besieged.server;
    // Over each, somebody has delivered; now it carries a stranger's request, of which nothing or little comes.
    let stranger = |number: i64| {
        let ended = session_ended(100 + number).to_string();
        let mut wire = Wire::connect(server.address);
        wire.send(&head(&format!("Content-Length: {}\r\n\r\n{ended}", ended.len())));
        assert_eq!(wire.answer().expect("an answer").status, 204);
        let begun = if number % 2 == 0 { head("").replace("Basic ", "Basic x") } else { signed_by_nobody(90) };
        let begun = begun.trim_end_matches("\r\n\r\n{").trim_end();
        wire.send(&format!("{begun}\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 90\r\n\r\n"));
        wire
    };
    let mut strangers: Vec<_> = (0..8).map(stranger).collect();
    wait_for("one of them to make way", || (server.deliver_end(1) == 204).then_some(()));
    assert_eq!([2, 3, 4, 5].map(|session| server.deliver_end(session)), [204; 4]);
    drop(strangers.pop());
    assert_eq!(besieged.deployment.events(), 8 + 5);
}

#[test]
fn a_source_that_has_all_its_places_leaves_others_theirs() {
    let besieged = Besieged::new(&[("SERVER__REQUESTS_MAX", "1"), ("SERVER__RECORD_MAX", "1m")]);
    let server = &besieged.server;
    // Whoever has a place waits for the ledger.
    let ledger = besieged.deployment.ledger();
    ledger.execute_batch("BEGIN IMMEDIATE").expect("it is ours");
    let answer = std::thread::spawn({
        let url = server.url("/webhooks/gate");
        move || deliver_signed_to(&url, 1_001)
    });
    let both = [1, 2].map(|session| {
        let request = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
        let request = request.json(&session_ended(session));
        std::thread::spawn(move || http(request).0)
    });
    wait_for("one of the second source to be refused", || both.iter().any(|one| one.is_finished()).then_some(()));
    assert!(!answer.is_finished(), "the first source's waits, too");
    ledger.execute_batch("ROLLBACK").expect("it is free");
    let mut answers = both.map(|one| one.join().expect("no panic"));
    answers.sort_unstable();
    assert_eq!((answer.join().expect("no panic"), answers), (204, [204, 503]));
}

#[test]
fn more_busy_senders_than_fit_are_all_answered_and_keep_nobody_from_asking_whether_it_lives() {
    let besieged = Besieged::new(&[("SERVER__CONNECTIONS_MAX", "32")]);
    let (server, asked) = (&besieged.server, AtomicBool::new(false));
    let (address, sessions) = (server.address, &AtomicI64::new(1));
    let taken: i64 = std::thread::scope(|scope| {
        // More than are accepted at once.
        let deliver = || deliver_until(&asked, address, sessions);
        let senders: Vec<_> = (0..320).map(|_| scope.spawn(deliver)).collect();
        let health = std::panic::catch_unwind(AssertUnwindSafe(|| [(); 40].map(|()| server.healthy())));
        asked.store(true, Ordering::Relaxed);
        assert_eq!(health.expect("an answer, however late"), [200; 40]);
        senders.into_iter().map(|sender| sender.join().expect("everybody is answered")).sum()
    });
    assert_eq!(besieged.deployment.events(), taken);
}

/// Delivers ends over as few connections as the server lets it have; returns how many were taken. What was not is to come again.
fn deliver_until(asked: &AtomicBool, server: SocketAddr, sessions: &AtomicI64) -> i64 {
    let (mut kept, mut taken) = (None, 0);
    while !asked.load(Ordering::Relaxed) {
        let ended = session_ended(sessions.fetch_add(1, Ordering::Relaxed)).to_string();
        let mut wire = kept.take().unwrap_or_else(|| Wire::connect(server));
        wire.send(&head(&format!("Content-Length: {}\r\n\r\n{ended}", ended.len())));
        let answer = wire.answer().expect("an answer");
        let said = answer.head.to_ascii_lowercase();
        assert!(answer.status == 204 || (answer.status, said.contains("\r\nretry-after: ")) == (503, true), "{said}");
        kept = Some(wire).filter(|_| !said.contains("\r\nconnection: close"));
        taken += i64::from(answer.status == 204);
    }
    taken
}

#[test]
fn bodies_of_nobody_are_bounded_in_bytes() {
    let settings = [("SERVER__UNVERIFIED_BYTES_MAX", "200000"), ("SERVER__BODY_READ_MAX", "1m")];
    let mut besieged = Besieged::new(&settings);
    let large = signed_by_nobody(60_000) + &"x".repeat(20_000);
    // 10 times 20 kB, and the connection's buffer, from 10 addresses: five fit, and two of an address' own are more than its quarter.
    besieged.connect(10, 10, &large);
    let displaced = |server: &Server| {
        let metrics = server.metrics();
        let line = metrics.lines().find(|line| line.contains("source=\"gate\"") && line.contains("overloaded"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    wait_for("what does not fit to be refused", || (displaced(&besieged.server) >= 5).then_some(()));
    besieged.connect(2, 1, &large);
    wait_for("a second one of one address to displace its first", || (displaced(&besieged.server) >= 7).then_some(()));
    assert_eq!(besieged.server.deliver_end(1), 204);
    assert_eq!(deliver_signed(&besieged.server, 2), 204);
}

#[test]
fn where_all_comes_from_one_address_a_check_asks_whether_that_is_a_proxy() {
    let checked = |settings: &[(&str, &str)], others: bool| {
        let mut besieged = Besieged::new(settings);
        (1..=20).for_each(|session| assert_eq!(besieged.server.deliver_end(session), 204));
        if others {
            besieged.connect(1, 1, "POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            wait_for("it to be refused", || besieged.server.metrics().contains("unauthenticated\"} 1\n").then_some(()));
        }
        let Besieged { deployment, server, .. } = besieged;
        // It is written at most once a minute, and at the end.
        assert!(server.stop().0.success());
        let findings = deployment.json(&["check", "--connect"]);
        let doubts = findings.as_array().expect("a list").iter().filter(|one| one["what"] == "server.trusted_proxies");
        doubts.map(|one| one["doubt"].as_str().expect("a doubt").to_owned()).collect::<Vec<_>>()
    };
    let doubts = checked(&[], false);
    assert!(matches!(&doubts[..], [doubt] if doubt.contains("comes from one address")), "{doubts:?}");
    assert!(!doubts[0].contains("127.0.0.1"), "{doubts:?}");
    assert_eq!(checked(&[], true), [] as [&str; 0]);
    assert_eq!(checked(&[("SERVER__TRUSTED_PROXIES", "[\"127.0.0.1/32\"]")], false), [] as [&str; 0]);
}
