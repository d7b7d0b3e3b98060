//! What is asked changes while work is under way: where mluvii is and with which secret, which plugins there are and how they are set up,
//! which companies. Nothing that was promised is lost by it, and nothing is done twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::reload;
use crate::harness::{
    CRM_TOKEN, Deployment, Line, PASSWORD, Server, StandIn, client, crm_plugin, http, receipts, runtime, send_begin,
    sender, session_ended, wait_for,
};

/// Who delivers at once.
const SENDERS: usize = 2;

/// How often everything changes.
const ROUNDS: usize = 2;

fn rule(name: &str, targets: &str) -> String {
    format!(
        "\n[[rule]]\nname = \"{name}\"\non = \"session-settled\"\nwhen = \"consent.state == 'absent'\"\nerase = \"session\"\n\
         targets = [{targets}]\n"
    )
}

/// A second plugin, for the CRM of another company.
fn second(crm: &str) -> String {
    crm_plugin(crm).replacen("name = \"crm\"", "name = \"second\"", 1)
}

/// Another company, with a source of its own.
fn globex(mluvii: &str) -> String {
    format!(
        "\n[[mluvii]]\nname = \"globex\"\nverify_within = \"1s\"\nbase_url = \"{mluvii}\"\nclient_id = {{ file = \"api.secret\" }}\n\
         client_secret = {{ file = \"api.secret\" }}\nverify_after = \"0s\"\ncall_max = \"5s\"\n\
         \n[[source]]\nname = \"globex\"\nmluvii = \"globex\"\ntenants = [62]\n\
         auth = [{{ basic = {{ user = \"mluvii\", password = {{ file = \"webhook.secret\" }} }} }}]\n"
    )
}

/// Sessions that end without a pause, each of a person of its own who is in the CRM as well.
struct Load {
    runtime: tokio::runtime::Runtime,
    is_over: Arc<AtomicBool>,
    last: Arc<AtomicI64>,
    senders: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn begin(server: &Server, source: &str, standin: &StandIn, crm: &str, ids_from: i64) -> Self {
        let runtime = runtime();
        let (is_over, last) = (Arc::<AtomicBool>::default(), Arc::new(AtomicI64::new(ids_from)));
        let url = server.url(&format!("/webhooks/{source}"));
        let senders = (0..SENDERS).map(|_| {
            let (is_over, last) = (Arc::clone(&is_over), Arc::clone(&last));
            let (mluvii, crm, url) = (standin.mluvii.clone(), crm.to_owned(), url.clone());
            runtime.spawn(async move {
                let client = sender();
                while !is_over.load(Ordering::Relaxed) {
                    let id = last.fetch_add(1, Ordering::Relaxed) + 1;
                    send_begin(&client, &mluvii, id).await;
                    let contact = json!({ "id": 0, "email": format!("guest{id}@example.com"), "name": "Somebody" });
                    let added =
                        client.post(format!("{crm}/contacts")).bearer_auth(CRM_TOKEN).json(&contact).send().await;
                    assert_eq!(added.expect("the CRM answers").status(), 201);
                    let end = client.post(&url).basic_auth("mluvii", Some(PASSWORD)).json(&session_ended(id));
                    assert_eq!(end.send().await.expect("the server answers").status(), 204, "session {id}");
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
            })
        });
        let senders = senders.collect();
        Self { runtime, is_over, last, senders }
    }

    fn sent(&self) -> i64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Waits for some more deliveries.
    #[track_caller]
    fn goes_on(&self) {
        let before = self.sent();
        wait_for("further deliveries", || (self.sent() > before + 4).then_some(()));
    }

    /// The number of the last session.
    fn end(self) -> i64 {
        self.is_over.store(true, Ordering::Relaxed);
        for sender in self.senders {
            self.runtime.block_on(sender).expect("each was answered 204");
        }
        self.last.load(Ordering::Relaxed)
    }
}

/// How often mluvii was asked to anonymize each session.
fn anonymized(standin: &StandIn) -> BTreeMap<i64, usize> {
    let mut counts = BTreeMap::new();
    for call in standin.calls("/anonymous") {
        let id = call["path"].as_str().and_then(|path| path.rsplit('/').nth(1)?.parse().ok());
        *counts.entry(id.unwrap_or_else(|| panic!("a session: {call}"))).or_default() += 1;
    }
    counts
}

/// How often each contact was deleted.
fn deleted(standin: &StandIn) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in standin.crm_calls("DELETE") {
        *counts.entry(call["path"].as_str().expect("a path").to_owned()).or_default() += 1;
    }
    counts
}

#[track_caller]
fn each_once<K: std::fmt::Debug>(counts: &BTreeMap<K, usize>, expected: i64) {
    let more: Vec<_> = counts.iter().filter(|(_, count)| **count != 1).collect();
    assert!(more.is_empty(), "done twice: {more:?}");
    assert_eq!(i64::try_from(counts.len()).expect("a number"), expected);
}

/// Until no step of a target is left.
fn let_steps_end(deployment: &Deployment, target: &str) {
    let ledger = deployment.ledger();
    wait_for("the steps of a target to end", || {
        let left = ledger.query_row("SELECT COUNT(*) FROM task WHERE queue = ?1", [format!("step:{target}")], |row| {
            row.get::<_, i64>(0)
        });
        (left.expect("a number") == 0).then_some(())
    });
}

#[test]
fn installations_and_plugins_change_under_load_and_each_erasure_is_done_once_everywhere() {
    let (standin, other) = (StandIn::start(), StandIn::start());
    let way = Line::to(&standin.mluvii);
    let rules = format!("[settling]\nlimit = \"0s\"\npause = \"0s\"\n{}", rule("kept nowhere", "\"mluvii\", \"crm\""));
    let deployment = Deployment::new(&standin, &rules);
    deployment.replace("[[source]]\nname = \"acme\"", "[[source]]\nname = \"acme\"\nmluvii = \"acme\"");
    deployment.write("wrong.secret", "a-secret-that-mluvii-does-not-know");
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "info")]);
    let load = Load::begin(&server, "acme", &standin, &standin.crm, 0);
    load.goes_on();

    for round in 0..ROUNDS {
        // Another URL of the same mluvii.
        let before = way.exchanges();
        deployment.replace(&standin.mluvii, &way.url());
        assert!(reload(&deployment, 0).contains("mluvii.acme.base_url"));
        wait_for("calls at the new URL", || (way.exchanges() > before).then_some(()));
        deployment.replace(&way.url(), &standin.mluvii);
        reload(&deployment, 0);
        load.goes_on();
        // Another plugin, and rules that ask it as well; then neither. Its steps end first.
        let (one, both) =
            (rule("kept nowhere", "\"mluvii\", \"crm\""), rule("everywhere", "\"mluvii\", \"crm\", \"second\""));
        let plugin = second(&other.crm);
        deployment.write("quietus.toml", &format!("{}{plugin}", deployment.configuration().replace(&one, &both)));
        assert!(reload(&deployment, 0).contains("plugin.second"));
        wait_for("the new plugin to be asked", || (other.crm_calls("GET").len() > round).then_some(()));
        // Set up otherwise meanwhile: another process takes its place.
        deployment.replace("rate = 1000", &format!("rate = {}", 999 - round));
        assert!(reload(&deployment, 0).contains("plugin.crm.config.rate"));
        load.goes_on();
        deployment.replace(&format!("rate = {}", 999 - round), "rate = 1000");
        deployment.replace(&both, &one);
        reload(&deployment, 0);
        let_steps_end(&deployment, "second");
        deployment.replace(&plugin, "");
        assert!(reload(&deployment, 0).contains("plugin.second"));
        load.goes_on();
    }

    // A secret that mluvii refuses, and the right one again: nothing that is asked meanwhile is lost.
    let tokens = || standin.calls("/token").len();
    let before = tokens();
    deployment.replace("client_secret = { file = \"api.secret\" }", "client_secret = { file = \"wrong.secret\" }");
    assert!(reload(&deployment, 0).contains("mluvii.acme.client_secret"));
    wait_for("mluvii to refuse", || (tokens() > before).then_some(()));
    load.goes_on();
    deployment.replace("client_secret = { file = \"wrong.secret\" }", "client_secret = { file = \"api.secret\" }");
    reload(&deployment, 0);

    let sessions = load.end();
    wait_for("everybody to be erased", || (!standin.holds("@example.com")).then_some(()));
    deployment.settled(usize::try_from(sessions).expect("a number"));
    wait_for("every receipt", || (count(&deployment, "SELECT COUNT(*) FROM receipt") == sessions).then_some(()));
    assert_eq!(count(&deployment, "SELECT COUNT(*) FROM erasure WHERE state = 'done'"), sessions);
    assert_eq!(count(&deployment, "SELECT COUNT(*) FROM erasure"), sessions, "one for each session");
    each_once(&anonymized(&standin), sessions);
    each_once(&deleted(&standin), sessions);
}

fn count(deployment: &Deployment, sql: &str) -> i64 {
    deployment.ledger().query_row(sql, [], |row| row.get(0)).expect("a number")
}

#[test]
fn a_company_is_added_and_taken_away_while_another_ones_sessions_end() {
    let (acme, standin) = (StandIn::start(), StandIn::start());
    let rules = format!("[settling]\nlimit = \"0s\"\npause = \"0s\"\n{}", rule("kept nowhere", "\"mluvii\""));
    let deployment = Deployment::new(&acme, &rules);
    deployment.replace("[[source]]\nname = \"acme\"", "[[source]]\nname = \"acme\"\nmluvii = \"acme\"");
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "info")]);
    let load = Load::begin(&server, "acme", &acme, &acme.crm, 0);
    load.goes_on();
    let company = globex(&standin.mluvii);
    for round in 1..=3 {
        deployment.add(&company);
        let said = reload(&deployment, 0);
        assert!(said.contains("mluvii.globex") && said.contains("source.globex"), "{said}");
        // The same number as a session of the first company has: it is another one.
        standin.begin(round, &format!("globex{round}@example.com"), None);
        standin.just_end(round);
        assert_eq!(super::answers(&server, "globex", round), 204);
        wait_for("it to be erased there", || (!standin.holds("globex")).then_some(()));
        wait_for("its erasure to be done", || {
            let done = "SELECT COUNT(*) FROM erasure WHERE state = 'done' AND subject LIKE '%globex%'";
            (count(&deployment, done) == round).then_some(())
        });
        deployment.replace(&company, "");
        reload(&deployment, 0);
        assert_eq!(super::answers(&server, "globex", round), 404);
        load.goes_on();
    }
    let sessions = load.end();
    deployment.settled(usize::try_from(sessions + 3).expect("a number"));
    wait_for("every receipt", || (count(&deployment, "SELECT COUNT(*) FROM receipt") == sessions + 3).then_some(()));
    each_once(&anonymized(&acme), sessions);
    each_once(&anonymized(&standin), 3);
}

/// What a plugin that is taken away still had to do, a person is told of, and it is done once the plugin is there again.
#[test]
fn a_plugin_that_is_taken_away_with_steps_of_its_own_loses_none_of_them() {
    let standin = StandIn::start();
    let rules = format!("[settling]\nlimit = \"0s\"\npause = \"0s\"\n{}", rule("kept nowhere", "\"mluvii\", \"crm\""));
    let deployment = Deployment::new(&standin, &rules);
    let good = deployment.configuration();
    let server = Server::start(&deployment);
    standin.add_contact("ann@example.com");
    standin.crm_fault(&json!({ "path": "/contacts", "kind": "status", "status": 503 }));
    standin.begin(1, "ann@example.com", None);
    standin.just_end(1);
    assert_eq!(super::answers(&server, "acme", 1), 204);
    wait_for("the CRM to be asked in vain", || (!standin.crm_calls("GET").is_empty()).then_some(()));

    deployment.replace(&crm_plugin(&standin.crm), "");
    deployment.replace("\"mluvii\", \"crm\"", "\"mluvii\"");
    let said = reload(&deployment, 0);
    assert!(said.contains("plugin"), "{said}");
    let parked = wait_for("a person to be told", || {
        let all: Value = deployment.json(&["attention", "list"]);
        let parked = all.as_array()?.iter().find(|found| found["code"] == "steps_parked").cloned();
        parked.filter(|found| found["object"].to_string().contains("crm") || found.to_string().contains("crm"))
    });
    let erasure = parked["parameters"]["erasure"].as_str().expect("an id").to_owned();

    let (status, _) = http(client().delete(format!("{}/standin/faults", standin.crm)));
    assert!((200..300).contains(&status), "{status}");
    deployment.write("quietus.toml", &good);
    assert!(reload(&deployment, 0).contains("plugin"));
    let retried = deployment.run(&["erasures", "retry", &erasure]);
    assert!(retried.status.success(), "{}", super::text(&retried));
    let receipt = receipts(&deployment, 1).remove(0);
    assert_eq!(receipt["statement"]["verdict"], "complete", "{receipt}");
    assert!(!standin.holds("ann@example.com"));
    each_once(&anonymized(&standin), 1);
    each_once(&deleted(&standin), 1);
}
