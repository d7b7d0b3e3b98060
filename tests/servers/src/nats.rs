//! NATS with JetStream, and users whose password is `hunter2`: `quietus` may do everything, `narrow` what publishing needs,
//! `mute` may publish to other subjects only, and `deaf` may hear nothing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service};
use crate::{PATIENCE, certificate};

const USERS: &str = r#"
{ user: "quietus", password: "hunter2" }
{ user: "narrow", password: "hunter2", permissions: { publish: ["erasures.demanded"], subscribe: ["_INBOX.>"] } }
{ user: "mute", password: "hunter2", permissions: { publish: ["other.>"], subscribe: ["_INBOX.>"] } }
{ user: "deaf", password: "hunter2", permissions: { publish: ["erasures.demanded"], subscribe: ["other.>"] } }
"#;

/// A server on the loopback interface. Dropping it removes it.
pub struct Nats(Service);

impl Nats {
    /// A new server without streams, and without TLS.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// With TLS, which it demands.
    pub fn start_tls() -> Self {
        Self::start_with("tls { cert_file: \"tls.pem\", key_file: \"tls.key\" }")
    }

    fn start_with(more: &str) -> Self {
        let owner = Owner::tester();
        let keeper = Keeper::new(owner, "nats", "KILL");
        certificate::write(keeper.folder());
        let more = more.replace("tls.", &format!("{}/tls.", keeper.folder().display()));
        let words = move |folder: &Path, port: u16| {
            let file = folder.join("nats.conf");
            let store = folder.join("store");
            let config = format!(
                "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\", max_mem: 16MB, max_file: 64MB }}\n\
                 authorization {{ users: [\n{USERS}\n] }}\n{more}\n",
                store.display()
            );
            std::fs::write(&file, &config).expect("the server's folder is writable");
            ["nats-server", "-c", file.to_str().expect("a temporary folder's name is text")].map(str::to_owned).into()
        };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "address already in use" };
        Self(Service::start(keeper, recipe))
    }

    /// The address, without user and password.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.0.port())
    }

    /// The address with TLS.
    pub fn tls_url(&self) -> String {
        format!("tls://localhost:{}", self.0.port())
    }

    /// The certificate, in PEM, for `localhost` and 127.0.0.1.
    pub fn certificate(&self) -> PathBuf {
        self.0.folder().join("tls.pem")
    }

    /// Makes a JetStream stream of this subject, as a client of the protocol does:
    /// <https://docs.nats.io/reference/reference-protocols/nats_api_reference>.
    pub fn make_stream(&self, name: &str, subject: &str) {
        let config = format!(
            "{{\"name\":\"{name}\",\"subjects\":[\"{subject}\"],\"retention\":\"limits\",\"storage\":\"file\",\"num_replicas\":1}}"
        );
        let length = config.len();
        let words = format!(
            "CONNECT {{\"verbose\":false,\"user\":\"quietus\",\"pass\":\"hunter2\"}}\r\nSUB _INBOX.made 1\r\n\
             PUB $JS.API.STREAM.CREATE.{name} _INBOX.made {length}\r\n{config}\r\n"
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.0.port())).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(words.as_bytes()).expect("it reads");
        let lines = BufReader::new(stream).lines().map(|line| line.expect("it answers"));
        let answer = lines.skip_while(|line| !line.starts_with("MSG ")).nth(1).expect("an answer");
        assert!(answer.contains("\"did_create\":true"), "{answer}");
    }

    /// Stops it as a crash does. What it acknowledged stays.
    pub fn stop(&self) {
        self.0.stop("KILL");
    }

    /// Starts it after [`Nats::stop`], on the same port.
    pub fn start_again(&self) {
        self.0.start_again();
    }
}

/// Whether it greets a client.
fn is_ready(_: &Process, _: &Path, port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| stream.read_exact(&mut [0; 4])).is_ok()
}
