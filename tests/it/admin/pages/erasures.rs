//! An erasure that needs somebody: its timeline, the lists that find it, and trying a selection again.

use serde_json::{Value, json};

use super::{ADMIN, Browser, user};
use crate::harness::{Deployment, ERASE, RULES, Server, StandIn, receipts, wait_for};

/// By which rule, as an address has it.
const RULE: &str = "rule=no%20consent%2C%20nothing%20kept";

/// Waits until so many erasures need somebody, and returns their ids.
fn parked(deployment: &Deployment, count: usize) -> Vec<String> {
    wait_for("erasures to be parked", || {
        let all = deployment.json(&["erasures", "list", "--state", "parked"]);
        let ids: Vec<_> = all.as_array()?.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
        (ids.len() == count).then_some(ids)
    })
}

/// What the form of a page says of an erasure, where it can be ticked.
fn ticked(page: &str, id: &str) -> String {
    let value = page.split("name=\"erasure\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
    value.into_iter().find(|value| value.starts_with(id)).unwrap_or_default().to_owned()
}

#[test]
fn a_selection_is_found_by_combined_filters_and_exactly_what_was_ticked_is_tried_again() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    user(&deployment, "opa", "Opa", &["operator"], &[]);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let (opa, olga) = (Browser::signed_in(&server, "opa"), Browser::signed_in(&server, "olga"));
    olga.get("/erasures").is(200).says(&["There are none here.", "An erasure begins when a rule demands one"]);
    // Each of them is asked three times, and holds it still.
    standin.fault(&json!({ "path": "/anonymous", "times": 6, "kind": "accepted_but_not_done" }));
    for (id, email) in [(101, "ann@example.com"), (102, "bea@example.com")] {
        standin.begin(id, email, None);
        standin.end(id);
    }
    let ids = parked(&deployment, 2);
    let has = |browser: &Browser, query: &str| {
        let page = browser.get(&format!("/erasures?{query}")).is(200);
        ids.iter().filter(|id| page.text.contains(&format!("href=\"/erasures/{id}\""))).count()
    };
    for all in ["", "show=person", "show=parked", RULE, "target=mluvii", "company=acme", "time=due"] {
        assert_eq!(has(&olga, all), 2, "{all}");
    }
    assert_eq!(has(&olga, &format!("show=person&time=due&company=acme&target=crm&{RULE}")), 2);
    assert_eq!(has(&olga, "target=mlu"), 0);
    // What stands in an address is chosen, and not typed; what the configuration does not have, as little.
    let [system, chosen] =
        ["<option value=\"crm\">crm</option>", "nothing kept\" selected>no consent, nothing kept</option>"];
    olga.get(&format!("/erasures?{RULE}")).is(200).says(&["<select id=\"rule\" name=\"rule\">", system, chosen]);
    olga.get("/erasures?rule=retention").is(200).says(&["<option value=\"retention\" selected>"]);
    olga.get("/requests?target=crm")
        .is(200)
        .says(&["<select id=\"target\" name=\"target\">", "<option value=\"crm\" selected>"]);
    // A row says what is erased, and of its id as much as a line holds.
    let list = olga.get("/erasures").is(200).says(&["Session acme/101", "Session acme/102", "Step that is stuck"]);
    let short = |id: &String| format!("<small>{}</small>", &id[..14]);
    assert!(ids.iter().all(|id| list.text.contains(&short(id))), "{}", list.text);
    assert!(!ids.iter().any(|id| list.text.contains(&format!(">{id}<"))), "{}", list.text);
    for none in ["show=done", "rule=retention", "time=late", "show=requested"] {
        assert_eq!(has(&olga, &format!("target=mluvii&{none}")), 0, "{none}");
    }
    olga.get("/erasures?show=done").is(200).says(&["Show all of them"]);
    olga.get("/erasures?company=globex").is(404);

    // Beside the step stands what is next, and whose it is.
    let path = format!("/erasures/{}", ids[0]);
    let said = ["What has happened", "It was still there after", "Next:", "the time of each", "/explain?company=acme"];
    let page = olga.get(&path).is(200).says(&said).says(&["An operator looks in the system"]);
    assert!(!page.text.contains("/retry\""), "{}", page.text);
    opa.get(&path).is(200).says(&["Look in the system for the cause", "/retry\""]);
    // Nothing of it is under way: one way ends it, and not two.
    let page = olga.get(&path).is(200).says(&["/cancel\""]);
    assert!(!page.text.contains("/stop\""), "{}", page.text);

    // How many and which, and no others.
    let asked =
        opa.get(&format!("/erasures/retry?show=person&{RULE}")).is(200).says(&["2 erasures can be tried again"]);
    for id in &ids {
        assert!(asked.text.contains(&format!("value=\"{}\" checked", ticked(&asked.text, id))), "{}", asked.text);
    }
    let values = [0, 1].map(|at: usize| ticked(&asked.text, &ids[at]));
    opa.get("/erasures/retry?show=person&time=late").is(200).says(&["0 erasures can be tried again"]);
    opa.get("/erasures/retry?rule=retention").is(200).says(&["0 erasures can be tried again", "nothing to try again"]);
    opa.post("/erasures/retry", &[]).is(400);
    for wrong in ["e-x", "e-x~0", ids[1].as_str()] {
        opa.post("/erasures/retry", &[("erasure", &values[0]), ("erasure", wrong)]).is(400);
    }
    assert_eq!(parked(&deployment, 2).len(), 2, "nothing is tried of what is not understood whole");
    olga.post("/erasures/retry", &[("erasure", &values[0])]).is(403);
    let one = opa.post("/erasures/retry", &[("erasure", &values[0]), ("shown", &ids[0]), ("shown", &ids[1])]).is(200);
    let one = one.says(&["1 erasure is taken up again"]);
    assert!(!one.text.contains("not shown"), "{}", one.text);
    let done = receipts(&deployment, 1);
    assert_eq!(done[0]["statement"]["erasure"], Value::from(ids[0].as_str()), "{done:?}");
    assert_eq!(parked(&deployment, 1), [ids[1].as_str()]);
    // One of them is over by now, which keeps the other one from nothing.
    let both = opa.post("/erasures/retry", &[("erasure", &values[0]), ("erasure", &values[1])]).is(200);
    both.says(&["1 erasure is taken up again", "1 erasure was left as it is", "it is not parked"]);
    receipts(&deployment, 2);

    opa.get(&path).is(200).says(&["Taken up again: opa.", "every system has its result", "What belongs to it"]);
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get(&path).is(200).says(&["Co se stalo", "Znovu rozběhnuto: opa.", "Co k výmazu patří"]);
}

#[test]
fn what_was_parked_after_the_page_was_shown_is_told_and_left() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    user(&deployment, "opa", "Opa", &["operator"], &[]);
    let opa = Browser::signed_in(&server, "opa");
    standin.fault(&json!({ "path": "/anonymous", "times": 100, "kind": "accepted_but_not_done" }));
    standin.begin(101, "ann@example.com", None);
    standin.end(101);
    let first = parked(&deployment, 1).remove(0);
    let look = || ticked(&opa.get("/erasures/retry?show=person").is(200).text, &first);
    let shown = look();
    assert!(shown.starts_with(&first), "{shown}");
    assert_eq!(look(), shown, "looking changes nothing");
    // Somebody else tries it again, and it comes back; and another one comes.
    assert!(deployment.run(&["erasures", "retry", &first]).status.success());
    wait_for("it to be parked again", || Some(look()).filter(|now| !now.is_empty() && *now != shown));
    standin.begin(102, "bea@example.com", None);
    standin.end(102);
    let both = parked(&deployment, 2);
    let stale = [("erasure", shown.as_str()), ("shown", first.as_str())];
    let left = opa.post("/erasures/retry?show=person", &stale).is(200);
    left.says(&[
        "0 erasures are taken up again",
        "1 erasure was left as it is",
        "Something else of it needs somebody now than was shown",
        "1 further erasure of the list needs somebody and was not shown",
        "href=\"/erasures/retry?show=person\"",
    ]);
    let of_another_list = opa.post("/erasures/retry?show=done", &stale).is(200);
    assert!(!of_another_list.text.contains("not shown"), "{}", of_another_list.text);
    opa.get("/language/cs?next=/").leads_to("/");
    let left = opa.post("/erasures/retry?show=person", &stale).is(200);
    left.says(&["Člověka teď potřebuje i něco jiného", "1 další výmaz ze seznamu potřebuje člověka a nebyl ukázán"]);
    assert_eq!(parked(&deployment, 2), both, "nothing was tried");
    standin.clear_faults();
    let page = opa.get("/erasures/retry?show=person").is(200);
    let values: Vec<String> = both.iter().map(|id| ticked(&page.text, id)).collect();
    let fields: Vec<_> = values.iter().map(|value| ("erasure", value.as_str())).collect();
    opa.post("/erasures/retry?show=person", &fields).is(200).says(&["2 výmazy se znovu rozbíhají"]);
    receipts(&deployment, 2);
}

#[test]
fn nobody_tries_again_what_is_of_another_company() {
    let standin = StandIn::start();
    let beta = StandIn::start();
    let more = format!("{RULES}{}{ADMIN}", crate::harness::company("beta", &beta.mluvii, 63, ""));
    let deployment = Deployment::new(&standin, &more);
    deployment.names_companies();
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let opa = Browser::by(&server, &deployment, "opa", "Opa", &["operator"], &["beta"]);
    standin.fault(&json!({ "path": "/anonymous", "times": 3, "kind": "accepted_but_not_done" }));
    standin.begin(101, "ann@example.com", None);
    standin.end(101);
    let ids = parked(&deployment, 1);
    for path in ["/erasures", "/erasures?show=person", "/erasures/retry", "/erasures/retry?target=mluvii"] {
        assert!(!opa.get(path).is(200).text.contains(&ids[0]), "{path}");
    }
    opa.get("/erasures?company=acme").is(404);
    opa.get("/erasures/retry?company=acme").is(404);
    let refused = opa.post("/erasures/retry", &[("erasure", &format!("{}~0", ids[0]))]).is(200);
    refused.says(&["0 erasures are taken up again", "1 erasure was left as it is", "It is not there"]);
    assert_eq!(parked(&deployment, 1), ids);
    opa.get("/explain?company=acme&session=101").is(404);
    opa.get("/explain?session=101").is(404).says(&["Nothing is kept of this session"]);
    assert!(deployment.run(&["erasures", "cancel", &ids[0]]).status.success());
    receipts(&deployment, 1);
}

#[test]
fn what_a_hold_keeps_names_and_links_it_and_is_not_begun_by_an_order() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let olga = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &[]);
    deployment.write("ann", "ann@example.com");
    let file = format!("@{}", deployment.path("ann").display());
    let order = ["holds", "add", "--email", &file, "--reason", "legal-claims", "--case", "21 C 123/2024"];
    let added = deployment.json(&[&order[..], &["--until", "2999-12-31"]].concat());
    let hold = added["id"].as_str().expect("an id");
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let held = wait_for("the erasure to be held", || {
        let all = deployment.json(&["erasures", "list"]);
        all.as_array()?.iter().find(|one| one["held"] == true).cloned()
    });
    let path = format!("/erasures/{}", held["id"].as_str().expect("an id"));
    let link = format!("href=\"/holds/{hold}\"");
    let page = olga.get(&path).is(200).says(&["Kept by a hold", &link, "21 C 123/2024"]);
    // It is not a system that says so, and no order gets round it.
    assert!(!page.text.contains("the system said") && !page.text.contains("legal-claims"), "{}", page.text);
    assert!(!page.text.contains("/begin\""), "{}", page.text);
    olga.get("/erasures").is(200).says(&["Kept by a hold", &link]);
    olga.get("/language/cs?next=/").leads_to("/");
    let page = olga.get(&path).is(200).says(&["Drží ho pozastavení", &link, "Právní nároky"]);
    assert!(!page.text.contains("systém uvedl") && !page.text.contains("Čeká na svůj čas"), "{}", page.text);
    server.stop();
}

#[test]
fn a_task_of_which_somebody_said_that_it_is_still_there_is_given_once_more() {
    let standin = StandIn::start();
    let rules = ERASE.replace("targets = [\"mluvii\"]", "targets = [\"mluvii\", \"paper\"]");
    assert_ne!(rules, ERASE, "or this tests nothing");
    let manual = "\n[[manual]]\nname = \"paper\"\ntext = \"Shred the file.\"\n";
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}{manual}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    user(&deployment, "opa", "Opa", &["operator"], &[]);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let [opa, olga] = ["opa", "olga"].map(|name| Browser::signed_in(&server, name));
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let task = || {
        wait_for("a task", || {
            let all = deployment.json(&["tasks", "list"]);
            all.as_array()?.iter().find(|one| one["state"] == "open").cloned()
        })
    };
    let open = task();
    let id = open["id"].as_str().expect("an id").to_owned();
    // No program erases there.
    let of = format!("/erasures/{}", open["erasure"].as_str().expect("an id"));
    opa.get(&of).is(200).says(&["Waits for people"]);
    assert!(deployment.run(&["tasks", "done", &id, "--outcome", "residual"]).status.success());
    let erasure = parked(&deployment, 1).remove(0);
    let path = format!("/erasures/{erasure}");
    // What people have said is theirs, in the reader's language, and nobody is to find a cause in a system.
    let page = opa.get(&path).is(200).says(&["Give the task once more", "a member of staff has confirmed"]);
    assert!(!page.text.contains("Look in the system for the cause"), "{}", page.text);
    let page = olga.get(&path).is(200).says(&["An operator gives the task once more"]);
    // Whoever sees to tasks is told of it, and not only who gives it again.
    olga.get("/").is(200).says(&["The data of 1 task is still there, by its answer", "href=\"/tasks\""]);
    assert!(!page.text.contains("/stop\""), "{}", page.text);
    olga.get("/language/cs?next=/").leads_to("/");
    let page = olga.get(&path).is(200).says(&["pracovník potvrdil: údaje tam stále jsou", "Úkol zadá znovu správce"]);
    assert!(!page.text.contains("said so at"), "{}", page.text);
    opa.post(&format!("{path}/retry"), &[]).leads_to(&path);
    task();
    server.stop();
}
