//! Why a session was erased, or was not.

use super::{ADMIN, Browser, Page, rows, user};
use crate::harness::{Deployment, ERASE, RULES, Server, StandIn, company, receipts};

#[test]
fn a_session_is_explained_by_what_was_kept_of_it_and_the_events_that_came() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    let olga = Browser::signed_in(&server, "olga");
    standin.begin(101, "ann@example.com", None);
    standin.end(101);
    let done = receipts(&deployment, 1);
    let erasure = done[0]["statement"]["erasure"].as_str().expect("an id").to_owned();
    let before = rows(&deployment);
    let page = olga.get("/explain?company=acme&session=101").is(200).says(&[
        "Session acme/101",
        "The session settled",
        "no consent, nothing kept",
        "consent.state is",
        "What today’s rules would decide",
        "SessionEnded",
        "The consent changed",
        &erasure,
    ]);
    assert!(!page.text.contains("ann@"), "{}", page.text);
    // Nobody has submitted a form there, and what has erased it stands there.
    page.says(&["A form, or what came with the session"]);
    let page = olga.get("/explain?company=acme&session=101").is(200);
    assert!(!page.text.contains("A form was submitted"), "{}", page.text);
    assert!(!page.text.contains("None of these has erased it"), "{}", page.text);
    // The only company need not be named, nor the number be found.
    olga.get("/explain?session=101").is(200).says(&["Session acme/101"]);
    olga.get("/explain?session=4711").is(404).says(&["Nothing is kept of this session", "is not in the ledger"]);
    for wrong in ["x", "1x", "99999999999999999999", "ann@example.com"] {
        let page = olga.get(&format!("/explain?session={wrong}")).is(400).says(&["Enter the number of a session"]);
        assert!(!page.text.contains("ann@"), "what is no number comes back nowhere: {}", page.text);
    }
    olga.get("/explain?company=globex&session=101").is(404);
    assert_eq!(rows(&deployment), before, "nothing was ordered");
    // Who does not know the number finds it in a list.
    olga.get("/explain").is(200).says(&["href=\"/explain?company=acme&amp;session=101\"", "Sessions", "Erased"]);
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/explain").is(200).says(&["Začala nejpozději", "session=101"]);
    olga.get("/explain?session=101").is(200).says(&[
        "Konverzace acme/101",
        "Konverzace se ustálila",
        "Vymazána",
        "consent.state = ",
    ]);
}

/// The sessions that a page lists, in its order.
fn listed(page: &Page) -> Vec<String> {
    let parts = page.text.split("href=\"/explain?company=").skip(1);
    let named = parts.filter_map(|part| part.split('"').next()?.split_once("&amp;session="));
    named.map(|(company, number)| format!("{company}/{number}")).collect()
}

#[test]
fn sessions_are_listed_by_company_and_day_the_newest_first_and_of_no_other_company() {
    let standins = [StandIn::start(), StandIn::start()];
    let [acme, beta] = &standins;
    let more = format!("{}{ERASE}{ADMIN}", company("beta", &beta.mluvii, 63, ""));
    let deployment = Deployment::bare(&acme.mluvii, &more);
    deployment.names_companies();
    let server = Server::start(&deployment);
    acme.register(&server.callback());
    beta.register(&server.callback_of("beta"));
    for id in [101, 103, 102] {
        acme.begin(id, "ann@example.com", Some("v3"));
        acme.end(id);
    }
    beta.begin_with(serde_json::json!({ "id": 7, "tenant": 63, "guest": "g-7", "gdpr_version": "v3" }));
    beta.just_end(7);
    deployment.settled(4);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "anna", "Anna", &["operator"], &["acme"]);
    let [olga, anna] = ["olga", "anna"].map(|name| Browser::signed_in(&server, name));
    let before = rows(&deployment);

    let of_acme = ["acme/103", "acme/102", "acme/101"];
    // One company after the other: the page says where the list goes on.
    let first = olga.get("/explain").is(200).says(&["Sessions", "&amp;from=1~"]);
    assert_eq!(listed(&first), of_acme, "{}", first.text);
    let second = olga.get("/explain?&from=1~").is(200);
    assert_eq!(listed(&second), ["beta/7"], "{}", second.text);
    assert_eq!(listed(&olga.get("/explain?company=beta").is(200)), ["beta/7"]);
    let own = anna.get("/explain").is(200);
    assert_eq!(
        (listed(&own), own.text.contains("beta")),
        (Vec::from(of_acme.map(str::to_owned)), false),
        "{}",
        own.text
    );
    anna.get("/explain?company=beta").is(404);
    anna.get("/explain?from=1~").is(400);

    // From a number down, and from about a day down.
    assert_eq!(listed(&olga.get("/explain?company=acme&from=0~102").is(200)), of_acme[1..]);
    assert_eq!(listed(&olga.get("/explain?company=acme&day=2999-01-01").is(200)), of_acme);
    let long_ago = olga.get("/explain?company=acme&day=2001-01-01").is(200);
    assert_eq!(listed(&long_ago).len(), 0, "{}", long_ago.text);
    olga.get("/explain?day=yesterday").is(400).says(&["Enter a day", "aria-invalid=\"true\""]);
    for wrong in ["from=x", "from=9~", "from=0~x", "from=%3Cscript%3E"] {
        let page = olga.get(&format!("/explain?{wrong}")).is(400);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }

    // Of one whose row is damaged nothing is said, and the others are listed all the same.
    let damage = "UPDATE session SET record = record || ' ' WHERE session = 102";
    assert_eq!(deployment.ledger().execute(damage, []).expect("changed"), 1);
    let page = olga.get("/explain?company=acme").is(200).says(&["Its record is damaged"]);
    assert_eq!(listed(&page), of_acme, "{}", page.text);
    assert_eq!(rows(&deployment), before, "nothing was ordered");
    server.stop();
}
