//! A proxy before a server, that cuts connections at the moment that a test names. It understands so much of PostgreSQL's
//! protocol as tells it what a message runs and when it was answered.

mod connection;
mod wire;

use std::collections::HashMap;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use connection::Connection;

/// The longest that the server may take to accept a connection.
const CONNECTING_MAX: Duration = Duration::from_secs(10);

/// A proxy on a free port of 127.0.0.1, without TLS. Dropping it closes every connection.
pub struct Proxy {
    port: u16,
    switches: Arc<Switches>,
    acceptor: Option<JoinHandle<()>>,
}

/// At which moment of a commit, or another statement, its connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never sees it, and rolls back as soon as it notices.
    BeforeCommitReaches,
    /// The server has done it completely, but nobody learns that.
    AfterCommitBeforeAnswer,
}

impl Proxy {
    /// A proxy to a port of 127.0.0.1, which passes everything on.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let own = listener.local_addr().expect("bound").port();
        let switches = Arc::<Switches>::default();
        let shared = Arc::clone(&switches);
        let acceptor = std::thread::spawn(move || accept(&listener, port, &shared));
        Self { port: own, switches, acceptor: Some(acceptor) }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database behind it, for the superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_of("postgres", database)
    }

    /// The address of a database behind it, for a user.
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Closes every present connection; new ones are passed on.
    pub fn cut(&self) {
        self.switches.set(State::close_all);
    }

    /// From here on, new connections are closed at once. Present ones stay.
    pub fn refuse(&self) {
        self.switches.set(|state| state.refuses = true);
    }

    /// Ends [`Proxy::refuse`].
    pub fn accept(&self) {
        self.switches.set(|state| state.refuses = false);
    }

    /// From here on, no message is passed on, and no connection closed: the network is silent.
    pub fn stall(&self) {
        self.switches.set(|state| state.stalls = true);
    }

    /// Ends [`Proxy::stall`]; what was held is passed on.
    pub fn go_on(&self) {
        self.switches.set(|state| state.stalls = false);
    }

    /// Cuts the next connection that runs a statement which starts with COMMIT, in any case; once.
    pub fn cut_at(&self, cut: Cut) {
        self.arm(At::Commit, cut);
    }

    /// Cuts the next connection that runs a statement with `marker` in its text or its parameters; once.
    ///
    /// Preparing a statement is not running it.
    #[track_caller]
    pub fn cut_statement(&self, marker: &str, cut: Cut) {
        assert!(!marker.is_empty(), "a marker marks something");
        self.arm(At::Marker(marker.as_bytes().to_owned()), cut);
    }

    /// Whether the cut that was last asked for, by `cut_at` or `cut_statement`, has happened.
    pub fn has_cut(&self) -> bool {
        self.switches.state().has_cut
    }

    fn arm(&self, at: At, cut: Cut) {
        self.switches.set(|state| {
            state.armed = Some((at, cut));
            state.has_cut = false;
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.switches.set(|state| {
            state.ended = true;
            state.close_all();
        });
        // Wakes the acceptor, which then sees that it has ended.
        let woken = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            drop(acceptor.join());
        }
    }
}

/// What the test has set, seen by every thread.
#[derive(Default)]
struct Switches {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    refuses: bool,
    stalls: bool,
    ended: bool,
    armed: Option<(At, Cut)>,
    has_cut: bool,
    /// Both ends of each connection that is open, by its number.
    open: HashMap<u64, [TcpStream; 2]>,
    last: u64,
}

/// Which statement is waited for.
enum At {
    Commit,
    Marker(Vec<u8>),
}

impl Switches {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits while nothing may be passed on. False when the connection was closed.
    fn may_pass(&self, connection: u64) -> bool {
        let held = |state: &mut State| state.stalls && state.open.contains_key(&connection);
        let state = self.changed.wait_while(self.state(), held).unwrap_or_else(PoisonError::into_inner);
        state.open.contains_key(&connection)
    }

    /// The cut that is to be made at a statement. It is made once.
    fn take_cut(&self, statement: &[u8]) -> Option<Cut> {
        let (_, cut) = self.state().armed.take_if(|(at, _)| at.is_in(statement))?;
        Some(cut)
    }
}

impl State {
    fn open(&mut self, client: &TcpStream, server: &TcpStream) -> std::io::Result<u64> {
        self.last += 1;
        self.open.insert(self.last, [client.try_clone()?, server.try_clone()?]);
        Ok(self.last)
    }

    fn close(&mut self, connection: u64) {
        for end in self.open.remove(&connection).into_iter().flatten() {
            // The other side was faster.
            drop(end.shutdown(Shutdown::Both));
        }
    }

    fn close_all(&mut self) {
        let all: Vec<u64> = self.open.keys().copied().collect();
        all.into_iter().for_each(|connection| self.close(connection));
    }
}

impl At {
    fn is_in(&self, statement: &[u8]) -> bool {
        match self {
            Self::Commit => {
                statement.trim_ascii_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"commit"))
            }
            Self::Marker(marker) => statement.windows(marker.len()).any(|part| part == marker),
        }
    }
}

fn accept(listener: &TcpListener, port: u16, switches: &Switches) {
    std::thread::scope(|threads| {
        loop {
            let (client, _) = listener.accept().expect("a listening socket accepts");
            if switches.state().ended {
                break;
            }
            // Connections that come while the server is down are closed as well.
            let Ok(server) = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), CONNECTING_MAX) else {
                continue;
            };
            let mut state = switches.state();
            if state.refuses || state.ended {
                continue;
            }
            let Ok(id) = state.open(&client, &server) else { continue };
            drop(state);
            threads.spawn(move || Connection::new(id, client, server, switches).run());
        }
    });
}
