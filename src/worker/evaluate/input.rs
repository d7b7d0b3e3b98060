//! What an evaluation is given: the rules and keys, why the session is evaluated, and what mluvii showed of it.

use jiff::Timestamp;

use crate::consent::UnknownCause;
use crate::event::{EventHead, Form};
use crate::keys::{IndexKey, SealKey};
use crate::mluvii::SessionFacts;
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
    pub(in crate::worker) seal: &'a SealKey,
    pub(in crate::worker) now: Timestamp,
}

/// Why the session is evaluated.
#[derive(Clone, Copy)]
pub(in crate::worker) enum Cause<'a> {
    Event(&'a EventHead, Option<&'a Form>),
    /// Its time to settle has come.
    Settle,
}

/// What mluvii showed of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::worker) enum Seen {
    /// No look-up was made, as no rule listens.
    NotLooked,
    Read(Box<SessionFacts>),
    /// The session could not be read for as long as `settling.patience`.
    Unknown(UnknownCause),
}

impl Seen {
    pub(super) fn facts(&self) -> Option<&SessionFacts> {
        match self {
            Self::Read(facts) => Some(facts),
            Self::NotLooked | Self::Unknown(_) => None,
        }
    }
}
