//! `quietus plugin describe`: what a plugin says of itself, without configuring it.

use std::fmt::Write as _;

use quietus_plugin::{ANY, Manifest, Wanted};
use serde_json::{Value, json};

use super::program::program;
use super::schema::{self, Key};
use super::subject::{Settings, Which};
use crate::cli::context::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::operations::plugins;
use crate::plugin::{Form, Introduction, TestedPlugin};

const EXAMPLES: &str = "\
Examples:
  quietus plugin describe libfolder.so
  quietus plugin describe ./purge.py --arg=--verbose
  quietus plugin describe libfolder.so --json | jq .manifest.config_schema";

/// Show what a plugin says of itself, and a `[[plugin]]` to begin with
///
/// The plugin is started as the server starts it, in the same sandbox, says hello, and is ended. It is not configured, so
/// it connects to nothing. Exit code 1: it could not be loaded.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Describe {
    #[command(flatten)]
    which: Which,
}

impl Describe {
    pub(in crate::cli) async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let settings = self.which.settings(global)?;
        let installed = settings.install()?;
        let subject = TestedPlugin { installed, program: program(), identifiers: Vec::new(), region: None, calls: 0 };
        match plugins::describe(&subject).await {
            Ok(introduction) => {
                show(&settings, &introduction, out)?;
                Ok(Exit::Done)
            }
            Err(why) => {
                out.error(&format!("{} cannot be loaded: {why}", settings.file().display()));
                Ok(Exit::No)
            }
        }
    }
}

fn show(settings: &Settings, said: &Introduction, out: &mut Out) -> std::io::Result<()> {
    let Introduction { manifest, sandbox, facts } = said;
    let keys = schema::keys(&manifest.config_schema);
    if out.is_json() {
        return out.json(&json!({
            "file": settings.file(), "form": settings.form(), "manifest": manifest, "sandbox": sandbox, "facts": facts,
            "keys": keys, "toml": block(settings, manifest, &keys),
        }));
    }
    let form = match settings.form() {
        Form::Library => "library",
        Form::Exec => "program",
    };
    let block = block(settings, manifest, &keys);
    let manifest = &on_one_line(manifest);
    out.line(format_args!("{} {}", manifest.name, manifest.version))?;
    out.line("")?;
    let mut line = |name: &str, text: String| match text.is_empty() {
        true => Ok(()),
        false => out.line(format_args!("{name:<12} {text}")),
    };
    line(form, settings.file().display().to_string())?;
    for (name, value) in facts {
        line(&plain(name), plain(value))?;
    }
    line("sandbox", format!("{} (on this machine)", sandbox.as_str()))?;
    line("operations", manifest.operations.iter().cloned().map(String::from).collect::<Vec<_>>().join(", "))?;
    line("identifiers", wanted(&manifest.identifiers))?;
    line("secrets", wanted(&manifest.secrets))?;
    line("connects to", reaches(manifest.ports.iter().map(|port| format!("port {port}")), &manifest.ports_from))?;
    line("reads", reaches(std::iter::empty(), &manifest.reads_from))?;
    line("writes", reaches(std::iter::empty(), &manifest.writes_from))?;
    let timeouts = &manifest.timeouts;
    let [erase, verify, health] = [timeouts.erase_ms, timeouts.verify_ms, timeouts.health_ms].map(span);
    line("timeouts", format!("erase {erase}, verify {verify}, health {health}"))?;
    line("concurrency", format!("{} at once", manifest.max_concurrency))?;
    let again = if manifest.idempotent { "yes" } else { "no: it must not be asked twice" };
    line("idempotent", again.into())?;
    if !keys.is_empty() {
        out.line("")?;
        let row = |key: &Key| {
            let default = match &key.default {
                _ if key.required => "required".into(),
                Some(default) => default.to_string(),
                None => String::new(),
            };
            [plain(&key.name), plain(&key.kind), default, plain(&key.description)]
        };
        out.table(["KEY", "TYPE", "DEFAULT", "DESCRIPTION"], keys.iter().map(row))?;
    }
    out.line("")?;
    out.line(block.trim_end())
}

/// What a plugin says of itself makes no lines of its own.
fn on_one_line(manifest: &Manifest) -> Manifest {
    let mut manifest = manifest.clone();
    for text in [&mut manifest.name, &mut manifest.version] {
        *text = plain(text);
    }
    let Wanted { required, optional, .. } = &mut manifest.identifiers;
    let Wanted { required: secrets, optional: more, .. } = &mut manifest.secrets;
    let pointers = [&mut manifest.ports_from, &mut manifest.reads_from, &mut manifest.writes_from];
    for text in [required, optional, secrets, more].into_iter().chain(pointers).flatten() {
        *text = plain(text);
    }
    manifest.operations = manifest.operations.into_iter().map(|known| plain(&String::from(known)).into()).collect();
    manifest
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Names, the required ones marked.
fn wanted(wanted: &Wanted) -> String {
    let required = wanted.required.iter().map(|name| format!("{name} (required)"));
    let optional = wanted.optional.iter().map(|name| if name == ANY { "any other".to_owned() } else { name.clone() });
    required.chain(optional).collect::<Vec<_>>().join(", ")
}

fn reaches(plain: impl Iterator<Item = String>, pointers: &[String]) -> String {
    let named = pointers.iter().map(|pointer| format!("what `config{}` names", pointer.replace('/', ".")));
    plain.chain(named).collect::<Vec<_>>().join(", ")
}

fn span(millis: u64) -> String {
    if millis.is_multiple_of(1000) { format!("{} s", millis / 1000) } else { format!("{millis} ms") }
}

/// A `[[plugin]]` to begin with: what is required has a placeholder, what is optional is a comment.
fn block(settings: &Settings, manifest: &Manifest, keys: &[Key]) -> String {
    let mut text = String::from("[[plugin]]\n");
    let mut line = |line: String| {
        // Writing into a string does not fail.
        let _ = writeln!(text, "{line}");
    };
    line(format!("name = {}", quoted(&plain_name(&manifest.name))));
    let (key, file) = match settings.form() {
        Form::Library => ("library", settings.file()),
        Form::Exec => ("exec", settings.file()),
    };
    line(format!("{key} = {}", quoted(&file.display().to_string())));
    let kinds = manifest.identifiers.required.iter().chain(&manifest.identifiers.optional);
    let kinds: Vec<_> = kinds.map(|kind| if kind == ANY { quoted("email") } else { quoted(kind) }).collect();
    line(format!("grants = [{}]", kinds.join(", ")));
    if !manifest.secrets.required.is_empty() || !manifest.secrets.optional.is_empty() {
        line(String::from("\n[plugin.secrets]"));
        for name in &manifest.secrets.required {
            line(format!("{} = {{ file = {} }}", toml_key(name), quoted(&format!("/etc/quietus/{name}"))));
        }
        for name in manifest.secrets.optional.iter().filter(|name| *name != ANY) {
            line(format!("# {} = {{ file = {} }}", toml_key(name), quoted(&format!("/etc/quietus/{name}"))));
        }
    }
    line(String::from("\n[plugin.config]"));
    for key in keys {
        let hash = if key.required { "" } else { "# " };
        let note = if key.description.is_empty() { String::new() } else { format!("  # {}", key.description) };
        line(format!("{hash}{} = {}{note}", toml_key(&key.name), placeholder(key)));
    }
    text
}

/// A value of the right type, to be replaced.
fn placeholder(key: &Key) -> String {
    if let Some(default) = &key.default {
        return inline(default);
    }
    match key.kind.split(" | ").next().unwrap_or_default() {
        "string" => "\"…\"".into(),
        "integer" => "0".into(),
        "number" => "0.0".into(),
        "boolean" => "false".into(),
        "table" => "{}".into(),
        kind if kind.starts_with("list") => "[]".into(),
        word if word.starts_with('"') => word.into(),
        _ => "\"…\"".into(),
    }
}

/// A value in TOML, on one line. TOML has no null.
fn inline(value: &Value) -> String {
    match value {
        Value::Null => "\"…\"".into(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{} = {}", toml_key(name), inline(value))).collect();
            if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) }
        }
        other => other.to_string(),
    }
}

/// On one line, whatever stands in it: JSON's escapes are TOML's.
fn quoted(text: &str) -> String {
    if text.contains(char::is_control) {
        return Value::from(text).to_string();
    }
    toml::Value::String(text.to_owned()).to_string()
}

fn toml_key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { name.to_owned() } else { quoted(name) }
}

/// The plugin's name as the operator's: what is not allowed there becomes `-`.
fn plain_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' { c } else { '-' };
    name.to_ascii_lowercase().chars().map(plain).collect()
}
