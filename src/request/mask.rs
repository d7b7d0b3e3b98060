//! What is shown of an identifier, so that a person who knows it recognizes it and nobody else learns it.

use crate::keys::Secret;
use crate::subject::Kind;

/// Digits of a phone number that are shown, the last ones.
const DIGITS: usize = 3;

/// Such as `J… N…`, `j…@e….cz`, `…456`.
pub(crate) fn masked(kind: &Kind, value: &Secret) -> String {
    let value = value.expose();
    match kind {
        Kind::Email => match value.rsplit_once('@') {
            Some((person, host)) => format!("{}@{}", first(person), host_of(host)),
            None => first(value),
        },
        Kind::Phone => {
            let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
            let shown = if digits.len() > 2 * DIGITS { &digits[digits.len() - DIGITS..] } else { &[] };
            format!("…{}", shown.iter().collect::<String>())
        }
        _ => value.split_whitespace().map(first).collect::<Vec<_>>().join(" "),
    }
}

fn first(word: &str) -> String {
    word.chars().next().map_or_else(String::new, |first| format!("{first}…"))
}

/// The first letter, and the last part, which many have.
fn host_of(host: &str) -> String {
    match host.rsplit_once('.') {
        Some((name, last)) => format!("{}.{last}", first(name)),
        None => first(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_learns_from_a_hint_what_they_do_not_know() {
        for (kind, value, shown) in [
            (Kind::Name, "Jan  Novák", "J… N…"),
            (Kind::Email, "jan.novak@mail.example.cz", "j…@m….cz"),
            (Kind::Email, "jan", "j…"),
            (Kind::Phone, "+420 777 123 456", "…456"),
            (Kind::Phone, "112", "…"),
            (Kind::Other("customer".into()), "C-4711", "C…"),
            (Kind::Name, "", ""),
        ] {
            assert_eq!(masked(&kind, &Secret::new(value)), shown, "{value}");
        }
    }
}
