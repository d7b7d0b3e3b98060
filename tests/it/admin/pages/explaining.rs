//! Why a session was erased, or was not.

use super::{ADMIN, Browser, rows, user};
use crate::harness::{Deployment, RULES, Server, StandIn, receipts};

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
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/explain?session=101").is(200).says(&["Konverzace acme/101", "Konverzace se ustálila", "Vymazána"]);
}
