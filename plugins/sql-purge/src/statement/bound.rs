//! A statement's text with its values beside it.

/// What is sent to the server.
pub(crate) struct Bound<'v> {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Parameter<'v>>,
}

/// A value, and where it stands.
pub(crate) struct Parameter<'v> {
    pub(crate) value: &'v str,
    /// The number of its place in the statement's condition: what it is compared with differs from place to place. MySQL gets
    /// the value of one place several times.
    pub(crate) place: usize,
}

impl<'v> Bound<'v> {
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &'v str> {
        self.parameters.iter().map(|parameter| parameter.value)
    }
}
