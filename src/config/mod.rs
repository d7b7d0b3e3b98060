//! The configuration: the modules' settings, put together. Defaults, one file and the environment make a
//! [`Config`], or fail with every problem that could be found; no module's meaning is known here beyond what names refer to.

mod coherence;
mod difference;
mod installations;
mod kinds;
mod layer;
mod layers;
mod lines;
mod log;
mod problem;
mod public;
mod redact;
mod references;
mod secrets;
mod variables;

pub(crate) use difference::{is_within, needs_restart};
pub(crate) use log::{LogFormat, LogSettings};
pub(crate) use problem::{ConfigError, Problem, counted_from_one};
pub(crate) use redact::Schemas;
pub(crate) use secrets::read_secret;
pub(crate) use variables::IdleVariable;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::admin::AdminSettings;
use crate::alert::{Alert, AlertSettings, AlertWrong, HttpSender};
use crate::confirming::{ConfirmationSettings, LinkMailer, MailerWrong};
use crate::external::ExternalCommand;
use crate::hold::Exemptions;
use crate::http::ServerSettings;
use crate::key_files::SealStore;
use crate::keys::{IndexKey, ReadSecret, Secret, SecretError, SecretRef};
use crate::ledger::{ClockSettings, LedgerPlace, LedgerSettings, LedgerUrlWrong, RetentionSettings};
use crate::manual::ManualSettings;
use crate::mluvii::{MluviiSettings, Nulls};
use crate::outside::{Keeper, StateFile, Witness, WitnessSettings, machine_name};
use crate::papers::PapersSettings;
use crate::plugin::PluginSettings;
use crate::policy::{ConsentRuleSettings, PersonSettings, Policy, RuleSettings, RuleTestSettings, RulesSettings};
use crate::request::RequestSettings;
use crate::subject::{Fingerprinter, InstallationName, TargetName};
use crate::verify::SourceSettings;
use crate::watch::WatchSettings;
use crate::worker::{ErasingSettings, SettlingSettings};
use layers::Layers;
pub(crate) use layers::TextDigest;
use lines::Lines;

/// The shortest secret of a webhook.
const WEBHOOK_SECRET_CHARS_MIN: usize = 8;

/// The whole configuration of a deployment.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Config {
    /// The folder at which relative paths start: the configuration file's.
    #[schemars(skip)]
    pub(crate) base: PathBuf,
    /// The configuration file.
    #[schemars(skip)]
    pub(crate) file: PathBuf,
    #[schemars(skip)]
    lines: Lines,
    /// What the layers bring together, as it was written.
    #[schemars(skip)]
    written: serde_json::Value,
    /// Of the file's text.
    #[schemars(skip)]
    pub(crate) text: TextDigest,
    /// The address, and the bounds of what it takes in.
    pub(crate) server: ServerSettings,
    /// Whether somebody has said how many connections there may be, and counts on them.
    #[schemars(skip)]
    pub(crate) connections_max_is_said: bool,
    /// Whether somebody has said where metrics are served, and counts on them.
    #[schemars(skip)]
    pub(crate) metrics_listen_is_said: bool,
    /// Environment variables that look like ours and set nothing, each with what may be meant.
    #[schemars(skip)]
    pub(crate) idle_variables: Vec<IdleVariable>,
    /// Where the ledger is.
    pub(crate) ledger: LedgerSettings,
    /// What is logged, and how.
    pub(crate) log: LogSettings,
    /// Where the deployment's keys are.
    pub(crate) keys: KeysSettings,
    /// mluvii's API at each company: one `[mluvii]`, or `[[mluvii]]` with a name for each of several. Never empty, and
    /// the names of their `params` are in lower case.
    #[schemars(schema_with = "one_or_several")]
    pub(crate) mluvii: Vec<MluviiSettings>,
    /// When a session counts as settled.
    pub(crate) settling: SettlingSettings,
    /// When a session counts as a person's.
    pub(crate) person: PersonSettings,
    /// When the ledger's clock is believed.
    pub(crate) clock: ClockSettings,
    /// What stands at the head of papers.
    pub(crate) papers: PapersSettings,
    /// How requests of persons are answered.
    pub(crate) requests: RequestSettings,
    /// How erasures are carried through.
    pub(crate) erasing: ErasingSettings,
    /// How long our own records are kept.
    pub(crate) retention: RetentionSettings,
    /// What is watched beside what comes in.
    pub(crate) watch: WatchSettings,
    /// The senders of webhooks; each names its installation.
    #[schemars(rename = "source")]
    pub(crate) sources: Vec<SourceSettings>,
    /// What a trigger says about consent.
    #[schemars(rename = "consent", default)]
    pub(crate) consent_rules: Vec<ConsentRuleSettings>,
    /// When what is erased.
    #[schemars(rename = "rule", default)]
    pub(crate) rules: Vec<RuleSettings>,
    /// How whoever has sent a form confirms that, where a rule has `confirm`.
    #[schemars(default)]
    pub(crate) confirmation: Option<ConfirmationSettings>,
    /// Where the admin API is served, if it is.
    #[schemars(default)]
    pub(crate) admin: Option<AdminSettings>,
    /// What holds for all rules.
    #[schemars(rename = "rules")]
    pub(crate) rules_settings: RulesSettings,
    /// What is expected to be decided on a conversation: `quietus check` and `quietus rules test` compare.
    #[schemars(rename = "test", default)]
    pub(crate) rule_tests: Vec<RuleTestSettings>,
    /// The targets beside mluvii.
    #[schemars(rename = "plugin", default)]
    pub(crate) plugins: Vec<PluginSettings>,
    /// Places that people erase from.
    #[schemars(rename = "manual", default)]
    pub(crate) manual: Vec<ManualSettings>,
    /// Who is told of each newest receipt.
    #[schemars(rename = "witness", default)]
    pub(crate) witnesses: Vec<WitnessSettings>,
    /// Who is told of what needs a person.
    #[schemars(rename = "alert", default)]
    pub(crate) alerts: Vec<AlertSettings>,
}

/// Where the deployment's keys are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysSettings {
    /// `keys` beside the configuration file, when it is left out.
    pub(crate) dir: Option<PathBuf>,
    /// Where the generations of the seal key are, which servers make and destroy; in no backup, and shared by all machines. Beside
    /// `server.state_dir`, with the ending `.seals`, when it is left out.
    pub(crate) seals: Option<PathBuf>,
    /// A program and its arguments that keeps them instead: `get ID` says a secret, or nothing; `put ID` keeps the one that it reads, and
    /// fails where there is one; `destroy ID` destroys it. It has 10 seconds.
    pub(crate) seals_command: Option<Vec<String>>,
}

impl Config {
    /// The sections that a configuration can have.
    const SECTIONS: [&str; 24] = [
        "server",
        "admin",
        "ledger",
        "clock",
        "papers",
        "log",
        "keys",
        "mluvii",
        "settling",
        "person",
        "requests",
        "erasing",
        "retention",
        "watch",
        "source",
        "consent",
        "rule",
        "rules",
        "confirmation",
        "test",
        "plugin",
        "manual",
        "witness",
        "alert",
    ];

    /// Loads the configuration from a file and the environment of this process.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::load_with(path, environment())
    }

    /// What the layers bring together, as it was written, without passwords; of plugins' own configurations only what their schemas
    /// say is public.
    pub(crate) fn show(path: &Path, schemas: &Schemas) -> Result<serde_json::Value, ConfigError> {
        Self::load(path)?;
        Ok(redact::redacted(Layers::read(path, environment())?.merged(), schemas))
    }

    /// The JSON Schema of the configuration.
    pub(crate) fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    fn load_with(path: &Path, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let variables: Vec<_> = variables.collect();
        let names: Vec<_> = variables.iter().map(|(name, _)| name.clone()).collect();
        let mut layers = Layers::read(path, variables.into_iter())?;
        layers.only(&Self::SECTIONS);
        let mut config = Self::assemble(path, &mut layers);
        if let Some(config) = &mut config {
            config.idle_variables = variables::idle(&names, &layers.merged(), &Self::SECTIONS);
        }
        if let Some(config) = &config {
            coherence::check(config, &mut layers);
        }
        layers.finish()?;
        Ok(config.expect("a section that could not be read is a problem"))
    }

    /// Puts the sections together; relative paths start at the file's folder from here on.
    fn assemble(file: &Path, layers: &mut Layers) -> Option<Self> {
        // Every section is read before the first missing one ends it, so that all problems are found.
        let server = layers.section("server");
        let ledger = layers.section("ledger");
        let clock = layers.section("clock");
        let papers = layers.section("papers");
        let log = layers.section("log");
        let keys = layers.section("keys");
        let settling = layers.section("settling");
        let mluvii: Vec<MluviiSettings> = layers.installations();
        let person = layers.section("person");
        let requests: Option<RequestSettings> = layers.section("requests");
        let erasing = layers.section("erasing");
        let retention = layers.section("retention");
        let rules_settings = layers.section("rules");
        let watch = layers.section("watch");
        let confirmation = layers.optional_section("confirmation");
        let admin = layers.optional_section("admin");
        let mut sources: Vec<SourceSettings> = layers.list("source");
        let consent_rules = layers.list("consent");
        let rules = layers.list_completed("rule", &completed_rule);
        let rule_tests = layers.list("test");
        let plugins = layers.list("plugin");
        let manual = layers.list("manual");
        let witnesses = layers.list("witness");
        let alerts = layers.list("alert");
        let base = absolute_folder(file);
        let mluvii: Vec<_> = mluvii.into_iter().map(|settings| placed(settings, &base, layers)).collect();
        if let [only] = mluvii.as_slice() {
            sources.iter_mut().for_each(|source| _ = source.mluvii.get_or_insert_with(|| only.name.clone()));
        }
        Some(Self {
            base,
            file: file.to_owned(),
            lines: layers.lines(),
            written: layers.merged(),
            text: layers.text().clone(),
            server: server?,
            connections_max_is_said: layers.is_said("server", "connections_max"),
            metrics_listen_is_said: layers.is_said("server", "metrics_listen"),
            idle_variables: Vec::new(),
            ledger: ledger?,
            clock: clock?,
            papers: papers?,
            log: log?,
            keys: keys?,
            mluvii,
            settling: settling?,
            person: person?,
            requests: requests?,
            erasing: erasing?,
            retention: retention?,
            watch: watch?,
            sources,
            consent_rules,
            rules,
            confirmation,
            admin,
            rules_settings: rules_settings?,
            rule_tests,
            plugins,
            manual,
            witnesses,
            alerts,
        })
    }

    /// A path of the configuration; a relative one starts at the configuration file's folder.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// The folder of the deployment's keys.
    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.path(self.keys.dir.as_deref().unwrap_or(Path::new("keys")))
    }

    /// Where the ledger is.
    pub(crate) fn ledger_place(&self) -> Result<LedgerPlace, LedgerUrlWrong> {
        self.ledger.place(&self.base)
    }

    /// The socket on which the server is asked, where there is one.
    pub(crate) fn control_socket(&self) -> Option<PathBuf> {
        control_socket(&self.base, &self.server, &self.ledger)
    }

    /// The same as far as a file says it that is wrong elsewhere: the server that works by what stood there before is to be told.
    pub(crate) fn control_socket_of(path: &Path) -> Option<PathBuf> {
        let mut layers = Layers::read_beginning(path, environment()).ok()?;
        let (server, ledger) = (layers.section("server")?, layers.section("ledger")?);
        control_socket(&absolute_folder(path), &server, &ledger)
    }

    /// What is known of the ledger outside of it; nothing where that is not wanted.
    pub(crate) fn state_file(&self) -> Option<StateFile> {
        let dir = match (&self.server.state_dir, self.ledger_place()) {
            (Some(dir), _) if dir.as_os_str().is_empty() => return None,
            (Some(dir), _) => self.path(dir),
            (None, Ok(LedgerPlace::Sqlite(ledger))) => ledger.with_extension("state"),
            (None, _) => self.path(Path::new("state")),
        };
        Some(StateFile::of(dir))
    }

    /// The folder of the seal key's generations: beside that of the state, and in no backup.
    pub(crate) fn seal_store(&self) -> SealStore {
        if let Some(command) = self.keys.seals_command.as_deref().and_then(|all| ExternalCommand::of(all, &self.base)) {
            return SealStore::Command(command);
        }
        let beside = |state: &Path| state.with_extension("seals");
        let dir = match (&self.keys.seals, &self.server.state_dir, self.ledger_place()) {
            (Some(dir), ..) => self.path(dir),
            (None, Some(state), _) if !state.as_os_str().is_empty() => beside(&self.path(state)),
            (None, _, Ok(LedgerPlace::Sqlite(ledger))) => beside(&ledger),
            (None, ..) => beside(&self.path(Path::new("state"))),
        };
        SealStore::folder(dir)
    }

    /// The folder of archives, if there is one.
    pub(crate) fn archive_dir(&self) -> Option<PathBuf> {
        self.retention.archive_dir.as_ref().map(|dir| self.path(dir))
    }

    /// Who keeps the newest receipt's place outside of the ledger.
    pub(crate) fn keepers(&self) -> Vec<Keeper> {
        let witnesses = self.witnesses.iter().filter_map(|settings| {
            let name = settings.name.clone();
            Witness::of(settings, &self.base).map(|witness| Keeper::Witness { name, witness })
        });
        self.state_file().map(Keeper::State).into_iter().chain(witnesses).collect()
    }

    /// An alert, with its secrets read.
    pub(crate) fn alert(&self, settings: &AlertSettings, read: ReadSecret<'_>) -> Result<Alert, AlertWrong> {
        Alert::new(settings, &self.base, &self.deployment(), read)
    }

    /// Who sends links that confirm, with its secrets read, where there are any.
    pub(crate) fn link_mailer(&self, read: ReadSecret<'_>) -> Option<Result<LinkMailer, MailerWrong>> {
        let settings = self.confirmation.as_ref()?;
        Some(LinkMailer::new(settings, self.server.public_url.as_deref(), &self.base, read))
    }

    /// Where links lead that somebody is given, without a slash at the end.
    pub(crate) fn links_base(&self) -> Option<String> {
        let url = self.server.public_url.as_deref().filter(|url| coherence::leads_privately(url))?;
        Some(url.trim_end_matches('/').to_owned())
    }

    /// Who hears that the deployment works, where somebody does.
    pub(crate) fn ping(&self, read: ReadSecret<'_>) -> Option<Result<HttpSender, AlertWrong>> {
        let settings = self.watch.ping.as_ref()?;
        let ca_file = settings.ca_file.as_ref().map(|path| self.path(path));
        let at = |(key, what): (&str, String)| AlertWrong { key: format!("watch.ping.{key}"), what };
        let url = settings.url.read(read).map_err(|error| at(("url", error.to_string())));
        let sender = |url: Secret| {
            HttpSender::new(&url, ca_file.as_deref(), settings.proxy.as_deref(), settings.allow_plaintext).map_err(at)
        };
        Some(url.and_then(sender))
    }

    /// What people know the deployment by: the host that mluvii calls, or the machine's name.
    fn deployment(&self) -> String {
        let public = self.server.public_url.as_deref().and_then(|url| url.split("://").nth(1));
        let host = public.map(|rest| rest.split('/').next().unwrap_or(rest).to_owned());
        host.unwrap_or_else(machine_name)
    }

    /// The password with which the ledger is reached, where there is one.
    pub(crate) fn ledger_password(&self) -> Result<Option<Secret>, SecretError> {
        self.ledger.password.as_ref().map(|reference| self.read_secret(reference)).transpose()
    }

    /// Reads a secret that the configuration refers to.
    pub(crate) fn read_secret(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        secrets::read_secret(&self.base, reference)
    }

    /// Reads a secret by which a sender proves who it is: one that could be guessed is none.
    pub(crate) fn read_webhook_secret(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        let secret = self.read_secret(reference)?;
        if secret.expose().chars().count() < WEBHOOK_SECRET_CHARS_MIN {
            let least = WEBHOOK_SECRET_CHARS_MIN;
            return Err(SecretError::Wrong(format!(
                "it has fewer than {least} characters, and could be guessed; make it longer"
            )));
        }
        Ok(secret)
    }

    /// The settings of an installation.
    pub(crate) fn installation(&self, name: &InstallationName) -> Option<&MluviiSettings> {
        self.mluvii.iter().find(|settings| settings.name == *name)
    }

    /// Makes the fingerprints of an installation.
    pub(crate) fn fingerprinter(&self, index: &IndexKey, installation: &InstallationName) -> Fingerprinter {
        Fingerprinter::new(index, installation, self.person.region)
    }

    /// A key, counted from 1, and where it stands.
    pub(crate) fn shown(&self, key: &str) -> String {
        format!("{}: {key}", self.place_of(key))
    }

    /// The file, and the line on which a key stands; the key is counted from 1.
    pub(crate) fn place_of(&self, key: &str) -> String {
        let line = self.lines.line(key).map_or_else(String::new, |line| format!(", line {line}"));
        format!("{}{line}", self.file.display())
    }

    /// The line on which a key stands, where it stands in the file.
    pub(crate) fn line_of(&self, key: &str) -> Option<usize> {
        self.lines.line(key)
    }

    /// The name of the only installation, where there is one.
    pub(crate) fn only_installation(&self) -> Option<&InstallationName> {
        match self.mluvii.as_slice() {
            [only] => Some(&only.name),
            _ => None,
        }
    }

    /// The names of all targets: `mluvii`, the plugins, and where people erase.
    pub(crate) fn targets(&self) -> Vec<TargetName> {
        let plugins = self.plugins.iter().map(PluginSettings::target);
        let manual = self.manual.iter().map(ManualSettings::target);
        std::iter::once(TargetName::mluvii()).chain(plugins).chain(manual).collect()
    }

    /// The targets of which a law keeps what they hold.
    pub(crate) fn exemptions(&self) -> Exemptions {
        let mut exemptions = Exemptions::default();
        for plugin in &self.plugins {
            plugin.retained.iter().for_each(|law| exemptions.exempt(plugin.target(), law));
        }
        for manual in &self.manual {
            manual.retained.iter().for_each(|law| exemptions.exempt(manual.target(), law));
        }
        for settings in &self.mluvii {
            for (target, law) in &settings.retained {
                exemptions.exempt_at(settings.name.clone(), target.clone(), law);
            }
        }
        exemptions
    }

    /// The compiled rules.
    pub(crate) fn policy(&self) -> Policy {
        let policy = Policy::compile(&self.consent_rules, &self.rules, &self.targets());
        let omitting = self.mluvii.iter().filter(|settings| settings.nulls == Nulls::Omitted);
        let reading: Vec<_> = omitting.map(|settings| format!("{} omits nulls", settings.name)).collect();
        policy.expect("compiled once when it was loaded").read_as(&reading.join(", "))
    }
}

/// Puts something in place of what could not be read of a rule. Nothing is to be wrong because of it.
fn completed_rule(index: usize, all: &Dict, left: &mut Dict) {
    let is_lost = |left: &Dict, key: &str| !left.contains_key(key) && all.contains_key(key);
    // What a link can confirm depends on both of them.
    let is_told = left.contains_key("on") && left.contains_key("erase");
    if is_lost(left, "confirm") || (left.contains_key("confirm") && !is_told) {
        left.remove("confirm");
        left.insert("approve".to_owned(), true.into());
    }
    // What an expression may ask for depends on the trigger.
    if !left.contains_key("on") {
        left.insert("on".to_owned(), "session-settled".into());
        left.insert("when".to_owned(), "true".into());
    }
    if is_lost(left, "when") {
        left.insert("when".to_owned(), "true".into());
    }
    if is_lost(left, "approve") {
        left.insert("approve".to_owned(), true.into());
    }
    let mut stand_in = |key: &str, value: Value| _ = left.entry(key.to_owned()).or_insert(value);
    stand_in("name", format!("the rule {index} that has none").into());
    stand_in("erase", "session".into());
    stand_in("targets", vec![TargetName::mluvii().0.to_string()].into());
}

/// The settings as they are used: a relative path starts at `base`, and the names of form fields are in lower case, as
/// they match without case.
fn placed(mut settings: MluviiSettings, base: &Path, layers: &mut Layers) -> MluviiSettings {
    settings.ca_file = settings.ca_file.map(|path| base.join(path));
    let mut params = BTreeMap::new();
    for (name, kind) in settings.params {
        if let Some(other) = params.insert(name.to_lowercase(), kind.clone()).filter(|other| *other != kind) {
            let key = layers.installation_key(&settings.name, &format!("params.{name}"));
            layers
                .problem(key, format!("it is `{kind}`, and `{other}` in another case; field names match without case"));
        }
    }
    settings.params = params;
    settings
}

fn control_socket(base: &Path, server: &ServerSettings, ledger: &LedgerSettings) -> Option<PathBuf> {
    let beside_ledger = || match ledger.place(base) {
        Ok(LedgerPlace::Sqlite(ledger)) => Some(ledger.with_extension("sock")),
        _ => None,
    };
    server.control.as_ref().map(|path| base.join(path)).or_else(beside_ledger)
}

/// The schema of `mluvii`: a table, or a list of tables.
fn one_or_several(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let one = generator.subschema_for::<MluviiSettings>();
    schemars::json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
}

/// The variables of this process that are text; another cannot be one of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The folder of a file, from wherever it is asked.
fn absolute_folder(file: &Path) -> PathBuf {
    folder(&std::path::absolute(file).unwrap_or_else(|_| file.to_owned()))
}

/// The folder of a file; `.` for a bare name.
fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests;
