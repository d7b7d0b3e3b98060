//! `quietus mluvii`: how an installation of mluvii behaves.

use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::out::{DOUBTFUL, GOOD, Out};
use super::{Global, deployment, wait};
use crate::config::Config;
use crate::keys::SecretRef;
use crate::mluvii::{self, Finding, MluviiClient, MluviiSettings, State};
use crate::subject::SessionId;

#[derive(clap::Subcommand)]
pub(super) enum Mluvii {
    Probe(Probe),
}

/// Find out what is not publicly known about mluvii at this installation, without writing anything
///
/// The report holds no data, so that it can be shared. It ends with the settings that follow from it. docs/mluvii.md
/// says what each finding means.
#[derive(clap::Args)]
pub(super) struct Probe {
    /// The installation, where the configuration has several
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
    /// A session to look at beside those that mluvii lists; best one that is anonymized and one that is not
    #[arg(long = "session", value_name = "ID")]
    sessions: Vec<i64>,
    /// Also write the report to this file
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
        let config = deployment::load(global)?;
        let settings = self.settings(&config)?;
        let read = |reference: &SecretRef| config.read_secret(reference);
        let client = MluviiClient::new(settings, &read).map_err(anyhow::Error::from)?;
        let sessions: Vec<_> = self.sessions.iter().copied().map(SessionId).collect();
        let probe = wait(async {
            let tried = mluvii::probe(&client, &sessions).await;
            tried.map_err(|error| Failure::Other(anyhow::Error::from(error).context("mluvii could not be tried")))
        })?;
        if let Some(path) = &self.out {
            let report = if out.is_json() { as_json(&probe)? } else { format!("{}\n{}", title(), probe.text()) };
            std::fs::write(path, report).map_err(|error| {
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

    fn settings<'a>(&self, config: &'a Config) -> Result<&'a MluviiSettings, Failure> {
        let names = || config.mluvii.iter().map(|settings| settings.name.to_string()).collect::<Vec<_>>().join(", ");
        match (&self.mluvii, config.mluvii.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Failure::Usage(format!("there are several; name one with --mluvii: {}", names()))),
            (Some(name), all) => all
                .iter()
                .find(|settings| *settings.name.0 == **name)
                .ok_or_else(|| Failure::Usage(format!("there is no mluvii `{name}`; there are: {}", names()))),
        }
    }
}

fn title() -> String {
    format!("quietus {}: how this mluvii behaves", env!("CARGO_PKG_VERSION"))
}

fn as_json(probe: &mluvii::Probe) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(probe).map_err(anyhow::Error::from)?)
}

fn show(probe: &mluvii::Probe, out: &mut Out) -> std::io::Result<()> {
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
