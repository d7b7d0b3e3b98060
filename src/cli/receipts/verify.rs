//! `quietus receipts verify`: offline.

use std::io;
use std::path::PathBuf;

use crate::cli::exit::{Exit, Failure};
use crate::cli::files::open;
use crate::cli::out::{BAD, GOOD, Out};
use crate::operations::receipts::verify::{NotVerified, Verified, verify};

/// Verify exported receipts: signatures, numbers, links
///
/// What the file does not contain cannot be missed by it: keep the number of the newest receipt elsewhere, and compare.
#[derive(clap::Args)]
pub(crate) struct Verify {
    /// A file that `quietus receipts export` wrote; `-` is standard input
    file: PathBuf,
    /// The public key that must have signed them, as hex, or `@FILE`; may be repeated [default: the file's own, which
    /// proves nothing about who signed]
    #[arg(long = "public-key", value_name = "HEX|@FILE")]
    public_keys: Vec<String>,
}

impl Verify {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let trusted = self.public_keys.iter().map(|key| public_key(key)).collect::<Result<Vec<_>, _>>()?;
        let verified = match verify(open(&self.file)?, &trusted) {
            Err(NotVerified::Read(error)) => return Err(error.into()),
            other => other,
        };
        show(&verified, !trusted.is_empty(), out)?;
        Ok(Exit::when(verified.is_ok()))
    }
}

fn show(verified: &Result<Option<Verified>, NotVerified>, trusted: bool, out: &mut Out) -> io::Result<()> {
    if out.is_json() {
        let range = verified.as_ref().ok().and_then(Option::as_ref);
        out.json(&serde_json::json!({
            "verified": verified.is_ok(),
            "first": range.map(|range| range.first),
            "last": range.map(|range| range.last),
            "verdicts": range.map(|range| range.verdicts),
            "key_was_given": trusted,
            "keys_followed": followed(verified),
            "problem": verified.as_ref().err().map(ToString::to_string),
        }))?;
    } else {
        match verified {
            Err(problem) => out.marked(BAD, "✗", format_args!("not verified: {problem}"))?,
            Ok(None) => out.marked(GOOD, "✓", "no receipts")?,
            Ok(Some(Verified { first, last, verdicts, .. })) => {
                out.marked(GOOD, "✓", format_args!("receipts {first} to {last} are verified: {verdicts}"))?;
            }
        }
    }
    if let Ok(Some(range)) = verified
        && range.first > 1
    {
        out.note(format_args!("the chain starts at receipt {}; what came before is not in this file", range.first));
    }
    for (from, to) in verified.iter().flatten().flat_map(|range| &range.followed) {
        out.note(format_args!(
            "the key {from} says that {to} replaced it, so its receipts count; give both keys if not"
        ));
    }
    if !trusted {
        out.note("the key came with the file: this proves nothing about who signed; see --public-key");
    }
    Ok(())
}

/// The ids of keys that were taken by the word of another one.
fn followed(verified: &Result<Option<Verified>, NotVerified>) -> Vec<&str> {
    verified.iter().flatten().flat_map(|range| &range.followed).map(|(_, to)| to.as_str()).collect()
}

fn public_key(argument: &str) -> Result<String, Failure> {
    let text = match argument.strip_prefix('@') {
        None => argument.to_owned(),
        Some(path) => std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{path}: {error}"))?,
    };
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::receipts::sample::{export, issued, person, session};

    #[test]
    fn the_result_says_what_it_does_not_prove() {
        let (mut out, captured) = Out::captured(false);
        let first = issued(&session(), None);
        let second = issued(&session(), Some(&first.head()));
        let third = issued(&person(), Some(&second.head()));
        let lines = export(&[second, third]).join("\n");
        show(&verify(lines.as_bytes(), &[]), false, &mut out).expect("is written");
        insta::assert_snapshot!(captured.text(), @"
        ✓ receipts 2 to 3 are verified: 1 complete, 0 retained, 1 incomplete
        note: the chain starts at receipt 2; what came before is not in this file
        note: the key came with the file: this proves nothing about who signed; see --public-key
        ");
    }
}
