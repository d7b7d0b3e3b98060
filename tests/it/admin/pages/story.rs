//! From the letter to the certificate, by two people in two browsers.

use super::{ADMIN, Browser, user};
use crate::admin::talked;
use crate::harness::{Deployment, Needles, RULES, Server, StandIn, crm_plugin, wait_for};

const ANN: &str = "ann@example.com";
const FOUR_EYES: &str = "\n[requests]\nfour_eyes = true\n";

#[test]
fn two_people_see_to_a_request_without_typing_a_command() {
    let standin = StandIn::start();
    let more = format!("{}{RULES}{FOUR_EYES}{ADMIN}", crm_plugin(&standin.crm));
    // What mluvii's anonymization does not cover would make the receipt incomplete, and somebody would have to close the request.
    let accepted = "accept_left = [\"contact record\", \"e-mail threads\"]";
    let deployment = Deployment::tuned(&standin.mluvii, accepted, "", &more);
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    let (olga, adam) = (Browser::signed_in(&server, "olga"), Browser::signed_in(&server, "adam"));
    olga.get("/").is(200).says(&["Nothing has arrived yet", "/webhooks/acme", "New request"]);
    adam.get("/").is(200).says(&["Nothing has arrived yet", "Do you approve erasures?"]);
    standin.register(&server.callback());
    standin.begin(101, ANN, Some("v1"));
    standin.end(101);
    deployment.settled(1);
    standin.add_contact(ANN);
    // Where nothing waits, it is said what there is in all, and what an officer may begin.
    olga.get("/").is(200).says(&["Nothing waits for you", "href=\"/requests/new\"", "0 open requests"]);
    let quiet = adam.get("/").is(200).says(&["Nothing waits for you", "0 open requests"]);
    assert!(!quiet.text.contains("/requests/new"), "{}", quiet.text);

    let mut seen = Vec::new();
    let entered = olga.post("/requests/new", &[("email", ANN), ("came", "letter"), ("number", "2026/041")]);
    let at = entered.goes_on();
    assert_eq!(at, "/requests/acme/2026%2F041");
    seen.push(olga.get("/").is(200).says(&["1 thing needs your attention", "Verify whose it is"]).text);
    // Who approves only sees it, and has nothing to do yet.
    seen.push(adam.get("/").is(200).says(&["Nothing waits for you", "1 open request waits for somebody else"]).text);
    let shown = adam.get(&at).is(200).says(&["Waits for identity", "Received"]);
    assert!(!shown.text.contains("<form method=\"post\" action=\"/requests"), "{}", shown.text);
    olga.get(&at).is(200).says(&["name=\"how\" required"]);
    olga.post(&format!("{at}/verify"), &[("how", "")]).is(400);
    olga.post(&format!("{at}/verify"), &[("how", "document")]).leads_to(&at);
    seen.push(olga.get(&at).is(200).says(&["Not planned", "By a document"]).text);

    let planned = olga.post(&format!("{at}/plan"), &[]).is(200);
    let planned = planned.says(&[
        "1 session goes",
        "acme/101",
        "same: e-mail address",
        " · ",
        "a…@e….com",
        "Would be erased",
        "Somebody else has to approve",
    ]);
    let seen_before = planned.hidden("seen");
    seen.push(planned.text);
    // A session is kept with a reason alone, and the plan follows the decision.
    let plan_path = format!("{at}/plan");
    let keep = |why, seen| [("seen", seen), ("d-acme/101", "exclude"), ("b-acme/101", why)];
    let wrong = olga.post(&plan_path, &keep("", &seen_before)).is(400);
    let wrong =
        wrong.says(&["Choose why", "1 session goes", "aria-invalid=\"true\"", "aria-describedby=\"b-acme/101-e\""]);
    assert_eq!(wrong.hidden("seen"), seen_before);
    seen.push(wrong.text);
    olga.post(&plan_path, &keep("needed", &seen_before)).leads_to(&plan_path);
    let kept = olga.get(&plan_path).is(200).says(&["0 sessions go", "Kept by decision", "It is needed"]);
    seen.push(kept.text);
    seen.push(olga.post(&plan_path, &keep("needed", "")[..2]).is(400).text);
    // Who has read what was decided before, or nothing, does not undo what was decided since.
    let erase = |seen| [("seen", seen), ("d-acme/101", ""), ("b-acme/101", "")];
    for before in [&*seen_before, ""] {
        olga.post(&plan_path, &erase(before)).is(409).says(&["Somebody has changed the request"]);
    }
    let now = olga.post(&plan_path, &[]).is(200).says(&["0 sessions go"]).hidden("seen");
    olga.post(&plan_path, &erase(&now)).leads_to(&plan_path);
    seen.push(olga.get(&plan_path).is(200).says(&["1 session goes"]).text);

    // Who has made it does not approve it, whatever they send.
    let own = olga.get(&at).is(200).says(&["Somebody else has to approve the plan"]);
    assert!(!own.text.contains("/approve\""), "{}", own.text);
    let home = adam.get("/").is(200).says(&["1 thing needs your attention", "Read the plan", "days left"]);
    let home = home.says(&["It waits for your approval."]);
    seen.push(home.text);
    let before = adam.get(&at).is(200).says(&["Approve the plan", "Read the plan"]);
    assert!(!before.text.contains("acme/101"), "which sessions go is a look of its own: {}", before.text);
    let approving = adam.get(&format!("{at}/plan")).is(200).says(&["Approve the plan", "acme/101", "certain"]);
    let plan = approving.hidden("plan");
    olga.post(&format!("{at}/approve"), &[("plan", &plan)]).is(409).says(&["cannot be done", "somebody else"]);
    olga.post(&format!("{at}/run"), &[("plan", &plan)]).is(409);
    adam.post(&format!("{at}/approve"), &[("plan", "0000000000000000")]).is(409);
    adam.post(&format!("{at}/approve"), &[("plan", &plan)]).leads_to(&at);
    adam.post(&format!("{at}/run"), &[("plan", &plan)]).is(403);
    seen.push(adam.get(&at).is(200).says(&["The plan is approved; an officer has it erased."]).text);
    seen.push(olga.get("/").is(200).says(&["Have it erased"]).text);
    let own = olga.get(&at).is(200).says(&["Approved", "Read the plan"]);
    assert!(!own.text.contains("/run\""), "what goes is read first: {}", own.text);
    seen.push(own.text);
    let read =
        olga.get(&format!("{at}/plan")).is(200).says(&["acme/101", "This cannot be undone", "1 session goes, and"]);
    assert_eq!(read.hidden("plan"), plan);
    seen.push(read.text);
    let erasure = olga.post(&format!("{at}/run"), &[("plan", &plan)]).goes_on();
    assert!(erasure.starts_with("/erasures/e-"), "{erasure}");
    // The browser's way back orders nothing twice.
    olga.post(&format!("{at}/run"), &[("plan", &plan)]).is(409);

    let without_end = olga.get(&format!("{erasure}?every=10")).is(200);
    assert_eq!(without_end.header("refresh"), "", "nobody is kept signed in by a page alone");
    assert_eq!(olga.get(&format!("{erasure}?every=1")).header("refresh"), "");
    let done = wait_for("the request to be done", || {
        let page = olga.get(&at).is(200);
        page.text.contains("Ended with its receipt").then_some(page)
    });
    seen.push(done.text.clone());
    seen.push(adam.get(&erasure).is(200).says(&["Erased", "Over, with a receipt", "crm", "Demanded by a person"]).text);
    let ended = olga.get("/requests?show=ended").is(200);
    // With what its receipt comes to.
    seen.push(ended.says(&["2026/041", "Ended with its receipt", "<small><span class=\"st is-"]).text);
    let (_, rest) = done.text.split_once("href=\"/receipts/").expect("its receipt");
    let receipt = format!("/receipts/{}", rest.split('"').next().expect("an end"));
    seen.push(olga.get(&receipt).is(200).says(&["Certificate to print", "What was done"]).text);
    // What is still to be done, and with which paper: it is filled from the request.
    let number = receipt.rsplit('/').next().expect("a number");
    let done =
        done.says(&["Answer the person, unless that was done already", "Certificate of receipt", "For the authority"]);
    each_paper_stands_beside_its_own_name(&done.text);
    let certificate = |of: &str| format!("{at}/certificates/{of}");
    for of in ["person/en", "person/cs", "authority/en", "authority/cs"] {
        let path = certificate(&format!("{number}/{of}"));
        assert!(done.text.contains(&path), "{of}: {}", done.text);
        seen.push(olga.get(&path).is(200).says(&["2026/041"]).text);
        adam.get(&path).is(403);
    }
    let others = adam.get(&at).is(200).text;
    assert!(!others.contains("/certificates/") && !others.contains("Answer the person"), "{others}");
    for unknown in
        ["4711/person/en".into(), "one/person/en".into(), format!("{number}/nobody/en"), format!("{number}/person/de")]
    {
        olga.get(&certificate(&unknown)).is(404);
    }
    seen.push(
        olga.get(&format!("{receipt}/verified"))
            .is(200)
            .says(&["It is signed by a key of this server", "first one"])
            .text,
    );
    let paper = olga.get(&format!("{receipt}/certificate")).is(200);
    assert!(paper.text.starts_with("<!DOCTYPE html>") && paper.header("cache-control") == "no-store");
    seen.push(paper.text);
    adam.get(&format!("{receipt}/certificate")).is(403);
    olga.get("/receipts/4711").is(404);
    olga.get("/receipts/4711/verified").is(404);

    // Everything in Czech as well, whole.
    olga.get("/language/cs?next=/").leads_to("/");
    for path in ["/", "/requests?show=ended", &at, &erasure, &receipt, "/requests/new", "/sessions", "/password"] {
        seen.push(olga.get(path).is(200).says(&["lang=\"cs\"", "Odhlásit se"]).text);
    }
    // What stands in the place of a rule is in words, too.
    for path in [&*erasure, &*receipt, "/erasures"] {
        let page = olga.get(path).is(200);
        assert!(path == receipt || page.text.replace('\u{a0}', " ").contains("žádost osoby"), "{}", page.text);
        assert!(!page.text.contains(">request<") && !page.text.contains("Podle čeho: request"), "{}", page.text);
    }
    let audited = deployment.json(&["audit", "list"]).to_string();
    for act in
        ["user:olga", "user:adam", "request.plan", "request.view", "request.approve", "request.run", "certificate"]
    {
        assert!(audited.contains(act), "{act}");
    }
    let (_, log) = server.stop();
    let needles = Needles::of([ANN]);
    for text in &seen {
        needles.must_be_absent("a page", text.as_bytes());
    }
    needles.must_be_absent("the log", log.join("\n").as_bytes());
}

#[test]
fn decisions_that_are_not_kept_cannot_be_run() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    let olga = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &[]);
    talked(&standin, &server, &deployment, ANN);
    standin.add_contact(ANN);
    let at = olga.post("/requests/new", &[("email", ANN), ("came", "letter"), ("number", "2026/042")]).goes_on();
    olga.post(&format!("{at}/verify"), &[("how", "document")]).leads_to(&at);
    let (plan, run) = (format!("{at}/plan"), format!("action=\"{at}/run\""));

    // Where something can be decided, nothing can be run, whether it was decided well or not.
    let nothing = olga.post(&plan, &[]).is(200).says(&["1 session goes", "Read the plan"]);
    let read = nothing.hidden("seen");
    let wrong = [("seen", &*read), ("d-acme/101", "exclude"), ("b-acme/101", "")];
    let wrong = olga.post(&plan, &wrong).is(400).says(&["Choose why"]);
    for page in [&nothing, &wrong] {
        assert!(page.text.contains("name=\"d-acme/101\""), "{}", page.text);
        assert!(!page.text.contains("/run\"") && !page.text.contains("/approve\""), "{}", page.text);
    }
    let request = olga.get(&at).is(200).says(&["Read the plan"]);
    assert!(!request.text.contains("/run\""), "{}", request.text);
    // Where it is run, nothing can be decided.
    let read = olga.get(&plan).is(200).says(&["acme/101", "This cannot be undone"]);
    assert!(read.text.contains(&run) && !read.text.contains("name=\"d-"), "{}", read.text);
    // A page that was read before another decision runs nothing.
    let before = read.hidden("plan");
    let read = wrong.hidden("seen");
    let decided = [("seen", &*read), ("d-acme/101", "exclude"), ("b-acme/101", "needed")];
    olga.post(&plan, &decided).leads_to(&plan);
    olga.get(&plan).is(200).says(&["0 sessions go"]);
    olga.post(&format!("{at}/run"), &[("plan", &before)]).is(409).says(&["The plan is another one now"]);

    // What was decided of a session that is not found this time goes with the form, and is not lost by the next decision.
    let read = olga.post(&plan, &[]).is(200).hidden("seen");
    let two =
        [("d-acme/101", "exclude"), ("b-acme/101", "needed"), ("d-acme/4711", "exclude"), ("b-acme/4711", "shared")];
    olga.post(&plan, &[&[("seen", &*read)], &two[..]].concat()).leads_to(&plan);
    let again = olga.post(&plan, &[]).is(200).says(&["not found this time, stays: acme/4711"]);
    assert_eq!((&*again.hidden("d-acme/4711"), &*again.hidden("b-acme/4711")), ("exclude", "shared"));
    olga.post(&plan, &[("seen", &*again.hidden("seen")), ("d-acme/101", "keep")]).is(400);
}

/// The list has two columns: a name with more than one cell would move all letters below it beside the names of others.
fn each_paper_stands_beside_its_own_name(page: &str) {
    let (_, section) = page.split_once("id=\"h-letters\"").expect("the letters");
    let (section, _) = section.split_once("</section>").expect("their end");
    let rows: Vec<_> = section.split("<dt>").skip(1).collect();
    assert!(rows.len() > 1, "a certificate and a letter: {section}");
    for row in rows {
        let (name, cell) = row.split_once("</dt>").expect("a name");
        assert_eq!(cell.matches("<dd").count(), 1, "one cell beside {name}: {cell}");
        if name.starts_with("Certificate") {
            assert!(cell.contains("/certificates/") && !cell.contains("/letters/"), "{name}: {cell}");
        } else {
            let own = format!("<span class=\"hidden\">{name}, </span>");
            assert_eq!(cell.matches(&own).count(), 2, "both languages of {name}: {cell}");
            assert_eq!(cell.matches("/letters/").count(), 2, "both languages of {name}: {cell}");
        }
    }
}
