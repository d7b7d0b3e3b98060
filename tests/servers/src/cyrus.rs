//! Cyrus IMAP, with users whose folders are below `INBOX`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::imap::Client;
use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service, free_port};
use crate::unpacked::Unpacked;

/// A server with any number of users, who all have one password. Dropping it removes it.
pub struct Cyrus {
    service: Service,
    port_without_uidplus: Arc<AtomicU16>,
}

impl Cyrus {
    /// A server that takes connections; every user has an `INBOX`, which is empty.
    pub fn start() -> Self {
        let owner = Owner::ordinary("daemon");
        let files = Unpacked::find(owner, "cyrus", "usr/lib/cyrus/bin/imapd");
        let mut keeper = Keeper::new(owner, "cyrus", "TERM");
        let below =
            ["conf", "conf/socket", "spool", "run"].map(|name| keeper.folder().join(name).display().to_string());
        keeper.run(&["mkdir", &below[0], &below[1], &below[2], &below[3]]);
        check_passwords(&keeper.folder().join("run/mux"));
        let port_without_uidplus = Arc::new(AtomicU16::new(0));
        let chosen = Arc::clone(&port_without_uidplus);
        let words = move |folder: &Path, port: u16| {
            chosen.store(free_port(), Ordering::Relaxed);
            configure(folder, owner, &files, (port, chosen.load(Ordering::Relaxed)));
            let shown = folder.display();
            let libraries = format!("LD_LIBRARY_PATH={}", files.libraries());
            let master = files.path("usr/lib/cyrus/bin/master").display().to_string();
            let options = ["-C", "imapd.conf", "-M", "cyrus.conf", "-L", "master.log", "-p", "run/pid"];
            let options =
                options.map(|option| if option.starts_with('-') { option.into() } else { format!("{shown}/{option}") });
            ["env".into(), libraries, master].into_iter().chain(options).collect()
        };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "already in use" };
        Self { service: Service::start(keeper, recipe), port_without_uidplus }
    }

    /// The port on 127.0.0.1, for plaintext.
    pub fn port(&self) -> u16 {
        self.service.port()
    }

    /// The same, where the server does not offer UIDPLUS.
    pub fn port_without_uidplus(&self) -> u16 {
        self.port_without_uidplus.load(Ordering::Relaxed)
    }

    /// A user who is logged in.
    pub fn client(&self, user: &str) -> Client {
        Client::log_in(self.port(), user)
    }
}

/// Says yes to every password, as saslauthd does to a right one; as long as the process lives.
fn check_passwords(socket: &Path) {
    let listener = UnixListener::bind(socket).expect("the server's folder is writable");
    let open = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(socket, open).expect("ours");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // User, password, service and realm come at once.
            let mut asked = [0; 1024];
            let length = stream.read(&mut asked).unwrap_or_default();
            let is_right = asked[..length]
                .windows(crate::imap::PASSWORD.len())
                .any(|part| part == crate::imap::PASSWORD.as_bytes());
            drop(stream.write_all(if is_right { b"\x00\x02OK" } else { b"\x00\x02NO" }));
        }
    });
}

/// Writes the two configurations of <https://www.cyrusimap.org/imap/reference/manpages/configs/>.
fn configure(folder: &Path, owner: Owner, files: &Unpacked, (port, port_without_uidplus): (u16, u16)) {
    let shown = folder.display();
    let imapd = format!(
        "configdirectory: {shown}/conf
partition-default: {shown}/spool
defaultpartition: default
cyrus_user: {}
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {shown}/run/mux
sasl_mech_list: PLAIN
allowplaintext: yes
autocreate_quota: 0
altnamespace: no
unixhierarchysep: no
virtdomains: off
notifysocket: {shown}/run/notify
idlesocket: {shown}/run/idle
",
        owner.name()
    );
    let program = files.path("usr/lib/cyrus/bin/imapd");
    let service = |name: &str, settings: &str, port: u16| {
        format!("  {name} cmd=\"{} -C {shown}/{settings}\" listen=\"127.0.0.1:{port}\" prefork=0\n", program.display())
    };
    let services = service("imap", "imapd.conf", port) + &service("less", "less.conf", port_without_uidplus);
    let less = format!("{imapd}suppress_capabilities: UIDPLUS\n");
    for (name, text) in [
        ("cyrus.conf", format!("START {{\n}}\nSERVICES {{\n{services}}}\nEVENTS {{\n}}\n")),
        ("imapd.conf", imapd),
        ("less.conf", less),
    ] {
        std::fs::write(folder.join(name), text).expect("the server's folder is writable");
    }
}

fn is_ready(_: &Process, _: &Path, port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
