//! mluvii's public API, one client for each installation: looks sessions up, searches a person's, has sessions
//! anonymized and verifies it. It believes what was proved and nothing else: a key that is missing, a filter that may be
//! ignored and a 404 that may be an outage lead to another try or to "not known", never to an erasure or a receipt.
//! Knows neither the ledger nor the rules.

mod calls;
mod client;
mod control;
mod ended;
mod error;
mod gone;
mod keep;
mod left;
mod meter;
mod pointer;
mod probe;
mod proofs;
mod search;
mod settings;
mod shape;
mod submitted;
mod target;
mod template;
mod token;
mod transport;
mod unfinished;
mod verify;
mod webhooks;
mod wire;

pub(crate) use calls::{Pace, counted, paced};
pub(crate) use client::{Look, LookUp, MluviiClient};
pub(crate) use ended::{EndedSession, Sweep, Window};
pub(crate) use error::{MluviiError, SettingsError};
pub(crate) use meter::describe_calls;
pub(crate) use probe::{Finding, Probe, State, probe};
pub(crate) use settings::{MluviiSettings, Nulls};
pub(crate) use submitted::SubmittedForm;
pub(crate) use target::MluviiTarget;
pub(crate) use verify::AfterReceipt;
pub(crate) use webhooks::{Made, Webhook, WebhookId};
pub(crate) use wire::SessionFacts;

#[cfg(test)]
mod tests;
