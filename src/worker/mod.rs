//! The worker: claims due work from the ledger, looks sessions up, decides, erases, verifies and writes receipts. It
//! takes no input but the ledger, so that recovery and the happy path are one; it never sees an HTTP request.
//!
//! `run.rs` is the life of a claim. What the work is stands in a file for each kind, in one function from the claim to
//! what is written: `evaluate`, `settle`, `resolve`, `find`, `erase`, `verify`, `close`.

mod accepted;
mod call;
mod close;
mod end;
mod erase;
mod evaluate;
mod failure;
mod find;
mod foresee;
mod heartbeat;
mod lease;
mod look_up;
mod metrics;
mod output;
mod owner;
mod parts;
mod patience;
mod queue;
mod resolve;
mod resolver;
mod resume;
mod rules;
mod run;
mod settings;
mod settle;
mod span;
mod tasks;
mod uncalled;
mod unwritten;
mod verify;
mod withdraw;

pub(crate) use accepted::Accepted;
pub(crate) use find::{finds_of, given};
pub(crate) use foresee::{Foresight, LookedUp};
pub(crate) use heartbeat::Heartbeat;
pub(crate) use lease::Lease;
pub(crate) use parts::Worker;
pub(crate) use resolver::{
    Found, OnUnread, Question, ResolveError, Resolver, ScopeResolution, contradict_one_another, judge_guest,
};
pub(crate) use settings::{ErasingSettings, SettlingSettings};
pub(crate) use tasks::Turn;
pub(crate) use withdraw::WithdrawalDecided;
