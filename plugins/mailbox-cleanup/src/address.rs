//! One e-mail address, and whether a text is exactly that address. What a person typed or a message carries enters; no
//! look-alike leaves as equal.

use unicode_normalization::UnicodeNormalization as _;

/// Longer texts are no addresses: RFC 5321 allows 64 bytes before the `@` and 255 after it.
const BYTES_MAX: usize = 320;

/// An address in the one form that all its spellings share: the local part in small letters and without quotes, the
/// domain as DNS knows it (`xn--…`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Of what a person typed; `None` when no message can carry it as an address.
    pub(crate) fn typed(text: &str) -> Option<Self> {
        let address = Self::carried(text)?;
        let (local, _) = text.trim().rsplit_once('@')?;
        (unquoted(local).is_some() || local.chars().all(plain)).then_some(address)
    }

    /// Of what a message carries at the place of an address, as RFC 5322 writes it.
    pub(crate) fn carried(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        Self::of(&unquoted(local).unwrap_or_else(|| local.to_owned()), domain)
    }

    /// Of what the parser of headers has made of an address: it undoes what `\` does within quotes and leaves the quotes, a
    /// route and spaces around the `@`.
    pub(crate) fn parsed(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('@').and_then(|route| route.split_once(':')).map_or(text, |(_, rest)| rest);
        let (local, domain) = text.rsplit_once('@')?;
        let local = local.trim_end();
        let inner = local.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
        Self::of(inner.unwrap_or(local), domain.trim_start())
    }

    fn of(local: &str, domain: &str) -> Option<Self> {
        let bytes = local.len() + domain.len();
        if local.is_empty() || bytes > BYTES_MAX || local.chars().chain(domain.chars()).any(char::is_control) {
            return None;
        }
        Some(Self { local: local.chars().flat_map(small).nfc().collect(), domain: domain_of(domain)? })
    }

    /// What comes after the `@`, as DNS knows it.
    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    /// The spellings in a text: with the domain in ASCII, and with the domain in its own letters.
    pub(crate) fn spellings(&self) -> Vec<String> {
        match self.local.chars().all(plain) {
            true => self.after(&self.local),
            false => self.after(&format!("\"{}\"", self.local.replace('\\', "\\\\").replace('"', "\\\""))),
        }
    }

    /// What a fuzzy search has to ask for, so that it finds all of this address and others. A local part that needs quotes
    /// has many spellings, of which each server has its own opinion: then its whole domain. One that needs none may have
    /// them all the same, and one with a dot at an end or two in a row must.
    pub(crate) fn searches(&self) -> Vec<String> {
        match self.local.chars().all(plain) {
            true => [self.spellings(), self.after(&format!("\"{}\"", self.local))].concat(),
            false => self.after(""),
        }
    }

    fn after(&self, local: &str) -> Vec<String> {
        let (unicode, readable) = idna::domain_to_unicode(&self.domain);
        let mut spellings = vec![format!("{local}@{}", self.domain)];
        if readable.is_ok() && unicode != self.domain {
            spellings.push(format!("{local}@{unicode}"));
        }
        spellings
    }
}

/// Whether a local part may have this character outside of quotes.
fn plain(c: char) -> bool {
    !c.is_whitespace() && !r#"()<>[]:;@\,""#.contains(c)
}

/// A domain as DNS knows it.
pub(crate) fn domain_of(text: &str) -> Option<String> {
    let text = text.trim_end_matches('.');
    if text.starts_with('[') {
        return text.ends_with(']').then(|| text.to_ascii_lowercase());
    }
    let domain = idna::domain_to_ascii(text).ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (!domain.is_empty() && domain.bytes().all(plain)).then_some(domain)
}

/// What stands within the quotes of a local part.
fn unquoted(local: &str) -> Option<String> {
    let inner = local.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next()?),
            '"' => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

/// A letter in small; one whose small letter looks like another's (the Kelvin sign, the dotted I) stays as it is.
pub(crate) fn small(c: char) -> impl Iterator<Item = char> {
    let lower: Vec<char> = c.to_lowercase().collect();
    let kept = !c.is_ascii() && lower.iter().any(char::is_ascii);
    if kept { vec![c] } else { lower }.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(one: &str, other: &str, expected: bool) {
        let (one, other) = (Address::typed(one).expect("an address"), Address::carried(other).expect("an address"));
        assert_eq!(one == other, expected, "{one:?} {other:?}");
    }

    #[test]
    fn spellings_of_one_address_are_equal_and_look_alikes_are_not() {
        same("ann@x.cz", "ANN@X.CZ", true);
        same(" Ann@x.cz. ", "ann@x.cz", true);
        same("\"ann b\"@x.cz", "ann b@x.cz", true);
        same("\"a\\\"b\"@x.cz", "\"a\\\"b\"@x.cz", true);
        same("\"ann\"@x.cz", "ann@x.cz", true);
        same("ann@příklad.cz", "ann@xn--pklad-zsa96e.cz", true);
        same("Ářa@x.cz", "a\u{301}r\u{30c}a@x.cz", true);
        same("ann@x.cz", "joann@x.cz", false);
        same("ann@x.cz", "ann@x.czech.com", false);
        same("ann@x.cz", "ann+news@x.cz", false);
        same("ann@x.cz", "ann@sub.x.cz", false);
        same("kim@x.cz", "\u{212a}im@x.cz", false);
        same("ann@x.cz", "\u{430}nn@x.cz", false);
        same("ann@x.cz", "a\u{301}nn@x.cz", false);
        same("ann@[10.0.0.1]", "ann@[10.0.0.1]", true);
    }

    #[test]
    fn what_no_message_can_carry_is_no_address() {
        let long = format!("{}@x.cz", "a".repeat(10_000));
        for text in
            ["", "ann", "@x.cz", "ann@", "a b@x.cz", "ann@x.cz\r\nBcc: eve@x.cz", "<ann@x.cz>", "a,b@x.cz", &long]
        {
            assert_eq!(Address::typed(text), None, "{text:?}");
        }
        for text in ["a*@x.cz", "%@x.cz", "o'hara@x.cz", "a\"b@x.cz", "ann@*", "ann@x cz", "ann@x.cz)"] {
            let found = Address::typed(text).is_some();
            assert_eq!(found, ["a*@x.cz", "%@x.cz", "o'hara@x.cz"].contains(&text), "{text:?}");
        }
    }

    #[test]
    fn a_search_spells_a_domain_in_both_ways() {
        let spelled = |text| Address::typed(text).expect("an address").spellings();
        assert_eq!(spelled("Ann@X.cz"), ["ann@x.cz"]);
        assert_eq!(spelled("ann@příklad.cz"), ["ann@xn--pklad-zsa96e.cz", "ann@příklad.cz"]);
        let quoted = Address::typed("\"a \\\"b\"@x.cz").expect("an address");
        assert_eq!((quoted.spellings(), quoted.searches()), (vec!["\"a \\\"b\"@x.cz".into()], vec!["@x.cz".into()]));
    }
}
