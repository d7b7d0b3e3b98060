//! Plugins: targets that are native libraries or programs, each in a child process of its own. Knows nothing of the ledger, of
//! HTTP or of mluvii; loads no library into the server itself.
//!
//! [`PluginHost`] supervises: it starts the child (`quietus plugin-host`, see [`child`]), speaks with it ([`session`]),
//! restarts it when it is lost, and is a [`Target`](crate::target::Target) like any other.

mod allowed_values;
mod cgroup;
mod check;
mod child;
mod contract;
mod failure;
mod frame;
mod host;
mod info;
mod inspect;
mod installed;
mod kit;
mod launch;
mod launching;
mod locate;
mod lock;
mod machine;
mod mark;
#[cfg(feature = "measure")]
pub(crate) mod measure;
mod memory;
mod output;
mod passing;
mod permissions;
mod process;
mod program;
mod reading;
mod redact;
mod regular;
mod request;
mod schema;
mod session;
mod settings;
mod spawner;
mod sweep;
mod target;
mod validation;
mod violation;

pub(crate) use cgroup::Delegated;
pub(crate) use check::{CheckRefused, Connect, PluginFindings, check, check_offline, findings};
pub(crate) use child::plugin_host_main;
pub(crate) use host::{PluginHost, PluginState, PluginView};
pub(crate) use info::PluginInfo;
pub(crate) use installed::{Installed, PluginRefused};
pub(crate) use kit::{Event, Finding, Form, Introduction, TestedPlugin, Verdict, conform, introduce};
pub(crate) use launch::Level;
pub(crate) use mark::is_of_a_plugin;
pub(crate) use output::Output;
pub(crate) use program::Program;
pub(crate) use settings::{Expected, PluginSettings};

#[cfg(test)]
pub(crate) mod tests;
