//! Why two are not surely two people, so that one does not approve what the other has asked for: the real reason, and the way out.

use std::fmt;

use super::Actor;
use crate::access::AccountName;

/// Why somebody is not surely somebody else than who has asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotApart {
    /// They have asked for it themselves, by whichever way in.
    #[error("somebody else has to approve it than {0}, who has asked for it")]
    Own(Actor),
    /// It was asked for by an account of the machine that is nobody's own, and whoever approves may be the same.
    #[error(
        "somebody else has to approve it than {0}, who has asked for it; nothing shows who that is, so nobody who becomes it is surely \
         somebody else: have it ended, and asked for anew by somebody under a name of their own"
    )]
    Nobodys(Actor),
    /// It was asked for by an account of the machine, and no account of the ledger says who that is.
    #[error(
        "it is not known whether {by} is somebody else than {asked}, who has asked for it: give whoever has the machine's account \
         {account} an account of that name (`quietus users add {account}`), or let both come by the same way"
    )]
    NoAccount { by: Actor, asked: Actor, account: AccountName },
    /// The same, and no account could say it: nobody who comes by an account approves it.
    #[error(
        "it is not known whether {by} is somebody else than {asked}, who has asked for it, as nothing shows who {asked} is: have it \
         ended, and asked for anew, so that both come by the same way, each with an account of their own"
    )]
    UnknownAsker { by: Actor, asked: Actor },
    /// Whoever approves comes by an account of the machine, and nothing shows who that is.
    #[error(
        "it is not known whether {by} is somebody else than {asked}, who has asked for it, as nothing shows who {by} is: let both come \
         by the same way, each with an account of their own"
    )]
    UnknownApprover { by: Actor, asked: Actor },
    /// One has given the other what they come by.
    #[error(
        "somebody else has to approve it: {giver} has given {to} the token or password, and may have it, too; have it given anew by \
         somebody who has neither asked for it nor approves it{whose}"
    )]
    Given { giver: Actor, to: Actor, whose: Whose },
    /// One account has given both what they come by.
    #[error(
        "somebody else has to approve it: {giver} has given {by} and {asked} the token or password, or has given it to who has, and may \
         have both; have one of them given anew by another operator, or by command; where that is {asked}, it is asked for anew with it"
    )]
    GivenBoth { giver: Actor, by: Actor, asked: Actor },
    /// Nobody knows any more who has given it.
    #[error(
        "who has given {to} the token or password is no longer in the ledger's audit, so nobody is surely somebody else: have a new one \
         given (`quietus tokens issue`, `quietus users password`), and use that{whose}"
    )]
    Forgotten { to: Actor, whose: Whose },
    /// Nobody knows any more who has asked.
    #[error(
        "who has asked for it is no longer in the ledger's audit, so nobody is surely somebody else: reject it, and ask anew"
    )]
    AskerForgotten,
    /// It follows from a consent that somebody has written down as withdrawn.
    #[error("{by} has written down that a consent is withdrawn of which it follows; {why}")]
    Withdrawn { by: Actor, why: Box<NotApart> },
}

impl NotApart {
    /// Whether it is of what was asked for, so that whoever looks is told, as nobody who comes by an account can approve it.
    pub(crate) fn stops_everybody(&self) -> bool {
        match self {
            Self::Nobodys(_) | Self::UnknownAsker { .. } | Self::NoAccount { .. } | Self::AskerForgotten => true,
            Self::Forgotten { whose, .. } => *whose == Whose::Askers,
            Self::Own(_) | Self::UnknownApprover { .. } | Self::Given { .. } | Self::GivenBoth { .. } => false,
            Self::Withdrawn { why, .. } => why.stops_everybody(),
        }
    }
}

/// Whose token or password it is that has to be another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Approvers,
    Askers,
}

/// What else has to be done.
impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approvers => "",
            // What was asked for with the old one stays asked for with that.
            Self::Askers => ", and have it asked for anew with that",
        })
    }
}
