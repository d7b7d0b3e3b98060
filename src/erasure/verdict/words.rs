//! What each reason means, and what to do about it: the one place for these words.

use super::ReasonCode;

impl ReasonCode {
    /// What it means, in a sentence for the reader of a receipt; `docs/receipt.md` has the same.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Cancelled => "A person closed this erasure before every target had answered.",
            Self::Stopped => {
                "A person stopped this erasure while it was under way: no further call was begun, and what was under way ended."
            }
            Self::NotResolved => "Nobody established which sessions and targets this erasure concerns.",
            Self::PossibleLeft => "Sessions that may be this person's were left alone, because not enough agrees.",
            Self::PossibleIncluded => "A person decided to erase sessions that may be this person's.",
            Self::PossibleExcluded => "A person decided that sessions that might be this person's are somebody else's.",
            Self::Unread => {
                "Sessions could not be read at mluvii, or events could not be decided on, so nobody knows whether or what of them is meant."
            }
            Self::Excluded => "A person decided to keep sessions that belong to the subject.",
            Self::CameSince => {
                "Sessions that certainly belong to the subject have come since it was planned what goes, and were left."
            }
            Self::NeverRead => "A session was named by its number, and mluvii has never shown a session with it.",
            Self::Narrowed => "Fewer sessions were reached than the rule or request asks for.",
            Self::LedgerOnly => "Only the ledger was searched: sessions that never reached quietus were not found.",
            Self::LedgerOnlyAccepted => {
                "Only the ledger was searched, which the configuration accepts (person.accept_ledger_only)."
            }
            Self::Parked => "The target did not finish and needs a person.",
            Self::Residual => "The target was re-checked and still held the data.",
            Self::Unverifiable => "Nobody has seen whether the data is gone from the target.",
            Self::ExpectedUnverifiable => {
                "Nobody can see whether the data is gone from the target, which the configuration expects."
            }
            Self::Retained => "A law or a hold keeps data at the target.",
            Self::Held => "A hold kept this erasure waiting; where it still keeps anything, the target says so.",
            Self::KeptByVendor => "The vendor keeps deleted data for some time by its own rules.",
            Self::LeftBehind => "Personal data of this kind is still at the target.",
            Self::LeftAccepted => {
                "Personal data of this kind is still at the target, or was not looked for, which the configuration accepts."
            }
            Self::NotLookedAt => "A place at the target that could hold data was not looked at.",
        }
    }

    /// What to do about one that lowers the verdict; `None` where it lowers nothing. README.md has the same.
    pub(crate) fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Cancelled => "Ask for it again: what was not erased by then is still there.",
            Self::Stopped => "Ask for what is left again; of a request: plan it again, and run that.",
            Self::NotResolved => "It was cancelled before it began, or has no target: ask for it again.",
            Self::PossibleLeft => {
                "Look at these sessions and decide on each: of a request by `quietus requests plan` with `--include` or `--exclude`, and run \
                 that; otherwise by `quietus erase` with `--dry-run`, and ask again."
            }
            Self::Excluded => "Tell the person what is kept and why, or ask again without `--exclude`.",
            Self::CameSince => "Of a request: plan it again, and run that.",
            Self::Unread => {
                "Ask again when mluvii shows these sessions (`quietus status` says why it does not), or with `--exclude` where one is somebody \
                 else's."
            }
            Self::NeverRead => "Check the number for a typing error.",
            Self::Narrowed => "Ask for the person by hand, with the identifiers that you know.",
            Self::LedgerOnly => {
                "Have mluvii searched (`quietus mluvii probe`, then `mluvii.search`), or accept that it is not (`person.accept_ledger_only`)."
            }
            Self::Parked => "Mend what the detail says, and ask for it again.",
            Self::Residual => "Look at the target why it is still there, and ask for it again.",
            Self::Unverifiable => {
                "Look there yourself; where nobody can ever see it, have that expected (`expected = \"unverifiable\"`)."
            }
            Self::Retained => {
                "Tell the person what is kept, by which law or hold, and for how long; ask for it again when that is over."
            }
            Self::KeptByVendor => {
                "Tell the person what the vendor keeps, and for how long; nobody can do more about it."
            }
            Self::LeftBehind => "Erase it at the target, or have the kind accepted (`mluvii.accept_left`).",
            Self::NotLookedAt => {
                "Look there yourself, let the target look there, or have the place accepted, word by word (`accept_not_looked_at` of a plugin, \
                 `mluvii.accept_left`); where others were asked before a target had said what it knows, ask again for the person."
            }
            Self::PossibleIncluded
            | Self::PossibleExcluded
            | Self::LedgerOnlyAccepted
            | Self::ExpectedUnverifiable
            | Self::Held
            | Self::LeftAccepted => return None,
        })
    }
}
