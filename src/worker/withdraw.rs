//! What comes of a consent that an officer was told to be withdrawn: weighed by the function that decides on events, so that what is
//! shown first is what is decided then.

use super::evaluate::{Cause, Evaluation};
use super::foresee::Foresight;
use super::look_up::Seen;
use crate::consent::Withdrawal;
use crate::keys::SealKey;
use crate::ledger::{Decision, SessionView};
use crate::mluvii::{Look, SessionFacts};
use crate::policy::{Demand, RuleFailed, Trigger};

/// A withdrawal, decided on one session.
pub(crate) struct WithdrawalDecided {
    pub(crate) decision: Decision,
    /// What the rules demand once the session settles after it, by what is known now.
    pub(crate) at_settling: Vec<Demand>,
}

impl Foresight<'_> {
    /// What is to be read of the session; nothing where no rule asks about a change of the consent.
    pub(crate) fn look_of_withdrawal(&self) -> Option<Look> {
        self.policy.listens(Trigger::ConsentChanged).then_some(Look { params: false, activity: None })
    }

    /// Decides on a session whose consent ends by the withdrawal. `facts` are what the look has shown.
    pub(crate) fn withdrawn(
        &self,
        view: &SessionView,
        withdrawal: Withdrawal,
        facts: Option<Box<SessionFacts>>,
        seal: &SealKey,
    ) -> Result<WithdrawalDecided, RuleFailed> {
        let seen = facts.map_or(Seen::NotLooked, Seen::Read);
        let key = view.record.session.clone();
        let evaluation = |now| self.evaluation(now);
        let cause = Cause::Withdrawn(&withdrawal);
        let decision = evaluation(self.now).decide(&key, Some(view.clone()), cause, &seen, seal)?;
        let Some(settle_at) = decision.session.settle_at else {
            return Ok(WithdrawalDecided { decision, at_settling: Vec::new() });
        };
        let after = SessionView::after(decision.session.clone(), view.erased_at);
        let settling: Evaluation<'_> = evaluation(self.now.max(settle_at));
        let weighed = settling.weigh(&key, Some(&after), Cause::Settle, &seen)?;
        let at_settling = weighed.demands.into_iter().map(|demanded| demanded.demand).collect();
        Ok(WithdrawalDecided { decision, at_settling })
    }
}
