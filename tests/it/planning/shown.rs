//! A plan of five targets: one finds something, one is away, one is paused, one cannot say, and one keeps what it holds by law.

use serde_json::{Value, json};

use super::{ANN, PHONE, codes, file, plugin, talked, text};
use crate::harness::{Deployment, Server, StandIn, crm_plugin, wait_for};
use crate::once::{folder, let_it_answer, requests, rules};

/// Nobody listens there.
const AWAY: &str = "http://127.0.0.1:1";
const LAW: &str = "§ 31 of the Accounting Act (563/1991)";

fn add_hold(deployment: &Deployment, about: [&str; 2], more: &[&str]) -> String {
    let order =
        [&["holds", "add"][..], &about, &["--reason", "legal-claims", "--case", "21 C 123/2024"], more].concat();
    deployment.json(&order)["id"].as_str().expect("an id").to_owned()
}

/// The hold of this id among those that are shown.
#[track_caller]
fn hold<'p>(shown: &'p Value, id: &str) -> &'p Value {
    let all = shown["holds"].as_array().expect("holds");
    all.iter().find(|one| one["hold"]["hold"] == id).unwrap_or_else(|| panic!("{id}: {shown:#}"))
}

#[test]
fn a_plan_says_what_each_target_finds_or_that_it_is_not_known_and_what_is_held_and_kept_by_law() {
    let (standin, folder) = (StandIn::start(), folder());
    let_it_answer(&folder);
    let law = format!("grants = [\"email\"]\nretained = {{ of = \"invoices\", by = \"{LAW}\" }}");
    let accounting = plugin("accounting", &standin.crm).replacen("grants = [\"email\"]", &law, 1);
    let plugins = [crm_plugin(&standin.crm), plugin("erp", AWAY), plugin("shop", &standin.crm), accounting].concat();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{}{plugins}", rules(&folder, "seeing")));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    talked(&standin, 101, &[("oo1_guest_email", ANN), ("oo1_guest_phone", PHONE)]);
    talked(&standin, 102, &[("oo1_guest_phone", PHONE)]);
    deployment.settled(2);
    standin.add_contact(ANN);
    let paused = ["targets", "pause", "shop", "--reason", "maintenance", "--case", "OPS-7", "--until", "2999-12-31"];
    assert!(deployment.run(&paused).status.success());
    let email = file(&deployment, "email", ANN);
    let person = add_hold(&deployment, ["--email", &format!("@{email}")], &["--until", "2999-12-31"]);
    let session = add_hold(&deployment, ["--session", "acme/102"], &[]);

    let ann = file(&deployment, "ann", &format!("email: {ANN}\nphone: {PHONE}\n"));
    deployment.json(&["requests", "new", "--came", "letter", "--file", &ann, "--verified", "document"]);
    let plan = deployment.json(&["requests", "plan", "R-1"]);
    let at = |target: &str| &plan["targets"][target];
    assert_eq!((&at("crm")["would_be"], &at("crm")["counts"]["contacts"]), (&json!("erased"), &json!(1)), "{plan:#}");
    assert_eq!(at("crm")["told"], json!(["email"]));
    assert_eq!((&at("mluvii")["would_be"], &at("mluvii")["counts"]["sessions"]), (&json!("erased"), &json!(1)));
    let not_looked_at = at("mluvii")["not_looked_at"].as_array().expect("places");
    assert!(not_looked_at.contains(&json!("contact record")), "{not_looked_at:?}");
    // Of neither of these is it said that nothing is there.
    for target in ["erp", "shop"] {
        assert!(at(target)["error"].is_string() && at(target)["would_be"].is_null(), "{target}: {plan:#}");
    }
    assert_eq!(at("shop")["paused"]["reason"], "maintenance");
    let why = at("shop")["error"].as_str().expect("why");
    assert!(why.contains("paused (maintenance, OPS-7) until 3000-01-01") && why.contains("was not asked"), "{why}");
    assert_eq!(at("letters")["would_be"], "unverifiable");
    assert!(at("letters")["reason"].as_str().is_some_and(|why| why.contains("cannot say what would go")), "{plan:#}");
    assert_eq!(at("accounting")["would_be"], "retained");
    assert_eq!(at("accounting")["reason"], format!("kept by law: invoices, by {LAW}"));
    assert_eq!(plan["guests"], 1);
    assert!(["email", "phone"].iter().all(|kind| plan["identifiers"][kind].as_u64() >= Some(1)), "{plan:#}");

    // Before anything is erased it is said what the receipt will not be complete by, and of whom that is not known.
    let foreseen = &plan["foreseen"];
    assert_eq!((&foreseen["at_best"], &foreseen["not_known"]), (&json!("incomplete"), &json!(["erp", "shop"])));
    let reason = |code: &str, target: &str| {
        let all = foreseen["reasons"].as_array().expect("reasons");
        let found = all.iter().find(|one| one["code"] == code && one["target"] == target);
        found.unwrap_or_else(|| panic!("{code} {target}: {foreseen:#}"))
    };
    let places = reason("not_looked_at", "mluvii");
    assert_eq!(
        (&places["lowers"], &places["sure"], &places["allows"]),
        (&json!(true), &json!(true), &json!("incomplete"))
    );
    assert!(places["advice"].as_str().is_some_and(|advice| advice.contains("mluvii.accept_left")), "{places}");
    assert_eq!(reason("unverifiable", "letters")["sure"], false, "it may show it once it has erased");
    assert_eq!(reason("retained", "accounting")["allows"], "retained");
    assert_eq!(deployment.json(&["requests", "show", "R-1"])["foreseen"], *foreseen);

    // One session goes, and is held with the person; the other one may be the person's, stays, and is held by itself.
    let (of_person, of_session) = (hold(&plan, &person), hold(&plan, &session));
    assert_eq!(
        (&of_person["waits"], &of_person["on"], &of_person["sessions"]),
        (&json!(true), &json!("person"), &json!(1))
    );
    assert!(of_person["until"].as_str().is_some_and(|until| until.starts_with("3000-01-01")), "{of_person}");
    assert_eq!(of_person["hold"]["case"], "21 C 123/2024");
    assert_eq!(
        (&of_session["waits"], &of_session["staying"], &of_session["until"]),
        (&json!(false), &json!(1), &Value::Null)
    );
    assert!(!plan.to_string().contains("example.com"), "{plan}");
    let shown = text(&deployment, &["requests", "plan", "R-1"]);
    for part in [
        "not known",
        "held: ",
        "crm is told: email",
        "mluvii does not look at: ",
        LAW,
        "guests       1",
        "the receipt can be incomplete at best",
        "not known of erp",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    // What a target holds is no part of what is ordered.
    standin.add_contact(ANN);
    let again = deployment.json(&["requests", "plan", "R-1"]);
    assert_eq!((&again["plan"], &again["targets"]["crm"]["counts"]["contacts"]), (&plan["plan"], &json!(2)));
    assert!(standin.crm_calls("DELETE").is_empty() && standin.calls("/anonymous").is_empty(), "nothing was changed");
    assert_eq!(requests(&folder), 0);

    let hash = plan["plan"].as_str().expect("a hash");
    let ran = deployment.json(&["requests", "run", "R-1", "--plan", hash]);
    assert_eq!((hold(&ran, &person)["waits"].as_bool(), ran["holds"].as_array().map(Vec::len)), (Some(true), Some(1)));
    let held = wait_for("the erasure to be held", || {
        let shown = deployment.json(&["requests", "show", "R-1"]);
        (codes(&shown) == ["held"]).then_some(shown)
    });
    assert!(held["waits_for"][0]["reason"].as_str().is_some_and(|why| why.contains(&person)), "{held:#}");
    assert!(text(&deployment, &["requests", "list"]).contains("the end of a hold"));
    let erasure = ran["erasure"].as_str().expect("an erasure");
    assert!(
        text(&deployment, &["erasures", "show", erasure]).contains(&format!("waits for the end of a hold: {person}"))
    );
    assert!(deployment.run(&["erasures", "stop", erasure]).status.success());
    assert_eq!(codes(&deployment.json(&["requests", "show", "R-1"])), ["unplanned"]);
    server.stop();
}
