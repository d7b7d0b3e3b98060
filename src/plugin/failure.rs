//! A plugin's errors as the worker's: one [`TargetError`] per reaction.

use std::time::Duration;

use quietus_plugin::{ErrorClass, PluginError};

use crate::target::TargetError;

/// The process was killed because of a co-running call.
pub(super) const KILLED_FOR_ANOTHER: &str = "the plugin's process was killed because of another call";

/// A call waited in vain for others to end.
pub(super) const NO_SLOT: &str = "as many calls of the plugin as it takes at once were under way";

/// The plugin has ended a call as cancelled.
const CANCELLED: &str = "the plugin has cancelled the call, by itself or as its time was over";

/// What the plugin answered instead of a result.
pub(super) fn of_error(error: PluginError) -> TargetError {
    match error.class {
        ErrorClass::RateLimited => {
            TargetError::RateLimited { retry_after: error.retry_after_ms.map(Duration::from_millis) }
        }
        ErrorClass::Permanent => TargetError::Permanent(error.message),
        ErrorClass::NeedsOperator => TargetError::NeedsOperator(error.message),
        // At a shutdown it does not come here. It costs an attempt, as any other failure does: a plugin that gives up each call, or
        // is too slow at one and says so, would be asked for ever.
        ErrorClass::Cancelled => TargetError::Retryable(format!("{CANCELLED} ({})", error.message)),
        _ => TargetError::Retryable(error.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_that_cancels_by_itself_has_failed() {
        let TargetError::Retryable(why) = of_error(PluginError::cancelled()) else { panic!("it costs no attempt") };
        assert!(why.contains("cancelled"), "{why}");
    }
}
