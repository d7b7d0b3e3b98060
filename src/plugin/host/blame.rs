//! Which calls have killed the child. A call that did runs alone the next time, so that the guilty one of several is found;
//! the third time it is given up, and the others go on.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::plugin::lock::lock;
use crate::plugin::session::Company;
use crate::target::TargetError;

/// A call that killed the child so often is not made again.
const STRIKES_MAX: u8 = 3;
/// Calls whose strikes are remembered.
const SUSPECTS_MAX: usize = 1024;

/// How often a call killed the child, by its idempotency key. In memory: a restart of the server begins anew.
#[derive(Default)]
pub(in crate::plugin) struct Strikes(Mutex<HashMap<String, u8>>);

impl Strikes {
    pub(in crate::plugin) fn company(&self, key: &str) -> Company {
        if lock(&self.0).contains_key(key) { Company::Alone } else { Company::Any }
    }

    pub(in crate::plugin) fn acquit(&self, key: &str) {
        lock(&self.0).remove(key);
    }

    /// Notes that the child died during a call. After the third time the call fails for good, and is then forgotten, so
    /// that a person can have it tried again.
    pub(in crate::plugin) fn blame(&self, key: &str, why: String) -> TargetError {
        let mut strikes = lock(&self.0);
        if strikes.len() >= SUSPECTS_MAX
            && !strikes.contains_key(key)
            && let Some(forgotten) = strikes.keys().next().cloned()
        {
            strikes.remove(&forgotten);
        }
        let count = strikes.entry(key.to_owned()).or_default();
        *count += 1;
        if *count < STRIKES_MAX {
            return TargetError::Retryable(why);
        }
        strikes.remove(key);
        TargetError::Permanent(format!("this call ended the plugin's process {STRIKES_MAX} times; the last: {why}"))
    }
}
