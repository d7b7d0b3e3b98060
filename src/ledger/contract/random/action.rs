//! What can be done to a ledger.

use std::time::Duration;

use jiff::Timestamp;

use crate::erasure::confirmation::{LinkBounds, LinkMailEnd};
use crate::erasure::life::Finds;
use crate::erasure::{Attempt, ErasureId, NewErasure, Outcome, Reportable, StepEnd};
use crate::hold::{HoldId, NewHold};
use crate::keys::Sealed;
use crate::ledger::QueueName;
use crate::request::{Ended, RequestId};
use crate::subject::{SessionKey, TargetName};

#[derive(Debug)]
pub(super) enum Action {
    /// An event of a session; the number tells it from the others. `again`: it is delivered a second time.
    Record {
        session: SessionKey,
        number: u128,
        again: bool,
    },
    /// A person's request.
    Ask(Asked),
    Link(LinkAct),
    Request(Box<NewErasure>),
    Approve(ErasureId),
    Reject(ErasureId),
    Retry(ErasureId),
    Cancel(ErasureId),
    Stop(ErasureId),
    Hold(NewHold),
    Lift(HoldId),
    RetryParked,
    Claim {
        queue: QueueName,
        most: usize,
        lease: Duration,
    },
    /// Of one of the claims that are held. `again`: it is kept to be used once more, as by somebody who does not know that
    /// it has ended.
    End {
        held: usize,
        ending: Ending,
        again: bool,
    },
    Report(Reportable, Sealed),
    StopTarget(TargetName),
    ResumeTarget(TargetName),
    Pause(TargetName),
    Unpause(TargetName),
    /// The time of everything is over whose time may be.
    Expire,
    /// So many of the oldest receipts move to an archive, after a person has acknowledged all.
    Archive {
        most: u32,
    },
}

/// What is done about requests of persons. `stale`: somebody has changed it since it was read.
#[derive(Debug)]
pub(super) enum Asked {
    /// `verified`: whose it is is known at once.
    Enter {
        person: u8,
        id: RequestId,
        verified: bool,
    },
    Verify {
        id: RequestId,
        stale: bool,
    },
    /// A link is to show whose it is, in the place of those that there were.
    WantLink {
        id: RequestId,
        stale: bool,
    },
    Extend {
        id: RequestId,
        stale: bool,
        months: u8,
    },
    Plan {
        id: RequestId,
        stale: bool,
    },
    /// By somebody who may have entered or planned it.
    Approve {
        id: RequestId,
        stale: bool,
        by: &'static str,
    },
    /// It becomes an erasure, where somebody else has approved its plan.
    Run {
        id: RequestId,
        stale: bool,
        erasure: Box<NewErasure>,
    },
    /// It is rejected, withdrawn or closed.
    End {
        id: RequestId,
        stale: bool,
        ended: Ended,
    },
    /// Somebody looks again after an erasure of it that had its receipt. `found`: what was erased is there once more.
    LookAgain {
        erasure: ErasureId,
        found: bool,
    },
}

/// What is done about links that let an erasure begin, or show whose a request is. `of` is the number of a mail that was taken to be sent; that
/// of none is a link that nobody was sent.
#[derive(Debug)]
pub(super) enum LinkAct {
    /// Somebody takes the next mail that is due.
    Take(LinkBounds),
    MailEnded {
        of: usize,
        end: LinkMailEnd,
    },
    /// `again`: a button is clicked twice.
    Use {
        of: usize,
        again: bool,
    },
}

/// How a claim ends, or goes on.
#[derive(Debug)]
pub(super) enum Ending {
    Renew {
        lease: Duration,
    },
    Retry {
        pause: Duration,
        attempt: Attempt,
    },
    Park {
        outcome: Outcome,
    },
    Decided(Deciding),
    /// `finds`: the targets that are asked first what they know the person by.
    Resolved {
        reaches: Vec<SessionKey>,
        finds: Finds,
    },
    Stepped(StepEnd),
    /// A call goes out that must not be made twice.
    Sending,
    /// How far a call is, which goes on.
    KeepResume(Sealed),
    /// Together with all others that are to be closed. `late`: the receipts follow an older head than there is.
    Closed {
        late: bool,
    },
}

/// What is decided on a session.
#[derive(Debug)]
pub(super) struct Deciding {
    /// Another version of the session was read than there is.
    pub(super) stale: bool,
    pub(super) foreign: bool,
    /// The session was read at mluvii.
    pub(super) read: bool,
    pub(super) settle_at: Option<Timestamp>,
    pub(super) rules_no_longer: Vec<String>,
    pub(super) erasures: Vec<NewErasure>,
}
