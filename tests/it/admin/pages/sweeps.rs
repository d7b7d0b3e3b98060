//! After a system's restore, in a browser: who is there again is counted, shown, and erased only as it was shown.

use super::{ADMIN, Browser, Page, user};
use crate::erasing_again::{PERSON, SINCE, System, before, erase};
use crate::harness::{Deployment, Needles, Server, StandIn, receipts, wait_for};

const AT: &str = "/sweeps/acme/crm";

/// The page once it says so.
fn once(browser: &Browser, says: &str) -> Page {
    let plain = |page: &Page| page.text.replace('\u{a0}', " ");
    wait_for(says, || Some(browser.get(AT).is(200)).filter(|page| plain(page).contains(says)))
}

#[test]
fn who_is_there_again_after_a_restore_is_erased_by_the_plan_that_was_shown() {
    let (standin, crm) = (StandIn::start(), System::start());
    crm.holds(&[("ann@x.cz", "Ann", before())]);
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &format!("{}{ADMIN}", crm.plugin("crm")));
    let server = Server::start(&deployment);
    let erasure = erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    crm.holds(&[("ann@x.cz", "Ann", before())]);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["operator"], &["acme"]);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    let [otto, anna, olga] = ["otto", "anna", "olga"].map(|name| Browser::signed_in(&server, name));

    otto.get("/sweeps").is(200).says(&["No system has been looked at", "<datalist id=\"targets\"", "value=\"crm\""]);
    // Which systems there are is of all companies.
    assert!(!anna.get("/sweeps").is(200).text.contains("value=\"crm\""));
    olga.get("/sweeps").is(403);
    let since = ("since", SINCE);
    for (form, says) in [
        (vec![], "no system of this name"),
        (vec![("target", "crm")], "a day that has begun"),
        (vec![("target", "crm"), ("since", "2999-01-01")], "a day that has begun"),
        (vec![("target", "<script>alert(1)</script>"), since], "no system of this name"),
    ] {
        let wrong = otto.post("/sweeps", &form).is(400).says(&[says, "<title>Error:", "aria-invalid=\"true\""]);
        assert!(!wrong.text.contains("alert(1)"), "{}", wrong.text);
    }
    olga.post("/sweeps", &[("target", "crm"), since]).is(403);
    otto.get(AT).is(404);
    otto.post("/sweeps", &[("target", "crm"), since]).leads_to(AT);
    let shown = once(&otto, "1 person would be erased again");
    let shown =
        shown.says(&[&format!("href=\"/erasures/{erasure}\""), "There again", "Ordered by otto", "Erase them again"]);
    assert_eq!(crm.emails(), ["ann@x.cz"], "a look erases nobody");
    otto.get("/sweeps").is(200).says(&["Done", &format!("href=\"{AT}\"")]);
    anna.get(AT).is(200).says(&["1 person would be erased again"]);

    // Not without that it is meant, nor by another plan, and by nobody else.
    let plan = shown.hidden("plan");
    let erase_at = format!("{AT}/erase");
    otto.post(&erase_at, &[("plan", &plan)]).is(400).says(&["Tick that it is meant", "<title>Error:"]);
    otto.post(&erase_at, &[("plan", "0123"), ("sure", "1")]).is(409);
    otto.post(&erase_at, &[("sure", "1")]).is(409);
    olga.post(&erase_at, &[("plan", &plan), ("sure", "1")]).is(403);
    otto.post("/sweeps/beta/crm/erase", &[("plan", &plan), ("sure", "1")]).is(404);
    assert_eq!(crm.emails(), ["ann@x.cz"], "nobody was erased");
    otto.post(&erase_at, &[("plan", &plan), ("sure", "1")]).leads_to(AT);
    receipts(&deployment, 2);
    assert_eq!(crm.emails(), Vec::<String>::new());
    let done = once(&otto, "Done");
    assert!(!done.text.contains("Erase them again"), "they were asked for: {}", done.text);
    // What was ordered is not ordered again by loading the answer anew, and there is nothing to stop any more.
    otto.post(&erase_at, &[("plan", &plan), ("sure", "1")]).is(409);
    otto.post(&format!("{AT}/cancel"), &[]).is(404);
    otto.get("/language/cs?next=/").leads_to("/");
    otto.get("/sweeps").is(200).says(&["Po obnově zálohy", "Hotovo", "lang=\"cs\""]);
    let seen = otto.get(AT).is(200).says(&["Po obnově: crm", "Porovnaných záznamů"]);
    Needles::of(["ann@x.cz"]).must_be_absent("a page", seen.text.as_bytes());
}
