//! What a request would have erased, as it was shown: a hash over what is included, by which it is ordered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Request, RequestId, words};
use crate::audit::Actor;
use crate::chain;
use crate::erasure::Foreseen;
use crate::subject::{SessionKey, TargetName};
use std::fmt;
use std::str::FromStr;

/// It is typed, and tells plans of one request apart.
const HASH_CHARACTERS: usize = 16;

words! {
    /// Why somebody takes or leaves a single session. A word, and no text of one's own: names would stand there.
    ChosenBecause {
        /// The person says so.
        PersonSays = "person-says",
        /// What was said in it shows whose it is.
        Content = "content",
        /// Somebody else has used the phone, the browser or the address.
        Shared = "shared",
        /// It is somebody else's who has the same name.
        Namesake = "namesake",
        /// It is needed, such as for a complaint that is open.
        Needed = "needed",
    }
}

impl ChosenBecause {
    /// Whether a session can be taken for this reason; by the others it can only be left.
    pub(crate) fn fits_taking(self) -> bool {
        match self {
            Self::PersonSays | Self::Content => true,
            Self::Shared | Self::Namesake | Self::Needed => false,
        }
    }

    /// Whether a session that is left for this reason is the person's all the same, and not somebody else's.
    pub(crate) fn says_theirs(self) -> bool {
        match self {
            Self::Needed => true,
            Self::PersonSays | Self::Content | Self::Shared | Self::Namesake => false,
        }
    }
}

/// A session that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedSession {
    pub(crate) session: SessionKey,
    /// `certain` or `possible`.
    pub(crate) certainty: String,
    /// Why it is the person's: kinds of identifiers and words.
    pub(crate) reason: String,
}

/// What somebody decided about a single session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) session: SessionKey,
    pub(crate) because: ChosenBecause,
}

/// What somebody decided about single sessions, and what that is to be of what was decided before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) include: Vec<Choice>,
    pub(crate) exclude: Vec<Choice>,
    /// Everything before is forgotten, also who has decided it.
    pub(crate) anew: bool,
    /// Where whoever decides has read what was decided before ([`Request::decided`]): what that was.
    pub(crate) seen: Option<String>,
}

/// Who has approved a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
}

/// What a request would have erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) hash: String,
    /// Those that go, in their order.
    pub(crate) sessions: Vec<PlannedSession>,
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) approved: Option<Approval>,
    /// What its receipt will have to say, as it was shown. It is no part of the hash: what targets hold changes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) foreseen: Option<Foreseen>,
}

impl Request {
    /// By what its plan, and what was decided about single sessions, are told from others: who has read these and decides must not undo what
    /// somebody else has decided meanwhile.
    pub(crate) fn decided(&self) -> String {
        let plan = self.plan.as_ref().map(|plan| &plan.hash);
        let text = json!({ "plan": plan, "include": self.include, "exclude": self.exclude }).to_string();
        let mut hash = chain::hash(text.as_bytes());
        hash.truncate(HASH_CHARACTERS);
        hash
    }
}

impl Plan {
    /// What it shows to be held: sessions that go, and targets where something is. `None` where it shows nothing.
    pub(super) fn held(&self) -> Option<String> {
        let mut held = Vec::new();
        match self.sessions.len() {
            0 => {}
            1 => held.push("1 session goes".to_owned()),
            count => held.push(format!("{count} sessions go")),
        }
        let there = self.foreseen.iter().flat_map(|foreseen| &foreseen.there);
        held.extend(there.map(|target| format!("{target} holds something")));
        (!held.is_empty()).then(|| held.join(", "))
    }

    /// Over all that is included, and nothing else: what comes to a person who goes on chatting is for another plan.
    pub(crate) fn hash(request: RequestId, targets: &[TargetName], sessions: &[PlannedSession]) -> String {
        let text = json!({ "request": request, "targets": targets, "sessions": sessions }).to_string();
        let mut hash = chain::hash(text.as_bytes());
        hash.truncate(HASH_CHARACTERS);
        hash
    }
}
