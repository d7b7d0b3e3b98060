//! One name, exact or with wildcards, and whether a name that is there is meant by it.

/// The parts of a name between `/`.
pub(crate) type Name = Vec<Pattern>;

/// Texts with any text between one and the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern(Vec<String>);

impl Default for Pattern {
    fn default() -> Self {
        Self(vec![String::new()])
    }
}

impl Pattern {
    pub(super) fn push(&mut self, text: &str) {
        if let Some(last) = self.0.last_mut() {
            last.push_str(text);
        }
    }

    pub(super) fn push_any(&mut self) {
        self.0.push(String::new());
    }

    /// The name, where there is but one.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The bytes of the shortest name that is meant.
    pub(super) fn least(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    /// Byte for byte.
    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        let [first, between @ .., last] = self.0.as_slice() else {
            return self.exact().is_some_and(|e| e.as_bytes() == name);
        };
        let Some(rest) = name.strip_prefix(first.as_bytes()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_bytes()) else { return false };
        between.iter().all(|text| match find(rest, text.as_bytes()) {
            Some(at) => {
                rest = &rest[at + text.len()..];
                true
            }
            None => false,
        })
    }
}

/// Where a text begins.
fn find(within: &[u8], text: &[u8]) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    within.windows(text.len()).position(|window| window == text)
}

/// A key: the parts of an exact name with `/` between them.
pub(crate) fn key(name: &Name) -> String {
    name.iter().filter_map(Pattern::exact).collect::<Vec<_>>().join("/")
}
