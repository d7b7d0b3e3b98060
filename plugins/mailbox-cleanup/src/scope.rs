//! What an answer claims: which places were looked at and by what, which were not, and what the system keeps. The sentences stand on
//! receipts and in the READMEs; none holds a folder's name or an address.

use crate::wanted::Place;

/// What only a message's text or attachments say.
pub(crate) const TEXTS: &str =
    "what only the text or an attachment of a message says of the person: `look_at_body` is off";
/// The same, where texts are never looked at.
pub(crate) const TEXTS_NEVER: &str = "what only the text or an attachment of a message says of the person";
/// What a look at texts leaves out.
pub(crate) const ATTACHMENTS: &str = "attachments other than texts and messages, and what is encrypted";
/// What others have sent to the person.
pub(crate) const RECEIVED: &str = "messages that the person has not sent: `only_from` is on";
/// What the server does not have.
pub(crate) const DEVICES: &str = "what mail programs keep on people's devices";

/// What one account's answer claims.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Which places were looked at, and by what.
    pub(crate) looked_at: Option<String>,
    /// Which places were not.
    pub(crate) not_looked_at: Vec<String>,
    /// What the system keeps of what is erased, for how long, and by whose word.
    pub(crate) keeps: &'static [&'static str],
}

impl Scope {
    pub(crate) fn looked_at(places: String) -> Self {
        Self { looked_at: Some(places), ..Self::default() }
    }

    /// These were not looked at, whatever the server has there.
    #[must_use]
    pub(crate) fn without(mut self, places: &[&str]) -> Self {
        self.not_looked_at.extend(places.iter().map(|place| (*place).to_owned()));
        self
    }

    /// These, where it is so.
    #[must_use]
    pub(crate) fn without_if(self, is_so: bool, places: &str) -> Self {
        if is_so { self.without(&[places]) } else { self }
    }
}

/// The headers by which messages are searched for and judged, where the search looks at them all.
pub(crate) fn headers(place: Place) -> &'static str {
    match place {
        Place::Senders => "From, Sender and Reply-To",
        Place::Headers | Place::Anywhere => "From, Sender, Reply-To, To, Cc and Bcc",
    }
}

/// The same, of systems whose search knows neither Sender nor Reply-To.
pub(crate) fn headers_of_search(place: Place) -> &'static str {
    match place {
        Place::Senders => "From",
        Place::Headers | Place::Anywhere => "From, To, Cc and Bcc",
    }
}
