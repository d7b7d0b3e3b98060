//! People as a target: who is to erase something by hand gets a task, says what became of it, and the receipt has it as their word.

mod late;
mod links;
mod shown;

use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, Fleet, Server, StandIn, quietus, receipts, wait_for};

/// Whom the tasks are about; named nowhere.
const EMAIL: &str = "canary.by.hand@example.com";

/// What is to be done.
const TEXT: &str = "Shred the paper file, and tell the archive.";

/// Sessions are erased at mluvii and by people, who have so long.
fn rules(deadline: &str) -> String {
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"legal\"]");
    format!("{rules}\n[[manual]]\nname = \"legal\"\ntext = \"{TEXT}\"\ndeadline = \"{deadline}\"\n")
}

/// The first session ends of which people are to erase something.
fn end(standin: &StandIn, server: &Server, session: i64) {
    standin.register(&server.callback());
    another_ends(standin, session);
}

/// Another one does.
fn another_ends(standin: &StandIn, session: i64) {
    // mluvii's id of the guest is kept until the session is erased, so nothing of the person is in it.
    standin.begin_with(json!({
        "id": session,
        "tenant": 62,
        "guest": format!("g-{session}"),
        "gdpr_version": null,
        "call_params": [{ "name": "oo1_guest_email", "value": EMAIL, "source": "ENTRY_FORM" }],
    }));
    standin.just_end(session);
}

/// The open tasks, once there are so many.
#[track_caller]
fn tasks(deployment: &Deployment, count: usize) -> Vec<Value> {
    wait_for(&format!("{count} open tasks"), || match deployment.json(&["tasks", "list"]) {
        Value::Array(tasks) if tasks.len() == count => Some(tasks),
        _ => None,
    })
}

fn id(task: &Value) -> &str {
    task["id"].as_str().expect("an id")
}

/// Waits until mluvii has done its part of the one erasure.
#[track_caller]
fn mluvii_has_erased(deployment: &Deployment) {
    wait_for("mluvii to have erased", || {
        let erasure = deployment.json(&["erasures", "list"])[0].clone();
        let is_over =
            |step: &Value| step["target"] == "mluvii" && step["outcome"] == "erased" && step["stage"].is_null();
        erasure["steps"].as_array()?.iter().any(is_over).then_some(())
    });
}

/// What a command says of a task, and whether it was done.
fn say(deployment: &Deployment, id: &str, words: &[&str]) -> Option<i32> {
    deployment.run(&[&["tasks", "done", id], words].concat()).status.code()
}

/// The same, begun beside others.
fn saying(deployment: &Deployment, id: &str, outcome: &str) -> Child {
    let mut command = quietus();
    command.arg("--config").arg(deployment.path("quietus.toml")).args(["tasks", "done", id, "--outcome", outcome]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("quietus runs")
}

/// The part of a receipt that is about what people were asked.
fn step(receipt: &Value) -> &Value {
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["target"] == "legal").expect("people were asked")
}

/// Whom the audit names for an act, in the order of the chain.
fn acts(deployment: &Deployment, act: &str) -> Vec<Value> {
    let mut rows = deployment.json(&["audit", "list", "--act", act]).as_array().expect("rows").clone();
    rows.reverse();
    rows.into_iter().map(|row| row["entry"].clone()).collect()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

#[test]
fn a_task_is_confirmed_and_the_receipt_says_by_whom_and_that_it_is_their_word() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let all = tasks(&deployment, 1);
    let task = &all[0];
    let erasure = deployment.json(&["erasures", "list"])[0]["id"].clone();
    for (name, expected) in
        [("target", json!("legal")), ("state", json!("open")), ("erasure", erasure), ("mluvii", json!("acme"))]
    {
        assert_eq!(task[name], expected, "{task}");
    }
    let time = |name: &str| -> jiff::Timestamp { task[name].as_str().and_then(|at| at.parse().ok()).expect("a time") };
    assert_eq!(time("deadline").duration_since(time("since")).as_hours() / 24, 21);
    let shown = text(&deployment.run(&["tasks", "show", id(task)]));
    assert!(shown.contains(TEXT) && shown.contains("session:acme/101"), "{shown}");

    // The others are done, and nothing is over while somebody is asked.
    mluvii_has_erased(&deployment);
    assert_eq!(deployment.json(&["receipts", "list"]), json!([]));

    // What is no task changes nothing, and says so.
    assert_eq!(say(&deployment, "t-000000000000", &["--outcome", "erased"]), Some(1));
    assert_eq!(say(&deployment, "17", &["--outcome", "erased"]), Some(2));
    assert_eq!(say(&deployment, id(task), &["--outcome", "retained"]), Some(2), "by which law?");
    assert_eq!(say(&deployment, id(task), &["--outcome", "unverifiable"]), Some(2));
    assert_eq!(acts(&deployment, "task.done"), [] as [Value; 0]);

    assert_eq!(say(&deployment, id(task), &["--outcome", "erased"]), Some(0));
    assert_eq!(say(&deployment, id(task), &["--outcome", "residual"]), Some(1), "it was confirmed");
    let receipts = receipts(&deployment, 1);
    let by = acts(&deployment, "task.done")[0]["actor"].as_str().expect("an actor").to_owned();
    assert!(by.starts_with("cli:"), "{by}");
    let step = step(&receipts[0]);
    let reason = step["reason"].as_str().expect("who said so");
    assert!(reason.starts_with(&format!("{by} said so at 20")) && reason.ends_with("Z: erased"), "{reason}");
    assert_eq!((&step["outcome"], &step["verified_at"]), (&json!("unverifiable"), &Value::Null));
    let statement = &receipts[0]["statement"];
    let told = statement["reasons"].to_string();
    assert_eq!(statement["verdict"], "complete", "{statement}");
    assert!(told.contains("expected_unverifiable"), "{told}");
    assert_eq!(deployment.json(&["tasks", "list"]), json!([]));

    // Nobody is named, in nothing that was said or written.
    let (_, log) = server.stop();
    let mut all = vec![shown, log.join("\n"), task.to_string(), receipts[0].to_string(), told];
    all.push(deployment.json(&["audit", "list"]).to_string());
    for file in std::fs::read_dir(deployment.folder()).expect("a folder").filter_map(|entry| entry.ok()) {
        if file.file_type().is_ok_and(|kind| kind.is_file()) {
            all.push(String::from_utf8_lossy(&std::fs::read(file.path()).expect("is read")).into_owned());
        }
    }
    assert!(all.iter().all(|text| !text.contains(EMAIL)), "{all:#?}");
}

#[test]
fn whoever_has_a_task_is_told_to_wait_once_its_erasure_is_held() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let task = tasks(&deployment, 1).remove(0);
    assert_eq!(task["held"], Value::Null, "{task}");
    let added = deployment.json(&["holds", "add", "--session", "acme/101", "--reason", "legal-claims"]);
    assert_eq!(added["under_way"], json!([task["erasure"]]), "they may be at it");
    let hold = added["id"].as_str().expect("an id");
    let held = tasks(&deployment, 1).remove(0);
    assert_eq!((&held["state"], &held["held"][0]["hold"]), (&json!("open"), &json!(hold)));
    let left = held["days_left"].as_i64().expect("days");
    assert!((20..=22).contains(&left), "{held}");
    let shown = text(&deployment.run(&["tasks", "show", id(&task)]));
    assert!(shown.contains(&format!(", {left} days left")), "{shown}");
    assert!(shown.contains(hold) && shown.contains("wait: erase nothing"), "{shown}");
    let listed = text(&deployment.run(&["tasks", "list"]));
    assert!(
        listed
            .lines()
            .any(|line| line.contains(id(&task)) && line.contains(" held ") && line.contains(&format!("  {left} d  "))),
        "{listed}"
    );
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    assert!(deployment.run(&["holds", "lift", hold]).status.success());
    assert_eq!(tasks(&deployment, 1)[0]["held"], Value::Null);
    mluvii_has_erased(&deployment);
    // What was done before is confirmed as what it came to, whoever is held.
    let again = deployment.json(&["holds", "add", "--session", "acme/101", "--reason", "legal-claims"]);
    assert!(again["id"].is_string());
    assert_eq!(say(&deployment, id(&task), &["--outcome", "erased"]), Some(0));
    assert_eq!(receipts(&deployment, 1).len(), 1);
    server.stop();
}

#[test]
fn of_two_who_say_something_at_once_one_is_believed() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let all = tasks(&deployment, 1);
    let both = ["erased", "absent"].map(|outcome| (outcome, saying(&deployment, id(&all[0]), outcome)));
    let said = both.map(|(outcome, child)| {
        let output = child.wait_with_output().expect("it ends");
        (outcome, output.status.code(), text(&output))
    });
    let done: Vec<_> = said.iter().filter(|(_, code, _)| *code == Some(0)).collect();
    let [(outcome, ..)] = done.as_slice() else { panic!("{said:?}") };
    assert!(said.iter().any(|(_, code, text)| *code == Some(1) && text.contains("not open")), "{said:?}");
    let receipts = receipts(&deployment, 1);
    let reason = step(&receipts[0])["reason"].as_str().expect("who said so").to_owned();
    assert!(reason.ends_with(&format!(": {outcome}")), "{reason} {said:?}");
    let results: Vec<_> = acts(&deployment, "task.done").iter().map(|act| act["result"].clone()).collect();
    assert_eq!(results.iter().filter(|result| **result == "done").count(), 1, "{results:?}");
    server.stop();
}

#[test]
fn what_a_law_keeps_is_retained_and_what_is_still_there_needs_a_person() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let first = tasks(&deployment, 1).remove(0);
    // Whatever is written of the person all the same stands nowhere.
    let law = format!("563/1991 Sb., § 31, of {EMAIL}");
    assert_eq!(say(&deployment, id(&first), &["--outcome", "retained", "--reason", &law]), Some(0));
    let kept = receipts(&deployment, 1).remove(0);
    assert_eq!((&kept["statement"]["verdict"], &step(&kept)["outcome"]), (&json!("retained"), &json!("retained")));
    assert!(step(&kept)["reason"].as_str().is_some_and(|reason| reason.contains("retained (563/1991 Sb., § 31")));
    assert!(!kept.to_string().contains(EMAIL), "{kept}");

    another_ends(&standin, 102);
    let second = tasks(&deployment, 1).remove(0);
    assert_eq!(say(&deployment, id(&second), &["--outcome", "residual"]), Some(0));
    let residual = wait_for("it to need a person", || {
        deployment.json(&["tasks", "list"]).as_array()?.iter().find(|task| task["state"] == "residual").cloned()
    });
    let attention = deployment.json(&["attention", "list"]).to_string();
    assert!(attention.contains("\"steps_parked\"") && !attention.contains("tasks_late"), "{attention}");
    // Asked once more it is another task: what was said of the first one is no answer to it.
    let erasure = residual["erasure"].as_str().expect("an erasure");
    assert_eq!(deployment.run(&["erasures", "retry", erasure]).status.code(), Some(0));
    let again = wait_for("another task", || {
        deployment.json(&["tasks", "list"]).as_array()?.iter().find(|task| task["state"] == "open").cloned()
    });
    assert_ne!(id(&again), id(&second));
    assert_eq!(say(&deployment, id(&second), &["--outcome", "erased"]), Some(1));
    assert_eq!(say(&deployment, id(&again), &["--outcome", "absent"]), Some(0));
    assert_eq!(receipts(&deployment, 2).len(), 2);
    server.stop();
}

#[test]
fn in_a_fleet_a_task_is_confirmed_once_whoever_made_it() {
    let standin = StandIn::start();
    let mut fleet = Fleet::start(&standin, &rules("21d"), 2, &[]);
    for (member, session) in [(0, 1), (1, 2)] {
        standin.begin(session, EMAIL, None);
        assert_eq!(fleet.members[member].server().deliver_end(session), 204);
    }
    let all = tasks(&fleet.deployment, 2);
    let said =
        all.iter().flat_map(|task| ["erased", "absent"].map(|outcome| saying(&fleet.deployment, id(task), outcome)));
    let said: Vec<_> = said.collect();
    let codes = said.into_iter().map(|child| child.wait_with_output().expect("it ends").status.code());
    assert_eq!(codes.filter(|code| *code == Some(0)).count(), 2, "one of two at each");
    fleet.wait_for_receipts(2);
    let receipts = receipts(&fleet.deployment, 2);
    assert!(receipts.iter().all(|receipt| receipt["statement"]["verdict"] == "complete"), "{receipts:?}");
    fleet.stop();
}

#[test]
fn a_task_of_an_erasure_that_is_stopped_is_taken_back_and_the_receipt_says_so() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let task = tasks(&deployment, 1).remove(0);
    mluvii_has_erased(&deployment);
    let erasure = task["erasure"].as_str().expect("an id");
    assert!(deployment.run(&["erasures", "stop", erasure]).status.success());
    let receipt = receipts(&deployment, 1).remove(0);
    let step = step(&receipt);
    assert_eq!(step["outcome"], "unverifiable", "{step}");
    assert_eq!(step["reason"], "stopped: the task was taken back before anybody had answered it", "{step}");
    let paper = text(&deployment.run(&["receipts", "certificate", "1", "--lang", "cs"])).replace('\u{a0}', " ");
    assert!(paper.contains("úkol byl stažen dřív, než na něj někdo odpověděl"), "{paper}");
    assert_eq!(say(&deployment, id(&task), &["--outcome", "erased"]), Some(1), "it is nobody's to answer");
    server.stop();
}
