//! How a body is written, by its sender's words.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};

/// What the headers of a delivery say of its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written<'a> {
    /// `Content-Type`.
    pub(crate) media_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub(crate) encoding: Option<&'a str>,
}

/// In place of a header that is there several times.
const SEVERAL: &str = "several; charset=several";

impl<'a> Written<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        // Several of them are read as one, which then names nothing that is known.
        let text = |name: &HeaderName| {
            let mut all = headers.get_all(name).iter();
            let first = all.next()?.to_str().ok();
            if all.next().is_some() { Some(SEVERAL) } else { first }
        };
        Self { media_type: text(&CONTENT_TYPE), encoding: text(&CONTENT_ENCODING) }
    }

    /// Two lines, of which each may be empty: no header holds a line's end.
    pub(super) fn lines(self) -> String {
        let [media_type, encoding] = [self.media_type, self.encoding].map(Option::unwrap_or_default);
        format!("{media_type}\n{encoding}\n")
    }

    /// What [`Written::lines`] made, and what follows it.
    pub(super) fn split(content: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut rest = content;
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let (line, after) = rest.split_at(end);
            rest = &after[1..];
            std::str::from_utf8(line).ok()
        };
        let [media_type, encoding] = [line()?, line()?].map(|line| Some(line).filter(|line| !line.is_empty()));
        Some((Self { media_type, encoding }, rest))
    }
}
