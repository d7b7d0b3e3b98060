//! An HTTP client for plugins (feature `http`), whose errors are those of the protocol.
//!
//! It keeps to one origin, to a rate, to the call's deadline and to its cancellation; it follows no redirect and bounds
//! what it reads. A request that changes something needs [`Writes`](crate::Writes), which a dry run does not get. No
//! error text holds a URL or a body, as identifiers stand there.
//!
//! ```
//! use quietus_plugin::http::test::{Reply, Server};
//! use quietus_plugin::http::{Client, Request, Settings};
//! use quietus_plugin::*;
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     http: Settings,
//! }
//!
//! /// Deletes the contact whose id is the guest's.
//! struct Crm(Client);
//!
//! impl Plugin for Crm {
//!     type Config = Config;
//!
//!     fn manifest() -> Manifest {
//!         Manifest::new("crm", "1.0.0").requires("guest_id").requires_secret("token").http("/http").dry_run()
//!     }
//!
//!     fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
//!         Ok(Self(Client::new(&config.http, &secrets)?))
//!     }
//!
//!     fn erase(&self, request: &quietus_plugin::Request, call: &Call) -> Result<Answer, PluginError> {
//!         let Some(writes) = request.writes() else { return self.verify(request, call) };
//!         let mut erased = 0;
//!         for id in request.values(Kind::GuestId) {
//!             let answer = self.0.send(&Request::delete("/contacts", writes).segment(id), call)?;
//!             erased += u64::from(answer.erased());
//!         }
//!         Ok(if erased == 0 { Answer::absent() } else { Answer::erased().count("contacts", erased) })
//!     }
//!
//!     fn verify(&self, request: &quietus_plugin::Request, call: &Call) -> Result<Answer, PluginError> {
//!         let mut found = 0;
//!         for id in request.values(Kind::GuestId) {
//!             found += u64::from(!self.0.send(&Request::get("/contacts").segment(id), call)?.gone());
//!         }
//!         Ok(if found == 0 { Answer::absent() } else { Answer::residual().count("contacts", found) })
//!     }
//! }
//!
//! let mut there = true;
//! let crm = Server::start(move |seen| match seen.method.as_str() {
//!     "DELETE" if std::mem::take(&mut there) => Reply::empty(204),
//!     _ => Reply::empty(if there { 200 } else { 404 }),
//! });
//! let config = serde_json::json!({ "http": { "base_url": crm.url, "auth": { "bearer": { "secret": "token" } } } });
//! let host = TestHost::<Crm>::with_secrets(config, [("token", "hunter2")])?;
//! assert_eq!(host.dry_run([("guest_id", "g/7")]), Ok(Answer::residual().count("contacts", 1)));
//! assert_eq!(host.erase([("guest_id", "g/7")]), Ok(Answer::erased().count("contacts", 1)));
//! assert_eq!(crm.lines(), ["GET /contacts/g%2F7", "DELETE /contacts/g%2F7"]);
//! # Ok::<(), PluginError>(())
//! ```

mod address;
mod assertion;
mod auth;
mod authorization;
mod client;
mod credentials;
mod echo;
mod encode;
mod failure;
mod pace;
mod request;
mod response;
mod settings;
pub mod test;
mod tls;
mod token;

pub use auth::{Auth, ClientAuth};
pub use client::Client;
pub use encode::{has_dots, percent};
pub use failure::Failure;
pub use request::Request;
pub use response::Response;
pub use settings::Settings;
pub use ureq::http::{HeaderName, Method};

#[cfg(test)]
mod tests;
