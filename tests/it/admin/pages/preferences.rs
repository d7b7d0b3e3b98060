//! Times in the reader's zone, and days in the deployment's.

use super::{ADMIN, Browser};
use crate::harness::{Deployment, Server, StandIn};

#[test]
fn times_are_shown_in_the_zone_that_a_browser_has_chosen_and_deadlines_stay_days() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let browser = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &[]);
    let form = [("email", "ann@example.com"), ("came", "letter"), ("verified", "document")];
    let request = browser.post("/requests/new", &form).goes_on();
    let due = |page: &str| {
        let (_, rest) = page.split_once("Due ").expect("a deadline");
        rest.split("</time>").next().expect("an end").to_owned()
    };
    let before = browser.get(&request).is(200).text;
    browser.get("/preferences").is(200).says(&["The deployment is in Europe/Prague", "Times are of Europe/Prague"]);
    browser.post("/preferences", &[("zone", "utc")]).leads_to("/preferences");
    browser.get("/preferences").is(200).says(&["value=\"UTC\"", "Times are of UTC"]);
    let page = browser.get(&request).is(200).says(&[" UTC</time>", "Times are of UTC"]);
    assert!(!before.contains("UTC</time>"), "{before}");
    assert_eq!(due(&page.text), due(&before), "a deadline is a day of the deployment");
    // It is the browser's own.
    let other = Browser::signed_in(&server, "olga");
    other.get("/preferences").is(200).says(&["Times are of Europe/Prague"]);
    for wrong in ["Mars/Olympus", "../../etc/passwd", "UTC; Path=/x"] {
        let page = browser.post("/preferences", &[("zone", wrong)]).is(400).says(&["Enter a zone by its name"]);
        assert!(page.header("set-cookie").is_empty() && !page.text.contains(wrong), "{}", page.text);
    }
    browser.get("/preferences").is(200).says(&["Times are of UTC"]);
    browser.post("/preferences", &[("zone", "")]).leads_to("/preferences");
    browser.get("/preferences").is(200).says(&["Times are of Europe/Prague"]);
    // What is no zone is as if nothing was chosen.
    browser.cookies.borrow_mut().insert("quietus-zone".to_owned(), "nonsense".to_owned());
    browser.get("/preferences").is(200).says(&["Times are of Europe/Prague"]);
}

#[test]
fn a_day_that_is_typed_is_the_deployment_s_and_the_field_says_so_to_a_reader_elsewhere() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let browser = Browser::by(&server, &deployment, "olga", "Olga", &["officer", "operator"], &[]);
    let forms = ["/holds/new", "/mluvii", "/explain", "/requests/new", "/sweeps", "/audit", "/receipts"];
    for path in forms {
        let page = browser.get(path).is(200);
        assert!(!page.text.contains("Days here are those of"), "{path}: where there is one zone, it is not asked");
    }
    // There it is the next day already as a day ends in Prague, and here it is still the same one.
    for (zone, begins) in [("Pacific/Kiritimati", "2 Dec 2030"), ("America/New_York", "1 Dec 2030")] {
        browser.post("/preferences", &[("zone", zone)]).leads_to("/preferences");
        for path in forms {
            browser.get(path).is(200).says(&["Days here are those of Europe/Prague", "-z\">"]);
        }
        browser.get("/holds/new").is(200).says(&["aria-describedby=\"until-h until-z\""]);
        let form = [("session", "101"), ("reason", "review"), ("until", "2030-12-01")];
        let hold = browser.post("/holds/new", &form).goes_on();
        let shown = browser.get(&hold).is(200);
        let shown = shown.says(&["<time datetime=\"2030-12-01T23:00:00Z\">", &format!("Times are of {zone}")]);
        let (_, end) = shown.text.split_once("<time datetime=\"2030-12-01T23:00:00Z\">").expect("its end");
        let end = end.split("</time>").next().expect("an end").replace('\u{a0}', " ");
        assert!(end.starts_with(begins), "{zone}: {end}");
    }
    browser.get("/language/cs?next=/").leads_to("/");
    browser.get("/holds/new").is(200).says(&["Dny se tu počítají podle pásma Europe/Prague"]);
}
