//! A call that waits for the database, and does not let it run on: returns the work's result, or ends the work on
//! the server when the host no longer wants the answer.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use quietus_plugin::{Call, PluginError};

use crate::database::Stopper;

/// How often the host is asked whether it still wants the answer.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The host kills 2 s after it cancelled: so long may telling the server take, and so long its end.
const STOPPING_MAX: Duration = Duration::from_millis(700);

/// How the work under way is ended, once it has a connection.
#[derive(Default)]
pub(crate) struct Stop(RefCell<Option<Stopper>>);

impl Stop {
    pub(crate) fn by(&self, stopper: Stopper) {
        self.0.replace(Some(stopper));
    }
}

/// Waits for the work as long as the host does.
pub(crate) fn attended<T>(
    call: &Call,
    stop: &Stop,
    work: impl Future<Output = Result<T, PluginError>>,
) -> Result<T, PluginError> {
    call.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime
        .map_err(|e| PluginError::retryable(format!("the plugin cannot wait for the database: {}", e.kind())))?;
    runtime.block_on(async {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(LOOK_EVERY, &mut work).await {
                Ok(done) => return done,
                Err(_) if call.cancelled() => break,
                Err(_) => {}
            }
        }
        let stopper = stop.0.take();
        if let Some(stopper) = stopper {
            // The work is driven on meanwhile, so that it hears of its end.
            let stopping = tokio::time::timeout(STOPPING_MAX, stopper.stop());
            tokio::select! {
                biased;
                done = &mut work => return done.map_err(|_| PluginError::cancelled()),
                _ = stopping => {}
            }
            if let Ok(done) = tokio::time::timeout(STOPPING_MAX, &mut work).await {
                return done.map_err(|_| PluginError::cancelled());
            }
        }
        Err(PluginError::cancelled())
    })
}
