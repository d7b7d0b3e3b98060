//! Every page × every role, and what every answer says of how it is kept.

mod routes;

use self::routes::{FILES, NONE, OWN, ROUTES, address, is_of_something};
use super::{ADMIN, Browser, Page, rows, user};
use crate::admin::who::{MAY, two_companies};
use crate::harness::{Deployment, Server, StandIn};

/// What else is shown, and with which permission.
const FURTHER: [(&str, &str); 9] = [
    ("/requests?show=ended", "see"),
    ("/requests?waits=person&target=crm", "see"),
    ("/erasures?show=parked", "see"),
    ("/erasures?show=person&time=late&rule=request&target=crm", "see"),
    ("/holds?show=all", "see"),
    ("/attention?show=muted", "operate"),
    ("/attention?show=all", "operate"),
    ("/targets/mluvii%2Facme", "operate"),
    ("/accounts/officer", "see_accounts"),
];

/// What every page says of itself, whatever it shows.
#[track_caller]
fn is_dressed(path: &str, page: &Page) {
    assert_eq!(page.header("cache-control"), "no-store", "{path}");
    assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"), "{policy}");
    for wrong in ["<script", " style=", "<style", "http://", "https://", "javascript:"] {
        assert!(!page.text.contains(wrong), "{path}: {wrong}");
    }
    assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
}

#[test]
fn every_page_is_for_whose_role_allows_it_and_kept_by_nobody() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let stranger = Browser::of(&server);
    let browsers = MAY.map(|(role, may)| (role, may, Browser::by(&server, &deployment, role, role, &[role], &[])));
    let before = rows(&deployment);
    for (needed, pages, orders) in ROUTES.into_iter().filter(|(needed, ..)| *needed != NONE) {
        for route in pages {
            let path = address(route);
            assert!(stranger.get(&path).goes_on().starts_with("/sign-in"), "{path}");
            let shown: &[u16] = if is_of_something(route) { &[404, 400] } else { &[200] };
            for (role, may, browser) in &browsers {
                if may.contains(&needed) && FILES.contains(route) {
                    continue;
                }
                let page = browser.get(&path);
                let expected: &[u16] = if may.contains(&needed) { shown } else { &[403] };
                assert!(expected.contains(&page.status), "{path} as {role}: {} {}", page.status, page.text);
                is_dressed(&path, &page);
            }
        }
        for route in orders {
            let path = address(route);
            stranger.post(&path, &[]).is(403);
            // These are everybody's, and some would end the session here.
            if needed == OWN {
                continue;
            }
            for (role, may, browser) in &browsers {
                let page = browser.post(&path, &[("how", "document"), ("months", "1"), ("plan", "0000000000000000")]);
                let expected: &[u16] = match (may.contains(&needed), *route) {
                    (false, _) => &[403],
                    // A form of nobody yet.
                    (true, "/requests/new/of" | "/holds/new/of") => &[200],
                    // Nothing is there, and so it is done.
                    (true, "/quarantine/replay") => &[303],
                    (true, _) => &[404, 400],
                };
                assert!(expected.contains(&page.status), "{path} as {role}: {} {}", page.status, page.text);
            }
        }
    }
    for (path, needed) in FURTHER {
        for (_, may, browser) in &browsers {
            let page = browser.get(path).is(if may.contains(&needed) { 200 } else { 403 });
            is_dressed(path, &page);
        }
    }
    assert_eq!(rows(&deployment), before, "nothing was ordered");

    // What is not there is said in the same dress, and the style is kept for as long as it is the same.
    let page = stranger.get("/nothing").is(404).says(&["There is no such page"]);
    assert!(page.header("content-security-policy").contains("style-src 'self'"));
    stranger.get("/sign-out").is(405).says(&["does not take that"]);
    // Also where nothing of ours was asked, and in the reader's language.
    let (_, _, officer) = &browsers[0];
    officer.get("/language/cs?next=/").leads_to("/");
    for (path, status, says) in [
        ("/nothing", 404, "Taková stránka není"),
        ("/holds/h-000000000000", 404, "Není to tu"),
        ("/tasks/t-000000000000/done", 405, "To tato stránka neumí"),
        ("/requests/acme/%FF", 400, "Tomu quietus nerozumí"),
        ("/targets", 403, "K tomu nemáte oprávnění"),
    ] {
        let page = officer.get(path).is(status).says(&[says, "lang=\"cs\"", "Odhlásit se"]);
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
    }
    officer.get("/language/en?next=/").leads_to("/");
    let (_, rest) = page.text.split_once("href=\"/static/").expect("a sheet");
    let sheet = format!("/static/{}", rest.split('"').next().expect("an end"));
    let style = stranger.get(&sheet).is(200);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable"));
    stranger.get("/static/quietus-0000000000000000.css").is(404);
    stranger.get("/static/..%2f..%2fquietus.toml").is(404);
}

#[test]
fn an_account_sees_nothing_of_another_company() {
    let standin = StandIn::start();
    let beta = StandIn::start();
    let deployment = two_companies(&standin, &beta);
    let server = Server::start(&deployment);
    user(&deployment, "anna", "Anna", &["officer", "approver", "operator"], &["acme"]);
    user(&deployment, "both", "Both", &["officer"], &[]);
    let (anna, both) = (Browser::signed_in(&server, "anna"), Browser::signed_in(&server, "both"));
    let form = [("email", "bob@example.com"), ("came", "letter"), ("verified", "document"), ("company", "beta")];
    let path = both.post("/requests/new", &form).goes_on();
    assert!(path.starts_with("/requests/beta/"), "{path}");
    both.get(&path).is(200).says(&["Not planned"]);
    both.get("/requests").is(200).says(&["1 open request", "beta"]);
    anna.get(&path).is(404);
    anna.post(&format!("{path}/withdraw"), &[]).is(404);
    anna.post("/requests/new", &form).is(400).says(&["Choose the company"]);
    let lines = [("lines", "email,came,mluvii\nbob@example.com,letter,beta\n")];
    let imported = anna.post("/requests/import", &lines).is(200).says(&["0 requests are entered", "1 line was not"]);
    assert!(!imported.text.contains("beta"), "{}", imported.text);
    anna.post("/requests/import", &[lines[0], ("company", "beta")]).is(400).says(&["Choose the company"]);
    let list = anna.get("/requests").is(200).says(&["0 open requests"]);
    assert!(!list.text.contains("beta"), "{}", list.text);
    // Its form names no other company, and the list of receipts is of all of them.
    assert!(!anna.get("/requests/new").is(200).text.contains("beta"));
    let first = anna.get("/").is(200).says(&["/webhooks/acme"]);
    assert!(!first.text.contains("/receipts\"") && !first.text.contains("beta"), "{}", first.text);
    anna.get("/receipts").is(403);
    for of_all in ["/audit", "/targets", "/accounts", "/rules"] {
        anna.get(of_all).is(403);
        assert!(!first.text.contains(&format!("{of_all}\"")), "{of_all}");
    }
    // Nobody of the other company is found, and its holds are not there.
    let bob = [("email", "bob@example.com")];
    both.post("/people", &bob).is(200).says(&["1 thing is known", "beta"]);
    let found = anna.post("/people", &bob).is(200).says(&["Nothing is known of the person here"]);
    assert!(!found.text.contains("beta"), "{}", found.text);
    anna.post("/people", &[bob[0], ("company", "beta")]).is(404);
    let hold_of = (("company", "beta"), ("reason", "legal-claims"));
    let hold = [bob[0], hold_of.0, hold_of.1];
    anna.post("/holds/new", &hold).is(400).says(&["Choose the company"]);
    let hold = both.post("/holds/new", &hold).goes_on();
    anna.get(&hold).is(404);
    anna.post(&format!("{hold}/lift"), &[]).is(404);
    assert!(!anna.get("/holds").is(200).text.contains("/holds/h-"), "it is of another company");
    both.post("/requests/new", &form[..3]).is(400).says(&["Choose the company"]);
    // Nor by hand, of a rule, or after a restore; and what is of all companies is not theirs.
    for path in ["/erasures/new/foresee", "/erasures/new/do"] {
        let erasure = [("company", "beta"), ("session", "101"), ("sure", "1")];
        anna.post(path, &erasure).is(400).says(&["Choose the company"]);
    }
    for on in [("rule", "retention"), ("guest", "guest-bob@example.com")] {
        anna.post("/holds/new", &[on, hold_of.0, hold_of.1]).is(400).says(&["Choose the company"]);
    }
    let sweep = [("company", "beta"), ("target", "crm"), ("since", "2026-01-01")];
    anna.post("/sweeps", &sweep).is(400).says(&["Choose the company"]);
    anna.get("/sweeps/beta/crm").is(404);
    for of_all in ["/attention", "/receipts/export"] {
        anna.get(of_all).is(403);
    }
    anna.post("/attention/retry", &[("what", "undecided")]).is(403);
    let held = both.get("/holds?show=all").is(200).text.matches("/holds/h-").count();
    assert_eq!(held, 1, "nothing was added");
}
