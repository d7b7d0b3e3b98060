//! Times in the reader's zone.

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
