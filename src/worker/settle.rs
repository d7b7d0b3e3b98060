//! Sessions settle: each is looked at once more when nothing more is expected of it, and decided on by what is known then.

use jiff::Timestamp;

use super::evaluate::Cause;
use super::failure::Failure;
use super::look_up::Times;
use super::output::Output;
use super::owner::Owner;
use super::parts::Worker;
use crate::ledger::SettleWork;
use crate::mluvii::Look;
use crate::policy::Trigger;

impl Worker {
    /// One session whose time to settle has come, from its claim to what is decided on it.
    pub(super) async fn settle(&self, work: &SettleWork, now: Timestamp) -> Result<Output, Failure> {
        let times = Times { since: work.since, now };
        let key = &work.session;
        // Read before mluvii is asked: what another process decides meanwhile makes this decision stale, and is not
        // overwritten.
        let view = self.records.session(key).await?;
        // The call params' sources matter to rules about forms only.
        let look = Look { params: self.policy.listens(Trigger::FormSubmitted), activity: None };
        let seen = self.read(key, look, times).await?;
        let record = view.as_ref().map(|view| &view.record);
        let owner = match record.and_then(|record| record.source.as_ref()) {
            Some(source) => {
                let tenant = record.and_then(|record| record.tenant);
                self.owner(key, source, tenant, &seen, times).await?
            }
            None => Owner::Ours,
        };
        self.decide((key, view), Cause::Settle, &seen, owner, now)
    }
}
