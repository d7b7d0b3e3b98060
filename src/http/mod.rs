//! Receiving over HTTP: webhooks, reports of third parties, health, metrics. What was acknowledged is in the ledger. Knows
//! of the ledger what receiving may do ([`crate::ledger::Intake`]), and neither mluvii, nor plugins, nor the rules.

mod accepting;
mod astray;
mod body;
mod client;
mod connection;
mod counts;
mod delivered;
mod health;
mod known;
mod log_rate_limit;
mod metrics;
mod one_client;
mod pace;
mod reaction;
mod receiver;
mod receiving;
mod refused;
mod reports;
mod routes;
mod serve;
mod settings;
mod strangers;
mod unproved;

pub(crate) use accepting::Accepting;
pub(crate) use client::{address_of, client_of, is_from_proxy};
pub(crate) use delivered::write_delivered;
pub(crate) use health::{Readiness, UP, WorkerState};
pub(crate) use known::Seat;
pub(crate) use log_rate_limit::LogRateLimit;
pub(crate) use metrics::{Metrics, MoreMetrics};
pub(crate) use receiver::Receiver;
pub(crate) use receiving::ReceivingState;
pub(crate) use refused::write_refused;
pub(crate) use reports::Reports;
pub(crate) use routes::{metrics_router, reports_router, router};
pub(crate) use serve::{Drained, EXCESS_MAX, Stop, serve};
pub(crate) use settings::ServerSettings;
pub(crate) use strangers::Client;

#[cfg(test)]
mod tests;
