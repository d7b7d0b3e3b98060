//! `quietus check`: everything that a start would find wrong, and with `--connect` what only trying finds.

use serde::Serialize;

use super::exit::{Exit, Failure};
use super::installation::{self, Installation};
use super::out::{BAD, GOOD, Out};
use super::{Global, wait};
use crate::app;
use crate::config::{Config, Keys, Problem};
use crate::keys::SecretRef;
use crate::mluvii::MluviiClient;
use crate::plugin::{self, Connect, Program};
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
}

impl Finding {
    fn of<T>(what: impl Into<String>, result: Result<T, impl Into<anyhow::Error>>) -> Self {
        let wrong = result.err().map(|error| format!("{:#}", error.into()));
        Self { what: what.into(), wrong }
    }
}

impl Check {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let path = installation::path(global)?;
        let what = format!("configuration {}", path.display());
        let findings = match Config::load(&path) {
            Err(error) => {
                let finding = |problem: &Problem| Finding { what: what.clone(), wrong: Some(problem.to_string()) };
                error.0.iter().map(finding).collect()
            }
            Ok(config) => {
                let mut findings = vec![Finding { what, wrong: None }];
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
    let mut findings = vec![
        Finding::of(format!("keys {}", dir.display()), Keys::load(&dir)),
        Finding::of("mluvii, its secrets and requests", MluviiClient::new(&config.mluvii, &read)),
    ];
    for source in &config.sources {
        findings.push(Finding::of(format!("source {}, its secrets", source.name), Source::new(source, &read)));
    }
    findings.push(Finding { what: format!("rules, {} of them", config.rules.len()), wrong: None });
    findings
}

/// Starts each plugin and compares it with its settings, and asks for its health where that is wanted.
async fn plugins(config: &Config, connect: Connect) -> Vec<Finding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mut findings = Vec::new();
    for settings in &config.plugins {
        let what = format!("plugin {}", settings.name);
        match plugin::check(settings.clone(), &config.base, &read, Program::this(), connect).await {
            Err(refused) => findings.push(Finding { what, wrong: Some(refused.why) }),
            Ok(report) => {
                let what = format!("{what}, {} {}", report.info.name, report.info.version);
                let health = report.health.map(|health| Finding::of(format!("{what}: its health"), health));
                findings.push(Finding { what, wrong: None });
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
    if let Ok(mluvii) = MluviiClient::new(&config.mluvii, &read) {
        findings.push(Finding::of(format!("mluvii at {}", config.mluvii.base_url), mluvii.health().await));
    }
    let ledger =
        config.ledger_place().map_or_else(|_| "ledger".to_owned(), |place| format!("ledger {}", place.shown()));
    findings.push(Finding::of(ledger, try_ledger(config).await));
    findings
}

/// Whether something can be written, and whether the ledger and the keys belong together.
async fn try_ledger(config: &Config) -> Result<(), Failure> {
    let ledger = app::open_ledger(config, &installation::place(config)?).await?;
    let installation = Installation { ledger, config: config.clone() };
    let tried = async {
        installation.ledger.writable().await?;
        installation.keys().await.map(drop)
    }
    .await;
    installation.ledger.shutdown().await;
    tried
}

fn report(findings: &[Finding], out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(&findings);
    }
    for finding in findings {
        match &finding.wrong {
            None => out.marked(GOOD, "✓", &finding.what)?,
            Some(wrong) => out.marked(BAD, "✗", format_args!("{}: {wrong}", finding.what))?,
        }
    }
    Ok(())
}
