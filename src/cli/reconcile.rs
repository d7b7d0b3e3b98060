//! `quietus reconcile`: sessions that have ended at mluvii and of which nobody told us.

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, DOUBTFUL, GOOD, Out};
use super::past::{self, PastCommand};
use super::words;
use crate::operations::Operations;
use crate::operations::reconcile::{self, Asked, PAST_FROM, Reconciled, UNCLEAR};

/// Find sessions that have ended at mluvii, and forms submitted in them, of which nobody told us, and have them decided on
///
/// Servers do so by themselves for what ends while they are set up (`watch.reconcile`). This is for the time before, and after a doubt.
/// What is found is looked up and goes the way of a delivery: the rules decide on it. Begin with --dry-run. It can be stopped and
/// ordered again: what was found is known then. Sessions that were erased and that mluvii shows again are erased again.
///
/// More than 31 days are compared in the background by a server, which first finds out what the rules would do; `status` shows that, and
/// nothing is done before `confirm`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Reconcile {
    #[command(subcommand)]
    job: Option<PastCommand>,
    /// From when on: a day in UTC (2024-05-31), or a time (2024-05-31T10:00:00Z, 2024-05-31T12:00:00+02:00)
    #[arg(long, value_name = "TIME", value_parser = words::time, required = true)]
    since: Option<Timestamp>,
    /// Until when; of a day, all of it. Now, when it is left out
    #[arg(long, value_name = "TIME", value_parser = words::last_time)]
    until: Option<Timestamp>,
    /// Only count them
    #[arg(long)]
    dry_run: bool,
    /// The installation, where the configuration has several
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
}

impl Reconcile {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let (since, to) = match (self.job, self.since) {
            (Some(job), _) => return job.run(on, out).await,
            // What comes later cannot have been compared.
            (None, Some(since)) => (since, self.until.unwrap_or(Timestamp::MAX).min(Timestamp::now())),
            (None, None) => return Err(Failure::Usage("--since is needed".to_owned())),
        };
        if to < since {
            let what = if self.until.is_some_and(|until| until < since) {
                "--until is before --since"
            } else {
                "--since is to come"
            };
            return Err(Failure::Usage(what.to_owned()));
        }
        let installation = reconcile::installation(on, self.mluvii.as_deref())?;
        let asked = Asked { installation, from: since, to, dry_run: self.dry_run, of_past: false };
        if !self.dry_run && to.duration_since(since) > PAST_FROM {
            return past::order(on, &asked, out).await;
        }
        let bar = bar(&asked);
        let tell = |until: Timestamp| bar.set_position(seconds(asked.from, until));
        let done = reconcile::reconcile(on, &asked, &actor(), &tell, &CancellationToken::new()).await;
        // Before an error is shown: the bar would stand beside it.
        bar.finish_and_clear();
        show(&asked, &done?, out)?;
        Ok(Exit::Done)
    }
}

fn show(asked: &Asked, done: &Reconciled, out: &mut Out) -> std::io::Result<()> {
    let dry_run = asked.dry_run;
    if out.is_json() {
        return out.json(done);
    }
    let Reconciled {
        listed, known, foreign, unclear, found, forms, by_month, requests, reappeared, not_looked_at, ..
    } = done;
    out.line(format_args!(
        "mluvii lists {listed} sessions that ended from {} until {}, by {requests} requests: {known} were known, {foreign} are of tenants of no source",
        out::time(asked.from),
        out::time(asked.to)
    ))?;
    if *reappeared > 0 {
        let then = if dry_run { "without --dry-run, they are erased again" } else { "they are erased again" };
        out.marked(
            DOUBTFUL,
            "!",
            format_args!("{reappeared} that were erased are shown again, as after a backup was restored: {then}"),
        )?;
    }
    if *not_looked_at > 0 {
        let text = format_args!(
            "{not_looked_at} that were erased: nobody could look whether they are; see `mluvii.list_ended_not_anonymized`"
        );
        out.marked(DOUBTFUL, "?", text)?;
    }
    if *unclear > 0 {
        out.marked(DOUBTFUL, "?", format_args!("{unclear} sessions: {UNCLEAR}"))?;
    }
    let then = if dry_run {
        "nothing was done; without --dry-run, the rules decide on them"
    } else {
        "the rules decide on them now"
    };
    if *forms > 0 {
        out.marked(DOUBTFUL, "!", format_args!("{forms} forms were submitted and nobody told us: {then}"))?;
    }
    if *found == 0 && *unclear == 0 {
        return match listed {
            0 => out.marked(
                DOUBTFUL,
                "?",
                "mluvii lists no session of this time; is that true, and may the API client see them?",
            ),
            _ => out.marked(GOOD, "✓", "none that mluvii lists is missing"),
        };
    }
    if *found == 0 {
        return Ok(());
    }
    out.marked(DOUBTFUL, "!", format_args!("{found} of these sessions nobody told us of: {then}"))?;
    out.table(["MONTH", "SESSIONS"], by_month.iter().map(|(month, count)| [month.clone(), count.to_string()]))
}

/// Drawn on standard error, and only where that is a terminal.
fn bar(asked: &Asked) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {percent}%, {eta} left");
    ProgressBar::new(seconds(asked.from, asked.to)).with_style(style.expect("the template is sound"))
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or_default()
}
