//! `quietus ledger check`.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::context::{Global, with_operations};
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{BAD, GOOD, Out};
use crate::operations::ledger::check::{CheckProgress, Checked, check};

/// Look the whole ledger over: its file, what holds between its tables, checksums, receipts, audit and keys
///
/// It reads only, and may run beside a server. SQLite is asked for the integrity of its file; a database server has
/// checks of its own (`pg_amcheck`). Exit code 1 when anything is wrong, 6 when the ledger is too damaged to be opened.
#[derive(clap::Args)]
pub(crate) struct Check {}

impl Check {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        with_operations(global, async |on| {
            let bar = bar();
            let tell = |progress| advance(&bar, progress);
            let checked = check(on, &tell).await;
            // Before anything is shown: the bar would stand beside it.
            bar.finish_and_clear();
            let checked = checked?;
            show(&checked, out)?;
            Ok(Exit::when(checked.findings.is_empty()))
        })
    }
}

fn show(checked: &Checked, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(checked);
    }
    for finding in &checked.findings {
        out.marked(BAD, "✗", format_args!("{}: {}", finding.code, finding.what))?;
    }
    let Checked { findings, storage_looked_at, receipts_verified, audit_verified, archives_there, .. } = checked;
    let mut counts = format!(
        "{} checksums, {receipts_verified} receipts and {audit_verified} rows of the audit are verified",
        checked.checksums_compared
    );
    let elsewhere = checked.archives_not_looked_at;
    if archives_there + elsewhere > 0 {
        counts += &format!(
            "; {archives_there} archives are the files that were made (what is in them: `quietus receipts verify`, `quietus audit \
             verify`), {elsewhere} are not in the folder and were not looked at"
        );
    }
    if findings.is_empty() {
        let whole = match storage_looked_at {
            true => "the ledger is whole",
            false => "nothing is wrong; how the database keeps it was not looked at (pg_amcheck)",
        };
        out.marked(GOOD, "✓", format_args!("{whole}; {counts}"))
    } else {
        out.line(counts)
    }
}

/// Drawn on standard error, and only where that is a terminal.
pub(super) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<16} {wide_bar} {human_pos}/{human_len}, {elapsed}");
    let bar = ProgressBar::new(0).with_style(style.expect("the template is sound"));
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

pub(super) fn advance(bar: &ProgressBar, progress: CheckProgress) {
    match progress {
        CheckProgress::Part { name, steps } => {
            bar.reset();
            bar.set_message(name);
            bar.set_length(steps);
        }
        CheckProgress::Steps(steps) => bar.inc(steps),
    }
}
