//! Exact matches: a value as a stranger typed it, and a value as it stands in a record, are the same or are not. Vendors'
//! searches are fuzzy; nothing is erased that did not pass here.

use quietus_plugin::same_letters;

use crate::config::PlusAddressing;

/// The longest address, in bytes (RFC 5321, 4.5.3.1.3, and its erratum 1690).
const ADDRESS_BYTES_MAX: usize = 254;
/// Digits of a telephone number (E.164, 6.1); fewer than the least are short codes of no single person.
const DIGITS_MIN: usize = 6;
const DIGITS_MAX: usize = 15;

/// How values are compared.
pub(crate) struct Rules {
    pub(crate) plus_addressing: PlusAddressing,
    pub(crate) country_code: Option<String>,
}

impl Rules {
    /// The address without blanks around it; `None` when no record can hold it.
    pub(super) fn address<'a>(&self, typed: &'a str) -> Option<&'a str> {
        let address = typed.trim();
        let (local, domain) = address.rsplit_once('@')?;
        let plain = !address.chars().any(|c| c.is_control() || c.is_whitespace());
        (plain && !local.is_empty() && !domain.is_empty() && address.len() <= ADDRESS_BYTES_MAX).then_some(address)
    }

    /// The addresses to search for: this one and, where that makes no difference, the one without `+…`.
    pub(super) fn spellings(&self, address: &str) -> Vec<String> {
        let mut all = vec![address.to_owned()];
        if self.plus_addressing == PlusAddressing::Same && without_plus(address) != address {
            all.push(without_plus(address));
        }
        all
    }

    /// `ann+` and `@x.cz` of `ann@x.cz`, where what stands between them makes no difference.
    pub(super) fn around_plus(&self, address: &str) -> Option<(String, String)> {
        let plain = without_plus(address);
        let (name, domain) = plain.rsplit_once('@')?;
        (self.plus_addressing == PlusAddressing::Same).then(|| (format!("{name}+"), format!("@{domain}")))
    }

    pub(super) fn same_address(&self, a: &str, b: &str) -> bool {
        let (a, b) = (a.trim(), b.trim());
        same_letters(a, b)
            || (self.plus_addressing == PlusAddressing::Same && same_letters(&without_plus(a), &without_plus(b)))
    }

    /// The number's digits: with `+` when they begin with a country code. `None` when it is no telephone number.
    pub(super) fn number(&self, typed: &str) -> Option<String> {
        let text = typed.trim().replace("(0)", "");
        let mut digits = String::new();
        for (at, c) in text.chars().enumerate() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if at == 0 => {}
                ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')' => {}
                _ => return None,
            }
        }
        let international = if text.starts_with('+') { Some(digits.as_str()) } else { digits.strip_prefix("00") };
        let number = match (international, &self.country_code) {
            (Some(digits), _) => format!("+{digits}"),
            (None, Some(code)) => format!("+{code}{}", digits.strip_prefix('0').unwrap_or(&digits)),
            (None, None) => digits,
        };
        // A country code in front makes no person's number of a short code.
        let own = self.national(&number).unwrap_or(&number).trim_start_matches('+');
        (own.len() >= DIGITS_MIN && number.trim_start_matches('+').len() <= DIGITS_MAX).then_some(number)
    }

    /// The number without the country code, where it is the configured one.
    fn national<'n>(&self, number: &'n str) -> Option<&'n str> {
        number.strip_prefix('+')?.strip_prefix(self.country_code.as_deref()?)
    }

    /// How people write the number: with and without the country code, in one or in groups of three.
    pub(super) fn forms(&self, number: &str) -> Vec<String> {
        let Some(national) = self.national(number) else { return vec![number.to_owned()] };
        let code = &number[..number.len() - national.len()];
        let mut grouped = String::new();
        for (at, digit) in national.chars().enumerate() {
            if at > 0 && at % 3 == 0 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        vec![number.to_owned(), national.to_owned(), format!("{code} {grouped}"), grouped]
    }

    pub(super) fn same_number(&self, number: &str, other: &str) -> bool {
        self.number(other).is_some_and(|other| other == number)
    }
}

fn without_plus(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => match local.split_once('+') {
            Some((name, _)) if !name.is_empty() => format!("{name}@{domain}"),
            _ => address.to_owned(),
        },
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISTINCT: Rules = Rules { plus_addressing: PlusAddressing::Distinct, country_code: None };

    fn czech() -> Rules {
        Rules { plus_addressing: PlusAddressing::Same, country_code: Some("420".into()) }
    }

    #[test]
    fn addresses_are_the_same_but_for_capitals_and_perhaps_for_what_follows_a_plus() {
        #[track_caller]
        fn check(a: &str, b: &str, distinct: bool, same: bool) {
            let found = (DISTINCT.same_address(a, b), czech().same_address(a, b));
            assert_eq!(found, (distinct, same), "{a} {b}");
        }
        check("ann@x.cz", " ANN@X.CZ ", true, true);
        check("ann@x.cz", "ann+shop@x.cz", false, true);
        check("ann+a@x.cz", "ANN+b@x.cz", false, true);
        check("+ann@x.cz", "+bob@x.cz", false, false);
        check("ann@x.cz", "joann@x.cz", false, false);
        check("ann@x.cz", "ann@x.czech.com", false, false);
        check("ann@x.cz", "ann@x.cz\u{200b}", false, false);
        check("kate@x.cz", "\u{212a}ate@x.cz", false, false);
        check("%@x.cz", "ann@x.cz", false, false);
    }

    #[test]
    fn what_no_record_can_hold_is_no_address() {
        for none in ["", " ", "ann", "@x.cz", "ann@", "a\r\nb@x.cz", "a b@x.cz", &format!("{}@x.cz", "a".repeat(250))] {
            assert_eq!(DISTINCT.address(none), None, "{none}");
        }
        assert_eq!(DISTINCT.address(" o'neil@x.cz "), Some("o'neil@x.cz"));
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        #[track_caller]
        fn check(typed: &str, expected: Option<&str>) {
            assert_eq!(czech().number(typed).as_deref(), expected, "{typed}");
        }
        check("+420 777 123 456", Some("+420777123456"));
        check("00420-777.123.456", Some("+420777123456"));
        check("777 123 456", Some("+420777123456"));
        check("0777/123\u{a0}456", Some("+420777123456"));
        check("+44 (0)20 7946 0958", Some("+442079460958"));
        check("7771234", Some("+4207771234"));
        for none in [
            "",
            "*",
            "12",
            "112",
            "00420 112",
            "+420 12345",
            "777 123 456 ext 5",
            "7+77123456",
            "+1234567890123456",
            "\u{662}\u{660}777123456",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn numbers_are_looked_for_as_people_write_them() {
        let forms = czech().forms("+420777123456");
        assert_eq!(forms, ["+420777123456", "777123456", "+420 777 123 456", "777 123 456"]);
        assert_eq!(czech().forms("+421777123456"), ["+421777123456"]);
        assert_eq!(DISTINCT.forms("777123456"), ["777123456"]);
    }

    #[test]
    fn without_a_country_code_a_number_with_one_is_another() {
        assert_eq!(DISTINCT.number("777 123 456").as_deref(), Some("777123456"));
        assert!(!DISTINCT.same_number("+420777123456", "777123456"));
        assert!(DISTINCT.same_number("+420777123456", "00420 777 123 456"));
    }
}
