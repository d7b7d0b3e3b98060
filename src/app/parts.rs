//! The handles that a configuration describes, built once and given to the parts that need them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::plugins::Plugins;
use crate::config::Config;
use crate::key_files::{Keys, read_public_keys};
use crate::keys::{ReadSecret, Secret, SecretError};
use crate::ledger::{Keep, Ledger, LedgerPlace};
use crate::mluvii::{MluviiClient, MluviiSettings, MluviiTarget, SettingsError};
use crate::operations::seals::Seals;
use crate::outside::{Known, KnownKeys, Newest, StateFile, compare, must_be_there};
use crate::plugin::Expected;
use crate::subject::{InstallationName, TargetName, TenantId};
use crate::target::Target;
use crate::verify::Source;
use crate::worker::{Accepted, Patience, Worker};

/// All handles of a server.
pub(crate) struct Parts {
    pub(crate) keys: Keys,
    pub(crate) sources: Vec<Source>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) plugins: Plugins,
    pub(crate) worker: Worker,
}

impl Parts {
    /// Builds everything; nothing runs yet. Whatever is wrong refuses the start.
    pub(crate) async fn build(config: &Config) -> anyhow::Result<Self> {
        let keys = Keys::load(&config.keys_dir())?;
        let read = |reference: &_| config.read_secret(reference);
        let of_webhooks = |reference: &_| config.read_webhook_secret(reference);
        let sources = config.sources.iter().map(|settings| Source::new(settings, &of_webhooks));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let mluvii = mluvii_clients(config, &read)?;
        let plugins = Plugins::build(config, &read)?;
        // After what can be wrong without it: to open a ledger in SQLite migrates it, and a start that is refused
        // should not.
        let place = config.ledger_place()?;
        must_be_there(&place, config.state_file().as_ref())?;
        let password = ledger_password(config, &place)?;
        let ledger = crate::operations::ledger::serve(&place, password.as_ref()).await?;
        // With another index key, nobody in the ledger would be found, and erasures would end without them; with another seal
        // key, none of them could be resolved, and all would be parked.
        keys.must_be(&ledger.key_ids(&keys.ids()).await?, &config.keys_dir())?;
        must_be_known(config, &*ledger).await?;
        let store = config.seal_store();
        let seals = Seals { ledger: &*ledger, keys: &keys, store: &store };
        let seal = seals.open().await?;
        seals.must_open(&seal).await?;
        let known = Known::new(ledger.id().await?, ledger.receipt_head().await?, KnownKeys::of(&keys));
        let newest = Newest::from(known, config.keys_dir(), read_public_keys(&config.keys_dir())?);
        let installations: Vec<_> = config.mluvii.iter().map(|settings| &settings.name).collect();
        let fingerprinter = |name: &InstallationName| (name.clone(), config.fingerprinter(&keys.index, name));
        let params = |settings: &MluviiSettings| (settings.name.clone(), settings.params.clone());
        let tenants = |source: &Source| (source.name().clone(), source.tenants().to_vec());
        let accepted = config.plugins.iter().map(|plugin| {
            let unverifiable = plugin.expected == Some(Expected::Unverifiable);
            (plugin.target(), Accepted { unverifiable, not_looked_at: plugin.accept_not_looked_at.clone() })
        });
        let worker = Worker {
            queue: ledger.clone(),
            records: ledger.clone(),
            targets: targets(&mluvii, &plugins),
            mluvii,
            rates: rates(config),
            tenants: sources.iter().map(tenants).collect(),
            departments: installations.iter().map(|name| ((*name).clone(), departments(config, name))).collect(),
            accepted: accepted.collect(),
            policy: config.policy(),
            person: config.person.clone(),
            params: config.mluvii.iter().map(params).collect(),
            fingerprinters: installations.iter().copied().map(fingerprinter).collect(),
            settling: config.settling.clone(),
            alarm_share: config.rules_settings.alarm_share,
            patience: Patience::default(),
            erasing: config.erasing.clone(),
            keep: keep(config),
            clock: config.clock,
            reports: config.server.reports_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
            index: keys.index.clone(),
            seal,
            receipt: keys.receipt.clone(),
            newest: Arc::new(newest),
        };
        Ok(Self { keys, sources, ledger, plugins, worker })
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
pub(crate) fn targets(mluvii: &MluviiClients, plugins: &Plugins) -> BTreeMap<TargetName, Arc<dyn Target>> {
    let mut targets = plugins.targets();
    for (installation, client) in mluvii {
        let target = MluviiTarget::new(Arc::clone(client));
        targets.insert(TargetName::mluvii_of(installation), Arc::new(target));
    }
    targets
}

/// The targets' rates, over all processes.
fn rates(config: &Config) -> BTreeMap<TargetName, NonZeroU32> {
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
    }
}

/// Opens a ledger; one in PostgreSQL is reached with the configuration's password.
pub(crate) async fn open_ledger(config: &Config, place: &LedgerPlace) -> anyhow::Result<Arc<dyn Ledger>> {
    let password = ledger_password(config, place)?;
    Ok(crate::operations::ledger::open(place, password.as_ref()).await?)
}

/// Read only where it is needed.
fn ledger_password(config: &Config, place: &LedgerPlace) -> Result<Option<Secret>, SecretError> {
    match place {
        LedgerPlace::Sqlite(_) => Ok(None),
        LedgerPlace::Postgres(_) => config.ledger_password(),
    }
}

/// Refuses a ledger that is older than it was, or another one.
pub(crate) async fn must_be_known(config: &Config, ledger: &dyn Ledger) -> anyhow::Result<()> {
    let state = config.state_file();
    let known = state.as_ref().map_or(Ok(None), StateFile::read)?;
    let compared = compare(known.as_ref(), ledger, &read_public_keys(&config.keys_dir())?).await?;
    let remembered = state.map(|state| format!("what is known stands in {}", state.path().display()));
    compared.with_context(|| remembered.unwrap_or_else(|| "the ledger is refused".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::Ending;
    use crate::target::{Answer, TargetCall, TargetError};

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
        let plugins = Plugins::build(&config, &read).expect("there are none");
        let names: Vec<_> = targets(&clients, &plugins).into_keys().map(|name| name.to_string()).collect();
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
        let config = Config::load(&path).expect("loads");
        Keys::create(&config.keys_dir()).expect("are made");
        let Parts { mut worker, ledger, .. } = Parts::build(&config).await.expect("is built");
        let ending = Ending::default();
        worker.targets.insert(TargetName("defective".into()), Arc::new(Defective));
        // Nobody stops it: it ends by itself.
        worker.run(ending.clone(), Duration::from_secs(1)).await;
        assert!(ending.dying.is_cancelled() && ending.stopping.is_cancelled());
        ledger.shutdown().await;
    }
}
