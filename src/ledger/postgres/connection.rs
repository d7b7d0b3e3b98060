//! A connection of its own, outside of the pools, and the pause before it is retried.

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::timeout;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connector::Connector;
use super::failure::told;
use super::{presence, session};

/// The pauses between tries to connect: doubled from the first to the last, with jitter.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long it may take to reach a server that is there, of however many hosts.
const OPEN_MAX: Duration = Duration::from_secs(30);

/// A connection before anything drives it.
type Undriven = (Client, tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>);

/// Connects; nothing moves until the connection is driven, and its session is as the server makes it.
pub(super) async fn begin(connector: &Connector) -> anyhow::Result<Undriven> {
    let connecting = connector.config.connect(connector.tls.clone());
    timeout(OPEN_MAX, connecting).await.context("no answer in time")?.map_err(told).context("cannot connect")
}

/// Connects to work on the ledger.
pub(super) async fn open(connector: &Connector) -> anyhow::Result<Client> {
    let client = open_apart(connector).await?;
    presence::enter(&client).await?;
    Ok(client)
}

/// Connects, and makes the session what it has to be; the connection is driven by a task that ends with it.
async fn open_apart(connector: &Connector) -> anyhow::Result<Client> {
    let (client, connection) = begin(connector).await?;
    // The user of the client sees its end.
    tokio::spawn(async move { drop(connection.await) });
    connector.settings.apply(&client).await?;
    Ok(client)
}

/// The first connection of a process, which finds out whether connections have sessions of their own. Whether there is a ledger, and
/// one to work on, is not known yet.
pub(super) async fn open_first(connector: &Connector) -> anyhow::Result<Client> {
    let client = open_apart(connector).await?;
    let other = open_apart(connector).await?;
    session::are_apart(&client, &other).await?;
    Ok(client)
}

/// Growing pauses between tries.
#[derive(Default)]
pub(super) struct Pauses(u32);

impl Pauses {
    /// Waits, each time a little longer; nobody else waits exactly as long.
    pub(super) async fn wait(&mut self) {
        let longest = PAUSE_MAX.min(PAUSE_MIN * 2u32.saturating_pow(self.0));
        self.0 = self.0.saturating_add(1).min(16);
        let mut random = [0; 1];
        crate::keys::fill_random(&mut random);
        tokio::time::sleep(longest.mul_f64(0.5 + f64::from(random[0]) / 512.0)).await;
    }

    /// It worked: the next pause is the shortest again.
    pub(super) fn reset(&mut self) {
        self.0 = 0;
    }
}
