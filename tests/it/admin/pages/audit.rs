//! The audit in a browser: found again by who, what and when, with why something was done.

use super::{ADMIN, Browser, Page, user};
use crate::harness::{Deployment, Server, StandIn};

/// Rows that a page has.
fn shown(page: &Page) -> usize {
    page.text.matches("role=\"rowheader\"").count()
}

/// The address of the next page.
fn further(page: &Page) -> Option<String> {
    let (_, pager) = page.text.split_once("class=\"pager\"")?;
    let (_, address) = pager.split_once("href=\"")?;
    Some(address.split('"').next()?.replace("&amp;", "&"))
}

#[test]
fn rows_are_found_by_act_account_and_day_and_say_why() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    for (name, role) in [("olga", "officer"), ("petra", "officer"), ("otto", "operator")] {
        user(&deployment, name, name, &[role], &[]);
    }
    let [olga, petra, otto] = ["olga", "petra", "otto"].map(|name| Browser::signed_in(&server, name));
    let form = [("email", "ann@example.com"), ("came", "letter"), ("verified", "document")];
    let request = olga.post("/requests/new", &form).goes_on();
    petra.post(&format!("{request}/reject"), &[("reject-because", "legal-claims")]).leads_to(&request);
    let hold = [("session", "101"), ("reason", "review"), ("until", "2030-12-01")];
    petra.post("/holds/new", &hold).goes_on();

    // Why, in words, as the page says it on which it was chosen.
    let rejected = olga.get("/audit?act=request.reject").is(200);
    assert_eq!(shown(&rejected), 1, "{}", rejected.text);
    let rejected = rejected.says(&["request.reject</small>", "petra", "<li>Because: Legal claims"]);
    assert!(!rejected.text.contains("<li>Because: legal-claims"), "{}", rejected.text);
    let held = olga.get("/audit?act=hold.add").is(200);
    held.says(&["<li>Because: ", "<li>Until: <time datetime=\"2030-12-01T23:00:00Z\"", "<li>Company: "]);

    // Filters combine; whoever is not chosen is not shown.
    let of_olga = otto.get("/audit?actor=user%3Aolga&act=request.enter").is(200);
    assert_eq!(shown(&of_olga), 1, "{}", of_olga.text);
    for none in ["actor=user%3Aolga&act=request.reject", "act=hold.lift", "act=hold.add&since=2999-01-01", "actor=x"] {
        let page = otto.get(&format!("/audit?{none}")).is(200);
        assert_eq!(shown(&page), 0, "{none}: {}", page.text);
        page.says(&["There are none here", "href=\"/audit\">Show all of them"]);
    }
    assert_eq!(shown(&otto.get("/audit?act=hold.add&since=2020-01-01").is(200)), 1);
    for wrong in ["act=nonsense", "since=yesterday", "since=2026-13-01", "since=2026-01-01T10:00", "from=x"] {
        otto.get(&format!("/audit?{wrong}")).is(400);
    }
    let hostile = otto.get("/audit?actor=%3Cscript%3Ealert(1)%3C%2Fscript%3E").is(200);
    assert!(!hostile.text.contains("<script"), "{}", hostile.text);

    // What stands in the address is chosen, and a day: nothing is typed. What was done with accounts is offered to who may see it.
    let page = olga.get("/audit").is(200).says(&["<select id=\"act\"", "<select id=\"actor\"", "value=\"user:olga\""]);
    assert_eq!(page.text.matches("<input").count(), 1, "{}", page.text);
    assert!(!page.text.contains("account."), "{}", page.text);
    olga.get("/audit?act=account.add").is(403);
    let page = otto.get("/audit?act=account.add").is(200).says(&["<option value=\"account.add\" selected"]);
    assert_eq!(shown(&page), 3, "{}", page.text);

    olga.get("/requests?show=ended").is(200).says(&["Legal claims"]);
    olga.get("/language/cs?next=/").leads_to("/");
    olga.get("/audit?act=request.reject").is(200).says(&["Podrobnosti", "<li>Důvod: Právní nároky", "Ode dne"]);
    olga.get("/requests?show=ended").is(200).says(&["Právní nároky"]);
}

#[test]
fn the_next_page_is_of_the_same_filters() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let olga = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &[]);
    for _ in 0..51 {
        olga.post("/people", &[("email", "ann@example.com")]).is(200);
    }
    let hold = olga.post("/holds/new", &[("session", "101"), ("reason", "review")]).goes_on();
    olga.post(&format!("{hold}/lift"), &[]).leads_to(&hold);
    let first = olga.get("/audit?act=person.find&since=2020-01-01").is(200);
    let next = further(&first).expect("there is one more");
    let second = olga.get(&next).is(200);
    assert_eq!((shown(&first), shown(&second), further(&second)), (50, 1, None), "{next}");
    assert!(!second.text.contains("hold.add</small>"), "{}", second.text);
}
