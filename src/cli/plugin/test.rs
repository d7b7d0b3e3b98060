//! `quietus plugin test`: the conformance kit, for authors and for continuous integration.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::builder::styling::Style;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::junit;
use super::program::program;
use super::subject::{Watched, Which, Whom};
use crate::cli::context::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{BAD, GOOD, Out};
use crate::operations::plugins;
use crate::plugin::{Event, Finding, TestedPlugin, Verdict};

/// The longest id has so many characters.
const ID_WIDTH: usize = 29;

const EXAMPLES: &str = "\
Examples:
  quietus plugin test libfolder.so --plugin-config '{\"folder\":\"guests\"}' --guest-id g-1
  quietus plugin test libcrm.so --plugin-config crm.toml --secret token=env:CRM_TOKEN --email test@example.com
  quietus plugin test --plugin crm --config quietus.toml --junit plugin.xml

Use a test system and a person who is there and may be erased: whoever is named is really erased. Calls about people who do not
exist follow. Where nothing is found or erased in the whole run, that fails: a plugin that never looks would pass all else.
Without a person, only people who do not exist are asked about. Arguments can be seen by every user of this machine: only
test data belongs into them; `@FILE` and `-` are not seen.";

/// Test a plugin: whether it loads, keeps to the protocol, survives what strangers type, leaks nothing and says nothing
///
/// The plugin runs as the server runs it, in the same process and sandbox. Each check has an id that stays; what fails says
/// why and what to do. Exit code 0: nothing failed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Test {
    #[command(flatten)]
    which: Which,
    /// How many calls show that nothing grows
    #[arg(long, default_value_t = 1000)]
    calls: u32,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    watched: Watched,
    #[command(flatten)]
    whom: Whom,
}

impl Test {
    pub(in crate::cli) async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let identifiers = self.whom.read(out)?;
        let settings = self.which.settings(global)?;
        let region = self.whom.region().or(settings.region);
        let file = settings.file().display().to_string();
        if !identifiers.is_empty() && !out.is_json() {
            out.note("the person that you named is erased for real, in the system that the configuration names");
        }
        let installed = settings.install()?.with_output(self.watched.output());
        let subject = TestedPlugin { installed, program: program(), identifiers, region, calls: self.calls };
        let findings = {
            let mut screen = Screen { out, bar: None, failed: None };
            let findings = plugins::test(subject, &mut |event| screen.show(event)).await;
            if let Some(error) = screen.failed {
                return Err(error.into());
            }
            findings
        };
        if let Some(path) = &self.junit {
            std::fs::write(path, junit::write(&file, &findings))
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        }
        conclude(&file, &findings, out)?;
        Ok(Exit::when(!findings.iter().any(|finding| finding.verdict.is_failed())))
    }
}

/// Shows the checks as they end.
struct Screen<'a> {
    out: &'a mut Out,
    bar: Option<ProgressBar>,
    /// Why nothing more can be written.
    failed: Option<std::io::Error>,
}

impl Screen<'_> {
    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Calls { done, of } => {
                let bar = self.bar.get_or_insert_with(|| bar(of));
                bar.set_position(done.into());
            }
            Event::Ended(finding) => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                if !self.out.is_json() && self.failed.is_none() {
                    self.failed = line(finding, self.out).err();
                }
            }
        }
    }
}

/// Drawn on standard error, and only where that is a terminal.
fn bar(of: u32) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} calls, {eta} left");
    ProgressBar::new(of.into()).with_style(style.expect("the template is sound"))
}

fn line(finding: &Finding, out: &mut Out) -> std::io::Result<()> {
    let Finding { id, sentence, verdict, .. } = finding;
    match verdict {
        Verdict::Passed { note: None } => out.marked(GOOD, "✓", format_args!("{id:<ID_WIDTH$} {sentence}")),
        Verdict::Passed { note: Some(note) } => {
            out.marked(GOOD, "✓", format_args!("{id:<ID_WIDTH$} {sentence}: {note}"))
        }
        Verdict::Skipped { why } => {
            let faint = Style::new().dimmed();
            out.marked(faint, "–", format_args!("{id:<ID_WIDTH$} {sentence}: not checked, {why}"))
        }
        Verdict::Failed { why, advice } => {
            out.marked(BAD, "✗", format_args!("{id:<ID_WIDTH$} {sentence}: no"))?;
            out.line(format_args!("  {:ID_WIDTH$} {why}", ""))?;
            out.line(format_args!("  {:ID_WIDTH$} → {advice}", ""))
        }
    }
}

fn conclude(file: &str, findings: &[Finding], out: &mut Out) -> std::io::Result<()> {
    let count = |is: fn(&Verdict) -> bool| findings.iter().filter(|finding| is(&finding.verdict)).count();
    let passed = count(|verdict| matches!(verdict, Verdict::Passed { .. }));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped { .. }));
    let failed = count(Verdict::is_failed);
    if out.is_json() {
        let totals = json!({ "passed": passed, "failed": failed, "skipped": skipped });
        return out.json(&json!({ "file": file, "totals": totals, "checks": findings }));
    }
    let (style, mark) = if failed == 0 { (GOOD, "✓") } else { (BAD, "✗") };
    out.line("")?;
    out.marked(style, mark, format_args!("{passed} passed, {failed} failed, {skipped} not checked"))
}
