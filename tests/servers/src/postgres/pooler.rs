//! PgBouncer before a server: clients share its sessions.

use std::net::TcpStream;
use std::path::Path;

use super::Cluster;
use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service};

/// For how long a client has a session to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Until it disconnects.
    Session,
    /// Until its transaction ends.
    Transaction,
}

/// A pooler on the loopback interface, whose clients are all the superuser. Dropping it removes it.
pub struct Pooler(Service);

impl Pooler {
    /// A pooler before a server.
    pub fn start(cluster: &Cluster, pooling: Pooling) -> Self {
        let mode = match pooling {
            Pooling::Session => "session",
            Pooling::Transaction => "transaction",
        };
        let server = cluster.port();
        let words = move |folder: &Path, port: u16| {
            let file = folder.join("pgbouncer.ini");
            let config = format!(
                "[databases]\n* = host=127.0.0.1 port={server} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n"
            );
            std::fs::write(&file, config).expect("the pooler's folder is writable");
            ["/usr/sbin/pgbouncer", file.to_str().expect("a temporary folder's name is text")].map(str::to_owned).into()
        };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "Address already in use" };
        Self(Service::start(Keeper::new(Owner::ordinary("postgres"), "pgbouncer", "KILL"), recipe))
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.0.port())
    }
}

/// Whether it takes connections.
fn is_ready(_: &Process, _: &Path, port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
