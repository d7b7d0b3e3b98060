//! Who agreed to what, asked for by identifiers once the conversation is erased.

use serde_json::Value;

use super::{consent, history, said, secret};
use crate::harness::{Deployment, RULES, Server, StandIn, wait_for};

/// Ann withdraws by letter, which erases her conversation; Bob's stays. Returns files with their addresses.
fn ann_withdraws(standin: &StandIn, deployment: &Deployment) -> [String; 2] {
    for (id, email) in [(101, "ann@x.cz"), (102, "bob@x.cz")] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    deployment.settled(2);
    let [ann, bob] = [("ann", "Ann@X.cz"), ("bob", "bob@x.cz")].map(|(file, email)| secret(deployment, file, email));
    let letter = ["consent", "withdraw", "--email", &ann, "--came", "letter"];
    let hash = deployment.json(&letter)["hash"].as_str().expect("a hash").to_owned();
    deployment.json(&[&letter[..], &["--confirm", &hash]].concat());
    wait_for("the conversation to be erased", || {
        (deployment.json(&["consent", "show", "--session", "acme/101"])[0]["erased"] != Value::Null).then_some(())
    });
    [ann, bob]
}

/// Ann's consent, as it was and as it ended, and no other one.
#[track_caller]
fn is_ann_s(deployment: &Deployment, ann: &str) {
    let shown = deployment.json(&["consent", "show", "--email", ann]);
    assert_eq!(shown.as_array().map(Vec::len), Some(1), "{shown:#}");
    assert_eq!((&shown[0]["session"], &shown[0]["meant"]), (&"acme/101".into(), &"certain".into()), "{shown:#}");
    assert!(shown[0]["erased"].is_string(), "{shown:#}");
    assert_eq!(history(&shown[0]), [consent("given", "v3", "session"), consent("withdrawn", "v3", "officer-letter")]);
    assert!(shown[0]["earlier"][0]["since"].is_string() && shown[0]["consent"]["since"].is_string(), "{shown:#}");
}

#[test]
fn what_an_erased_person_had_agreed_to_is_found_by_their_identifiers_under_every_key() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let [ann, bob] = ann_withdraws(&standin, &deployment);
    is_ann_s(&deployment, &ann);
    let of_bob = deployment.json(&["consent", "show", "--email", &bob]);
    assert_eq!((of_bob.as_array().map(Vec::len), &of_bob[0]["erased"]), (Some(1), &Value::Null), "{of_bob:#}");
    let eve = secret(&deployment, "eve", "eve@x.cz");
    let nobody = deployment.run(&["consent", "show", "--email", &eve]);
    assert!(
        nobody.status.code() == Some(1) && said(&nobody).contains("does not say that there was no consent"),
        "{}",
        said(&nobody)
    );
    // A letter of an erased person withdraws nothing once more.
    let foreseen = deployment.json(&["consent", "withdraw", "--email", &ann, "--came", "letter"]);
    assert_eq!(foreseen["sessions"].as_array().map(Vec::len), Some(0), "{foreseen:#}");
    server.stop();
    deployment.json(&["keys", "rotate", "index"]);
    is_ann_s(&deployment, &ann);
}

#[test]
fn where_no_fingerprints_are_kept_that_is_said_and_never_that_there_was_no_consent() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let config = deployment.configuration();
    let off = config.replacen("[erasing]\n", "[erasing]\nkeep_fingerprints = false\n", 1);
    deployment.write("quietus.toml", &off);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let [ann, bob] = ann_withdraws(&standin, &deployment);
    let missed = deployment.run(&["consent", "show", "--email", &ann]);
    let why = said(&missed);
    assert!(missed.status.code() == Some(1) && why.contains("`erasing.keep_fingerprints` is off"), "{why}");
    assert!(!why.contains("no consent") && !why.contains("absent"), "{why}");
    let shown = deployment.json(&["consent", "show", "--session", "acme/101"]);
    assert_eq!(history(&shown[0])[0], consent("given", "v3", "session"));
    assert_eq!(deployment.json(&["consent", "show", "--email", &bob]).as_array().map(Vec::len), Some(1));
    server.stop();
}
