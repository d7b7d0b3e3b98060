//! A statement's text with its values beside it.

/// What is sent to the server.
pub(crate) struct Bound<'v> {
    pub(crate) sql: String,
    pub(crate) values: Vec<&'v str>,
    /// The kind of each value.
    pub(crate) kinds: Vec<&'v str>,
}

impl<'v> Bound<'v> {
    pub(super) fn push(&mut self, kind: &'v str, value: &'v str) {
        self.values.push(value);
        self.kinds.push(kind);
    }
}
