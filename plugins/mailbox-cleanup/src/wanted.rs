//! Whose messages are wanted: decides by a person's addresses whether a message is theirs. With `headers`, which
//! reads them as they came, the only place that decides it, for every kind of mailbox.

use mail_parser::{HeaderName, HeaderValue, Message, MessageParser, PartType};

use quietus_plugin::mark;

use crate::address::Address;

/// A person's addresses, none of which is protected; never empty.
pub(crate) struct Wanted {
    addresses: Vec<Address>,
    place: Place,
}

/// Where in a message an address makes the message the person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// From, Sender and Reply-To.
    Senders,
    /// Also To, Cc and Bcc.
    Headers,
    /// Also anywhere in the text.
    Anywhere,
}

/// Whose a message is that a search has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Theirs,
    SomebodyElses,
    /// It shows no address where one must have been found.
    Unclear,
    /// All that it shows is others', and nothing of it explains why it was found: it may have the address where it does not show it.
    Unexplained,
}

impl Place {
    /// Whether an address in this header makes a message the person's.
    pub(crate) fn counts(self, header: &HeaderName<'_>) -> bool {
        match header {
            HeaderName::From | HeaderName::Sender | HeaderName::ReplyTo => true,
            HeaderName::To | HeaderName::Cc | HeaderName::Bcc => self != Self::Senders,
            _ => false,
        }
    }
}

impl Wanted {
    pub(crate) fn new(addresses: Vec<Address>, place: Place) -> Self {
        Self { addresses, place }
    }

    pub(crate) fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// A mark of whose messages are wanted and where they are looked for, in the order in which the addresses stand.
    pub(crate) fn mark(&self, judged_by: u64) -> u64 {
        let spelled = self.addresses.iter().flat_map(|address| address.spellings());
        let parts = [judged_by.to_string(), format!("{:?}", self.place)].into_iter();
        mark(parts.chain(spelled))
    }

    /// Whose a message is, by the addresses that an API gives in the places that count: `None` where it names somebody and
    /// gives no address.
    pub(crate) fn by_addresses<'a>(&self, carried: impl Iterator<Item = Option<&'a str>>) -> Whose {
        let carried: Vec<_> = carried.collect();
        let shown: Vec<Vec<Address>> =
            carried.iter().map(|text| text.map(Address::readings).unwrap_or_default()).collect();
        let is_theirs = shown.iter().flatten().any(|found| self.addresses.contains(found));
        // What has the address in it, as a link with `cc=` has, is nobody else's.
        let is_open = || carried.iter().flatten().any(|text| self.in_text(text)) || shown.iter().any(Vec::is_empty);
        match is_theirs {
            true => Whose::Theirs,
            false if shown.is_empty() || is_open() => Whose::Unclear,
            false => Whose::SomebodyElses,
        }
    }

    /// Whether one of the addresses stands anywhere in a message that came as a whole: in its text or its headers, or in
    /// those of a message within it. What is attached otherwise is not looked into.
    pub(crate) fn in_message(&self, raw: &[u8]) -> bool {
        let message = MessageParser::default().parse(raw);
        message.is_some_and(|message| in_parts(&message, &|text| self.in_text(text)))
    }

    /// Whether a search for one of the addresses finds what a message shows: its text or headers, as they came or decoded.
    pub(crate) fn explains(&self, raw: &[u8]) -> bool {
        let decoded = |message| in_parts(&message, &|text| self.resembles(text));
        self.resembles(&String::from_utf8_lossy(raw)) || MessageParser::default().parse(raw).is_some_and(decoded)
    }

    pub(crate) fn counts(&self, header: &HeaderName<'_>) -> bool {
        self.place.counts(header)
    }

    /// Whether one of the addresses stands in a text, neither as the end nor as the beginning of a longer one.
    pub(crate) fn in_text(&self, text: &str) -> bool {
        let text: String = match text.is_ascii() {
            true => text.to_ascii_lowercase(),
            false => text.chars().flat_map(small).collect(),
        };
        let spellings = self.addresses.iter().flat_map(Address::spellings);
        spellings.into_iter().any(|spelling| stands_alone(&text, &spelling))
    }
}

/// Whether a message has a text or a header of this kind, or one within it.
fn in_parts(message: &Message<'_>, test: &dyn Fn(&str) -> bool) -> bool {
    let headers = message.parts.iter().flat_map(|part| part.headers.iter());
    let mut texts = headers.filter_map(|header| match &header.value {
        HeaderValue::Text(text) => Some(vec![text.clone()]),
        HeaderValue::TextList(texts) => Some(texts.clone()),
        HeaderValue::Address(addresses) => {
            Some(addresses.iter().flat_map(|found| [found.name.clone(), found.address.clone()]).flatten().collect())
        }
        _ => None,
    });
    texts.any(|texts| texts.iter().any(|text| test(text)))
        || message.parts.iter().any(|part| match &part.body {
            PartType::Text(text) | PartType::Html(text) => test(text),
            PartType::Message(inner) => in_parts(inner, test),
            _ => false,
        })
}

/// Whether an address stands in a text on its own. Characters that an address may have and never has in practice, such
/// as the `=` in a link, end it.
fn stands_alone(text: &str, address: &str) -> bool {
    let within = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
    text.match_indices(address).any(|(at, _)| {
        let mut before = text[..at].chars().rev();
        let longer_before = match before.next() {
            Some('\'') => before.next().is_some_and(char::is_alphanumeric),
            Some(c) => within(c) || is_mark(c),
            None => false,
        };
        let mut after = text[at + address.len()..].chars();
        let longer_after = match after.next() {
            Some('.') => after.next().is_some_and(char::is_alphanumeric),
            Some(c) => c.is_alphanumeric() || c == '-' || c == '@' || is_mark(c),
            None => false,
        };
        !longer_before && !longer_after
    })
}

/// A letter in small, as a normal form has it; one whose small letter looks like another's (the Kelvin sign, the dotted
/// I) stays as it is.
fn small(c: char) -> impl Iterator<Item = char> {
    let lower: Vec<char> = c.to_lowercase().collect();
    let is_kept = !c.is_ascii() && lower.iter().any(char::is_ascii);
    if is_kept { vec![c] } else { lower }.into_iter()
}

/// A mark that belongs to the letter before it.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Of what a person typed.
#[cfg(test)]
pub(crate) fn wanted(addresses: &[&str], place: Place) -> Wanted {
    Wanted::new(addresses.iter().map(|text| Address::typed(text).expect("an address")).collect(), place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_that_an_api_does_not_give_leaves_it_open_whose_a_message_is() {
        #[track_caller]
        fn check(carried: &[Option<&str>], expected: Whose) {
            assert_eq!(wanted(&["ann@x.cz"], Place::Headers).by_addresses(carried.iter().copied()), expected);
        }
        check(&[None, Some("ANN@x.cz")], Whose::Theirs);
        check(&[Some("joann@x.cz"), Some("eve@y.cz")], Whose::SomebodyElses);
        check(&[Some("joann@x.cz"), None], Whose::Unclear);
        check(&[Some("'ann@x.cz'")], Whose::Theirs);
        check(&[Some("mailto:ann@x.cz")], Whose::Theirs);
        check(&[Some("'ann@x.cz")], Whose::Unclear);
        check(&[Some("mailto://ann@x.cz")], Whose::Theirs);
        check(&[Some("mailto:eve@y.cz?cc=ann@x.cz")], Whose::Unclear);
        check(&[Some("joann@x.cz"), Some("a*n@x.cz")], Whose::Unclear);
        check(&[Some("eve@y.cz ann@x.cz")], Whose::Theirs);
        check(&[Some("joann@x.cz"), Some("")], Whose::Unclear);
        check(&[Some("joann@x.cz"), Some("***")], Whose::Unclear);
        check(&[Some("joann@x.cz"), Some("/O=EXCHANGE/CN=ANN")], Whose::Unclear);
        check(&[], Whose::Unclear);
    }

    #[test]
    fn a_text_has_the_address_only_where_it_stands_alone() {
        #[track_caller]
        fn check(text: &str, expected: bool) {
            assert_eq!(wanted(&["ann@x.cz"], Place::Anywhere).in_text(text), expected, "{text}");
        }
        for text in
            ["ann@x.cz", "Write to Ann@X.cz.", "<a href=\"mailto:ann@x.cz?subject=x\">", "'ann@x.cz'", "(ann@x.cz)"]
        {
            check(text, true);
        }
        check("?to=ann@x.cz&x", true);
        check("joann@x.cz, then ann@x.cz", true);
        for text in ["joann@x.cz", "ann@x.czech.com", "ann@x.cz.com", "jo.ann@x.cz", "o'ann@x.cz", "ann@x.cz-old.com"] {
            check(text, false);
        }
        check("ann@x.cz\u{301}", false);
        check("žann@x.cz", false);
    }
}
