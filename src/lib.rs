//! quietus: the webhook target that makes mluvii's conversations fall silent when they must, and holds the receipt.
//!
//! The library exists for the binary beside it; its one public item is [`main`]; the feature `measure` adds what a
//! benchmark needs. ARCHITECTURE.md maps the modules.

mod access;
mod admin;
mod alert;
mod app;
mod attention;
mod audit;
mod blocking;
mod causes;
mod chain;
#[cfg(test)]
mod chance;
mod cli;
mod clock;
mod config;
mod confirming;
mod consent;
mod control;
mod deadline;
mod erasure;
mod event;
mod external;
#[cfg(test)]
mod fuzz;
mod hold;
mod http;
mod http_client;
mod key_files;
mod keys;
mod language;
mod ledger;
mod likeness;
mod lock;
mod mail;
mod manual;
mod mluvii;
mod monitoring;
mod operations;
mod outside;
mod panics;
mod papers;
mod plugin;
mod policy;
mod receipt;
mod request;
mod standin;
mod subject;
mod target;
mod verify;
mod watch;
mod worker;

pub use cli::main;

/// What `benches/claiming` and `benches/plugins` measure.
#[cfg(feature = "measure")]
#[doc(hidden)]
pub mod measure {
    pub use crate::ledger::postgres::measure::*;
    pub use crate::plugin::measure::MeasuredPlugin;
}
