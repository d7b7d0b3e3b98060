//! A host for authors' tests: no server, no process. Calls take the same path as in the real host: JSON both ways, the
//! manifest's limits, a deadline, cancellation, checkpoints, redacted text.

mod judge;
mod page;
mod storing;
mod watch;

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::dispatch::{Configured, manifest};
use crate::protocol::{
    Answer, ErrorClass, Found, Level, PluginError, Reply, Request, Sensitive, Setup, Sweep, SweptRecord,
};
use crate::{ANY, Kind, Manifest, Operation, Plugin};
use watch::Watch;

pub use page::unsaid;

/// How long after its deadline the host still takes an answer.
const CANCEL_GRACE: Duration = Duration::from_secs(2);

/// Runs a plugin in a test as quietus would: what goes in and comes out is JSON, only declared identifiers are sent, a
/// panic is an error, an answer that the host would refuse is an error of class [`Protocol`](ErrorClass::Protocol), and
/// text is redacted.
///
/// ```
/// # use quietus_plugin::*;
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Config { folder: std::path::PathBuf }
/// # struct Folder(Config);
/// # impl Plugin for Folder {
/// #     type Config = Config;
/// #     fn manifest() -> Manifest { Manifest::new("folder", "1.0.0").requires("guest_id") }
/// #     fn configure(config: Config, _: Secrets) -> Result<Self, PluginError> { Ok(Self(config)) }
/// #     fn erase(&self, request: &Request, _: &Call) -> Result<Answer, PluginError> {
/// #         let gone = request.values("guest_id").filter(|id| std::fs::remove_file(self.0.folder.join(id)).is_ok());
/// #         Ok(match gone.count() { 0 => Answer::absent(), files => Answer::erased().count("files", files as u64) })
/// #     }
/// # }
/// use quietus_plugin::{Answer, TestHost};
///
/// let folder = std::env::temp_dir();
/// std::fs::write(folder.join("g-4711"), "{}")?;
/// let host = TestHost::<Folder>::new(serde_json::json!({ "folder": folder }))?;
/// assert_eq!(host.erase([("guest_id", "g-4711")]), Ok(Answer::erased().count("files", 1)));
/// assert_eq!(host.erase([("guest_id", "g-4711")]), Ok(Answer::absent()));
/// assert!(host.erase([("email", "ann@x.cz")]).is_err(), "the manifest does not declare it");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TestHost<P> {
    plugin: Configured<P>,
    /// What it was configured with.
    setup: Zeroizing<Vec<u8>>,
    manifest: Manifest,
    /// The kinds that it may return, as it is configured.
    returned: Vec<String>,
    secrets: Vec<Sensitive>,
    watch: Watch,
    call_max: Option<Duration>,
    next: AtomicU64,
    of: PhantomData<P>,
}

impl<P: Plugin> TestHost<P> {
    /// Configures the plugin, without secrets. The error is what the operator would be told.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Config { folder: std::path::PathBuf }
    /// # struct Folder(Config);
    /// # impl Plugin for Folder {
    /// #     type Config = Config;
    /// #     fn manifest() -> Manifest { Manifest::new("folder", "1.0.0").requires("guest_id") }
    /// #     fn configure(config: Config, _: Secrets) -> Result<Self, PluginError> { Ok(Self(config)) }
    /// #     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> { Ok(Answer::absent()) }
    /// # }
    /// let refused = TestHost::<Folder>::new(serde_json::json!({ "folder": 7 }));
    /// assert_eq!(refused.err().map(|error| error.class), Some(ErrorClass::Permanent));
    /// ```
    pub fn new(config: impl Serialize) -> Result<Self, PluginError> {
        Self::with_secrets::<&str, &str>(config, [])
    }

    /// Configures the plugin with these secrets, which the manifest must name.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm(Sensitive);
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").requires_secret("token") }
    /// #     fn configure(_: (), secrets: Secrets) -> Result<Self, PluginError> { Ok(Self(secrets.require("token")?.clone())) }
    /// #     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> { Ok(Answer::absent()) }
    /// # }
    /// let host = TestHost::<Crm>::with_secrets((), [("token", "hunter2")])?;
    /// assert_eq!(host.erase([("email", "ann@x.cz")]), Ok(Answer::absent()));
    /// assert!(TestHost::<Crm>::new(()).is_err());
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn with_secrets<N: Into<String>, V: Into<String>>(
        config: impl Serialize,
        secrets: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, PluginError> {
        let manifest = manifest::<P>().ok_or_else(|| PluginError::permanent("the plugin has no manifest"))?;
        let not_json = |_| PluginError::permanent("the configuration is not JSON");
        let setup = Setup {
            config: serde_json::to_value(config).map_err(not_json)?,
            secrets: secrets.into_iter().map(|(name, value)| (name.into(), Sensitive::new(value))).collect(),
        };
        judge::manifest(&manifest, &setup.config)?;
        let returned = manifest.returned(&setup.config);
        judge::secrets(&manifest.secrets, &setup.secrets)?;
        let secrets: Vec<_> = setup.secrets.values().cloned().collect();
        let setup = Zeroizing::new(serde_json::to_vec(&setup).map_err(not_json)?);
        let plugin = Configured::make(&setup).map_err(|error| judge::error(error, None, &secrets))?;
        let next = AtomicU64::new(1);
        let watch = Watch::default();
        Ok(Self { plugin, setup, manifest, returned, secrets, watch, call_max: None, next, of: PhantomData })
    }

    /// Calls end after this long, as with the operator's `call_max`; the manifest's times if unset. With
    /// [`Duration::ZERO`], the host has given up before the plugin begins.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Slow;
    /// # impl Plugin for Slow {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("slow", "1.0.0").requires("email") }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> { call.check()?; Ok(Answer::absent()) }
    /// # }
    /// let host = TestHost::<Slow>::new(())?.call_max(std::time::Duration::ZERO);
    /// assert_eq!(host.erase([("email", "ann@x.cz")]), Err(PluginError::cancelled()));
    /// # Ok::<(), PluginError>(())
    /// ```
    #[must_use]
    pub fn call_max(mut self, longest: Duration) -> Self {
        self.call_max = Some(longest);
        self
    }

    /// Each call is cancelled when the plugin has asked this often whether it is: 0 is at once.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Batches;
    /// # impl Plugin for Batches {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("batches", "1.0.0").requires("email") }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> {
    /// #         for n in 1.. { call.check()?; call.log(Level::Info, format!("batch {n}")) }
    /// #         Ok(Answer::absent())
    /// #     }
    /// # }
    /// let host = TestHost::<Batches>::new(())?.cancel_after(2);
    /// assert_eq!(host.erase([("email", "ann@x.cz")]), Err(PluginError::cancelled()));
    /// assert_eq!(host.log(), [(Level::Info, "batch 1".into()), (Level::Info, "batch 2".into())]);
    /// # Ok::<(), PluginError>(())
    /// ```
    #[must_use]
    pub fn cancel_after(mut self, questions: u64) -> Self {
        self.watch.cancel_after = Some(questions);
        self
    }

    /// Erases. The request may be an array of kinds and values, or a whole [`Request`].
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email") }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, request: &Request, _: &Call) -> Result<Answer, PluginError> {
    /// #         Ok(Answer::erased().count("contacts", request.values(Kind::Email).count() as u64))
    /// #     }
    /// # }
    /// let host = TestHost::<Crm>::new(())?;
    /// let first = Request::from([("email", "ann@x.cz"), ("email", "ann@y.cz")]);
    /// assert_eq!(host.erase(&first), Ok(Answer::erased().count("contacts", 2)));
    /// let other = Request { idempotency_key: "k-2".into(), ..first };
    /// assert_eq!(host.erase(other)?.outcome, Outcome::Erased);
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn erase(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.ask("erase", &request.into())
    }

    /// Asks what an erasure would erase. As in the host, a plugin that does not declare dry runs is not asked.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").dry_run() }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, request: &Request, _: &Call) -> Result<Answer, PluginError> {
    /// #         let Some(_) = request.writes() else { return Ok(Answer::residual().count("contacts", 3)) };
    /// #         unreachable!()
    /// #     }
    /// # }
    /// let host = TestHost::<Crm>::new(())?;
    /// assert_eq!(host.dry_run([("email", "ann@x.cz")]), Ok(Answer::residual().count("contacts", 3)));
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn dry_run(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.ask("erase", &Request { dry_run: true, ..request.into() })
    }

    /// Looks again.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Mailbox;
    /// # impl Plugin for Mailbox {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("mailbox", "1.0.0").requires("email") }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> { Ok(Answer::erased()) }
    /// # }
    /// let host = TestHost::<Mailbox>::new(())?;
    /// assert_eq!(host.verify([("email", "ann@x.cz")])?.outcome, Outcome::Unverifiable);
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn verify(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.ask("verify", &request.into())
    }

    /// Asks what else the system knows the person by. As in the host, a plugin that does not declare it is not asked.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").finds(["customer_no"]) }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> { Ok(Answer::absent()) }
    /// #     fn find(&self, _: &Request, _: &Call) -> Result<Found, PluginError> {
    /// #         Ok(Found::nothing().identifier("customer_no", "4711"))
    /// #     }
    /// # }
    /// let found = TestHost::<Crm>::new(())?.find([("email", "ann@x.cz")])?;
    /// assert_eq!(found, Found::nothing().identifier("customer_no", "4711"));
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn find(&self, request: impl Into<Request>) -> Result<Found, PluginError> {
        let request = request.into();
        if !self.manifest.can(&Operation::Find) || self.cannot_ask(&request)?.is_some() {
            return Ok(Found::nothing());
        }
        let result = self.ask_raw("find", &request, self.manifest.timeouts.verify_ms);
        let found = result.and_then(|result| judge::found(result, &self.returned));
        found.map_err(|error| judge::error(error, Some(&request), &self.secrets))
    }

    /// Asks for all pages of whom the system holds, of so many records at most. As in the host, a page that may not be is an error.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").sweeps() }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> { Ok(Answer::absent()) }
    /// #     fn sweep(&self, _: &Sweep, _: &Call) -> Result<Swept, PluginError> {
    /// #         Ok(Swept::last([SweptRecord::default().identifier("email", "ann@x.cz")]))
    /// #     }
    /// # }
    /// let records = TestHost::<Crm>::new(())?.sweep(100)?;
    /// assert_eq!(records[0].identifiers[0].value.expose(), "ann@x.cz");
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn sweep(&self, records_max: u32) -> Result<Vec<SweptRecord>, PluginError> {
        let kinds = self.manifest.identifiers.required.iter().chain(&self.manifest.identifiers.optional);
        let kinds = kinds.filter(|kind| *kind != ANY).map(|kind| Kind::from(kind.as_str()));
        let kinds = kinds.chain([Kind::Email, Kind::Phone, Kind::Name]);
        let mut wanted = Sweep { kinds: Vec::new(), records_max, region: None, cursor: None };
        for kind in kinds.filter(|kind| self.manifest.identifiers.names(kind.as_str())) {
            if !wanted.wants(&kind) && !kind.is_internal_id() {
                wanted.kinds.push(kind);
            }
        }
        let mut all = Vec::new();
        loop {
            let json = serde_json::to_vec(&wanted).map_err(|_| PluginError::permanent("the request is not JSON"))?;
            let result = self.call("sweep", &json, Duration::from_millis(self.manifest.timeouts.verify_ms));
            let page = result.and_then(|result| judge::swept(result, &wanted));
            let page = page.map_err(|error| judge::error(error, None, &self.secrets))?;
            all.extend(page.records);
            match page.next {
                None => return Ok(all),
                next => wanted.cursor = next,
            }
        }
    }

    /// Asks for the plugin's health.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email") }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> { Ok(Answer::absent()) }
    /// #     fn health(&self, _: &Call) -> Result<(), PluginError> { Err(PluginError::needs_operator("the licence has ended")) }
    /// # }
    /// let sick = TestHost::<Crm>::new(())?.health();
    /// assert_eq!(sick, Err(PluginError::needs_operator("the licence has ended")));
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn health(&self) -> Result<(), PluginError> {
        let longest = Duration::from_millis(self.manifest.timeouts.health_ms);
        self.call("health", b"{}", longest).map(drop).map_err(|error| judge::error(error, None, &self.secrets))
    }

    /// The lines of the log so far, as quietus would show them: redacted, each at most 500 characters, no more than 100
    /// in 10 seconds.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email") }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
    /// #         for email in request.values("email") { call.log(Level::Warn, format!("no contact {email}")) }
    /// #         Ok(Answer::absent())
    /// #     }
    /// # }
    /// let host = TestHost::<Crm>::new(())?;
    /// host.erase([("email", "ann@x.cz")])?;
    /// assert_eq!(host.log(), [(Level::Warn, "no contact [redacted]".to_owned())]);
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn log(&self) -> Vec<(Level, String)> {
        self.watch.lines()
    }

    /// What the plugin says of itself, with the configuration's schema.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Config { folder: std::path::PathBuf }
    /// # struct Folder;
    /// # impl Plugin for Folder {
    /// #     type Config = Config;
    /// #     fn manifest() -> Manifest { Manifest::new("folder", "1.0.0").requires("guest_id").writes("/folder") }
    /// #     fn configure(_: Config, _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, _: &Call) -> Result<Answer, PluginError> { Ok(Answer::absent()) }
    /// # }
    /// let host = TestHost::<Folder>::new(serde_json::json!({ "folder": "/srv" }))?;
    /// let schema = &host.manifest().config_schema;
    /// assert!(host.manifest().writes_from.iter().all(|pointer| schema["properties"].pointer(pointer).is_some()));
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the host does before and after a call about a person.
    fn ask(&self, method: &str, request: &Request) -> Result<Answer, PluginError> {
        let cannot_ask = self.cannot_ask(request)?;
        if request.dry_run && !self.manifest.can(&Operation::DryRun) {
            return Ok(Answer::unverifiable("this plugin cannot say what would go without erasing it"));
        }
        if method == "verify" && !self.manifest.can(&Operation::Verify) {
            return Ok(Answer::unverifiable("this plugin cannot look again"));
        }
        if let Some(why) = cannot_ask {
            return Ok(Answer::unverifiable(why));
        }
        let report = request.report.clone().filter(|_| self.manifest.can(&Operation::Report));
        let request = &Request { report, ..request.clone() };
        let longest = match method {
            "verify" => self.manifest.timeouts.verify_ms,
            _ => self.manifest.timeouts.erase_ms,
        };
        let result = self.ask_raw(method, request, longest);
        let answer = result.and_then(|result| judge::answer(result, request, &self.secrets));
        answer.map_err(|error| judge::error(error, Some(request), &self.secrets))
    }

    /// Why the host would not ask the plugin about these identifiers; the error is an author's.
    fn cannot_ask(&self, request: &Request) -> Result<Option<String>, PluginError> {
        let wanted = &self.manifest.identifiers;
        if let Some(other) = request.identifiers.iter().find(|identifier| !wanted.names(identifier.kind.as_str())) {
            let text = format!("the manifest does not declare `{}`: the host sends none of that kind", other.kind);
            return Err(PluginError::permanent(text));
        }
        if request.identifiers.is_empty() {
            return Ok(Some("no identifier of a kind that this target understands".into()));
        }
        let is_missing = |kind: &&String| request.values(Kind::from(*kind)).next().is_none();
        let missing = wanted.required.iter().find(is_missing);
        Ok(missing.map(|kind| format!("no identifier of the kind `{kind}`, which this target requires")))
    }

    /// With what the host has stored of this step.
    fn ask_raw(&self, method: &str, request: &Request, longest_ms: u64) -> Result<serde_json::Value, PluginError> {
        let may_resume = self.manifest.can(&Operation::Resume) && !request.dry_run;
        let stored = || self.watch.checkpoints.stored(&request.idempotency_key);
        let resume = request.resume.clone().or_else(stored).filter(|_| may_resume);
        let json = serde_json::to_vec(&Request { resume, ..request.clone() });
        let json = json.map_err(|_| PluginError::permanent("the request is not JSON"))?;
        self.call(method, &json, Duration::from_millis(longest_ms))
    }

    fn call(&self, method: &str, request: &[u8], longest: Duration) -> Result<serde_json::Value, PluginError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let longest = self.call_max.map_or(longest, |most| most.min(longest));
        let began = Instant::now();
        let host = self.watch.over(began, longest, request, &self.secrets);
        let reply = self.plugin.call(&host, id, method.as_bytes(), request);
        if began.elapsed() > longest.saturating_add(CANCEL_GRACE) {
            return Err(PluginError::new(ErrorClass::Timeout, "no answer in time"));
        }
        match judge::on_the_wire(&reply)? {
            Reply::Result { result } => Ok(result),
            Reply::Error { error } => Err(error),
            Reply::Unsupported => Err(PluginError::new(ErrorClass::Protocol, "the plugin does not know the method")),
        }
    }
}

#[cfg(test)]
mod tests;
