//! One call to a plugin, through the real supervisor and its sandbox, as the server would make it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use quietus_plugin::ANY;
use quietus_plugin::identity::Region;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::heard::{Heard, Line};
use crate::erasure::{ErasureId, Outcome, ReachedSession};
use crate::keys::{IndexKey, Secret, fill_random};
use crate::operations::{GivenIdentifiers, InputError, OperationError};
use crate::plugin::{Installed, PluginHost, PluginState, Program, TestedPlugin, introduce};
use crate::subject::{GuestId, Identifier, Identifiers, InstallationName, Kind, Scope, SessionId, SessionKey};
use crate::target::{Answer, Evidence, Found, Target as _, TargetCall, TargetError, no_checkpoint};

/// What takes longer is told of.
const SLOW: Duration = Duration::from_secs(3);

/// What a plugin is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    Erase,
    Verify,
    Health,
    DryRun,
    Find,
}

/// A call. Holds personal data in memory.
pub(crate) struct PluginCall {
    pub(crate) installed: Installed,
    /// What becomes the plugin's process.
    pub(crate) program: Program,
    /// Whether an operator has granted kinds of identifiers; otherwise the plugin is granted what it declares.
    pub(crate) granted: bool,
    pub(crate) method: Method,
    /// Whom the call is about: a person of a test system.
    pub(crate) identifiers: GivenIdentifiers,
    pub(crate) region: Option<Region>,
}

/// A call and its end.
#[derive(Debug, Serialize)]
pub(crate) struct Called {
    pub(crate) method: Method,
    #[serde(flatten)]
    pub(crate) ending: Ending,
    pub(crate) duration_ms: u64,
    pub(crate) log: Vec<Line>,
}

/// How a call ended.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Ending {
    Healthy {
        healthy: bool,
    },
    Answered {
        outcome: Outcome,
        reason: Option<String>,
        counts: BTreeMap<String, u64>,
        verify_after_s: Option<u64>,
        #[serde(flatten)]
        evidence: Evidence,
    },
    /// How many identifiers of each kind the plugin knows besides; their values are nobody's to see here.
    Found {
        found: BTreeMap<String, u64>,
        more: bool,
    },
    Failed {
        /// The error's class.
        error: &'static str,
        message: String,
    },
}

impl Called {
    /// Whether what was asked for is so.
    pub(crate) fn is_good(&self) -> bool {
        match &self.ending {
            Ending::Healthy { healthy } => *healthy,
            Ending::Found { .. } => true,
            Ending::Answered { outcome: Outcome::Erased | Outcome::Absent | Outcome::Retained, .. } => true,
            // What a dry run should say of what is there.
            Ending::Answered { outcome: Outcome::Residual, .. } => self.method == Method::DryRun,
            Ending::Answered { .. } | Ending::Failed { .. } => false,
        }
    }
}

impl Ending {
    fn of_health(health: Result<(), TargetError>) -> Self {
        health.map_or_else(Self::of_error, |()| Self::Healthy { healthy: true })
    }

    fn of_answer(answer: Result<Answer, TargetError>) -> Self {
        answer.map_or_else(Self::of_error, |answer| Self::Answered {
            outcome: answer.outcome,
            reason: answer.reason,
            counts: answer.counts,
            verify_after_s: answer.verify_after.as_ref().map(Duration::as_secs),
            evidence: answer.evidence,
        })
    }

    fn of_found(found: Result<Found, TargetError>) -> Self {
        found.map_or_else(Self::of_error, |Found { identifiers, more }| {
            let mut found = BTreeMap::new();
            for identifier in &identifiers.0 {
                *found.entry(identifier.kind.to_string()).or_default() += 1;
            }
            Self::Found { found, more }
        })
    }

    fn of_error(error: TargetError) -> Self {
        let class = match &error {
            TargetError::Retryable(_) | TargetError::Unavailable(_) => "retryable",
            TargetError::RateLimited { .. } => "rate_limited",
            TargetError::Permanent(_) | TargetError::OfRecord(_) => "permanent",
            TargetError::NeedsOperator(_) => "needs_operator",
            TargetError::Later { .. } => "accepted",
            TargetError::NotYet { .. } => "not_yet",
            TargetError::NotNoted(_) => "not_noted",
            TargetError::Halted { .. } => "halted",
            TargetError::Crowded { .. } => "crowded",
            TargetError::Cancelled => "cancelled",
        };
        Self::Failed { error: class, message: error.to_string() }
    }

    /// It could not even be asked.
    fn not_started(why: String) -> Self {
        Self::Failed { error: "not_started", message: why }
    }
}

/// Makes a call. `debugged` is told the process that waits for a debugger, where one is to wait
/// ([`Installed::for_debugger`]); `waits`, what is waited for, when it takes long.
pub(crate) async fn call(
    request: PluginCall,
    awaiting: Option<watch::Receiver<Option<u32>>>,
    debugged: impl FnOnce(u32),
    waits: impl Fn(&str),
) -> Result<Called, OperationError> {
    let PluginCall { installed, program, granted, method, identifiers, region } = request;
    if identifiers.is_empty() && method != Method::Health {
        return Err(InputError::NobodyNamed.into());
    }
    let kinds: BTreeSet<Kind> = identifiers.iter().map(|(kind, _)| kind.clone()).collect();
    let call = target_call(identifiers, region, method)?;
    let step = installed.awaited();
    let installed = told_when_slow(introduced(installed, program.clone(), granted, kinds), &step, &waits).await;
    let step = installed.awaited();
    let asking = ask(installed, program, method, &call);
    let Some(mut awaiting) = awaiting else { return Ok(told_when_slow(asking, &step, waits).await) };
    let telling = async {
        if let Ok(process) = awaiting.wait_for(Option::is_some).await.map(|process| *process) {
            debugged(process.unwrap_or_default());
        }
        // Telling must not end the call: it goes on for as long as somebody debugs.
        std::future::pending::<std::convert::Infallible>().await
    };
    tokio::select! {
        called = asking => Ok(called),
        never = telling => match never {},
    }
}

/// Says what is waited for while it takes long.
async fn told_when_slow<T>(
    what: impl Future<Output = T>,
    step: &watch::Receiver<Option<&'static str>>,
    tell: impl Fn(&str),
) -> T {
    let mut what = pin!(what);
    let begin = Instant::now();
    loop {
        if let Ok(done) = timeout(SLOW, &mut what).await {
            return done;
        }
        let seconds = begin.elapsed().as_secs();
        match *step.borrow() {
            Some(step) => tell(&format!("after {seconds} s, the plugin's process has not come to {step}")),
            None => tell(&format!("after {seconds} s, the plugin has not answered")),
        }
    }
}

/// Lets the plugin introduce itself, so that it is granted what it declares where no operator has granted anything. One
/// that cannot be loaded says so when it is started.
async fn introduced(installed: Installed, program: Program, granted: bool, mut grants: BTreeSet<Kind>) -> Installed {
    let subject = TestedPlugin { installed, program, identifiers: Vec::new(), region: None, calls: 0 };
    let introduction = introduce(&subject).await;
    if granted {
        return subject.installed;
    }
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

/// The call as a target gets it. Its key is a new one each time.
fn target_call(
    identifiers: GivenIdentifiers,
    region: Option<Region>,
    method: Method,
) -> Result<TargetCall, InputError> {
    let mut known = Identifiers::default();
    let mut guests = Vec::new();
    let mut sessions = Vec::new();
    for (kind, value) in identifiers {
        let nothing = || InputError::Empty(kind.clone());
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
fn session(value: &Secret) -> Result<ReachedSession, InputError> {
    let number = value.expose().parse().map_err(|_| InputError::SessionNumber)?;
    let key = SessionKey { installation: InstallationName::unnamed(), session: SessionId(number) };
    Ok(ReachedSession { key, read_before: true })
}

async fn ask(installed: Installed, program: Program, method: Method, call: &TargetCall) -> Called {
    let (heard, listening) = Heard::listen();
    let host = PluginHost::new(installed, program);
    let shutdown = CancellationToken::new();
    let asking = async {
        let begin = Instant::now();
        let ending = match host.started().await {
            PluginState::Up(_) => {
                // Without the time that loading took.
                let begin = Instant::now();
                let ending = match method {
                    Method::Health => Ending::of_health(host.health().await),
                    Method::Verify => Ending::of_answer(host.verify(call).await),
                    Method::Find => Ending::of_found(host.find(call).await),
                    Method::Erase | Method::DryRun => Ending::of_answer(host.erase(call).await),
                };
                (ending, begin.elapsed())
            }
            PluginState::Failed(why) | PluginState::Restarting(why) => (Ending::not_started(why), begin.elapsed()),
            PluginState::Starting | PluginState::Stopped => (Ending::not_started("it ended".into()), begin.elapsed()),
        };
        // The host runs until it is told to stop: without this, the join below would not end.
        shutdown.cancel();
        ending
    };
    let ((ending, took), ()) = tokio::join!(asking, host.clone().run(shutdown.clone()));
    // Only now, so that what the process says while it stops is heard, too.
    drop(listening);
    Called { method, ending, duration_ms: took.as_millis().try_into().unwrap_or(u64::MAX), log: heard.lines() }
}
