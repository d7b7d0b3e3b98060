//! Each action, on the ledger and on the model: the results must be the same.

use std::time::Duration;

use jiff::Timestamp;

use super::super::fixtures::{
    BREAKER, KEEP_NOTHING, Shared, by, decision, event, in_hours, key_ids, receipt_after, resolution, unchanged,
};
use super::action::{Action, Deciding, Ending};
use super::compare;
use super::model::{Model, Refused};
use super::task::{Held, Piece, Task};
use crate::erasure::ReachedSession;
use crate::keys::Digest;
use crate::ledger::claim::SentOnce;
use crate::ledger::{
    Archived, Bounds, CallEnd, Claim, Closed, Closing, Decision, Finished, Keep, LedgerError, NewPause, PauseReason,
    QueueName, ReceiptRange, Recorded, Resolution, StepWork, Work,
};
use crate::receipt::ChainName;
use crate::receipt::sample::checkpoint;
use crate::subject::{SessionKey, TargetName};

/// What the ledger answered to the end of a claim, and what the model expected.
type Came = (Result<Finished, LedgerError>, Result<Finished, Refused>);

const KEEP_NOTHING_BUT_TOMBSTONES: Keep = Keep { tombstones: None, ..KEEP_NOTHING };

/// Longer than an act and its comparison take.
const NO_ACT_BEFORE_AN_END: Duration = Duration::from_secs(5);

/// Why work is put back or aside.
const REASON: &str = "503";

pub(super) struct Run {
    pub(super) ledger: Shared,
    pub(super) model: Model,
    /// Claims that somebody still has, whether they hold or not.
    pub(super) held: Vec<Held>,
}

impl Run {
    pub(super) fn new(ledger: Shared) -> Self {
        Self { ledger, model: Model::default(), held: Vec::new() }
    }

    pub(super) async fn perform(&mut self, action: Action) {
        // Two acts never share a millisecond, in which the ledger's clock counts and the model's could differ.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.pass_the_next_end().await;
        let now = Timestamp::now();
        self.model.no_longer_in_force(now);
        let ledger = self.ledger.clone();
        match action {
            Action::Record { session, number, again } => self.record(session, number, again, now).await,
            Action::Ask(asked) => self.ask(asked, now).await,
            Action::Link(act) => self.link(act, now).await,
            Action::Request(new) => {
                let requested = self.model.requested(&new, now).map_err(|_| Refused);
                same(ledger.request(*new, &by()).await, requested);
            }
            Action::Approve(id) => {
                same(ledger.approve_erasure(id, None, &by()).await, Ok(self.model.approved(id, now)))
            }
            Action::Reject(id) => same(ledger.reject_erasure(id, &by()).await, Ok(self.model.rejected(id, now))),
            Action::Retry(id) => same(ledger.retry_erasure(id, None, &by()).await, Ok(self.model.retried(id, now))),
            Action::Cancel(id) => same(ledger.cancel_erasure(id, &by()).await, Ok(self.model.cancelled(id, now))),
            Action::Stop(id) => same(ledger.stop_erasure(id, &by()).await, Ok(self.model.stopped_by_order(id, now))),
            Action::Hold(hold) => {
                let added = self.model.held_by_order(hold.clone());
                same(ledger.add_hold(&hold, &by()).await, Ok(added));
            }
            Action::Lift(id) => same(ledger.lift_hold(id, &by()).await, Ok(self.model.lifted(id, now))),
            Action::RetryParked => {
                let going = self.model.set_going(|_, task| !task.is_step(), now);
                same(ledger.retry_parked(&by()).await, Ok(going));
            }
            Action::Claim { queue, most, lease } => self.claim(&queue, most, lease, now).await,
            Action::End { held, ending, again } => self.end(held, ending, again, now).await,
            Action::Report(of, report) => {
                same(ledger.report(&of, &key_ids("9").index, &report).await, Ok(self.model.reported(&of, report, now)));
            }
            Action::Expire => {
                self.model.expired();
                ledger.maintain(KEEP_NOTHING_BUT_TOMBSTONES).await.expect("maintained");
            }
            Action::StopTarget(called) => self.stop(called).await,
            Action::Archive { most } => self.archive(most).await,
            Action::Pause(called) => {
                self.model.paused.insert(called.clone());
                let pause = NewPause { target: called, reason: PauseReason::Review, case: None, until: None };
                same(ledger.pause_target(&pause, &by()).await, Ok(()));
            }
            Action::Unpause(called) => {
                same(ledger.unpause_target(&called, &by()).await, Ok(self.model.paused.remove(&called)));
            }
            Action::ResumeTarget(called) => {
                same(ledger.resume_target(&called, &by()).await, Ok(self.model.stopped.remove(&called)));
            }
        }
    }

    /// An act at the very moment at which a hold ends would be before its end here, and after it there.
    async fn pass_the_next_end(&self) {
        let Some(end) = self.model.next_end() else { return };
        let left = Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default();
        if left < NO_ACT_BEFORE_AN_END {
            tokio::time::sleep(left + Duration::from_millis(2)).await;
        }
    }

    async fn record(&mut self, session: SessionKey, number: u128, again: bool, now: Timestamp) {
        let queue = QueueName::Decide(session.installation.clone());
        let mut event = event(session.session.0, 0);
        event.head.session = session;
        event.head.digest = Digest(number.to_be_bytes());
        same(self.ledger.record(event.clone()).await, Ok(Recorded::New));
        if again {
            same(self.ledger.record(event).await, Ok(Recorded::Duplicate));
        }
        self.model.work.insert(Piece::Event(number), Task::new(&queue, now));
    }

    async fn stop(&mut self, called: TargetName) {
        self.model.stopped.insert(called.clone());
        let denied = CallEnd::Denied { reason: "its token was revoked".into() };
        same(self.ledger.call_ended(&called, &denied, BREAKER).await, Ok(()));
    }

    async fn archive(&mut self, most: u32) {
        let ledger = self.ledger.clone();
        ledger.acknowledge_receipts(None, &by()).await.expect("noted");
        let oldest = ledger.oldest_records(ChainName::Receipts, most).await.expect("listed");
        let there = self.model.receipts - self.model.archived;
        assert_eq!(oldest.len() as u64, there.min(most.into()), "the oldest receipts");
        assert!(oldest.iter().all(|record| record.held.is_none()), "{oldest:?}");
        let Some((first, last)) = oldest.first().zip(oldest.last()) else { return };
        let end = ledger.receipts(&ReceiptRange::all(last.sequence, 1)).await.expect("listed").items[0].head();
        let signed = checkpoint(ChainName::Receipts, first.sequence, &end);
        same(ledger.archive(&signed, &by()).await, Ok(Archived::Done));
        self.model.archived += oldest.len() as u64;
    }

    async fn claim(&mut self, queue: &QueueName, most: usize, lease: Duration, now: Timestamp) {
        let of = match queue {
            QueueName::Step(called) => Some(called.clone()),
            _ => None,
        };
        let bounds = Bounds { target: of, ..Bounds::NONE };
        // What is held takes a place among those that are looked at, and which one that is among those of one moment is not known.
        let most = if self.model.holds.is_empty() { most } else { most.max(1_000) };
        let mut claims = self.ledger.claim(queue, most, lease, &bounds).await.expect("claims").claims;
        let due = self.model.due(queue, now);
        let due = self.model.keep_waiting(due, now);
        compare::claimed(&self.model, &due, &claims, most);
        // The ledger's order has what is due in one millisecond in any order.
        claims.sort_by_key(|claim| Piece::of(&claim.work));
        for claim in claims {
            let held = self.model.claimed(claim, lease, now);
            self.held.push(held);
        }
    }

    async fn end(&mut self, held: usize, ending: Ending, again: bool, now: Timestamp) {
        if let Ending::Closed { late } = ending {
            return self.close(late, now).await;
        }
        let held = self.held.swap_remove(held);
        let goes_on = matches!(ending, Ending::Renew { .. } | Ending::KeepResume(_) | Ending::Sending);
        let (came, expected) = match &held.claim.work {
            Work::Step(work) => self.end_call(&held, work, ending, now).await,
            _ => self.end_other(&held, ending, now).await,
        };
        // What was refused is still under way.
        if goes_on || again || expected.is_err() {
            self.held.push(held);
        }
        same(came, expected);
    }

    async fn end_call(&mut self, held: &Held, work: &StepWork, ending: Ending, now: Timestamp) -> Came {
        let (ledger, model, claim) = (&self.ledger, &mut self.model, copy(&held.claim));
        // Each call asks before it erases more, whatever it ends with.
        let halted = ledger.halted(claim.step(work)).await.expect("answered");
        assert_eq!(halted, model.halted(held, work, now), "whether the call must erase no further");
        match ending {
            Ending::Renew { lease } => (ledger.renew(&claim, lease).await, Ok(model.renewed(held, lease, now))),
            Ending::Retry { pause, attempt } => {
                let expected = model.failed(held, work, pause, attempt, REASON, now);
                (ledger.retry(claim, pause, attempt, REASON).await, expected)
            }
            Ending::Park { outcome } => {
                let expected = model.parked(held, work, outcome, REASON, now);
                (ledger.park(claim, outcome, REASON).await, expected)
            }
            Ending::Sending => {
                let expected = model.sending(held, work);
                (ledger.sending(claim.step(work)).await, expected)
            }
            Ending::KeepResume(resume) => {
                let expected = model.kept(held, work, &resume);
                (ledger.keep_resume(claim.step(work), resume).await, Ok(expected))
            }
            Ending::Stepped(end) => {
                let expected = model.stepped(held, work, end.clone(), now);
                (ledger.stepped(claim, end).await, expected)
            }
            other => panic!("{other:?} is no end of a call"),
        }
    }

    async fn end_other(&mut self, held: &Held, ending: Ending, now: Timestamp) -> Came {
        let (ledger, model, claim) = (&self.ledger, &mut self.model, copy(&held.claim));
        match ending {
            Ending::Renew { lease } => (ledger.renew(&claim, lease).await, Ok(model.renewed(held, lease, now))),
            Ending::Retry { pause, attempt } => {
                let expected = model.put_back(held, pause, attempt, now);
                (ledger.retry(claim, pause, attempt, REASON).await, Ok(expected))
            }
            Ending::Park { outcome } => (ledger.park(claim, outcome, REASON).await, Ok(model.put_aside(held))),
            Ending::Decided(deciding) => {
                let decision = decision_of(model, session_of(&claim.work), deciding);
                let expected = model.decided(held, &decision, now);
                (ledger.decided(claim, decision).await.map(|decided| decided.finished), expected)
            }
            Ending::Resolved { reaches, finds } => {
                let reached = |key| ReachedSession { key, read_before: true };
                let resolution = Resolution { finds, ..resolution(reaches.into_iter().map(reached).collect()) };
                let expected = model.resolved(held, &resolution, now);
                (ledger.resolved(claim, resolution).await, Ok(expected))
            }
            other => panic!("{other:?} is no end of {:?}", claim.work),
        }
    }

    /// Closes all that is to be closed and in somebody's hands.
    async fn close(&mut self, late: bool, now: Timestamp) {
        let is_closing = |held: &mut Held| matches!(held.claim.work, Work::Close(_));
        let mut all: Vec<Held> = self.held.extract_if(.., is_closing).collect();
        let holding: Vec<u64> =
            all.iter().filter(|held| self.model.held(held).is_some()).map(|held| held.number).collect();
        let closing = self.chained(&all, late).await;
        let follows = !late || self.model.receipts == 0;
        if follows && holding.len() == all.len() {
            self.model.closed(&closing, now);
            let closed = self.ledger.closed(closing).await.expect("closed");
            assert!(matches!(closed, Closed::Done), "{closed:?}");
            return;
        }
        let Closed::Again(claims) = self.ledger.closed(closing).await.expect("answered") else {
            panic!("closed although only {holding:?} hold, or an older head is followed: {late}");
        };
        all.retain(|held| holding.contains(&held.number));
        let still: Vec<_> = claims.iter().map(|claim| Piece::of(&claim.work)).collect();
        let expected: Vec<_> = all.iter().map(|held| held.piece.clone()).collect();
        assert_eq!(still, expected, "the claims that still hold");
        self.held.extend(all);
    }

    /// Receipts that follow one another, and the head unless they are late.
    async fn chained(&self, all: &[Held], late: bool) -> Vec<Closing> {
        let head = self.ledger.receipt_head().await.expect("read");
        let mut head = head.filter(|_| !late);
        let closing = all.iter().map(|held| {
            let claim = copy(&held.claim);
            let Work::Close(erasure) = &claim.work else { panic!("not an erasure to close") };
            let receipt = receipt_after(erasure, head.as_ref());
            head = Some(receipt.head());
            Closing { claim, receipt }
        });
        closing.collect()
    }
}

/// Whatever the ledger answers, the model must have expected it.
#[track_caller]
pub(super) fn same<T: std::fmt::Debug + PartialEq>(came: Result<T, LedgerError>, expected: Result<T, Refused>) {
    match (&came, &expected) {
        (Ok(came), Ok(expected)) => assert_eq!(came, expected, "the ledger's answer, and the model's"),
        (Err(LedgerError::Broken(_)), Err(Refused)) => {}
        _ => panic!("the ledger answered {came:?}, the model {expected:?}"),
    }
}

/// The same claim once more: somebody else may be late with it.
fn copy(claim: &Claim) -> Claim {
    Claim {
        task: claim.task,
        fence: claim.fence,
        attempt: claim.attempt,
        faults: claim.faults,
        target_failing: claim.target_failing,
        presence: claim.presence,
        in_vain: claim.in_vain,
        now: claim.now,
        work: claim.work.clone(),
        sent: SentOnce::default(),
    }
}

fn session_of(work: &Work) -> SessionKey {
    match work {
        Work::Decide(work) => work.event.head.session.clone(),
        Work::Settle(work) => work.session.clone(),
        other => panic!("no session is decided on: {other:?}"),
    }
}

fn decision_of(model: &Model, session: SessionKey, deciding: Deciding) -> Decision {
    let version = model.version(&session) + i64::from(deciding.stale);
    let mut change = unchanged(session.session.0, version);
    change.record.session = session;
    change.settle_at = deciding.settle_at;
    change.read_at = deciding.read.then(|| in_hours(0));
    Decision {
        erasures: deciding.erasures,
        rules_no_longer: deciding.rules_no_longer,
        foreign: deciding.foreign,
        ..decision(change)
    }
}
