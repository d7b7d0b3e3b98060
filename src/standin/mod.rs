//! A stand-in for mluvii, and a small CRM beside it: for demonstrations, tests and plugin authors. Conversations enter
//! through a control API or the handle, webhooks and API replies leave, as awkward as the real ones. What it holds is
//! test data and stays in memory: nothing here writes to a disk or a log.

mod anonymize;
mod api;
mod behaviour;
mod clock;
mod contact_api;
mod contacts;
mod control;
mod conversation;
mod courier;
mod crm;
mod document;
mod event;
mod found;
mod gate;
mod list;
mod post;
mod query;
mod serve;
mod served;
mod spelling;
mod state;
mod token_api;
mod tokens;
mod unknown;
mod webhook;
mod webhook_api;

#[cfg(test)]
pub(crate) use behaviour::Behaviour;
pub(crate) use conversation::{CallParam, FormKind, NewConversation, Submission};
pub(crate) use crm::{Contact, Crm};
pub(crate) use gate::{Call, Fault, FaultKind};
pub(crate) use serve::start;
pub(crate) use state::{StandIn, StandInSettings};
pub(crate) use unknown::Unknown;

#[cfg(test)]
mod tests;
