//! `quietus rules try`.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use quietus_plugin::Span;

use crate::cli::context::{Global, with_operations};
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::config::Config;
use crate::operations::rules::{Difference, Trial, try_rules};

/// Try rules on the sessions that the ledger knows: what they would erase, and how that differs from what was decided
///
/// Reads the ledger only, and may run beside a server. Rules on `session-ended` and `session-settled` are tried, on what the consent
/// records say today; rules about forms cannot be, as what a form said is gone. Exit code 1 when the rules would erase otherwise than
/// was decided.
#[derive(clap::Args)]
pub(crate) struct Try {
    /// The sessions that ended in the last so long, such as `90d`
    #[arg(long, value_name = "SPAN", default_value = "90d")]
    since: Span,
    /// The configuration file whose rules are tried, on the ledger of this one [default: this one]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

impl Try {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let policy = self.rules.as_deref().map(Config::load).transpose()?.map(|config| config.policy());
        with_operations(global, async |on| {
            let bar = bar();
            let tell = |read, of| {
                bar.set_length(of);
                bar.set_position(read);
            };
            let tried = try_rules(on, policy.as_ref().unwrap_or(&on.settings.policy), self.since.0, tell).await;
            // Before anything is shown: the bar would stand beside it.
            bar.finish_and_clear();
            let tried = tried?;
            show(&tried, out)?;
            let differs = tried.differences.iter().any(|one| one.more + one.less > 0) || tried.failed > 0;
            Ok(Exit::when(!differs))
        })
    }
}

fn show(tried: &Trial, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(tried);
    }
    out.line(format_args!("sessions that ended in this time            {}", tried.sessions))?;
    out.line(format_args!("these rules would erase                     {}", tried.would_erase))?;
    out.line(format_args!("  of which no rule has decided that so far  {}", tried.would_erase_more))?;
    out.line(format_args!("these rules would no longer erase           {}", tried.would_erase_less))?;
    if tried.failed > 0 {
        out.line(format_args!("a rule cannot be evaluated; a person needed {}", tried.failed))?;
    }
    if tried.damaged > 0 {
        out.line(format_args!("not known, as their rows are damaged        {}", tried.damaged))?;
    }
    if !tried.differences.is_empty() {
        out.line("")?;
        out.table(["MONTH", "WOULD", "DECIDED", "MORE", "LESS", "RULE"], tried.differences.iter().map(row))?;
    }
    for rule in &tried.not_tried {
        out.note(format_args!("`{rule}` is not tried: what it is about is not kept"));
    }
    Ok(())
}

fn row(one: &Difference) -> [String; 6] {
    let rule = if one.is_tried { one.rule.clone() } else { format!("{} (not among these rules)", one.rule) };
    let number = |number: u64| number.to_string();
    [one.month.clone(), number(one.would), number(one.decided), number(one.more), number(one.less), rule]
}

/// Drawn on standard error, and only where that is a terminal.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} sessions, {elapsed}");
    let bar = ProgressBar::new(0).with_style(style.expect("the template is sound"));
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}
