//! `quietus mluvii`: how an installation of mluvii behaves.

use std::path::PathBuf;

use super::context::{Global, load, wait};
use super::exit::{Exit, Failure};
use super::out::{DOUBTFUL, GOOD, Out};
use crate::keys::SecretRef;
use crate::mluvii::{Finding, State};
use crate::operations::mluvii;
use crate::subject::SessionId;

#[derive(clap::Subcommand)]
pub(super) enum Mluvii {
    Probe(Probe),
}

/// Find out what is not publicly known about mluvii at this installation, without writing anything
///
/// The result holds no data, so that it can be shared. It ends with the settings that follow from it. docs/mluvii.md
/// says what each finding means.
#[derive(clap::Args)]
pub(super) struct Probe {
    /// The installation, where the configuration has several
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
    /// A session to look at beside those that mluvii lists; best one that is anonymized and one that is not
    #[arg(long = "session", value_name = "ID")]
    sessions: Vec<i64>,
    /// Also write the result to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Mluvii {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Probe(probe) => probe.run(global, out),
        }
    }
}

impl Probe {
    fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let config = load(global)?;
        let sessions: Vec<_> = self.sessions.iter().copied().map(SessionId).collect();
        let probe = wait(async {
            let read = |reference: &SecretRef| config.read_secret(reference);
            Ok(mluvii::probe(&config.mluvii, self.mluvii.as_deref(), &sessions, &read).await?)
        })?;
        if let Some(path) = &self.out {
            let written = if out.is_json() { as_json(&probe)? } else { format!("{}\n{}", title(), probe.text()) };
            std::fs::write(path, written).map_err(|error| {
                Failure::Other(anyhow::Error::from(error).context(format!("could not write {}", path.display())))
            })?;
        }
        if out.is_json() {
            out.json(&probe)?;
        } else {
            show(&probe, out)?;
        }
        // What is unknown on a new installation is no failure; what it means, the findings say.
        Ok(Exit::Done)
    }
}

fn title() -> String {
    format!("quietus {}: how this mluvii behaves", env!("CARGO_PKG_VERSION"))
}

fn as_json(probe: &crate::mluvii::Probe) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(probe).map_err(anyhow::Error::from)?)
}

fn show(probe: &crate::mluvii::Probe, out: &mut Out) -> std::io::Result<()> {
    out.line(title())?;
    for Finding { what, state, said } in &probe.findings {
        match state {
            State::Ok => out.marked(GOOD, "✓", format_args!("{what}: {said}"))?,
            State::Warning => out.marked(DOUBTFUL, "!", format_args!("{what}: {said}"))?,
            State::Unknown => out.marked(DOUBTFUL, "?", format_args!("{what}: {said}"))?,
        }
    }
    if probe.settings.is_empty() {
        return out.line("\nNo settings follow.");
    }
    out.line(format_args!("\nSettings that follow, below [mluvii]:\n\n{}", probe.toml().trim_end()))
}

#[cfg(test)]
mod tests;
