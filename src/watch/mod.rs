//! What nobody would notice by itself: whether mluvii still has our webhooks. What a webhook must be follows from the configuration
//! ([`Wanted`]); how one at mluvii compares with it is one pure function. Knows neither the ledger nor who asks.

mod callback;
mod compare;
mod settings;

pub(crate) use callback::{NoCallback, Wanted, event_types};
pub(crate) use compare::{State, compare, is_ours};
pub(crate) use settings::{PingMethod, PingSettings, WatchSettings};
