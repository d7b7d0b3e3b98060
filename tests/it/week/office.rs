//! The office: a server for two companies, a CRM, a mail server, people who erase by hand, and officers who order everything by commands.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::exim::Exim;

use super::town::{ACME, COMPANIES, Town};
use crate::confirming;
use crate::erasing_again::{System, before};
use crate::harness::{Deployment, Server, StandIn, company, quietus, wait_for};
use crate::people;
use crate::people::population::{Conversation, spelled_email, spelled_name, spelled_phone};

/// Who enters requests, plans and runs them.
pub(super) const ANN: &str = "ann";
/// Who approves.
pub(super) const BOB: &str = "bob";
/// Who erases by hand.
pub(super) const CYRIL: &str = "cyril";

/// The form that asks for erasure.
pub(super) const FORM: i64 = 4711;

pub(super) struct Office {
    // In this order they end.
    pub(super) server: Server,
    pub(super) deployment: Deployment,
    pub(super) mluviis: [StandIn; 2],
    pub(super) crm: System,
    pub(super) exim: Exim,
    /// Where letters lie, and whatever else names somebody. It is not searched.
    desk: TempDir,
    pub(super) town: Town,
    /// The sessions of each company that have to be gone by now.
    pub(super) gone: [BTreeSet<i64>; 2],
    /// Whose record the CRM has to hold.
    pub(super) in_crm: BTreeSet<usize>,
    /// Who was erased in the CRM, by the erasures.
    pub(super) erased_in_crm: BTreeMap<String, usize>,
    /// Whatever was shown on a screen or written on a paper.
    said: RefCell<String>,
}

impl Office {
    /// Opens once everybody has talked.
    pub(super) fn open() -> Self {
        let (mluviis, crm, exim) = ([StandIn::start(), StandIn::start()], System::start(), Exim::start());
        let town = Town::new();
        let everybody: BTreeSet<usize> = (0..town.people.len()).collect();
        let deployment = Deployment::bare(&mluviis[ACME].mluvii, "");
        deployment.write("quietus.toml", &configuration(&mluviis, &crm, &exim));
        confirming::publish(&deployment);
        let server = Server::start_with(&deployment, &[("LOG__LEVEL", "debug")]);
        for (mluvii, company) in mluviis.iter().zip(COMPANIES) {
            mluvii.register(&server.callback_of(company));
        }
        let office = Self {
            server,
            deployment,
            mluviis,
            crm,
            exim,
            desk: TempDir::with_prefix("quietus-desk-").expect("a temporary folder"),
            town,
            gone: [BTreeSet::new(), BTreeSet::new()],
            in_crm: everybody,
            erased_in_crm: BTreeMap::new(),
            said: RefCell::new(String::new()),
        };
        office.fill_crm(&[]);
        office.have(&office.town.conversations);
        office
    }

    /// The CRM as it is in its backup, and what is newer.
    pub(super) fn fill_crm(&self, newer: &[(String, String, Option<i64>)]) {
        let backup =
            (0..self.town.people.len()).map(|person| (self.town.email(person), self.town.name(person), before()));
        let all: Vec<_> = backup.chain(newer.iter().cloned()).collect();
        let all: Vec<_> = all.iter().map(|(email, name, at)| (email.as_str(), name.as_str(), *at)).collect();
        self.crm.holds(&all);
    }

    /// Has conversations, and waits until all are known that there were so far.
    fn have(&self, conversations: &[Conversation]) {
        people::talk(&self.mluviis, conversations);
        self.deployment.settled(self.town.conversations.len());
    }

    /// Somebody talks once more, and says everything.
    pub(super) fn talks_again(&mut self, person: usize, company: usize) -> i64 {
        let before = self.town.conversations.len();
        let all = self.town.all_of(person);
        let id = self.town.says(company, person, all, true);
        self.have(&self.town.conversations[before..]);
        id
    }

    /// A command of an officer, who became root by `sudo`, as the system says.
    pub(super) fn command(&self, officer: &str, arguments: &[&str]) -> Command {
        let mut command = quietus();
        command.arg("--config").arg(self.deployment.path("quietus.toml")).args(arguments);
        command.env("SUDO_USER", officer).stdin(Stdio::null());
        command
    }

    /// How it ends, its answer, and what it says beside.
    fn order(&self, officer: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(officer, arguments).output().expect("quietus runs");
        let [answer, beside] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("quietus says UTF-8"));
        *self.said.borrow_mut() += &format!("{arguments:?}: {answer}{beside}\n");
        (output.status.code(), answer, beside)
    }

    #[track_caller]
    pub(super) fn done(&self, officer: &str, arguments: &[&str]) -> String {
        self.ends(officer, arguments, 0)
    }

    /// It ends with this code; returns what it says.
    #[track_caller]
    pub(super) fn ends(&self, officer: &str, arguments: &[&str], code: i32) -> String {
        let (ended, answer, beside) = self.order(officer, arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {answer}{beside}");
        answer + &beside
    }

    #[track_caller]
    pub(super) fn refused(&self, officer: &str, arguments: &[&str], why: &str) {
        let said = self.ends(officer, arguments, 1);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }

    #[track_caller]
    pub(super) fn json(&self, officer: &str, arguments: &[&str]) -> Value {
        let (_, answer, beside) = self.order(officer, &[&["--json"], arguments].concat());
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {answer}{beside}"))
    }

    /// A paper, as somebody reads it.
    #[track_caller]
    pub(super) fn paper(&self, arguments: &[&str]) -> String {
        self.done(ANN, arguments).replace('\u{a0}', " ")
    }

    /// Waits for what an order shows.
    #[track_caller]
    pub(super) fn wait<T>(&self, what: &str, arguments: &[&str], find: impl Fn(&Value) -> Option<T>) -> T {
        wait_for(what, || find(&self.json(ANN, arguments)))
    }

    /// The statement of an erasure's receipt, once there is one.
    #[track_caller]
    pub(super) fn receipt(&self, erasure: &str) -> Value {
        self.wait(&format!("the receipt of {erasure}"), &["receipts", "list", "--limit", "1000"], |all| {
            let mut statements = all.as_array()?.iter().map(|receipt| &receipt["statement"]);
            statements.find(|statement| statement["erasure"] == erasure).cloned()
        })
    }

    /// An erasure, once it is so.
    #[track_caller]
    pub(super) fn erasure(&self, erasure: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.wait(&format!("{erasure} to be {what}"), &["erasures", "list", "--limit", "1000"], |all| {
            all.as_array()?.iter().find(|one| one["id"] == erasure).filter(|one| is_so(one)).cloned()
        })
    }

    /// Waits until mluvii has done its part of an erasure, and somebody has looked.
    #[track_caller]
    pub(super) fn mluvii_is_done(&self, erasure: &str) {
        self.erasure(erasure, "done at mluvii", |one| {
            let mut steps = one["steps"].as_array().into_iter().flatten();
            steps.any(|step| step["target"] == "mluvii" && step["outcome"] == "erased" && step["stage"].is_null())
        });
    }

    /// Somebody says what became of an erasure's task.
    #[track_caller]
    pub(super) fn by_hand(&self, erasure: &str, words: &[&str]) {
        let task = self.wait("its task", &["tasks", "list"], |all| {
            let task = all.as_array()?.iter().find(|task| task["erasure"] == erasure && task["state"] == "open")?;
            Some(task["id"].as_str()?.to_owned())
        });
        self.done(CYRIL, &[&["tasks", "done", &task], words].concat());
    }

    /// What needs a person.
    pub(super) fn attention(&self) -> BTreeSet<String> {
        let all = self.json(ANN, &["attention", "list"]);
        let code = |one: &Value| one["code"].as_str().expect("a code").to_owned();
        all.as_array().expect("a list").iter().map(code).collect()
    }

    /// A file on the desk.
    pub(super) fn on_desk(&self, name: &str, text: &str) -> String {
        let path = self.desk.path().join(name);
        std::fs::write(&path, text).expect("the desk is there");
        path.display().to_string()
    }

    /// What a person's letter says, as `requests` reads it; not as they were called when they talked.
    pub(super) fn letter_of(&self, person: usize) -> String {
        let person = &self.town.people[person];
        let [name, email, phone] =
            [spelled_name(person.name, 3), spelled_email(person.email, 1), spelled_phone(person.phone, 3)];
        self.on_desk("letter", &format!("name: {name}\nemail:{email}\nphone: {phone}\n"))
    }

    /// The same of one kind, as an argument that names nobody.
    pub(super) fn one_of(&self, person: usize, kind: &str) -> String {
        let person = &self.town.people[person];
        let text = match kind {
            "name" => spelled_name(person.name, 1),
            "email" => spelled_email(person.email, 2),
            _ => spelled_phone(person.phone, 2),
        };
        format!("@{}", self.on_desk(kind, &text))
    }

    /// Remembers that a person's record has gone from the CRM, by an erasure.
    pub(super) fn left_crm(&mut self, person: usize, erasure: &str) {
        self.in_crm.remove(&person);
        self.erased_in_crm.insert(erasure.to_owned(), person);
    }

    /// The CRM holds those whom it has to, and nobody else.
    #[track_caller]
    pub(super) fn the_crm_is_right(&self) {
        let expected: Vec<_> = self.in_crm.iter().map(|person| self.town.email(*person)).collect();
        assert_eq!(self.crm.emails(), expected);
    }

    /// Everything that was shown on screens and written on papers.
    pub(super) fn said(&self) -> String {
        self.said.borrow().clone()
    }
}

fn configuration(mluviis: &[StandIn; 2], crm: &System, exim: &Exim) -> String {
    let more = "verify_within = \"10s\"\naccept_left = [\"contact record\", \"e-mail threads\"]\nconcurrency_max = 8";
    let company = |number: usize| company(COMPANIES[number], &mluviis[number].mluvii, 62 + number, more);
    // Whoever is searched for has an address at example.com.
    let confirmation = confirming::settings(exim).replace("privacy@example.com", "privacy@acme.example");
    let companies = company(0) + &company(1);
    let crm = crm.plugin("crm");
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"

[log]
format = "json"

[person]
region = "CZ"
match = [["email"], ["name", "phone"]]
accept_ledger_only = true

[settling]
limit = "0s"
pause = "0s"

[rules]
alarm_share = 1

[requests]
four_eyes = true

[erasing]
rounds_max = 2
recheck = ["30d"]

[erasing.retry]
attempts_max = 3
pause_min = "20ms"
pause_max = "100ms"

[papers]
controller = "Příkladná energie, s. r. o."
contact = "gdpr@energy.example"
{companies}
{crm}
[[manual]]
name = "archive"
text = "Shred the paper file, and tell the archive in Brno."

[[rule]]
name = "consent withdrawn"
on = "consent-changed"
when = "consent.state == 'withdrawn'"
erase = "guest"
targets = ["mluvii"]

[[rule]]
name = "the delete-my-data form"
on = "form-submitted"
when = "form.id == {FORM} && form.submitted"
erase = "person"
confirm = "email"
targets = ["mluvii", "crm"]

{confirmation}
"#
    )
}

/// What a statement says of each target.
pub(super) fn outcomes(statement: &Value) -> BTreeMap<&str, &str> {
    let steps = statement["steps"].as_array().expect("steps").iter();
    steps.filter_map(|step| Some((step["target"].as_str()?, step["outcome"].as_str()?))).collect()
}

/// The codes of what a reader of a statement has to know.
pub(super) fn codes(statement: &Value) -> BTreeSet<&str> {
    let reasons = statement["reasons"].as_array().expect("reasons").iter();
    reasons.map(|reason| reason["code"].as_str().expect("a code")).collect()
}

/// The ids that a stand-in's search names, each in this place.
#[track_caller]
pub(super) fn found(mluvii: &StandIn, text: &str, place: &str) -> BTreeSet<i64> {
    let found = mluvii.get(&mluvii.mluvii, &format!("/standin/search?text={text}"));
    let found = found.as_array().expect("a list").iter();
    let id = |one: &Value| {
        assert_eq!(one["place"], json!(place), "{one}");
        one["id"].as_i64().expect("an id")
    };
    found.map(id).collect()
}
