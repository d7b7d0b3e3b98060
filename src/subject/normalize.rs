//! The normal forms in which identifiers are compared.

use unicode_normalization::UnicodeNormalization as _;

use super::Kind;

/// The form in which two spellings of one identifier are equal, or `None` when nothing is left of it.
///
/// E-mail: trimmed, lower case. The local part is case sensitive by RFC 5321, but no provider that people use treats
/// it so. Phone: digits only, the international `00` dropped; the national form without a country code stays
/// as it is. Name: NFKC, lower case, single spaces. Everything else: trimmed.
pub(crate) fn normalize(kind: &Kind, value: &str) -> Option<String> {
    let normal = match kind {
        Kind::Email => value.trim().nfkc().collect::<String>().to_lowercase(),
        Kind::Phone => phone(value).unwrap_or_default(),
        Kind::Name => {
            let folded = value.nfkc().collect::<String>().to_lowercase();
            folded.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        Kind::GuestId | Kind::SessionId | Kind::Other(_) => value.trim().to_owned(),
    };
    (!normal.is_empty()).then_some(normal)
}

/// The fewest digits of a number that is one person's.
const PHONE_DIGITS_MIN: usize = 6;

/// `None` for what people write when they do not want to tell: a few digits, or one digit over and over.
fn phone(value: &str) -> Option<String> {
    let digits: String = value.nfkc().filter(char::is_ascii_digit).collect();
    let number = digits.strip_prefix("00").unwrap_or(&digits);
    let telling = number.len() >= PHONE_DIGITS_MIN && number.bytes().any(|digit| digit != number.as_bytes()[0]);
    telling.then(|| number.to_owned())
}
