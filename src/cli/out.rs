//! What a command says: answers on standard output, remarks on standard error. Owns both; text that came from elsewhere
//! cannot steer the terminal.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};

use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
const REMARK: Style = DOUBTFUL;

/// The width of a terminal that does not tell it.
const COLUMNS_UNKNOWN: u16 = 80;

/// As wide as the first column of a table may be to stay in one piece on a terminal: an erasure's id has 34.
const WHOLE_CHARS_MAX: usize = 40;

/// Where a command writes.
pub(super) struct Out {
    answers: Box<dyn Write>,
    remarks: Box<dyn Write>,
    terminal: bool,
    json: bool,
}

impl Out {
    /// Standard output and error; colours only where a terminal shows them and NO_COLOR does not forbid them.
    pub(super) fn stdout(json: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        Self { answers: Box::new(anstream::stdout()), remarks: Box::new(anstream::stderr()), terminal, json }
    }

    /// Remarks go this way from now on, each in one piece and without colours: for a server, which must not wait for who reads them.
    pub(super) fn remark_through(&mut self, writer: impl Write + 'static) {
        let whole_lines: Box<dyn Write> = Box::new(io::LineWriter::new(writer));
        self.remarks = Box::new(anstream::StripStream::new(whole_lines));
    }

    /// Whether JSON is wanted.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person reads it, and no program and no file.
    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// One line of an answer.
    pub(super) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.answers, "{}", harmless(&text.to_string()))
    }

    /// One line of an answer, with its mark in front.
    pub(super) fn marked(&mut self, style: Style, mark: &str, text: impl Display) -> io::Result<()> {
        writeln!(self.answers, "{style}{mark}{style:#} {}", harmless(&text.to_string()))
    }

    /// An answer in JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = if self.terminal { serde_json::to_string_pretty(value)? } else { serde_json::to_string(value)? };
        writeln!(self.answers, "{}", escaped(&text))
    }

    /// A table that fits the terminal; elsewhere plain columns.
    pub(super) fn table<const COLUMNS: usize>(
        &mut self,
        header: [&str; COLUMNS],
        rows: impl IntoIterator<Item = [String; COLUMNS]>,
    ) -> io::Result<()> {
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(|cell| harmless(&cell))).collect();
        let widest = rows.iter().filter_map(|row| row.first()).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let mut table = Table::new();
        if self.terminal {
            table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
            // A terminal whose size nobody has set says 0.
            if table.width().is_none_or(|columns| columns == 0) {
                table.set_width(COLUMNS_UNKNOWN);
            }
        } else {
            table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
        }
        table.set_header(header);
        table.add_rows(rows);
        for (index, column) in table.column_iter_mut().enumerate() {
            if !self.terminal {
                column.set_padding((0, 2));
            } else if index == 0 && widest <= WHOLE_CHARS_MAX {
                // An id is copied into the next command, so it stays in one piece. A long name would leave nothing for what is said of it.
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        for line in table.lines() {
            writeln!(self.answers, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// A remark that is no answer.
    pub(super) fn note(&mut self, text: impl Display) {
        self.remark(REMARK, "note", &text.to_string());
    }

    /// Says how the list goes on, where it does. Beside the answer, so that lists are arrays in JSON.
    pub(super) fn next_page(&mut self, next: Option<impl Display>) {
        if let Some(cursor) = next {
            self.note(format_args!("there are more: --cursor {cursor}"));
        }
    }

    /// Why the command could not run.
    pub(super) fn error(&mut self, text: &str) {
        self.remark(BAD, "error", text);
    }

    /// A standard error that is gone must not keep a command from its work.
    fn remark(&mut self, style: Style, word: &str, text: &str) {
        let _gone = writeln!(self.remarks, "{style}{word}:{style:#} {}", harmless(text));
    }
}

/// However a command ends, also by a panic, its last remarks, and the last lines of a server's log, are waited for.
impl Drop for Out {
    fn drop(&mut self) {
        let _gone = self.remarks.flush();
    }
}

/// Standard output itself, for what is neither text nor JSON.
impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answers.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.answers.flush()
    }
}

/// Shows what comes from elsewhere on standard error, as it comes.
pub(super) fn show_aside(text: &str) {
    let _gone = write!(anstream::stderr(), "{}", harmless(text));
}

/// Shows warnings, such as of a secret that everyone can read, where no server logs them.
pub(super) fn show_warnings() {
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(io::stderr);
    let lines = lines.log_internal_errors(false);
    lines.without_time().with_target(false).with_ansi(false).init();
}

/// A time as it is shown: UTC, whole seconds.
pub(super) use crate::attention::time;

/// Its day alone, where a list has little room.
pub(super) fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// The same for a time that may not be there.
pub(super) fn time_or_dash(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), time)
}

/// Text without characters that steer, other than line breaks and tabs.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// JSON with such characters escaped: those that JSON lets stand, which can only be within its strings.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

/// Whether a character can make a terminal do something, or show text in another order than it stands in.
fn steers(c: char) -> bool {
    let reorders =
        matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reorders || c.is_control() && c != '\n' && c != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CSI in its one-character form, DEL, and a right-to-left override.
    const STEERING: &str = "a\u{9b}31m\u{7f}\u{202e}b\n\tč";

    #[test]
    fn text_cannot_steer_the_terminal() {
        assert_eq!(harmless(STEERING), "a\u{fffd}31m\u{fffd}\u{fffd}b\n\tč");
    }

    #[test]
    fn json_cannot_steer_the_terminal_and_means_the_same() {
        let (mut out, said) = Out::captured(true);
        out.json(&STEERING).expect("written");
        assert_eq!(said.text(), "\"a\\u009b31m\\u007f\\u202eb\\n\\tč\"\n");
        assert_eq!(serde_json::from_str::<String>(&said.text()).expect("JSON"), STEERING);
    }
}

#[cfg(test)]
pub(super) mod capture {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::{Out, Write, io};

    /// What a command wrote.
    #[derive(Clone, Default)]
    pub(in crate::cli) struct Captured(Rc<RefCell<Vec<u8>>>);

    impl Captured {
        pub(in crate::cli) fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).expect("commands write UTF-8")
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Out {
        /// Writes answers and remarks into one text, as a pipe would get them.
        pub(in crate::cli) fn captured(json: bool) -> (Self, Captured) {
            Self::capturing(json, false)
        }

        /// The same as a terminal of 80 columns gets it, without colours.
        pub(in crate::cli) fn captured_on_terminal() -> (Self, Captured) {
            Self::capturing(false, true)
        }

        fn capturing(json: bool, terminal: bool) -> (Self, Captured) {
            let captured = Captured::default();
            let plain =
                |sink: &Captured| Box::new(anstream::StripStream::new(Box::new(sink.clone()) as Box<dyn Write>));
            let out = Self { answers: plain(&captured), remarks: plain(&captured), terminal, json };
            (out, captured)
        }
    }
}
