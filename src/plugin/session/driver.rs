//! The process behind a session: started, introduced, configured, read from, written to, stopped.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quietus_plugin::protocol::{FrameError, HostMessage, PROTOCOL, PluginMessage, Sensitive, body_len, encode};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::Child;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::log_limit::{LogRateLimit, UnsolicitedLimit};
use super::{CANCEL_GRACE, Ended, Frame, Session};
use crate::keys::Secret;
use crate::plugin::cgroup::Cgroup;
use crate::plugin::contract::Contract;
use crate::plugin::host::PluginInfo;
use crate::plugin::installed::{Installed, granted};
use crate::plugin::launch::{Code, Confined, Debugger, Launch, Level, Permissions};
use crate::plugin::lock::lock;
use crate::plugin::output::Lines;
use crate::plugin::permissions;
use crate::plugin::program::{Group, Program, Spawned};
use crate::plugin::redact::redact;
use crate::plugin::schema::SchemaCheck;
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

/// For authors of programs: a print that goes to the wrong place looks like a frame of a gigabyte.
const FRAMES_ONLY: &str =
    "a program's standard output carries frames only; what it prints belongs on its standard error";

/// Why a child did not come up.
pub(in crate::plugin) enum StartFailed {
    /// It would fail alike each time: the library, the configuration, the version.
    Refused(String),
    /// It was lost on the way.
    Lost(String),
    /// The server shuts down.
    Cancelled,
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
    /// Where it is limited together with what it starts; removed with this.
    cgroup: Option<Cgroup>,
    child: Child,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    outbox: mpsc::Receiver<Frame>,
    /// Read the child's standard output and error.
    drains: JoinSet<()>,
}

/// Starts the child, has it load the plugin, checks that everything fits, and has it configured.
///
/// The sandbox is entered before the plugin is loaded, and what the plugin declares is known after. So the first start of a
/// plugin that declares permissions is for its manifest alone.
pub(in crate::plugin) async fn start(
    program: &Program,
    installed: &Installed,
) -> Result<(Arc<Session>, Driver), StartFailed> {
    for _ in 0..2 {
        let permissions = lock(&installed.permissions).clone();
        match start_within(program, installed, permissions).await {
            Err(Trouble::OtherPermissions(permissions)) => *lock(&installed.permissions) = permissions,
            Err(Trouble::Refused(why)) => return Err(StartFailed::Refused(why)),
            Err(Trouble::Lost(why)) => return Err(StartFailed::Lost(why)),
            Ok(started) => return Ok(started),
        }
    }
    Err(StartFailed::Refused("its manifest says something else each time".into()))
}

enum Trouble {
    Refused(String),
    Lost(String),
    /// It declares other permissions than it was started with.
    OtherPermissions(Permissions),
}

async fn start_within(
    program: &Program,
    installed: &Installed,
    permissions: Permissions,
) -> Result<(Arc<Session>, Driver), Trouble> {
    let target = installed.settings.target();
    let cgroup = program.cgroup(&target, &installed.settings.limits);
    let cgroup = cgroup.map_err(|e| Trouble::Lost(format!("cannot make a cgroup for its process: {e}")))?;
    let spawned = program.spawn(&target).map_err(|e| Trouble::Lost(format!("cannot start its process: {e}")))?;
    let Spawned { child, group, socket, stdout, stderr } = spawned;
    let mut drains = JoinSet::new();
    drains.spawn(drain(stdout, target.clone(), "standard output", Lines::of(&installed.output)));
    drains.spawn(drain(stderr, target.clone(), "standard error", Lines::of(&installed.output)));
    let (reader, writer) = socket.into_split();
    let (sender, outbox) = mpsc::channel(OUTBOX_MAX);
    let mut driver = Driver { group, cgroup, child, reader: BufReader::new(reader), writer, outbox, drains };

    let (contract, info) = match introduce(&mut driver, program, installed, permissions).await {
        Ok(introduced) => introduced,
        Err(Trouble::Lost(why)) => {
            let ended = driver.end().await;
            let silent = matches!(installed.code, Code::Exec { .. }) && !why.contains(FRAMES_ONLY);
            let advice = if silent { format!(" ({FRAMES_ONLY})") } else { String::new() };
            return Err(Trouble::Lost(format!("{why}; {ended}{advice}")));
        }
        Err(trouble) => {
            driver.end().await;
            return Err(trouble);
        }
    };
    let session = Session {
        slots: Semaphore::new(contract.concurrency as usize),
        contract,
        info,
        secrets: installed.secrets.values().cloned().collect(),
        outbox: sender,
        pending: Mutex::default(),
        next: AtomicU64::new(1),
        hung: Notify::new(),
        log_limit: Mutex::new(LogRateLimit::new(Instant::now())),
    };
    Ok((Arc::new(session), driver))
}

async fn introduce(
    driver: &mut Driver,
    program: &Program,
    installed: &Installed,
    permissions: Permissions,
) -> Result<(Contract, PluginInfo), Trouble> {
    let Installed { settings, secrets, .. } = installed;
    let cgroup = driver.cgroup.as_ref().map(|cgroup| cgroup.path().to_owned());
    let launch = Launch { cgroup, ..installed.launch(permissions) };
    let hello = async {
        driver.write(&launch).await?;
        let (sandbox, facts) = driver.confined().await?;
        if installed.debugger == Debugger::Awaited {
            installed.awaiting.send_replace(driver.child.id());
        }
        driver.write(&HostMessage::Hello { protocol: PROTOCOL }).await?;
        Ok((sandbox, facts, driver.first_word(secrets).await?))
    };
    let (sandbox, mut facts, said) = within(installed, HELLO_MAX, "load", hello).await?;
    let PluginMessage::Hello { protocol, manifest, facts: more } = said else {
        return Err(Trouble::Refused("it did not say hello first".into()));
    };
    if protocol != PROTOCOL {
        return Err(Trouble::Refused(format!("it speaks protocol {protocol}, this program speaks {PROTOCOL}")));
    }
    let config = settings.own_config();
    let contract = Contract::make(&manifest, settings, secrets);
    let violations = SchemaCheck::new(&manifest.config_schema, &config).violations(program, &settings.target()).await;
    let contract = match (contract, violations) {
        (Ok(contract), violations) if violations.is_empty() => contract,
        (contract, violations) => {
            let wrong: Vec<_> = contract.err().unwrap_or_default().into_iter().chain(violations).collect();
            return Err(Trouble::Refused(wrong.join("\n")));
        }
    };
    let contract = match installed.debugger {
        Debugger::None | Debugger::Inspected => contract,
        Debugger::Awaited => contract.without_timeouts(),
    };
    let permissions = permissions::permissions(&manifest, &config, granted(settings));
    if permissions != launch.permissions {
        return Err(Trouble::OtherPermissions(permissions));
    }

    let named = secrets.iter().map(|(name, secret)| (name.clone(), Sensitive::new(secret.expose())));
    let configure = HostMessage::Configure { config, secrets: named.collect() };
    let configured = async {
        driver.write(&configure).await?;
        driver.first_word(secrets).await
    };
    let PluginMessage::Ready = within(installed, CONFIGURE_MAX, "be configured", configured).await? else {
        return Err(Trouble::Refused("it was not ready after it was configured".into()));
    };
    if let Some(cgroup) = &driver.cgroup {
        facts.insert("cgroup".into(), cgroup.limits().to_owned());
    }
    // What this program found out is not overwritten by what the plugin says.
    for (name, value) in more.iter().take(FACTS_MAX) {
        facts.entry(plain(name)).or_insert_with(|| plain(value));
    }
    let info = PluginInfo {
        target: settings.target(),
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        sandbox,
        process: driver.child.id().unwrap_or_default(),
        facts,
    };
    Ok((contract, info))
}

/// One step of the start. A person with a debugger takes their time.
async fn within<T>(
    installed: &Installed,
    longest: Duration,
    what: &str,
    step: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    if installed.debugger == Debugger::Awaited {
        return step.await;
    }
    let late = |_| Trouble::Lost(format!("it took longer than {} s to {what}", longest.as_secs()));
    timeout(longest, step).await.map_err(late)?
}

/// A word of the plugin's, as it may be shown.
fn plain(text: &str) -> String {
    redact(&text.chars().take(FACT_CHARS_MAX).collect::<String>(), [])
}

impl Driver {
    /// Runs the session until it is lost or the shutdown comes, and cleans up. Every call has ended when this returns.
    pub(in crate::plugin) async fn run(mut self, session: &Session, shutdown: &CancellationToken) -> SessionEnd {
        let why = {
            let serving = serve(&mut self.reader, &mut self.writer, &mut self.outbox, session);
            tokio::pin!(serving);
            tokio::select! {
                why = &mut serving => Some(why),
                never = self.group.end_with_its_leader() => match never {},
                () = shutdown.cancelled() => {
                    session.ask_to_stop();
                    let _ = timeout(CANCEL_GRACE, serving).await;
                    None
                }
            }
        };
        session.stop_accepting();
        let how = self.end().await;
        session.log_suppressed();
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
        // Before the wait: see `Group`. And the process itself, should it have left its group.
        drop(group);
        let _ = child.start_kill();
        let how = match child.wait().await {
            Ok(status) => describe(status),
            Err(e) => format!("its end is not known: {e}"),
        };
        let _ = timeout(DRAIN_MAX, async { while drains.join_next().await.is_some() {} }).await;
        how
    }

    /// What the child says before anything of the plugin's runs.
    async fn confined(&mut self) -> Result<(Level, BTreeMap<String, String>), Trouble> {
        let frame = read_frame(&mut self.reader).await.map_err(|why| Trouble::Lost(why.to_string()))?;
        match serde_json::from_slice(&frame) {
            Ok(Confined::Entered { level, facts }) => Ok((level, facts)),
            Ok(Confined::Refused { why }) => Err(Trouble::Refused(why)),
            Err(_) => Err(Trouble::Lost("its process is not this program's".into())),
        }
    }

    async fn write(&mut self, message: &impl Serialize) -> Result<(), Trouble> {
        let frame = encode(message).map_err(|e| Trouble::Refused(format!("the configuration cannot be sent: {e}")))?;
        // A child that ends early may have said why.
        let _ = self.writer.write_all(&frame).await;
        Ok(())
    }

    /// The next message that is no log line. An error is why the plugin refuses.
    async fn first_word(&mut self, secrets: &BTreeMap<String, Secret>) -> Result<PluginMessage, Trouble> {
        loop {
            match read(&mut self.reader).await.map_err(|why| Trouble::Lost(why.to_string()))?.0 {
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
    fn log_suppressed(&self) {
        let log_limit = lock(&self.log_limit);
        let (dropped, hidden) = (log_limit.dropped, log_limit.hidden);
        if dropped + hidden > 0 {
            tracing::warn!(plugin = %self.info.target, dropped, hidden, "lines of a plugin's log were not shown");
        }
    }
}

/// Reads and writes until one of them ends; says why.
async fn serve(
    reader: &mut BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
    outbox: &mut mpsc::Receiver<Frame>,
    session: &Session,
) -> String {
    let reading = async {
        let mut unsolicited = UnsolicitedLimit::new(Instant::now());
        loop {
            let (message, bytes) = match read(reader).await {
                Ok(read) => read,
                Err(why) => return why.to_string(),
            };
            let pause = match session.awaits(&message) {
                true => Duration::ZERO,
                false => unsolicited.pause(Instant::now(), bytes),
            };
            if let Err(why) = session.receive(message) {
                return format!("it broke the protocol: {why}");
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    };
    let writing = async {
        while let Some(frame) = outbox.recv().await {
            if writer.write_all(&frame).await.is_err() {
                break;
            }
        }
        // Reading tells why.
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        why = reading => why,
        never = writing => match never {},
        () = session.hung.notified() => "a call did not end in time".to_owned(),
    }
}

/// The next message, and its size in bytes.
async fn read(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<(PluginMessage, usize)> {
    let frame = read_frame(reader).await?;
    Ok((PluginMessage::decode(&frame).map_err(broken)?, frame.len()))
}

/// The JSON of the next frame.
pub(in crate::plugin) async fn read_frame(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Frame> {
    let mut header = [0; 4];
    // The end and a reset both mean that the child is lost.
    reader.read_exact(&mut header).await.map_err(|_| io::Error::other("its process ended"))?;
    let mut body = Zeroizing::new(vec![0; body_len(header).map_err(broken)?]);
    reader.read_exact(&mut body).await.map_err(|_| io::Error::other("its process ended within a message"))?;
    Ok(body)
}

/// With what authors of programs forget first.
fn broken(error: FrameError) -> io::Error {
    io::Error::other(format!("it broke the protocol: {error} ({FRAMES_ONLY})"))
}

/// Reads an output of the child's to its end. What stands there may be personal, so it is counted, and shown to authors only.
async fn drain(mut output: impl AsyncRead + Unpin, plugin: TargetName, stream: &'static str, mut lines: Lines) {
    let mut chunk = [0; 4096];
    let mut bytes = 0_u64;
    while let Ok(read @ 1..) = output.read(&mut chunk).await {
        bytes += read as u64;
        lines.push(&chunk[..read]);
    }
    if bytes > 0 && !lines.are_shown() {
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
