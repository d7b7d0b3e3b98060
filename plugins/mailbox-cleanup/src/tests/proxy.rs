//! A proxy before an IMAP server, which sees each line that the client says and may cut the connection there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use test_servers::dovecot::Dovecot;

/// What becomes of a line of the client's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Pass,
    /// The server never gets it.
    CutBefore,
    /// The server does it, and the client never hears so.
    CutAfter,
    /// The server never gets it, and nothing else happens.
    Swallow,
}

type Judge = Arc<Mutex<dyn FnMut(&str) -> Act + Send>>;

/// A proxy on a port of its own, for as long as the process lives.
pub(super) struct Proxy {
    port: u16,
}

impl Proxy {
    pub(super) fn start(server: &Dovecot, judge: impl FnMut(&str) -> Act + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (to, judge): (u16, Judge) = (server.port(), Arc::new(Mutex::new(judge)));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let judge = judge.clone();
                std::thread::spawn(move || connect(&client, &server, &judge));
            }
        });
        Self { port }
    }

    /// An IMAP account behind the proxy, without TLS.
    pub(super) fn imap(&self, user: &str) -> Value {
        plain(self.port, user)
    }
}

/// An IMAP account on this machine, without TLS.
pub(super) fn plain(port: u16, user: &str) -> Value {
    json!({
        "url": format!("imap://127.0.0.1:{port}"), "starttls": false, "user": user, "password": "password",
    })
}

fn connect(client: &TcpStream, server: &TcpStream, judge: &Judge) {
    let muted = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| answers(client, server, &muted));
        let mut lines = BufReader::new(client);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let act = judge.lock().unwrap_or_else(PoisonError::into_inner)(&String::from_utf8_lossy(&line));
            muted.store(act == Act::CutAfter, Ordering::SeqCst);
            let mut to = server;
            if act == Act::Swallow {
                line.clear();
                continue;
            }
            if act == Act::CutBefore || to.write_all(&line).is_err() {
                break;
            }
            line.clear();
        }
        if !muted.load(Ordering::SeqCst) {
            cut(client, server);
        }
    });
}

/// Passes on what the server says; when the client may not hear any more, waits for the end of the answer and cuts.
fn answers(mut client: &TcpStream, mut server: &TcpStream, muted: &AtomicBool) {
    let mut buffer = [0; 16 << 10];
    let mut unheard = Vec::new();
    while let Ok(read) = server.read(&mut buffer) {
        let said = &buffer[..read];
        if read == 0 {
            break;
        }
        if !muted.load(Ordering::SeqCst) {
            if client.write_all(said).is_err() {
                break;
            }
            continue;
        }
        unheard.extend_from_slice(said);
        if unheard.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"q") && line.ends_with(b"\r")) {
            break;
        }
    }
    cut(client, server);
}

fn cut(client: &TcpStream, server: &TcpStream) {
    for stream in [client, server] {
        drop(stream.shutdown(Shutdown::Both));
    }
}
