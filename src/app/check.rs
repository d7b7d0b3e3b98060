//! Everything that a start would find wrong, what it would take and nobody can mean, and what only trying finds.

mod offline;

use std::path::Path;

use jiff::Timestamp;
use quietus_plugin::is_loopback;
use serde::Serialize;

use super::ledger::{must_be_known, open_ledger};
use super::operations::{operations, source_webhooks};
use super::rules::test_rules;
use crate::alert::AlertSettings;
use crate::config::{Config, Problem, counted_from_one};
use crate::erasure::Exchange;
use crate::key_files::Keys;
use crate::keys::{ReadSecret, SecretRef};
use crate::manual::ManualSettings;
use crate::mluvii::{self, MluviiClient, MluviiSettings, State};
use crate::operations::webhooks::seen;
use crate::outside::must_be_there;
use crate::plugin::{self, Connect, Program};
use crate::subject::{Kind, Scope, TargetName};
use crate::verify::{Source, WebhookMode};
use crate::watch::NoCallback;

/// One thing that was checked.
#[derive(Serialize)]
pub(crate) struct CheckFinding {
    pub(crate) what: String,
    /// What is wrong; nothing when it is right.
    pub(crate) wrong: Option<String>,
    /// What is probably wrong, or cannot be known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) doubt: Option<String>,
}

impl CheckFinding {
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

    /// What is wrong, with where.
    pub(super) fn problem(&self) -> Option<String> {
        self.wrong.as_ref().map(|wrong| format!("{}: {wrong}", self.what))
    }

    fn doubtful(what: impl Into<String>, doubt: impl Into<String>) -> Self {
        Self { doubt: Some(doubt.into()), ..Self::right(what) }
    }
}

/// How far a check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckDepth {
    /// The configuration itself: no key and no secret is read, nobody is contacted, and nothing of this machine is needed.
    Offline,
    /// Also what it refers to here: keys, secrets, plugins.
    Here,
    /// Also mluvii, the ledger and each plugin's health.
    Connected,
}

impl CheckDepth {
    /// What was looked at: no secret offline.
    fn either(self, here: &'static str, offline: &'static str) -> &'static str {
        if self == Self::Offline { offline } else { here }
    }
}

/// Checks a configuration and everything that it refers to, as far as is wanted.
pub(crate) async fn check(path: &Path, depth: CheckDepth) -> Vec<CheckFinding> {
    let what = format!("configuration {}", path.display());
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            let finding = |problem: &Problem| CheckFinding::wrong(what.as_str(), problem.to_string());
            return error.0.iter().map(finding).collect();
        }
    };
    let mut findings = vec![CheckFinding::right(what)];
    let idle = config.idle_variables.iter();
    findings.extend(idle.map(|idle| CheckFinding::doubtful("environment", idle.to_string())));
    let mut exchanges = Vec::new();
    if depth == CheckDepth::Offline {
        findings.extend(offline::settings(&config));
        findings.extend(rules(&config));
        let all_are_here = offline::plugins(&config, &mut findings, &mut exchanges).await;
        // What a plugin returns that is not here is not known.
        if !all_are_here {
            return findings;
        }
    } else {
        findings.extend(here(&config));
        if depth == CheckDepth::Here {
            findings.extend(one_client(&config, None));
        }
        findings.extend(rules(&config));
        let connect = if depth == CheckDepth::Connected { Connect::Try } else { Connect::Offline };
        findings.extend(plugins(&config, connect, &mut exchanges).await);
    }
    let returned = exchanges.iter().flat_map(|one| one.returns.iter().cloned()).collect();
    let idle = config.idle_kinds(&returned).into_iter().chain(config.circles(&exchanges));
    findings.extend(idle.map(|idle| CheckFinding::wrong(config.shown(&idle.key), idle.what)));
    if depth == CheckDepth::Connected {
        findings.extend(online(&config).await);
    }
    findings
}

/// What can be checked without calling anybody: keys, secrets, and what is made of the settings.
fn here(config: &Config) -> Vec<CheckFinding> {
    let dir = config.keys_dir();
    let mut findings = vec![CheckFinding::of(format!("keys {}", dir.display()), Keys::load(&dir))];
    findings.extend(archives(config));
    let read = |reference: &SecretRef| config.read_secret(reference);
    let of_webhooks = |reference: &SecretRef| config.read_webhook_secret(reference);
    findings.extend(settings(config, &config.mluvii, (&read, &of_webhooks), CheckDepth::Here));
    findings.extend(alerts(config, &read, CheckDepth::Here));
    findings.extend(unmanageable(config));
    findings.extend(in_clear(config));
    findings
}

/// An address at which mluvii sends the credentials of sources, and what people wrote, readable on the way.
fn in_clear(config: &Config) -> Option<CheckFinding> {
    let url = reqwest::Url::parse(config.server.public_url.as_deref()?).ok()?;
    let is_clear = url.scheme() == "http" && !is_loopback(url.host_str().unwrap_or_default());
    let doubt = "deliveries come without TLS: the credentials of sources and what forms hold are readable on the way; use https";
    is_clear.then(|| CheckFinding::doubtful("server.public_url", doubt))
}

/// What can be wrong with a configuration that can be read, beside what it is built of.
pub(super) fn in_itself(config: &Config) -> Vec<CheckFinding> {
    archives(config).into_iter().chain(unmanageable(config)).chain(rules(config)).collect()
}

fn archives(config: &Config) -> Option<CheckFinding> {
    let dir = config.archive_dir()?;
    Some(CheckFinding::of(format!("the folder of archives {}", dir.display()), std::fs::read_dir(&dir)))
}

/// Sources whose webhook is to be managed, and cannot be. A secret that cannot be read is told with the source.
fn unmanageable(config: &Config) -> Vec<CheckFinding> {
    let managed = source_webhooks(config).into_iter().filter(|webhook| webhook.mode == WebhookMode::Managed);
    let wrong = managed.filter_map(|webhook| {
        let why = webhook.wanted.err().filter(|why| !matches!(why, NoCallback::Secret(_)))?;
        Some(CheckFinding::wrong(format!("source {}, its webhook at mluvii", webhook.source), why.to_string()))
    });
    wrong.collect()
}

/// Alerts, and the URL that hears that the deployment works.
fn alerts(config: &Config, read: ReadSecret<'_>, depth: CheckDepth) -> Vec<CheckFinding> {
    let what = depth.either("its settings and secrets", "its settings");
    let alert = |settings: &AlertSettings| {
        CheckFinding::of(format!("alert {}, {what}", settings.name), config.alert(settings, read))
    };
    let mut findings: Vec<_> = config.alerts.iter().map(alert).collect();
    if let Some(ping) = config.ping(read) {
        findings.push(CheckFinding::of(format!("watch.ping, {what}"), ping));
    }
    if let Some(mailer) = config.link_mailer(read) {
        findings.push(CheckFinding::of(format!("confirmation, {what}"), mailer));
    }
    findings
}

/// Whether mail servers take what they would be given; nobody gets mail by it.
async fn mail_servers(config: &Config) -> Vec<CheckFinding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mut findings = Vec::new();
    for settings in &config.alerts {
        let Ok(alert) = config.alert(settings, &read) else { continue };
        if let Some(connected) = alert.connect().await {
            let connected = connected.map_err(anyhow::Error::msg);
            findings.push(CheckFinding::of(format!("alert {}, its mail server", settings.name), connected));
        }
    }
    if let Some(Ok(mailer)) = config.link_mailer(&read) {
        let connected = mailer.connect().await.map_err(anyhow::Error::msg);
        findings.push(CheckFinding::of("confirmation, its mail server".to_owned(), connected));
    }
    findings
}

/// How the webhooks at mluvii compare with what the sources need, where the configuration says what that is.
async fn webhooks(config: &Config) -> Vec<CheckFinding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mut findings = Vec::new();
    for webhook in source_webhooks(config) {
        let client = config.installation(&webhook.installation).map(|settings| MluviiClient::new(settings, &read));
        let (Ok(wanted), Some(Ok(client))) = (webhook.wanted, client) else { continue };
        let what = format!("source {}, its webhook at mluvii", webhook.source);
        let wrong = match seen(&client, &wanted).await {
            Ok(seen) => seen.wrong(),
            Err(error) => Some(error.to_string()),
        };
        findings.push(match wrong {
            None => CheckFinding::right(what),
            Some(wrong) => {
                CheckFinding::doubtful(what, format!("{wrong}; see `quietus webhook register {}`", webhook.source))
            }
        });
    }
    findings
}

/// What is made of the settings of mluvii and of sources.
fn settings(
    config: &Config,
    installations: &[MluviiSettings],
    (read, of_webhooks): (ReadSecret<'_>, ReadSecret<'_>),
    depth: CheckDepth,
) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    for settings in installations {
        let what = format!(
            "{}, {}",
            TargetName::mluvii_of(&settings.name),
            depth.either("its secrets and requests", "its requests")
        );
        findings.push(CheckFinding::of(what, MluviiClient::new(settings, read)));
    }
    for source in &config.sources {
        let what = format!("source {}, {}", source.name, depth.either("its secrets", "its settings"));
        findings.push(CheckFinding::of(what, Source::new(source, of_webhooks)));
    }
    findings
}

/// The rules, and what their tests say.
fn rules(config: &Config) -> Vec<CheckFinding> {
    let mut findings = vec![CheckFinding::right(format!("rules, {} of them", config.rules.len()))];
    let tested = test_rules(config);
    let policy = config.policy();
    let doubts = policy.doubts().iter().map(|doubtful| (&doubtful.key, &doubtful.doubt));
    for (key, doubt) in doubts.map(|(key, doubt)| (counted_from_one(key), doubt.clone())).chain(tested.doubts()) {
        findings.push(CheckFinding::doubtful(config.shown(&key), doubt));
    }
    findings.extend(many_tasks(config));
    findings.extend(all_kept(config));
    let failed = tested.results.iter().filter(|test| !test.result.passed);
    for test in failed.clone() {
        findings.push(CheckFinding::wrong(test.place.clone(), test.why()));
    }
    if !tested.results.is_empty() && failed.count() == 0 {
        findings.push(CheckFinding::right(format!("tests of the rules, {} of them", tested.results.len())));
    }
    findings
}

/// Rules that give people a task for each session, which may be many.
fn many_tasks(config: &Config) -> impl Iterator<Item = CheckFinding> {
    let each = config.rules.iter().enumerate().filter(|(_, rule)| rule.erase == Scope::Session && !rule.approve);
    each.filter_map(|(index, rule)| {
        let place = config.manual.iter().map(ManualSettings::target).find(|place| rule.targets.contains(place))?;
        let doubt = format!("each session that it erases is a task for somebody at `{place}`, who may get many");
        Some(CheckFinding::doubtful(config.shown(&format!("rule.{}.targets", index + 1)), doubt))
    })
}

/// Rules that erase nothing of a company's people, as laws keep all that their targets hold, and companies of which nothing is ever erased.
fn all_kept(config: &Config) -> Vec<CheckFinding> {
    let exemptions = config.exemptions();
    let mut findings = Vec::new();
    for settings in &config.mluvii {
        let company = TargetName::mluvii_of(&settings.name);
        let is_kept = |target: &TargetName| exemptions.of(&settings.name, target).is_some();
        if config.targets().iter().all(is_kept) {
            let doubt = "laws keep what all targets hold of its people: nothing is ever erased there";
            findings.push(CheckFinding::doubtful(format!("{company}, `retained`"), doubt));
            continue;
        }
        for (index, rule) in config.rules.iter().enumerate().filter(|(_, rule)| rule.targets.iter().all(is_kept)) {
            let key = config.shown(&format!("rule.{}.targets", index + 1));
            let doubt = format!(
                "laws keep what all of them hold of the people of {company}: `{}` erases nothing there",
                rule.name
            );
            findings.push(CheckFinding::doubtful(key, doubt));
        }
    }
    findings
}

/// Starts each plugin and compares it with its settings, and asks for its health where that is wanted. The kinds that they
/// return and require are added to `exchanges`.
async fn plugins(config: &Config, connect: Connect, exchanges: &mut Vec<Exchange>) -> Vec<CheckFinding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mut findings = Vec::new();
    for settings in &config.plugins {
        let what = format!("plugin {}", settings.name);
        match plugin::check(settings.clone(), &config.base, &read, Program::this(), connect).await {
            Err(refused) => findings.push(CheckFinding::wrong(what, refused.why)),
            Ok(report) => {
                exchanges.push(Config::exchange(settings, report.returned, report.required));
                let what = format!("{what}, {} {}", report.info.name, report.info.version);
                let health = report.health.map(|health| CheckFinding::of(format!("{what}: its health"), health));
                findings.push(CheckFinding::right(what.as_str()));
                findings.extend(unfit(&what, &report.untaken, &report.unopened));
                let unopened = |doubt: &&String| !doubt.contains("which only the configuration opens");
                let doubts = report.info.doubts.iter().filter(unopened);
                findings.extend(doubts.map(|doubt| CheckFinding::doubtful(what.as_str(), doubt.as_str())));
                findings.extend(health);
            }
        }
    }
    findings
}

/// What a plugin is granted in vain, and what it needs and is not given.
pub(super) fn unfit(what: &str, untaken: &[Kind], unopened: &[u16]) -> Vec<CheckFinding> {
    let untaken = untaken.iter().map(|kind| {
        CheckFinding::wrong(format!("{what}: grants"), format!("`{kind}` is granted, and the plugin does not take it"))
    });
    let unopened = unopened.iter().map(|port| {
        CheckFinding::wrong(
            format!("{what}: ports"),
            format!(
                "it declares the TCP port {port}, which is closed: only the configuration opens a port; write \
                 `ports = [{port}]`, or the address that it connects to"
            ),
        )
    });
    untaken.chain(unopened).collect()
}

/// What only a call tells.
async fn online(config: &Config) -> Vec<CheckFinding> {
    let read = |reference: &SecretRef| config.read_secret(reference);
    let mut findings = Vec::new();
    for settings in &config.mluvii {
        if let Ok(mluvii) = MluviiClient::new(settings, &read) {
            let what = format!("{} at {}", TargetName::mluvii_of(&settings.name), settings.base_url);
            findings.extend(probed(what, &mluvii).await);
        }
    }
    findings.extend(webhooks(config).await);
    findings.extend(mail_servers(config).await);
    let ledger =
        config.ledger_place().map_or_else(|_| "ledger".to_owned(), |place| format!("ledger {}", place.shown()));
    let tried = try_ledger(config).await;
    let one_client_since = tried.as_ref().ok().copied().flatten();
    findings.push(CheckFinding::of(ledger, tried));
    findings.extend(one_client(config, one_client_since));
    findings
}

/// A proxy that stands in front, as far as anything shows, and that the configuration does not name.
fn one_client(config: &Config, since: Option<Timestamp>) -> Option<CheckFinding> {
    let server = &config.server;
    let public = server.public_url.as_deref().and_then(|url| reqwest::Url::parse(url).ok());
    let is_elsewhere = public.is_some_and(|url| !is_loopback(url.host_str().unwrap_or_default()));
    let seen = match since {
        Some(since) => format!("since {since}, everything comes from one address; if that is a proxy's, name it here"),
        None if is_elsewhere && server.listen.ip().is_loopback() => {
            "deliveries for `server.public_url` reach `server.listen` from this machine only, so through a proxy; name it here".to_owned()
        }
        None => return None,
    };
    let doubt = format!("{seen}: all senders count as one client, and `allow` sees the proxy only");
    server.trusted_proxies.is_empty().then(|| CheckFinding::doubtful("server.trusted_proxies", doubt))
}

/// What `quietus mluvii probe` finds, in short: what does not work as configured, and what cannot be known yet.
async fn probed(what: String, mluvii: &MluviiClient) -> Vec<CheckFinding> {
    let probe = match mluvii::probe(mluvii, &[]).await {
        Ok(probe) => probe,
        Err(error) => return vec![CheckFinding::wrong(what, error.to_string())],
    };
    let mut findings = vec![CheckFinding::right(what.as_str())];
    let of_state = |state| probe.findings.iter().filter(move |finding| finding.state == state);
    for finding in of_state(State::Warning) {
        findings.push(CheckFinding::doubtful(format!("{what}: {}", finding.what), finding.said.as_str()));
    }
    let unknown: Vec<_> = of_state(State::Unknown).map(|finding| finding.what).collect();
    if !unknown.is_empty() {
        let doubt = format!("not known yet: {}; `quietus mluvii probe` says more", unknown.join(", "));
        findings.push(CheckFinding::doubtful(what, doubt));
    }
    findings
}

/// Whether something can be written, whether the ledger and the keys belong together, and whether it is the one that is known. Returns
/// since when all that comes, comes from one address.
async fn try_ledger(config: &Config) -> anyhow::Result<Option<Timestamp>> {
    let place = config.ledger_place()?;
    crate::operations::ledger::must_be_allowed(&place)?;
    must_be_there(&place, config.state_file().as_ref())?;
    let ledger = open_ledger(config, &place).await?;
    let operations = operations(config.clone(), ledger);
    let tried = async {
        crate::operations::ledger::try_out(&operations).await?;
        must_be_known(config, &*operations.ledger).await?;
        Ok(operations.ledger.one_client_since().await?)
    }
    .await;
    operations.close().await;
    tried
}
