//! How a request goes from one state to the next. Each act takes what is there and returns what is there then, or why it cannot be.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::plan::Approval;
use super::{
    Chosen, ClosedBecause, End, Ended, ExtendedBecause, Extension, Plan, Reopened, Request, RequestState, Verification,
    VerifiedBy,
};
use crate::audit::{Actor, Apart};
use crate::deadline::{EXTENDED_MONTHS_MAX, Pause, Term};
use crate::erasure::ErasureId;
use crate::subject::{SessionKey, TargetName};

/// Why an act on a request cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it has ended: it is {0}")]
    Ended(RequestState),
    #[error("an erasure of it has not ended: see `quietus erasures show {0}`")]
    Erasing(ErasureId),
    #[error("whose it is is verified already")]
    Verified,
    #[error("whose it is is not verified")]
    NotVerified,
    #[error("more was asked for on {0}, and no answer is noted")]
    AskedAlready(Date),
    #[error("nothing was asked for that could be answered")]
    NotAsked,
    #[error("it is not between {from} and {to}")]
    NotThen { from: Date, to: Date },
    #[error("its last day was {0}: a deadline that is over does not stop")]
    Late(Date),
    #[error("its month was over on {0}, and the person has to be told of an extension within it (GDPR Art. 12(3))")]
    TooLateToExtend(Date),
    #[error("it is extended by {0} months, and by more than two it cannot be (GDPR Art. 12(3))")]
    ExtendedEnough(u8),
    #[error(
        "it is open once more, as something was found again after erasure {0}, and whom it is about is known no more: see \
         `quietus erasures show {0}` and `quietus erase-again`, or close it"
    )]
    Reopened(ErasureId),
    #[error("there is no plan of it: `quietus requests plan`")]
    NoPlan,
    #[error("its plan is {0} now")]
    OtherPlan(String),
    #[error("its plan includes nothing; where nothing is held of the person, close it")]
    NothingPlanned,
    #[error(
        "its plan shows that something is held: {0}; have it erased (`quietus requests run`), decide about sessions (`quietus requests plan`), or \
         say otherwise why it ends"
    )]
    SomethingHeld(String),
    /// What is missing stands in it: kinds of reasons and names of targets.
    #[error("nothing shows that nothing is held of the person: {0}; see to that, or say otherwise why it ends")]
    NothingShown(String),
    #[error("no receipt of it says what was erased: have it erased, or say otherwise why it ends")]
    NoReceipt,
    #[error("its plan waits for the approval of somebody else (requests.four_eyes)")]
    NotApproved,
    #[error("its plan is approved already")]
    Approved,
    #[error("somebody has changed it at this moment; look at it, and try again")]
    ChangedMeanwhile,
    #[error("{count} of the sessions that were planned are not found as they were, such as {first}: plan it anew")]
    NotAsPlanned { count: usize, first: SessionKey },
    #[error("somebody else has to approve it than {0}, who has entered it, or has made its plan or changed it{way}", way = way_out(.0))]
    SamePerson(Actor),
}

/// What can be done where nobody knows who that is.
fn way_out(asked: &Actor) -> &'static str {
    if asked.is_nobodys() {
        "; nothing shows who that is, so nobody who becomes it is surely somebody else: close it (`quietus requests close … --because mistake`), \
         and have it entered anew by somebody under a name of their own"
    } else {
        ""
    }
}

/// What the receipt of an erasure leaves of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing, or only what somebody has decided to leave, or what has to be kept.
    Nothing,
    /// Something that is still there, has come since, or of which nobody knows. A further plan looks for it.
    Something,
    /// The same at a target other than mluvii, which may know it only by a session that it was told: a plan without that session does not.
    Elsewhere,
    /// Nothing; but something is certainly there again that another erasure of the request had erased, and nobody has seen to it yet.
    Again,
}

/// What an act comes to.
type Acted = Result<Request, Refused>;

impl Request {
    /// It is known whose it is; more that was asked for is answered by it. What a link has proved, which is an address and no more, is
    /// followed by what a document proves: then it is planned anew.
    pub(crate) fn verify(mut self, how: VerifiedBy, on: Date, by: &Actor, now: Timestamp) -> Acted {
        self.must_be_open()?;
        if self.verified.is_some() && (!self.is_by_address_alone() || how == VerifiedBy::EmailLink) {
            return Err(Refused::Verified);
        }
        within(on, self.term.received, on.max(self.term.received))?;
        if self.term.is_paused() {
            end_pause(&mut self.term, on)?;
        }
        // What was erased so far was by less: a receipt of that is no end. Of what is open once more, nobody knows any more who it is.
        self.widened |= !self.erasures.is_empty() && self.reopened.is_none();
        self.plan = None;
        self.verified = Some(Verification { how, by: by.clone(), at: now, on: Some(on) });
        Ok(self)
    }

    /// A link is to show whose it is: nothing changes before somebody uses it.
    pub(crate) fn wants_link(self) -> Acted {
        self.must_be_unverified()?;
        Ok(self)
    }

    /// Whoever reads the mail of the one address that it names has used the link that was sent there.
    pub(crate) fn verify_by_link(self, today: Date, by: &Actor, now: Timestamp) -> Acted {
        // Today is another day where the ledger's clock lags behind that of whoever has entered it.
        let asked = self.term.pauses.last().map(|pause| pause.from);
        let on = today.max(asked.unwrap_or(today)).max(self.term.received);
        self.verify(VerifiedBy::EmailLink, on, by, now)
    }

    /// More is asked for, to know whose it is: the deadline does not run until there is an answer.
    pub(crate) fn ask(mut self, on: Date, today: Date) -> Acted {
        self.must_be_unverified()?;
        if let Some(pause) = self.term.pauses.last().filter(|pause| pause.to.is_none()) {
            return Err(Refused::AskedAlready(pause.from));
        }
        // Pauses that overlapped would give the same days twice.
        let since = self.term.pauses.last().and_then(|pause| pause.to).unwrap_or(self.term.received);
        within(on, since, today)?;
        if let Some(last) = self.due().filter(|last| *last < on) {
            return Err(Refused::Late(last));
        }
        self.term.pauses.push(Pause { from: on, to: None });
        Ok(self)
    }

    /// There is an answer that does not show whose it is; the deadline runs on.
    pub(crate) fn answered(mut self, on: Date, today: Date) -> Acted {
        self.must_be_open()?;
        if !self.term.is_paused() {
            return Err(Refused::NotAsked);
        }
        if on > today {
            return Err(Refused::NotThen { from: self.term.pauses.last().map_or(on, |pause| pause.from), to: today });
        }
        end_pause(&mut self.term, on)?;
        Ok(self)
    }

    /// It is answered so many months later.
    pub(crate) fn extend(
        mut self,
        months: u8,
        because: ExtendedBecause,
        by: &Actor,
        now: Timestamp,
        today: Date,
    ) -> Acted {
        self.must_be_open()?;
        let running = self.reopened.as_mut().map_or(&mut self.term, |reopened| &mut reopened.term);
        let extended = running.extended.saturating_add(months);
        if extended > EXTENDED_MONTHS_MAX {
            return Err(Refused::ExtendedEnough(running.extended));
        }
        // Its first month, with what was asked for in it.
        if let Some(last) = running.first_month().filter(|last| *last < today) {
            return Err(Refused::TooLateToExtend(last));
        }
        running.extended = extended;
        self.extension = Some(Extension { because, by: by.clone(), at: now });
        Ok(self)
    }

    /// It ends without an erasure, or with what was erased so far.
    pub(crate) fn end(mut self, ended: Ended, by: &Actor, now: Timestamp) -> Acted {
        self.must_be_open()?;
        self.erasing().map_or(Ok(()), |id| Err(Refused::Erasing(id)))?;
        // Who is told what was not erased is told that the rest was.
        if ended == Ended::Closed(ClosedBecause::Incomplete) && self.receipted.is_empty() {
            return Err(Refused::NoReceipt);
        }
        let planned = self.plan.take();
        if ended == Ended::Closed(ClosedBecause::NothingHeld) {
            if let Some(held) = planned.as_ref().and_then(Plan::held) {
                return Err(Refused::SomethingHeld(held));
            }
            self.found_nothing = planned.and_then(|plan| plan.foreseen);
        }
        self.told.clear();
        (self.elsewhere, self.widened) = (false, false);
        self.end = Some(End { ended, by: Some(by.clone()), at: now });
        Ok(self)
    }

    /// It was shown what would go, with what was decided about single sessions.
    pub(crate) fn planned(mut self, plan: Plan, chosen: Chosen) -> Acted {
        self.must_be_verified()?;
        let Chosen { include, exclude, anew, seen } = chosen;
        if seen.is_some_and(|seen| seen != self.decided()) {
            return Err(Refused::ChangedMeanwhile);
        }
        let same_choices = self.include == include && self.exclude == exclude;
        let before = self.plan.take().filter(|before| before.hash == plan.hash && same_choices && !anew);
        if let Some(before) = before {
            // Who only looks at a plan has not made it: who has may not approve it by that. Who approved it has approved it.
            // What targets say of it is said anew.
            self.plan = Some(Plan { foreseen: plan.foreseen, ..before });
            return Ok(self);
        }
        // Whose decisions still stand in it has made it, too, whoever had it shown last.
        if anew {
            self.makers.clear();
        }
        if !self.makers.contains(&plan.by) {
            self.makers.push(plan.by.clone());
        }
        (self.include, self.exclude, self.plan) = (include, exclude, Some(plan));
        Ok(self)
    }

    /// Who has entered it, or made or changed its plan: none of them approves it.
    pub(crate) fn askers(&self) -> Vec<Actor> {
        let by = self.plan.as_ref().map(|plan| &plan.by);
        [&self.entered_by].into_iter().chain(&self.makers).chain(by).cloned().collect()
    }

    /// Somebody else than who has entered it, or made or changed its plan, says that what was shown may go. What only the ledger knows of
    /// who is who, whoever calls this asks as well.
    pub(crate) fn approve(mut self, hash: &str, by: &Actor, now: Timestamp) -> Acted {
        self.must_be_verified()?;
        let own = self.askers();
        let is_nothing = self.plan.as_ref().is_some_and(|plan| self.is_nothing(plan));
        let plan = planned_as(&mut self.plan, hash)?;
        if is_nothing {
            return Err(Refused::NothingPlanned);
        }
        if plan.approved.is_some() {
            return Err(Refused::Approved);
        }
        for own in own {
            if by.apart_from(&own) == Apart::One {
                return Err(Refused::SamePerson(own));
            }
        }
        plan.approved = Some(Approval { by: by.clone(), at: now });
        Ok(self)
    }

    /// Whether a plan would erase nothing: no session goes, and no other target is to look for the person.
    pub(crate) fn is_nothing(&self, plan: &Plan) -> bool {
        plan.sessions.is_empty() && self.targets.iter().all(TargetName::is_mluvii)
    }

    /// What was shown is asked for, as this erasure. Returns what was shown, too.
    pub(crate) fn run(mut self, hash: &str, erasure: ErasureId, four_eyes: bool) -> Result<(Self, Plan), Refused> {
        self.must_be_verified()?;
        let is_nothing = self.plan.as_ref().is_some_and(|plan| self.is_nothing(plan));
        let plan = planned_as(&mut self.plan, hash)?;
        if is_nothing {
            return Err(Refused::NothingPlanned);
        }
        if four_eyes && plan.approved.is_none() {
            return Err(Refused::NotApproved);
        }
        let plan = self.plan.take().ok_or(Refused::NoPlan)?;
        // The next plan is begun by whoever makes it, unless decisions of these stand in it.
        if self.include.is_empty() && self.exclude.is_empty() {
            self.makers.clear();
        }
        self.erasures.push(erasure);
        self.widened = false;
        let going: BTreeSet<_> = plan.sessions.iter().map(|one| one.session.clone()).collect();
        // What earlier receipts left is looked for again by this plan; its own receipt says what is left now.
        if !self.elsewhere || self.told.is_subset(&going) {
            (self.more, self.elsewhere) = (false, false);
        }
        self.told.extend(going);
        Ok((self, plan))
    }

    /// An erasure of it has ended with a receipt. That is the end, unless another one is under way or planned, more was proved than it
    /// knew, or the receipt leaves something that nobody has decided to leave: then it is open for a further plan, and a person closes it
    /// otherwise.
    pub(crate) fn erased(mut self, erasure: ErasureId, rest: Rest, now: Timestamp) -> Self {
        self.receipted.push(erasure);
        self.more |= matches!(rest, Rest::Something | Rest::Elsewhere);
        self.elsewhere |= rest == Rest::Elsewhere;
        let is_planned = self.plan.as_ref().is_some_and(|plan| !self.is_nothing(plan));
        let is_all = !self.more && !self.widened && rest != Rest::Again;
        if self.end.is_none() && self.erasing().is_none() && !is_planned && is_all {
            self.plan = None;
            self.told.clear();
            self.end = Some(End { ended: Ended::Done, by: None, at: now });
        }
        self
    }

    /// An erasure of it was cancelled before it began: it is as if nobody had asked for it. What it was to look for once more is not known to
    /// be gone, so that no receipt of another one is the end.
    pub(crate) fn without(mut self, erasure: ErasureId) -> Self {
        self.erasures.retain(|id| *id != erasure);
        // What was found again is told by its re-check.
        self.more |= !self.erasures.is_empty() && self.reopened.is_none();
        self
    }

    /// Something was found again that one of its erasures had erased, after its receipt. A request that had ended with that is open once
    /// more, and has to be answered within a month of that day. `None` where it stays as it is: it is open, or ended otherwise.
    pub(crate) fn reopen(mut self, erasure: ErasureId, now: Timestamp, today: Date) -> Option<Self> {
        if !self.can_reopen() || !self.receipted.contains(&erasure) {
            return None;
        }
        self.end = None;
        self.more = false;
        // That of the first month; the next one can be extended anew.
        self.extension = None;
        self.reopened = Some(Reopened { erasure, at: now, term: Term::of(today) });
        Some(self)
    }

    /// Whether what is found again opens it once more: a request that has ended, with what was erased.
    fn can_reopen(&self) -> bool {
        let of = |end: &End| matches!(end.ended, Ended::Done | Ended::Closed(ClosedBecause::Incomplete));
        self.end.as_ref().is_some_and(of)
    }

    /// What was found again of `before`, which had its receipt, is being erased. That is one of its erasures also where it has ended with
    /// `before`: it stays so, and is open once more where something is found again that was erased by this one, too. `None` where the
    /// request has ended otherwise, or it is one of its erasures already.
    pub(crate) fn erased_again_by(mut self, before: ErasureId, erasure: ErasureId) -> Option<Self> {
        let is_its_own = self.end.is_none() || self.can_reopen();
        if !is_its_own || !self.receipted.contains(&before) || self.erasures.contains(&erasure) {
            return None;
        }
        self.erasures.push(erasure);
        if self.end.is_some() {
            return Some(self);
        }
        // Where it was open for something else, too, its receipt settles no more than what came back.
        if self.reopened.is_some() && self.receipted.last() == Some(&before) {
            self.more = false;
        }
        Some(self)
    }

    fn must_be_open(&self) -> Result<(), Refused> {
        match self.state() {
            state if state.is_open() => Ok(()),
            state => Err(Refused::Ended(state)),
        }
    }

    fn must_be_unverified(&self) -> Result<(), Refused> {
        self.must_be_open()?;
        if self.verified.is_some() { Err(Refused::Verified) } else { Ok(()) }
    }

    fn must_be_verified(&self) -> Result<(), Refused> {
        self.must_be_open()?;
        if let Some(reopened) = &self.reopened {
            return Err(Refused::Reopened(reopened.erasure));
        }
        self.verified.as_ref().map(drop).ok_or(Refused::NotVerified)
    }
}

fn planned_as<'p>(plan: &'p mut Option<Plan>, hash: &str) -> Result<&'p mut Plan, Refused> {
    let plan = plan.as_mut().ok_or(Refused::NoPlan)?;
    if plan.hash == hash { Ok(plan) } else { Err(Refused::OtherPlan(plan.hash.clone())) }
}

/// The pause that lasts is over.
fn end_pause(term: &mut Term, on: Date) -> Result<(), Refused> {
    let Some(pause) = term.pauses.last_mut() else { return Err(Refused::NotAsked) };
    if on < pause.from {
        return Err(Refused::NotThen { from: pause.from, to: on.max(pause.from) });
    }
    pause.to = Some(on);
    Ok(())
}

fn within(on: Date, from: Date, to: Date) -> Result<(), Refused> {
    if from <= on && on <= to { Ok(()) } else { Err(Refused::NotThen { from, to }) }
}
