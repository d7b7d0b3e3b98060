//! `quietus receipts archive` and `quietus audit archive`: one order, on two chains.

use jiff::Timestamp;
use serde_json::json;

use super::bar;
use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{GOOD, Out};
use super::words;
use crate::operations::Operations;
use crate::operations::archive::{Done, Stop, Why, archive, plan};
use crate::receipt::{ChainName, Checkpoint};

/// What moves.
#[derive(clap::Args)]
pub(super) struct Archive {
    /// What is older than this date or time, such as `2026-01-01` (UTC) [default: than the configuration says, in `retention`]
    #[arg(long, value_name = "DATE", value_parser = words::time)]
    before: Option<Timestamp>,
    /// Only say what would move
    #[arg(long)]
    dry_run: bool,
}

impl Archive {
    pub(super) async fn run(self, on: &Operations, chain: ChainName, out: &mut Out) -> Result<Exit, Failure> {
        let done = match self.dry_run {
            true => plan(on, chain, self.before).await?,
            false => {
                let bar = bar::counting(format!("{} moved", chain.records()));
                let done = archive(on, chain, self.before, &actor(), &|records| bar.set_position(records)).await;
                // Before anything is shown: the bar would stand beside it.
                bar.finish_and_clear();
                done?
            }
        };
        show(&done, chain, self.dry_run, out)?;
        Ok(Exit::Done)
    }
}

fn show(done: &Done, chain: ChainName, is_dry_run: bool, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(&json!({ "dry_run": is_dry_run, "done": done }));
    }
    let records = chain.records();
    for Checkpoint { first, last, file, sha256, .. } in &done.archives {
        out.marked(GOOD, "✓", format_args!("{records} {first} to {last} are in {file}, verified; SHA-256 {sha256}"))?;
    }
    match (is_dry_run, done.first.zip(done.last)) {
        (_, None) => out.line(format_args!("no {records} are old enough"))?,
        (true, Some((first, last))) => {
            out.line(format_args!("{} {records} would move: {first} to {last}", done.records))?;
        }
        (false, Some(_)) => {}
    }
    if let Some(stop) = &done.stop {
        out.note(why(stop));
    }
    Ok(())
}

/// Why something stays.
fn why(Stop { sequence, why }: &Stop) -> String {
    let why = match why {
        Why::Young => "it is not old enough".to_owned(),
        Why::Unacknowledged => {
            format!("it is incomplete, and nobody has acknowledged it: quietus receipts acknowledge {sequence}")
        }
        Why::Open => "its erasure is not over".to_owned(),
    };
    format!("number {sequence} stays, and with it all that came later: {why}")
}

/// What was not looked at, of an archive before the first file.
pub(super) fn unseen(chain: ChainName, unseen: &Checkpoint) -> String {
    let Checkpoint { last, file, sha256, .. } = unseen;
    format!(
        "{} up to {last} are in archives, of which the last is {file} (SHA-256 {sha256}); they were not looked at: give the archives \
         as well, in their order",
        chain.records()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_midnight_and_a_time_itself() {
        let midnight: Timestamp = "2026-01-02T00:00:00Z".parse().expect("a time");
        assert_eq!(words::time("2026-01-02"), Ok(midnight));
        assert_eq!(words::time("2026-01-02T00:00:00Z"), Ok(midnight));
        for wrong in ["", "yesterday", "2026-13-01"] {
            assert!(words::time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_stays_is_told_with_the_reason_and_the_command_that_helps() {
        let (mut out, captured) = Out::captured(false);
        let stop = Some(Stop { sequence: 4, why: Why::Unacknowledged });
        let done = Done { records: 3, first: Some(1), last: Some(3), stop, archives: Vec::new() };
        show(&done, ChainName::Receipts, true, &mut out).expect("is written");
        show(&Done::default(), ChainName::Audit, false, &mut out).expect("is written");
        insta::assert_snapshot!(captured.text(), @"
        3 receipts would move: 1 to 3
        note: number 4 stays, and with it all that came later: it is incomplete, and nobody has acknowledged it: quietus receipts acknowledge 4
        no rows of the audit are old enough
        ");
    }
}
