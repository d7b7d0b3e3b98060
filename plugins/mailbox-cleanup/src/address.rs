//! One e-mail address of a person or a message. Which texts are the same address is said by
//! [`quietus_plugin::identity`]; this brings what messages carry into the spelling that it reads.

use quietus_plugin::identity::is_masked;
use quietus_plugin::{Kind, identity};

/// An address in its normal form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address(String);

impl Address {
    /// Of what a person typed; `None` when no message can carry it as an address.
    pub(crate) fn typed(text: &str) -> Option<Self> {
        identity::email(text).map(Self)
    }

    /// Of what is in its normal form.
    pub(crate) fn normal(form: String) -> Self {
        Self(form)
    }

    /// Of what a message carries at the place of an address, as RFC 5322 writes it; an API may leave out the quotes.
    pub(crate) fn carried(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        if local.len() > 1 && local.starts_with('"') && local.ends_with('"') {
            return Self::typed(text);
        }
        Self::of(local, domain)
    }

    /// Of what the parser of headers has made of an address: it undoes what `\` does within quotes and leaves the quotes, a
    /// route and spaces around the `@`.
    pub(crate) fn parsed(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('@').and_then(|route| route.split_once(':')).map_or(text, |(_, rest)| rest);
        let (local, domain) = text.rsplit_once('@')?;
        let (local, domain) = (local.trim_end(), domain.trim_start());
        match local.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
            Some(inner) => Self::of(inner, domain),
            // Not as if it had quotes: `ann@x.cz eve@y.cz` is no address of somebody at y.cz.
            None => Self::typed(&format!("{local}@{domain}")),
        }
    }

    /// Of what programs write that do not keep to RFC 5322: quotes or brackets around an address, a link, several addresses
    /// with a blank between. None where it may mean anything else.
    pub(crate) fn oddly_carried(text: &str) -> Vec<Self> {
        let around = |c: char| c.is_whitespace() || "'\"`<>[]()\u{feff}‘’‚‛“”„«»‹›".contains(c);
        let inner = text.trim_matches(around);
        let inner = match inner.split_at_checked(5) {
            Some((scheme, address)) if scheme.eq_ignore_ascii_case("smtp:") => address,
            _ => inner,
        };
        identity::normal_forms(&Kind::Email, inner, None).into_iter().map(Self).collect()
    }

    /// Of what an API gives at the place of an address. None where it may mean several things, or is masked.
    pub(crate) fn readings(text: &str) -> Vec<Self> {
        match Self::typed(text).filter(|_| !is_masked(text)) {
            None if is_masked(text) => Vec::new(),
            // An address by the letter, and perhaps one in quotes of which one is lost.
            Some(_) if text.trim_start().starts_with(['\'', '`']) => Vec::new(),
            Some(address) => vec![address],
            None => Self::carried(text).into_iter().chain(Self::oddly_carried(text)).collect(),
        }
    }

    /// Of a local part without quotes around it.
    fn of(local: &str, domain: &str) -> Option<Self> {
        if local.is_empty() {
            return None;
        }
        let quoted = local.replace('\\', "\\\\").replace('"', "\\\"");
        Self::typed(&format!("\"{quoted}\"@{domain}"))
    }

    pub(crate) fn normal_form(&self) -> &str {
        &self.0
    }

    /// What comes after the `@`, as DNS knows it.
    pub(crate) fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The spellings in a text: with the domain in ASCII, and with the domain in its own letters.
    pub(crate) fn spellings(&self) -> Vec<String> {
        identity::spellings(&Kind::Email, &self.0)
    }

    /// What a fuzzy search has to ask for, so that it finds all of this address and others. A local part that needs quotes
    /// has many spellings, of which each server has its own opinion: then its whole domain. One that needs none may have
    /// them all the same, and one with a dot at an end or two in a row must.
    pub(crate) fn searches(&self) -> Vec<String> {
        let spellings = self.spellings();
        let parts = |spelling: &String| spelling.rsplit_once('@').map(|(local, at)| (local.to_owned(), at.to_owned()));
        let parts: Vec<_> = spellings.iter().filter_map(parts).collect();
        if self.0.starts_with('"') {
            return parts.into_iter().map(|(_, domain)| format!("@{domain}")).collect();
        }
        let quoted = parts.into_iter().map(|(local, domain)| format!("\"{local}\"@{domain}"));
        spellings.into_iter().chain(quoted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(one: &str, other: &str, expected: bool) {
        let one = Address::typed(one).expect("an address");
        let other = Address::carried(other).expect("an address");
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
            ["", "ann", "@x.cz", "ann@", "a b@x.cz", "ann@x.cz\r\nBcc: eve@x.cz", "<ann@x.cz", "a,b@x.cz", &long]
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
