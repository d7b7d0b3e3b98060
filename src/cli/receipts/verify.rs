//! `quietus receipts verify`: offline.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::archive::unseen;
use crate::cli::bar;
use crate::cli::exit::{Exit, Failure};
use crate::cli::files::{bytes, each, public_key};
use crate::cli::out::{BAD, DOUBTFUL, GOOD, Out};
use crate::cli::words::lost;
use crate::operations::receipts::verify::{Expected, NotVerified, Verified, verify};
use crate::receipt::{ChainName, ReceiptHead};

/// Verify exported receipts and archives: signatures, numbers, links
///
/// Several files are verified as one chain: the archives in their order, then an export of what is still in the ledger. What is not
/// given is not verified, and named.
///
/// What the file does not contain cannot be missed by it: keep the number and the hash of the newest receipt elsewhere, as a
/// witness does, and say them with `--expect-last`. A file without receipts, or without a header, is nothing to verify
/// (exit code 8).
#[derive(clap::Args)]
pub(crate) struct Verify {
    /// Files that `quietus receipts archive` or `export` wrote, in the order of the chain; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
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
        let current = Cell::new(None);
        let bar = bar::bytes(bytes(&self.files));
        let verified = verify(each(&self.files, &current, &bar), &trusted, &expected);
        // Before anything is shown: the bar would stand beside it.
        bar.finish_and_clear();
        let verified = match verified {
            Err(NotVerified::Read(error)) => return Err(error.into()),
            other => other,
        };
        let is_alone = self.files.len() == 1;
        let said = Said {
            // Neither is an answer: a file that was cut to nothing must not pass for a verified one. Among others, it is wrong.
            is_nothing: matches!(verified, Ok(None)) || is_alone && matches!(verified, Err(NotVerified::Header)),
            wrong_file: current.get().filter(|_| !is_alone),
            is_key_given: !trusted.is_empty(),
            verified,
        };
        said.show(out)?;
        Ok(if said.is_nothing { Exit::Nothing } else { Exit::when(said.verified.is_ok()) })
    }
}

/// The result, and what is to be said of it.
struct Said<'a> {
    verified: Result<Option<Verified>, NotVerified>,
    is_nothing: bool,
    /// Where it is wrong, where there are several files.
    wrong_file: Option<&'a Path>,
    is_key_given: bool,
}

/// The place of a receipt, as `N:HASH`.
fn head(text: &str) -> Result<ReceiptHead, &'static str> {
    const WRONG: &str = "not a receipt's number and its hash of 64 lower-case hex digits, such as 42:9f86…";
    let (sequence, hash) = text.split_once(':').ok_or(WRONG)?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0 && is_hash).ok_or(WRONG)?;
    Ok(ReceiptHead { sequence, hash: hash.to_owned() })
}

impl Said<'_> {
    fn show(&self, out: &mut Out) -> io::Result<()> {
        let range = self.verified.as_ref().ok().and_then(Option::as_ref);
        let problem = self.verified.as_ref().err().map(|problem| match self.wrong_file {
            Some(file) => format!("{}: {problem}", file.display()),
            None => problem.to_string(),
        });
        if out.is_json() {
            out.json(&serde_json::json!({
                // Null: there is nothing of which it could be said.
                "verified": if self.is_nothing { None } else { Some(range.is_some()) },
                "first": range.map(|range| range.first),
                "last": range.map(|range| range.last.sequence),
                "head": range.map(|range| &range.last.hash),
                "verdicts": range.map(|range| range.verdicts),
                "gaps": range.map(|range| &range.gaps),
                "not_looked_at": range.and_then(|range| range.unseen.as_ref()),
                "archives_matched": range.map(|range| range.archives),
                "key_was_given": self.is_key_given,
                "keys_followed": range.map_or(Vec::new(), followed),
                "problem": problem,
            }))?;
        } else {
            match (range, &problem) {
                (Some(Verified { first, last, verdicts, .. }), _) => {
                    let last = last.sequence;
                    out.marked(GOOD, "✓", format_args!("receipts {first} to {last} are verified: {verdicts}"))?;
                }
                (None, Some(problem)) if self.is_nothing => {
                    out.marked(DOUBTFUL, "!", format_args!("nothing to verify: {problem}"))?;
                }
                (None, Some(problem)) => out.marked(BAD, "✗", format_args!("not verified: {problem}"))?,
                (None, None) => out.marked(DOUBTFUL, "!", "nothing to verify: there are no receipts in the file")?,
            }
        }
        if let Some(range) = range {
            notes(range, out);
        }
        if !self.is_key_given {
            out.note("the key came with the file: this proves nothing about who signed; see --public-key");
        }
        Ok(())
    }
}

/// What was not looked at, and what it rests on.
fn notes(range: &Verified, out: &mut Out) {
    for gap in &range.gaps {
        out.note(lost(gap));
    }
    match &range.unseen {
        Some(archive) => out.note(unseen(ChainName::Receipts, archive)),
        None if range.first > 1 => {
            out.note(format_args!("the chain starts at receipt {}; what came before is not in this file", range.first));
        }
        None => {}
    }
    if range.archives > 0 {
        out.note(format_args!("{} archives are the files that their checkpoints name", range.archives));
    }
    for (from, to) in &range.followed {
        out.note(format_args!(
            "the key {from} says that {to} replaced it, so its receipts count; give both keys if not"
        ));
    }
}

/// The ids of keys that were taken by the word of another one.
fn followed(range: &Verified) -> Vec<&str> {
    range.followed.iter().map(|(_, to)| to.as_str()).collect()
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
        let verified = verify([Ok(lines.as_bytes())], &[], &Expected::default());
        let said = Said { verified, is_nothing: false, wrong_file: None, is_key_given: false };
        said.show(&mut out).expect("is written");
        insta::assert_snapshot!(captured.text(), @"
        ✓ receipts 2 to 3 are verified: 1 complete, 0 retained, 1 incomplete
        note: the chain starts at receipt 2; what came before is not in this file
        note: the key came with the file: this proves nothing about who signed; see --public-key
        ");
    }
}
