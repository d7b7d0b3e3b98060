//! What the service manager is told (systemd's `sd_notify(3)`): that deliveries can be taken, that the process ends, and, as long as it is
//! well, that it is. Nothing waits for the manager, and nothing fails by it.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::http::WorkerState;

/// Where the service manager listens, if there is one.
pub(super) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often it is to be told that the process is well.
    beat: Option<Duration>,
}

impl ServiceManager {
    /// As the environment says. What is started later inherits nothing of that: plugins and commands get an environment of their own.
    pub(super) fn of_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok();
        let socket = text("NOTIFY_SOCKET").filter(|name| !name.is_empty()).and_then(|name| {
            let opened = open(&name);
            // It was started all the same, and works; systemd says itself that it was never told.
            opened.inspect_err(|error| warn!(error = %format!("{error:#}"), "the service manager cannot be told")).ok()
        });
        let beat = beat(text("WATCHDOG_USEC").as_deref(), text("WATCHDOG_PID").as_deref(), std::process::id());
        Self { beat: beat.filter(|_| socket.is_some()), socket }
    }

    /// Deliveries can be taken. `status` is one line for people.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// It reads its configuration anew, until it says again that it is ready. Since when, a manager wants to know that asks for it
    /// (`Type=notify-reload`).
    pub(super) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let now_us = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={now_us}\nSTATUS=the configuration is read anew"));
    }

    /// It ends, in good order.
    fn stopping(&self, status: &str) {
        self.tell(&format!("STOPPING=1\nSTATUS={status}"));
    }

    /// Says that it is well for as long as it is, and that it stops when it does, until `end`. A process that cannot work says nothing
    /// more, nor does one whose tasks do not go on, as this is one of them: then the manager ends it and starts it anew. That the ledger is
    /// away is no reason: no restart brings it back.
    pub(super) async fn watch(
        &self,
        worker: impl Fn() -> WorkerState,
        stopping: CancellationToken,
        end: CancellationToken,
    ) {
        let told = async {
            stopping.cancelled().await;
            let status = match worker() {
                WorkerState::Dying => "a task panicked; what is under way is finished before the restart",
                WorkerState::Works | WorkerState::Stopping => "what is under way is finished",
            };
            self.stopping(status);
            std::future::pending::<()>().await;
        };
        let beating = async {
            let Some(beat) = self.beat else { return std::future::pending::<()>().await };
            let mut ticks = tokio::time::interval(beat);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                if worker() != WorkerState::Dying {
                    self.tell("WATCHDOG=1");
                }
            }
        };
        end.run_until_cancelled(async { tokio::join!(told, beating) }).await;
    }

    fn tell(&self, what: &str) {
        let Some((socket, manager)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(what.as_bytes(), manager) {
            // A manager that reads nothing now is told again with the next beat.
            tracing::debug!(%error, "the service manager was not told");
        }
    }
}

/// A path, or a name in the abstract namespace, which is written with `@`.
fn open(name: &str) -> anyhow::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
        [b'/', ..] => SocketAddr::from_pathname(name),
        _ => bail!("NOTIFY_SOCKET is neither a path nor a name that begins with `@`"),
    };
    let address = address.context("NOTIFY_SOCKET")?;
    let socket = UnixDatagram::unbound().context("a socket for NOTIFY_SOCKET")?;
    socket.set_nonblocking(true).context("a socket for NOTIFY_SOCKET")?;
    Ok((socket, address))
}

/// Half of the interval, where it is meant for this process: a child would otherwise speak for its parent.
fn beat(interval_us: Option<&str>, process: Option<&str>, id: u32) -> Option<Duration> {
    let is_meant = process.is_none_or(|process| process.parse() == Ok(id));
    let interval_us: u64 = interval_us?.parse().ok()?;
    let half = Duration::from_micros(interval_us / 2);
    Some(half).filter(|half| is_meant && !half.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_beats_at_half_of_its_interval_and_for_this_process_only() {
        assert_eq!(beat(Some("30000000"), Some("7"), 7), Some(Duration::from_secs(15)));
        assert_eq!(beat(Some("30000000"), None, 7), Some(Duration::from_secs(15)));
        assert_eq!(beat(Some("30000000"), Some("8"), 7), None);
        assert_eq!(beat(Some("0"), None, 7), None);
        assert_eq!(beat(Some("soon"), None, 7), None);
        assert_eq!(beat(None, Some("7"), 7), None);
    }

    /// All that has come.
    fn all(manager: &UnixDatagram) -> Vec<String> {
        let mut message = [0; 256];
        let next = || manager.recv(&mut message).ok().map(|length| String::from_utf8_lossy(&message[..length]).into());
        std::iter::from_fn(next).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_cannot_work_says_so_and_no_more_that_it_is_well() {
        let name = format!("@quietus-test-dying-{}", std::process::id());
        let (socket, address) = open(&name).expect("a socket");
        let told = UnixDatagram::bind_addr(&address).expect("nobody has this name");
        told.set_nonblocking(true).expect("a socket");
        let manager = ServiceManager { socket: Some((socket, address)), beat: Some(Duration::from_secs(1)) };
        let [dying, stopping, end] = std::array::from_fn(|_| CancellationToken::new());
        let worker = || if dying.is_cancelled() { WorkerState::Dying } else { WorkerState::Works };
        let story = async {
            tokio::time::sleep(Duration::from_millis(3_500)).await;
            assert_eq!(all(&told), ["WATCHDOG=1"; 4]);
            dying.cancel();
            stopping.cancel();
            tokio::time::sleep(Duration::from_secs(5)).await;
            let said = all(&told);
            assert!(matches!(&said[..], [one] if one.starts_with("STOPPING=1\nSTATUS=a task panicked")), "{said:?}");
            end.cancel();
        };
        tokio::join!(manager.watch(worker, stopping.clone(), end.clone()), story);
    }

    #[test]
    fn a_manager_is_reached_by_a_path_or_an_abstract_name() {
        assert!(open("/run/systemd/notify").is_ok());
        assert!(open("@quietus-test").is_ok());
        for name in ["vsock:2:1", "notify", &format!("/{}", "x".repeat(200))] {
            assert!(open(name).is_err(), "{name}");
        }
    }
}
