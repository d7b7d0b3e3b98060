//! `quietus check`: everything that a start would find wrong, and with `--connect` what only trying finds.

use serde::Serialize;

use super::context::{Global, path, wait};
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use super::running;
use crate::app::{self, CheckDepth, CheckFinding};
use crate::operations::configuration::Changed;

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
    /// Also show by what it differs from what the running server works by, and what of that needs a restart; exit code 9 if it does
    ///
    /// The server reads the file itself, with the environment that it was started with. Values are shown as `quietus config show` does; of
    /// secrets it is said only that they have changed.
    #[arg(long, conflicts_with = "offline")]
    against_running: bool,
}

/// All that was found, where a server was asked as well.
#[derive(Serialize)]
struct Compared<'a> {
    findings: &'a [CheckFinding],
    /// Nothing where the configuration is wrong, as it is not compared then.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a [Changed]>,
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
        // A doubt may be a newer word of mluvii's, or what cannot be known yet, so it is no failure.
        let is_right = findings.iter().all(|finding| finding.wrong.is_none());
        if !self.against_running {
            show(&findings, out)?;
            return Ok(Exit::when(is_right));
        }
        // Of another directory, and of another root, the server would read another file.
        let file = std::path::absolute(&path)?;
        let client = running::client(global);
        let difference = match client {
            Ok(client) => wait(async { Ok(client.compare(&file).await?) }).map(|difference| Some(difference.changed)),
            Err(_) if !is_right => Ok(None),
            Err(failure) => Err(failure),
        };
        if out.is_json() {
            let compared =
                Compared { findings: &findings, difference: difference.as_ref().ok().and_then(Option::as_deref) };
            out.json(&compared)?;
        } else {
            show(&findings, out)?;
        }
        let changed = match difference {
            Ok(changed) => changed.unwrap_or_default(),
            // What is wrong has been said.
            Err(_) if !is_right => Vec::new(),
            Err(failure) => return Err(failure),
        };
        if !out.is_json() && is_right {
            show_difference(&changed, out)?;
        }
        match (is_right, changed.is_empty()) {
            (false, _) => Ok(Exit::No),
            (true, true) => Ok(Exit::Done),
            (true, false) => Ok(Exit::Differs),
        }
    }
}

fn show_difference(changed: &[Changed], out: &mut Out) -> std::io::Result<()> {
    if changed.is_empty() {
        return out.marked(GOOD, "✓", "the running server works by it");
    }
    out.marked(DOUBTFUL, "!", "the running server works by another one; `quietus reload` would change:")?;
    for Changed { key, before, after, needs_restart, is_behind } in changed {
        let what = match (before, after) {
            _ if *is_behind => "what it refers to has changed".to_owned(),
            (Some(before), Some(after)) if before == after => "changed; it is not shown".to_owned(),
            (Some(before), Some(after)) => format!("{before} → {after}"),
            (Some(before), None) => format!("{before} is removed"),
            (None, Some(after)) => format!("{after} is added"),
            (None, None) => "changed".to_owned(),
        };
        let restart = if *needs_restart { " (needs a restart)" } else { "" };
        out.line(format_args!("  {key}: {what}{restart}"))?;
    }
    if changed.iter().any(|changed| changed.needs_restart) {
        out.marked(BAD, "✗", "a reload is refused as a whole, as some of it needs a restart")?;
    }
    Ok(())
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
