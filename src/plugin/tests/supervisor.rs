//! The supervisor, with real children.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::*;
use crate::erasure::{ErasureId, Outcome};
use crate::keys::{IndexKey, Secret, SecretError, SecretRef};
use crate::subject::{GuestId, Identifier, Identifiers, Kind, Scope};
use crate::target::{Answer, Target as _, TargetCall, TargetError, no_checkpoint};

pub(super) struct Running {
    pub(super) host: Arc<PluginHost>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    _wayward: Option<Compiled>,
}

pub(super) fn read(_: &SecretRef) -> Result<Secret, SecretError> {
    Ok(Secret::new("hunter2"))
}

pub(super) fn installed(settings: PluginSettings) -> Installed {
    Installed::find(settings, Path::new("."), &read).expect("accepted")
}

impl Running {
    /// A plugin that is up.
    async fn start(change: impl FnOnce(&mut PluginSettings)) -> Self {
        let running = Self::of(Compiled::wayward(), change).await;
        assert!(matches!(running.host.state(), PluginState::Up(_)), "{:?}", running.host.state());
        running
    }

    async fn of(wayward: Compiled, change: impl FnOnce(&mut PluginSettings)) -> Self {
        let mut settings = wayward.settings();
        change(&mut settings);
        Self::with(settings, Some(wayward)).await
    }

    /// Up, or whatever comes of a first start.
    pub(super) async fn with(settings: PluginSettings, wayward: Option<Compiled>) -> Self {
        Self { _wayward: wayward, ..Self::supervised(installed(settings), program()).await }
    }

    pub(super) async fn supervised(installed: Installed, program: Program) -> Self {
        let host = PluginHost::new(installed, program);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(host.clone().run(shutdown.clone()));
        host.started().await;
        Self { host, shutdown, task, _wayward: None }
    }

    /// What is known of a plugin that is up.
    pub(super) fn info(&self) -> PluginInfo {
        match self.host.state() {
            PluginState::Up(info) => info,
            state => panic!("{state:?}"),
        }
    }

    pub(super) async fn erase(&self, name: &str) -> Result<Answer, TargetError> {
        self.host.erase(&call(name)).await
    }

    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("it ends");
        assert_eq!(self.host.state(), PluginState::Stopped);
    }
}

/// A call about a person; the same name has the same idempotency key.
pub(super) fn call(name: &str) -> TargetCall {
    let identifiers = [(Kind::Name, name), (Kind::Email, "ann@x.cz")];
    let identifiers = identifiers.iter().filter_map(|(kind, value)| Identifier::new(kind.clone(), value));
    TargetCall {
        erasure: ErasureId::generate(Timestamp::UNIX_EPOCH),
        idempotency: IndexKey::new(&Zeroizing::new([1; 32])).idempotency(name, "wayward", 0),
        scope: Scope::Person,
        dry_run: false,
        identifiers: Identifiers(identifiers.collect()),
        guests: Vec::new(),
        whole_guests: Vec::new(),
        sessions: Vec::new(),
        searched: false,
        region: None,
        erased_since: None,
        report: None,
        resume: None,
        checkpoint: no_checkpoint(),
    }
}

pub(super) fn process(answer: &Answer) -> i32 {
    i32::try_from(answer.counts["process"]).expect("a process id")
}

pub(super) fn is_alive(process: i32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

#[tokio::test]
async fn a_plugin_answers_and_is_gone_after_the_shutdown() {
    let running = Running::start(|_| {}).await;
    assert!(matches!(running.host.state(), PluginState::Up(info) if info.name == "wayward" && info.version == "1"));
    let answer = running.erase("ann").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Erased);
    running.host.health().await.expect("healthy");
    assert_eq!(running.host.concurrency_max(), 4);
    running.stop().await;
    assert!(!is_alive(process(&answer)), "an orphan");
}

#[tokio::test]
async fn a_crash_fails_the_call_and_the_next_one_has_a_new_process() {
    let running = Running::start(|_| {}).await;
    let before = process(&running.erase("ann").await.expect("an answer"));
    let crashed = running.erase("crash").await;
    assert!(matches!(&crashed, Err(TargetError::Retryable(why)) if why.contains("signal 6")), "{crashed:?}");
    let after = process(&running.erase("ann").await.expect("it was started again"));
    assert_ne!(before, after);
    running.stop().await;
}

#[tokio::test]
async fn a_call_that_kills_the_child_three_times_is_given_up_alone() {
    let running = Running::start(|_| {}).await;
    for _ in 0..2 {
        assert!(matches!(running.erase("crash").await, Err(TargetError::Retryable(_))));
    }
    assert!(matches!(running.erase("crash").await, Err(TargetError::Permanent(_))));
    running.erase("ann").await.expect("others go on");
    running.stop().await;
}

#[tokio::test]
async fn five_crashes_open_the_circuit_breaker() {
    let running = Running::start(|_| {}).await;
    for _ in 0..5 {
        let crashed = running.erase("crash").await;
        let (Err(TargetError::Retryable(why)) | Err(TargetError::Permanent(why))) = crashed else { panic!("no crash") };
        assert!(why.contains("signal 6"), "{why}");
    }
    let mut state = running.host.state();
    while !matches!(&state, PluginState::Restarting(why) if why.contains("open for 5 minutes after 5 crashes")) {
        tokio::task::yield_now().await;
        state = running.host.state();
    }
    running.stop().await;
}

#[tokio::test]
async fn a_hanging_call_is_cancelled_and_then_killed() {
    let running = Running::start(|settings| settings.call_max = Some("200ms".parse().expect("a span"))).await;
    let process = process(&running.erase("ann").await.expect("an answer"));
    let hung = running.erase("hang").await;
    assert!(matches!(&hung, Err(TargetError::Retryable(why)) if why.contains("no answer within")), "{hung:?}");
    running.erase("ann").await.expect("it was started again");
    assert!(!is_alive(process), "the hanging process was killed");
    running.stop().await;
}

#[tokio::test]
async fn a_cancelled_call_that_ends_in_time_kills_nothing() {
    let running = Running::start(|settings| settings.call_max = Some("200ms".parse().expect("a span"))).await;
    let before = process(&running.erase("ann").await.expect("an answer"));
    let slow = running.erase("wait").await;
    assert!(matches!(&slow, Err(TargetError::Retryable(why)) if why.contains("its time was over")), "{slow:?}");
    assert_eq!(process(&running.erase("ann").await.expect("an answer")), before);
    running.stop().await;
}

#[tokio::test]
async fn a_shutdown_calls_off_what_is_under_way() {
    let running = Running::start(|_| {}).await;
    let host = running.host.clone();
    let (begun, waits) = tokio::sync::oneshot::channel();
    let waiting = tokio::spawn(async move {
        let call = call("wait");
        let erasing = host.erase(&call);
        tokio::pin!(erasing);
        // Polled once, so that the call is on its way.
        assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(erasing.as_mut().poll(cx).is_pending())).await);
        begun.send(()).expect("waited for");
        erasing.await
    });
    waits.await.expect("begun");
    running.stop().await;
    assert!(matches!(waiting.await.expect("ends"), Err(TargetError::Cancelled)));
}

#[tokio::test]
async fn many_calls_are_under_way_at_once() {
    let running = Running::start(|_| {}).await;
    let calls = (0..20).map(|n| {
        let host = running.host.clone();
        tokio::spawn(async move { host.erase(&call(&format!("ann {n}"))).await })
    });
    for answer in calls.collect::<Vec<_>>() {
        assert_eq!(answer.await.expect("ends").expect("an answer").outcome, Outcome::Erased);
    }
    running.stop().await;
}

#[tokio::test]
async fn what_a_plugin_says_is_redacted() {
    let change = |settings: &mut PluginSettings| {
        settings.secrets.insert("token".into(), SecretRef::Env("X".into()));
    };
    let running = Running::start(change).await;
    let answer = running.erase("tattle").await.expect("an answer");
    assert_eq!((answer.outcome, answer.reason.as_deref()), (Outcome::Retained, Some("[redacted] said [redacted]")));
    let evidence = answer.evidence;
    let texts = [evidence.looked_at, evidence.not_looked_at, evidence.keeps.unwrap_or_default()].concat();
    assert_eq!(texts, ["notes of [redacted]", "[redacted]", "[redacted]"]);
    running.stop().await;

    let running = Running::of(Compiled::wayward(), |settings| {
        change(settings);
        settings.config = serde_json::json!({ "mood": "bad" });
    });
    let running = running.await;
    assert_eq!(running.host.state(), PluginState::Failed("in a bad mood, [redacted]".into()));
    assert!(matches!(running.erase("ann").await, Err(TargetError::NeedsOperator(_))));
    running.stop().await;
}

#[tokio::test]
async fn breaches_of_the_protocol_are_retryable_and_rate_limits_are_told() {
    let running = Running::start(|_| {}).await;
    for name in ["silent", "garbage", "nonsense", "huge"] {
        assert!(matches!(running.erase(name).await, Err(TargetError::Retryable(_))), "{name}");
    }
    let limited = running.erase("limited").await;
    let Err(TargetError::RateLimited { retry_after: Some(pause) }) = limited else { panic!("{limited:?}") };
    assert_eq!(pause, Duration::from_millis(1500));
    running.stop().await;
}

#[tokio::test]
async fn a_plugin_that_is_not_idempotent_is_not_asked_twice() {
    let running = Running::of(Compiled::new("wayward.c", &["-DIDEMPOTENT=\"false\""]), |_| {}).await;
    let crashed = running.erase("crash").await;
    assert!(matches!(&crashed, Err(TargetError::Permanent(why)) if why.contains("asked twice")), "{crashed:?}");
    running.stop().await;
}

#[tokio::test]
async fn only_granted_and_declared_kinds_are_sent_and_nobody_found_is_not_absent() {
    let running = Running::start(|_| {}).await;
    let mut call = call("ann");
    call.identifiers = Identifiers(Identifier::new(Kind::Email, "ann@x.cz").into_iter().collect());
    call.guests = vec![GuestId("g-1".into())];
    let answer = running.host.erase(&call).await.expect("an answer");
    let reason = "no identifier of a kind that this target understands (name)";
    assert_eq!((answer.outcome, answer.reason.as_deref()), (Outcome::Unverifiable, Some(reason)));
    running.stop().await;

    let running = Running::start(|settings| settings.grants = vec![Kind::Name, Kind::GuestId]).await;
    let answer = running.host.erase(&call).await.expect("an answer");
    let reason = "no identifier of the kind `name`, which this target requires";
    assert_eq!((answer.outcome, answer.reason.as_deref()), (Outcome::Unverifiable, Some(reason)));
    running.stop().await;
}

#[tokio::test]
async fn a_plugin_without_dry_runs_is_never_sent_one() {
    let running = Running::start(|_| {}).await;
    let answer = running.host.erase(&TargetCall { dry_run: true, ..call("crash") }).await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Unverifiable);
    running.stop().await;
}

#[tokio::test]
async fn the_environment_of_the_child_is_empty() {
    let running = Running::start(|_| {}).await;
    assert_eq!(running.erase("environment").await.expect("an answer").outcome, Outcome::Absent);
    running.stop().await;
}

#[tokio::test]
async fn check_tells_who_the_plugin_is_or_what_is_wrong() {
    let wayward = Compiled::wayward();
    let report = check(wayward.settings(), Path::new("."), &read, program(), Connect::Try).await.expect("fits");
    assert_eq!((report.info.name.as_str(), report.info.facts["sha256"].len()), ("wayward", 64));
    assert!(matches!(report.health, Some(Ok(()))));

    let mut settings = wayward.settings();
    settings.config = serde_json::json!({ "mood": "hunter2" });
    settings.grants = vec![Kind::Email];
    let refused = check(settings, Path::new("."), &read, program(), Connect::Offline).await.expect_err("does not fit");
    let text = refused.to_string();
    assert!(text.contains("config.mood") && text.contains("requires `name`") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_library_that_is_not_there_is_refused_with_the_places_looked_at() {
    let refused = Installed::find(settings(Path::new("libnone.so")), Path::new("/etc/quietus"), &read);
    let text = refused.err().expect("refused").to_string();
    assert!(text.contains("/etc/quietus/libnone.so") && text.contains("/etc/quietus/plugins/libnone.so"), "{text}");
}

#[tokio::test]
async fn the_http_plugin_is_found_beside_the_program_and_erases() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let settings = serde_json::json!({
        "name": "crm", "library": "libhttp_purge.so", "grants": ["email"],
        "config": {
            "base_url": format!("http://{}", listener.local_addr().expect("known")),
            "erase": [{ "name": "delete", "method": "DELETE", "url": "/people/{{email}}", "count": "people" }],
        },
    });
    let settings = serde_json::from_value(settings).expect("settings");
    let host = PluginHost::new(installed(settings), program());
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(host.clone().run(shutdown.clone()));
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tokio::io::AsyncReadExt::read_u8(&mut stream).await.expect("a head"));
        }
        let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.expect("written");
        String::from_utf8(head).expect("ASCII")
    });
    let answer = host.erase(&call("Ann")).await.expect("an answer");
    assert_eq!((answer.outcome, answer.counts["people"]), (Outcome::Erased, 1));
    assert!(asked.await.expect("asked").starts_with("DELETE /people/ann%40x.cz HTTP/1.1"));
    shutdown.cancel();
    task.await.expect("it ends");
}

#[derive(serde::Deserialize)]
struct Example {
    plugin: Vec<PluginSettings>,
}

#[tokio::test]
async fn the_examples_in_the_readme_are_accepted() {
    use figment::providers::{Format as _, Toml};
    let readme = include_str!("../../../plugins/http-purge/README.md");
    let blocks = readme.split("```toml\n").skip(1).filter_map(|block| block.split("```").next());
    let mut names = Vec::new();
    for block in blocks {
        let example: Example = figment::Figment::from(Toml::string(block)).extract().expect("settings");
        for settings in example.plugin {
            names.push(settings.name.clone());
            check(settings, Path::new("."), &read, program(), Connect::Offline).await.expect("accepted");
        }
    }
    assert_eq!(names, ["crm", "hubspot", "contacts"]);
}

#[tokio::test]
async fn the_recipes_are_accepted() {
    use figment::providers::{Format as _, Toml};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/http-purge/recipes");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let recipe: Example =
            figment::Figment::from(Toml::file(entry.expect("an entry").path())).extract().expect("settings");
        for settings in recipe.plugin {
            names.push(settings.name.clone());
            check(settings, Path::new("."), &read, program(), Connect::Offline).await.expect("accepted");
        }
    }
    names.sort();
    assert_eq!(names, ["ecomail", "mailchimp", "smartemailing", "zendesk"]);
}
