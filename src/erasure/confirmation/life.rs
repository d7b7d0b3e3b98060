//! The life of a link: wanted, mailed, used. A mail that may have gone out counts as one that has: its link is valid, and a second mail, at
//! most, has a link of its own.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{LinkFor, LinkProof};
use crate::keys::Digest;

/// How often a mail that is refused is tried, which takes most of a day with these pauses.
const ATTEMPTS_MAX: u32 = 16;
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(6 * 3600);

/// While the mail server is away, no attempt counts, and it is tried for one mail at a time.
const AWAY_PAUSE: Duration = Duration::from_secs(10);

/// While the key of a capsule is away, no attempt counts, either.
const KEY_AWAY_PAUSE: Duration = Duration::from_secs(30);

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LinkState {
    /// Its mail is to be sent.
    Waiting,
    /// Its mail is being sent, until its lease is over.
    Sending,
    /// Its mail is on its way, or may be.
    Sent,
    Used,
    /// Its mail was refused for good.
    Failed,
    /// It is no longer wanted, or was never mailed, as the address has got enough.
    Over,
}

impl LinkState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Used => "used",
            Self::Failed => "failed",
            Self::Over => "over",
        }
    }
}

/// A link, as a ledger has it: of the token and the address, digests only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) of: LinkFor,
    pub(crate) state: LinkState,
    /// To bound how much mail an address gets.
    pub(crate) address: Digest,
    /// By which it is found, and what it is for; nothing before its mail is sent.
    pub(crate) token: Option<Digest>,
    pub(crate) bound: Option<Digest>,
    /// When its mail is sent; while it is being sent, when somebody else goes on.
    pub(crate) due: Timestamp,
    /// How often its mail was tried.
    pub(crate) attempts: u32,
    /// Whether it is that of a second mail, as nobody knows what became of the first.
    pub(crate) again: bool,
    pub(crate) reason: Option<String>,
    /// Since when a mail with it may be on its way.
    pub(crate) mailed: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    /// When it was used, given up or no longer wanted.
    pub(crate) ended: Option<Timestamp>,
}

/// How much mail there may be, so that nobody is flooded by forms that others fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkBounds {
    /// To one address in an hour, and in a day.
    pub(crate) to_one_in_an_hour: u32,
    pub(crate) to_one_in_a_day: u32,
    /// In an hour, to all.
    pub(crate) in_an_hour: u32,
    /// How long a link is valid.
    pub(crate) valid_for: Duration,
    /// How long sending a mail may take before somebody else goes on.
    pub(crate) lease: Duration,
}

/// How much mail there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mailed {
    pub(crate) to_one_in_an_hour: u32,
    pub(crate) to_one_in_a_day: u32,
    pub(crate) in_an_hour: u32,
}

/// What becomes of a link whose mail is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TakenLink {
    /// Its mail is sent now.
    Mail(Link),
    /// It is not.
    NoMail(Link),
    /// Whoever sent it before did not say what became of that: it stays as it is, and there is a second one.
    Again { first: Link, second: Link },
    /// There was so much mail that all of it waits.
    Later,
}

/// How sending a mail ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkMailEnd {
    Sent,
    /// The mail server is not there, or lets nobody in: that is not due to this mail.
    ServerAway(String),
    /// It does not take this mail.
    Refused(String),
    /// It may have taken it.
    Unclear(String),
    /// To whom it goes cannot be read for now: the key is away, and may come back.
    KeyAway(String),
    /// There is nobody to send it to.
    NoAddress(String),
}

impl Link {
    /// One whose mail is to be sent at once.
    pub(crate) fn wanted(of: LinkFor, address: Digest, now: Timestamp) -> Self {
        Self {
            of,
            state: LinkState::Waiting,
            address,
            token: None,
            bound: None,
            due: now,
            attempts: 0,
            again: false,
            reason: None,
            mailed: None,
            expires: None,
            ended: None,
        }
    }

    /// Its mail is due, or its lease is over. `is_awaited`: what it is for still waits for it.
    pub(crate) fn taken(
        mut self,
        is_awaited: bool,
        mailed: Mailed,
        bounds: &LinkBounds,
        proof: &LinkProof,
        now: Timestamp,
    ) -> TakenLink {
        if !is_awaited {
            return TakenLink::NoMail(self.over(None, now));
        }
        if self.state == LinkState::Sending {
            return match self.unclear(now) {
                (first, Some(second)) => TakenLink::Again { first, second },
                (first, None) => TakenLink::NoMail(first),
            };
        }
        let is_enough =
            mailed.to_one_in_an_hour >= bounds.to_one_in_an_hour || mailed.to_one_in_a_day >= bounds.to_one_in_a_day;
        if is_enough {
            // Not later: what is typed over and over again would come over and over again.
            return TakenLink::NoMail(self.over(Some("the address has got enough mail for now"), now));
        }
        if mailed.in_an_hour >= bounds.in_an_hour {
            return TakenLink::Later;
        }
        self.state = LinkState::Sending;
        self.token = Some(proof.found_by());
        self.bound = Some(proof.bound_to(self.of));
        self.due = after(now, bounds.lease);
        self.attempts = self.attempts.saturating_add(1);
        self.mailed = Some(now);
        self.expires = Some(after(now, bounds.valid_for));
        TakenLink::Mail(self)
    }

    /// Its mail was sent, or was not; with a second one where nobody can say. Nothing changes of one that was used meanwhile, or which
    /// somebody else has taken over.
    pub(crate) fn mail_ended(mut self, token: Digest, end: LinkMailEnd, now: Timestamp) -> (Self, Option<Self>) {
        if self.state != LinkState::Sending || self.token != Some(token) {
            return (self, None);
        }
        match end {
            LinkMailEnd::Sent => {
                self.state = LinkState::Sent;
                self.reason = None;
                (self, None)
            }
            LinkMailEnd::ServerAway(reason) => {
                self.attempts = self.attempts.saturating_sub(1);
                (self.waits_again(reason, AWAY_PAUSE, now), None)
            }
            LinkMailEnd::KeyAway(reason) => {
                self.attempts = self.attempts.saturating_sub(1);
                (self.waits_again(reason, KEY_AWAY_PAUSE, now), None)
            }
            LinkMailEnd::Refused(reason) if self.attempts < ATTEMPTS_MAX => {
                let pause = self.pause();
                (self.waits_again(reason, pause, now), None)
            }
            LinkMailEnd::Refused(reason) | LinkMailEnd::NoAddress(reason) => {
                self.state = LinkState::Failed;
                self.reason = Some(reason);
                (self.token, self.bound, self.mailed, self.expires) = (None, None, None, None);
                self.ended = Some(now);
                (self, None)
            }
            LinkMailEnd::Unclear(reason) => {
                self.reason = Some(reason);
                self.unclear(now)
            }
        }
    }

    /// Whoever shows this has the mailbox: it was mailed for this, and is neither used nor too old.
    pub(crate) fn is_valid(&self, proof: &LinkProof, now: Timestamp) -> bool {
        matches!(self.state, LinkState::Sending | LinkState::Sent)
            && self.is_of(proof)
            && self.expires.is_some_and(|expires| now < expires)
    }

    /// Whether it is the link of this token, and was mailed for what it says.
    pub(crate) fn is_of(&self, proof: &LinkProof) -> bool {
        self.bound == Some(proof.bound_to(self.of))
    }

    /// Nobody waits for it any more.
    fn over(mut self, why: Option<&str>, now: Timestamp) -> Self {
        self.state = LinkState::Over;
        self.reason = why.map(str::to_owned);
        self.ended = Some(now);
        self
    }

    /// Its mail may be on its way.
    fn unclear(mut self, now: Timestamp) -> (Self, Option<Self>) {
        self.state = LinkState::Sent;
        let second = Self { again: true, ..Self::wanted(self.of, self.address, now) };
        let second = (!self.again).then_some(second);
        (self, second)
    }

    fn waits_again(mut self, reason: String, pause: Duration, now: Timestamp) -> Self {
        self.state = LinkState::Waiting;
        self.reason = Some(reason);
        (self.token, self.bound, self.mailed, self.expires) = (None, None, None, None);
        self.due = after(now, pause);
        self
    }

    /// Pauses double.
    fn pause(&self) -> Duration {
        FIRST_PAUSE.saturating_mul(1 << self.attempts.saturating_sub(1).min(20)).min(PAUSE_MAX)
    }
}

fn after(now: Timestamp, span: Duration) -> Timestamp {
    SignedDuration::try_from(span).ok().and_then(|span| now.checked_add(span).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
