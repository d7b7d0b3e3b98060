//! What is demanded of an erasure, in a few digits: whoever approves it says by them what they have seen.

use sha2::{Digest as _, Sha256};

use super::Erasure;
use super::life::Waiting;
use crate::subject::TargetName;
use jiff::Timestamp;

/// Digits that are shown: nobody has a reason to look for two of the same.
const DIGITS: usize = 16;

impl Erasure {
    /// Of what is demanded now; it changes with every rule, target or earlier time that joins.
    pub(crate) fn version(&self) -> String {
        let rules = self.rules.iter().map(String::as_str);
        version(rules, self.steps.iter().map(|step| &step.target), self.due)
    }
}

impl Waiting {
    /// The same of one in the ledger's hands.
    pub(crate) fn version(&self) -> String {
        version(self.rules.iter().map(String::as_str), self.targets.iter(), self.due)
    }
}

fn version<'a>(
    rules: impl Iterator<Item = &'a str>,
    targets: impl Iterator<Item = &'a TargetName>,
    due: Timestamp,
) -> String {
    let mut names: Vec<_> = rules.map(|rule| ("rule", rule.to_owned())).collect();
    names.extend(targets.map(|target| ("target", target.to_string())));
    // In whatever order they are read.
    names.sort_unstable();
    let mut hash = Sha256::new();
    for (kind, name) in names {
        hash.update(format!("{kind} {} {name}\n", name.len()));
    }
    hash.update(due.as_millisecond().to_be_bytes());
    let mut digits = hex::encode(hash.finalize());
    digits.truncate(DIGITS);
    digits
}
