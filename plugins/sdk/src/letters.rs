//! Texts that are the same but for capitals.

/// Equal but for capitals. No letter equals a look-alike: the Kelvin sign's small letter would be `k`, the ohm sign's an
/// omega.
///
/// ```
/// use quietus_plugin::same_letters;
///
/// assert!(same_letters("ann@x.cz", "ANN@X.CZ") && same_letters("\u{17e}ofie@x.cz", "\u{17d}OFIE@x.cz"));
/// assert!(!same_letters("kate@x.cz", "\u{212a}ate@x.cz"), "a Kelvin sign");
/// ```
pub fn same_letters(a: &str, b: &str) -> bool {
    let cases = |a: char, b: char| a.to_lowercase().eq(b.to_lowercase()) && a.to_uppercase().eq(b.to_uppercase());
    let same = |(a, b): (char, char)| match (a.is_ascii(), b.is_ascii()) {
        (true, true) => a.eq_ignore_ascii_case(&b),
        (false, false) => cases(a, b),
        _ => false,
    };
    a.chars().count() == b.chars().count() && a.chars().zip(b.chars()).all(same)
}
