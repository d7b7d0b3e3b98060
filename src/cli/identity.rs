//! Values that tell who is meant, as the command line gives them: written out, `-` (asked for), or `@FILE`.

use std::io::{self, BufRead as _, IsTerminal as _};

use zeroize::Zeroizing;

use super::exit::Failure;
use super::out::Out;
use crate::keys::Secret;
use crate::operations::GivenIdentifiers;
use crate::subject::Kind;

/// A longer value identifies nobody.
const VALUE_BYTES_MAX: u64 = 4096;

/// A person's identifiers.
#[derive(clap::Args)]
pub(super) struct PersonArgs {
    /// A person's e-mail address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
    /// A person's phone number; may be repeated
    #[arg(long, value_name = "NUMBER")]
    phone: Vec<String>,
    /// A person's name; may be repeated
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// A person's identifier of another kind, such as `customer=-`; may be repeated
    #[arg(long, value_name = "KIND=VALUE", value_parser = persons_kind_and_value)]
    other: Vec<(Kind, String)>,
}

impl PersonArgs {
    /// Reads the values, in the order in which the help names them.
    pub(super) fn read(&self) -> Result<Values, Failure> {
        let own = [(Kind::Email, &self.email), (Kind::Phone, &self.phone), (Kind::Name, &self.name)];
        Values::read(&own, &self.other)
    }
}

/// Values that were given, each with its kind.
pub(super) struct Values {
    pub(super) identifiers: GivenIdentifiers,
    /// Some were written out, where other users of the machine can see them.
    seen_by_others: bool,
}

impl Values {
    /// Reads what arguments give: those of options that are for one kind, then those that name theirs.
    pub(super) fn read(of_kinds: &[(Kind, &Vec<String>)], others: &[(Kind, String)]) -> Result<Self, Failure> {
        let of_kinds = of_kinds.iter().flat_map(|(kind, values)| values.iter().map(move |value| (kind, value)));
        let others = others.iter().map(|(kind, value)| (kind, value));
        let mut values = Self { identifiers: Vec::new(), seen_by_others: false };
        for (kind, argument) in of_kinds.chain(others) {
            values.identifiers.push((kind.clone(), read(argument, kind.as_str())?));
            values.seen_by_others |= is_written_out(argument);
        }
        Ok(values)
    }

    /// Refuses values that others could see.
    pub(super) fn refuse_seen(&self) -> Result<(), Failure> {
        if self.seen_by_others { Err(Failure::Usage(NOT_WRITTEN_OUT.to_owned())) } else { Ok(()) }
    }

    /// Warns of values that others could see.
    pub(super) fn warn(&self, warning: &str, out: &mut Out) {
        if self.seen_by_others {
            out.note(warning);
        }
    }
}

/// Refuses a value that others could see.
pub(super) fn must_not_be_seen(argument: &str) -> Result<(), Failure> {
    if is_written_out(argument) { Err(Failure::Usage(NOT_WRITTEN_OUT.to_owned())) } else { Ok(()) }
}

const NOT_WRITTEN_OUT: &str = "other users of this machine can see arguments, so that values are not taken from them: `-` asks for it, `@FILE` reads it";

/// For values of real people.
pub(super) const SEEN_BY_OTHERS: &str =
    "other users of this machine can see arguments; `-` asks for the value, `@FILE` reads it";

/// Reads the value that an argument gives; `what` names it in a prompt.
pub(super) fn read(argument: &str, what: &str) -> Result<Secret, Failure> {
    if is_written_out(argument) { Ok(Secret::new(argument)) } else { given(&line(argument, what)?, what) }
}

/// The same of a secret, of which each character counts: the whole line.
pub(super) fn read_whole(argument: &str, what: &str) -> Result<Secret, Failure> {
    must_not_be_seen(argument)?;
    Ok(Secret::new(line(argument, what)?.trim_end_matches(['\r', '\n'])))
}

/// The line that is asked for (`-`), or that is in a file (`@FILE`).
fn line(argument: &str, what: &str) -> Result<Zeroizing<String>, Failure> {
    if argument == "-" {
        // The buffer of standard input is the process's, so what was read ahead is there for the next value.
        return if io::stdin().is_terminal() { ask(what) } else { read_line(io::stdin().lock(), what) };
    }
    let path = argument.strip_prefix('@').unwrap_or(argument);
    let file = std::fs::File::open(path).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
    read_line(io::BufReader::new(file), what)
}

fn is_written_out(argument: &str) -> bool {
    argument != "-" && !argument.starts_with('@')
}

fn ask(what: &str) -> Result<Zeroizing<String>, Failure> {
    Ok(Zeroizing::new(rpassword::prompt_password(format!("{what} (not shown): "))?))
}

/// A value that says nothing identifies nobody, and is not one that was left out.
fn given(text: &str, what: &str) -> Result<Secret, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::Usage(format!("the {what} is empty: name only what you know, and leave out the rest")));
    }
    Ok(Secret::new(text.trim()))
}

/// One line; the next value is on the next one.
fn read_line(input: impl io::BufRead, what: &str) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = input.take(VALUE_BYTES_MAX).read_line(&mut text)?;
    // A part of it would be somebody else's, and the rest would be the next value.
    if read as u64 == VALUE_BYTES_MAX && !text.ends_with('\n') {
        return Err(Failure::Usage(format!("the {what} is longer than {VALUE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// An identifier of any kind, as `KIND=VALUE`.
pub(super) fn kind_and_value(text: &str) -> Result<(Kind, String), String> {
    let (kind, value) = text.split_once('=').ok_or("write KIND=VALUE")?;
    Ok((kind.parse()?, value.to_owned()))
}

/// The same of a person, who has none of the ids that mluvii gives out.
fn persons_kind_and_value(text: &str) -> Result<(Kind, String), String> {
    let (kind, value) = kind_and_value(text)?;
    if kind.is_internal_id() {
        return Err(format!(
            "`{kind}` is an id that mluvii gives out; `quietus erase` takes a session with --session, a guest with --guest"
        ));
    }
    Ok((kind, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_too_long_is_refused_and_never_cut() {
        let longest = "a".repeat(VALUE_BYTES_MAX as usize - 1);
        let mut lines = io::Cursor::new(format!("{longest}\nbea@example.com"));
        let read =
            |lines: &mut io::Cursor<String>| read_line(lines, "email").ok().map(|read| read.trim_end().to_owned());
        assert_eq!(read(&mut lines).map(|read| read.len()), Some(longest.len()));
        assert_eq!(read(&mut lines).as_deref(), Some("bea@example.com"));
        let Err(Failure::Usage(why)) = read_line(format!("{longest}aa\n").as_bytes(), "email") else { panic!("cut") };
        assert_eq!(why, "the email is longer than 4096 bytes");
    }
}
