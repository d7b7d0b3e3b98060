//! Folder names: modified UTF-7 (RFC 3501, 5.1.3) as servers write it, and what people read.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// As people read it; what is not modified UTF-7 stays as it came.
pub(super) fn decode(name: &str) -> String {
    decoded(name).unwrap_or_else(|| name.to_owned())
}

fn decoded(name: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = name;
    while let Some((plain, shifted)) = rest.split_once('&') {
        let (code, after) = shifted.split_once('-')?;
        text.push_str(plain);
        match code {
            "" => text.push('&'),
            code => text.push_str(&units(code)?),
        }
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

fn units(code: &str) -> Option<String> {
    let bytes = BASE64.decode(code).ok()?;
    let (pairs, left) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    left.is_empty().then(|| String::from_utf16(&units).ok())?
}

/// As servers write it.
pub(super) fn encode(text: &str) -> String {
    let mut name = String::new();
    let mut shifted = Vec::new();
    for c in text.chars() {
        if (' '..='~').contains(&c) {
            unshift(&mut name, &mut shifted);
            name.push(c);
            if c == '&' {
                name.push('-');
            }
        } else {
            shifted.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    unshift(&mut name, &mut shifted);
    name
}

fn unshift(name: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        name.push('&');
        name.push_str(&BASE64.encode(&shifted));
        name.push('-');
        shifted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (text, name) in [
            ("INBOX", "INBOX"),
            ("Koš", "Ko&AWE-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("a & b", "a &- b"),
            ("📨", "&2D3c6A-"),
            ("Žluť & kůň", "&AX0-lu&AWU- &- k&AW8BSA-"),
        ] {
            assert_eq!((encode(text), decode(name)), (name.to_owned(), text.to_owned()));
        }
    }

    #[test]
    fn what_is_not_modified_utf_7_stays_as_it_came() {
        for name in ["&", "a&b", "&A-", "&2D0-", "&====-", "Koš"] {
            assert_eq!(decode(name), name);
        }
    }
}
