//! The process behind a session: started, introduced, configured, read from, written to, stopped.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quietus_plugin::Manifest;
use quietus_plugin::protocol::{HostMessage, PROTOCOL, PluginMessage, Sensitive, body_len, encode};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::Child;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::chatter::Chatter;
use super::{CANCEL_GRACE, Ended, Frame, Session};
use crate::keys::Secret;
use crate::plugin::contract::Contract;
use crate::plugin::host::PluginInfo;
use crate::plugin::program::{Group, Program, Spawned};
use crate::plugin::redact::redact;
use crate::plugin::settings::PluginSettings;
use crate::subject::TargetName;

/// How long loading the library may take.
const HELLO_MAX: Duration = Duration::from_secs(5);
/// How long the plugin may take to be configured.
const CONFIGURE_MAX: Duration = Duration::from_secs(30);
/// How long the last bytes of the child's outputs are waited for.
const DRAIN_MAX: Duration = Duration::from_secs(1);
/// Frames that wait to be written.
const OUTBOX_MAX: usize = 64;
/// What a child says of itself, in entries and in characters.
const FACTS_MAX: usize = 16;
const FACT_CHARS_MAX: usize = 128;

/// Why a child did not come up.
pub(in crate::plugin) enum StartFailed {
    /// It would fail alike each time: the library, the configuration, the version.
    Refused(String),
    /// It was lost on the way.
    Lost(String),
}

/// How a session ended.
pub(in crate::plugin) enum SessionEnd {
    /// As asked.
    Stopped,
    /// It crashed, hung or broke the protocol.
    Lost(String),
}

/// The process of one session.
pub(in crate::plugin) struct Driver {
    /// Before the child, as it is dropped first: see [`Group`].
    group: Group,
    child: Child,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    outbox: mpsc::Receiver<Frame>,
    /// Read the child's standard output and error.
    drains: JoinSet<()>,
}

/// Starts the child, has it load the library, checks that everything fits, and has it configured.
pub(in crate::plugin) async fn start(
    program: &Program,
    library: &Path,
    settings: &PluginSettings,
    secrets: &BTreeMap<String, Secret>,
) -> Result<(Arc<Session>, Driver), StartFailed> {
    let spawned = program.spawn(library).map_err(|e| StartFailed::Lost(format!("cannot start its process: {e}")))?;
    let Spawned { child, group, socket, stdout, stderr } = spawned;
    let target = settings.target();
    let mut drains = JoinSet::new();
    drains.spawn(drain(stdout, target.clone(), "standard output"));
    drains.spawn(drain(stderr, target.clone(), "standard error"));
    let (reader, writer) = socket.into_split();
    let (sender, outbox) = mpsc::channel(OUTBOX_MAX);
    let mut driver = Driver { group, child, reader, writer, outbox, drains };

    let introduced = introduce(&mut driver, &target, settings, secrets).await;
    let (contract, info) = match introduced {
        Ok(introduced) => introduced,
        Err(Trouble::Refused(why)) => return Err(StartFailed::Refused(why)),
        Err(Trouble::Lost(why)) => return Err(StartFailed::Lost(format!("{why}; {}", driver.end().await))),
    };
    let session = Session {
        slots: Semaphore::new(contract.concurrency as usize),
        contract,
        info,
        secrets: secrets.values().cloned().collect(),
        outbox: sender,
        pending: Mutex::default(),
        next: AtomicU64::new(1),
        hung: Notify::new(),
        chatter: Mutex::new(Chatter::new(Instant::now())),
    };
    Ok((Arc::new(session), driver))
}

enum Trouble {
    Refused(String),
    Lost(String),
}

async fn introduce(
    driver: &mut Driver,
    target: &TargetName,
    settings: &PluginSettings,
    secrets: &BTreeMap<String, Secret>,
) -> Result<(Contract, PluginInfo), Trouble> {
    let hello = async {
        driver.write(&HostMessage::Hello { protocol: PROTOCOL }).await?;
        driver.first_word(secrets).await
    };
    let said = timeout(HELLO_MAX, hello).await.map_err(|_| late("load", HELLO_MAX))??;
    let PluginMessage::Hello { protocol, manifest, facts } = said else {
        return Err(Trouble::Refused("it did not say hello first".into()));
    };
    if protocol != PROTOCOL {
        return Err(Trouble::Refused(format!("it speaks protocol {protocol}, this program speaks {PROTOCOL}")));
    }
    let contract = Contract::make(&manifest, settings, secrets).map_err(|wrong| Trouble::Refused(wrong.join("\n")))?;

    let named = secrets.iter().map(|(name, secret)| (name.clone(), Sensitive::new(secret.expose())));
    let configure = HostMessage::Configure { config: settings.own_config(), secrets: named.collect() };
    let configured = async {
        driver.write(&configure).await?;
        driver.first_word(secrets).await
    };
    let said = timeout(CONFIGURE_MAX, configured).await.map_err(|_| late("be configured", CONFIGURE_MAX))??;
    let PluginMessage::Ready = said else {
        return Err(Trouble::Refused("it was not ready after it was configured".into()));
    };
    Ok((contract, info(target, &manifest, &facts)))
}

fn late(what: &str, longest: Duration) -> Trouble {
    Trouble::Lost(format!("it took longer than {} s to {what}", longest.as_secs()))
}

fn info(target: &TargetName, manifest: &Manifest, facts: &BTreeMap<String, String>) -> PluginInfo {
    let plain = |text: &str| redact(&text.chars().take(FACT_CHARS_MAX).collect::<String>(), []);
    PluginInfo {
        target: target.clone(),
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        facts: facts.iter().take(FACTS_MAX).map(|(name, value)| (plain(name), plain(value))).collect(),
    }
}

impl Driver {
    /// Runs the session until it is lost or the shutdown comes, and cleans up. Every call has ended when this returns.
    pub(in crate::plugin) async fn run(mut self, session: &Session, shutdown: &CancellationToken) -> SessionEnd {
        let why = {
            let serving = serve(&mut self.reader, &mut self.writer, &mut self.outbox, session);
            tokio::pin!(serving);
            tokio::select! {
                why = &mut serving => Some(why),
                () = shutdown.cancelled() => {
                    session.ask_to_stop();
                    let _ = timeout(CANCEL_GRACE, serving).await;
                    None
                }
            }
        };
        session.close_door();
        let how = self.end().await;
        session.report();
        match why {
            None => {
                session.close(|| Ended::Stopped);
                SessionEnd::Stopped
            }
            Some(why) => {
                let why = format!("{why}; {how}");
                session.close(|| Ended::Lost(why.clone()));
                SessionEnd::Lost(why)
            }
        }
    }

    /// Kills what is left of the child and says how it ended.
    async fn end(self) -> String {
        let Self { mut child, group, mut drains, .. } = self;
        // Before the wait: see `Group`.
        drop(group);
        let how = match child.wait().await {
            Ok(status) => describe(status),
            Err(e) => format!("its end is not known: {e}"),
        };
        let _ = timeout(DRAIN_MAX, async { while drains.join_next().await.is_some() {} }).await;
        how
    }

    async fn write(&mut self, message: &HostMessage) -> Result<(), Trouble> {
        let frame = encode(message).map_err(|e| Trouble::Refused(format!("the configuration cannot be sent: {e}")))?;
        // A child that ends early may have said why.
        let _ = self.writer.write_all(&frame).await;
        Ok(())
    }

    /// The next message that is no log line. An error is why the plugin refuses.
    async fn first_word(&mut self, secrets: &BTreeMap<String, Secret>) -> Result<PluginMessage, Trouble> {
        loop {
            match read(&mut self.reader).await.map_err(|why| Trouble::Lost(why.to_string()))? {
                PluginMessage::Log { .. } => {}
                PluginMessage::Error { error, .. } => {
                    return Err(Trouble::Refused(redact(&error.message, secrets.values())));
                }
                message => return Ok(message),
            }
        }
    }
}

impl Session {
    /// What was not shown of the plugin's log.
    fn report(&self) {
        let chatter = self.chatter.lock().unwrap_or_else(PoisonError::into_inner);
        let (dropped, hidden) = (chatter.dropped, chatter.hidden);
        if dropped + hidden > 0 {
            tracing::warn!(plugin = %self.info.target, dropped, hidden, "lines of a plugin's log were not shown");
        }
    }
}

/// Reads and writes until one of them ends; says why.
async fn serve(
    reader: &mut OwnedReadHalf,
    writer: &mut OwnedWriteHalf,
    outbox: &mut mpsc::Receiver<Frame>,
    session: &Session,
) -> String {
    let reading = async {
        loop {
            let heard = match read(reader).await {
                Ok(message) => session.hear(message),
                Err(why) => return why.to_string(),
            };
            if let Err(why) = heard {
                return format!("it broke the protocol: {why}");
            }
        }
    };
    let writing = async {
        while let Some(frame) = outbox.recv().await {
            if writer.write_all(&frame).await.is_err() {
                // Reading tells why.
                return std::future::pending().await;
            }
        }
        "nobody uses it any more".to_owned()
    };
    tokio::select! {
        why = reading => why,
        why = writing => why,
        () = session.hung.notified() => "a call did not end in time".to_owned(),
    }
}

async fn read(reader: &mut OwnedReadHalf) -> io::Result<PluginMessage> {
    let mut header = [0; 4];
    // The end and a reset both mean that the child is lost.
    reader.read_exact(&mut header).await.map_err(|_| io::Error::other("its process ended"))?;
    let broken = |e| io::Error::other(format!("it broke the protocol: {e}"));
    let mut body = Zeroizing::new(vec![0; body_len(header).map_err(broken)?]);
    reader.read_exact(&mut body).await.map_err(|_| io::Error::other("its process ended within a message"))?;
    PluginMessage::decode(&body).map_err(broken)
}

/// Reads an output of the child's to its end. What stands there may be personal, so it is counted, not shown.
async fn drain(mut output: impl AsyncRead + Unpin, plugin: TargetName, stream: &'static str) {
    let mut chunk = [0; 4096];
    let mut bytes = 0_u64;
    while let Ok(read @ 1..) = output.read(&mut chunk).await {
        bytes += read as u64;
    }
    if bytes > 0 {
        tracing::info!(%plugin, stream, bytes, "a plugin wrote to an output of its process, which is not shown");
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown end".into(),
    }
}
