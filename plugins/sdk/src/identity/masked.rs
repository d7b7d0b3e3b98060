//! Values that a system shows in part only.

/// Characters that systems put in place of what they do not show. Dataverse lets its administrators choose `*` or `#`
/// (<https://learn.microsoft.com/power-platform/admin/create-manage-masking-rules>). One of these alone can be a part of an
/// address.
const STARS: [&str; 2] = ["**", "##"];
/// Characters that stand for left-out ones and in no identifier.
const DOTS: [char; 3] = ['\u{2022}', '\u{25cf}', '\u{2026}'];

/// Whether a system shows a value in part only: `a***@x.cz`. Such a value is not the same as another one, nor another one's:
/// nobody can tell whose a record is by it.
///
/// ```
/// use quietus_plugin::identity::is_masked;
///
/// assert!(is_masked("a***@x.cz") && is_masked("######456"));
/// assert!(!is_masked("a*@x.cz"));
/// ```
pub fn is_masked(value: &str) -> bool {
    value.contains(DOTS) || STARS.iter().any(|stars| value.contains(stars))
}
