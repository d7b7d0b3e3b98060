//! Which plugin a command is about, with which configuration and secrets, and about which person it asks the plugin.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use quietus_plugin::identity::Region;
use serde_json::{Value, json};

use crate::cli::context::{self, Global};
use crate::cli::exit::Failure;
use crate::cli::identity::{Values, kind_and_value};
use crate::cli::out::{Out, show_aside};
use crate::config::{Config, read_secret};
use crate::keys::SecretRef;
use crate::operations::GivenIdentifiers;
use crate::plugin::{Form, Installed, Level, Output, PluginSettings};
use crate::subject::Kind;

/// What stands for the operator's name of a plugin that has none.
const NAME: &str = "under-test";

/// Which plugin.
#[derive(clap::Args)]
pub(super) struct Which {
    /// The plugin: a library, or a program that speaks the plugins' protocol
    #[arg(value_name = "FILE", required_unless_present = "plugin", conflicts_with = "plugin")]
    file: Option<PathBuf>,
    /// Take the plugin of this name from quietus's configuration (`--config`), as the server would
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// The plugin's own configuration: a TOML or JSON file, or JSON; with `--plugin`, it stands in quietus's
    #[arg(long, value_name = "FILE|JSON", conflicts_with = "plugin")]
    plugin_config: Option<PathBuf>,
    /// A secret: a file, or `env:` and an environment variable; may be repeated
    #[arg(long = "secret", value_name = "NAME=FILE|NAME=env:VAR", value_parser = secret, conflicts_with = "plugin")]
    secrets: Vec<(String, SecretRef)>,
    /// An argument of a program; may be repeated
    #[arg(long = "arg", value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "plugin")]
    args: Vec<String>,
    /// What the sandbox must reach on this machine; otherwise the plugin does not start
    #[arg(long, value_enum)]
    sandbox: Option<Level>,
}

/// What an author sees of the plugin's process.
#[derive(clap::Args)]
pub(super) struct Watched {
    /// Show on standard error what the plugin prints, which can be personal: with test data only
    ///
    /// That is what its process writes to its standard error, and a library also to its standard output. A server never
    /// shows it.
    #[arg(long)]
    show_output: bool,
}

impl Watched {
    pub(super) fn output(&self) -> Output {
        if self.show_output { Output::Shown(Arc::new(show_aside)) } else { Output::Counted }
    }
}

/// Whom the plugin is asked about.
#[derive(clap::Args)]
#[command(next_help_heading = "A person of the test system")]
pub(super) struct Whom {
    /// An e-mail address; may be repeated
    #[arg(long, value_name = "VALUE")]
    email: Vec<String>,
    /// A phone number; may be repeated
    #[arg(long, value_name = "VALUE")]
    phone: Vec<String>,
    /// A name; may be repeated
    #[arg(long, value_name = "VALUE")]
    name: Vec<String>,
    /// A guest's id; may be repeated
    #[arg(long, value_name = "VALUE")]
    guest_id: Vec<String>,
    /// A session's number; may be repeated
    #[arg(long, value_name = "VALUE")]
    session_id: Vec<String>,
    /// Where phone numbers without a country code belong, such as `CZ` [default: `person.region` of `--plugin`'s configuration]
    #[arg(long, value_name = "COUNTRY")]
    region: Option<Region>,
    /// An identifier of any kind; may be repeated
    #[arg(long, value_name = "KIND=VALUE", value_parser = kind_and_value)]
    identifier: Vec<(Kind, String)>,
}

/// A plugin's settings, and where what they refer to is found.
pub(super) struct Settings {
    pub(super) plugin: PluginSettings,
    /// Whether an operator has granted kinds of identifiers.
    pub(super) granted: bool,
    /// The configuration's, where there is one.
    pub(super) region: Option<Region>,
    base: PathBuf,
}

impl Which {
    /// Reads the configuration.
    pub(super) fn settings(&self, global: &Global) -> Result<Settings, Failure> {
        let mut settings = match (&self.plugin, &self.file) {
            (Some(name), _) => of_configuration(&context::load(global)?, name)?,
            (None, Some(_)) if global.config.is_some() => {
                return Err(Failure::Usage(
                    "--config is quietus's configuration, for --plugin NAME; a plugin's own is --plugin-config".into(),
                ));
            }
            (None, Some(file)) => self.of_file(file, self.plugin_config.as_deref())?,
            (None, None) => return Err(Failure::Usage("name the plugin's file, or a plugin with --plugin".into())),
        };
        settings.plugin.sandbox = self.sandbox.or(settings.plugin.sandbox);
        Ok(settings)
    }

    fn of_file(&self, file: &Path, config: Option<&Path>) -> Result<Settings, Failure> {
        let file = std::path::absolute(file)?;
        let config = config.map(own_configuration).transpose()?.unwrap_or_else(|| json!({}));
        let form = match Form::of(&file) {
            Form::Library => "library",
            Form::Exec => "exec",
        };
        let settings = json!({ "name": NAME, form: file, "config": config, "args": self.args });
        let mut plugin: PluginSettings = serde_json::from_value(settings).map_err(anyhow::Error::from)?;
        plugin.secrets = self.secrets.iter().cloned().collect();
        Ok(Settings { plugin, granted: false, region: None, base: std::env::current_dir()? })
    }
}

impl Settings {
    /// The plugin's file, as it was named.
    pub(super) fn file(&self) -> &Path {
        let PluginSettings { library, exec, .. } = &self.plugin;
        library.as_deref().or(exec.as_deref()).unwrap_or(Path::new(""))
    }

    pub(super) fn form(&self) -> Form {
        if self.plugin.exec.is_some() { Form::Exec } else { Form::Library }
    }

    /// Finds the file and reads the secrets.
    pub(super) fn install(&self) -> Result<Installed, Failure> {
        let read = |reference: &SecretRef| read_secret(&self.base, reference);
        Ok(Installed::find(self.plugin.clone(), &self.base, &read).map_err(anyhow::Error::from)?)
    }
}

impl Whom {
    pub(super) fn region(&self) -> Option<Region> {
        self.region
    }

    /// The identifiers, with a remark when other users of the machine could see one.
    pub(super) fn read(&self, out: &mut Out) -> Result<GivenIdentifiers, Failure> {
        let named = [
            (Kind::Email, &self.email),
            (Kind::Phone, &self.phone),
            (Kind::Name, &self.name),
            (Kind::GuestId, &self.guest_id),
            (Kind::SessionId, &self.session_id),
        ];
        let values = Values::read(&named, &self.identifier)?;
        values.warn("other users of this machine can see arguments: test data only; `-` and `@FILE` are not seen", out);
        Ok(values.identifiers)
    }
}

fn of_configuration(config: &Config, name: &str) -> Result<Settings, Failure> {
    let found = config.plugins.iter().find(|plugin| plugin.name == name);
    let plugin = found.cloned().ok_or_else(|| {
        let known: Vec<_> = config.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        let known =
            if known.is_empty() { "it has none".to_owned() } else { format!("there are: {}", known.join(", ")) };
        Failure::Usage(format!("there is no plugin `{name}` in the configuration; {known}"))
    })?;
    Ok(Settings { plugin, granted: true, region: config.person.region, base: config.base.clone() })
}

/// A plugin's own configuration: JSON itself, or a file with JSON or TOML.
fn own_configuration(given: &Path) -> Result<Value, Failure> {
    let wrong = |what: String| Failure::Config(anyhow::Error::msg(what));
    if let Some(json) = given.to_str().filter(|text| text.trim_start().starts_with('{')) {
        // The error names a place and no content.
        return serde_json::from_str(json)
            .map_err(|e| wrong(format!("--plugin-config is not JSON, at column {}", e.column())));
    }
    let shown = given.display();
    let text = std::fs::read_to_string(given).map_err(|e| wrong(format!("{shown}: {e}")))?;
    if given.extension().is_some_and(|extension| extension == "json") {
        let at =
            |e: serde_json::Error| wrong(format!("{shown} is not JSON, at line {}, column {}", e.line(), e.column()));
        return serde_json::from_str(&text).map_err(at);
    }
    toml::from_str(&text).map_err(|e| wrong(format!("{shown} is not TOML: {}", e.message())))
}

fn secret(text: &str) -> Result<(String, SecretRef), String> {
    let (name, place) = text.split_once('=').ok_or("write NAME=FILE or NAME=env:VARIABLE")?;
    let reference = match place.strip_prefix("env:") {
        Some(variable) => SecretRef::Env(variable.to_owned()),
        None => SecretRef::File(place.into()),
    };
    Ok((name.to_owned(), reference))
}
