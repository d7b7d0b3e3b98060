//! A delivery's body as JSON in UTF-8. mluvii sends nothing else; a gateway in front of it may compress or convert. What the
//! body or its headers say for certain is undone, and nothing is guessed: the rest cannot be read.

use std::borrow::Cow;
use std::io::Read as _;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;
use zeroize::Zeroizing;

use crate::verify::{Verified, Written};

/// The longest body that a compressed one may become, in bytes.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// No JSON begins so (RFC 1952, 2.3.1).
const GZIP: &[u8] = b"\x1f\x8b";

/// Why there is no text where the charset is not the body's.
const CONTRADICTS: &str = "not what its charset says";

/// A text, wiped when dropped where it is not the body itself.
pub(super) enum Text<'a> {
    Body(&'a [u8]),
    Converted(Zeroizing<Vec<u8>>),
}

impl Text<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Body(bytes) => bytes,
            Self::Converted(bytes) => bytes,
        }
    }
}

/// The text of a body. The reason why there is none shows no content.
pub(super) fn text<'a>(verified: &Verified<'a>) -> Result<Text<'a>, &'static str> {
    let Written { media_type, encoding } = verified.written();
    match Text::Body(verified.body()) {
        // Nearly all are, whatever their headers say.
        plain if plain.bytes().first() == Some(&b'{') && plain.bytes().get(1) != Some(&0) => {
            match charset(media_type) {
                Some(charset) if charset != UTF_8 => converted(&plain, charset),
                _ => Ok(plain),
            }
        }
        other => {
            let plain = decompressed(other, encoding)?;
            let body = plain.bytes();
            match Encoding::for_bom(body)
                .map(|(encoding, _)| encoding)
                .or_else(|| by_zeros(body))
                .or(charset(media_type))
            {
                Some(encoding) => converted(&plain, encoding),
                None => Ok(plain),
            }
        }
    }
}

fn is_plain(encoding: Option<&str>) -> bool {
    encoding.is_none_or(|encoding| encoding.trim().is_empty() || encoding.trim().eq_ignore_ascii_case("identity"))
}

fn decompressed<'a>(body: Text<'a>, encoding: Option<&str>) -> Result<Text<'a>, &'static str> {
    let named = encoding.map(str::trim).unwrap_or_default();
    let is_gzip = ["gzip", "x-gzip"].iter().any(|gzip| named.eq_ignore_ascii_case(gzip));
    if !body.bytes().starts_with(GZIP) {
        // Proxies are known to decompress a body and to leave the header as it was.
        return if is_gzip || is_plain(encoding) { Ok(body) } else { Err("an encoding that is not known") };
    }
    if !is_gzip && !is_plain(encoding) {
        return Err("an encoding that is not known");
    }
    let mut plain = Zeroizing::new(Vec::new());
    let read = MultiGzDecoder::new(body.bytes()).take(TEXT_BYTES_MAX + 1).read_to_end(&mut plain);
    match read {
        Ok(length) if length as u64 > TEXT_BYTES_MAX => Err("too large once decompressed"),
        Ok(_) => Ok(Text::Converted(plain)),
        Err(_) => Err("broken gzip"),
    }
}

/// What the media type says; a label that is not known says nothing.
fn charset(media_type: Option<&str>) -> Option<&'static Encoding> {
    let mut parameters = media_type?.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, label) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(label.trim().trim_matches('"').as_bytes())
}

/// JSON begins with two ASCII characters, so where its zeros stand says how it is written (RFC 4627, 3).
fn by_zeros(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0, second, ..] if *second != 0 => Some(UTF_16BE),
        [first, 0, ..] if *first != 0 => Some(UTF_16LE),
        _ => None,
    }
}

/// A byte order mark is no part of the text.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn converted<'a>(body: &Text<'_>, encoding: &'static Encoding) -> Result<Text<'a>, &'static str> {
    let is_utf16 = encoding == UTF_16LE || encoding == UTF_16BE;
    // Some programs name a charset that they do not write. What is UTF-8, beyond ASCII, is so by no chance, and then two things
    // are said of it.
    if !is_utf16 && !body.bytes().is_ascii() && std::str::from_utf8(body.bytes()).is_ok() {
        return if encoding == UTF_8 {
            Ok(Text::Converted(Zeroizing::new(without_mark(body.bytes()).to_vec())))
        } else {
            Err(CONTRADICTS)
        };
    }
    let (text, _, is_broken) = encoding.decode(body.bytes());
    // In UTF-16, half a character alone is no more than that; elsewhere the label was wrong.
    if is_broken && !is_utf16 {
        return Err(CONTRADICTS);
    }
    let text = match text {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    };
    Ok(Text::Converted(Zeroizing::new(text.into_bytes())))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const JSON: &str = "{\"name\":\"Jiří\"}";

    #[track_caller]
    fn check(body: &[u8], media_type: Option<&str>, encoding: Option<&str>, expected: Result<&str, &str>) {
        let verified = Verified::made(body, Written { media_type, encoding });
        let text = text(&verified).map(|text| String::from_utf8(text.bytes().to_vec()).expect("UTF-8"));
        assert_eq!(text.as_deref().map_err(|why| *why), expected, "{media_type:?} {encoding:?}");
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("compressed");
        encoder.finish().expect("compressed")
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn what_is_plain_stays_as_it_is() {
        for media_type in
            [None, Some("application/json"), Some("application/json; charset=utf-8"), Some("x; charset=nonsense")]
        {
            check(JSON.as_bytes(), media_type, None, Ok(JSON));
            check(JSON.as_bytes(), media_type, Some("identity"), Ok(JSON));
            check(format!("\u{feff}{JSON}").as_bytes(), media_type, None, Ok(JSON));
        }
        for encoding in ["gzip", "br", "utf-8"] {
            check(JSON.as_bytes(), None, Some(encoding), Ok(JSON));
        }
    }

    #[test]
    fn gzip_is_undone_within_a_bound() {
        let body = gzip(JSON.as_bytes());
        check(&body, None, Some("gzip"), Ok(JSON));
        check(&body, None, None, Ok(JSON));
        check(&[gzip(b"{\"name\":"), gzip("\"Jiří\"}".as_bytes())].concat(), None, Some(" X-GZIP"), Ok(JSON));
        check(&gzip(&utf16(JSON, u16::to_le_bytes)), None, Some("gzip"), Ok(JSON));
        check(&body[..body.len() - 9], None, Some("gzip"), Err("broken gzip"));
        check(&gzip(&vec![b' '; 4 << 20]), None, None, Ok(&" ".repeat(4 << 20)));
        check(&gzip(&vec![b' '; (4 << 20) + 1]), None, None, Err("too large once decompressed"));
        for encoding in ["br", "deflate", "zstd", "gzip, br"] {
            check(&body, None, Some(encoding), Err("an encoding that is not known"));
        }
    }

    #[test]
    fn utf_16_is_told_by_its_mark_or_its_zeros() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            check(&utf16(JSON, bytes), None, None, Ok(JSON));
            check(&utf16(JSON, bytes), Some("application/json; charset=utf-16"), None, Ok(JSON));
            check(&utf16(&format!("\u{feff}{JSON}"), bytes), None, None, Ok(JSON));
        }
        let half = [utf16("{\"a\":\"", u16::to_le_bytes), vec![0x3d, 0xd8], utf16("\"}", u16::to_le_bytes)].concat();
        check(&half, None, None, Ok("{\"a\":\"\u{fffd}\"}"));
    }

    #[test]
    fn another_charset_is_believed_only_where_it_is_named() {
        let latin2 = b"{\"name\":\"Ji\xf8\xed\"}";
        check(latin2, Some("application/json; Charset=\"ISO-8859-2\""), None, Ok(JSON));
        check(latin2, Some("application/json; charset=windows-1250"), None, Ok(JSON));
        let verified = Verified::made(latin2, Written::default());
        assert_eq!(text(&verified).expect("as it is").bytes(), latin2);
        check(JSON.as_bytes(), Some("application/json; charset=ISO-8859-1"), None, Err("not what its charset says"));
        check(b"{\"a\":\"b\"}", Some("application/json; charset=us-ascii"), None, Ok("{\"a\":\"b\"}"));
        check(b"{\"a\":\"\x81\"}", Some("text/json; charset=shift_jis"), None, Err("not what its charset says"));
    }
}
