//! What a plugin's process writes to its standard output and error: it is counted, or shown to an author who asks for it.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::subject::TargetName;

/// A line that is longer is shown in parts, in bytes.
const LINE_BYTES_MAX: usize = 1 << 16;

/// What is done with it.
#[derive(Clone, Default)]
pub(crate) enum Output {
    /// It may be personal.
    #[default]
    Counted,
    /// For authors, with test data: whole lines, as they come.
    Shown(Arc<dyn Fn(&str) + Send + Sync>),
}

/// One output of one process.
pub(super) struct Lines {
    output: Output,
    begun: Vec<u8>,
}

impl Lines {
    pub(super) fn of(output: &Output) -> Self {
        Self { output: output.clone(), begun: Vec::new() }
    }

    pub(super) fn are_shown(&self) -> bool {
        matches!(self.output, Output::Shown(_))
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        let Output::Shown(show) = &self.output else { return };
        self.begun.extend_from_slice(chunk);
        let end = match self.begun.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if self.begun.len() >= LINE_BYTES_MAX => self.begun.len(),
            None => return,
        };
        let lines: Vec<u8> = self.begun.drain(..end).collect();
        show(&String::from_utf8_lossy(&lines));
    }
}

/// What a process says last is often no whole line.
impl Drop for Lines {
    fn drop(&mut self) {
        if let (Output::Shown(show), false) = (&self.output, self.begun.is_empty()) {
            show(&format!("{}\n", String::from_utf8_lossy(&self.begun)));
        }
    }
}

/// Reads an output to its end. What stands there may be personal, so it is counted, and shown to authors only.
pub(super) async fn drain(
    mut output: impl AsyncRead + Unpin,
    plugin: TargetName,
    stream: &'static str,
    mut lines: Lines,
) {
    let mut chunk = [0; 4096];
    let mut bytes = 0_u64;
    while let Ok(read @ 1..) = output.read(&mut chunk).await {
        bytes += read as u64;
        lines.push(&chunk[..read]);
    }
    if bytes > 0 && !lines.are_shown() {
        tracing::info!(%plugin, stream, bytes, "a plugin wrote to an output of its process, which is not shown");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn lines_are_shown_whole_and_the_last_one_too() {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let show = {
            let shown = shown.clone();
            move |text: &str| shown.lock().expect("whole").push(text.to_owned())
        };
        let mut lines = Lines::of(&Output::Shown(Arc::new(show)));
        for chunk in [&b"one\ntw"[..], b"o", b"\nthr", b"e\xff"] {
            lines.push(chunk);
        }
        drop(lines);
        assert_eq!(*shown.lock().expect("whole"), ["one\n", "two\n", "thre\u{fffd}\n"]);
    }

    #[test]
    fn what_is_counted_is_not_kept() {
        let mut lines = Lines::of(&Output::Counted);
        lines.push(b"ann");
        assert!(lines.begun.is_empty());
    }
}
