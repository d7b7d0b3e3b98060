//! Exports: a JSON value a line.

use std::io::{self, BufRead, Read as _, Write};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A longer line is no line of an export.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Writes one value.
pub(super) fn write(value: &impl Serialize, sink: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *sink, value)?;
    writeln!(sink)
}

/// The lines of an export, one after the other, and the SHA-256 of what was read.
pub(super) struct Lines<R> {
    reader: R,
    sha256: Sha256,
    /// The number of the last line that was read, from 1.
    pub(super) number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self { reader, sha256: Sha256::new(), number: 0 }
    }

    /// The next line, of at most [`LINE_BYTES_MAX`]; `None` at the end.
    pub(super) fn read(&mut self) -> io::Result<Option<String>> {
        let mut text = String::new();
        // A file without line breaks would otherwise be read into memory whole.
        let length = self.reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut text)?;
        if length == 0 {
            return Ok(None);
        }
        self.sha256.update(text.as_bytes());
        self.number += 1;
        Ok(Some(text))
    }

    /// Of all that was read, hex.
    pub(super) fn sha256(self) -> String {
        hex::encode(self.sha256.finalize())
    }
}
