//! The handles that a configuration describes, built once and given to the parts that need them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::loaded::Loaded;
use super::plugins::{OwnedPlugin, OwnedPlugins, hosts};
use super::process::{Children, Process};
use crate::alert::{Alert, HttpSender};
use crate::config::Config;
use crate::confirming::LinkMailer;
use crate::keys::ReadSecret;
use crate::ledger::Keep;
use crate::manual::{ManualSettings, ManualTarget};
use crate::mluvii::{MluviiClient, MluviiSettings, MluviiTarget, SettingsError};
use crate::plugin::{Expected, PluginHost};
use crate::subject::{InstallationName, TargetName, TenantId};
use crate::target::Target;
use crate::verify::Source;
use crate::worker::{Accepted, Worker};

/// What a configuration describes beside the work: built whole, or not at all. Nothing of it runs yet.
pub(super) struct Parts {
    pub(super) sources: Vec<Source>,
    pub(super) mluvii: MluviiClients,
    pub(super) plugins: OwnedPlugins,
    pub(super) notices: Notices,
}

/// Who hears of the deployment without asking: an alert that could not be sent would be missed when it is needed, so that none is begun
/// with.
#[derive(Clone)]
pub(super) struct Notices {
    pub(super) alerts: Vec<Arc<Alert>>,
    /// The URL that hears that the deployment works.
    pub(super) ping: Option<Arc<HttpSender>>,
    /// Who sends links that confirm.
    pub(super) links: Option<Arc<LinkMailer>>,
}

/// What is at work, whose parts are taken where nothing of them has changed.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) mluvii: &'a MluviiClients,
    pub(super) plugins: &'a OwnedPlugins,
}

/// Something that is wrong, and the key that it is about.
pub(super) struct Fault {
    /// Counted from 1.
    pub(super) key: String,
    pub(super) error: anyhow::Error,
}

impl Fault {
    fn of(key: String, error: impl Into<anyhow::Error>) -> Self {
        Self { key, error: error.into() }
    }
}

impl Parts {
    /// Builds all of it, with what is as it was taken from `before`; the error is everything that is wrong.
    pub(super) fn build(
        loaded: &Loaded,
        before: Option<Before<'_>>,
        children: &Children,
        end: &CancellationToken,
    ) -> Result<Self, Vec<Fault>> {
        let config = &loaded.config;
        let of_webhooks = |reference: &_| config.read_webhook_secret(reference);
        let mut faults = Vec::new();
        let mut sources = Vec::new();
        for (index, settings) in config.sources.iter().enumerate() {
            match Source::new(settings, &of_webhooks) {
                Ok(source) => sources.push(source),
                Err(error) => faults.push(Fault::of(format!("source.{}", index + 1), error)),
            }
        }
        let mut mluvii = MluviiClients::new();
        for settings in &config.mluvii {
            match client(loaded, before, settings) {
                Ok(client) => _ = mluvii.insert(settings.name.clone(), client),
                Err(error) => {
                    let key = config.element("mluvii", &settings.name.0).map_or_else(String::new, |(key, _)| key);
                    faults.push(Fault::of(key, error));
                }
            }
        }
        let mut plugins = OwnedPlugins::new();
        for (index, settings) in config.plugins.iter().enumerate() {
            let old = before.and_then(|before| before.plugins.get(&settings.target()));
            match OwnedPlugin::build(config, settings, old, children, end) {
                Ok(plugin) => _ = plugins.insert(settings.target(), plugin),
                Err(error) => faults.push(Fault::of(format!("plugin.{}", index + 1), error)),
            }
        }
        let notices = Notices::build(config, &mut faults);
        if faults.is_empty() { Ok(Self { sources, mluvii, plugins, notices }) } else { Err(faults) }
    }

    /// The worker of a configuration. `before` is the one whose place it takes.
    pub(super) fn worker(
        &self,
        config: &Config,
        process: &Process,
        reports: Option<SocketAddr>,
        before: Option<&Worker>,
    ) -> Worker {
        let installations: Vec<_> = config.mluvii.iter().map(|settings| &settings.name).collect();
        let fingerprinter = |name: &InstallationName| (name.clone(), config.fingerprinter(&process.keys.index, name));
        let params = |settings: &MluviiSettings| (settings.name.clone(), settings.params.clone());
        let tenants = |source: &Source| (source.name().clone(), source.tenants().to_vec());
        let reports_url = config.server.reports_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        Worker {
            queue: process.ledger.clone(),
            records: process.ledger.clone(),
            targets: targets(&self.mluvii, &hosts(&self.plugins), &config.manual),
            mluvii: self.mluvii.clone(),
            rates: rates(config),
            tenants: self.sources.iter().map(tenants).collect(),
            departments: installations.iter().map(|name| ((*name).clone(), departments(config, name))).collect(),
            accepted: accepted(config),
            exemptions: config.exemptions(),
            policy: config.policy(),
            person: config.person.clone(),
            params: config.mluvii.iter().map(params).collect(),
            fingerprinters: installations.iter().copied().map(fingerprinter).collect(),
            settling: config.settling.clone(),
            alarm_share: config.rules_settings.alarm_share,
            four_eyes: config.requests.four_eyes,
            patience: before.map(|before| Arc::clone(&before.patience)).unwrap_or_default(),
            erasing: config.erasing.clone(),
            keep: keep(config),
            clock: config.clock,
            reports: reports_url.or_else(|| reports.map(|address| format!("http://{address}"))),
            index: process.keys.index.clone(),
            seal: process.seal.clone(),
            receipt: process.keys.receipt.clone(),
            newest: Arc::clone(&process.newest),
        }
    }
}

impl Notices {
    fn build(config: &Config, faults: &mut Vec<Fault>) -> Self {
        let read = |reference: &_| config.read_secret(reference);
        let mut alerts = Vec::new();
        for (index, settings) in config.alerts.iter().enumerate() {
            match config.alert(settings, &read) {
                Ok(alert) => alerts.push(Arc::new(alert)),
                Err(error) => faults.push(Fault::of(format!("alert.{}", index + 1), error)),
            }
        }
        let ping = config.ping(&read).transpose().unwrap_or_else(|error| {
            faults.push(Fault::of("watch.ping".to_owned(), error));
            None
        });
        let links = config.link_mailer(&read).transpose().unwrap_or_else(|error| {
            faults.push(Fault::of("confirmation".to_owned(), error));
            None
        });
        Self { alerts, ping: ping.map(Arc::new), links: links.map(Arc::new) }
    }
}

/// The client of an installation: the one that there is, with its connections and its token, where nothing of it has changed.
fn client(
    loaded: &Loaded,
    before: Option<Before<'_>>,
    settings: &MluviiSettings,
) -> Result<Arc<MluviiClient>, SettingsError> {
    let same = before.filter(|before| loaded.has_as_before(before.loaded, "mluvii", &settings.name.0));
    match same.and_then(|before| before.mluvii.get(&settings.name)) {
        Some(client) => Ok(Arc::clone(client)),
        None => MluviiClient::new(settings, &|reference| loaded.config.read_secret(reference)).map(Arc::new),
    }
}

/// A client for each installation.
pub(crate) type MluviiClients = BTreeMap<InstallationName, Arc<MluviiClient>>;

/// Makes a client for each installation; the first that cannot be made is told.
pub(crate) fn mluvii_clients(config: &Config, read: ReadSecret<'_>) -> Result<MluviiClients, SettingsError> {
    let client = |settings: &MluviiSettings| Ok((settings.name.clone(), Arc::new(MluviiClient::new(settings, read)?)));
    config.mluvii.iter().map(client).collect()
}

/// All targets, by the names under which they are called.
pub(crate) fn targets(
    mluvii: &MluviiClients,
    plugins: &BTreeMap<TargetName, Arc<PluginHost>>,
    manual: &[ManualSettings],
) -> BTreeMap<TargetName, Arc<dyn Target>> {
    let plugin = |(name, host): (&TargetName, &Arc<PluginHost>)| (name.clone(), Arc::clone(host) as Arc<dyn Target>);
    let mut targets: BTreeMap<_, _> = plugins.iter().map(plugin).collect();
    for (installation, client) in mluvii {
        let target = MluviiTarget::new(Arc::clone(client));
        targets.insert(TargetName::mluvii_of(installation), Arc::new(target));
    }
    for settings in manual {
        targets.insert(settings.target(), Arc::new(ManualTarget::new(settings.clone())));
    }
    targets
}

/// What is expected or accepted of what targets other than mluvii answer.
pub(super) fn accepted(config: &Config) -> BTreeMap<TargetName, Accepted> {
    let of_plugin = config.plugins.iter().map(|plugin| {
        let unverifiable = plugin.expected == Some(Expected::Unverifiable);
        let not_looked_at = plugin.accept_not_looked_at.clone();
        (plugin.target(), Accepted { unverifiable, not_looked_at, ..Accepted::default() })
    });
    let by_hand = config.manual.iter().map(|manual| (manual.target(), Accepted::of_people()));
    of_plugin.chain(by_hand).collect()
}

/// The targets' rates, over all processes.
pub(super) fn rates(config: &Config) -> BTreeMap<TargetName, NonZeroU32> {
    let mluvii = config.mluvii.iter();
    let mluvii = mluvii.filter_map(|settings| Some((TargetName::mluvii_of(&settings.name), settings.calls_per_s?)));
    let plugins = config.plugins.iter().filter_map(|plugin| Some((plugin.target(), plugin.calls_per_s?)));
    mluvii.chain(plugins).collect()
}

/// The tenants of all sources of an installation; all of its tenants when one of its sources takes all, or it has none.
pub(crate) fn departments(config: &Config, installation: &InstallationName) -> Vec<TenantId> {
    let sources = config.sources.iter().filter(|source| source.mluvii.as_ref() == Some(installation));
    let takes_all = sources.clone().any(|source| source.tenants.is_empty());
    sources.flat_map(|source| source.tenants.iter().copied()).filter(|_| !takes_all).collect()
}

/// How long the ledger keeps its records.
fn keep(config: &Config) -> Keep {
    let retention = &config.retention;
    let fingerprints = retention.fingerprints.limit();
    Keep {
        duplicates: retention.events.0,
        sessions: retention.sessions.limit(),
        consents: retention.consents.limit(),
        tombstones: retention.tombstones.limit(),
        erasures: retention.erasures.limit(),
        fingerprints: if config.erasing.keep_fingerprints { fingerprints } else { Some(Duration::ZERO) },
        requests: retention.requests.limit(),
        holds: retention.holds.limit(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::loaded::Digester;
    use super::*;
    use crate::key_files::Keys;
    use crate::panics::Ending;
    use crate::target::{Answer, TargetCall, TargetError};
    use crate::worker::Turn;

    const COMPANIES: &str = r#"
[[mluvii]]
name = "acme"
calls_per_s = 3
client_id = { file = "id" }
client_secret = { file = "id" }
[[mluvii]]
name = "globex"
base_url = "https://globex.example"
client_id = { file = "id" }
client_secret = { file = "id" }
[[source]]
name = "a"
mluvii = "acme"
tenants = [1, 2]
auth = []
[[source]]
name = "b"
mluvii = "acme"
tenants = [3]
auth = []
[[source]]
name = "c"
mluvii = "globex"
tenants = [4]
auth = []
[[source]]
name = "d"
mluvii = "globex"
auth = []
"#;

    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("quietus.toml");
        std::fs::write(&path, text).expect("is written");
        Config::load(&path).expect("loads")
    }

    #[test]
    fn each_company_has_a_client_a_target_and_a_rate_of_its_own() {
        let config = config(COMPANIES);
        let read = |_: &_| Ok(crate::keys::Secret::new("x"));
        let clients = mluvii_clients(&config, &read).expect("are made");
        let names: Vec<_> = targets(&clients, &BTreeMap::new(), &[]).into_keys().map(|name| name.to_string()).collect();
        assert_eq!(names, ["mluvii/acme", "mluvii/globex"]);
        let rates: Vec<_> = rates(&config).into_iter().map(|(name, rate)| (name.to_string(), rate.get())).collect();
        assert_eq!(rates, [("mluvii/acme".to_owned(), 3)]);
    }

    #[test]
    fn the_tenants_of_a_company_are_those_of_all_its_sources() {
        let config = config(COMPANIES);
        let tenants = |name: &str| departments(&config, &InstallationName(name.into()));
        assert_eq!(tenants("acme"), [1, 2, 3].map(TenantId));
        assert_eq!(tenants("globex"), [], "one of its sources takes all");
    }

    #[test]
    fn fingerprints_that_are_not_to_be_kept_are_kept_for_no_time() {
        assert_eq!(keep(&config(COMPANIES)).fingerprints, Some(Duration::from_secs(1095 * 86_400)));
        let off = format!("{COMPANIES}[erasing]\nkeep_fingerprints = false\n");
        assert_eq!(keep(&config(&off)).fingerprints, Some(Duration::ZERO));
    }

    /// A target with a defect: asking it how much it can do at once panics.
    struct Defective;

    #[async_trait::async_trait]
    impl Target for Defective {
        async fn erase(&self, _: &TargetCall) -> Result<Answer, TargetError> {
            panic!("nothing is asked")
        }

        async fn verify(&self, _: &TargetCall) -> Result<Answer, TargetError> {
            panic!("nothing is asked")
        }

        async fn health(&self) -> Result<(), TargetError> {
            Ok(())
        }

        fn call_max(&self) -> Duration {
            Duration::from_secs(1)
        }

        fn concurrency_max(&self) -> usize {
            panic!("a test panics")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_whose_queue_keeps_panicking_says_that_it_cannot_work_and_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("id"), "long enough").expect("is written");
        let path = folder.path().join("quietus.toml");
        std::fs::write(
            &path,
            COMPANIES.replace("auth = []", "auth = [{ query = { parameter = 's', secrets = { file = 'id' } } }]"),
        )
        .expect("is written");
        let loaded = Loaded::of(Config::load(&path).expect("loads"), &Digester::new());
        let keys_dir = loaded.config.keys_dir();
        Keys::create(&keys_dir).expect("are made");
        let (children, end) = (Children::default(), CancellationToken::new());
        let Ok(parts) = Parts::build(&loaded, None, &children, &end) else { panic!("nothing is wrong") };
        let process =
            Process::open(&loaded.config, Keys::load(&keys_dir).expect("are there")).await.expect("is opened");
        let mut worker = parts.worker(&loaded.config, &process, None, None);
        let ending = Ending::default();
        worker.targets.insert(TargetName("defective".into()), Arc::new(Defective));
        let turn = Turn { retired: ending.stopping.child_token(), ..Turn::default() };
        turn.after.cancel();
        // Nobody stops it: it ends by itself.
        Arc::new(worker).run(turn, ending.clone(), Duration::from_secs(1)).await;
        assert!(ending.dying.is_cancelled() && ending.stopping.is_cancelled());
        process.ledger.shutdown().await;
    }
}
