//! The contract of a plugin and its operator: what the manifest declares and the settings grant, or everything that does not
//! fit. Values of the configuration are never repeated: they may be secret.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quietus_plugin::{Manifest, Operation, Wanted, pointed};
use serde_json::Value;

use super::permissions::permissions_of;
use super::settings::PluginSettings;
use crate::chain;
use crate::keys::Secret;
use crate::subject::Kind;

/// The longest call, unless the operator says otherwise.
const CALL_MAX: Duration = Duration::from_secs(300);
/// The longest `health`.
const HEALTH_MAX: Duration = Duration::from_secs(30);
/// Longer than anybody debugs.
const A_LONG_DAY: Duration = Duration::from_secs(86_400);
/// Calls at once, whatever a manifest says.
const CONCURRENCY_MAX: u32 = 64;

/// What the plugin declares and the operator grants.
#[derive(Clone, Debug)]
pub(super) struct Contract {
    /// Kinds both declared and granted.
    sent: BTreeSet<Kind>,
    /// Kinds that are granted, and that the plugin does not declare.
    pub(super) untaken: Vec<Kind>,
    /// Ports that the plugin declares, where the configuration opens none at all.
    pub(super) unopened: Vec<u16>,
    /// Kinds of which one identifier at least must be there.
    pub(super) required: Vec<Kind>,
    operations: Vec<Operation>,
    /// Kinds that it may return.
    pub(super) returns: BTreeSet<Kind>,
    pub(super) idempotent: bool,
    pub(super) erase_max: Duration,
    pub(super) verify_max: Duration,
    pub(super) health_max: Duration,
    pub(super) concurrency: u32,
    /// Tells the settings by which it says whom its system holds from others.
    settings: String,
}

/// The longest that one call may take, known before the plugin is.
pub(super) fn call_max(settings: &PluginSettings) -> Duration {
    settings.call_max.map_or(CALL_MAX, |span| span.0)
}

impl Contract {
    /// All that does not fit, one line each, or the contract.
    pub(super) fn make(
        manifest: &Manifest,
        settings: &PluginSettings,
        secrets: &BTreeMap<String, Secret>,
    ) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        check_words(manifest, &mut wrong);
        let sent = check_grants(&manifest.identifiers, &settings.grants, &mut wrong);
        check_secrets(&manifest.secrets, secrets, &mut wrong);
        check_returns(manifest, settings, &mut wrong);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let longest = call_max(settings);
        let declared = |millis| Duration::from_millis(millis).min(longest);
        let untaken = settings.grants.iter().filter(|kind| !sent.contains(kind)).cloned().collect();
        Ok(Self {
            sent,
            untaken,
            unopened: unopened(manifest, settings),
            required: required_kinds(manifest),
            operations: manifest.operations.clone(),
            returns: returned_kinds(manifest, &settings.own_config()),
            idempotent: manifest.idempotent,
            erase_max: declared(manifest.timeouts.erase_ms),
            verify_max: declared(manifest.timeouts.verify_ms),
            health_max: Duration::from_millis(manifest.timeouts.health_ms).min(HEALTH_MAX),
            concurrency: settings
                .concurrency
                .unwrap_or(CONCURRENCY_MAX)
                .min(manifest.max_concurrency)
                .clamp(1, CONCURRENCY_MAX),
            settings: digest(settings),
        })
    }

    /// For a person with a debugger.
    pub(super) fn without_timeouts(self) -> Self {
        Self { erase_max: A_LONG_DAY, verify_max: A_LONG_DAY, health_max: A_LONG_DAY, ..self }
    }

    pub(super) fn can(&self, operation: &Operation) -> bool {
        self.operations.contains(operation)
    }

    /// The longest of its calls.
    pub(super) fn call_max(&self) -> Duration {
        self.erase_max.max(self.verify_max).max(self.health_max)
    }

    pub(super) fn sends(&self, kind: &Kind) -> bool {
        self.sent.contains(kind)
    }

    /// The kinds that it may return to `sweep`: those that it may be told, and by which somebody can be found.
    pub(super) fn swept(&self) -> Vec<Kind> {
        self.sent.iter().filter(|kind| !kind.is_internal_id()).cloned().collect()
    }

    /// What tells who says whom the system holds from another one: by its settings and by its file, whose hash this is.
    pub(super) fn told_by(&self, sha256: &str) -> String {
        chain::hash(format!("{} {sha256}", self.settings).as_bytes())
    }

    /// Whether it can be asked whom its system holds.
    pub(super) fn can_sweep(&self) -> bool {
        self.can(&Operation::Sweep) && !self.swept().is_empty()
    }

    /// The first required kind that none of the given ones is.
    pub(super) fn lacks<'a>(&'a self, given: &BTreeSet<&Kind>) -> Option<&'a Kind> {
        self.required.iter().find(|kind| !given.contains(kind))
    }

    /// The kinds that are sent, to be shown.
    pub(super) fn kinds(&self) -> String {
        let kinds: Vec<_> = self.sent.iter().map(Kind::as_str).collect();
        kinds.join(", ")
    }
}

/// Of what decides where a page of its begins: not of how often and how long it is called, and not of secrets, whose names alone stand there.
fn digest(settings: &PluginSettings) -> String {
    let PluginSettings { library, exec, args, grants, secrets, .. } = settings;
    chain::hash(format!("{library:?} {exec:?} {args:?} {grants:?} {secrets:?} {}", settings.own_config()).as_bytes())
}

/// A plugin declares what it would like; it opens nothing to itself. Where the configuration names another address, that is meant.
fn unopened(manifest: &Manifest, settings: &PluginSettings) -> Vec<u16> {
    let open = permissions_of(manifest, &settings.own_config(), settings.granted()).ports;
    if open.is_empty() { manifest.ports.clone() } else { Vec::new() }
}

/// The manifest's words stand in logs and pages, so they are short and plain.
fn check_words(manifest: &Manifest, wrong: &mut Vec<String>) {
    for (what, word) in [("name", &manifest.name), ("version", &manifest.version)] {
        if word.is_empty() || word.len() > 64 || !word.chars().all(|c| c.is_ascii_graphic()) {
            wrong.push(format!("the plugin's {what} is not 1 to 64 printable characters without a space"));
        }
    }
    if !manifest.operations.contains(&Operation::Erase) {
        wrong.push("the plugin does not declare the operation `erase`".into());
    }
}

fn check_grants(declared: &Wanted, grants: &[Kind], wrong: &mut Vec<String>) -> BTreeSet<Kind> {
    for kind in &declared.required {
        if !grants.iter().any(|grant| grant.as_str() == kind) {
            wrong.push(format!("grants: the plugin requires `{}`, which is not granted", plain(kind)));
        }
    }
    let sent: BTreeSet<Kind> = grants.iter().filter(|kind| declared.names(kind.as_str())).cloned().collect();
    if sent.is_empty() {
        let kinds: Vec<_> = declared.required.iter().chain(&declared.optional).map(|kind| plain(kind)).collect();
        wrong.push(format!("grants: nothing is granted that the plugin works with ({})", kinds.join(", ")));
    }
    sent
}

fn check_secrets(declared: &Wanted, secrets: &BTreeMap<String, Secret>, wrong: &mut Vec<String>) {
    for name in declared.required.iter().filter(|name| !secrets.contains_key(*name)) {
        wrong.push(format!("secrets: the plugin requires `{}`", plain(name)));
    }
    for name in secrets.keys().filter(|name| !declared.names(name)) {
        wrong.push(format!("secrets: the plugin does not know `{name}`"));
    }
}

/// The kinds of which a plugin needs one identifier each.
pub(super) fn required_kinds(manifest: &Manifest) -> Vec<Kind> {
    manifest.identifiers.required.iter().filter_map(|kind| kind.parse().ok()).collect()
}

/// The kinds that a plugin may return, as it is configured, and that may be returned.
pub(super) fn returned_kinds(manifest: &Manifest, config: &Value) -> BTreeSet<Kind> {
    let kinds = manifest.returned(config);
    kinds.iter().filter(|word| is_returned(word)).filter_map(|word| word.parse().ok()).collect()
}

/// Whether an identifier of this kind may be returned.
pub(super) fn is_returned(word: &str) -> bool {
    word.parse().is_ok_and(|kind: Kind| !kind.is_internal_id())
}

/// Whether a manifest has both `find` and what it returns, or neither.
pub(super) fn has_find_with_kinds(manifest: &Manifest) -> bool {
    let names_kinds = !manifest.returns.is_empty() || !manifest.returns_from.is_empty();
    manifest.can(&Operation::Find) == names_kinds
}

fn check_returns(manifest: &Manifest, settings: &PluginSettings, wrong: &mut Vec<String>) {
    if !has_find_with_kinds(manifest) {
        wrong.push("the plugin declares one of `find` and `returns`; they belong together".into());
    }
    for word in manifest.returns.iter().filter(|word| !is_returned(word)) {
        wrong.push(format!("the plugin declares that it returns `{}`, which no plugin may", plain(word)));
    }
    let config = settings.own_config();
    for pointer in &manifest.returns_from {
        let named = pointed(std::slice::from_ref(pointer), &config).into_iter();
        if named.filter_map(Value::as_str).any(|word| !is_returned(word)) {
            wrong.push(format!(
                "config: `{}` names a kind that no plugin may return: words of a-z, 0-9 and `_`, but for mluvii's own ids",
                plain(pointer)
            ));
        }
    }
}

/// A name of the manifest's, as it may be shown.
fn plain(name: &str) -> String {
    name.chars().take(64).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest() -> Manifest {
        Manifest::new("sample", "1").requires("email").accepts("phone").requires_secret("token").concurrency(4)
    }

    fn settings(more: serde_json::Value) -> PluginSettings {
        let mut all = json!({ "name": "x", "library": "x.so", "grants": ["email", "name"],
            "config": { "base_url": "https://crm.example" } });
        all.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        serde_json::from_value(all).expect("settings")
    }

    fn make(manifest: &Manifest, more: serde_json::Value, secrets: &[&str]) -> Result<Contract, Vec<String>> {
        let secrets = secrets.iter().map(|name| ((*name).to_owned(), Secret::new("hunter2"))).collect();
        Contract::make(manifest, &settings(more), &secrets)
    }

    #[test]
    fn only_what_is_declared_and_granted_is_sent() {
        let contract = make(&manifest(), json!({}), &["token"]).expect("it fits");
        assert!(contract.sends(&Kind::Email));
        assert!(!contract.sends(&Kind::Phone), "declared, not granted");
        assert!(!contract.sends(&Kind::Name), "granted, not declared");
        assert_eq!(contract.untaken, [Kind::Name]);
    }

    #[test]
    fn a_cursor_is_anothers_under_another_configuration_or_with_another_file() {
        let told_by = |more, file: &str| make(&manifest(), more, &["token"]).expect("it fits").told_by(file);
        let before = told_by(json!({}), "00");
        assert_eq!(before, told_by(json!({ "concurrency": 2, "calls_per_s": 3 }), "00"), "how often is nothing to it");
        assert_ne!(before, told_by(json!({}), "01"));
        assert_ne!(before, told_by(json!({ "config": { "base_url": "https://other.example" } }), "00"));
        assert_ne!(before, told_by(json!({ "grants": ["email"] }), "00"));
        assert_ne!(before, told_by(json!({ "library": "y.so" }), "00"));
    }

    #[test]
    fn any_kind_means_any_granted_kind() {
        let any = Manifest::new("any", "1").accepts(quietus_plugin::ANY);
        let contract = make(&any, json!({}), &[]).expect("it fits");
        assert!(contract.sends(&Kind::Name) && !contract.sends(&Kind::Phone));
    }

    #[test]
    fn all_that_does_not_fit_is_told_at_once() {
        let wrong = make(&manifest(), json!({ "grants": ["phone"] }), &["tokken"]).expect_err("nothing fits");
        let text = wrong.join("\n");
        for part in ["`email`", "requires `token`", "`tokken`"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_plugin_that_would_never_be_sent_anything_is_refused() {
        let phone = Manifest::new("phone", "1").accepts("phone");
        let wrong = make(&phone, json!({}), &[]).expect_err("nothing to send");
        assert!(wrong[0].contains("nothing is granted"), "{wrong:?}");
    }

    #[test]
    fn ids_of_mluvii_are_returned_by_no_plugin() {
        let wrong = make(&manifest().finds(["guest_id", "customer_no"]), json!({}), &["token"]).expect_err("refused");
        assert_eq!(wrong, ["the plugin declares that it returns `guest_id`, which no plugin may"]);
        let contract = make(&manifest().finds(["customer_no"]), json!({}), &["token"]).expect("it fits");
        assert_eq!(contract.returns, [Kind::Other("customer_no".into())].into());
        let nothing: [&str; 0] = [];
        let wrong = make(&manifest().finds(nothing), json!({}), &["token"]).expect_err("refused");
        assert!(wrong[0].contains("belong together"), "{wrong:?}");
    }

    #[test]
    fn what_the_configuration_names_is_returned_unless_it_is_mluviis() {
        let manifest = manifest().finds_from("/find/*/returns");
        let of = |kinds: &[&str]| {
            let find: Vec<_> = kinds.iter().map(|kind| json!({ "returns": kind })).collect();
            make(&manifest, json!({ "config": { "find": find } }), &["token"])
        };
        let contract = of(&["customer_no", "email"]).expect("it fits");
        assert_eq!(contract.returns, [Kind::Email, Kind::Other("customer_no".into())].into());
        assert!(of(&[]).expect("it fits").returns.is_empty());
        for kind in ["session_id", "Customer number"] {
            let wrong = of(&["customer_no", kind]).expect_err("refused");
            assert!(
                wrong[0].starts_with("config: `/find/*/returns` names a kind") && !wrong[0].contains(kind),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn the_operator_may_allow_less_time_and_fewer_calls_than_declared() {
        let contract = make(&manifest(), json!({ "call_max": "1s", "concurrency": 2 }), &["token"]).expect("it fits");
        assert_eq!((contract.erase_max, contract.concurrency), (Duration::from_secs(1), 2));
        let contract = make(&manifest(), json!({ "concurrency": 9 }), &["token"]).expect("it fits");
        assert_eq!((contract.erase_max, contract.concurrency), (Duration::from_secs(60), 4));
    }
}
