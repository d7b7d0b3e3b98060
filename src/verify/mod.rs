//! Who sent this? A request's parts and a source's settings enter; only here a [`Verified`] is made.

/// A body whose sender is known. Only [`verify`] makes one.
#[derive(Debug)]
pub(crate) struct Verified<'a> {
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }
}
