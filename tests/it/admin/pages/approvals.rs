//! Who may approve, by what they and who has asked came by then; and what is approved: what was shown, and nothing else.

use std::process::Stdio;

use serde_json::json;

use super::{ADMIN, Api, Browser, PASSWORD, done, user};
use crate::harness::{Deployment, RULES, Server, StandIn, crm_plugin, quietus, wait_for};

const ANN: &str = "ann@example.com";
const FOUR_EYES: &str = "\n[requests]\nfour_eyes = true\n";
const APPROVED_RULE: &str = r#"
[settling]
limit = "2h"
pause = "0s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
approve = true
targets = ["mluvii"]
"#;

/// Orders something as root, which somebody has become by `sudo`.
#[track_caller]
fn by_sudo(deployment: &Deployment, who: &str, arguments: &[&str]) {
    let mut command = quietus();
    command.arg("--config").arg(deployment.path("quietus.toml")).args(arguments).env("SUDO_USER", who);
    done(&command.stdin(Stdio::null()).output().expect("quietus runs"));
}

/// An account that somebody known has given: root without a name could be anybody who has asked.
#[track_caller]
fn user_by(deployment: &Deployment, giver: &str, name: &str, roles: &[&str]) {
    deployment.write("password.txt", PASSWORD);
    let file = format!("@{}", deployment.path("password.txt").display());
    let roles: Vec<&str> = roles.iter().flat_map(|role| ["--role", role]).collect();
    let add = ["users", "add", name, "--shown-as", name, "--password", &file];
    by_sudo(deployment, giver, &[&add[..], &roles].concat());
}

#[test]
fn whoever_has_passed_for_who_has_asked_does_not_approve_it_after_another_password_was_given() {
    let standin = StandIn::start();
    let more = format!("{}{RULES}{FOUR_EYES}{ADMIN}", crm_plugin(&standin.crm));
    let deployment = Deployment::bare(&standin.mluvii, &more);
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    for name in ["otto", "adam"] {
        user(&deployment, name, name, &["approver"], &[]);
    }
    standin.register(&server.callback());
    standin.begin(101, ANN, Some("v1"));
    standin.end(101);
    deployment.settled(1);

    // He gives her a password, and asks as her.
    let file = format!("@{}", deployment.path("password.txt").display());
    let gives = ["users", "password", "olga", &file];
    by_sudo(&deployment, "otto", &gives);
    let as_her = Browser::signed_in(&server, "olga");
    let form = [("email", ANN), ("came", "letter"), ("verified", "document"), ("number", "7")];
    let at = as_her.post("/requests/new", &form).goes_on();
    as_her.post(&format!("{at}/plan"), &[]).is(200);
    // Then she is given another one by somebody else, by which she would be another one.
    by_sudo(&deployment, "ivan", &gives);
    as_her.get(&at).leads_to(&format!("/sign-in?next={}", at.replace('/', "%2F")));

    let otto = Browser::signed_in(&server, "otto");
    let read = otto.get(&format!("{at}/plan")).is(200).says(&[
        "Somebody else has to approve the plan",
        "has given",
        "asked for again with that",
    ]);
    assert!(!read.text.contains("/approve\""), "{}", read.text);
    let plan = deployment.json(&["requests", "show", "7"])["plan"]["hash"].as_str().expect("a hash").to_owned();
    otto.post(&format!("{at}/approve"), &[("plan", &plan)]).is(409).says(&["has given", "asked for again with that"]);
    assert!(!otto.get("/").is(200).text.contains("It waits for your approval."));
    otto.get("/language/cs?next=/").leads_to("/");
    otto.get(&format!("{at}/plan")).is(200).says(&["Plán musí schválit někdo jiný", "a může je tedy mít také"]);
    // Over the API, too, by a token that neither of them has given.
    let token = ["tokens", "issue", "otto", "--role", "approver", "--for", "a test"];
    let issued = deployment.run(&token);
    done(&issued);
    let token = String::from_utf8(issued.stdout).expect("text").trim_end().to_owned();
    let api = Api::of(&server, Some(&token));
    let refused = api.post(&format!("/api/v1{at}/approve"), &json!({ "plan": plan })).refused(409, "conflict");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("has given")), "{refused}");

    let adam = Browser::signed_in(&server, "adam");
    adam.post(&format!("{at}/approve"), &[("plan", &plan)]).leads_to(&at);
}

#[test]
fn an_erasure_is_approved_as_it_was_shown_and_shown_anew_where_something_has_joined_it() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{APPROVED_RULE}{FOUR_EYES}{ADMIN}"));
    let server = Server::start(&deployment);
    user_by(&deployment, "ivan", "adam", &["approver"]);
    user_by(&deployment, "ivan", "ann", &["officer", "approver"]);
    user_by(&deployment, "ivan", "olga", &["officer"]);
    let [adam, ann, olga] = ["adam", "ann", "olga"].map(|name| Browser::signed_in(&server, name));
    standin.register(&server.callback());
    for id in [101, 102] {
        standin.begin(id, ANN, None);
        standin.end(id);
    }
    let [at, other] = [101, 102].map(|session| {
        wait_for("the rule's erasure", || {
            let all = deployment.json(&["erasures", "list", "--state", "requested"]);
            let its = all.as_array()?.iter().find(|one| one["session"] == session)?;
            Some(format!("/erasures/{}", its["id"].as_str().expect("an id")))
        })
    });

    for browser in [&adam, &ann] {
        browser.get("/").is(200).says(&[&at, &other]);
    }
    let read = adam.get(&at).is(200).says(&["What is approved", "no consent, nothing kept", "/approve\""]);
    let seen = read.hidden("seen");
    // An officer sees what is approved, and approves nothing.
    let officers = olga.get(&at).is(200).says(&["What is approved", &seen]);
    assert!(!officers.text.contains("/approve\""), "{}", officers.text);

    // By hand the same is asked for, which joins it.
    by_sudo(&deployment, "ann", &["erase", "--session", "acme/101", "--targets", "mluvii"]);
    let anew = adam.post(&format!("{at}/approve"), &[("seen", &seen)]).is(409);
    let anew = anew.says(&["Something has changed since", "so nothing was approved", "What is approved", "request"]);
    assert_ne!(anew.hidden("seen"), seen);
    adam.post(&format!("{at}/approve"), &[]).is(400);
    let id = at.trim_start_matches("/erasures/");
    assert_eq!(deployment.json(&["erasures", "show", id])["state"], "requested");
    // What she has joined does not wait for her, and still for him.
    let is_listed = |browser: &Browser| browser.get("/").is(200).text.contains(&format!("href=\"{at}\""));
    assert!(!is_listed(&ann) && is_listed(&adam));
    // Who has joined it is told that it is her own.
    let own =
        ann.get(&at).is(200).says(&["Somebody else has to approve the erasure", "You have asked for it yourself"]);
    assert!(!own.text.contains("/approve\"") && own.text.contains("/reject\""), "{}", own.text);
    ann.post(&format!("{at}/approve"), &[("seen", &anew.hidden("seen"))]).is(409).says(&["yourself"]);
    adam.get("/language/cs?next=/").leads_to("/");
    let czech = adam.post(&format!("{at}/approve"), &[("seen", &seen)]).is(409);
    czech.says(&["Mezitím se něco změnilo", "Co se schvaluje"]);
    adam.post(&format!("{at}/approve"), &[("seen", &anew.hidden("seen"))]).leads_to(&at);
    wait_for("it to be done", || (deployment.json(&["erasures", "show", id])["state"] == "done").then_some(()));

    // Of whom nobody knows who it is, nobody approves it, and everybody is told the way out.
    let other_id = other.trim_start_matches("/erasures/");
    done(&deployment.run(&["erase", "--session", "acme/102", "--targets", "mluvii"]));
    assert!(adam.get("/").is(200).text.contains(&other), "it is theirs to reject");
    let english = ann.get(&other).is(200).says(&["Nobody can approve this erasure", "cli:", "The way out:"]);
    assert!(!english.text.contains("/approve\""), "{}", english.text);
    olga.get(&other).is(200).says(&["Nobody can approve this erasure"]);
    let czech = adam.get(&other).is(200).says(&["Tento výmaz nemůže nikdo schválit", "Cesta dál:"]);
    let seen = deployment.json(&["erasures", "show", other_id])["to_approve"]["version"].clone();
    let refused = adam.post(&format!("{other}/approve"), &[("seen", seen.as_str().expect("a version"))]).is(409);
    refused.says(&["není jisté, že schvaluje někdo jiný"]);
    assert!(czech.text.contains("/reject\""), "{}", czech.text);
    adam.post(&format!("{other}/reject"), &[]).leads_to(&other);
}
