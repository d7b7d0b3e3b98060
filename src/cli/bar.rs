//! How far long work is: drawn on standard error, and only where that is a terminal.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often it is drawn, where nothing is told meanwhile.
const TICK: Duration = Duration::from_millis(200);

/// Bytes, of so many or of nobody knows how many.
pub(super) fn bytes(of: Option<u64>) -> ProgressBar {
    match of {
        Some(of) => drawn(ProgressBar::new(of), "{wide_bar} {bytes}/{total_bytes}, {eta} left"),
        None => drawn(ProgressBar::no_length(), "{spinner} {bytes} read, {elapsed}"),
    }
}

/// What is done one by one, of nobody knows how many.
pub(super) fn counting(what: impl Into<Cow<'static, str>>) -> ProgressBar {
    ticking(ProgressBar::no_length().with_message(what), "{spinner} {human_pos} {msg}, {elapsed}")
}

/// The same, once it is known how many there are.
pub(super) fn of(bar: &ProgressBar, all: u64) {
    bar.set_style(style("{wide_bar} {human_pos}/{human_len} {msg}, {eta} left"));
    bar.set_length(all);
}

/// What tells nothing before it is done.
pub(super) fn waiting(what: &'static str) -> ProgressBar {
    ticking(ProgressBar::no_length().with_message(what), "{spinner} {msg}, {elapsed}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is sound")
}

/// Drawn at once: who waits sees that something is done.
fn drawn(bar: ProgressBar, template: &str) -> ProgressBar {
    let bar = bar.with_style(style(template));
    bar.tick();
    bar
}

fn ticking(bar: ProgressBar, template: &str) -> ProgressBar {
    let bar = drawn(bar, template);
    bar.enable_steady_tick(TICK);
    bar
}

/// Passes on what is written, and counts its lines.
pub(super) struct Lines<'b, W> {
    into: W,
    bar: &'b ProgressBar,
}

impl<'b, W> Lines<'b, W> {
    pub(super) fn of(into: W, bar: &'b ProgressBar) -> Self {
        Self { into, bar }
    }
}

impl<W: Write> Write for Lines<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        let lines = bytes.iter().take(written).filter(|byte| **byte == b'\n').count();
        if lines > 0 {
            self.bar.inc(lines as u64);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_passed_on_and_its_lines_are_counted() {
        let bar = ProgressBar::hidden();
        let mut text = Vec::new();
        let mut lines = Lines::of(&mut text, &bar);
        write!(lines, "one\ntw").expect("written");
        write!(lines, "o\n\nthree").expect("written");
        lines.flush().expect("flushed");
        assert_eq!(bar.position(), 3);
        assert_eq!(text, b"one\ntwo\n\nthree");
    }

    #[test]
    fn every_template_is_sound() {
        for bar in [bytes(Some(3)), bytes(None), counting("lines written"), waiting("waiting")] {
            of(&bar, 5);
            assert_eq!(bar.length(), Some(5));
            bar.finish_and_clear();
        }
    }
}
