//! Crash attribution: which calls the plugin's process has died during. Such a call runs alone the next time, so that the
//! culprit among several is found. After the third failure it is given up, and other calls go on.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::plugin::lock::lock;
use crate::plugin::session::CoRunning;
use crate::target::TargetError;

/// A call during which the process died so often is not made again.
const FAILURES_MAX: u8 = 3;
/// Calls whose failures are counted.
const CALLS_MAX: usize = 1024;

/// How often the process died during a call, by the call's idempotency key. In memory: a restart of the server starts over.
#[derive(Default)]
pub(in crate::plugin) struct CrashAttribution(Mutex<HashMap<String, u8>>);

impl CrashAttribution {
    /// A call that is suspected of killing the process runs alone.
    pub(in crate::plugin) fn co_running(&self, key: &str) -> CoRunning {
        if lock(&self.0).contains_key(key) { CoRunning::Excluded } else { CoRunning::Allowed }
    }

    /// The process outlived the call.
    pub(in crate::plugin) fn reset(&self, key: &str) {
        lock(&self.0).remove(key);
    }

    /// Counts that the process died during a call. The third failure is permanent. The count then starts over, so that a
    /// person can retry the call.
    pub(in crate::plugin) fn count_failure(&self, key: &str, why: String) -> TargetError {
        let mut counts = lock(&self.0);
        // Bounded: keys come from callers. Losing one entry costs that call one more attempt, nothing else.
        if counts.len() >= CALLS_MAX
            && !counts.contains_key(key)
            && let Some(dropped) = counts.keys().next().cloned()
        {
            counts.remove(&dropped);
        }
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        if *count < FAILURES_MAX {
            return TargetError::Retryable(why);
        }
        counts.remove(key);
        TargetError::Permanent(format!("this call ended the plugin's process {FAILURES_MAX} times; the last: {why}"))
    }
}
