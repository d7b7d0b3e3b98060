//! Courier-IMAP. Its programs that listen and check passwords ask a daemon at a fixed place, so they are this module's; after
//! the login, the real server speaks.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use crate::imap::{Client, PASSWORD};
use crate::keeper::Keeper;
use crate::owner::Owner;
use crate::unpacked::Unpacked;

/// What Debian's configuration offers.
const CAPABILITY: &str = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE";

/// A server with any number of users, who all have one password. Dropping it removes its mail.
pub struct Courier {
    port: u16,
    port_without_uidplus: u16,
    _keeper: Keeper,
}

struct Program {
    owner: Owner,
    files: Unpacked,
    mail: PathBuf,
}

impl Courier {
    /// A server that takes connections; every user has an `INBOX`, which is empty.
    pub fn start() -> Self {
        let owner = Owner::ordinary("daemon");
        let files = Unpacked::find(owner, "courier", "usr/bin/imapd");
        let mut keeper = Keeper::new(owner, "courier", "TERM");
        let mail = keeper.folder().join("mail");
        keeper.run(&["mkdir", &mail.display().to_string()]);
        let program = Arc::new(Program { owner, files, mail });
        let less = CAPABILITY.replace("UIDPLUS ", "");
        Self {
            port: listen(Arc::clone(&program), CAPABILITY.into()),
            port_without_uidplus: listen(program, less),
            _keeper: keeper,
        }
    }

    /// The port on 127.0.0.1, for plaintext.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same, where the server does not offer UIDPLUS.
    pub fn port_without_uidplus(&self) -> u16 {
        self.port_without_uidplus
    }

    /// A user who is logged in.
    pub fn client(&self, user: &str) -> Client {
        Client::log_in(self.port, user)
    }
}

/// Listens as long as the process lives.
fn listen(program: Arc<Program>, capability: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (program, capability) = (Arc::clone(&program), capability.clone());
            std::thread::spawn(move || program.serve(stream, &capability));
        }
    });
    port
}

impl Program {
    /// Logs somebody in, and gives the connection to the real server.
    fn serve(&self, mut stream: TcpStream, capability: &str) {
        drop(write!(stream, "* OK [CAPABILITY {capability}] Courier-IMAP ready.\r\n"));
        while let Some(line) = line(&mut stream) {
            let words: Vec<&str> = line.split_ascii_whitespace().map(|word| word.trim_matches('"')).collect();
            let said = match words[..] {
                [tag, "LOGIN", user, PASSWORD] => return self.run(stream, tag, user, capability),
                [tag, "LOGIN", ..] => format!("{tag} NO Login failed.\r\n"),
                [tag, "CAPABILITY"] => format!("* CAPABILITY {capability}\r\n{tag} OK CAPABILITY completed\r\n"),
                [tag, ..] => format!("{tag} BAD not before the login\r\n"),
                [] => return,
            };
            drop(stream.write_all(said.as_bytes()));
        }
    }

    fn run(&self, stream: TcpStream, tag: &str, user: &str, capability: &str) {
        let home = self.mail.join(user);
        if !home.exists() {
            self.make(&home);
        }
        let mut command = self.owner.command(self.files.path("usr/bin/imapd"));
        command.arg("Maildir").current_dir(&home).env("HOME", &home).env("LD_LIBRARY_PATH", self.files.libraries());
        command.env("AUTHENTICATED", user).env("IMAPLOGINTAG", tag).env("IMAP_CAPABILITY", capability);
        command
            .env("TCPREMOTEIP", "127.0.0.1")
            .env("TCPREMOTEPORT", "1")
            .env("IMAP_ACL", "1")
            .env("IMAP_KEYWORDS", "1");
        let output = OwnedFd::from(stream.try_clone().expect("a descriptor"));
        command.stdin(Stdio::from(OwnedFd::from(stream))).stdout(Stdio::from(output)).stderr(Stdio::null());
        let mut server = command.spawn().expect("Courier's server starts");
        // It has the connection alone, so that it ends with it.
        drop(command);
        drop(server.wait());
    }

    fn make(&self, home: &Path) {
        let is_made = self.owner.command("mkdir").arg(home).status().expect("mkdir runs").success();
        let mut command = self.owner.command(self.files.path("usr/bin/maildirmake.courier"));
        command.arg(home.join("Maildir")).env("LD_LIBRARY_PATH", self.files.libraries());
        assert!(is_made && command.status().expect("maildirmake runs").success(), "{} is made", home.display());
    }
}

/// The next line, and nothing after it: that is the real server's.
fn line(stream: &mut TcpStream) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).ok()? == 1 {
        line.extend(byte);
        if byte == *b"\n" {
            return String::from_utf8(line).ok();
        }
    }
    None
}
