//! `quietus plugin run`: one request to a plugin, through the real supervisor and its sandbox.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::Timestamp;
use quietus_plugin::ANY;
use quietus_plugin::identity::Region;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::answer::{End, Told};
use super::heard::Heard;
use super::subject::{Watched, Which, Whom};
use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::erasure::{ErasureId, ReachedSession};
use crate::keys::{IndexKey, Secret, fill_random};
use crate::plugin::{Installed, PluginHost, PluginState, Subject, introduce};
use crate::span::Span;
use crate::subject::{GuestId, Identifier, Identifiers, InstallationName, Kind, Scope, SessionId, SessionKey};
use crate::target::{Target as _, TargetCall, no_checkpoint};

const EXAMPLES: &str = "\
Examples:
  quietus plugin run libfolder.so --config '{\"folder\":\"guests\"}' --method erase --guest-id g-1
  quietus plugin run libcrm.so --config crm.toml --secret token=crm.token --method verify --email test@example.com
  quietus plugin run --plugin crm --config quietus.toml --method health
  quietus plugin run libcrm.so --config crm.toml --method dry-run --identifier customer=@customer.txt

Arguments can be seen by every user of this machine and stay in the shell's history, so only test data belongs into them.
`@FILE` reads a value from a file's first line; `-` asks for it, or reads a line of standard input.";

/// Make one request to a plugin, as the server would: the same supervisor, the same sandbox
///
/// Shows the outcome, the reason, the counts, how long it took, and what the plugin logged, redacted. Exit code 0 when the
/// data is gone, absent or rightly kept, when a dry run was answered, or when it is healthy; otherwise 1.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    which: Which,
    /// What to ask for
    #[arg(long, value_enum)]
    method: Method,
    /// The longest that the request may take, if shorter than the plugin declares
    #[arg(long, value_name = "SPAN", conflicts_with = "attach")]
    timeout: Option<Span>,
    /// Wait with loading the plugin until a debugger has attached; no timeouts
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    watched: Watched,
    #[command(flatten)]
    whom: Whom,
}

/// What a plugin is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Method {
    /// Erase the person's data
    Erase,
    /// Say whether it is gone
    Verify,
    /// Say whether its system can be reached
    Health,
    /// Say what would go, and change nothing
    DryRun,
}

impl Method {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::Verify => "verify",
            Self::Health => "health",
            Self::DryRun => "dry run",
        }
    }
}

impl Run {
    pub(in crate::cli) async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let identifiers = self.whom.read(out)?;
        if identifiers.is_empty() && self.method != Method::Health {
            let what = "name a person of the test system, such as --email test@example.com; `--help` shows all kinds";
            return Err(Failure::Usage(what.into()));
        }
        let mut settings = self.which.settings(global)?;
        let region = self.whom.region().or(settings.region);
        if let Some(timeout) = self.timeout {
            settings.plugin.call_max = Some(timeout);
        }
        let installed =
            introduced(settings.install()?.with_output(self.watched.output()), settings.granted, &identifiers).await;
        let method = self.method;
        let call = call(identifiers, region, method)?;
        let told = if self.attach {
            let (installed, awaiting) = installed.for_debugger();
            let debugged = async {
                tell_process(awaiting, out).await;
                std::future::pending().await
            };
            tokio::select! {
                told = ask(installed, method, &call) => told,
                never = debugged => never,
            }
        } else {
            ask(installed, method, &call).await
        };
        told.show(out)?;
        Ok(Exit::when(told.end.is_good(method)))
    }
}

/// Lets the plugin introduce itself, so that it is granted what it declares where no operator has granted anything. One
/// that cannot be loaded says so when it is started.
async fn introduced(installed: Installed, granted: bool, identifiers: &[(Kind, Secret)]) -> Installed {
    let subject = Subject { installed, program: super::program(), identifiers: Vec::new(), region: None, calls: 0 };
    let introduction = introduce(&subject).await;
    if granted {
        return subject.installed;
    }
    let mut grants: BTreeSet<Kind> = identifiers.iter().map(|(kind, _)| kind.clone()).collect();
    if let Ok(introduction) = introduction {
        let declared = introduction.manifest.identifiers;
        let named = declared.required.iter().chain(&declared.optional).filter(|kind| *kind != ANY);
        grants.extend(named.filter_map(|kind| kind.parse().ok()));
    }
    // A plugin that works with any kind names none, and does not start without one.
    if grants.is_empty() {
        grants.insert(Kind::Email);
    }
    subject.installed.granting(grants.into_iter().collect())
}

/// Says how to attach, once a process waits for it.
async fn tell_process(mut awaiting: watch::Receiver<Option<u32>>, out: &mut Out) {
    let Ok(process) = awaiting.wait_for(Option::is_some).await.map(|process| *process) else { return };
    let process = process.unwrap_or_default();
    out.note(format_args!(
        "process {process} waits for a debugger before it loads the plugin: gdb -p {process} -ex 'set breakpoint pending on'; \
         set breakpoints there, and continue. There are no timeouts"
    ));
}

/// The request. Its key is a new one each time.
fn call(identifiers: Vec<(Kind, Secret)>, region: Option<Region>, method: Method) -> Result<TargetCall, Failure> {
    let mut known = Identifiers::default();
    let mut guests = Vec::new();
    let mut sessions = Vec::new();
    for (kind, value) in identifiers {
        let nothing = || Failure::Usage(format!("nothing is left of the {kind} once it is in its normal form"));
        match kind {
            Kind::GuestId => guests.push(GuestId::named(value.expose()).ok_or_else(nothing)?),
            Kind::SessionId => sessions.push(session(&value)?),
            _ => _ = known.0.insert(Identifier::new(kind.clone(), value.expose()).ok_or_else(nothing)?),
        }
    }
    let mut key = Zeroizing::new([0; 32]);
    fill_random(&mut *key);
    let erasure = ErasureId::generate(Timestamp::now());
    Ok(TargetCall {
        erasure,
        idempotency: IndexKey::new(&key).idempotency(&erasure.to_string(), "under-test", 0),
        scope: Scope::Person,
        dry_run: method == Method::DryRun,
        identifiers: known,
        guests,
        whole_guests: Vec::new(),
        sessions,
        searched: false,
        region,
        erased_since: None,
        report: None,
        resume: None,
        checkpoint: no_checkpoint(),
    })
}

/// A plugin is told a session's number alone, whatever the installation.
fn session(value: &Secret) -> Result<ReachedSession, Failure> {
    let number = value.expose().parse().map_err(|_| Failure::Usage("a session's id is a number".into()))?;
    let key = SessionKey { installation: InstallationName::unnamed(), session: SessionId(number) };
    Ok(ReachedSession { key, read_before: true })
}

async fn ask(installed: Installed, method: Method, call: &TargetCall) -> Told {
    let (heard, listening) = Heard::listen();
    let host = PluginHost::new(installed, super::program());
    let shutdown = CancellationToken::new();
    let asking = async {
        let begin = Instant::now();
        let end = match host.started().await {
            PluginState::Up(_) => {
                // Without the time that loading took.
                let begin = Instant::now();
                let end = match method {
                    Method::Health => End::of_health(host.health().await),
                    Method::Verify => End::of_answer(host.verify(call).await),
                    Method::Erase | Method::DryRun => End::of_answer(host.erase(call).await),
                };
                (end, begin.elapsed())
            }
            PluginState::Failed(why) | PluginState::Restarting(why) => (End::not_started(why), begin.elapsed()),
            PluginState::Starting | PluginState::Stopped => (End::not_started("it ended".into()), begin.elapsed()),
        };
        shutdown.cancel();
        end
    };
    let ((end, took), ()) = tokio::join!(asking, host.clone().run(shutdown.clone()));
    drop(listening);
    Told { method, end, duration_ms: took.as_millis().try_into().unwrap_or(u64::MAX), log: heard.lines() }
}
