//! `quietus erase-again`: after another system's restore, who was erased there is found and erased once more.

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, DOUBTFUL, GOOD, Out};
use super::sweeps::SweepCommand;
use super::words;
use crate::operations::Operations;
use crate::operations::erase_again::{self, Asked, ErasedAgain, FoundAgain, Is, Then};
use crate::subject::InstallationName;

/// So many are listed; JSON has all.
const LISTED_MAX: usize = 50;

/// Erase again whom another system holds again after its backup was restored
///
/// The target tells whom it holds, all of them; each is compared with the keyed fingerprints of those who were erased there, and nothing of
/// anybody else is kept. Without --plan or --yes, they are only counted. Nobody is asked for who came back by then, or of whom nobody knows
/// whether they did; where the target does not tell of all places, that is everybody. Who is erased again is erased the ordinary way, by a
/// running server, at this target alone and with a receipt: at once, unless no server runs or somebody has to approve it first. Nobody looks
/// again before, and after a day it can no longer be approved.
///
/// Where this command is killed, the same command goes on where it was, and so does a running server by itself; Ctrl-C cancels it.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct EraseAgain {
    #[command(subcommand)]
    sweep: Option<SweepCommand>,
    /// The target that was restored, such as `crm`
    #[arg(long, value_name = "NAME", required = true)]
    target: Option<String>,
    /// When the backup was made; better too early: a day in UTC (2024-05-31), or a time (2024-05-31T10:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = words::time, required = true)]
    since: Option<Timestamp>,
    /// The mluvii installation whose people are meant, where the configuration has several
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
    /// Erase those whom this plan is about, as it was shown; nobody, if they are others now
    #[arg(long, value_name = "PLAN", conflicts_with = "yes")]
    plan: Option<String>,
    /// Erase those who are found, without having them shown first
    #[arg(long)]
    yes: bool,
}

impl EraseAgain {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let (target, since) = match (self.sweep, self.target, self.since) {
            (Some(sweep), ..) => return sweep.run(on, out).await,
            (None, Some(target), Some(since)) => (target, since),
            (None, ..) => return Err(Failure::Usage("--target and --since are needed".to_owned())),
        };
        if since > Timestamp::now() {
            return Err(Failure::Usage("--since is to come".to_owned()));
        }
        let installation = self.mluvii.as_deref().map(|name| InstallationName(name.into()));
        let asked = Asked { target, installation, since };
        let then = match (self.plan, self.yes) {
            (Some(plan), _) => Then::Erase { plan },
            (None, true) => Then::EraseAll,
            (None, false) => Then::Count,
        };
        let bar = bar();
        let tell = |records| bar.set_position(records);
        let by = actor();
        let done = tokio::select! {
            done = erase_again::erase_again(on, &asked, &then, &by, &tell) => Some(done),
            // A server would go on with what somebody has just thought better of.
            Ok(()) = tokio::signal::ctrl_c() => None,
        };
        // Before an error is shown: the bar would stand beside it.
        bar.finish_and_clear();
        let Some(done) = done else {
            erase_again::cancel(on, &asked.target, asked.installation.as_ref(), &by).await?;
            return Err(Failure::No("it is cancelled; who was asked for already is erased".to_owned()));
        };
        show(&done?, out)?;
        Ok(Exit::Done)
    }
}

fn show(done: &ErasedAgain, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(done);
    }
    let ErasedAgain { target, compared, records, .. } = done;
    let since = out::time(done.since);
    out.line(format_args!("{compared} people were erased at {target} since {since} and can be found again"))?;
    if done.not_comparable > 0 {
        let text =
            format_args!("{} others cannot: nothing is kept any more by which they could be", done.not_comparable);
        out.marked(DOUBTFUL, "?", text)?;
    }
    if let Some(kept_since) = done.kept_since.filter(|kept_since| *kept_since > done.since) {
        let text = format_args!(
            "who was erased before {} is not among them: see `retention.fingerprints`",
            out::time(kept_since)
        );
        out.marked(DOUBTFUL, "?", text)?;
    }
    if done.not_erased_then > 0 {
        let text = format_args!("{} were not erased there then, or kept: they are left alone", done.not_erased_then);
        out.line(text)?;
    }
    if done.still_open > 0 {
        let text = format_args!(
            "{} more are erased there and open elsewhere: run this again once they have ended (quietus erasures list)",
            done.still_open
        );
        out.marked(DOUBTFUL, "?", text)?;
    }
    out.line(format_args!("{target} told of {records} records"))?;
    for place in &done.not_looked_at {
        out.marked(DOUBTFUL, "?", format_args!("not among them: {place}"))?;
    }
    people(done, out)
}

fn people(done: &ErasedAgain, out: &mut Out) -> std::io::Result<()> {
    if done.found.is_empty() {
        return out.marked(GOOD, "✓", "nobody who was erased is among them");
    }
    let listed = done.found.iter().take(LISTED_MAX).map(row);
    out.table(["ERASURE", "IS", "GO", "STAY"], listed)?;
    if done.found.len() > LISTED_MAX {
        out.line(format_args!("… and {} more; --json has all", done.found.len() - LISTED_MAX))?;
    }
    let back = done.count(Is::Back) + done.count(Is::Undated) + done.count(Is::Possible);
    if back > 0 {
        let text = format_args!(
            "{back} may be there rightly, or be somebody else: a person has to look, nothing is erased of them"
        );
        out.marked(DOUBTFUL, "?", text)?;
    }
    let unseen = done.count(Is::Unseen);
    if unseen > 0 {
        let text = format_args!(
            "{unseen} may have something newer where {} did not look, so nothing is erased of them",
            done.target
        );
        out.marked(DOUBTFUL, "?", text)?;
    }
    let held = done.count(Is::Held);
    if held > 0 {
        let text = format_args!("{held} are kept by a hold (quietus holds list): run this again once it has ended");
        out.marked(DOUBTFUL, "?", text)?;
    }
    let asked = done.found.iter().filter(|one| one.again.is_some()).count() as u64;
    let unplanned = done.count(Is::Again).saturating_sub(asked);
    if !done.dry_run && unplanned > 0 {
        let text =
            format_args!("{unplanned} more are there again, and not among those whom this was about: run it anew");
        out.marked(DOUBTFUL, "?", text)?;
    }
    let going = if done.dry_run { unplanned } else { asked };
    match (going, done.dry_run) {
        (0, _) => out.line("nobody is to be erased again"),
        (again, false) if done.needs_approval => out.line(format_args!(
            "{again} are asked for, and wait a day for somebody else: quietus erasures list --state requested"
        )),
        (again, false) => {
            out.marked(GOOD, "✓", format_args!("{again} are erased again; to see how it goes: quietus erasures list"))
        }
        (again, true) => {
            out.line(format_args!("{again} would be erased again, and nothing was done; to have it done, add:"))?;
            out.line(format_args!("  --plan {}", done.plan))
        }
    }
}

fn row(one: &FoundAgain) -> [String; 4] {
    let is = match one.is {
        Is::Again => "there again",
        Is::Unseen => "unseen",
        Is::UnderWay => "being erased",
        Is::Held => "held",
        Is::Back => "came back",
        Is::Undated => "undated",
        Is::Possible => "possible",
    };
    [one.erasure.to_string(), is.to_owned(), one.records.to_string(), one.kept.to_string()]
}

/// Drawn on standard error, and only where that is a terminal. Nobody knows how many there are.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} records compared, {elapsed}");
    ProgressBar::no_length().with_style(style.expect("the template is sound"))
}
