//! A server that is started, stopped and started again on one port.

use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::keeper::{self, Keeper, Process};
use crate::{PATIENCE, PAUSE};

/// So many ports are tried: between finding a free one and listening on it, another program may take it.
const PORTS_MAX: u32 = 20;

/// The words that start a server in the foreground, in a folder and on a port.
type Words = Box<dyn Fn(&Path, u16) -> Vec<String> + Send + Sync>;

/// What a server is to the test that starts it.
pub(crate) struct Recipe {
    pub(crate) words: Words,
    /// Whether it takes connections.
    pub(crate) is_ready: fn(&Process, &Path, u16) -> bool,
    /// What it logs when the port is another's.
    pub(crate) port_is_taken: &'static str,
}

/// A running server. Dropping it ends it and removes its folder.
pub(crate) struct Service {
    keeper: Mutex<Keeper>,
    recipe: Recipe,
    folder: PathBuf,
    port: u16,
}

/// What became of a start.
enum Started {
    Ready,
    PortTaken,
}

impl Service {
    /// Starts it in the keeper's folder, on a free port, and waits until it takes connections.
    pub(crate) fn start(mut keeper: Keeper, recipe: Recipe) -> Self {
        for _ in 0..PORTS_MAX {
            let port = free_port();
            if let Started::Ready = start(&mut keeper, &recipe, port) {
                let folder = keeper.folder().to_owned();
                return Self { keeper: Mutex::new(keeper), recipe, folder, port };
            }
        }
        panic!("{PORTS_MAX} free ports were all taken by others at once");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log(&self) -> String {
        keeper::log(&self.folder)
    }

    /// Sends it a signal, and waits until it has ended and nobody listens on its port. Its data stays.
    pub(crate) fn stop(&self, signal: &str) {
        self.keeper().stop(signal);
        // A child that outlives it for a moment still listens: the next start would take it for the server, and fail to get its port.
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            assert!(Instant::now() < until, "somebody still listens on port {}", self.port);
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Starts it after [`Service::stop`], on the same port, and waits until it takes connections.
    pub(crate) fn start_again(&self) {
        let until = Instant::now() + PATIENCE;
        while let Started::PortTaken = start(&mut self.keeper(), &self.recipe, self.port) {
            assert!(Instant::now() < until, "port {} is taken by another program", self.port);
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Who runs commands as the server's owner.
    pub(crate) fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(keeper: &mut Keeper, recipe: &Recipe, port: u16) -> Started {
    let logged = keeper.log().len();
    let process = keeper.start(&(recipe.words)(keeper.folder(), port));
    let until = Instant::now() + PATIENCE;
    while !(recipe.is_ready)(&process, keeper.folder(), port) {
        if process.has_ended() {
            let log = keeper.log().split_off(logged);
            assert!(log.contains(recipe.port_is_taken), "the server does not start: {log}");
            keeper.stop("KILL");
            return Started::PortTaken;
        }
        assert!(Instant::now() < until, "waited {PATIENCE:?} for the server: {}", keeper.log());
        std::thread::park_timeout(PAUSE);
    }
    Started::Ready
}

/// A port that nobody listens on now, and that no test has been given that still runs: a server that takes a second to start would be
/// taken for another test's, which listens already and soon ends.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        if let Some(given) = reserve(port) {
            GIVEN.lock().unwrap_or_else(PoisonError::into_inner).push(given);
            return port;
        }
    }
}

/// An abstract socket's name is one process' alone, and free again once that has ended, however it ends.
fn reserve(port: u16) -> Option<UnixListener> {
    let name = SocketAddr::from_abstract_name(format!("quietus-test-port-{port}")).expect("a short name");
    UnixListener::bind_addr(&name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let port = free_port();
        assert!(reserve(port).is_none());
        assert_ne!(free_port(), port);
    }
}
