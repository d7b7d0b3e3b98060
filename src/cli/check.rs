//! `quietus check`: everything that a start would find wrong, and with `--connect` what only trying finds.

use serde::Serialize;

use super::deployment::{self, Deployment};
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use super::{Global, wait};
use crate::app;
use crate::audit::Actor;
use crate::config::{Config, Keys, Problem, counted_from_one};
use crate::keys::SecretRef;
use crate::mluvii::{self, MluviiClient, State};
use crate::plugin::{self, Connect, Program};
use crate::subject::TargetName;
use crate::verify::Source;

/// Check the configuration and everything that it refers to
#[derive(clap::Args)]
pub(super) struct Check {
    /// Also try mluvii, the ledger and each plugin's health
    #[arg(long)]
    connect: bool,
}

/// One thing that was checked.
#[derive(Serialize)]
struct Finding {
    what: String,
    /// What is wrong; nothing when it is right.
    wrong: Option<String>,
    /// What is probably wrong, or cannot be known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<String>,
}

impl Finding {
    fn of<T>(what: impl Into<String>, result: Result<T, impl Into<anyhow::Error>>) -> Self {
        let wrong = result.err().map(|error| format!("{:#}", error.into()));
        Self { wrong, ..Self::right(what) }
    }

    fn right(what: impl Into<String>) -> Self {
        Self { what: what.into(), wrong: None, doubt: None }
    }

    fn wrong(what: impl Into<String>, wrong: impl Into<String>) -> Self {
        Self { wrong: Some(wrong.into()), ..Self::right(what) }
    }

    fn doubtful(what: impl Into<String>, doubt: impl Into<String>) -> Self {
        Self { doubt: Some(doubt.into()), ..Self::right(what) }
    }
}

impl Check {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let path = deployment::path(global)?;
        let what = format!("configuration {}", path.display());
        let findings = match Config::load(&path) {
            Err(error) => {
                let finding = |problem: &Problem| Finding::wrong(what.as_str(), problem.to_string());
                error.0.iter().map(finding).collect()
            }
            Ok(config) => {
                let mut findings = vec![Finding::right(what)];
                wait(async {
                    findings.extend(what_stands(&config));
                    findings.extend(plugins(&config, if self.connect { Connect::Try } else { Connect::Offline }).await);
                    if self.connect {
                        findings.extend(what_answers(&config).await);
                    }
                    Ok(Exit::Done)
                })?;
                findings
            }
        };
        report(&findings, out)?;
        Ok(Exit::when(findings.iter().all(|finding| finding.wrong.is_none())))
    }
}

/// What can be checked without calling anybody: keys, secrets, and what is made of the settings.
fn what_stands(config: &Config) -> Vec<Finding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let dir = config.keys_dir();
    let mut findings = vec![Finding::of(format!("keys {}", dir.display()), Keys::load(&dir))];
    for settings in &config.mluvii {
        let what = format!("{}, its secrets and requests", TargetName::mluvii_of(&settings.name));
        findings.push(Finding::of(what, MluviiClient::new(settings, &read)));
    }
    for source in &config.sources {
        findings.push(Finding::of(format!("source {}, its secrets", source.name), Source::new(source, &read)));
    }
    findings.push(Finding::right(format!("rules, {} of them", config.rules.len())));
    let doubts = config.policy();
    let doubts = doubts.doubts().iter();
    findings.extend(doubts.map(|doubtful| Finding::doubtful(counted_from_one(&doubtful.key), doubtful.doubt.as_str())));
    findings.extend(config.idle_kinds().into_iter().map(|idle| Finding::wrong(idle.key, idle.what)));
    findings
}

/// Starts each plugin and compares it with its settings, and asks for its health where that is wanted.
async fn plugins(config: &Config, connect: Connect) -> Vec<Finding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mut findings = Vec::new();
    for settings in &config.plugins {
        let what = format!("plugin {}", settings.name);
        match plugin::check(settings.clone(), &config.base, &read, Program::this(), connect).await {
            Err(refused) => findings.push(Finding::wrong(what, refused.why)),
            Ok(report) => {
                let what = format!("{what}, {} {}", report.info.name, report.info.version);
                let health = report.health.map(|health| Finding::of(format!("{what}: its health"), health));
                findings.push(Finding::right(what.as_str()));
                findings.extend(report.untaken.iter().map(|kind| {
                    Finding::wrong(
                        format!("{what}: grants"),
                        format!("`{kind}` is granted, and the plugin does not take it"),
                    )
                }));
                findings.extend(health);
            }
        }
    }
    findings
}

/// What only a call tells.
async fn what_answers(config: &Config) -> Vec<Finding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mut findings = Vec::new();
    for settings in &config.mluvii {
        if let Ok(mluvii) = MluviiClient::new(settings, &read) {
            let what = format!("{} at {}", TargetName::mluvii_of(&settings.name), settings.base_url);
            findings.extend(tried_out(what, &mluvii).await);
        }
    }
    let ledger =
        config.ledger_place().map_or_else(|_| "ledger".to_owned(), |place| format!("ledger {}", place.shown()));
    findings.push(Finding::of(ledger, try_ledger(config).await));
    findings
}

/// What `quietus mluvii probe` finds, in short: what does not work as configured, and what cannot be known yet.
async fn tried_out(what: String, mluvii: &MluviiClient) -> Vec<Finding> {
    let probe = match mluvii::probe(mluvii, &[]).await {
        Ok(probe) => probe,
        Err(error) => return vec![Finding::wrong(what, error.to_string())],
    };
    let mut findings = vec![Finding::right(what.as_str())];
    let of_state = |state| probe.findings.iter().filter(move |finding| finding.state == state);
    for finding in of_state(State::Warning) {
        findings.push(Finding::doubtful(format!("{what}: {}", finding.what), finding.said.as_str()));
    }
    let unknown: Vec<_> = of_state(State::Unknown).map(|finding| finding.what).collect();
    if !unknown.is_empty() {
        let doubt = format!("not known yet: {}; `quietus mluvii probe` says more", unknown.join(", "));
        findings.push(Finding::doubtful(what, doubt));
    }
    findings
}

/// Whether something can be written, and whether the ledger and the keys belong together.
async fn try_ledger(config: &Config) -> Result<(), Failure> {
    let ledger = app::open_ledger(config, &deployment::place(config)?).await?;
    let deployment = Deployment { ledger, config: config.clone(), by: Actor::cli("check") };
    let tried = async {
        deployment.ledger.writable().await?;
        deployment.keys().await.map(drop)
    }
    .await;
    deployment.ledger.shutdown().await;
    tried
}

fn report(findings: &[Finding], out: &mut Out) -> std::io::Result<()> {
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
