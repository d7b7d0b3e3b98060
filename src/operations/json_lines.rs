//! Exports: a JSON value a line.

use std::io::{self, BufRead, Read as _, Write};

use serde::Serialize;

/// A longer line is no line of an export.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Writes one value.
pub(super) fn write(value: &impl Serialize, sink: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *sink, value)?;
    writeln!(sink)
}

/// Reads one line, of at most [`LINE_BYTES_MAX`]; `None` at the end.
pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = String::new();
    // A file without line breaks would otherwise be read into memory whole.
    let length = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut text)?;
    Ok((length > 0).then_some(text))
}
