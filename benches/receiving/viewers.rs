//! What people who look at the pages cost receiving: the same load without them and with them, in turns, on one server.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{COOKIE, SET_COOKIE};

use crate::server::{Server, folder, quietus};
use crate::shared::{longest, number};
use crate::{Credentials, LONGEST_S, load, requests};

/// So many people have a page open, each of which the browser asks for anew so often: the shortest that a page offers.
const VIEWERS: u32 = 100;
const EVERY: Duration = Duration::from_secs(10);

/// What they look at.
const PATHS: [&str; 3] = ["/", "/requests", "/erasures"];

const PASSWORD: &str = "four unrelated bench words";

/// How often it is measured without them and with them.
const TURNS: u64 = 4;

/// Requests of one measurement, of which the server takes fewer.
const PER_SECOND: f64 = 40_000.0;

/// Measures it, and panics where they cost more than they may: `QUIETUS_BENCH_VIEWERS_LEFT` per cent are left.
pub(crate) fn measure() -> String {
    let at = free_address();
    let server = Server::quietus_in(folder(), "http://127.0.0.1:9", &format!("[admin]\nlisten = \"{at}\"\n"));
    add_account(&server);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let cookie = runtime.block_on(sign_in(at));
    let turns = number("QUIETUS_BENCH_TURNS", TURNS, 1);
    let enough = (PER_SECOND * longest(LONGEST_S).as_secs_f64()) as usize;
    let receiving = |turn: u64| {
        let all = requests(&Credentials::Basic, enough, turn as usize * enough);
        load::flood(server.address, 64, all, longest(LONGEST_S)).per_second()
    };
    let (mut without, mut with, mut seen) = (0.0, 0.0, 0);
    for turn in 0..turns {
        without += receiving(2 * turn);
        let viewers = Viewers::come(at, &cookie);
        with += receiving(2 * turn + 1);
        seen += viewers.go();
    }
    let left = with / without;
    let rate = with / turns as f64;
    assert!(seen > 0, "nobody has looked");
    let needed = number("QUIETUS_BENCH_VIEWERS_LEFT", 95, 0) as f64 / 100.0;
    assert!(left >= needed, "with {VIEWERS} viewers, {left:.3} of it is left, and {needed:.2} is needed");
    format!(
        "{VIEWERS} viewers, each asking every {EVERY:?}: {left:.3} of receiving is left, {rate:.0}/s; {seen} pages were seen"
    )
}

/// An address that nobody has just now.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound")
}

fn add_account(server: &Server) {
    let (config, password) = (server.folder.path().join("quietus.toml"), server.folder.path().join("password"));
    std::fs::write(&password, PASSWORD).expect("the folder is writable");
    let mut command = quietus();
    command.arg("--config").arg(config).args(["users", "add", "olga", "--shown-as", "Olga", "--role", "officer"]);
    command.arg("--password").arg(format!("@{}", password.display()));
    let added = command.stdout(Stdio::null()).status().expect("quietus runs");
    assert!(added.success(), "the account can be added");
}

/// Signs in, and returns the session's cookie.
async fn sign_in(at: SocketAddr) -> String {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let form = client.post(format!("http://{at}/sign-in")).header("Sec-Fetch-Site", "same-origin");
    let form = form.form(&[("user", "olga"), ("password", PASSWORD), ("next", "/")]);
    let response = form.send().await.expect("the server answers");
    let cookie = response.headers().get(SET_COOKIE).expect("signed in").to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

/// People who look, on a thread of their own.
struct Viewers {
    thread: std::thread::JoinHandle<()>,
    have_to_go: Arc<AtomicBool>,
    seen: Arc<AtomicUsize>,
}

impl Viewers {
    fn come(at: SocketAddr, cookie: &str) -> Self {
        let (have_to_go, seen) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (going, counted, cookie) = (Arc::clone(&have_to_go), Arc::clone(&seen), cookie.to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(look(at, &cookie, &going, &counted));
        });
        Self { thread, have_to_go, seen }
    }

    /// How many pages they have seen.
    fn go(self) -> usize {
        self.have_to_go.store(true, Ordering::Relaxed);
        self.thread.join().expect("they look to the end");
        self.seen.load(Ordering::Relaxed)
    }
}

/// One page after the other, evenly, as of many who came at any time.
async fn look(at: SocketAddr, cookie: &str, have_to_go: &AtomicBool, seen: &AtomicUsize) {
    let client = Client::new();
    let mut pace = tokio::time::interval(EVERY / VIEWERS);
    let mut paths = PATHS.into_iter().cycle();
    while !have_to_go.load(Ordering::Relaxed) {
        pace.tick().await;
        let path = paths.next().expect("they go round");
        let asked = client.get(format!("http://{at}{path}")).header(COOKIE, cookie);
        let response = asked.send().await.expect("the server answers");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.expect("a page");
        seen.fetch_add(1, Ordering::Relaxed);
    }
}
