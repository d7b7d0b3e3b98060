//! A server with hostile plugins, a well-behaved one beside them, and deliveries that come in all the time; and what must
//! be true of it in the end.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::flow::{self, Flow};
use crate::harness::{Deployment, PASSWORD, PATIENCE, Server, StandIn, oracle, wait_for};

/// A secret of every hostile plugin; it must not be seen outside of it.
pub(super) const TOKEN: &str = "hostile-token-0815";
/// What the plugins write where it is not to be shown.
const OUTPUT: &str = "hostile-output";
/// A value in the environment of the server.
pub(super) const CANARY: &str = "canary-of-the-environment";
/// Why a call that ended the process each time is parked.
const POISON: &str = "this call ended the plugin's process 3 times";
/// Sessions of one plugin: its number times this, and more.
const SESSIONS: i64 = 1000;
/// `nobody`.
const ORDINARY: u32 = 65534;

/// As whom the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// As the tests do.
    Same,
    /// As one without any rights, which only root can become.
    Ordinary,
}

impl User {
    /// All that this machine can test.
    pub(super) fn all() -> Vec<Self> {
        let root = is_root();
        if root { vec![Self::Same, Self::Ordinary] } else { vec![Self::Same] }
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// What the host guarantees about a plugin that does harm to one person.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// It works, for that person as well.
    Erases,
    /// That person's step is parked alone, for a reason that holds this text; it works for all others.
    Parks(&'static str),
    /// The same, as the call ended the process three times, the last time so.
    Poisons(&'static str),
    /// That person's step failed for this reason and is retried; so are all others.
    Retries(&'static str),
    /// It cannot work, for a reason that holds this text, and its steps wait for a person.
    Fails(&'static str),
    /// That person's step ends as retained, for this very reason; all others are erased.
    Retains(&'static str),
    /// It is started again and again, for a reason that holds this text, and its steps wait.
    Restarts(&'static str),
}

impl Fate {
    /// Whether steps are left that are neither done nor a person's.
    fn leaves_work(self) -> bool {
        matches!(self, Self::Retries(_) | Self::Fails(_) | Self::Restarts(_))
    }
}

/// One hostile plugin.
pub(super) struct Hostile {
    pub(super) name: String,
    settings: String,
    fate: Fate,
}

impl Hostile {
    /// A library that does what its configuration says.
    pub(super) fn library(does: &str, file: &Path, fate: Fate) -> Self {
        let settings = format!("library = {:?}\nconfig = {{ does = {does:?} }}\n", file.display().to_string());
        Self { name: name(does), settings, fate }
    }

    /// A program that does what its argument says.
    pub(super) fn program(does: &str, file: &Path, fate: Fate) -> Self {
        let hostile = Self::of(file, fate).named(&format!("exec-{}", name(does)));
        hostile.with(&format!("args = [{does:?}]"))
    }

    /// Any program.
    pub(super) fn of(file: &Path, fate: Fate) -> Self {
        Self { name: String::new(), settings: format!("exec = {:?}\n", file.display().to_string()), fate }
    }

    /// With more settings, as they stand in the configuration.
    pub(super) fn with(mut self, settings: &str) -> Self {
        self.settings += settings;
        self.settings.push('\n');
        self
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }
}

/// A name that the configuration takes.
fn name(does: &str) -> String {
    does.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// A server under test.
pub(super) struct Trial {
    // In this order they end.
    flow: Option<Flow>,
    pub(super) server: Server,
    pub(super) deployment: Deployment,
    pub(super) standin: StandIn,
    hostile: Vec<Hostile>,
    user: User,
    /// Sessions that were acknowledged in former flows.
    acknowledged: BTreeSet<i64>,
}

impl Trial {
    pub(super) fn start(hostile: Vec<Hostile>) -> Self {
        Self::start_as(User::Same, hostile)
    }

    pub(super) fn start_as(user: User, hostile: Vec<Hostile>) -> Self {
        let standin = StandIn::start();
        let deployment = Deployment::new(&standin, &more(&hostile));
        deployment.write("hostile.secret", TOKEN);
        if user == User::Ordinary {
            give_away(deployment.folder());
        }
        let server = serve(user, &deployment);
        let flow = Some(Flow::start(&standin, server.address, flow::FIRST));
        Self { flow, server, deployment, standin, hostile, user, acknowledged: BTreeSet::new() }
    }

    /// Starts the server anew, and deliveries with it.
    pub(super) fn start_again(&mut self) {
        let first = self.acknowledged.last().map_or(flow::FIRST, |last| last + 2);
        self.server = serve(self.user, &self.deployment);
        self.flow = Some(Flow::start(&self.standin, self.server.address, first));
    }

    /// A person of one plugin, and the end of their session; the harm is done to those that are `evil`. Their address tells
    /// the plugin which process the server is.
    #[track_caller]
    pub(super) fn person(&self, plugin: usize, who: &str, n: i64) -> i64 {
        let session = session(plugin, n);
        let email = format!("{who}.{}.{session}@people.example", self.server.id());
        self.standin.begin(session, &email, None);
        assert_eq!(self.server.deliver_end(session), 204);
        session
    }

    /// The same, of a person who has a name.
    #[track_caller]
    pub(super) fn named(&self, plugin: usize, n: i64, name: &str) -> i64 {
        let session = session(plugin, n);
        let params = json!([{ "name": "oo1_guest_ident", "value": name, "source": "ENTRY_FORM" }]);
        self.standin.begin_with(json!({ "id": session, "tenant": 62, "guest": "somebody", "call_params": params }));
        assert_eq!(self.server.deliver_end(session), 204);
        session
    }

    /// The number of a plugin.
    #[track_caller]
    pub(super) fn number(&self, name: &str) -> usize {
        self.hostile.iter().position(|hostile| hostile.name == name).expect("one of the trial's plugins")
    }

    /// The session of the person to whom a plugin did its harm.
    #[track_caller]
    pub(super) fn evil(&self, name: &str) -> i64 {
        session(self.number(name), 2)
    }

    /// How many hostile plugins there are.
    pub(super) fn plugins(&self) -> usize {
        self.hostile.len()
    }

    /// Has every plugin do its harm, and checks that each is then as guaranteed: one good person comes before, one after.
    #[track_caller]
    pub(super) fn harm_and_check(&self) {
        let mut asked = Vec::new();
        for (number, hostile) in self.hostile.iter().enumerate() {
            let [before, evil, after] =
                [("good", 1), ("evil", 2), ("good", 3)].map(|(who, n)| self.person(number, who, n));
            asked.push((hostile, evil, [before, after]));
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = Seen::by(self);
            let wrong = asked.iter().filter_map(|(hostile, evil, good)| {
                let why = seen.is_as_promised(hostile, *evil, *good).err()?;
                Some(format!("{}: {why}", hostile.name))
            });
            let wrong: Vec<_> = wrong.collect();
            if wrong.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "not as guaranteed: {wrong:#?}");
            std::thread::park_timeout(Duration::from_millis(500));
        }
    }

    /// Every erasure.
    #[track_caller]
    pub(super) fn erasures(&self) -> Value {
        self.deployment.json(&["erasures", "list", "--limit", "1000000"])
    }

    /// What `quietus plugin list` says of one.
    #[track_caller]
    pub(super) fn plugin(&self, name: &str) -> Value {
        find(&self.deployment.json(&["plugin", "list"]), "name", name)
    }

    /// The id of its process, while it is up.
    pub(super) fn process(&self, name: &str) -> Option<u32> {
        self.plugin(name)["state"]["detail"]["process"].as_u64().and_then(|id| id.try_into().ok())
    }

    /// Waits until it is up; the id of its process.
    #[track_caller]
    pub(super) fn up(&self, name: &str) -> u32 {
        wait_for(&format!("{name} to be up"), || self.process(name))
    }

    /// Waits for the outcome of a step.
    #[track_caller]
    pub(super) fn outcome(&self, session: i64, target: &str) -> Value {
        wait_for(&format!("an outcome of {session} at {target}"), || {
            step(&self.erasures(), session, target).ok().filter(|step| !step["outcome"].is_null())
        })
    }

    /// The server lives: it is asked, and takes a delivery.
    #[track_caller]
    pub(super) fn the_server_lives(&self) {
        assert_eq!(self.server.healthy(), 200);
        let next = self.acknowledged.len() as i64;
        assert_eq!(self.server.deliver_end(SESSIONS - 1 - next), 204);
    }

    /// Stops the deliveries, as the server is about to be killed or stopped.
    #[track_caller]
    pub(super) fn pause(&mut self) {
        if let Some(flow) = self.flow.take() {
            self.acknowledged.append(&mut flow.stop());
        }
    }

    /// Kills the server at this instant, and the deliveries end with it. Its leases end as if the time had passed.
    #[track_caller]
    pub(super) fn kill_server(&mut self) {
        self.server.signal("KILL");
        self.pause();
        let ledger = self.deployment.ledger();
        ledger.execute("UPDATE task SET due = 0 WHERE parked = 0", []).expect("an update");
    }

    /// Stops the deliveries, checks that nothing that was acknowledged is lost, ends the server, and checks that it said nothing
    /// that it must not.
    #[track_caller]
    pub(super) fn finish(mut self) {
        self.the_server_lives();
        self.pause();
        assert!(!self.acknowledged.is_empty(), "deliveries came in");
        self.nothing_is_lost();
        if self.hostile.iter().any(|hostile| hostile.fate.leaves_work()) {
            self.server.leaves_work("some of its plugins do not work");
        }
        let (status, log) = self.server.stop();
        assert!(status.success(), "{status}");
        nothing_is_told(&log);
    }

    /// Every acknowledged delivery is in the ledger, and was carried out at mluvii and at the well-behaved plugin.
    #[track_caller]
    pub(super) fn nothing_is_lost(&self) {
        let ledger = self.deployment.ledger();
        let recorded: BTreeSet<i64> = ledger
            .prepare("SELECT session FROM event")
            .and_then(|mut events| events.query_map([], |row| row.get(0))?.collect())
            .expect("events");
        let lost: Vec<_> = self.acknowledged.difference(&recorded).collect();
        assert!(lost.is_empty(), "acknowledged and not recorded: {lost:?}");
        wait_for("every erasure that was acknowledged", || {
            let done = self.deployment.json(&["erasures", "list", "--state", "done", "--limit", "1000000"]);
            let done: BTreeSet<i64> = done.as_array()?.iter().filter_map(session_of).collect();
            self.acknowledged.is_subset(&done).then_some(())
        });
        let erasures = self.erasures();
        for session in &self.acknowledged {
            for target in ["mluvii", "crm"] {
                let step = step(&erasures, *session, target).expect("a step");
                // A call that a killed server had made, and did not hear of, finds nothing the next time.
                let gone = step["outcome"] == "erased" || step["outcome"] == "absent";
                assert!(gone, "{session} at {target}: {step}");
            }
        }
        // What was begun and not acknowledged may be there.
        for base in [&self.standin.mluvii, &self.standin.crm] {
            let found = self.standin.get(base, "/standin/search?text=guest1").to_string();
            let held: Vec<_> = self.acknowledged.iter().filter(|id| found.contains(&format!("guest{id}@"))).collect();
            assert!(held.is_empty(), "{held:?} are still held");
        }
        oracle::the_receipts_verify(&self.deployment);
    }
}

/// All that the command line says.
struct Seen {
    erasures: Value,
    plugins: Value,
    targets: Value,
}

impl Seen {
    #[track_caller]
    fn by(trial: &Trial) -> Self {
        Self {
            erasures: trial.erasures(),
            plugins: trial.deployment.json(&["plugin", "list"]),
            targets: trial.deployment.json(&["status"])["targets"].clone(),
        }
    }

    fn is_as_promised(&self, hostile: &Hostile, evil: i64, good: [i64; 2]) -> Result<(), String> {
        let step = |session: i64| step(&self.erasures, session, &hostile.name);
        for session in good.iter().copied().chain([evil]) {
            // Whatever the hostile plugin does, what is beside it is done.
            for beside in ["mluvii", "crm"] {
                let outcome = self::step(&self.erasures, session, beside)?["outcome"].clone();
                if !["erased", "absent"].iter().any(|fine| outcome == *fine) {
                    return Err(format!("{session} is not done at {beside}: {outcome}"));
                }
            }
        }
        let all_erased = |sessions: &[i64]| {
            sessions.iter().try_for_each(|session| match step(*session)? {
                step if step["outcome"] == "erased" => Ok(()),
                step => Err(format!("{session}: {step}")),
            })
        };
        let holds = |what: &Value, text: &str| match what.as_str() {
            Some(what) if what.contains(text) => Ok(()),
            _ => Err(format!("{text:?} is not in {what}")),
        };
        let none_lost = || {
            good.iter().chain([&evil]).try_for_each(|session| match step(*session)? {
                step if step["outcome"].is_null() && !step["stage"].is_null() => Ok(()),
                step => Err(format!("{session}: {step}")),
            })
        };
        let plugin = find(&self.plugins, "name", &hostile.name);
        match hostile.fate {
            Fate::Erases => all_erased(&[good[0], good[1], evil]),
            Fate::Parks(why) | Fate::Poisons(why) => {
                if matches!(hostile.fate, Fate::Poisons(_)) {
                    holds(&step(evil)?["reason"], POISON)?;
                }
                let step = step(evil)?;
                if step["outcome"] != "parked" {
                    return Err(format!("{evil}: {step}"));
                }
                holds(&step["reason"], why)?;
                all_erased(&good)
            }
            Fate::Retains(why) => {
                let step = step(evil)?;
                if step["outcome"] != "retained" || step["reason"] != why {
                    return Err(format!("{evil}: {step}"));
                }
                all_erased(&good)
            }
            Fate::Retries(why) => {
                none_lost()?;
                holds(&step(evil)?["reason"], why)
            }
            Fate::Fails(why) => {
                none_lost()?;
                let (state, target) = (&plugin["state"], find(&self.targets, "target", &hostile.name));
                if state["is"] != "failed" || target["needs_person"] != true {
                    return Err(format!("{state}, {target}"));
                }
                holds(&state["detail"], why)
            }
            Fate::Restarts(why) => {
                none_lost()?;
                if plugin["state"]["is"] == "up" {
                    return Err(format!("{plugin}"));
                }
                holds(&plugin["last_error"]["why"], why)
            }
        }
    }
}

/// The one of this name; null if there is none.
fn find(all: &Value, key: &str, name: &str) -> Value {
    let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|one| one[key] == name).cloned().unwrap_or_default()
}

fn serve(user: User, deployment: &Deployment) -> Server {
    let mut command = match user {
        User::Same => Command::new("env"),
        User::Ordinary => {
            let mut setpriv = Command::new("setpriv");
            let id = ORDINARY;
            setpriv.args([&format!("--reuid={id}"), &format!("--regid={id}"), "--clear-groups", "--"]);
            setpriv
        }
    };
    command.env("A_SECRET_OF_THE_SERVER", CANARY);
    Server::start_through(command, deployment, &[("ERASING__RETRY__ATTEMPTS_MAX", "5")])
}

/// Hands a folder and all in it to the ordinary user.
fn give_away(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() { give_away(&path) } else { chown(&path, Some(ORDINARY), Some(ORDINARY)).expect("root may") }
    }
    chown(folder, Some(ORDINARY), Some(ORDINARY)).expect("root may");
}

/// Lets everybody read a folder, as the server may be another user.
pub(super) fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
}

/// The configuration beyond the well-behaved plugin.
fn more(hostile: &[Hostile]) -> String {
    let mut more = format!(
        "[settling]\nlimit = \"0s\"\npause = \"0s\"\n\n[[rule]]\nname = \"the flow\"\non = \"session-settled\"\n\
         when = \"session.id >= {}\"\nerase = \"session\"\ntargets = [\"mluvii\", \"crm\"]\n",
        flow::FIRST
    );
    for (number, Hostile { name, settings, .. }) in (1..).zip(hostile) {
        let unless = |key: &str, line: &'static str| if settings.contains(key) { "" } else { line };
        let grants = unless("grants", "grants = [\"email\"]");
        let secrets = unless("secrets", "secrets = { token = { file = \"hostile.secret\" } }");
        let call_max = unless("call_max", "call_max = \"1s\"");
        more += &format!(
            "\n[[plugin]]\nname = \"{name}\"\n{grants}\n{call_max}\n\
             {secrets}\n{settings}\n\
             [[rule]]\nname = \"at {name}\"\non = \"session-settled\"\nwhen = \"session.id / {SESSIONS} == {number}\"\n\
             erase = \"session\"\ntargets = [\"mluvii\", \"crm\", \"{name}\"]\n"
        );
    }
    more
}

/// The n-th session of a plugin.
fn session(plugin: usize, n: i64) -> i64 {
    (plugin as i64 + 1) * SESSIONS + n
}

fn session_of(erasure: &Value) -> Option<i64> {
    erasure["session"].as_i64()
}

/// A step of a session's erasure.
pub(super) fn step(erasures: &Value, session: i64, target: &str) -> Result<Value, String> {
    let all = erasures.as_array().ok_or("no list of erasures")?;
    let erasure = all.iter().find(|erasure| session_of(erasure) == Some(session));
    let steps = erasure.and_then(|erasure| erasure["steps"].as_array());
    let step = steps.and_then(|steps| steps.iter().find(|step| step["target"] == target));
    step.cloned().ok_or_else(|| format!("{session} has no step at {target} yet"))
}

/// Neither a person nor a secret, nor what a plugin wrote, is in a log.
#[track_caller]
pub(super) fn nothing_is_told(log: &[String]) {
    assert!(log.len() > 20, "at `trace` there is something to search");
    for word in ["people.example", "@example.com", TOKEN, OUTPUT, PASSWORD, CANARY] {
        let told = log.iter().find(|line| line.contains(word));
        assert_eq!(told, None, "{word} is in the log");
    }
}
