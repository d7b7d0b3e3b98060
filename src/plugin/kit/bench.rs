//! What the checks stand on: the plugin's process, started again whenever it is needed, and the findings so far.

use std::time::Duration;

use quietus_plugin::protocol::Reply;
use quietus_plugin::{ErrorClass, Manifest, Operation, PluginError, ResumeValue};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::answered::Answered;
use super::finding::{Checked, Event, Finding, Not, Verdict};
use super::leak_scanner::{Private, SharedScanner};
use super::person::Person;
use super::tested::{Introduction, TestedPlugin};
use super::wire::{Lost, Reaction, Wire};
use crate::plugin::launch::{Debugger, Launch};
use crate::plugin::reading::of_result;
use crate::target::Answer;

/// The longest that a check may take; the waits within are shorter, so this is for what nobody thought of.
const CHECK_MAX: Duration = Duration::from_secs(900);
/// The longest that one call is waited for, whatever a manifest says.
const CALL_MAX: Duration = Duration::from_secs(60);

pub(super) struct Bench<'a> {
    pub(super) subject: TestedPlugin,
    pub(super) scanner: SharedScanner,
    watch: &'a mut dyn FnMut(Event<'_>),
    findings: Vec<Finding>,
    wire: Option<Wire>,
    introduced: Option<Introduction>,
    /// What it stored while it erased the person, and whether it waited for that.
    pub(super) stored: Vec<ResumeValue>,
    pub(super) rushed: bool,
    /// Whether it could be configured once.
    configured: bool,
    /// What it answered in the whole run.
    pub(super) answered: Answered,
}

/// A method of the protocol's that is about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Erase,
    DryRun,
    Verify,
}

impl Method {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Erase | Self::DryRun => "erase",
            Self::Verify => "verify",
        }
    }

    fn shown(self) -> &'static str {
        match self {
            Self::DryRun => "a dry run",
            _ => self.word(),
        }
    }
}

impl<'a> Bench<'a> {
    pub(super) fn new(subject: TestedPlugin, watch: &'a mut dyn FnMut(Event<'_>)) -> Self {
        let scanner = SharedScanner::default();
        for (name, secret) in subject.secrets() {
            scanner.lock().look_for(Private::Secret, &format!("the secret `{name}`"), secret.expose());
        }
        Self {
            subject,
            scanner,
            watch,
            findings: Vec::new(),
            wire: None,
            introduced: None,
            stored: Vec::new(),
            rushed: false,
            configured: false,
            answered: Answered::default(),
        }
    }

    /// Makes one check and notes how it ended. After a failure the process is a new one.
    pub(super) async fn check(
        &mut self,
        id: &'static str,
        sentence: &'static str,
        what: impl AsyncFnOnce(&mut Self) -> Checked,
    ) {
        let begin = Instant::now();
        let checked = timeout(CHECK_MAX, what(self)).await;
        let verdict = Verdict::from(checked.unwrap_or_else(|_| {
            let why = format!("it was not over after {} s", CHECK_MAX.as_secs());
            Err(Not::failed(why, "answer each call in the time that the manifest declares"))
        }));
        if verdict.is_failed() {
            self.restart().await;
        }
        let finding = Finding { id, sentence, verdict, took: begin.elapsed() };
        (self.watch)(Event::Ended(&finding));
        self.findings.push(finding);
    }

    pub(super) fn count(&mut self, done: u32, of: u32) {
        (self.watch)(Event::Calls { done, of });
    }

    pub(super) async fn finish(mut self) -> Vec<Finding> {
        self.restart().await;
        self.findings
    }

    /// Ends the process; the next one who needs it has a new one.
    pub(super) async fn restart(&mut self) {
        if let Some(wire) = self.wire.take() {
            wire.end().await;
        }
    }

    // The process.

    pub(super) fn introduced(&self) -> Result<&Introduction, Not> {
        self.introduced.as_ref().ok_or_else(|| Not::skipped("the plugin could not be loaded"))
    }

    pub(super) fn manifest(&self) -> Result<&Manifest, Not> {
        Ok(&self.introduced()?.manifest)
    }

    pub(super) fn remember(&mut self, introduced: Introduction) {
        self.subject.remember(&introduced);
        self.introduced = Some(introduced);
    }

    pub(super) fn remember_configured(&mut self) {
        self.configured = true;
    }

    /// A process that has said hello, and nothing else.
    pub(super) async fn greeted(&self) -> Result<(Wire, Introduction), Not> {
        self.greeted_by(&self.subject.launch()).await
    }

    async fn greeted_by(&self, launch: &Launch) -> Result<(Wire, Introduction), Not> {
        let start = |why: String| Not::failed(why, "see the check `file-loads`");
        let mut wire = Wire::start(&self.subject, &self.scanner).map_err(|e| start(format!("cannot start it: {e}")))?;
        match wire.hello(launch, Value::Null).await {
            Ok(Reaction::Accepted(introduced)) => Ok((wire, introduced)),
            Ok(Reaction::Refused(error)) => Err(start(self.shown_error(&error))),
            Err(lost) => Err(start(lost.to_string())),
        }
    }

    /// A process that is configured.
    pub(super) async fn fresh(&self) -> Result<Wire, Not> {
        self.fresh_by(&self.subject.launch()).await
    }

    async fn fresh_by(&self, launch: &Launch) -> Result<Wire, Not> {
        self.manifest()?;
        if !self.configured {
            return Err(Not::skipped("the plugin could not be configured"));
        }
        let (mut wire, _) = self.greeted_by(launch).await?;
        let secrets = self.subject.exposed_secrets();
        let advice = "being configured must work each time alike";
        match wire.configure(&self.subject.config(), secrets, Value::Null).await {
            Ok(Reaction::Accepted(())) => Ok(wire),
            Ok(Reaction::Refused(error)) => Err(Not::failed(self.shown_error(&error), advice)),
            Err(lost) => Err(Not::failed(lost.to_string(), advice)),
        }
    }

    /// The configured process of the checks before, or a new one.
    pub(super) async fn ready(&mut self) -> Result<&mut Wire, Not> {
        let wire = match self.wire.take() {
            Some(wire) => wire,
            None => self.fresh().await?,
        };
        Ok(self.wire.insert(wire))
    }

    /// A new process for the checks that follow, which may be looked into.
    pub(super) async fn start_inspected(&mut self) -> Result<(), Not> {
        self.restart().await;
        let launch = Launch { debugger: Debugger::Inspected, ..self.subject.launch() };
        self.wire = Some(self.fresh_by(&launch).await?);
        Ok(())
    }

    /// The process of the checks before, while it lives.
    pub(super) fn process(&self) -> Option<u32> {
        self.wire.as_ref().and_then(Wire::process)
    }

    // Calls.

    pub(super) fn can(&self, operation: &Operation) -> Result<bool, Not> {
        Ok(self.manifest()?.can(operation))
    }

    /// The longest that a call may take.
    pub(super) fn longest(&self, method: Method) -> Duration {
        let Ok(manifest) = self.manifest() else { return CALL_MAX };
        let declared = match method {
            Method::Erase | Method::DryRun => manifest.timeouts.erase_ms,
            Method::Verify => manifest.timeouts.verify_ms,
        };
        Duration::from_millis(declared).min(CALL_MAX)
    }

    /// Makes a call, as the host does; how it ended.
    pub(super) async fn call(&mut self, what: &str, method: Method, person: &Person, key: &str) -> Result<Reply, Not> {
        self.call_from(what, method, person, key, None).await
    }

    /// The same with what an earlier call has stored.
    pub(super) async fn call_from(
        &mut self,
        what: &str,
        method: Method,
        person: &Person,
        key: &str,
        resume: Option<&ResumeValue>,
    ) -> Result<Reply, Not> {
        person.register(&self.scanner);
        let longest = self.longest(method);
        let mut request = person.request(key, method == Method::DryRun);
        if let Some(value) = resume {
            request["resume"] = json!(value);
        }
        let asked = self.ready().await?.call(method.word(), request, longest).await;
        let reply = asked.map_err(|lost| lost_during(what, &lost))?;
        if let Reply::Result { result } = &reply {
            self.answered.note(person, result);
        }
        Ok(reply)
    }

    /// Makes a call that must be answered by an outcome.
    pub(super) async fn ask(&mut self, method: Method, person: &Person, key: &str) -> Result<Answer, Not> {
        self.ask_from(method, person, key, None).await
    }

    /// The same with what an earlier call has stored.
    pub(super) async fn ask_from(
        &mut self,
        method: Method,
        person: &Person,
        key: &str,
        resume: Option<&ResumeValue>,
    ) -> Result<Answer, Not> {
        let what = method.shown();
        match self.call_from(what, method, person, key, resume).await? {
            Reply::Result { result } => of_result(result, false)
                .map_err(|why| Not::failed(format!("{what}: {why}"), "answer as PLUGINS.md says in `Protocol 1`")),
            Reply::Error { error } => Err(Not::failed(
                format!("{what} was answered with an error, {}", self.shown_error(&error)),
                "give the kit a test system that works, and a person who may be erased there",
            )),
            Reply::Unsupported => Err(Not::failed(
                format!("{what} is not supported, although the manifest declares it"),
                "declare only the operations that are there",
            )),
        }
    }

    pub(super) fn shown_error(&self, error: &PluginError) -> String {
        let class: &'static str = error.class.into();
        let message = self.subject.shown(&error.message);
        if message.is_empty() { format!("class `{class}`") } else { format!("class `{class}`: {message}") }
    }

    /// Whether the process still answers; `health` costs nothing and changes nothing.
    pub(super) async fn still_lives(&mut self, after: &str) -> Result<(), Not> {
        let longest = Duration::from_millis(self.manifest()?.timeouts.health_ms).min(CALL_MAX);
        let Some(wire) = &mut self.wire else { return Ok(()) };
        let answered = wire.call("health", Value::Null, longest).await.map(drop);
        answered.map_err(|lost| Not::failed(format!("after {after}, {lost}"), STAY_ALIVE))
    }
}

/// What the checks after `erase` know of it.
pub(super) type Erased<'a> = Option<&'a (Person, String, Answer)>;

/// An answer in a few words. Its reason was said by the plugin, so it is not repeated.
pub(super) fn in_words(answer: &Answer) -> String {
    let counts: Vec<_> = answer.counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
    match counts.as_slice() {
        [] => format!("`{}`", answer.outcome.as_str()),
        counts => format!("`{}` ({})", answer.outcome.as_str(), counts.join(", ")),
    }
}

const STAY_ALIVE: &str = "a process must outlive each of its calls";

/// A call whose answer did not come.
pub(super) fn lost_during(what: &str, lost: &Lost) -> Not {
    let advice = match lost {
        Lost::Ended(_) => STAY_ALIVE,
        Lost::Silent(_) => "answer every call exactly once, in the time that the manifest declares",
        Lost::Broken(_) => {
            "speak as PLUGINS.md says in `Protocol 1`; standard output carries frames only, what a program prints belongs on \
             standard error"
        }
    };
    Not::failed(format!("during {what}, {lost}"), advice)
}

/// An answer that says that the plugin's author broke the protocol.
pub(super) fn is_breach(reply: &Reply) -> Option<&str> {
    match reply {
        Reply::Error { error } if error.class == ErrorClass::Protocol => Some(&error.message),
        _ => None,
    }
}
