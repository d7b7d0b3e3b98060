//! What nobody would notice by itself: whether mluvii still has our webhooks. What a webhook must be follows from the configuration
//! ([`Wanted`]); how one at mluvii compares with it is one pure function. So is how long a source is
//! usually silent. Knows nobody who asks, and nothing that is asked.

mod callback;
mod compare;
mod settings;
mod silence;

pub(crate) use callback::{NoCallback, Wanted, event_types};
pub(crate) use compare::{Lacks, State, compare, is_ours};
pub(crate) use settings::WatchSettings;
pub(crate) use silence::silence_max;
