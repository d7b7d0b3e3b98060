//! What is known of the ledger outside of it: its id, its newest receipt and its keys, in a file beside it and at witnesses
//! elsewhere. A chain proves nothing about its own end: only what was kept elsewhere shows that receipts were cut off, or that
//! an older ledger was put in the place of a newer one. What a receipt says is not known here.

mod compare;
mod keep;
mod known;
mod newest;
mod witness;

pub(crate) use compare::{Behind, compare, must_be_there};
pub(crate) use keep::{Keeper, keep};
pub(crate) use known::{Known, KnownKeys, StateError, StateFile, machine_name};
pub(crate) use newest::Newest;
pub(crate) use witness::{Witness, WitnessSettings};
