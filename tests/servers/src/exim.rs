//! Exim, which takes mail for `example.com` from the user `quietus` with the password `hunter2`, over TLS only, and keeps it in a folder. Nobody
//! has the mailbox `refused`, and who asks for `silent`, `silent2` or `silent3` is told nothing for an hour. What else it does, files in its
//! folder say.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service};
use crate::{PATIENCE, certificate};

const CONFIG: &str = r#"
exim_user = OWNER
exim_group = GROUP
primary_hostname = localhost
spool_directory = FOLDER/spool
log_file_path = FOLDER/exim-%slog
pid_file_path = FOLDER/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT
daemon_startup_retries = 0
tls_on_connect_ports = IMPLICIT
tls_advertise_hosts = *
tls_certificate = FOLDER/tls.pem
tls_privatekey = FOLDER/tls.key
host_lookup =
keep_environment =
never_users =
acl_smtp_mail = accept
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
acl_smtp_quit = quit
begin acl
quit:
  warn condition = ${if exists{FOLDER/clinging}}
       delay = 1h
rcpt:
  deny message = 5.7.0 who are you
       !authenticated = *
  deny local_parts = refused
       message = 5.1.1 <$local_part@$domain> no such user
  defer condition = ${if and{{eq{$local_part}{later}}{exists{FOLDER/postponing}}}}
        message = 4.7.1 <$local_part@$domain> come again
  accept local_parts = silent : silent2 : silent3
         logwrite = asked for $local_part
         delay = 1h
  defer condition = ${if exists{FOLDER/greylisting}}
        message = 4.7.1 <$local_part@$domain> greylisted, come again
  deny condition = ${if exists{FOLDER/refusing}}
       message = 5.7.1 <$local_part@$domain> go away
  accept condition = ${if exists{FOLDER/hanging}}
         delay = 1h
  accept domains = example.com
  deny message = 5.7.1 no relay
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = FOLDER/mail
  maildir_format
  create_directory
  envelope_to_add
  user = OWNER
  group = GROUP
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{quietus}}{eq{$auth3}{hunter2}}}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
"#;

/// What it does with every recipient, where nothing else is said.
#[derive(Clone, Copy, Debug)]
pub enum Mood {
    /// 451: it wants to be asked again.
    Greylisting,
    /// 550.
    Refusing,
    /// It says nothing for an hour.
    Hanging,
    /// It does not say goodbye for an hour, whatever it has taken.
    Clinging,
    /// 451 for the mailbox `later` alone.
    Postponing,
}

impl Mood {
    fn file(self) -> &'static str {
        match self {
            Self::Greylisting => "greylisting",
            Self::Refusing => "refusing",
            Self::Hanging => "hanging",
            Self::Clinging => "clinging",
            Self::Postponing => "postponing",
        }
    }
}

/// A server on the loopback interface. Dropping it removes it.
pub struct Exim(Service);

impl Exim {
    /// A new one, with STARTTLS.
    pub fn start() -> Self {
        Self::start_with(false)
    }

    /// A new one that speaks TLS from the first byte on.
    pub fn start_implicit() -> Self {
        Self::start_with(true)
    }

    fn start_with(is_implicit: bool) -> Self {
        let owner = Owner::ordinary("Debian-exim");
        let keeper = Keeper::new(owner, "exim", "KILL");
        certificate::write(keeper.folder());
        let words = move |folder: &Path, port: u16| {
            let file = folder.join("exim.conf");
            let config = CONFIG
                .replace("FOLDER", folder.to_str().expect("a temporary folder's name is text"))
                .replace("OWNER", &owner.name())
                .replace("GROUP", &owner.group_name())
                .replace("IMPLICIT", &if is_implicit { port } else { 0 }.to_string())
                .replace("PORT", &port.to_string());
            std::fs::write(&file, config).expect("the server's folder is writable");
            let file = file.to_str().expect("a temporary folder's name is text").to_owned();
            ["/usr/sbin/exim4", "-C", &file, "-bdf"].map(str::to_owned).into()
        };
        let is_ready = if is_implicit { takes_connections } else { greets };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "Address already in use" };
        Self(Service::start(keeper, recipe))
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// Its certificate, in PEM, for `localhost` and 127.0.0.1.
    pub fn certificate(&self) -> PathBuf {
        self.0.folder().join("tls.pem")
    }

    /// The mails that it has taken and delivered, in no order.
    pub fn mails(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.0.folder().join("mail/new")) else { return Vec::new() };
        let files = folder.map(|file| file.expect("a file").path());
        files.map(|file| std::fs::read_to_string(file).expect("a mail")).collect()
    }

    /// What it has logged of connections and recipients.
    pub fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.0.folder().join(name)).unwrap_or_default();
        [read("exim-mainlog"), read("exim-rejectlog")].concat()
    }

    /// Has it do that from now on.
    pub fn set(&self, mood: Mood) {
        std::fs::write(self.0.folder().join(mood.file()), "").expect("the server's folder is writable");
    }

    /// Has it take mail again.
    pub fn reset(&self, mood: Mood) {
        std::fs::remove_file(self.0.folder().join(mood.file())).expect("it was set");
    }

    /// Stops it as a crash does. What it has taken stays.
    pub fn stop(&self) {
        self.0.stop("KILL");
    }

    /// Starts it after [`Exim::stop`], on the same port.
    pub fn start_again(&self) {
        self.0.start_again();
    }
}

/// Whether it greets a client.
fn greets(_: &Process, _: &Path, port: u16) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("220 ")
}

fn takes_connections(_: &Process, _: &Path, port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
