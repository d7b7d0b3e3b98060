//! What is shown of tasks before there are any, what `check` says of them, and to whom a person is shown.

use serde_json::json;

use super::{EMAIL, TEXT, acts, end, id, rules, say, tasks, text};
use crate::harness::{Deployment, Server, StandIn, receipts};

#[test]
fn a_dry_run_says_that_somebody_would_get_a_task_and_gives_none() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    Server::start(&deployment).stop();
    deployment.write("who", &format!("{EMAIL}\n"));
    let who = format!("@{}", deployment.path("who").display());
    let preview = deployment.json(&["erase", "--email", &who, "--dry-run"]);
    let legal = &preview["targets"]["legal"];
    assert_eq!(legal["would_be"], "unverifiable", "{preview}");
    assert!(legal["reason"].as_str().is_some_and(|reason| reason.contains(TEXT)), "{legal}");
    assert_eq!(deployment.json(&["tasks", "list"]), json!([]));
}

#[test]
fn names_and_times_that_cannot_be_are_refused_by_the_check() {
    let standin = StandIn::start();
    let manual = |name: &str, more: &str| format!("[[manual]]\nname = \"{name}\"\ntext = \"x\"\n{more}\n");
    let deployment = Deployment::new(&standin, &manual("legal", ""));
    assert_eq!(deployment.run(&["check"]).status.code(), Some(0), "{}", text(&deployment.run(&["check"])));
    let wrong = [
        (manual("crm", ""), "`crm` is the name of a plugin"),
        (manual("mluvii", ""), "`mluvii` is the name of the built-in target"),
        (manual("legal", "").repeat(2), "`legal` is taken"),
        (manual("legal", "remind_after = \"22d\""), "is not before the deadline"),
        (manual("legal", "deadline = \"1000d\""), "the most that the law gives"),
        ("[[manual]]\nname = \"legal\"\ntext = \" \"\n".to_owned(), "nobody would know what to do"),
        (rules("21d").replace("\"legal\"]", "\"legals\"]"), "legals"),
    ];
    for (more, expected) in wrong {
        let deployment = Deployment::new(&standin, "");
        deployment.add(&more);
        let output = deployment.run(&["check"]);
        assert_eq!(output.status.code(), Some(1), "{more}");
        assert!(text(&output).contains(expected), "{expected}: {}", text(&output));
    }
}

#[test]
fn whom_a_task_is_about_is_shown_on_a_terminal_only_and_the_audit_says_to_whom() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let server = Server::start(&deployment);
    end(&standin, &server, 101);
    let task = tasks(&deployment, 1).remove(0);
    for arguments in
        [&["tasks", "show", id(&task), "--reveal"][..], &["--json", "tasks", "show", id(&task), "--reveal"]]
    {
        let output = deployment.run(arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{}", text(&output));
        assert!(!text(&output).contains(EMAIL));
    }
    assert!(!deployment.on_terminal(&["tasks", "show", id(&task)]).contains(EMAIL), "nobody asked for it");
    assert_eq!(acts(&deployment, "task.reveal").len(), 0, "nothing was shown");

    assert!(deployment.on_terminal(&["tasks", "show", id(&task), "--reveal"]).contains(&format!("email: {EMAIL}")));
    assert!(deployment.on_terminal(&["--json", "tasks", "show", id(&task), "--reveal"]).contains(EMAIL));
    let shown = acts(&deployment, "task.reveal");
    assert_eq!(shown.len(), 2);
    assert_eq!((&shown[0]["details"]["task"], &shown[0]["details"]["target"]), (&task["id"], &json!("legal")));
    assert!(!json!(shown).to_string().contains(EMAIL));
    assert_eq!(say(&deployment, id(&task), &["--outcome", "erased"]), Some(0));
    receipts(&deployment, 1);
    // With the receipt, whom it was about is gone.
    assert_eq!(deployment.run(&["tasks", "show", id(&task), "--reveal"]).status.code(), Some(2));
    let (_, log) = server.stop();
    assert!(log.iter().all(|line| !line.contains(EMAIL)));
}
