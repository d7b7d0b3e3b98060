//! What whoever approves reads before they do, and what they are told who cannot.

use serde_json::json;

use super::{ADMIN, Api, Browser, Page, user};
use crate::admin::talked;
use crate::harness::{Deployment, Needles, RULES, Server, StandIn, crm_plugin};
use crate::papers::{RULES_OF_NOTHING, SEARCH};

const ANN: &str = "ann@example.com";
const FOUR_EYES: &str = "\n[requests]\nfour_eyes = true\n";
/// Nobody listens there.
const AWAY: &str = "http://127.0.0.1:1";

/// What a page says of the receipt's verdict stands in a box of this look.
#[track_caller]
fn verdict_looks(page: &Page, class: &str) {
    let text = page.text.replace('\u{a0}', " ");
    let (before, _) = text.split_once("The receipt will say at best").expect("what the receipt will say");
    let (_, look) = before.rsplit_once("<div class=\"note ").expect("a box");
    assert!(look.starts_with(class), "{look}: {}", page.text);
}

#[test]
fn who_approves_reads_what_is_not_known_what_is_held_and_when_it_was() {
    let standin = StandIn::start();
    let away = crm_plugin(AWAY).replacen("name = \"crm\"", "name = \"erp\"", 1);
    let more = format!("{}{away}{RULES}{FOUR_EYES}{ADMIN}", crm_plugin(&standin.crm));
    // Without what is accepted, the verdict is no good one anyway.
    let accepted = "accept_left = [\"contact record\", \"e-mail threads\"]";
    let deployment = Deployment::tuned(&standin.mluvii, accepted, "", &more);
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    let (olga, adam) = (Browser::signed_in(&server, "olga"), Browser::signed_in(&server, "adam"));
    talked(&standin, &server, &deployment, ANN);
    standin.add_contact(ANN);
    let hold = |of: &str| {
        let added = deployment.json(&["holds", "add", "--session", of, "--reason", "legal-claims"]);
        added["id"].as_str().expect("an id").to_owned()
    };
    let before = hold("acme/101");
    let form = [("email", ANN), ("came", "letter"), ("verified", "document"), ("number", "2026/041")];
    let at = olga.post("/requests/new", &form).goes_on();
    let plan = format!("{at}/plan");
    let made = olga.post(&plan, &[]).is(200).says(&["Not known", &before]);
    verdict_looks(&made, "is-unseen");

    let read = adam.get(&plan).is(200).says(&[
        "What happens where",
        "crm",
        "1 contact",
        "Would be erased",
        "erp",
        "erp could not be asked.",
        "Not known",
        "What waits",
        &before,
        "The erasure waits until this hold has ended.",
        "What the receipt will say is not known for sure yet.",
        "When and how",
        "Approve the plan",
    ]);
    verdict_looks(&read, "is-unseen");
    // Who has made it is told there that somebody else has to approve it.
    let own = olga.get(&plan).is(200).says(&["Somebody else has to approve the plan", "erp could not be asked."]);
    let of_request = olga.get(&at).is(200).says(&["What the receipt will say is not known for sure yet."]);
    verdict_looks(&of_request, "is-unseen");

    // What has come since is there, and what is over is not.
    let since = hold("acme/101");
    assert!(deployment.run(&["holds", "lift", &before]).status.success());
    let now = adam.get(&plan).is(200).says(&[&since]);
    assert!(!now.text.contains(&before), "{}", now.text);

    adam.get("/language/cs?next=/").leads_to("/");
    let czech = adam.get(&plan).is(200).says(&[
        "erp: nepodařilo se zeptat.",
        "Co doklad řekne, se zatím neví jistě.",
        "Výmaz počká, než pozastavení skončí.",
    ]);
    let (_, log) = server.stop();
    let needles = Needles::of([ANN]);
    for text in [&read.text, &own.text, &of_request.text, &now.text, &czech.text, &log.join("\n")] {
        needles.must_be_absent("a page", text.as_bytes());
    }
}

#[test]
fn how_many_contacts_mluvii_has_of_the_person_is_said_in_both_languages_and_by_the_api() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "", "", &format!("{SEARCH}{RULES_OF_NOTHING}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let olga = Browser::signed_in(&server, "olga");
    talked(&standin, &server, &deployment, ANN);
    let form = [("email", ANN), ("came", "letter"), ("verified", "document"), ("number", "2026/041")];
    let at = olga.post("/requests/new", &form).goes_on();
    let plan = format!("{at}/plan");
    let none = olga.post(&plan, &[]).is(200);
    assert!(!none.text.replace('\u{a0}', " ").contains("The directory of mluvii"), "{}", none.text);
    for (id, phone) in [("c-1", "+420 602 111 221"), ("c-2", "+420 602 111 222")] {
        standin.add_directory_contact(id, ANN, phone);
    }
    olga.post(&plan, &[]).is(200).says(&["The directory of mluvii has 2 contacts of the person. Their records stay."]);
    olga.get("/language/cs?next=/").leads_to("/");
    olga.post(&plan, &[]).is(200).says(&["V adresáři mluvii jsou 2 kontakty této osoby. Jejich záznamy zůstanou."]);
    let officer = Api::by(&server, &deployment, "otto", &["officer"], &[]);
    let planned = officer.post("/api/v1/requests/acme/2026%2F041/plan", &json!({})).is(200);
    assert_eq!(planned["contacts"], 2, "{planned:#}");
}

#[test]
fn of_whom_nothing_shows_who_it_is_the_way_out_is_said_and_an_officer_sees_what_is_late_wherever_it_waits() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{FOUR_EYES}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    let (olga, adam) = (Browser::signed_in(&server, "olga"), Browser::signed_in(&server, "adam"));
    talked(&standin, &server, &deployment, ANN);
    deployment.write("ann", &format!("email: {ANN}\n"));
    let ann = deployment.path("ann").display().to_string();
    let letter = ["requests", "new", "--came", "letter", "--file", &ann, "--verified", "document"];
    // Whoever runs the tests has no account here.
    deployment.json(&[&letter[..], &["--received", "2024-01-31", "--targets", "mluvii"]].concat());
    deployment.json(&["requests", "plan", "R-1"]);

    for page in [adam.get("/requests/acme/R-1"), adam.get("/requests/acme/R-1/plan"), olga.get("/requests/acme/R-1")] {
        let page = page.is(200).says(&[
            "Nobody can approve this plan",
            "cli:",
            "closes the request as entered by mistake",
            "with the same day on which it came",
        ]);
        assert!(!page.text.contains("Whoever has entered the request or made its plan does not approve it"));
        assert!(!page.text.contains("/approve\""), "{}", page.text);
    }
    // What nobody has asked for is said, too.
    adam.get("/requests/acme/R-1/plan").is(200).says(&["Nobody asked for what is at: crm."]);
    // It waits for others, and is the officer's to see to all the same.
    let home = olga.get("/").is(200).says(&["Late", "acme/R-1", "Look at it", "Nobody can approve this plan"]);
    assert!(!home.text.contains("It waits for your approval."), "{}", home.text);
    let home = adam.get("/").is(200);
    assert!(!home.text.contains("It waits for your approval."), "{}", home.text);

    // The way out is one.
    let closed = [("close-because", "mistake")];
    olga.post("/requests/acme/R-1/close", &closed).leads_to("/requests/acme/R-1");
    let form =
        [("email", ANN), ("came", "letter"), ("verified", "document"), ("received", "2024-01-31"), ("number", "2")];
    let at = olga.post("/requests/new", &form).goes_on();
    // Whom somebody has paused is not asked, which is said in the reader's words.
    assert!(deployment.run(&["targets", "pause", "crm", "--reason", "maintenance"]).status.success());
    let plan = format!("{at}/plan");
    olga.post(&plan, &[]).is(200).says(&["It is paused, so nobody asked it. Reason: Maintenance."]);
    assert!(deployment.run(&["targets", "resume", "crm"]).status.success());
    olga.post(&plan, &[]).is(200);
    let plan = adam.get(&format!("{at}/plan")).is(200).says(&["Approve the plan"]).hidden("plan");
    adam.get("/").is(200).says(&["It waits for your approval."]);
    adam.post(&format!("{at}/approve"), &[("plan", &plan)]).leads_to(&at);
}
