//! Tasks that nobody confirms in time, whose erasure a person ends, and whose place is taken out of the configuration.

use serde_json::{Value, json};

use super::{TEXT, another_ends, end, id, rules, say, step, tasks, text};
use crate::harness::{Deployment, Server, StandIn, receipts, wait_for};

/// The codes of what needs a person, once this one is among them.
#[track_caller]
fn told_of(deployment: &Deployment, code: &str) -> Vec<String> {
    wait_for(code, || {
        let all = deployment.json(&["attention", "list"]);
        let codes = all.as_array()?.iter().filter_map(|found| found["code"].as_str().map(str::to_owned));
        let codes: Vec<_> = codes.collect();
        codes.iter().any(|one| one == code).then_some(codes)
    })
}

#[test]
fn a_late_task_needs_a_person_and_is_still_confirmed_or_given_up() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("1s"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    another_ends(&standin, 102);
    wait_for("both to be late", || {
        let tasks = deployment.json(&["tasks", "list"]);
        let late = tasks.as_array()?.iter().filter(|task| task["state"] == "late").count();
        (late == 2).then_some(())
    });
    let codes = told_of(&deployment, "tasks_late");
    assert!(!codes.iter().any(|code| code == "steps_parked"), "it is told once: {codes:?}");
    let metric = "quietus_attention{code=\"tasks_late\",severity=\"attention\"} 1";
    wait_for("its metric", || server.metrics().lines().any(|line| line == metric).then_some(()));

    let all = tasks(&deployment, 2);
    assert_eq!(say(&deployment, id(&all[0]), &["--outcome", "erased"]), Some(0));
    let confirmed = receipts(&deployment, 1).remove(0);
    assert_eq!(confirmed["statement"]["verdict"], "complete", "{confirmed}");

    // The other one is given up, and what is said of it later comes too late.
    let erasure = all[1]["erasure"].as_str().expect("an erasure");
    assert_eq!(deployment.run(&["erasures", "cancel", erasure]).status.code(), Some(0));
    assert_eq!(say(&deployment, id(&all[1]), &["--outcome", "erased"]), Some(1));
    let both = receipts(&deployment, 2);
    let given_up = both.iter().find(|receipt| receipt["statement"]["erasure"] == erasure).expect("a receipt");
    assert_eq!(
        (&given_up["statement"]["verdict"], &step(given_up)["outcome"]),
        (&json!("incomplete"), &json!("parked"))
    );
    assert_eq!(deployment.json(&["tasks", "list"]), json!([]));
    server.stop();
}

#[test]
fn an_open_task_is_reminded_of_and_its_erasure_cannot_be_cancelled() {
    let standin = StandIn::start();
    let with = |remind: &str| format!("{}remind_after = \"{remind}\"\n", rules("21d"));
    let deployment = Deployment::bare(&standin.mluvii, &with("1s"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let task = tasks(&deployment, 1).remove(0);
    told_of(&deployment, "tasks_open");
    let erasure = task["erasure"].as_str().expect("an erasure");
    assert_eq!(deployment.run(&["erasures", "cancel", erasure]).status.code(), Some(1), "what was begun goes on");
    assert_eq!(say(&deployment, id(&task), &["--outcome", "absent"]), Some(0));
    receipts(&deployment, 1);
    server.stop();
}

#[test]
fn a_place_that_is_taken_out_of_the_configuration_needs_a_person_and_is_put_back() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let task = tasks(&deployment, 1).remove(0);
    let before = deployment.configuration();
    let (without, _) = before.split_once("[[manual]]").expect("it has one");
    let without = without.replace(", \"legal\"]", "]");
    let reload = |config: &str| {
        deployment.write("quietus.toml", config);
        let output = deployment.run(&["reload"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    };
    reload(&without);
    assert_eq!(deployment.json(&["tasks", "list"]), json!([]), "nobody is asked there any more");
    assert_eq!(say(&deployment, id(&task), &["--outcome", "erased"]), Some(1));
    // Its time is over. Whoever takes a configuration looks at once for what nobody works on.
    deployment.let_leases_end();
    reload(&format!("{without}\n# once more\n[watch]\nwebhooks = \"11m\"\n"));
    let erasure = task["erasure"].as_str().expect("an erasure");
    let parked = wait_for("it to need a person", || {
        let erasure = deployment.json(&["erasures", "show", erasure]);
        (erasure["state"] == "parked").then_some(erasure)
    });
    assert!(parked.to_string().contains("there is no target `legal` in the configuration"), "{parked}");

    reload(&before);
    assert_eq!(deployment.run(&["erasures", "retry", erasure]).status.code(), Some(0));
    let again = wait_for("it to be a task again", || {
        let all = deployment.json(&["tasks", "list"]);
        all.as_array()?.iter().find(|task| task["state"] == "open").cloned()
    });
    assert_eq!((&again["id"], &again["text"]), (&task["id"], &Value::from(TEXT)), "it is the same round");
    assert_eq!(say(&deployment, id(&again), &["--outcome", "erased"]), Some(0));
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["verdict"], "complete");
    server.stop();
}
