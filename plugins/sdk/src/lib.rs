//! Write plugins for quietus.
//!
//! A plugin erases one person's data in one system: a CRM, a mailbox, a database. It implements [`Plugin`], is exported
//! with [`export_plugin!`], and is built as a `cdylib`. quietus loads it into a process of its own and calls it with the
//! identifiers that the operator granted. What the plugin answers becomes part of a signed receipt, so the answers are
//! exact: what was erased, what was never there, what must be kept, what is still there when asked again.
//!
//! ```standalone_crate
//! use quietus_plugin::*;
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     folder: std::path::PathBuf,
//! }
//!
//! /// Deletes `{folder}/{guest_id}.json`.
//! struct Folder(Config);
//!
//! impl Plugin for Folder {
//!     type Config = Config;
//!
//!     fn manifest() -> Manifest {
//!         Manifest::new("folder", "1.0.0").requires(Kind::GuestId).writes("/folder")
//!     }
//!
//!     fn configure(config: Config, _: Secrets) -> Result<Self, PluginError> {
//!         Ok(Self(config))
//!     }
//!
//!     fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
//!         if !self.0.folder.is_dir() {
//!             // Where nobody can look, nothing is absent.
//!             return Err(PluginError::needs_operator("the folder is not there"));
//!         }
//!         let mut erased = 0;
//!         for id in request.values(Kind::GuestId).filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric())) {
//!             call.check()?;
//!             match std::fs::remove_file(self.0.folder.join(format!("{id}.json"))) {
//!                 Ok(()) => erased += 1,
//!                 Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
//!                 Err(e) => return Err(PluginError::retryable(format!("cannot delete: {}", e.kind()))),
//!             }
//!         }
//!         Ok(if erased == 0 { Answer::absent() } else { Answer::erased().count("files", erased) })
//!     }
//! }
//!
//! export_plugin!(Folder);
//!
//! // In a test:
//! let host = TestHost::<Folder>::new(serde_json::json!({ "folder": "/nowhere" }))?;
//! let refused = host.erase([("guest_id", "4711")]).expect_err("nobody can look there");
//! assert_eq!(refused.class, ErrorClass::NeedsOperator);
//! # Ok::<(), PluginError>(())
//! ```
//!
//! [`TestHost`] runs a plugin in a test. [`Request::writes`] keeps a dry run from changing anything. [`Call::checkpoint`] stores
//! how far a call is before and after what cannot be undone, and [`Call::resume`] returns it to the next call of the same step,
//! whatever happened to the process. [`Progress`] does so for what is counted, by [marks](mark). The feature `http` brings a client for
//! systems with an HTTP API.
//!
//! [`identity`] says when two values mean the same; compare what was found with [`Request::normal_forms`].
//!
//! Knows nothing of the server or of threads: [`protocol`] is types and a codec without I/O, [`abi`] mirrors
//! `include/quietus_plugin.h`. Only the feature `http` connects to anything.

pub mod abi;
mod call;
mod checkpoint;
mod dispatch;
#[cfg(feature = "http")]
pub mod http;
pub mod identity;
pub mod json;
mod kind;
pub mod leb128;
mod lock;
mod loopback;
mod manifest;
mod mark;
mod plugin;
mod progress;
pub mod protocol;
mod redact;
mod span;
mod test_host;
mod thunk;
#[cfg(feature = "tls")]
pub mod tls;
mod writes;

pub use call::Call;
pub use checkpoint::Stored;
pub use kind::Kind;
pub use loopback::is_loopback;
pub use manifest::{ANY, Manifest, Operation, Timeouts, Wanted, pointed};
pub use mark::mark;
pub use plugin::{Plugin, Secrets};
pub use progress::{Own, Progress};
pub use protocol::{
    Answer, ErrorClass, Found, Identifier, Level, Outcome, PluginError, ReportTo, Request, ResumeValue, Scope,
    Sensitive, Sweep, Swept, SweptRecord,
};
pub use redact::{redact, shown};
pub use span::Span;
pub use test_host::{TestHost, unsaid};
pub use writes::Writes;

/// For [`export_plugin!`] only.
#[doc(hidden)]
pub mod __private {
    pub use crate::thunk::{Table, table};
}

/// The examples in PLUGINS.md, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../PLUGINS.md")]
struct PluginsMd;
