//! Protocol 1.1: what the host and a plugin's process say to each other. Types and a codec, no I/O.
//!
//! One message is one JSON object with a `type`, preceded by its length (see [`encode`]). Unknown fields are ignored; an
//! unknown type is decoded as `Unknown` and answered `unsupported`. The host speaks first:
//!
//! ```text
//! host                      plugin
//! hello           ─────▶
//!                 ◀─────    hello (manifest)
//! configure       ─────▶
//!                 ◀─────    ready, or error without an id
//! erase (id)      ─────▶
//!                 ◀─────    log, progress (id)
//!                 ◀─────    resume (id), and wait
//! resume_stored   ─────▶
//!                 ◀─────    result, error or unsupported (id): exactly one of them
//! ```

mod answer;
mod error;
mod feature;
mod found;
mod frame;
mod level;
mod request;
mod resume;
mod sweep;

pub use answer::{Answer, Outcome, TEXT_CHARS_MAX};
pub use error::{ErrorClass, PluginError};
pub use feature::Feature;
pub use found::Found;
pub use frame::{FRAME_BYTES_MAX, FrameError, body_len, encode, json};
pub use level::Level;
pub use request::{Identifier, ReportTo, Request, Scope, Sensitive};
pub use resume::ResumeValue;
pub use sweep::{Sweep, Swept, SweptRecord};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Manifest;

/// The protocol's version, said in `hello`. Not the product's version. Two sides with different ones do not work together.
///
/// ```
/// use quietus_plugin::protocol::{HostMessage, PROTOCOL, PROTOCOL_MINOR};
///
/// let hello = HostMessage::Hello { protocol: PROTOCOL, minor: PROTOCOL_MINOR, features: Vec::new() };
/// assert_eq!(serde_json::to_value(hello)?, serde_json::json!({ "type": "hello", "protocol": 1, "minor": 1 }));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const PROTOCOL: u32 = 1;

/// Grows when messages, fields or words are added, which the other side may not know: nothing depends on it. What a side can do
/// stands in the host's [`Feature`]s and in the plugin's [`Manifest`].
///
/// ```
/// use quietus_plugin::protocol::HostMessage;
///
/// let first = HostMessage::decode(br#"{"type":"hello","protocol":1}"#)?;
/// assert!(matches!(first, HostMessage::Hello { minor: 0, features, .. } if features.is_empty()));
/// # Ok::<(), quietus_plugin::protocol::FrameError>(())
/// ```
pub const PROTOCOL_MINOR: u32 = 1;

/// The methods that a host may call. A plugin answers `unsupported` to what it does not know.
///
/// ```
/// use quietus_plugin::protocol::{HostMessage, METHODS};
///
/// let dance = HostMessage::decode(br#"{"type":"dance","id":9}"#)?;
/// assert!(matches!(dance, HostMessage::Unknown { kind, .. } if !METHODS.contains(&kind.as_str())));
/// # Ok::<(), quietus_plugin::protocol::FrameError>(())
/// ```
pub const METHODS: [&str; 5] = ["erase", "verify", "health", "find", "sweep"];

/// What the host says.
///
/// ```
/// use quietus_plugin::protocol::HostMessage;
///
/// let cancel = HostMessage::Cancel { id: 7 };
/// assert_eq!(serde_json::to_string(&cancel)?, r#"{"type":"cancel","id":7}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum HostMessage {
    /// The first message.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// [`PROTOCOL_MINOR`].
        #[serde(default)]
        minor: u32,
        /// What it offers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        features: Vec<Feature>,
    },
    /// The second message; answered by `ready` or an `error` without an id.
    Configure {
        /// Fits the manifest's JSON Schema.
        config: serde_json::Value,
        /// The secrets, by name.
        #[serde(default)]
        secrets: BTreeMap<String, Sensitive>,
    },
    /// Erase.
    Erase {
        /// Chosen by the host, from 1, never again in the life of this process.
        id: u64,
        /// When the host gives up, in milliseconds from now.
        timeout_ms: u64,
        /// About whom.
        request: Request,
    },
    /// Look whether it is gone.
    Verify {
        /// As in `erase`.
        id: u64,
        /// As in `erase`.
        timeout_ms: u64,
        /// About whom.
        request: Request,
    },
    /// Tell what else the system knows the person by; answered by a `result` with a [`Found`].
    Find {
        /// As in `erase`.
        id: u64,
        /// As in `erase`.
        timeout_ms: u64,
        /// About whom.
        request: Request,
    },
    /// Tell whom the system holds, a page of it; answered by a `result` with a [`Swept`].
    Sweep {
        /// As in `erase`.
        id: u64,
        /// As in `erase`.
        timeout_ms: u64,
        /// Which page.
        request: Sweep,
    },
    /// Tell whether the system can be reached; answered by an empty `result` or an `error`.
    Health {
        /// As in `erase`.
        id: u64,
        /// As in `erase`.
        timeout_ms: u64,
    },
    /// The answer is no longer wanted. The call is still answered, with class `cancelled` or however it ended.
    Cancel {
        /// Of the call.
        id: u64,
    },
    /// The value of the plugin's `resume` is stored durably: the plugin may go on.
    ResumeStored {
        /// Of the call.
        id: u64,
        /// Which value of this call, from 1.
        sequence: u64,
    },
    /// The value of the plugin's `resume` is not stored, or what is left is to stay, as somebody has held the person or stopped the erasure: the
    /// plugin must not do what it wanted to do after it.
    ResumeRefused {
        /// Of the call.
        id: u64,
        /// Why.
        #[serde(default)]
        message: String,
    },
    /// Finish what is under way and end.
    Shutdown,
    /// The plugin's message is not known here.
    Unsupported {
        /// The message's `id`, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// The message's `type`.
        #[serde(default)]
        what: String,
    },
    /// A message of a later version.
    #[serde(skip)]
    Unknown {
        /// Its `type`.
        kind: String,
        /// Its `id`, where it has one.
        id: Option<u64>,
    },
}

/// What a plugin's process says.
///
/// ```
/// use quietus_plugin::PluginError;
/// use quietus_plugin::protocol::PluginMessage;
///
/// let refusal = PluginMessage::Error { id: None, error: PluginError::needs_operator("no such table") };
/// let json = serde_json::json!({ "type": "error", "error": { "class": "needs_operator", "message": "no such table" } });
/// assert_eq!(serde_json::to_value(&refusal)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PluginMessage {
    /// The answer to the host's `hello`, before the configuration is known.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// [`PROTOCOL_MINOR`].
        #[serde(default)]
        minor: u32,
        /// What the plugin says of itself.
        manifest: Box<Manifest>,
        /// What the process says of itself, such as `sha256` of the library; shown to the operator.
        #[serde(default)]
        facts: BTreeMap<String, String>,
    },
    /// Configured; calls may come.
    Ready,
    /// The answer to a call: an [`Answer`] to `erase` and `verify`, a [`Found`] to `find`, a [`Swept`] to `sweep`, an empty object to `health`.
    Result {
        /// Of the call.
        id: u64,
        /// By the call's type.
        result: serde_json::Value,
    },
    /// A call, or, without an id, the start or the configuration failed.
    Error {
        /// Of the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// Why.
        error: PluginError,
    },
    /// A line for the log. The host redacts the identifiers and secrets that it sent.
    Log {
        /// Of the call, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// How much it matters.
        level: Level,
        /// One line.
        text: String,
    },
    /// How far a call is.
    Progress {
        /// Of the call.
        id: u64,
        /// How many are done.
        done: u64,
        /// Of how many, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// How far a call is, to be stored before and after each act that cannot be undone. The plugin waits for `resume_stored`
    /// before it goes on, and sends one at a time. `progress` is for people, this is for the next call.
    Resume {
        /// Of the call.
        id: u64,
        /// What comes with the next call of this step.
        value: ResumeValue,
    },
    /// The host's message is not known here.
    Unsupported {
        /// The message's `id`, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// The message's `type`.
        #[serde(default)]
        what: String,
    },
    /// A message of a later version.
    #[serde(skip)]
    Unknown {
        /// Its `type`.
        kind: String,
        /// Its `id`, where it has one.
        id: Option<u64>,
    },
}

/// Enough of a message to know what it is.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<u64>,
}

impl HostMessage {
    const KINDS: [&str; 12] = [
        "hello",
        "configure",
        "erase",
        "verify",
        "find",
        "sweep",
        "health",
        "cancel",
        "resume_stored",
        "resume_refused",
        "shutdown",
        "unsupported",
    ];

    /// Reads one message's JSON. The error shows no content.
    ///
    /// ```
    /// use quietus_plugin::protocol::HostMessage;
    ///
    /// let later = HostMessage::decode(br#"{"type":"dance","id":9,"steps":[1,2]}"#)?;
    /// assert!(matches!(later, HostMessage::Unknown { kind, id: Some(9) } if kind == "dance"));
    /// # Ok::<(), quietus_plugin::protocol::FrameError>(())
    /// ```
    pub fn decode(json: &[u8]) -> Result<Self, FrameError> {
        let envelope: Envelope = frame::parse(json)?;
        if Self::KINDS.contains(&envelope.kind.as_str()) {
            return frame::parse(json);
        }
        Ok(Self::Unknown { kind: envelope.kind, id: envelope.id })
    }
}

impl PluginMessage {
    const KINDS: [&str; 8] = ["hello", "ready", "result", "error", "log", "progress", "resume", "unsupported"];

    /// Reads one message's JSON. The error shows no content.
    ///
    /// ```
    /// use quietus_plugin::protocol::PluginMessage;
    ///
    /// let progress = PluginMessage::decode(br#"{"type":"progress","id":7,"done":3,"mood":"good"}"#)?;
    /// assert!(matches!(progress, PluginMessage::Progress { id: 7, done: 3, total: None }));
    /// # Ok::<(), quietus_plugin::protocol::FrameError>(())
    /// ```
    pub fn decode(json: &[u8]) -> Result<Self, FrameError> {
        let envelope: Envelope = frame::parse(json)?;
        if Self::KINDS.contains(&envelope.kind.as_str()) {
            return frame::parse(json);
        }
        Ok(Self::Unknown { kind: envelope.kind, id: envelope.id })
    }
}

/// What a library passes to the host's `reply`: the answer to a call without its id.
///
/// ```
/// use quietus_plugin::protocol::Reply;
///
/// assert_eq!(serde_json::to_string(&Reply::Unsupported)?, r#"{"type":"unsupported"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// Becomes [`PluginMessage::Result`].
    Result {
        /// By the call's type.
        result: serde_json::Value,
    },
    /// Becomes [`PluginMessage::Error`].
    Error {
        /// Why.
        error: PluginError,
    },
    /// Becomes [`PluginMessage::Unsupported`].
    Unsupported,
}

/// What a library's `create` gets: the content of `configure`.
///
/// ```
/// use quietus_plugin::protocol::Setup;
///
/// let setup: Setup = serde_json::from_str(r#"{ "config": { "folder": "/srv" }, "secrets": { "token": "hunter2" } }"#)?;
/// assert_eq!(setup.config["folder"], "/srv");
/// assert_eq!(setup.secrets["token"].expose(), "hunter2");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Fits the manifest's JSON Schema.
    pub config: serde_json::Value,
    /// The secrets, by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, Sensitive>,
}

#[cfg(test)]
mod tests;
