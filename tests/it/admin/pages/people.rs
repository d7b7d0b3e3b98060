//! Finding a person and keeping what is theirs, in a browser; and the lists that operators look at.

use super::{ADMIN, Browser, user};
use crate::admin::talked;
use crate::harness::{Deployment, Needles, RULES, Server, StandIn};

const ANN: &str = "ann@example.com";

#[test]
fn a_person_is_found_and_kept_and_what_was_typed_stays_nowhere() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    let olga = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &[]);
    talked(&standin, &server, &deployment, ANN);
    let mut seen = Vec::new();

    seen.push(olga.post("/people", &[]).is(400).says(&["at least one thing"]).text);
    seen.push(olga.post("/people", &[("kind", "guest_id"), ("other", ANN)]).is(400).says(&["which kind it is"]).text);
    let found = olga.post("/people", &[("email", ANN)]).is(200);
    let found = found.says(&["1 thing is known of the person", "acme/101", "same: e-mail address", "Given"]);
    let person = found.hidden("person");
    assert_eq!(found.header("cache-control"), "no-store");
    // Somebody has looked once, whatever it was that was looked for.
    let looks = deployment.json(&["audit", "list", "--act", "person.find"]);
    let looks: Vec<_> = looks.as_array().expect("rows").iter().map(|row| &row["entry"]["details"]).collect();
    assert_eq!(looks, [&serde_json::json!({ "records": "all", "found": 1, "kinds": "email" })]);
    seen.push(found.text);

    // What was typed goes on with the next form, and is renewed by it.
    let form =
        olga.post("/holds/new/of", &[("person", &person)]).is(200).says(&["The person that you have searched for"]);
    let person = form.hidden("person");
    seen.push(form.text);
    let hold = |person, reason, case| [("person", person), ("reason", reason), ("case", case)];
    let wrong = olga.post("/holds/new", &hold(&*person, "", "Jana Dlouhanová")).is(400);
    let wrong = wrong.says(&["Choose why it is kept", "with a digit", "aria-invalid=\"true\""]);
    assert!(!wrong.text.contains("Dlouhanov"), "what cannot be read may be anything: {}", wrong.text);
    let person = wrong.hidden("person");
    seen.push(wrong.text);
    let at = olga.post("/holds/new", &hold(&*person, "legal-claims", "21 C 123/2024")).goes_on();
    assert!(at.starts_with("/holds/h-"), "{at}");
    seen.push(olga.get(&at).is(200).says(&["Legal claims", "21 C 123/2024", "Nothing waits for it", "A person"]).text);
    seen.push(olga.get("/holds").is(200).says(&["21 C 123/2024", "It has no end"]).text);
    seen.push(olga.post("/people", &[("person", &person)]).is(200).says(&["Holds on the person", "Legal claims"]).text);

    // The same person's request waits for the hold's end.
    let form =
        olga.post("/requests/new/of", &[("person", &person)]).is(200).says(&["The person that you have searched for"]);
    let entered =
        [("person", &*form.hidden("person")), ("came", "letter"), ("verified", "document"), ("number", "R 7")];
    let wrong = olga.post("/requests/new", &entered).is(400).says(&["with a digit"]);
    let person_again = wrong.hidden("person");
    let entered = [("person", &*person_again), ("came", "letter"), ("verified", "document")];
    let request = olga.post("/requests/new", &entered).goes_on();
    let planned =
        olga.post(&format!("{request}/plan"), &[]).is(200).says(&["waits until this hold has ended", "Legal claims"]);
    seen.push(planned.text);
    seen.push(olga.post("/people", &[("email", ANN)]).is(200).says(&["3 things are known", "Planned"]).text);

    // It is good for who has typed it, in the session in which they did.
    let again = Browser::signed_in(&server, "olga");
    for path in ["/people", "/holds/new/of", "/requests/new/of"] {
        again.post(path, &[("person", &person)]).is(400).says(&["good for 15 minutes"]);
        olga.post(path, &[("person", "00")]).is(400).says(&["good for 15 minutes"]);
    }
    again.post("/holds/new", &hold(&*person, "review", "")).is(400).says(&["good for 15 minutes"]);

    // A session is kept by its number, and not beside a person.
    let both = [("session", "101"), ("email", ANN), ("reason", "review")];
    seen.push(olga.post("/holds/new", &both).is(400).says(&["Name only one of them"]).text);
    let over = [("session", "101"), ("reason", "review"), ("until", "2001-01-01")];
    olga.post("/holds/new", &over).is(400).says(&["still to come"]);
    let session = olga.post("/holds/new", &over[..2]).goes_on();
    olga.get(&session).is(200).says(&["Session 101", "What a rule does"]);
    olga.post(&format!("{at}/lift"), &[]).leads_to(&at);
    let lifted = olga.get(&at).is(200).says(&["Lifted by olga"]);
    assert!(!lifted.text.contains("/lift\""), "{}", lifted.text);
    olga.post(&format!("{at}/lift"), &[]).is(409);
    let list = olga.get("/holds").is(200);
    assert!(!list.text.contains(&at) && list.text.contains(&session), "{}", list.text);
    olga.get("/holds?show=all").is(200).says(&[&*at, "It ended"]);

    let audited = deployment.json(&["audit", "list"]).to_string();
    assert!(audited.contains("person.find") && audited.contains("hold."), "{audited}");
    let (_, log) = server.stop();
    let needles = Needles::of([ANN]);
    for text in &seen {
        needles.must_be_absent("a page", text.as_bytes());
    }
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent("the audit", audited.as_bytes());
}

#[test]
fn the_operator_sees_targets_accounts_and_who_ordered_what() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "petr", "Petr", &["operator"], &[]);
    user(&deployment, "olga", "Olga", &["officer"], &["acme"]);
    super::done(&deployment.run(&["tokens", "issue", "petr", "--role", "operator", "--for", "the nightly job"]));
    let petr = Browser::signed_in(&server, "petr");
    petr.get("/accounts").is(200).says(&["2 accounts", "Petr", "operator", "acme", "the nightly job", "Never"]);
    let audit = petr.get("/audit").is(200).says(&[
        "Add an account<small class=\"mono\">account.add</small>",
        "account:olga",
        "<small class=\"mono\">token.issue</small>",
    ]);
    assert!(!audit.text.contains("qt_"), "{}", audit.text);
    petr.get("/audit?from=x").is(400);
    petr.get("/targets").is(200).says(&["crm", "It is called."]);
    super::done(&deployment.run(&["targets", "pause", "crm", "--reason", "maintenance"]));
    petr.get("/targets").is(200).says(&["Paused by"]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    // Who sees no accounts sees nothing of what was done with them.
    let adam = Browser::signed_in(&server, "adam").get("/audit").is(200);
    assert!(!adam.text.contains("account.") && !adam.text.contains("token."), "{}", adam.text);
}
