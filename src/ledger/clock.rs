//! What is believed of a ledger's clock, which is a wall clock: the machine's, or the database's. Held against the time
//! since a machine's start, which never jumps. Pure: a backend looks, calls these, and writes what they return.
//!
//! Three things follow. The end of somebody else's lease is believed only if the clock went evenly for as long as the lease
//! is. A pause whose beginning is still to come begins anew ([`ClockSeen::after`]). And nothing is erased while the clock
//! cannot be right.

use std::time::Duration;

use jiff::Timestamp;
use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attention::{ClockDoubt, ClockFault};
use crate::clock::BootTime;
use crate::erasure::life::after;

/// The `[clock]` table.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockSettings {
    /// How far the ledger's clock may jump ahead, or stand behind what it has shown, before a person has to say that it is
    /// right. Nothing is erased until then.
    pub(crate) jump_max: Span,
}

/// No lease is longer. A clock that went evenly for so long is believed altogether.
const LEASE_MAX: Duration = Duration::from_secs(600);

/// By how much the clock may go ahead of time between two looks and still go evenly: a clock that is being adjusted, and
/// the time that a look takes. Less than what is left of a lease when its holder gives it up.
const TOLERANCE: Duration = Duration::from_millis(1_500);

/// One look at the ledger's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) now: Timestamp,
    /// When the clock was asked, by this machine's own.
    pub(super) before: BootTime,
    /// When it had answered.
    pub(super) after: BootTime,
}

impl Look {
    /// At the machine's wall clock.
    pub(super) fn at_wall_clock() -> Self {
        let before = BootTime::now();
        let now = Timestamp::now();
        Self { now, before, after: BootTime::now() }
    }
}

/// The last look from a machine, since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) seen: Timestamp,
    pub(super) at: BootTime,
    /// Since when the clock has not gone ahead of time.
    pub(super) steady_since: BootTime,
}

impl Anchor {
    /// What the clock is to show.
    fn expected(&self, at: BootTime) -> Timestamp {
        after(self.seen, at.since(self.at))
    }

    fn is_steady(&self, look: &Look) -> bool {
        look.now <= after(self.expected(look.before), TOLERANCE)
    }
}

/// A doubt as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptDoubt {
    #[serde(flatten)]
    pub(super) doubt: ClockDoubt,
    /// The start of the machine that found it, and the time there.
    boot: String,
    boot_ms: i64,
}

impl KeptDoubt {
    /// Whether a clock that had gone ahead is right again.
    fn is_over(&self, look: &Look, boot: &str, jump_max: Duration) -> bool {
        if self.boot == boot {
            let passed = look.before.since(BootTime::from_millis(self.boot_ms));
            return look.now <= after(after(self.doubt.expected, passed), jump_max);
        }
        // Nobody here knows what time it is; but it was put back.
        after(look.now, jump_max) < self.doubt.found
    }
}

/// What all processes on a ledger have seen of its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClockSeen {
    /// The latest time that was believed.
    pub(super) latest: Option<Timestamp>,
    /// The time at the last look, believed or not.
    pub(super) looked: Option<Timestamp>,
    pub(super) doubt: Option<KeptDoubt>,
    pub(super) jump_max: Duration,
}

/// What may be done by the clock now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trust {
    /// A lease of somebody else's that was at most so long has ended where the clock says so.
    pub(super) leases: Duration,
    /// Whether something may be erased.
    pub(super) erasing: bool,
}

impl Trust {
    /// Whether every lease has ended of which the clock says so.
    pub(super) fn is_whole(&self) -> bool {
        self.leases == Duration::MAX
    }

    /// The longest lease whose end is believed, in milliseconds.
    pub(super) fn leases_ms(&self) -> i64 {
        i64::try_from(self.leases.as_millis()).unwrap_or(i64::MAX)
    }
}

/// The result of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) seen: ClockSeen,
    pub(super) anchor: Anchor,
    /// The clock was put back since the last look: pauses that began in what is the future now begin anew.
    pub(super) put_back: bool,
}

impl Default for ClockSeen {
    /// Before anybody has looked.
    fn default() -> Self {
        Self { latest: None, looked: None, doubt: None, jump_max: Duration::MAX }
    }
}

impl ClockSeen {
    /// What may be done. `boot` is the start of this machine, of which `anchor` is the last look.
    pub(super) fn trust(&self, anchor: Option<&Anchor>, look: &Look, boot: &str) -> Trust {
        let steady = anchor.filter(|anchor| anchor.is_steady(look));
        let leases = steady.map_or(Duration::ZERO, |anchor| look.before.since(anchor.steady_since));
        let leases = if leases < LEASE_MAX { leases } else { Duration::MAX };
        Trust { leases, erasing: self.doubt_now(anchor, look, boot, self.jump_max).is_none() }
    }

    /// After a look.
    pub(super) fn after(&self, anchor: Option<&Anchor>, look: &Look, boot: &str, jump_max: Duration) -> Looked {
        let doubt = self.doubt_now(anchor, look, boot, jump_max);
        // What is not believed must not be what the clock is held against afterwards.
        let latest = if doubt.is_none() { self.latest.max(Some(look.now)) } else { self.latest };
        let steady = anchor.filter(|anchor| anchor.is_steady(look));
        let steady_since = steady.map_or(look.after, |anchor| anchor.steady_since);
        Looked {
            seen: Self { latest, looked: Some(look.now), doubt, jump_max },
            anchor: Anchor { seen: look.now, at: look.after, steady_since },
            put_back: self.looked.is_some_and(|looked| look.now < looked),
        }
    }

    /// After a person has said that the clock is right. The last look stays what it was, so that the next one still finds a
    /// clock that was put back since: the pauses that began before that have to begin anew.
    pub(super) fn accepted(self, now: Timestamp) -> Self {
        Self { latest: Some(now), doubt: None, ..self }
    }

    fn doubt_now(&self, anchor: Option<&Anchor>, look: &Look, boot: &str, jump_max: Duration) -> Option<KeptDoubt> {
        let known = self.doubt.as_ref();
        let ahead = known.filter(|known| known.doubt.fault == ClockFault::Ahead);
        if let Some(ahead) = ahead.filter(|ahead| !ahead.is_over(look, boot, jump_max)) {
            return Some(ahead.clone());
        }
        let kept = |fault, expected| KeptDoubt {
            doubt: ClockDoubt { fault, expected, found: look.now },
            boot: boot.to_owned(),
            boot_ms: look.before.as_millis(),
        };
        // Only since the same start: how long a machine was off, nobody can tell.
        let expected = anchor.map(|anchor| anchor.expected(look.before));
        if let Some(expected) = expected.filter(|expected| look.now > after(*expected, jump_max)) {
            return Some(kept(ClockFault::Ahead, expected));
        }
        let latest = self.latest.filter(|latest| *latest > after(look.now, jump_max))?;
        let behind = known.filter(|known| known.doubt.fault == ClockFault::Behind);
        Some(behind.cloned().unwrap_or_else(|| kept(ClockFault::Behind, latest)))
    }
}

/// When the pause began that ends at `due`, of work that is due at once, or as good as: whoever decided that it is due now has
/// looked at the clock a moment later than the transaction that writes it. What is due on a date begins no pause: the date does
/// not move with the clock.
pub(super) fn began(due: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (due <= after(now, TOLERANCE)).then_some(now)
}

#[cfg(test)]
mod tests;
