//! `quietus check`: everything that a start would find wrong, and with `--connect` what only trying finds.

use super::context::{Global, path, wait};
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use crate::app::{self, CheckDepth, CheckFinding};

/// Check the configuration, run the tests of its rules, and check everything that it refers to
///
/// A doubt (`!`) may be a newer word of mluvii's, or what cannot be known yet; it does not change the exit code.
#[derive(clap::Args)]
pub(super) struct Check {
    /// Also try mluvii, the ledger and each plugin's health
    #[arg(long)]
    connect: bool,
    /// Check the configuration alone, as in CI: no key and no secret is needed, and nobody is contacted
    #[arg(long, conflicts_with = "connect")]
    offline: bool,
}

impl Check {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let path = path(global)?;
        let depth = match (self.offline, self.connect) {
            (true, _) => CheckDepth::Offline,
            (false, false) => CheckDepth::Here,
            (false, true) => CheckDepth::Connected,
        };
        let findings = wait(async { Ok(app::check(&path, depth).await) })?;
        show(&findings, out)?;
        // A doubt may be a newer word of mluvii's, or what cannot be known yet, so it is no failure.
        Ok(Exit::when(findings.iter().all(|finding| finding.wrong.is_none())))
    }
}

fn show(findings: &[CheckFinding], out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(&findings);
    }
    for finding in findings {
        match (&finding.wrong, &finding.doubt) {
            (None, None) => out.marked(GOOD, "✓", &finding.what)?,
            (None, Some(doubt)) => out.marked(DOUBTFUL, "!", format_args!("{}: {doubt}", finding.what))?,
            (Some(wrong), _) => out.marked(BAD, "✗", format_args!("{}: {wrong}", finding.what))?,
        }
    }
    Ok(())
}
