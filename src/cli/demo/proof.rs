//! Whether it is really gone: the stand-ins are asked, every file of the demo is searched, the receipts are verified.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::cast::{Fate, LOOK_ALIKE, PEOPLE};
use super::setup::DemoSetup;
use crate::cli::exit::Failure;
use crate::cli::out::{BAD, GOOD, Out};
use crate::receipt::{Receipt, verify_chain};

/// Shows what was looked for and found; `true` when all is as it must be.
pub(super) fn show(stage: &DemoSetup, chain: &[Receipt], out: &mut Out) -> Result<bool, Failure> {
    let mut proven = true;
    let mut check = |truth: bool, what: String| {
        proven &= truth;
        if truth { out.marked(GOOD, "✓", what) } else { out.marked(BAD, "✗", what) }
    };
    let held = |text: &str| stage.mluvii.find(text).len() + stage.crm.find(text).len();
    for person in &PEOPLE {
        match person.fate {
            Fate::Goes => {
                let places: usize = person.own_texts().map(held).sum();
                // Bořek's address is part of his look-alike's.
                let others = if LOOK_ALIKE.contains(person.email) { held(LOOK_ALIKE) } else { 0 };
                check(places == others, format!("{}: mluvii and the CRM hold nothing any more", person.name))?;
            }
            Fate::Stays => check(held(person.email) > 0, format!("{}: still there, as agreed", person.name))?,
        }
    }
    check(held(LOOK_ALIKE) == 1, format!("{LOOK_ALIKE}: untouched, though it contains Bořek's address"))?;
    let (files, found) = search(stage.folder())?;
    check(
        found.is_empty(),
        format!("{files} files of quietus searched, ledger and log included: nobody in them{}", list(&found)),
    )?;
    let verified = verify_chain(chain, &stage.public_key);
    check(verified.is_ok(), format!("{} receipts: signatures and chain verified", chain.len()))?;
    Ok(proven)
}

fn list(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(", except {}", found.join(", ")) }
}

/// How many files there are, and which of them hold a person.
fn search(folder: &Path) -> std::io::Result<(usize, Vec<String>)> {
    let needles: Vec<_> = PEOPLE.iter().flat_map(|person| person.texts()).flat_map(spellings).collect();
    let mut files = 0;
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let path = entry.path();
            // The control socket is neither.
            if !kind.is_file() {
                folders.extend(kind.is_dir().then_some(path));
                continue;
            }
            files += 1;
            let content = std::fs::read(&path)?.to_ascii_lowercase();
            if needles.iter().any(|needle| content.windows(needle.len()).any(|window| window == needle)) {
                found.push(path.display().to_string());
            }
        }
    }
    Ok((files, found))
}

/// The text as it is, in base64, in hex, percent-encoded and escaped as in JSON; in lower case.
fn spellings(text: &'static str) -> [Vec<u8>; 5] {
    let percent: String = text
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02x}") })
        .collect();
    let json: String = text
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => (byte as char).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    // The end of a base64 text depends on what follows, so it is left off.
    let base64 = STANDARD_NO_PAD.encode(&text.as_bytes()[..text.len() / 3 * 3]);
    [
        text.as_bytes().to_vec(),
        base64.into_bytes(),
        hex::encode(text).into_bytes(),
        percent.into_bytes(),
        json.into_bytes(),
    ]
    .map(|spelling| spelling.to_ascii_lowercase())
}
