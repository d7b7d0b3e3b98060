//! Cuts what a server sends into its answers, so that one of them can be mended before the next is read.

use imap_codec::fragmentizer::Fragmentizer;

pub(super) struct Lines(Fragmentizer);

impl Lines {
    /// Bounds a single answer.
    pub(super) fn new(bytes_max: u32) -> Self {
        Self(Fragmentizer::new(bytes_max))
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.enqueue_bytes(bytes);
    }

    /// The next answer that is there as a whole, or that is longer than the bound.
    pub(super) fn next(&mut self) -> Option<Result<&[u8], TooLong>> {
        while self.0.progress().is_some() {
            if self.0.is_message_complete() {
                let is_whole = !self.0.is_max_message_size_exceeded();
                return Some(is_whole.then(|| self.0.message_bytes()).ok_or(TooLong));
            }
        }
        None
    }
}

/// An answer is longer than the bound.
pub(super) struct TooLong;
