//! Whom an erasure is about, as the command line says it: a value, `-` (asked for), or `@FILE`.

use std::io::{self, BufRead as _, IsTerminal as _};

use zeroize::Zeroizing;

use super::exit::Failure;
use crate::keys::Secret;

/// A longer value identifies nobody.
const VALUE_BYTES_MAX: u64 = 4096;

/// Where a value comes from.
pub(super) enum Given {
    /// In the arguments, where other users of the machine can see it.
    Literal(Secret),
    /// From a prompt, standard input or a file.
    Unseen(Secret),
}

impl Given {
    pub(super) fn value(&self) -> &Secret {
        match self {
            Self::Literal(value) | Self::Unseen(value) => value,
        }
    }
}

/// Reads the value that an argument gives; `what` names it in a prompt.
pub(super) fn read(argument: &str, what: &str) -> Result<Given, Failure> {
    if argument == "-" {
        return if io::stdin().is_terminal() { ask(what) } else { read_line(io::stdin().lock(), what) };
    }
    match argument.strip_prefix('@') {
        Some(path) => {
            let file = std::fs::File::open(path).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
            read_line(io::BufReader::new(file), what)
        }
        None => Ok(Given::Literal(Secret::new(argument))),
    }
}

fn ask(what: &str) -> Result<Given, Failure> {
    let text = Zeroizing::new(rpassword::prompt_password(format!("{what} (not shown): "))?);
    Ok(Given::Unseen(Secret::new(text.trim())))
}

/// One line; the next value is on the next one.
fn read_line(input: impl io::BufRead, what: &str) -> Result<Given, Failure> {
    let mut text = Zeroizing::new(String::new());
    input.take(VALUE_BYTES_MAX).read_line(&mut text)?;
    if text.trim().is_empty() {
        return Err(Failure::Usage(format!("the {what} is empty")));
    }
    Ok(Given::Unseen(Secret::new(text.trim())))
}
