//! Protocol v1: what the host and a plugin's process say to each other. Types and a codec, no I/O.
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
//!                 ◀─────    result, error or unsupported (id): exactly one of them
//! ```

mod answer;
mod error;
mod frame;
mod level;
mod request;

pub use answer::{Answer, Outcome};
pub use error::{ErrorClass, PluginError};
pub use frame::{FRAME_BYTES_MAX, FrameError, body_len, encode, json};
pub use level::Level;
pub use request::{Identifier, ReportTo, Request, Scope, Sensitive};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Manifest;

/// The protocol's version, said in `hello`. Not the product's version.
///
/// ```
/// use quietus_plugin::protocol::{HostMessage, PROTOCOL};
///
/// let hello = serde_json::to_value(HostMessage::Hello { protocol: PROTOCOL })?;
/// assert_eq!(hello, serde_json::json!({ "type": "hello", "protocol": 1 }));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const PROTOCOL: u32 = 1;

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
        /// Whom.
        request: Request,
    },
    /// Look whether it is gone.
    Verify {
        /// As in `erase`.
        id: u64,
        /// As in `erase`.
        timeout_ms: u64,
        /// Whom.
        request: Request,
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
        /// What the plugin says of itself.
        manifest: Box<Manifest>,
        /// What the process says of itself, such as `sha256` of the library; shown to the operator.
        #[serde(default)]
        facts: BTreeMap<String, String>,
    },
    /// Configured; calls may come.
    Ready,
    /// The answer to a call: an [`Answer`] to `erase` and `verify`, an empty object to `health`.
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
    const KINDS: [&str; 8] = ["hello", "configure", "erase", "verify", "health", "cancel", "shutdown", "unsupported"];

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
    const KINDS: [&str; 7] = ["hello", "ready", "result", "error", "log", "progress", "unsupported"];

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
