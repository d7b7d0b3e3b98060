//! What nobody has seen is not shown as if it were, and whoever is shown a part only is told so.

use serde_json::json;

use super::{ADMIN, Browser, user};
use crate::harness::{Deployment, ERASE, Server, StandIn, company, receipts, wait_for};

#[test]
fn a_receipt_that_rests_on_a_word_is_complete_and_does_not_look_as_if_all_were_seen() {
    let standin = StandIn::start();
    let by_hand = "[[manual]]\nname = \"paper\"\ntext = \"Shred the file.\"\ndeadline = \"21d\"\n";
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"paper\"]");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n{by_hand}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let olga = Browser::signed_in(&server, "olga");
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let task = wait_for("the task", || deployment.json(&["tasks", "list"])[0]["id"].as_str().map(str::to_owned));
    assert!(deployment.run(&["tasks", "done", &task, "--outcome", "erased"]).status.success());
    let receipt = receipts(&deployment, 1)[0]["statement"].clone();
    assert_eq!(receipt["verdict"], "complete", "{receipt}");

    let erasure = receipt["erasure"].as_str().expect("an id").to_owned();
    for path in ["/receipts", "/receipts/1", "/erasures", "/explain?company=acme&session=101"] {
        let page = olga.get(path).is(200).says(&["Complete, but not all of it verified"]);
        assert!(!page.text.contains("st is-done\">Complete"), "{path}: {}", page.text);
    }
    let page =
        olga.get("/receipts/1").is(200).says(&["By a member of staff’s word only, not verified: paper", &erasure]);
    assert!(page.text.contains("class=\"verdict is-unseen\""), "{}", page.text);
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/receipts/1").is(200).says(&["Úplný, ale ne vše je ověřené", "Jen podle sdělení pracovníka"]);
    server.stop();
}

#[test]
fn who_may_see_some_companies_is_told_that_only_those_are_shown() {
    let standins = [StandIn::start(), StandIn::start()];
    let [acme, beta] = &standins;
    let more = format!("{}{ERASE}{ADMIN}", company("beta", &beta.mluvii, 63, ""));
    let deployment = Deployment::bare(&acme.mluvii, &more);
    deployment.names_companies();
    let server = Server::start(&deployment);
    acme.register(&server.callback());
    acme.begin(101, "ann@example.com", Some("v3"));
    acme.end(101);
    deployment.settled(1);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "anna", "Anna", &["officer"], &["acme"]);
    user(&deployment, "otto", "Otto", &["operator"], &["acme"]);
    let [olga, anna, otto] = ["olga", "anna", "otto"].map(|name| Browser::signed_in(&server, name));

    let only = "Only what is of acme is shown to you.";
    let withheld = "what concerns the whole deployment";
    // There is nothing for them, and more than they are shown.
    for browser in [&anna, &otto] {
        let home = browser.get("/").is(200).says(&["Nothing waits for you", only, withheld]);
        assert!(!home.text.contains("beta"), "{}", home.text);
        for path in ["/explain", "/erasures", "/requests", "/holds"] {
            browser.get(path).is(200).says(&[only]);
        }
        browser.get("/explain?session=4711").is(404).says(&["Nothing is kept of this session", only]);
    }
    let person = [("email", "nobody@example.com")];
    anna.post("/people", &person).is(200).says(&["Nothing is known of the person here", only]);
    for path in ["/", "/explain", "/erasures", "/requests", "/holds"] {
        let page = olga.get(path).is(200);
        assert!(!page.text.contains("shown to you"), "{path}: {}", page.text);
    }

    // An operator is not told whether a person's erasure has reached it, nor that none has.
    let persons = "Erasures of persons are shown to officers and approvers only";
    otto.get("/explain?session=101").is(200).says(&["Session acme/101", persons]);
    let page = anna.get("/explain?session=101").is(200).says(&["Session acme/101"]);
    assert!(!page.text.contains(persons), "{}", page.text);

    otto.get("/language/cs?next=/").leads_to("/");
    let only = "Zobrazuje se jen to, co patří společnostem, které smíte vidět: acme.";
    otto.get("/").is(200).says(&["Nic na vás nečeká", only]);
    otto.get("/explain").is(200).says(&[only]);
    otto.get("/explain?session=101").is(200).says(&["Výmazy osob se zobrazují jen pověřencům a schvalovatelům"]);
    assert_eq!(deployment.json(&["requests", "list"]), json!([]));
    server.stop();
}
