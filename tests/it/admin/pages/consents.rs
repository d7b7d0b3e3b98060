//! Consents in a browser: of a session and of a person, ended by a letter as it was shown, and as a file.

use super::{ADMIN, Browser, user};
use crate::admin::who::two_companies;
use crate::harness::{Deployment, Needles, RULES, Server, StandIn, receipts, wait_for};

const ANN: &str = "ann@example.com";
const EVA: &str = "eva@example.com";

#[test]
fn a_withdrawal_by_a_letter_is_shown_first_and_done_as_it_was_shown() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    let (olga, adam) = (Browser::signed_in(&server, "olga"), Browser::signed_in(&server, "adam"));
    standin.register(&server.callback());
    for (id, email) in [(101, ANN), (102, "bob@example.com"), (103, EVA)] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    deployment.settled(3);
    let mut seen = Vec::new();

    olga.get("/consents/session?number=101").leads_to("/consents/acme/101");
    for wrong in ["", "?number=", "?number=ann%40example.com", "?number=1e3"] {
        let page = olga.get(&format!("/consents/session{wrong}")).is(400).says(&["digits alone", "aria-invalid"]);
        assert!(!page.text.contains("ann@"), "what cannot be read may be anything: {}", page.text);
    }
    let shown = olga.get("/consents/acme/101").is(200);
    seen.push(shown.says(&["Consent of session 101", "Given", "v3", "As mluvii shows it"]).text);
    for missing in ["/consents/acme/999", "/consents/acme/x", "/consents/nowhere/101"] {
        olga.get(missing).is(404);
    }
    adam.get("/consents/acme/101").is(403);
    adam.get("/consents").is(403);

    // How it came has to be said, and the day is over.
    let of = |came, day| [("company", "acme"), ("session", "101"), ("came", came), ("day", day)];
    let at = "/consents/withdraw/foresee";
    let wrong = olga.post(at, &of("", "")).is(400).says(&["Choose how the withdrawal came", "aria-invalid=\"true\""]);
    seen.push(wrong.text);
    olga.post(at, &of("officer-letter", "2999-01-01")).is(400).says(&["not in the future"]);
    olga.post(at, &of("officer-letter", "the day before")).is(400).says(&["not in the future"]);
    olga.post(at, &[("came", "officer-letter")]).is(400).says(&["Nobody is named"]);
    olga.post(at, &[("company", "nowhere"), ("session", "101"), ("came", "officer-letter")]).is(404);
    adam.post(at, &of("officer-letter", "")).is(403);

    let foreseen = olga.post(at, &of("officer-letter", "")).is(200);
    let foreseen =
        foreseen.says(&["What the withdrawal would do", "acme/101", "consent withdrawn", "Nothing has changed"]);
    let hash = foreseen.hidden("hash");
    seen.push(foreseen.text);
    olga.get("/consents/acme/101").is(200).says(&["Given"]);
    let order = |came, hash| [("company", "acme"), ("session", "101"), ("came", came), ("hash", hash)];
    let at_do = "/consents/withdraw/do";
    for (came, other) in [("officer-phone", &*hash), ("officer-letter", ""), ("officer-letter", "0000000000000000")] {
        olga.post(at_do, &order(came, other)).is(409);
    }
    adam.post(at_do, &order("officer-letter", &hash)).is(403);
    let done = olga.post(at_do, &order("officer-letter", &hash)).is(200);
    let done = done.says(&["The withdrawal is written down", "The consent of 1 session ends", "1 erasure"]);
    assert!(!done.text.contains("has settled"), "nothing is to come: {}", done.text);
    seen.push(done.says(&["href=\"/erasures/e-"]).text);
    // Loading the answer again does not do it again.
    olga.post(at_do, &order("officer-letter", &hash)).is(409);
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["rules"], serde_json::json!(["consent withdrawn"]));
    seen.push(
        olga.get("/consents/acme/101").is(200).says(&["Withdrawn", "Told to an officer in a letter", "Given"]).text,
    );

    // The same of a person who was searched for: the form carries whom, sealed.
    let found = olga.post("/people", &[("email", EVA)]).is(200).says(&["/consents/acme/103", "Withdraw the consents"]);
    let found = found.says(&["Certainly this person’s<small>"]);
    let person = found.hidden("person");
    let form = olga.post("/consents/withdraw", &[("person", &person), ("company", "")]).is(200);
    let person = form.says(&["The person that you have searched for"]).hidden("person");
    let foreseen = olga.post(at, &[("person", &person), ("came", "officer-phone")]).is(200);
    let foreseen = foreseen.says(&["acme/103", "The consent of 1 session ends"]);
    assert!(!foreseen.text.contains("acme/102"), "it is somebody else's: {}", foreseen.text);
    // Two forms carry whom, and it is said once.
    let count = |text: &str| foreseen.text.matches(text).count();
    assert_eq!((count("The person that you have searched for"), count("name=\"person\"")), (1, 2), "{}", foreseen.text);
    // Which sessions are left is decided first, and shown once more.
    let leave = [("person", &*foreseen.hidden("person")), ("came", "officer-phone"), ("exclude", "acme/103")];
    let left =
        olga.post(at, &leave).is(200).says(&["There is no consent that the withdrawal would end", "It was excluded"]);
    assert!(!left.text.contains("name=\"hash\""), "{}", left.text);
    for other in ["beta/103", "103", "acme/x", "<script>"] {
        olga.post(at, &[leave[0], leave[1], ("exclude", other)]).is(400);
    }
    let (person, hash) = (foreseen.hidden("person"), foreseen.hidden("hash"));
    seen.push(foreseen.text);
    for expired in ["/consents/withdraw", at, at_do] {
        let again = Browser::signed_in(&server, "olga");
        let page = again.post(expired, &[("person", &person), ("came", "officer-phone"), ("hash", &hash)]);
        page.is(400).says(&["good for 15 minutes"]);
    }
    let order = [("person", &*person), ("company", "acme"), ("came", "officer-phone"), ("hash", &*hash)];
    olga.post(at_do, &order).is(200).says(&["The withdrawal is written down"]);
    olga.get("/language/cs").leads_to("/");
    seen.push(olga.get("/consents/acme/103").is(200).says(&["Souhlas konverzace 103", "Pověřenci telefonem"]).text);
    olga.get("/consents").is(200).says(&["Všechny souhlasy do souboru"]);

    let audited = deployment.json(&["audit", "list"]).to_string();
    assert_eq!(audited.matches("\"act\":\"consent.withdraw\"").count(), 2, "{audited}");
    let (_, log) = server.stop();
    let needles = Needles::of([ANN, EVA]);
    for text in &seen {
        needles.must_be_absent("a page", text.as_bytes());
    }
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent("the audit", audited.as_bytes());
}

/// What is demanded of a session that is at rest, once it has been looked at again.
const AT_REST: &str = r#"
[[rule]]
name = "withdrawn, at rest"
on = "session-settled"
when = "consent.state == 'withdrawn'"
erase = "session"
approve = true
targets = ["mluvii"]
"#;

#[test]
fn a_withdrawal_says_what_is_still_to_come_of_it_and_who_has_to_approve() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{AT_REST}{ADMIN}"));
    let server = Server::start(&deployment);
    let olga = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &[]);
    standin.register(&server.callback());
    standin.begin(101, ANN, Some("v3"));
    standin.end(101);
    deployment.settled(1);
    let order = [("company", "acme"), ("session", "101"), ("came", "officer-letter")];
    let foreseen = olga.post("/consents/withdraw/foresee", &order).is(200);
    let foreseen = foreseen.says(&["withdrawn, at rest", "erases this session at:"]);
    let hash = foreseen.hidden("hash");
    let order = [order[0], order[1], order[2], ("hash", &*hash)];
    olga.post("/consents/withdraw/do", &order).is(200).says(&[
        "The rules demand 1 erasure by it as soon as the session has settled",
        "Somebody has to approve the erasure",
        "href=\"/erasures\"",
    ]);
    let waiting = wait_for("the erasure that waits for approval", || {
        let all = deployment.json(&["erasures", "list", "--state", "requested"]);
        all.as_array()?.first().cloned()
    });
    assert_eq!(waiting["rules"], serde_json::json!(["withdrawn, at rest"]), "{waiting}");
    server.stop();
}

#[test]
fn all_consents_are_a_file_that_nobody_keeps_on_the_way() {
    let standin = StandIn::start();
    let beta = StandIn::start();
    let deployment = two_companies(&standin, &beta);
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "anna", "Anna", &["officer"], &["acme"]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    standin.register(&server.callback());
    // A text of the page's visitor that a spreadsheet would run.
    standin.begin(101, ANN, Some("=HYPERLINK(1)"));
    standin.end(101);
    deployment.settled(1);
    let [olga, anna, adam] = ["olga", "anna", "adam"].map(|name| Browser::signed_in(&server, name));
    olga.get("/consents").is(200).says(&["All companies", "beta"]);

    let csv = olga.get("/consents/export?company=&format=csv").is(200);
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"consents.csv\"");
    assert!(csv.header("content-type").starts_with("text/csv"), "{}", csv.header("content-type"));
    let json = olga.get("/consents/export?format=json&company=acme").is(200);
    assert_eq!(json.header("content-disposition"), "attachment; filename=\"consents.jsonl\"");
    for file in [&csv, &json] {
        assert_eq!(file.header("cache-control"), "no-store");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        Needles::of([ANN]).must_be_absent("the file", file.text.as_bytes());
    }
    let rows: Vec<_> = csv.text.lines().collect();
    assert!(rows[0].starts_with("installation,session,") && rows[1].contains("\"'=HYPERLINK(1)\""), "{rows:?}");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(json.text.lines().last(), Some("{\"end\":{\"sessions\":1,\"damaged\":0}}"));

    for wrong in ["", "?format=", "?format=xlsx"] {
        olga.get(&format!("/consents/export{wrong}")).is(400);
    }
    adam.get("/consents/export?format=csv").is(403);
    // Of another company nothing is there.
    let page = anna.get("/consents").is(200);
    assert!(!page.text.contains("beta") && !page.text.contains("All companies"), "{}", page.text);
    assert_eq!(anna.get("/consents/export?format=csv").is(200).text, csv.text);
    anna.get("/consents/export?format=csv&company=beta").is(404);
    anna.get("/consents/beta/1").is(404);
    anna.post("/consents/withdraw/foresee", &[("company", "beta"), ("session", "1"), ("came", "officer-letter")])
        .is(404);
    Browser::of(&server).get("/consents/export?format=csv").goes_on();
}
