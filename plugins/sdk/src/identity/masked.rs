//! Values that a system shows in part only.

/// Letters of a local part in a row that stand for others. Two in a row are letters: `foxx@x.cz`.
const LETTERS_MIN: usize = 3;
/// A mark in a row that stands for what is left out. Two dots in a row are in addresses that exist, and two dashes in names.
const MARKS_MIN: usize = 3;

/// Whether a system shows a value in part only: `a***@x.cz`. Such a value is not the same as another one, nor another one's:
/// nobody can tell whose a record is by it.
///
/// Which characters stand for the others is each system's own choice; Dataverse lets its administrators choose `*` or `#`
/// (<https://learn.microsoft.com/power-platform/admin/create-manage-masking-rules>), and Google Groups leaves out letters with dots.
/// RFC 5322 allows `*`, `#` and `?` in a local part. Hardly anybody has them there, and who types one into a form would be the same
/// as everybody who is shown so: such an address is not judged, either.
///
/// ```
/// use quietus_plugin::identity::is_masked;
///
/// assert!(is_masked("a***@x.cz") && is_masked("a*n@x.cz") && is_masked("######456"));
/// assert!(!is_masked("a.n@x.cz") && !is_masked("foxx@x.cz"));
/// ```
pub fn is_masked(value: &str) -> bool {
    let text: Vec<char> = value.chars().map(ordinary).collect();
    text.iter().any(|c| *c == '*' || stands_for_others(*c))
        || text.chunk_by(|one, next| one == next).any(is_row_of_marks)
        || locals(&text).any(|local| {
            local.iter().any(|c| "#?".contains(*c)) || local.chunk_by(is_same_letter).any(is_row_of_letters)
        })
}

/// A full-width character as the ordinary one.
fn ordinary(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// Characters that stand for left-out ones and in no identifier: bullets, ellipses, blocks, squares and circles, other stars, a
/// multiplication sign, and what stands for a character that could not be read.
fn stands_for_others(c: char) -> bool {
    matches!(c,
        '\u{d7}' | '\u{2022}'..='\u{2026}' | '\u{2043}' | '\u{204e}' | '\u{2217}'..='\u{2219}' | '\u{22c5}'..='\u{22c6}'
        | '\u{22ef}' | '\u{2580}'..='\u{25ff}' | '\u{26ab}' | '\u{2715}'..='\u{2716}' | '\u{2722}'..='\u{274b}'
        | '\u{2b1b}'..='\u{2b24}' | '\u{fe61}' | '\u{fffd}')
}

/// Whether one mark in a row stands for what is left out.
fn is_row_of_marks(row: &[char]) -> bool {
    let least = match row.first() {
        Some('#' | '?' | '\u{b7}') => 2,
        Some('.' | '-' | '_' | '~' | '=' | '%' | '^' | '$' | '&' | '!') => MARKS_MIN,
        _ => return false,
    };
    row.len() >= least
}

fn is_same_letter(one: &char, next: &char) -> bool {
    one.eq_ignore_ascii_case(next)
}

fn is_row_of_letters(row: &[char]) -> bool {
    row.len() >= LETTERS_MIN && row.first().is_some_and(|c| c.eq_ignore_ascii_case(&'x'))
}

/// What stands before each `@`: within quotes, or after a blank or a mark that no local part has outside of them.
fn locals(text: &[char]) -> impl Iterator<Item = &[char]> {
    text.iter().enumerate().filter(|(_, c)| **c == '@').map(move |(at, _)| {
        let before = &text[..at];
        let (inner, is_end): (&[char], fn(char) -> bool) = match before {
            [inner @ .., '"'] => (inner, |c| c == '"'),
            _ => (before, |c| c.is_whitespace() || r#"()<>[]:;@\,""#.contains(c)),
        };
        let from = inner.iter().rposition(|c| is_end(*c)).map_or(0, |end| end + 1);
        &inner[from..]
    })
}
