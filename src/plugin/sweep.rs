//! A plugin is asked whom its system holds, a page at a time. What it says is of people whose values nobody knows here, so that nothing
//! of it can be redacted: nothing of it is shown or logged, but counts.

use quietus_plugin::{ErrorClass, PluginError, Sweep};

use super::failure::{KILLED_FOR_ANOTHER, NO_SLOT, of_error};
use super::host::PluginHost;
use super::reading::of_swept;
use super::session::{Ask, CoRunning, Ended, Outgoing, SLOT_WAIT_MAX};
use crate::target::{CANNOT_SWEEP, CANNOT_SWEEP_AS_CONFIGURED, SweepCall, SweepPage, TOLD_BY_ANOTHER, TargetError};

impl PluginHost {
    pub(super) async fn sweep_page(&self, page: &SweepCall) -> Result<SweepPage, TargetError> {
        let session = self.session().await?;
        let contract = &session.contract;
        if !contract.can_sweep() {
            return Err(TargetError::Permanent(CANNOT_SWEEP.into()));
        }
        let kinds = contract.swept();
        // By the very session that is asked: a reload may have put another one in the place of who told the page before.
        let now = contract.told_by(session.info.facts.get("sha256").map_or("", String::as_str));
        let SweepCall { records_max, region, cursor, told_by } = page.clone();
        if cursor.is_some() && told_by != now {
            return Err(TargetError::Permanent(TOLD_BY_ANOTHER.into()));
        }
        let wanted = Sweep { kinds, records_max, region, cursor };
        let longest = contract.verify_max;
        let outgoing = Outgoing {
            ask: Ask::Sweep(wanted.clone()),
            longest,
            // It is no step, and no other call is made to wait for it.
            co_running: CoRunning::Allowed,
            checkpoint: None,
        };
        match session.call(outgoing).await {
            Ended::Result(result) => Ok(SweepPage { told_by: now, ..of_swept(result, &wanted)? }),
            Ended::Unsupported => Err(TargetError::Permanent(CANNOT_SWEEP.into())),
            Ended::Failed(error) => Err(of_error(unsaid(error))),
            Ended::Lost(_) => Err(TargetError::Retryable("the plugin's process was lost".into())),
            Ended::TimedOut => Err(TargetError::Retryable(format!("no answer within {} s", longest.as_secs()))),
            Ended::KilledForAnother => Err(TargetError::Crowded { why: KILLED_FOR_ANOTHER, pause: SLOT_WAIT_MAX }),
            Ended::Busy => Err(TargetError::Crowded { why: NO_SLOT, pause: SLOT_WAIT_MAX }),
            Ended::NotSent => Err(TargetError::Unavailable("the plugin's process was lost before the call".into())),
            Ended::TooLarge => Err(TargetError::Permanent("the cursor is larger than a call can carry".into())),
            Ended::Stopped => Err(TargetError::Cancelled),
        }
    }
}

/// The error without its text.
fn unsaid(error: PluginError) -> PluginError {
    let message = match error.class {
        ErrorClass::Permanent => CANNOT_SWEEP_AS_CONFIGURED,
        ErrorClass::NeedsOperator => {
            "the plugin's system cannot be asked until somebody acts; `quietus check --connect` says more"
        }
        _ => "the plugin's system could not be asked",
    };
    PluginError { message: message.to_owned(), ..error }
}
