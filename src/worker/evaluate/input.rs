//! What an evaluation is given: the rules and keys, and why the session is evaluated.

use jiff::Timestamp;

use crate::consent::Withdrawal;
use crate::event::{EventHead, Form};
use crate::keys::IndexKey;
use crate::policy::Policy;
use crate::subject::{Fingerprinter, Params};
use crate::worker::settings::SettlingSettings;

/// What evaluating needs beside the facts. Its phases are in the files of this folder, each of which adds its methods.
pub(in crate::worker) struct Evaluation<'a> {
    pub(in crate::worker) policy: &'a Policy,
    pub(in crate::worker) settling: &'a SettlingSettings,
    /// The names of form fields that identify a person.
    pub(in crate::worker) params: &'a Params,
    pub(in crate::worker) fingerprinter: &'a Fingerprinter,
    pub(in crate::worker) index: &'a IndexKey,
    /// Whether what somebody has asked for waits for somebody else's approval (`requests.four_eyes`).
    pub(in crate::worker) four_eyes: bool,
    pub(in crate::worker) now: Timestamp,
}

/// Why the session is evaluated.
#[derive(Clone, Copy)]
pub(in crate::worker) enum Cause<'a> {
    Event(&'a EventHead, Option<&'a Form>),
    /// Its time to settle has come.
    Settle,
    /// An officer was told that the consent is withdrawn.
    Withdrawn(&'a Withdrawal),
}
