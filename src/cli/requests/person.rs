//! Who a request is about, as the command line learns it: asked for on the terminal without showing it, or from a file. Never as an
//! argument: those are seen by others, and kept by shells.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::exit::Failure;
use crate::keys::Secret;
use crate::operations::GivenIdentifiers;
use crate::subject::Kind;

/// What is asked for on a terminal.
const ASKED: [Kind; 3] = [Kind::Name, Kind::Email, Kind::Phone];

/// A longer line identifies nobody.
const LINE_BYTES_MAX: usize = 4096;

const LINES_MAX: usize = 100;

/// Where identifiers come from.
#[derive(clap::Args)]
pub(super) struct PersonFile {
    /// Read the identifiers from a file (`-`: standard input), one a line, such as `email: ann@example.com`; kinds are name, email,
    /// phone, and those of your own. Without it, they are asked for on the terminal
    #[arg(long, value_name = "FILE")]
    file: Option<std::path::PathBuf>,
}

impl PersonFile {
    pub(super) fn read(&self) -> Result<GivenIdentifiers, Failure> {
        let identifiers = match &self.file {
            Some(path) if path == Path::new("-") => lines(io::stdin().lock())?,
            Some(path) => {
                let file = File::open(path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
                lines(BufReader::new(file))?
            }
            None if io::stdin().is_terminal() => ask()?,
            None => {
                return Err(Failure::Usage(
                    "there is no terminal to ask on; name a file with --file (`-` reads standard input)".into(),
                ));
            }
        };
        if identifiers.is_empty() {
            return Err(Failure::Usage("nobody is named: no identifier is given".into()));
        }
        Ok(identifiers)
    }
}

fn ask() -> Result<GivenIdentifiers, Failure> {
    let mut identifiers = Vec::new();
    for kind in ASKED {
        let text = Zeroizing::new(rpassword::prompt_password(format!("{kind} (not shown, empty to leave out): "))?);
        if !text.trim().is_empty() {
            identifiers.push((kind, Secret::new(text.trim())));
        }
    }
    Ok(identifiers)
}

/// A wrong line is named by its number only.
fn lines(input: impl io::BufRead) -> Result<GivenIdentifiers, Failure> {
    let mut identifiers = Vec::new();
    let mut input = input.take((LINE_BYTES_MAX * LINES_MAX) as u64);
    for number in 1.. {
        let mut line = Zeroizing::new(String::new());
        let read = input.read_line(&mut line).map_err(|_| wrong(number, "it is not text in UTF-8"))?;
        if read == 0 {
            break;
        }
        if read > LINE_BYTES_MAX || number > LINES_MAX {
            return Err(wrong(number, "it is longer than what identifies a person"));
        }
        let text = line.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        let (kind, value) = text.split_once(':').ok_or_else(|| wrong(number, "write KIND: VALUE"))?;
        let kind: Kind = kind.trim().parse().map_err(|_| wrong(number, "there is no such kind"))?;
        if kind.is_internal_id() {
            return Err(wrong(number, "an id that mluvii gives out names no person"));
        }
        if value.trim().is_empty() {
            return Err(wrong(number, "the value is empty"));
        }
        identifiers.push((kind, Secret::new(value.trim())));
    }
    Ok(identifiers)
}

fn wrong(number: usize, what: &str) -> Failure {
    Failure::Usage(format!("line {number} of the identifiers: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_read_from_lines_and_a_wrong_one_is_not_repeated() {
        let read =
            lines("\u{feff}name: Jan Novák\r\n\nemail:jan@example.cz\ncustomer: C: 7\n".as_bytes()).expect("reads");
        let shown: Vec<_> = read.iter().map(|(kind, value)| format!("{kind}={}", value.expose())).collect();
        assert_eq!(shown, ["name=Jan Novák", "email=jan@example.cz", "customer=C: 7"]);
        for bad in ["email: a@b.cz\njan@example.cz", "name:", "guest_id: 4711", "\u{1}: x"] {
            let Err(Failure::Usage(why)) = lines(bad.as_bytes()) else { panic!("{bad}") };
            assert!(why.starts_with("line ") && !why.contains("example") && !why.contains("4711"), "{why}");
        }
        let long = format!("name: {}", "a".repeat(LINE_BYTES_MAX));
        assert!(lines(long.as_bytes()).is_err());
        assert!(lines(&b"name: \xff"[..]).is_err());
    }
}
