//! `quietus receipts verify`: offline.

use std::io;
use std::path::PathBuf;

use crate::cli::exit::{Exit, Failure};
use crate::cli::files::open;
use crate::cli::out::{BAD, DOUBTFUL, GOOD, Out};
use crate::cli::words::lost;
use crate::operations::receipts::verify::{Expected, NotVerified, Verified, verify};
use crate::receipt::ReceiptHead;

/// Verify exported receipts: signatures, numbers, links
///
/// What the file does not contain cannot be missed by it: keep the number and the hash of the newest receipt elsewhere, as a
/// witness does, and say them with `--expect-last`. A file without receipts, or without a header, is nothing to verify
/// (exit code 6).
#[derive(clap::Args)]
pub(crate) struct Verify {
    /// A file that `quietus receipts export` wrote; `-` is standard input
    file: PathBuf,
    /// The public key that must have signed them, as hex, or `@FILE`; may be repeated [default: the file's own, which
    /// proves nothing about who signed]
    #[arg(long = "public-key", value_name = "HEX|@FILE")]
    public_keys: Vec<String>,
    /// The file has to start at the chain's beginning
    #[arg(long)]
    from_start: bool,
    /// A receipt that is known from elsewhere, such as the newest one of a witness: the file has to reach it. Newer ones may
    /// follow
    #[arg(long, value_name = "N:HASH", value_parser = head)]
    expect_last: Option<ReceiptHead>,
}

impl Verify {
    pub(super) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let trusted = self.public_keys.iter().map(|key| public_key(key)).collect::<Result<Vec<_>, _>>()?;
        let expected = Expected { from_start: self.from_start, last: self.expect_last };
        let verified = match verify(open(&self.file)?, &trusted, &expected) {
            Err(NotVerified::Read(error)) => return Err(error.into()),
            other => other,
        };
        show(&verified, !trusted.is_empty(), out)?;
        Ok(match verified {
            Ok(Some(_)) => Exit::Done,
            // Neither is an answer: a file that was cut to nothing must not pass for a verified one.
            Ok(None) | Err(NotVerified::Header) => Exit::Nothing,
            Err(_) => Exit::No,
        })
    }
}

/// The place of a receipt, as `N:HASH`.
fn head(text: &str) -> Result<ReceiptHead, &'static str> {
    const WRONG: &str = "not a receipt's number and its hash of 64 lower-case hex digits, such as 42:9f86…";
    let (sequence, hash) = text.split_once(':').ok_or(WRONG)?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0 && is_hash).ok_or(WRONG)?;
    Ok(ReceiptHead { sequence, hash: hash.to_owned() })
}

fn show(verified: &Result<Option<Verified>, NotVerified>, trusted: bool, out: &mut Out) -> io::Result<()> {
    if out.is_json() {
        let range = verified.as_ref().ok().and_then(Option::as_ref);
        out.json(&serde_json::json!({
            // Null: there is nothing of which it could be said.
            "verified": match verified {
                Ok(Some(_)) => Some(true),
                Ok(None) | Err(NotVerified::Header) => None,
                Err(_) => Some(false),
            },
            "first": range.map(|range| range.first),
            "last": range.map(|range| range.last),
            "verdicts": range.map(|range| range.verdicts),
            "gaps": range.map(|range| &range.gaps),
            "key_was_given": trusted,
            "keys_followed": followed(verified),
            "problem": verified.as_ref().err().map(ToString::to_string),
        }))?;
    } else {
        match verified {
            Err(problem @ NotVerified::Header) => {
                out.marked(DOUBTFUL, "!", format_args!("nothing to verify: {problem}"))?;
            }
            Err(problem) => out.marked(BAD, "✗", format_args!("not verified: {problem}"))?,
            Ok(None) => out.marked(DOUBTFUL, "!", "nothing to verify: there are no receipts in the file")?,
            Ok(Some(Verified { first, last, verdicts, .. })) => {
                out.marked(GOOD, "✓", format_args!("receipts {first} to {last} are verified: {verdicts}"))?;
            }
        }
    }
    for gap in verified.iter().flatten().flat_map(|range| &range.gaps) {
        out.note(lost(gap));
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
        show(&verify(lines.as_bytes(), &[], &Expected::default()), false, &mut out).expect("is written");
        insta::assert_snapshot!(captured.text(), @"
        ✓ receipts 2 to 3 are verified: 1 complete, 0 retained, 1 incomplete
        note: the chain starts at receipt 2; what came before is not in this file
        note: the key came with the file: this proves nothing about who signed; see --public-key
        ");
    }
}
