//! A plugin's process, spoken to frame by frame. Unlike a session, it can send what no host would send, and sees everything
//! before redaction. Every wait has an end.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use quietus_plugin::protocol::{Feature, HostMessage, PROTOCOL, PROTOCOL_MINOR, PluginMessage, Reply};
use quietus_plugin::{PluginError, ResumeValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use super::leak_scanner::SharedScanner;
use super::tested::{Introduction, TestedPlugin};
use crate::plugin::frame::{Frame, ReadError};
use crate::plugin::launch::{Confined, Launch, Permissions, Prepared};
use crate::plugin::output::Lines;
use crate::plugin::process::{Process, describe};
use crate::plugin::session::CANCEL_GRACE;

/// How long loading may take.
pub(super) const HELLO_MAX: Duration = Duration::from_secs(5);
/// How long configuring may take.
pub(super) const CONFIGURE_MAX: Duration = Duration::from_secs(30);
/// How long a frame may take to be written, and the end of a killed process to be seen.
const SOON: Duration = Duration::from_secs(2);
/// How late a checkpoint is acknowledged to show who does not wait.
const LATE: Duration = Duration::from_millis(200);
/// What is kept of an output until it is searched, in bytes.
const OUTPUT_MAX: usize = 1 << 18;

/// A child under test.
pub(super) struct Wire {
    process: Process,
    permissions: Permissions,
    scanner: SharedScanner,
    next: u64,
    /// What is done with its checkpoints.
    pub(super) storing: Storing,
    /// What was stored, of all calls.
    pub(super) stored: Vec<ResumeValue>,
    /// How many checkpoints were refused.
    pub(super) refused: usize,
    /// It went on before its checkpoint was acknowledged.
    pub(super) rushed: bool,
    /// What it said then.
    early: VecDeque<PluginMessage>,
    /// Lines of its log.
    pub(super) lines: Vec<String>,
}

/// What is done with a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storing {
    Store,
    /// Stored, and acknowledged so late that it shows who does not wait.
    StoreLate,
    Refuse,
    /// Not known, as to a host of protocol 1.0.
    Unknown,
}

/// Which host a plugin is to see in its `hello`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HelloFrom {
    ThisHost,
    /// One of protocol 1.0.
    EarlierHost,
}

/// Why there is no message; nothing more comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// How it ended.
    Ended(String),
    Silent(Duration),
    Broken(String),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(how) => write!(f, "its process ended ({how})"),
            Self::Silent(longest) => write!(f, "there was no answer within {} ms", longest.as_millis()),
            Self::Broken(how) => write!(f, "it broke the protocol: {how}"),
        }
    }
}

/// How `hello` or `configure` went.
pub(super) enum Reaction<T> {
    Accepted(T),
    /// It said why not.
    Refused(PluginError),
}

impl Wire {
    /// Starts a child.
    pub(super) fn start(subject: &TestedPlugin, scanner: &SharedScanner) -> std::io::Result<Self> {
        let (mut process, stdout, stderr) = subject.start()?;
        let output = &subject.installed.output;
        process.drain(drain(stdout, "its standard output", scanner.clone(), Lines::of(output)));
        process.drain(drain(stderr, "its standard error", scanner.clone(), Lines::of(output)));
        let permissions = subject.permissions();
        Ok(Self {
            process,
            permissions,
            scanner: scanner.clone(),
            next: 1,
            storing: Storing::Store,
            stored: Vec::new(),
            refused: 0,
            rushed: false,
            early: VecDeque::new(),
            lines: Vec::new(),
        })
    }

    pub(super) fn process(&self) -> Option<u32> {
        self.process.id()
    }

    /// Says what to run, and then hello.
    pub(super) async fn hello(&mut self, launch: &Launch, more: Value) -> Result<Reaction<Introduction>, Lost> {
        self.hello_from(HelloFrom::ThisHost, launch, more).await
    }

    pub(super) async fn hello_from(
        &mut self,
        host: HelloFrom,
        launch: &Launch,
        more: Value,
    ) -> Result<Reaction<Introduction>, Lost> {
        let deadline = Instant::now() + HELLO_MAX;
        self.send(launch).await?;
        let sha256 = match self.launched(deadline).await? {
            Prepared::Hashed { sha256, .. } => sha256,
            Prepared::Refused { why } | Prepared::Busy { why } => {
                return Ok(Reaction::Refused(PluginError::needs_operator(why)));
            }
        };
        self.send(&self.permissions.clone()).await?;
        let sandbox = match self.launched(deadline).await? {
            Confined::Entered { level, .. } => level,
            Confined::Refused { why } => return Ok(Reaction::Refused(PluginError::needs_operator(why))),
        };
        let mut facts = BTreeMap::from([("sha256".to_owned(), sha256)]);
        let hello = match host {
            HelloFrom::ThisHost => {
                json!({ "type": "hello", "protocol": PROTOCOL, "minor": PROTOCOL_MINOR, "features": [Feature::Resume] })
            }
            HelloFrom::EarlierHost => json!({ "type": "hello", "protocol": PROTOCOL }),
        };
        self.send(&with(hello, more)).await?;
        match self.receive_first(deadline, HELLO_MAX).await? {
            PluginMessage::Hello { protocol: PROTOCOL, manifest, facts: more, .. } => {
                // What this program found out is not overwritten by what the plugin says.
                for (name, value) in more {
                    facts.entry(name).or_insert(value);
                }
                Ok(Reaction::Accepted(Introduction { manifest: *manifest, sandbox, facts }))
            }
            PluginMessage::Hello { protocol, .. } => {
                Err(Lost::Broken(format!("it speaks protocol {protocol}, this program speaks {PROTOCOL}")))
            }
            PluginMessage::Error { error, .. } => Ok(Reaction::Refused(error)),
            _ => Err(Lost::Broken("it did not say hello first".into())),
        }
    }

    /// Configures it.
    pub(super) async fn configure(
        &mut self,
        config: &Value,
        secrets: Value,
        more: Value,
    ) -> Result<Reaction<()>, Lost> {
        self.send(&with(json!({ "type": "configure", "config": config, "secrets": secrets }), more)).await?;
        match self.receive_first(Instant::now() + CONFIGURE_MAX, CONFIGURE_MAX).await? {
            PluginMessage::Ready => Ok(Reaction::Accepted(())),
            PluginMessage::Error { error, .. } => Ok(Reaction::Refused(error)),
            _ => Err(Lost::Broken("it answered `configure` with neither `ready` nor an error".into())),
        }
    }

    /// Makes one call and waits for its answer as long as the host would.
    pub(super) async fn call(&mut self, method: &str, request: Value, longest: Duration) -> Result<Reply, Lost> {
        let id = self.begin(method, request, longest).await?;
        self.answer(id, longest + CANCEL_GRACE).await
    }

    /// Begins a call; its id.
    pub(super) async fn begin(&mut self, method: &str, request: Value, longest: Duration) -> Result<u64, Lost> {
        let id = self.fresh_id();
        let timeout_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        let mut message = json!({ "type": method, "id": id, "timeout_ms": timeout_ms });
        if !request.is_null() {
            message["request"] = request;
        }
        self.send(&message).await?;
        Ok(id)
    }

    pub(super) fn fresh_id(&mut self) -> u64 {
        let id = self.next;
        self.next += 1;
        id
    }

    /// The answer to this call.
    pub(super) async fn answer(&mut self, id: u64, longest: Duration) -> Result<Reply, Lost> {
        match self.any_answer(longest).await? {
            (answered, reply) if answered == id => Ok(reply),
            (other, _) => Err(Lost::Broken(format!("it answered call {other}, which was not under way"))),
        }
    }

    /// The next answer to whatever call.
    pub(super) async fn any_answer(&mut self, longest: Duration) -> Result<(u64, Reply), Lost> {
        let deadline = Instant::now() + longest;
        loop {
            match self.receive(deadline, longest).await? {
                PluginMessage::Result { id, result } => return Ok((id, Reply::Result { result })),
                PluginMessage::Error { id: Some(id), error } => return Ok((id, Reply::Error { error })),
                PluginMessage::Unsupported { id: Some(id), .. } => return Ok((id, Reply::Unsupported)),
                PluginMessage::Resume { id, value } => self.checkpoint(id, value).await?,
                PluginMessage::Hello { .. } | PluginMessage::Ready => {
                    return Err(Lost::Broken("it introduced itself twice".into()));
                }
                _ => {}
            }
        }
    }

    async fn checkpoint(&mut self, id: u64, value: ResumeValue) -> Result<(), Lost> {
        if value.expose().len() > ResumeValue::BYTES_MAX {
            return Err(Lost::Broken(format!("a checkpoint of more than {} bytes", ResumeValue::BYTES_MAX)));
        }
        match self.storing {
            Storing::Refuse => {
                self.refused += 1;
                return self.send(&HostMessage::ResumeRefused { id, message: "as asked".into() }).await;
            }
            Storing::Unknown => {
                self.refused += 1;
                return self.send(&HostMessage::Unsupported { id: Some(id), what: "resume".into() }).await;
            }
            Storing::StoreLate => self.rushed |= self.says_more().await?,
            Storing::Store => {}
        }
        self.stored.push(value);
        let sequence = self.stored.len() as u64;
        self.send(&HostMessage::ResumeStored { id, sequence }).await
    }

    /// Whether it says anything but log lines before it is answered.
    async fn says_more(&mut self) -> Result<bool, Lost> {
        let until = Instant::now() + LATE;
        while self.process.is_readable(until.saturating_duration_since(Instant::now())).await {
            match self.receive(Instant::now() + SOON, SOON).await? {
                PluginMessage::Log { .. } | PluginMessage::Progress { .. } => {}
                message => {
                    self.early.push_back(message);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The next message that is no log line.
    async fn receive_first(&mut self, deadline: Instant, longest: Duration) -> Result<PluginMessage, Lost> {
        loop {
            match self.receive(deadline, longest).await? {
                PluginMessage::Log { .. } => {}
                message => return Ok(message),
            }
        }
    }

    async fn receive(&mut self, deadline: Instant, longest: Duration) -> Result<PluginMessage, Lost> {
        if let Some(message) = self.early.pop_front() {
            return Ok(message);
        }
        let body = self.frame(deadline, longest).await?;
        if let Ok(json) = serde_json::from_slice(&body) {
            self.scanner.lock().scan_message(&json);
        }
        let message = PluginMessage::decode(&body).map_err(|e| Lost::Broken(e.to_string()))?;
        if let PluginMessage::Log { text, .. } = &message {
            self.lines.push(text.clone());
        }
        Ok(message)
    }

    /// What the child says before anything of the plugin's runs.
    async fn launched<T: DeserializeOwned>(&mut self, deadline: Instant) -> Result<T, Lost> {
        let body = self.frame(deadline, HELLO_MAX).await?;
        serde_json::from_slice(&body).map_err(|_| Lost::Broken("its process is not this program's".into()))
    }

    async fn frame(&mut self, deadline: Instant, longest: Duration) -> Result<Frame, Lost> {
        match timeout_at(deadline, self.process.receive()).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(ReadError::Broken(error))) => Err(Lost::Broken(error.to_string())),
            Ok(Err(ReadError::Ended | ReadError::EndedWithin)) => Err(Lost::Ended(self.how_it_ended().await)),
            Err(_) => Err(Lost::Silent(longest)),
        }
    }

    /// Sends anything at all.
    pub(super) async fn send(&mut self, message: &impl Serialize) -> Result<(), Lost> {
        match timeout(SOON, self.process.send(message)).await {
            Ok(sent) => sent.map_err(|e| Lost::Broken(e.to_string())),
            Err(_) => Err(Lost::Broken("it does not read".into())),
        }
    }

    async fn how_it_ended(&mut self) -> String {
        match self.process.wait(SOON).await {
            Some(Ok(status)) => describe(status),
            Some(Err(e)) => format!("how is not known: {e}"),
            None => "it closed its side and did not end".into(),
        }
    }

    /// Waits for the process to end by itself; `None` when it does not.
    pub(super) async fn ended(&mut self, longest: Duration) -> Option<ExitStatus> {
        self.process.wait(longest).await.and_then(Result::ok)
    }

    /// Ends it, and waits for the last of its outputs to be searched.
    pub(super) async fn end(self) {
        let _ = timeout(2 * SOON, self.process.end()).await;
    }
}

/// The fields of both.
fn with(mut message: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut message, more) {
        fields.extend(more);
    }
    message
}

/// Searches an output to its end.
async fn drain(mut output: impl AsyncRead + Unpin, place: &'static str, scanner: SharedScanner, mut lines: Lines) {
    let mut kept = Vec::new();
    let mut chunk = vec![0; 1 << 14];
    while let Ok(read @ 1..) = output.read(&mut chunk).await {
        lines.push(&chunk[..read]);
        kept.extend_from_slice(&chunk[..read]);
        if kept.len() > OUTPUT_MAX {
            let mut scanner = scanner.lock();
            scanner.scan_bytes(&kept, place);
            // A value may stand across the cut.
            let cut = kept.len() - scanner.longest().min(kept.len());
            kept.drain(..cut);
        }
    }
    scanner.lock().scan_bytes(&kept, place);
}
