//! A proxy before a server, that cuts a connection at its COMMIT. It understands so much of MySQL's protocol as tells it where
//! a packet begins and what it runs.

use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A command that carries SQL.
const COM_QUERY: u8 = 3;

/// A proxy on a free port of 127.0.0.1, without TLS. Dropping it takes no new connections; present ones end with their ends.
pub struct Proxy {
    port: u16,
    switches: Arc<Switches>,
}

/// At which moment of a commit its connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never sees it, and rolls back as soon as it notices.
    BeforeCommitReaches,
    /// The server has done it completely, but nobody learns that.
    AfterCommitBeforeAnswer,
}

#[derive(Default)]
struct Switches {
    armed: Mutex<Option<Cut>>,
    has_cut: AtomicBool,
    ended: AtomicBool,
}

impl Proxy {
    /// A proxy to a port of 127.0.0.1, which passes everything on.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let own = listener.local_addr().expect("bound").port();
        let switches = Arc::<Switches>::default();
        let shared = Arc::clone(&switches);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
                connect(client, server, &shared);
            }
        });
        Self { port: own, switches }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the next connection that commits; once.
    pub fn cut_at(&self, cut: Cut) {
        self.switches.has_cut.store(false, Ordering::SeqCst);
        *self.switches.armed.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    /// Whether the cut that was last asked for has happened.
    pub fn has_cut(&self) -> bool {
        self.switches.has_cut.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.switches.ended.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees that it has ended.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

/// Passes on both ways, each on a thread of its own.
fn connect(client: TcpStream, server: TcpStream, switches: &Arc<Switches>) {
    let (Ok(from_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) else { return };
    let deaf = Arc::new(AtomicBool::new(false));
    let (switches, is_deaf) = (Arc::clone(switches), Arc::clone(&deaf));
    std::thread::spawn(move || {
        // Ends with an error when either side has ended, as both do then.
        drop(requests(&client, &server, &switches, &is_deaf));
        close([&client, &server]);
    });
    std::thread::spawn(move || {
        drop(answers(&from_server, &to_client, &deaf));
        close([&from_server, &to_client]);
    });
}

fn requests(mut client: &TcpStream, mut server: &TcpStream, switches: &Switches, deaf: &AtomicBool) -> io::Result<()> {
    loop {
        let mut header = [0; 4];
        client.read_exact(&mut header)?;
        let mut body = vec![0; u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize];
        client.read_exact(&mut body)?;
        if body.first() == Some(&COM_QUERY) && body[1..].eq_ignore_ascii_case(b"COMMIT") {
            let armed = switches.armed.lock().unwrap_or_else(PoisonError::into_inner).take();
            switches.has_cut.fetch_or(armed.is_some(), Ordering::SeqCst);
            match armed {
                Some(Cut::BeforeCommitReaches) => return Ok(()),
                Some(Cut::AfterCommitBeforeAnswer) => deaf.store(true, Ordering::SeqCst),
                None => {}
            }
        }
        server.write_all(&[&header[..], &body].concat())?;
    }
}

/// What is answered after the other side became deaf is the commit's, and ends the connection.
fn answers(mut server: &TcpStream, mut client: &TcpStream, deaf: &AtomicBool) -> io::Result<()> {
    let mut bytes = [0; 8192];
    loop {
        let length = server.read(&mut bytes)?;
        if length == 0 || deaf.load(Ordering::SeqCst) {
            return Ok(());
        }
        client.write_all(&bytes[..length])?;
    }
}

fn close(ends: [&TcpStream; 2]) {
    for end in ends {
        // The other thread may have closed it.
        drop(end.shutdown(Shutdown::Both));
    }
}
