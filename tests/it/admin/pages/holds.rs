//! Holds on a guest and on what a rule demands, from the form of a new hold.

use super::{ADMIN, Browser, user};
use crate::harness::{Deployment, Needles, RULES, Server, StandIn, crm_plugin, wait_for};

const ANN: &str = "ann@example.com";
const GUEST: &str = "guest-ann@example.com";
const RULE: &str = "no consent, nothing kept";

#[test]
fn a_guest_and_what_a_rule_demands_are_kept_and_what_was_typed_of_a_guest_stays_nowhere() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{}{RULES}{ADMIN}", crm_plugin(&standin.crm)));
    let server = Server::start(&deployment);
    server.leaves_work("an erasure is held");
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "anna", "Anna", &["officer"], &["acme"]);
    let [olga, anna] = ["olga", "anna"].map(|name| Browser::signed_in(&server, name));
    standin.register(&server.callback());
    standin.begin(101, ANN, Some("v1"));
    standin.end(101);
    deployment.settled(1);
    let mut seen = Vec::new();

    // The rules are offered to who sees all companies, and to nobody else.
    olga.get("/holds/new").is(200).says(&["<datalist id=\"rules\"", RULE, "name=\"guest\""]);
    let of_one = anna.get("/holds/new").is(200).says(&["name=\"rule\""]);
    assert!(!of_one.text.contains(RULE), "{}", of_one.text);

    let review = ("reason", "review");
    for (field, value, says) in [
        ("rule", "<script>alert(1)</script>", "No server has worked by a rule"),
        ("guest", "a\u{1}b", "as mluvii gives it out"),
    ] {
        let wrong = olga.post("/holds/new", &[(field, value), review]).is(400).says(&[says, "<title>Error:"]);
        assert!(!wrong.text.contains("alert(1)"), "{}", wrong.text);
    }
    for two in
        [[("guest", GUEST), ("session", "101")], [("guest", GUEST), ("rule", RULE)], [("rule", RULE), ("email", ANN)]]
    {
        let wrong = olga.post("/holds/new", &[two[0], two[1], review]).is(400).says(&["Name only one of them"]);
        seen.push(wrong.text);
    }
    // Why it is missing; the guest's id does not come back, the rule does.
    seen.push(olga.post("/holds/new", &[("guest", GUEST)]).is(400).says(&["Choose why it is kept"]).text);
    let again = olga.post("/holds/new", &[("rule", RULE)]).is(400);
    again.says(&[&format!("value=\"{RULE}\"")]);
    assert!(olga.get("/holds").is(200).text.matches("/holds/h-").count() == 0, "nothing was added");

    let at = olga.post("/holds/new", &[("guest", GUEST), review]).goes_on();
    seen.push(olga.get(&at).is(200).says(&["guest"]).text);
    let dry_run = deployment.json(&["erase", "--guest", &format!("acme/{GUEST}"), "--dry-run"]);
    let id = at.trim_start_matches("/holds/");
    assert!(dry_run["holds"].to_string().contains(id), "{dry_run:#}");

    // What the rule demands from now on waits.
    let at = anna.post("/holds/new", &[("rule", RULE), review, ("case", "21 C 1/2026")]).goes_on();
    anna.get(&at).is(200).says(&[RULE, "21 C 1/2026"]);
    standin.begin(102, "bob@example.com", None);
    standin.end(102);
    let held = |page: &super::Page| page.text.contains("/erasures/e-");
    wait_for("the erasure to wait for the hold", || Some(olga.get(&at).is(200)).filter(held));
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/holds/new").is(200).says(&["Identifikátor hosta v mluvii", "Pravidlo"]);
    let (_, log) = server.stop();
    let needles = Needles::of([GUEST]);
    for text in &seen {
        needles.must_be_absent("a page", text.as_bytes());
    }
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent("the audit", deployment.json(&["audit", "list"]).to_string().as_bytes());
}

#[test]
fn holds_are_fifty_on_a_page_the_newest_first() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let olga = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &[]);
    let mut added = Vec::new();
    for session in 1..=52 {
        let session = session.to_string();
        added.push(olga.post("/holds/new", &[("session", session.as_str()), ("reason", "review")]).goes_on());
    }
    let listed = |page: &super::Page| {
        let rows = page.text.split("role=\"rowheader\"><a href=\"").skip(1);
        rows.map(|rest| rest.split('"').next().expect("an end").to_owned()).collect::<Vec<_>>()
    };
    let next = |page: &super::Page| {
        let (_, pager) = page.text.split_once("class=\"pager\"")?;
        let address = pager.split_once("href=\"")?.1.split('"').next()?;
        Some(address.replace("&amp;", "&"))
    };
    let first = olga.get("/holds?show=all").is(200);
    let further = next(&first).expect("there are more");
    // It is found also where the hold at which the page ended is in force no more.
    let last = listed(&first).pop().expect("the last one");
    olga.post(&format!("{last}/lift"), &[]).leads_to(&last);
    let second = olga.get(&further).is(200);
    assert_eq!((listed(&first).len(), listed(&second).len(), next(&second)), (50, 2, None), "{further}");
    let mut seen = [listed(&first), listed(&second)].concat();
    seen.reverse();
    assert_eq!(seen, added);
    let in_force = olga.get(&further.replace("show=all&", "")).is(200);
    assert_eq!(listed(&in_force), listed(&second));
    for wrong in ["from=x", "from=2026-01-01T00:00:00Z~x", "show=x"] {
        olga.get(&format!("/holds?{wrong}")).is(400);
    }
}
