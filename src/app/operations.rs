//! Operations on a configuration: for commands, which work beside a running server.

use std::sync::Arc;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::ledger::open_ledger;
use super::parts::{accepted, departments, mluvii_clients, rates, targets};
use super::plugins;
use crate::alert::{Alert, AlertWrong};
use crate::attention::{Limits, RequestLimits};
use crate::chain;
use crate::config::Config;
use crate::ledger::Ledger;
use crate::mluvii::{MluviiClient, MluviiSettings, Nulls};
use crate::operations::{Installation, Operations, Resources, RunningTargets, Settings, SourceWebhook};
use crate::policy::Policy;
use crate::subject::{InstallationName, SourceName, TargetName, Titles};
use crate::watch::{Wanted, event_types};

/// Opens the ledger, which must be there, and puts operations on it together. Their user closes the ledger.
pub(crate) async fn open_operations(config: Config) -> anyhow::Result<Operations> {
    let place = config.ledger_place()?;
    crate::operations::ledger::must_be_there(&place)?;
    let ledger = open_ledger(&config, &place).await?;
    Ok(operations(config, ledger))
}

/// Operations on a ledger that is open.
pub(super) fn operations(config: impl Into<Arc<Config>>, ledger: Arc<dyn Ledger>) -> Operations {
    let config = config.into();
    let settings = settings(&config);
    let keys_dir = config.keys_dir();
    let seals = config.seal_store();
    let state = config.state_file();
    let archive_dir = config.archive_dir();
    let of_client = Arc::clone(&config);
    let client = move |name: &_| {
        let settings =
            of_client.installation(name).expect("operations know the installations of the configuration only");
        MluviiClient::new(settings, &|reference| of_client.read_secret(reference)).map(Arc::new)
    };
    let of_webhooks = Arc::clone(&config);
    let webhooks = move || source_webhooks(&of_webhooks);
    let of_alerts = Arc::clone(&config);
    let alerts = move || alerts(&of_alerts);
    let running = move || running_targets(&config);
    Operations {
        ledger,
        settings,
        resources: Resources {
            keys_dir,
            seals,
            state,
            archive_dir,
            client: Box::new(client),
            webhooks: Box::new(webhooks),
            alerts: Box::new(alerts),
            targets: Box::new(running),
        },
    }
}

/// Who is told of what needs a person.
fn alerts(config: &Config) -> Vec<(String, Result<Alert, AlertWrong>)> {
    let read = |reference: &_| config.read_secret(reference);
    config.alerts.iter().map(|settings| (settings.name.clone(), config.alert(settings, &read))).collect()
}

/// What each source needs at mluvii.
pub(super) fn source_webhooks(config: &Config) -> Vec<SourceWebhook> {
    let event_types = event_types(&config.policy());
    let public_url = config.server.public_url.as_deref();
    let of = config.sources.iter().map(|source| SourceWebhook {
        source: SourceName(source.name.as_str().into()),
        installation: source.mluvii.clone().unwrap_or_else(InstallationName::unnamed),
        mode: source.webhook,
        wanted: Wanted::of(source, public_url, event_types.clone(), &|reference| config.read_webhook_secret(reference)),
    });
    of.collect()
}

fn settings(config: &Config) -> Settings {
    let policy = config.policy();
    let installation = |settings: &MluviiSettings| Installation {
        name: settings.name.clone(),
        departments: departments(config, &settings.name),
        calls_per_s: settings.calls_per_s,
        params: settings.params.clone(),
        decides: decides(config, settings, &policy),
    };
    let installations = config.mluvii.iter().map(installation).collect();
    Settings {
        installations,
        sources: config.sources.clone(),
        person: config.person.clone(),
        targets: config.targets(),
        rates: rates(config),
        manual: config.manual.iter().map(|manual| (manual.target(), manual.text.clone())).collect(),
        accepted: accepted(config),
        exemptions: config.exemptions(),
        keep_fingerprints: config.erasing.keep_fingerprints,
        sends_links: config.confirmation.is_some(),
        links_base: config.links_base(),
        recheck: config.erasing.recheck.clone(),
        titles: titles(config),
        letterhead: config.papers.letterhead(),
        witnesses: config.witnesses.iter().map(|witness| witness.name.clone()).collect(),
        four_eyes: config.requests.four_eyes,
        keep_receipts: config.retention.receipts.0,
        keep_audit: config.retention.audit.0,
        limits: limits(config),
        policy: Arc::new(policy),
        settling: config.settling.clone(),
        retention: config.retention.clone(),
        webhooks_every: config.watch.webhooks.0,
    }
}

/// How people call targets.
fn titles(config: &Config) -> Titles {
    let mluvii = config.mluvii.iter().map(|settings| (TargetName::mluvii_of(&settings.name), &settings.title));
    let plugins = config.plugins.iter().map(|plugin| (plugin.target(), &plugin.title));
    let manual = config.manual.iter().map(|manual| (manual.target(), &manual.title));
    let titled = mluvii.chain(plugins).chain(manual);
    Titles(titled.filter_map(|(name, title)| Some((name, title.clone()?))).collect())
}

/// Tells configurations apart in what becomes of an installation's sessions. Not in how fast, where and when.
fn decides(config: &Config, mluvii: &MluviiSettings, policy: &Policy) -> String {
    let sources = config.sources.iter().filter(|source| source.mluvii.as_ref() == Some(&mluvii.name));
    let sources: Vec<_> = sources.map(|source| json!([source.name, source.tenants])).collect();
    let params: Vec<_> = mluvii.params.iter().map(|(name, kind)| json!([name, kind.to_string()])).collect();
    let all = json!({
        "rules": policy.digest(),
        "omits_nulls": mluvii.nulls == Nulls::Omitted,
        "base_url": mluvii.base_url,
        "reads": [mluvii.look_up_session, mluvii.look_up_params, mluvii.look_up_contact, mluvii.list_ended],
        "params": params,
        "sources": sources,
        "region": format!("{:?}", config.person.region),
        "match": format!("{:?}", config.person.r#match),
    });
    let mut digest = chain::hash(all.to_string().as_bytes());
    digest.truncate(DECIDES_CHARACTERS);
    digest
}

/// It tells versions of one configuration apart, and is no protection.
const DECIDES_CHARACTERS: usize = 16;

/// All targets, with plugins in processes of their own.
fn running_targets(config: &Config) -> anyhow::Result<RunningTargets> {
    let read = |reference: &_| config.read_secret(reference);
    let clients = mluvii_clients(config, &read)?;
    let hosts = plugins::hosts_of_command(config, &read)?;
    let shutdown = CancellationToken::new();
    let processes = plugins::run(&hosts, &shutdown);
    Ok(RunningTargets { targets: targets(&clients, &hosts, &config.manual), processes, shutdown })
}

/// From what on something needs a person.
pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        calendar: config.requests.calendar(),
        warn_before: config.erasing.warn_before,
        unknown_share_max: config.settling.unknown_share_max,
        requests: RequestLimits {
            warn_before: config.requests.warn_before,
            verify_within: config.requests.verify_within,
            four_eyes: config.requests.four_eyes,
        },
        remind_after: config.manual.iter().map(|manual| (manual.target(), manual.remind_after())).collect(),
    }
}
