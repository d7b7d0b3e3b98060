//! The normal form of telephone numbers.

mod field;
mod number;

pub(super) use number::spellings;

use unicode_normalization::UnicodeNormalization as _;

use super::Region;

/// Longer texts hold no numbers that somebody typed, and are not looked through.
const TEXT_BYTES_MAX: usize = 1024;

/// The code points of the digit 0 in the scripts that have digits of their own, of which NFKC knows nothing
/// (Unicode 16, category Nd).
const ZEROS: [u32; 58] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450,
    0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1e140, 0x1e2f0, 0x1e950,
];

/// The normal forms of the telephone numbers in one field: E.164 (`+420777123456`), each once, in their order.
///
/// A number without a country code is read as one of the region; without a region it has no normal form. National and
/// international spelling, `00`, trunk zeros, `(0)` and an extension make no difference; Italian leading zeros belong to
/// the number. Two numbers with `/`, `,`, `;`, `or`, a line's end or another `+` between them are two; `0777/123456`
/// is one.
///
/// None: short codes (`112`, `1188`), one digit over and over, digits in a row, what is too short or too long for its
/// country, and numbers within words (`AB777123456`). A number of the right length that no numbering plan has yet is one:
/// plans grow faster than this library.
///
/// ```
/// use quietus_plugin::identity::{Region, phones};
///
/// let germany: Region = "DE".parse()?;
/// assert_eq!(phones("+49 (0) 209 223344", None), ["+49209223344"]);
/// assert_eq!(phones("0209/223344 ext. 7", Some(germany)), ["+49209223344"]);
/// assert_eq!(phones("777 123 456 / 602 111 222", Some("CZ".parse()?)), ["+420777123456", "+420602111222"]);
/// assert!(phones("777 123 456", None).is_empty());
/// # Ok::<(), quietus_plugin::identity::UnknownRegion>(())
/// ```
pub fn phones(text: &str, region: Option<Region>) -> Vec<String> {
    if text.len() > TEXT_BYTES_MAX {
        return Vec::new();
    }
    let text: String = text.nfkc().map(western).collect();
    let mut found: Vec<String> = Vec::new();
    for run in field::runs(&text) {
        for number in field::numbers(&run, region) {
            if !found.contains(&number) {
                found.push(number);
            }
        }
    }
    found
}

/// A digit of any script as `0` to `9`; everything else as it is.
fn western(c: char) -> char {
    let point = u32::from(c);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&point));
    zero.and_then(|zero| char::from_digit(point - zero, 10)).unwrap_or(c)
}
