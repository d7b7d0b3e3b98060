//! Texts that must stand nowhere, in any spelling, and the search for them.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a spelling begins with.
const BEGIN: usize = 2;

/// A shorter spelling would be found by chance.
const SHORTEST: usize = 6;

/// Texts that are searched for, all of them at once: what is searched may be megabytes.
pub(crate) struct Needles {
    /// Each spelling, with the text that it is of.
    all: Vec<(String, Vec<u8>)>,
    /// Those that begin so.
    by_begin: HashMap<usize, Vec<usize>>,
    /// Whether any begins so, which is asked for each byte.
    begins: Vec<bool>,
}

impl Needles {
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let spelled = |text: &'a str| spellings(text).into_iter().map(move |spelling| (text.to_owned(), spelling));
        let all: Vec<_> =
            texts.into_iter().flat_map(spelled).filter(|(_, spelling)| spelling.len() >= SHORTEST).collect();
        let mut by_begin: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut begins = vec![false; 1 << 16];
        for (number, (_, spelling)) in all.iter().enumerate() {
            begins[begin(spelling)] = true;
            by_begin.entry(begin(spelling)).or_default().push(number);
        }
        Self { all, by_begin, begins }
    }

    /// Nothing of it stands there.
    #[track_caller]
    pub(crate) fn must_be_absent(&self, place: &str, content: &[u8]) {
        let content = content.to_ascii_lowercase();
        for at in 0..(content.len() + 1).saturating_sub(BEGIN) {
            let rest = &content[at..];
            if !self.begins[begin(rest)] {
                continue;
            }
            let mut candidates = self.by_begin.get(&begin(rest)).into_iter().flatten().map(|number| &self.all[*number]);
            if let Some((text, _)) = candidates.find(|(_, spelling)| rest.starts_with(spelling)) {
                let around = &content[at.saturating_sub(120)..(at + 120).min(content.len())];
                panic!("{text} stands in {place}: {}", String::from_utf8_lossy(around));
            }
        }
    }

    /// Nor in any file of a folder, however deep.
    #[track_caller]
    pub(crate) fn must_be_absent_in(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                self.must_be_absent_in(&path);
            } else if let Ok(content) = std::fs::read(&path) {
                self.must_be_absent(&path.display().to_string(), &content);
            }
        }
    }
}

fn begin(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// Plain, base64 at each of its three offsets, hex, percent-encoded and JSON-escaped; in lower case.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let mut spellings = vec![text.as_bytes().to_vec(), hex::encode(text).into_bytes()];
    for offset in 0..3 {
        // What depends on the neighbours is left off at both ends.
        let inner = &text.as_bytes()[offset..];
        spellings.push(STANDARD.encode(&inner[..inner.len() / 3 * 3]).into_bytes());
    }
    let percent = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            (byte as char).to_string()
        } else {
            format!("%{byte:02x}")
        }
    };
    spellings.push(text.bytes().map(percent).collect::<String>().into_bytes());
    let escaped = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => (byte as char).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    spellings.push(text.encode_utf16().map(escaped).collect::<String>().into_bytes());
    // A phone number is also kept in its normal form, if it is kept.
    if let Some(number) = text.strip_prefix('+') {
        spellings.push(number.bytes().filter(u8::is_ascii_digit).collect());
    }
    spellings.into_iter().map(|spelling| spelling.to_ascii_lowercase()).collect()
}
