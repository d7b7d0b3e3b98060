//! What an author implements.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::protocol::{Answer, Found, PluginError, Request, Sensitive, Sweep, Swept};
use crate::{Call, Manifest};

/// A plugin: one system that data must leave. See the [crate's example](crate).
///
/// One instance serves all calls, up to [`Manifest::max_concurrency`] of them at once, each on a thread of its own that
/// may block. A panic fails the call that it happens in.
///
/// ```
/// use quietus_plugin::*;
///
/// /// Keeps nothing itself; its system forgets by itself after a day.
/// struct Cache;
///
/// impl Plugin for Cache {
///     type Config = ();
///
///     fn manifest() -> Manifest {
///         Manifest::new("cache", "1.0.0").requires(Kind::SessionId)
///     }
///
///     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> {
///         Ok(Self)
///     }
///
///     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> {
///         Ok(Answer::retained("the cache forgets within a day"))
///     }
/// }
///
/// let answer = TestHost::<Cache>::new(())?.erase([("session_id", "4711")])?;
/// assert_eq!(answer.outcome, Outcome::Retained);
/// # Ok::<(), PluginError>(())
/// ```
pub trait Plugin: Sized + Send + Sync + 'static {
    /// The configuration. Its JSON Schema is part of the manifest, so that the host can check it beforehand.
    ///
    /// ```
    /// /// `config = { table = "people", batch = 100 }`; doc comments become the schema's descriptions.
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// #[serde(deny_unknown_fields)]
    /// struct Config {
    ///     /// The table that people are deleted from.
    ///     table: String,
    ///     /// How many at once.
    ///     #[schemars(range(min = 1, max = 1000))]
    ///     batch: u32,
    /// }
    /// # let config: Config = serde_json::from_str(r#"{ "table": "people", "batch": 100 }"#)?;
    /// # assert_eq!((config.table.as_str(), config.batch), ("people", 100));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    type Config: DeserializeOwned + JsonSchema;

    /// What the plugin says of itself.
    ///
    /// ```
    /// # use quietus_plugin::{Kind, Manifest};
    /// fn manifest() -> Manifest {
    ///     Manifest::new("crm", env!("CARGO_PKG_VERSION")).requires(Kind::Email).requires_secret("token").dry_run()
    /// }
    /// # assert_eq!(manifest().secrets.required, ["token"]);
    /// ```
    fn manifest() -> Manifest;

    /// Makes the plugin from its configuration. Checks what the schema cannot; calls nobody: that is what
    /// [`Plugin::health`] is for.
    ///
    /// ```
    /// # use quietus_plugin::{PluginError, Secrets, Sensitive};
    /// # struct Config { table: String }
    /// # #[derive(Debug)] struct Database { table: String, password: Sensitive }
    /// # impl Database {
    /// fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
    ///     if !config.table.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
    ///         return Err(PluginError::needs_operator("config.table is not the name of a table"));
    ///     }
    ///     Ok(Self { table: config.table, password: secrets.require("password")?.clone() })
    /// }
    /// # }
    /// # let refused = Database::configure(Config { table: "people; drop".into() }, Secrets::default());
    /// # assert!(refused.is_err());
    /// ```
    fn configure(config: Self::Config, secrets: Secrets) -> Result<Self, PluginError>;

    /// Erases, and says what was erased.
    ///
    /// May be called again with the same [`Request::idempotency_key`] when an earlier call ended without an answer, so
    /// finding nothing is no error but [`Answer::absent`].
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Call, Kind, PluginError, Request};
    /// # struct Crm;
    /// # impl Crm {
    /// #     fn find(&self, _: &str, _: &Call) -> Result<Vec<u64>, PluginError> { Ok(vec![7]) }
    /// #     fn delete(&self, _: u64, _: quietus_plugin::Writes<'_>) -> Result<(), PluginError> { Ok(()) }
    /// fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
    ///     let mut found = Vec::new();
    ///     for email in request.values(Kind::Email) {
    ///         found.extend(self.find(email, call)?);
    ///     }
    ///     let count = found.len() as u64;
    ///     if count == 0 {
    ///         return Ok(Answer::absent());
    ///     }
    ///     let Some(writes) = request.writes() else { return Ok(Answer::residual().count("contacts", count)) };
    ///     for id in found {
    ///         call.check()?;
    ///         self.delete(id, writes)?;
    ///     }
    ///     Ok(Answer::erased().count("contacts", count))
    /// }
    /// # }
    /// # let answer = Crm.erase(&[("email", "ann@x.cz")].into(), &Call::unattended());
    /// # assert_eq!(answer, Ok(Answer::erased().count("contacts", 1)));
    /// ```
    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError>;

    /// Looks whether it is really gone: [`Answer::absent`] or [`Answer::residual`].
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Call, Kind, PluginError, Request};
    /// # struct Crm;
    /// # impl Crm {
    /// #     fn find(&self, _: &str, _: &Call) -> Result<Vec<u64>, PluginError> { Ok(Vec::new()) }
    /// fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
    ///     let mut left = 0;
    ///     for email in request.values(Kind::Email) {
    ///         left += self.find(email, call)?.len() as u64;
    ///     }
    ///     Ok(if left == 0 { Answer::absent() } else { Answer::residual().count("contacts", left) })
    /// }
    /// # }
    /// # assert_eq!(Crm.verify(&[("email", "ann@x.cz")].into(), &Call::unattended()), Ok(Answer::absent()));
    /// ```
    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let _ = (request, call);
        Ok(Answer::unverifiable("this plugin cannot look again"))
    }

    /// What else the system knows the person by, of the kinds that the manifest names in
    /// [`Manifest::finds`]: for other systems that are asked after this one. Changes nothing, and returns only what surely is
    /// this person's. A plugin that does not declare it is not asked.
    ///
    /// ```
    /// # use quietus_plugin::{Call, Found, Kind, PluginError, Request};
    /// # struct Crm;
    /// # impl Crm {
    /// #     fn search(&self, _: &str, _: &Call) -> Result<Vec<u64>, PluginError> { Ok(vec![4711]) }
    /// fn find(&self, request: &Request, call: &Call) -> Result<Found, PluginError> {
    ///     let mut found = Found::nothing();
    ///     for email in request.values(Kind::Email) {
    ///         for number in self.search(email, call)? {
    ///             found = found.identifier("customer_no", number.to_string());
    ///         }
    ///     }
    ///     Ok(found)
    /// }
    /// # }
    /// # let found = Crm.find(&[("email", "ann@x.cz")].into(), &Call::unattended());
    /// # assert_eq!(found, Ok(Found::nothing().identifier("customer_no", "4711")));
    /// ```
    fn find(&self, request: &Request, call: &Call) -> Result<Found, PluginError> {
        let _ = (request, call);
        Ok(Found::nothing())
    }

    /// Whom the system holds, a page at a time, so that people who were erased and whom a restored backup brought back are found:
    /// the host compares fingerprints, and has who is found erased by [`Plugin::erase`]. Changes nothing. Returns every record that
    /// `erase` would find by its identifiers, of the kinds that are wanted, each with its times where the system says them; nothing else
    /// is learned of who is returned, and nothing of it may be logged. A plugin that does not declare it is not asked. One that cannot list
    /// all of its system, as it is configured, answers an error of class `permanent`, and never a part as if it were all.
    ///
    /// ```
    /// # use quietus_plugin::{Call, Kind, PluginError, Sweep, Swept, SweptRecord};
    /// # struct Contact { id: u64, email: &'static str, created_ms: i64 }
    /// # struct Crm;
    /// # impl Crm {
    /// #     fn list(&self, after: u64, most: u32) -> Result<Vec<Contact>, PluginError> {
    /// #         let all = [7, 8, 9].map(|id| Contact { id, email: "ann@x.cz", created_ms: 5 });
    /// #         Ok(all.into_iter().filter(|one| one.id > after).take(most as usize).collect())
    /// #     }
    /// fn sweep(&self, wanted: &Sweep, _: &Call) -> Result<Swept, PluginError> {
    ///     let after = wanted.cursor.as_ref().and_then(|cursor| cursor.expose().try_into().ok()).map_or(0, u64::from_le_bytes);
    ///     let contacts = self.list(after, wanted.records_max)?;
    ///     let last = contacts.last().map(|contact| contact.id.to_le_bytes());
    ///     let records = contacts.iter().map(|contact| {
    ///         SweptRecord::default().identifier(Kind::Email, contact.email).created_ms(contact.created_ms)
    ///     });
    ///     Ok(last.map_or_else(|| Swept::last([]), |last| Swept::page(records, last)))
    /// }
    /// # }
    /// # let first = Crm.sweep(&Sweep { kinds: vec![Kind::Email], records_max: 2, region: None, cursor: None }, &Call::unattended());
    /// # assert_eq!(first.expect("a page").records.len(), 2);
    /// ```
    fn sweep(&self, wanted: &Sweep, call: &Call) -> Result<Swept, PluginError> {
        let _ = (wanted, call);
        Err(PluginError::permanent("this plugin cannot say whom its system holds"))
    }

    /// Whether the system can be reached and accepts the credentials.
    ///
    /// ```
    /// # use quietus_plugin::{Call, PluginError};
    /// # struct Exports { folder: std::path::PathBuf }
    /// # impl Exports {
    /// fn health(&self, _: &Call) -> Result<(), PluginError> {
    ///     if self.folder.is_dir() { Ok(()) } else { Err(PluginError::needs_operator("the folder is not there")) }
    /// }
    /// # }
    /// # assert!(Exports { folder: "/nowhere".into() }.health(&Call::unattended()).is_err());
    /// ```
    fn health(&self, call: &Call) -> Result<(), PluginError> {
        let _ = call;
        Ok(())
    }
}

/// The secrets that the operator gave to the plugin, by name.
///
/// ```
/// use quietus_plugin::{Secrets, Sensitive};
///
/// let secrets = Secrets::new([("token".to_owned(), Sensitive::new("hunter2"))].into());
/// assert!(!format!("{secrets:?}").contains("hunter2"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<String, Sensitive>);

impl Secrets {
    /// Of a map; for tests of plugins.
    ///
    /// ```
    /// # use quietus_plugin::{Secrets, Sensitive};
    /// let secrets = Secrets::new([("token".to_owned(), Sensitive::new("hunter2"))].into());
    /// assert_eq!(secrets.get("token"), Some(&Sensitive::new("hunter2")));
    /// ```
    pub fn new(secrets: BTreeMap<String, Sensitive>) -> Self {
        Self(secrets)
    }

    /// The secret of this name, where there is one.
    ///
    /// ```
    /// # use quietus_plugin::Secrets;
    /// let proxy = Secrets::default();
    /// assert!(proxy.get("proxy_password").is_none(), "then without");
    /// ```
    pub fn get(&self, name: &str) -> Option<&Sensitive> {
        self.0.get(name)
    }

    /// The secret of this name, or an error that names it.
    ///
    /// ```
    /// # use quietus_plugin::{ErrorClass, Secrets};
    /// let missing = Secrets::default().require("token").err().expect("not there");
    /// assert_eq!((missing.class, missing.message.as_str()), (ErrorClass::NeedsOperator, "the secret `token` is not configured"));
    /// ```
    pub fn require(&self, name: &str) -> Result<&Sensitive, PluginError> {
        self.get(name).ok_or_else(|| PluginError::needs_operator(format!("the secret `{name}` is not configured")))
    }

    #[cfg(feature = "http")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sensitive> {
        self.0.values()
    }
}
