//! mluvii's public API: looks sessions up, has them anonymized, asks whether that is done. Session and guest ids enter,
//! facts and outcomes leave; of a reply only the named fields are kept. Knows neither the ledger nor the rules.

mod client;
mod error;
mod keep;
mod progress;
mod settings;
mod target;
mod template;
mod token;
mod transport;
mod wire;

pub(crate) use client::{LookUp, MluviiClient};
pub(crate) use error::MluviiError;
pub(crate) use settings::{MluviiSettings, SettingsError};
pub(crate) use target::MluviiTarget;
pub(crate) use wire::SessionFacts;

#[cfg(test)]
mod tests;
