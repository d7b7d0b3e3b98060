//! The runtime that clients of brokers need: one for each call, so that a broker that was away, or a connection that went
//! bad, is never met again by a later call.

use std::time::Duration;

use quietus_plugin::{Call, PluginError};

/// The longest that handing on one message may take.
const LONGEST: Duration = Duration::from_secs(30);
/// How often a call is asked whether it is still wanted.
const NAP: Duration = Duration::from_millis(100);

/// Works on it until it is done, its time is up, or the call is cancelled.
pub(crate) fn run<T>(call: &Call, work: impl Future<Output = Result<T, PluginError>>) -> Result<T, PluginError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| PluginError::retryable(format!("no runtime: {}", error.kind())))?;
    let longest = call.remaining().map_or(LONGEST, |left| left.min(LONGEST));
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = work => ended,
            () = tokio::time::sleep(longest) => {
                Err(PluginError::retryable("the broker did not confirm in time; whether it has the message is unknown"))
            }
            error = called_off(call) => Err(error),
        }
    });
    // Not dropped, which waits for a look-up of a host's name that hangs, beyond the call's time.
    runtime.shutdown_background();
    ended
}

async fn called_off(call: &Call<'_>) -> PluginError {
    loop {
        if let Err(error) = call.check() {
            return error;
        }
        tokio::time::sleep(NAP).await;
    }
}
