//! The event types that matter.

use serde::{Deserialize, Serialize};

/// The event types that lead to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum EventKind {
    SessionEnded,
    SessionActivityHeroCardSubmission,
    SessionActivityChatbotHeroCardSubmission,
    SessionActivityCallScriptSubmission,
    SessionCallParamsUpdated,
    SessionOperatorConcluded,
    SessionRecordingPostProcessingCompleted,
    GuestIdentityUpdated,
}

impl EventKind {
    pub(crate) const ALL: [Self; 8] = [
        Self::SessionEnded,
        Self::SessionActivityHeroCardSubmission,
        Self::SessionActivityChatbotHeroCardSubmission,
        Self::SessionActivityCallScriptSubmission,
        Self::SessionCallParamsUpdated,
        Self::SessionOperatorConcluded,
        Self::SessionRecordingPostProcessingCompleted,
        Self::GuestIdentityUpdated,
    ];

    /// As mluvii writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SessionEnded => "SessionEnded",
            Self::SessionActivityHeroCardSubmission => "SessionActivityHeroCardSubmission",
            Self::SessionActivityChatbotHeroCardSubmission => "SessionActivityChatbotHeroCardSubmission",
            Self::SessionActivityCallScriptSubmission => "SessionActivityCallScriptSubmission",
            Self::SessionCallParamsUpdated => "SessionCallParamsUpdated",
            Self::SessionOperatorConcluded => "SessionOperatorConcluded",
            Self::SessionRecordingPostProcessingCompleted => "SessionRecordingPostProcessingCompleted",
            Self::GuestIdentityUpdated => "GuestIdentityUpdated",
        }
    }

    /// Whether the event brings a form that somebody has filled in.
    pub(crate) fn is_form(self) -> bool {
        matches!(
            self,
            Self::SessionActivityHeroCardSubmission
                | Self::SessionActivityChatbotHeroCardSubmission
                | Self::SessionActivityCallScriptSubmission
        )
    }

    /// Whether the event only says "look again". It carries nothing that tells one occurrence from the next, so the same
    /// body is a duplicate only until the session is looked up.
    pub(crate) fn is_announcement(self) -> bool {
        matches!(
            self,
            Self::SessionCallParamsUpdated | Self::SessionRecordingPostProcessingCompleted | Self::GuestIdentityUpdated
        )
    }

    /// The number under which the ledger keeps the kind; never reused.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::SessionEnded => 1,
            Self::SessionActivityHeroCardSubmission => 2,
            Self::SessionActivityChatbotHeroCardSubmission => 3,
            Self::SessionActivityCallScriptSubmission => 4,
            Self::SessionCallParamsUpdated => 5,
            Self::SessionOperatorConcluded => 6,
            Self::SessionRecordingPostProcessingCompleted => 7,
            Self::GuestIdentityUpdated => 8,
        }
    }
}
