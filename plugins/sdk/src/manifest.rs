//! What a plugin says of itself before it is configured. The host checks the configuration and the grants against it,
//! and sends no identifier that it does not name.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Kind;

/// In [`Wanted::optional`]: any name, for plugins whose configuration names what it uses.
///
/// ```
/// use quietus_plugin::{ANY, Manifest};
///
/// let manifest = Manifest::new("http-purge", "1.0.0").accepts(ANY);
/// assert!(manifest.identifiers.names("customer_no"));
/// ```
pub const ANY: &str = "*";

/// What a plugin says of itself.
///
/// ```
/// use std::time::Duration;
/// use quietus_plugin::{Kind, Manifest, Operation};
///
/// let manifest = Manifest::new("crm", "1.0.0")
///     .requires(Kind::Email)
///     .accepts("customer_no")
///     .requires_secret("token")
///     .port(5432)
///     .dry_run()
///     .call_max(Duration::from_secs(20));
/// assert!(manifest.can(&Operation::DryRun) && manifest.idempotent);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The plugin's own name, not the name that the operator gives to one use of it.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// The kinds of identifiers that it works with, such as `email`.
    #[serde(default)]
    pub identifiers: Wanted,
    /// What it can do. A list of words, so that a later version can add some.
    #[serde(default)]
    pub operations: Vec<Operation>,
    /// JSON Schema of its configuration. [`export_plugin!`](crate::export_plugin) fills it in.
    #[serde(default)]
    pub config_schema: serde_json::Value,
    /// The names of the secrets that it wants.
    #[serde(default)]
    pub secrets: Wanted,
    /// The kinds of identifiers that it may return to `find`. mluvii's own ids (`guest_id`, `session_id`) come from mluvii only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<String>,
    /// Where its configuration names further kinds that it may return: JSON pointers as in [`Manifest::ports_from`]. For plugins of
    /// which the operator says what they look for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns_from: Vec<String>,
    /// The TCP ports that it connects to, whatever its configuration says.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// Where its configuration names what it connects to: JSON pointers (RFC 6901) to a URL, a `host:port` or a port, or to a
    /// list of them. A part that is `*` leads to each element of a list, as in `/accounts/*/url`.
    #[serde(default)]
    pub ports_from: Vec<String>,
    /// Where its configuration names files and folders that it reads: JSON pointers to a path, or to a list of them.
    #[serde(default)]
    pub reads_from: Vec<String>,
    /// Where its configuration names folders in which it reads, writes and deletes: JSON pointers as above.
    #[serde(default)]
    pub writes_from: Vec<String>,
    /// Whether the same call may be made again when its outcome is unknown.
    #[serde(default = "yes")]
    pub idempotent: bool,
    /// How long calls may take.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How many calls it takes at once.
    #[serde(default = "one")]
    pub max_concurrency: u32,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

/// Names that are wanted.
///
/// ```
/// use quietus_plugin::Wanted;
///
/// let wanted = Wanted { required: vec!["email".into()], optional: vec!["phone".into()] };
/// assert!(wanted.names("phone") && !wanted.names("guest_id"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Without these it cannot work.
    #[serde(default)]
    pub required: Vec<String>,
    /// These it uses when it gets them; [`ANY`] stands for every name.
    #[serde(default)]
    pub optional: Vec<String>,
}

impl Wanted {
    /// Whether the name is one of them.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// let secrets = Manifest::new("crm", "1").requires_secret("token").secrets;
    /// assert!(secrets.names("token") && !secrets.names("tokken"));
    /// ```
    pub fn names(&self, name: &str) -> bool {
        self.required.iter().chain(&self.optional).any(|wanted| wanted == name || wanted == ANY)
    }
}

/// What a plugin can do.
///
/// ```
/// use quietus_plugin::Operation;
///
/// assert_eq!(Operation::from("dry_run".to_owned()), Operation::DryRun);
/// assert_eq!(Operation::from("dance".to_owned()), Operation::Other("dance".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Operation {
    /// Erases.
    Erase,
    /// Looks whether it is really gone.
    Verify,
    /// Tells whether its system can be reached.
    Health,
    /// Honours [`Request::dry_run`](crate::Request::dry_run). The host sends no dry run to a plugin that does not say so.
    DryRun,
    /// May answer [`Outcome::Accepted`](crate::Outcome::Accepted) to a call that has an address for reports.
    Report,
    /// Tells what else its system knows a person by.
    Find,
    /// Stores how far a step is, see [`Call::checkpoint`](crate::Call::checkpoint), and goes on from there.
    Resume,
    /// Tells whom its system holds, so that what a restore brought back is erased again.
    Sweep,
    /// One that this version does not know.
    Other(String),
}

impl From<String> for Operation {
    fn from(word: String) -> Self {
        match word.as_str() {
            "erase" => Self::Erase,
            "verify" => Self::Verify,
            "health" => Self::Health,
            "dry_run" => Self::DryRun,
            "report" => Self::Report,
            "find" => Self::Find,
            "resume" => Self::Resume,
            "sweep" => Self::Sweep,
            _ => Self::Other(word),
        }
    }
}

impl From<Operation> for String {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Erase => "erase".into(),
            Operation::Verify => "verify".into(),
            Operation::Health => "health".into(),
            Operation::DryRun => "dry_run".into(),
            Operation::Report => "report".into(),
            Operation::Find => "find".into(),
            Operation::Resume => "resume".into(),
            Operation::Sweep => "sweep".into(),
            Operation::Other(word) => word,
        }
    }
}

/// How long calls may take, in milliseconds. The operator may set less.
///
/// ```
/// use quietus_plugin::{Manifest, Timeouts};
///
/// let manifest = Manifest::new("crm", "1");
/// let hasty = Manifest { timeouts: Timeouts { health_ms: 1_000, ..Timeouts::default() }, ..manifest };
/// assert_eq!((hasty.timeouts.erase_ms, hasty.timeouts.health_ms), (60_000, 1_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeouts {
    /// One `erase`.
    pub erase_ms: u64,
    /// One `verify`.
    pub verify_ms: u64,
    /// One `health`.
    pub health_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { erase_ms: 60_000, verify_ms: 60_000, health_ms: 10_000 }
    }
}

impl Manifest {
    /// A plugin that erases, verifies and tells its health, one call at a time.
    ///
    /// ```
    /// use quietus_plugin::{Manifest, Operation};
    ///
    /// let manifest = Manifest::new("folder", env!("CARGO_PKG_VERSION"));
    /// assert_eq!(manifest.operations, [Operation::Erase, Operation::Verify, Operation::Health]);
    /// assert_eq!(manifest.max_concurrency, 1);
    /// ```
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            identifiers: Wanted::default(),
            operations: vec![Operation::Erase, Operation::Verify, Operation::Health],
            config_schema: serde_json::Value::Null,
            secrets: Wanted::default(),
            returns: Vec::new(),
            returns_from: Vec::new(),
            ports: Vec::new(),
            ports_from: Vec::new(),
            reads_from: Vec::new(),
            writes_from: Vec::new(),
            idempotent: true,
            timeouts: Timeouts::default(),
            max_concurrency: 1,
        }
    }

    /// Cannot work without an identifier of this kind.
    ///
    /// ```
    /// # use quietus_plugin::{Kind, Manifest};
    /// let manifest = Manifest::new("mailbox", "1").requires(Kind::Email);
    /// assert_eq!(manifest.identifiers.required, ["email"]);
    /// ```
    #[must_use]
    pub fn requires(mut self, kind: impl Into<Kind>) -> Self {
        self.identifiers.required.push(kind.into().into());
        self
    }

    /// Uses identifiers of this kind when there are any.
    ///
    /// ```
    /// # use quietus_plugin::{Kind, Manifest};
    /// let manifest = Manifest::new("crm", "1").requires(Kind::Email).accepts(Kind::Phone).accepts("customer_no");
    /// assert_eq!(manifest.identifiers.optional, ["phone", "customer_no"]);
    /// ```
    #[must_use]
    pub fn accepts(mut self, kind: impl Into<Kind>) -> Self {
        self.identifiers.optional.push(kind.into().into());
        self
    }

    /// Cannot work without this secret.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// assert_eq!(Manifest::new("crm", "1").requires_secret("token").secrets.required, ["token"]);
    /// ```
    #[must_use]
    pub fn requires_secret(mut self, name: impl Into<String>) -> Self {
        self.secrets.required.push(name.into());
        self
    }

    /// Uses this secret when it is there.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// let manifest = Manifest::new("mailbox", "1").requires_secret("password").accepts_secret("client_key");
    /// assert!(manifest.secrets.names("client_key"));
    /// ```
    #[must_use]
    pub fn accepts_secret(mut self, name: impl Into<String>) -> Self {
        self.secrets.optional.push(name.into());
        self
    }

    /// Connects to this TCP port.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// assert_eq!(Manifest::new("mailbox", "1").port(993).ports, [993]);
    /// ```
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.ports.push(port);
        self
    }

    /// Connects to what the configuration names there, such as `/base_url`. See [`Manifest::ports_from`].
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// // The operator writes: config = { server = "db.example:5432" }
    /// assert_eq!(Manifest::new("database", "1").port_from("/server").ports_from, ["/server"]);
    /// ```
    #[must_use]
    pub fn port_from(mut self, pointer: impl Into<String>) -> Self {
        self.ports_from.push(pointer.into());
        self
    }

    /// Reads the file or folder that the configuration names there, such as `/ca_file`. See [`Manifest::reads_from`].
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// // The operator writes: config = { tls = { ca_file = "/etc/quietus/ca.pem" } }
    /// assert_eq!(Manifest::new("database", "1").reads("/tls/ca_file").reads_from, ["/tls/ca_file"]);
    /// ```
    #[must_use]
    pub fn reads(mut self, pointer: impl Into<String>) -> Self {
        self.reads_from.push(pointer.into());
        self
    }

    /// Reads, writes and deletes in the folder that the configuration names there. See [`Manifest::writes_from`].
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// // The operator writes: config = { folder = "/srv/exports" }
    /// assert_eq!(Manifest::new("exports", "1").writes("/folder").writes_from, ["/folder"]);
    /// ```
    #[must_use]
    pub fn writes(mut self, pointer: impl Into<String>) -> Self {
        self.writes_from.push(pointer.into());
        self
    }

    /// Honours [`Request::dry_run`](crate::Request::dry_run).
    ///
    /// ```
    /// # use quietus_plugin::{Manifest, Operation};
    /// assert!(Manifest::new("crm", "1").dry_run().can(&Operation::DryRun));
    /// ```
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.operations.push(Operation::DryRun);
        self
    }

    /// Hands calls on to something that reports the outcome later: gets [`Request::report`](crate::Request::report), and
    /// may answer [`Answer::accepted`](crate::Answer::accepted).
    ///
    /// ```
    /// # use quietus_plugin::{Manifest, Operation};
    /// assert!(Manifest::new("queue", "1").reports().can(&Operation::Report));
    /// ```
    #[must_use]
    pub fn reports(mut self) -> Self {
        self.operations.push(Operation::Report);
        self
    }

    /// Answers `find` with identifiers of these kinds. See [`Manifest::returns`].
    ///
    /// ```
    /// # use quietus_plugin::{Kind, Manifest, Operation};
    /// let manifest = Manifest::new("crm", "1").requires(Kind::Email).finds(["customer_no", "phone"]);
    /// assert!(manifest.can(&Operation::Find));
    /// assert_eq!(manifest.returns, ["customer_no", "phone"]);
    /// ```
    #[must_use]
    pub fn finds<K: Into<Kind>>(mut self, kinds: impl IntoIterator<Item = K>) -> Self {
        self.returns.extend(kinds.into_iter().map(|kind| kind.into().into()));
        self.with_find()
    }

    /// Answers `find` with identifiers of the kinds that the configuration names there, such as `/returns` or `/find/*/returns`. See
    /// [`Manifest::returns_from`].
    ///
    /// ```
    /// # use quietus_plugin::{Manifest, Operation};
    /// let manifest = Manifest::new("crm", "1").finds_from("/returns");
    /// assert!(manifest.can(&Operation::Find));
    /// assert_eq!(manifest.returned(&serde_json::json!({ "returns": "customer_no" })), ["customer_no"]);
    /// assert!(manifest.returned(&serde_json::json!({})).is_empty());
    /// ```
    #[must_use]
    pub fn finds_from(mut self, pointer: impl Into<String>) -> Self {
        self.returns_from.push(pointer.into());
        self.with_find()
    }

    fn with_find(mut self) -> Self {
        if !self.can(&Operation::Find) {
            self.operations.push(Operation::Find);
        }
        self
    }

    /// The kinds that it may return to `find` where it is configured so. What is no text there names none.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// let manifest = Manifest::new("crm", "1").finds(["customer_no"]).finds_from("/find/*/returns");
    /// let config = serde_json::json!({ "find": [{ "returns": "order_no" }, { "returns": "customer_no" }] });
    /// assert_eq!(manifest.returned(&config), ["customer_no", "order_no"]);
    /// ```
    pub fn returned(&self, config: &Value) -> Vec<String> {
        let mut kinds = self.returns.clone();
        for word in pointed(&self.returns_from, config).into_iter().filter_map(Value::as_str) {
            if !kinds.iter().any(|kind| kind == word) {
                kinds.push(word.to_owned());
            }
        }
        kinds
    }

    /// Tells whom its system holds: see [`Plugin::sweep`](crate::Plugin::sweep).
    ///
    /// ```
    /// # use quietus_plugin::{Kind, Manifest, Operation};
    /// assert!(Manifest::new("crm", "1").requires(Kind::Email).sweeps().can(&Operation::Sweep));
    /// ```
    #[must_use]
    pub fn sweeps(mut self) -> Self {
        self.operations.push(Operation::Sweep);
        self
    }

    /// Stores how far a step is, and goes on from there: see [`Call::checkpoint`](crate::Call::checkpoint).
    ///
    /// ```
    /// # use quietus_plugin::{Manifest, Operation};
    /// assert!(Manifest::new("mailbox", "1").resumes().can(&Operation::Resume));
    /// ```
    #[must_use]
    pub fn resumes(mut self) -> Self {
        self.operations.push(Operation::Resume);
        self
    }

    /// The longest that one `erase` or `verify` may take.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// let patient = Manifest::new("archive", "1").call_max(std::time::Duration::from_secs(240));
    /// assert_eq!((patient.timeouts.erase_ms, patient.timeouts.verify_ms), (240_000, 240_000));
    /// ```
    #[must_use]
    pub fn call_max(mut self, longest: Duration) -> Self {
        let millis = longest.as_millis().try_into().unwrap_or(u64::MAX);
        self.timeouts = Timeouts { erase_ms: millis, verify_ms: millis, ..self.timeouts };
        self
    }

    /// Takes this many calls at once.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// assert_eq!(Manifest::new("crm", "1").concurrency(4).max_concurrency, 4);
    /// ```
    #[must_use]
    pub fn concurrency(mut self, most: u32) -> Self {
        self.max_concurrency = most.max(1);
        self
    }

    /// Must not be called again when the outcome of a call is unknown.
    ///
    /// ```
    /// # use quietus_plugin::Manifest;
    /// let letters = Manifest::new("letters-of-notice", "1").not_idempotent();
    /// assert!(!letters.idempotent, "a second letter would do harm");
    /// ```
    #[must_use]
    pub fn not_idempotent(mut self) -> Self {
        self.idempotent = false;
        self
    }

    /// Whether it can do this.
    ///
    /// ```
    /// # use quietus_plugin::{Manifest, Operation};
    /// let manifest = Manifest::new("crm", "1");
    /// assert!(manifest.can(&Operation::Verify) && !manifest.can(&Operation::DryRun));
    /// ```
    pub fn can(&self, operation: &Operation) -> bool {
        self.operations.contains(operation)
    }
}

/// What a manifest's pointers into a configuration lead to; of a list, each element. One that leads nowhere leads to nothing: what it leads
/// to is optional then, or the schema refuses the configuration.
///
/// ```
/// # use quietus_plugin::pointed;
/// let config = serde_json::json!({ "folders": ["/a", "/b"], "accounts": [{ "url": "c" }, {}] });
/// let pointers = ["/folders", "/accounts/*/url", "/nothing"].map(String::from);
/// assert_eq!(pointed(&pointers, &config), ["/a", "/b", "c"]);
/// ```
pub fn pointed<'c>(pointers: &[String], config: &'c Value) -> Vec<&'c Value> {
    let found = pointers.iter().flat_map(|pointer| each(config, pointer));
    found.flat_map(|value| value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice)).collect()
}

/// What a pointer leads to; a part that is `*` leads to each element of a list.
fn each<'c>(config: &'c Value, pointer: &str) -> Vec<&'c Value> {
    let Some((before, after)) = pointer.split_once("/*") else { return config.pointer(pointer).into_iter().collect() };
    let elements = config.pointer(before).and_then(Value::as_array).into_iter().flatten();
    elements.flat_map(|element| each(element, after)).collect()
}
