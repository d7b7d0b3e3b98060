//! Where the server listens: on its own sockets, or on those that a service manager passes to it and holds open over its
//! restarts, so that nobody is refused meanwhile (systemd's socket activation, `sd_listen_fds(3)`).

use std::net::{SocketAddr, TcpListener as PassedListener};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::http::ServerSettings;

/// What a socket is for: the name that `FileDescriptorName=` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Listen,
    Metrics,
    Reports,
    Admin,
}

impl Use {
    const ALL: [Self; 4] = [Self::Listen, Self::Metrics, Self::Reports, Self::Admin];

    fn as_str(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Metrics => "metrics",
            Self::Reports => "reports",
            Self::Admin => "admin",
        }
    }

    /// Where its address is set.
    fn key(self) -> &'static str {
        match self {
            Self::Listen => "server.listen",
            Self::Metrics => "server.metrics_listen",
            Self::Reports => "server.reports_listen",
            Self::Admin => "admin.listen",
        }
    }
}

/// Sockets that were passed to this process.
#[derive(Default)]
pub(crate) struct PassedSockets(Vec<(Use, PassedListener)>);

impl PassedSockets {
    /// Takes the sockets of `LISTEN_FDS`, if they are meant for this process. What it starts inherits none of them.
    ///
    /// To be called while the process has one thread, as it removes `LISTEN_FDS` and `LISTEN_PID`.
    pub(crate) fn take() -> anyhow::Result<Self> {
        let names = std::env::var("LISTEN_FDNAMES").ok();
        let mut passed = ListenFd::from_env();
        let uses = uses(names.as_deref(), passed.len())?;
        let mut sockets = Vec::with_capacity(uses.len());
        for (index, for_what) in uses.into_iter().enumerate() {
            let what = || format!("the socket `{}` that was passed", for_what.as_str());
            let socket = passed.take_tcp_listener(index).with_context(what)?.with_context(what)?;
            let accepts = socket_acceptconn(&socket).with_context(what)?;
            ensure!(accepts, "{} does not listen; is `Accept=yes` in its unit?", what());
            socket.set_nonblocking(true).with_context(what)?;
            sockets.push((for_what, socket));
        }
        Ok(Self(sockets))
    }

    fn remove(&mut self, for_what: Use) -> Option<PassedListener> {
        let at = self.0.iter().position(|(of, _)| *of == for_what)?;
        Some(self.0.swap_remove(at).1)
    }
}

/// What each of so many sockets is for. One alone needs no name.
fn uses(names: Option<&str>, count: usize) -> anyhow::Result<Vec<Use>> {
    let known = Use::ALL.map(Use::as_str).join("`, `");
    let named: Vec<_> = match names {
        Some(names) => names.split(':').map(|name| Use::ALL.into_iter().find(|one| one.as_str() == name)).collect(),
        None => vec![None; count],
    };
    if let (1, [Some(Use::Listen) | None]) = (count, named.as_slice()) {
        return Ok(vec![Use::Listen]);
    }
    let mut uses = Vec::with_capacity(count);
    for index in 0..count {
        let Some(for_what) = named.get(index).copied().flatten() else {
            bail!(
                "{count} sockets were passed, and what number {} is for is not known; give each of them one of the names \
                 `{known}` (`FileDescriptorName=` of its unit)",
                index + 1
            );
        };
        ensure!(!uses.contains(&for_what), "two sockets named `{}` were passed, and one is needed", for_what.as_str());
        uses.push(for_what);
    }
    Ok(uses)
}

/// Connections that wait to be accepted. The system has others try again after a second, or three, and longer each time; it may allow
/// fewer (`net.core.somaxconn`).
const WAITING_MAX: u32 = 4_096;

/// Where metrics are served.
pub(super) enum MetricsListener {
    Open(TcpListener),
    /// Nobody has asked for this address, and another program has it: a server that is refused for that would receive nothing.
    Taken(SocketAddr, anyhow::Error),
    Nowhere,
}

/// How often it is looked whether an address is free.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl MetricsListener {
    /// The listener, once it is there; `None` where there is none before `end`.
    pub(super) async fn opened(self, end: &CancellationToken) -> Option<TcpListener> {
        let (address, error) = match self {
            Self::Open(listener) => return Some(listener),
            Self::Nowhere => return None,
            Self::Taken(address, error) => (address, format!("{error:#}")),
        };
        warn!(
            error,
            "metrics are not served until their default address is free; is there a second server? Set server.metrics_listen to another \
             address, or to \"\" where they are not wanted"
        );
        loop {
            end.run_until_cancelled(sleep(LOOK_EVERY)).await?;
            if let Ok(listener) = bind(address) {
                return Some(listener);
            }
        }
    }
}

/// The server's listeners, all open.
pub(super) struct Listeners {
    pub(super) listen: TcpListener,
    pub(super) metrics: MetricsListener,
    pub(super) reports: Option<TcpListener>,
    pub(super) admin: Option<TcpListener>,
}

impl Listeners {
    /// Opens what was not passed. A passed socket stands in the place of the address that is set for the same.
    ///
    /// `metrics_are_wanted`: somebody has said where metrics are to be served.
    pub(super) async fn open(
        mut passed: PassedSockets,
        settings: &ServerSettings,
        admin: Option<SocketAddr>,
        metrics_are_wanted: bool,
    ) -> anyhow::Result<Self> {
        let mut open = async |for_what, address: Option<SocketAddr>| match (passed.remove(for_what), address) {
            (Some(socket), Some(_)) => Ok(Some(TcpListener::from_std(socket)?)),
            (None, Some(address)) => bind(address).map(Some),
            (Some(_), None) => bail!(
                "a socket named `{}` was passed, but {} is not set; set it to the address of the socket",
                for_what.as_str(),
                for_what.key()
            ),
            (None, None) => Ok(None),
        };
        Ok(Self {
            listen: open(Use::Listen, Some(settings.listen)).await?.expect("it has an address"),
            metrics: match (open(Use::Metrics, settings.metrics_listen).await, settings.metrics_listen) {
                (Ok(Some(listener)), _) => MetricsListener::Open(listener),
                (Ok(None), _) => MetricsListener::Nowhere,
                (Err(error), Some(address)) if !metrics_are_wanted => MetricsListener::Taken(address, error),
                (Err(error), _) => return Err(error),
            },
            reports: open(Use::Reports, settings.reports_listen).await?,
            admin: open(Use::Admin, admin).await?,
        })
    }
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // As a server that was there a moment ago has left connections behind.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(WAITING_MAX)
    };
    listen().with_context(|| format!("cannot listen on {address}; is another program there?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: Option<&str>, count: usize, expected: &[Use]) {
        assert_eq!(uses(names, count).expect("they are known"), expected);
    }

    #[track_caller]
    fn check_refused(names: Option<&str>, count: usize, why: &str) {
        let refused = uses(names, count).expect_err("they are not known").to_string();
        assert!(refused.contains(why), "{refused}");
    }

    #[test]
    fn sockets_are_known_by_their_names() {
        check(Some("metrics:listen:reports"), 3, &[Use::Metrics, Use::Listen, Use::Reports]);
        check(Some("metrics"), 1, &[Use::Metrics]);
        check(None, 0, &[]);
        check(Some("listen"), 0, &[]);
    }

    #[test]
    fn one_alone_needs_no_name() {
        check(None, 1, &[Use::Listen]);
        check(Some("listen"), 1, &[Use::Listen]);
        check(Some("quietus.socket"), 1, &[Use::Listen]);
    }

    #[test]
    fn what_is_not_known_refuses_the_start() {
        check_refused(None, 2, "number 1");
        check_refused(Some("listen:metric"), 2, "number 2");
        check_refused(Some("listen"), 2, "number 2");
        check_refused(Some("listen:listen"), 2, "two sockets named `listen`");
    }

    #[test]
    fn the_shipped_units_name_their_socket_and_are_started_again() {
        let socket = include_str!("../../config/quietus.socket");
        assert!(socket.lines().any(|line| line == format!("FileDescriptorName={}", Use::Listen.as_str())));
        let service = include_str!("../../config/quietus.service");
        // However often it ends, but for a ledger that a person has to mend (`cli/exit`), it is started again.
        for line in
            ["Requires=quietus.socket", "StartLimitIntervalSec=0", "Restart=always", "RestartPreventExitStatus=6"]
        {
            assert!(service.lines().any(|one| one == line), "{line}");
        }
        // The ledger, and what is known of it, and as many files as the connections of the defaults need.
        assert!(service.lines().any(|line| line == "StateDirectory=quietus"));
        let files = service.lines().find_map(|line| line.strip_prefix("LimitNOFILE="));
        assert!(files.and_then(|files| files.parse().ok()).is_some_and(|files: u64| files >= 5_504), "{files:?}");
    }
}
