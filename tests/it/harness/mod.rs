//! What the tests drive: a deployment in a folder of its own, a server on it, and the stand-ins, each a process.

mod away;
mod deployment;
mod disk;
mod fleet;
mod ledger;
mod left;
mod line;
mod needles;
pub(crate) mod oracle;
mod preloaded;
mod process;
mod random;
mod sending;
mod server;
mod small_disk;
mod standin;
mod terminal;
mod wall_clock;
mod wire;

pub(crate) use away::Away;
pub(crate) use deployment::{Deployment, ERASE, PASSWORD, RULES, company, crm_plugin, program};
pub(crate) use disk::{Disk, Fault, Order};
pub(crate) use fleet::{Database, Fleet, Member};
pub(crate) use line::{Failure, Line};
pub(crate) use needles::Needles;
pub(crate) use preloaded::preloaded;
pub(crate) use process::{Process, memory_kib, signal};
pub(crate) use random::{Random, Seed};
pub(crate) use sending::{CONNECTIONS, runtime, send_begin, send_end, sender, sender_within};
pub(crate) use server::{Server, receipts, session_ended};
pub(crate) use small_disk::SmallDisk;
pub(crate) use standin::{API_SECRET, CRM_TOKEN, StandIn};
pub(crate) use wall_clock::WallClock;
pub(crate) use wire::Wire;

use std::time::{Duration, Instant};

/// The longest that anything may take that a test waits for, on a machine with much else to do; a test that is killed says less (nextest.toml).
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// The program under test.
pub(crate) fn quietus() -> std::process::Command {
    std::process::Command::new(env!("CARGO_BIN_EXE_quietus"))
}

/// Asks until there is an answer; fails the test when there is none in time.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    wait_within(PATIENCE, ask).unwrap_or_else(|| panic!("waited {PATIENCE:?} for {what}"))
}

/// Asks for so long until there is an answer. Less and less often: a question can be a process, and many tests wait at once.
pub(crate) fn wait_within<T>(longest: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + longest;
    let mut pause = Duration::from_millis(10);
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= until {
            return answer;
        }
        std::thread::park_timeout(pause);
        pause = (pause * 5 / 4).min(Duration::from_millis(200));
    }
}

/// A blocking HTTP exchange: status and body.
pub(crate) fn http(request: reqwest::RequestBuilder) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let response = request.send().await.expect("the server answers");
        (response.status().as_u16(), response.text().await.expect("a body of text"))
    })
}

/// A client for [`http`]. It keeps no connection, since every exchange has a runtime of its own, and trusts no authority:
/// reading those of the machine would be most of what a test does.
pub(crate) fn client() -> reqwest::Client {
    static TLS: std::sync::Once = std::sync::Once::new();
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::builder().pool_max_idle_per_host(0).tls_certs_only([]).build().expect("a client")
}
