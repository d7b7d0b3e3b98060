//! Goes through one answer of a server's from its beginning, as leniently as it can be read in one way only.

/// What is left of an answer.
pub(super) struct Scan<'a>(&'a [u8]);

impl<'a> Scan<'a> {
    pub(super) fn new(answer: &'a [u8]) -> Self {
        Self(answer.trim_ascii_start())
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next word: up to a blank, a parenthesis or a bracket; may be empty.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.blanks();
        self.take_until(ends_word)
    }

    pub(super) fn open(&mut self) -> Option<()> {
        self.eat(b"(").then_some(())
    }

    pub(super) fn close(&mut self) -> bool {
        self.eat(b")")
    }

    /// What stands between parentheses; nothing within it is one.
    pub(super) fn flags(&mut self) -> Option<&'a [u8]> {
        self.open()?;
        let flags = self.take_until(|b| b == b')');
        self.close().then_some(flags)
    }

    /// The name of what was asked of a message, such as `BODY[HEADER.FIELDS (FROM TO)]<0>`.
    pub(super) fn item(&mut self) -> Option<Vec<u8>> {
        let mut name = self.word().to_vec();
        if self.0.starts_with(b"[") {
            name.extend(self.take_until(|b| b == b']'));
            name.extend(self.take_until(ends_word));
        }
        (!name.is_empty()).then_some(name)
    }

    /// A value, and `None` in it for NIL.
    pub(super) fn value(&mut self) -> Option<Option<Vec<u8>>> {
        self.blanks();
        match self.0.first()? {
            b'(' => self.nested().map(|()| None),
            b'"' => self.quoted().map(Some),
            b'{' => self.literal().map(Some),
            _ => {
                let word = self.word();
                (!word.is_empty()).then(|| (!word.eq_ignore_ascii_case(b"NIL")).then(|| word.to_vec()))
            }
        }
    }

    /// Passes over what parts the names of folders: NIL, or one character in quotes, which may be a quote itself, a `\` or missing.
    pub(super) fn delimiter(&mut self) -> Option<()> {
        self.blanks();
        if !self.0.starts_with(b"\"") {
            return (!self.word().is_empty()).then_some(());
        }
        let end = (1..=3).find(|end| self.0.get(*end) == Some(&b'"') && self.0.get(*end + 1) == Some(&b' '))?;
        self.0 = &self.0[end + 1..];
        Some(())
    }

    /// The name of a folder, which ends the answer. Quotes within quotes belong to the name where nothing else can follow.
    pub(super) fn folder(&mut self) -> Option<Vec<u8>> {
        self.blanks();
        let whole = self.0.trim_ascii_end();
        if whole.starts_with(b"{") {
            let name = self.literal()?;
            return self.0.trim_ascii().is_empty().then_some(name);
        }
        if let Some(inner) = whole.strip_prefix(b"\"") {
            return inner.strip_suffix(b"\"").map(unescaped);
        }
        (!whole.is_empty()).then(|| whole.to_vec())
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut end = 1;
        while *self.0.get(end)? != b'"' {
            end += if self.0[end] == b'\\' { 2 } else { 1 };
        }
        let inner = &self.0[1..end];
        self.0 = &self.0[end + 1..];
        // Where the text goes on, the quote may be the text's own.
        self.is_at_an_end().then(|| unescaped(inner))
    }

    /// Whether what was read last has ended here: a blank or a parenthesis follows.
    pub(super) fn is_at_an_end(&self) -> bool {
        self.0.first().is_none_or(|next| next.is_ascii_whitespace() || *next == b')')
    }

    /// `{3}` and a line's end, and then so many bytes.
    fn literal(&mut self) -> Option<Vec<u8>> {
        let end = self.0.iter().position(|b| *b == b'\n')?;
        let announced = str::from_utf8(self.0[..end].trim_ascii_end()).ok()?;
        let length = announced.strip_prefix('{')?.strip_suffix('}')?.trim_end_matches('+').parse::<usize>().ok()?;
        let (bytes, rest) = self.0[end + 1..].split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn nested(&mut self) -> Option<()> {
        self.open()?;
        let mut depth = 1_u32;
        while depth > 0 {
            if self.eat(b"(") {
                depth += 1;
            } else if self.eat(b")") {
                depth -= 1;
            } else if self.0.starts_with(b"[") {
                self.0 = &self.0[1..];
            } else {
                self.value()?;
            }
        }
        Some(())
    }

    fn eat(&mut self, byte: &[u8]) -> bool {
        self.blanks();
        let rest = self.0.strip_prefix(byte);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn take_until(&mut self, ends: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|b| ends(*b)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }
}

fn ends_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"()[".contains(&byte)
}

/// Without the `\` before a quote or another `\`; any other stays, as does a quote that lacks its own.
fn unescaped(quoted: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut bytes = quoted.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.peek() {
            Some(next @ (b'"' | b'\\')) if byte == b'\\' => {
                text.push(*next);
                bytes.next();
            }
            _ => text.push(byte),
        }
    }
    text
}
