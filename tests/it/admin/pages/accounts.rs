//! Accounts, passwords and tokens, as operators give and take them in a browser; and what nobody comes by so.

use super::{ADMIN, Api, Browser, PASSWORD, Page, rows, user};
use crate::admin::who::two_companies;
use crate::harness::{Deployment, Needles, Server, StandIn};

const OWN: &str = "five other unrelated canary words";

/// Two operators, an officer, and a server.
fn started(standin: &StandIn) -> (Deployment, Server) {
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    for operator in ["petr", "otto"] {
        user(&deployment, operator, operator, &["operator"], &[]);
    }
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    (deployment, server)
}

/// Sends an order's form, and then one's own password.
fn ordered(browser: &Browser, fields: &[(&str, &str)]) -> Page {
    let asked = browser.post("/accounts/orders", fields).is(200);
    confirmed(browser, &asked, PASSWORD)
}

/// Shows a password for what a page asks to confirm.
fn confirmed(browser: &Browser, asked: &Page, password: &str) -> Page {
    browser.post("/accounts/orders/do", &[("order", &asked.hidden("order")), ("password", password)])
}

/// The address that another operator is sent.
fn address(page: &Page) -> String {
    let (_, rest) = page.text.split_once("href=\"/accounts/orders/").unwrap_or_else(|| panic!("{}", page.text));
    format!("/accounts/orders/{}", rest.split('"').next().expect("an end"))
}

/// What is shown once.
fn secret(page: &Page) -> String {
    let (_, rest) = page.text.split_once("<code>").unwrap_or_else(|| panic!("{}", page.text));
    rest.split('<').next().expect("an end").to_owned()
}

const JANA: [(&str, &str); 5] =
    [("act", "add"), ("name", "jana"), ("shown_as", "Jana Nováková"), ("role", "officer"), ("companies", "all")];

#[test]
fn an_officer_is_made_by_two_operators_and_chooses_a_password_of_their_own() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    let (petr, otto) = (Browser::signed_in(&server, "petr"), Browser::signed_in(&server, "otto"));
    petr.get("/accounts").is(200).says(&["3 accounts", "New account", "/accounts/olga"]);

    // Every field says what is wrong with it, and nothing that is missing stands for all companies.
    let wrong = petr.post("/accounts/orders", &[("act", "add"), ("name", "Jana Nováková")]).is(400);
    wrong.says(&["a–z", "Write a name", "at least one role", "all companies, or at least one", "<title>Error:"]);
    let both = [&JANA[..], &[("company", "acme")]].concat();
    petr.post("/accounts/orders", &both).is(400).says(&["all companies, or at least one"]);
    petr.post("/accounts/orders", &[&JANA[..4], &[("company", "nowhere")]].concat()).is(400);
    petr.post("/accounts/orders", &[("act", "grant"), ("name", "olga")]).is(400);
    petr.post("/accounts/orders", &[("act", "add"), ("name", "olga")]).is(400);
    petr.post("/accounts/orders", &[&[("act", "add"), ("name", "olga")][..], &JANA[2..]].concat()).is(409);
    let before = rows(&deployment);

    // The own password is asked for; a wrong one orders nothing, and leaves the order to go on with.
    let asked = petr.post("/accounts/orders", &JANA).is(200);
    let asked =
        asked.says(&["Give jana an account", "Jana Nováková", "officer", "another operator has to have it done"]);
    let again =
        confirmed(&petr, &asked, "not it at all").is(403).says(&["do not fit together", "aria-invalid=\"true\""]);
    assert!(!again.text.contains("not it at all"), "{}", again.text);
    assert_eq!(rows(&deployment), before + 1, "the password that was refused, and nothing else");
    // What one has ordered is nobody else's to confirm, and nothing that was changed is taken.
    confirmed(&otto, &asked, PASSWORD).is(400).says(&["Nothing to confirm"]);
    let sealed = asked.hidden("order");
    for other in ["", "00", &sealed[2..]] {
        let page = petr.post("/accounts/orders/do", &[("order", other), ("password", PASSWORD)]);
        page.is(400).says(&["Nothing was done"]);
    }
    let sent = confirmed(&petr, &asked, PASSWORD).is(200).says(&["Nothing has been done yet"]);
    let address = address(&sent);
    // It is copied whole.
    let whole = format!("{}{address}", petr.base);
    assert!(sent.text.contains(&format!("<code>{whole}</code>")), "{}", sent.text);
    confirmed(&petr, &asked, PASSWORD).is(400).says(&["was used already"]);
    // Nor written in another way: it would be used twice.
    let upper = asked.hidden("order").to_uppercase();
    petr.post("/accounts/orders/do", &[("order", &*upper), ("password", PASSWORD)]).is(400).says(&["was used already"]);
    // Whoever has ordered it is not the other one, and does not use it up.
    let own = petr.get(&address).is(200);
    confirmed(&petr, &own, PASSWORD).is(409);
    let olga = Browser::signed_in(&server, "olga");
    olga.get(&address).is(403);
    let shown = otto.get(&address).is(200).says(&["Give jana an account", "Asked for by petr"]);
    let given = confirmed(&otto, &shown, PASSWORD).is(200).says(&["One-time password", "shown this once"]);
    assert_eq!(given.header("cache-control"), "no-store");
    let once = secret(&given);
    // Replayed, it gives nothing more: the account is there.
    let replayed = confirmed(&otto, &shown, PASSWORD).is(409);
    assert!(!replayed.text.contains(&once), "{}", replayed.text);
    otto.get("/accounts/jana").is(200).says(&["Jana Nováková", "signed in nowhere"]);

    // Nobody is signed in with it: its person chooses one of their own by it, once.
    let jana = Browser::of(&server);
    let form = jana.sign_in("jana", &once).is(200).says(&["Choose your password"]);
    assert!(form.header("set-cookie").is_empty() && !form.text.contains(&once), "{}", form.text);
    let choose = |given: &str, new: &str, again: &str| {
        let fields = [("user", "jana"), ("given", given), ("new", new), ("again", again), ("next", "//evil.example")];
        jana.post("/sign-in/password", &fields)
    };
    choose(&once, OWN, PASSWORD).is(400).says(&["are not the same"]);
    choose(&once, &once, &once).is(400).says(&["Whoever has given you the password knows it"]);
    choose(&once, "short", "short").is(400).says(&["at least 12 characters"]);
    choose("not it at all", OWN, OWN).is(403).says(&["do not fit together"]);
    jana.get("/").leads_to("/sign-in");
    choose(&once, OWN, OWN).leads_to("/");
    jana.get("/requests/new").is(200).says(&["Jana Nováková"]);
    choose(&once, OWN, OWN).is(403);
    Browser::of(&server).sign_in("jana", &once).is(403);
    let in_czech = Browser::of(&server);
    in_czech.get("/language/cs").leads_to("/");
    in_czech.sign_in("jana", OWN).leads_to("/");
    petr.get("/language/cs").leads_to("/");
    for path in ["/accounts", "/accounts/new", "/accounts/jana", "/accounts/petr"] {
        petr.get(path).is(200).says(&["lang=\"cs\"", "Odhlásit se"]);
    }

    let audited = deployment.json(&["audit", "list"]).to_string();
    for row in ["account.ask", "\"user:petr\"", "account.add", "account.password", "\"user:otto\""] {
        assert!(audited.contains(row), "{row}: {audited}");
    }
    let (_, log) = server.stop();
    let needles = Needles::of([&*once, OWN]);
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent("the audit", audited.as_bytes());
    needles.must_be_absent_in(deployment.folder());
}

#[test]
fn a_password_that_is_given_anew_and_a_disabled_account_end_every_session() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    user(&deployment, "ivan", "Ivan", &["operator"], &[]);
    let (petr, otto) = (Browser::signed_in(&server, "petr"), Browser::signed_in(&server, "otto"));
    let (ivan, olga) = (Browser::signed_in(&server, "ivan"), Browser::signed_in(&server, "olga"));

    // Of an operator, one other operator is enough.
    let once = secret(&ordered(&petr, &[("act", "password"), ("name", "ivan")]).is(200));
    ivan.get("/").leads_to("/sign-in");
    Browser::of(&server).sign_in("ivan", PASSWORD).is(403);
    // A cookie that somebody has had the browser carry before is good for nothing afterwards.
    let planted = Browser::signed_in(&server, "otto");
    let victim = Browser::of(&server);
    victim.cookies.borrow_mut().insert("quietus".to_owned(), planted.session());
    let fields = [("user", "ivan"), ("given", &*once), ("new", OWN), ("again", OWN), ("next", "/")];
    victim.post("/sign-in/password", &fields).leads_to("/");
    assert_ne!(victim.session(), planted.session());
    planted.get("/").leads_to("/sign-in");

    // What makes an officer ends the sessions.
    let less = [("act", "change"), ("name", "ivan"), ("shown_as", "Ivan"), ("role", "officer"), ("companies", "all")];
    let sent = ordered(&petr, &less).is(200);
    let shown = otto.get(&address(&sent)).is(200);
    let shown = shown.says(&["Its password is replaced by a one-time password", "Until now:"]);
    let once = secret(&confirmed(&otto, &shown, PASSWORD).is(200).says(&["One-time password"]));
    // Whoever is signed in as him is no officer by it.
    victim.get("/").leads_to("/sign-in");
    Browser::of(&server).sign_in("ivan", OWN).is(403);
    let fields = [("user", "ivan"), ("given", &*once), ("new", PASSWORD), ("again", PASSWORD), ("next", "/")];
    victim.post("/sign-in/password", &fields).leads_to("/");
    victim.get("/accounts").is(403);
    victim.get("/requests/new").is(200);

    // What was changed after it was ordered is not what was ordered.
    let change =
        |role| [("act", "change"), ("name", "ivan"), ("shown_as", "Ivan"), ("role", role), ("companies", "all")];
    let sent = ordered(&petr, &change("approver")).is(200);
    let address = address(&sent);
    let shown = otto.get(&address).is(200);
    ordered(&petr, &change("operator")).is(200).says(&["Done"]);
    otto.get(&address).is(409).says(&["was changed after this was ordered"]);
    confirmed(&otto, &shown, PASSWORD).is(409).says(&["was changed after this was ordered"]);
    victim.get("/requests/new").is(403);

    // Signed out, then disabled: what was there before is replayed in vain.
    let kept = olga.session();
    ordered(&petr, &[("act", "sign_out"), ("name", "olga")]).is(200).says(&["Done"]);
    let replay = Browser::of(&server);
    replay.cookies.borrow_mut().insert("quietus".to_owned(), kept);
    replay.get("/").leads_to("/sign-in");
    let olga = Browser::signed_in(&server, "olga");
    ordered(&petr, &[("act", "disable"), ("name", "olga")]).is(200).says(&["Done"]);
    olga.get("/").leads_to("/sign-in");
    Browser::of(&server).sign_in("olga", PASSWORD).is(403);
    petr.get("/accounts/olga").is(200).says(&["Disabled", "Enable the account"]);
    petr.post("/accounts/orders", &[("act", "enable"), ("name", "olga")]).is(200).says(&["another operator"]);
    ordered(&petr, &[("act", "disable"), ("name", "olga")]).is(409);

    // What was to be done by somebody who is disabled meanwhile is not done.
    let asked = petr.post("/accounts/orders", &[("act", "password"), ("name", "olga")]).is(200);
    ordered(&otto, &[("act", "disable"), ("name", "petr")]).is(200);
    confirmed(&petr, &asked, PASSWORD).is(403).says(&["You are signed out"]);
    let audited = deployment.json(&["audit", "list"]).to_string();
    assert!(audited.contains("account.disable") && audited.contains("account.sign_out"), "{audited}");
}

#[test]
fn a_token_is_shown_once_and_good_until_it_is_revoked() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    user(&deployment, "ivan", "Ivan", &["operator"], &[]);
    let (petr, otto) = (Browser::signed_in(&server, "petr"), Browser::signed_in(&server, "otto"));
    let token = |name, role, days| {
        [
            ("act", "token"),
            ("name", name),
            ("role", role),
            ("companies", "all"),
            ("purpose", "nightly job"),
            ("days", days),
        ]
    };
    for days in ["0", "366", "x", ""] {
        petr.post("/accounts/orders", &token("ivan", "operator", days)).is(400).says(&["from 1 to 365"]);
    }
    let issued = ordered(&petr, &token("ivan", "operator", "30")).is(200).says(&["shown this once"]);
    let text = secret(&issued);
    let api = Api::of(&server, Some(&text));
    api.get("/api/v1/me").is(200);
    let page = petr.get("/accounts/ivan").is(200).says(&["nightly job"]);
    assert!(!page.text.contains(&text), "{}", page.text);
    // No more than its account, and of an officer's account only by two.
    let more = petr.post("/accounts/orders", &token("ivan", "officer", "30")).is(200);
    let sent = confirmed(&petr, &more, PASSWORD).is(200);
    let shown = otto.get(&address(&sent)).is(200);
    // Refused before anything was done, it is not used up.
    for _ in 0..2 {
        let page = confirmed(&otto, &shown, PASSWORD).is(400);
        assert!(!page.text.contains("was used already"), "{}", page.text);
    }
    let sent = ordered(&petr, &token("olga", "officer", "1")).is(200).says(&["Nothing has been done yet"]);
    assert!(!sent.text.contains("qt_"), "{}", sent.text);
    let shown = otto.get(&address(&sent)).is(200).says(&["Issue a token of the account olga", "nightly job", "1 day"]);
    let of_olga = secret(&confirmed(&otto, &shown, PASSWORD).is(200));
    Api::of(&server, Some(&of_olga)).get("/api/v1/me").is(200);

    // By its id and its account alone.
    let id = text.split('_').nth(1).expect("an id").to_owned();
    let revoke = |name, id| [("act", "revoke"), ("name", name), ("id", id)];
    ordered(&petr, &revoke("olga", &*id)).is(404);
    ordered(&petr, &revoke("ivan", "../../x")).is(404);
    api.get("/api/v1/me").is(200);
    ordered(&petr, &revoke("ivan", &*id)).is(200).says(&["Done"]);
    api.get("/api/v1/me").refused(401, "unauthenticated");
    ordered(&petr, &revoke("ivan", &*id)).is(404);
    // A disabled account's token is taken no more.
    ordered(&petr, &[("act", "disable"), ("name", "olga")]).is(200);
    Api::of(&server, Some(&of_olga)).get("/api/v1/me").refused(401, "unauthenticated");
    let (_, log) = server.stop();
    let needles = Needles::of([&*text, &*of_olga]);
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent_in(deployment.folder());
}

#[test]
fn nobody_gives_themself_anything_and_only_operators_of_all_companies_give() {
    let standin = StandIn::start();
    let beta = StandIn::start();
    let deployment = two_companies(&standin, &beta);
    let server = Server::start(&deployment);
    user(&deployment, "petr", "Petr", &["operator"], &[]);
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "anna", "Anna", &["officer", "approver", "operator"], &["acme"]);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    let [petr, otto, anna, olga] = ["petr", "otto", "anna", "olga"].map(|name| Browser::signed_in(&server, name));
    let before = rows(&deployment);
    let own = petr.get("/accounts/petr").is(200).says(&["It is your own account"]);
    assert!(!own.text.contains("action=\"/accounts/orders\""), "{}", own.text);
    let change =
        |name, role| [("act", "change"), ("name", name), ("shown_as", "Petr"), ("role", role), ("companies", "all")];
    for role in ["officer", "approver", "operator"] {
        petr.post("/accounts/orders", &change("petr", role)).is(409);
    }
    for act in ["password", "disable", "enable", "sign_out"] {
        petr.post("/accounts/orders", &[("act", act), ("name", "petr")]).is(409);
    }
    for browser in [&anna, &olga] {
        for path in ["/accounts", "/accounts/new", "/accounts/petr", "/accounts/orders/00"] {
            browser.get(path).is(403);
        }
        browser.post("/accounts/orders", &[("act", "disable"), ("name", "petr")]).is(403);
        browser.post("/accounts/orders/do", &[("order", "00"), ("password", PASSWORD)]).is(403);
    }
    for path in ["/accounts/nobody", "/accounts/..%2f..%2fquietus.toml", "/accounts/%3Cscript%3E"] {
        let page = petr.get(path).is(404);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    assert_eq!(rows(&deployment), before, "nothing was ordered");

    // An operator who makes two more has made nobody who is another one.
    let mut puppets = Vec::new();
    for name in ["first", "second"] {
        let add = [("act", "add"), ("name", name), ("shown_as", name), ("role", "operator"), ("companies", "all")];
        let once = secret(&ordered(&petr, &add).is(200));
        let browser = Browser::of(&server);
        let fields = [("user", name), ("given", &*once), ("new", PASSWORD), ("again", PASSWORD), ("next", "/")];
        browser.post("/sign-in/password", &fields).leads_to("/");
        puppets.push(browser);
    }
    let officer = [("act", "add"), ("name", "eva"), ("shown_as", "Eva"), ("role", "officer"), ("companies", "all")];
    for (by, asked) in [(&puppets[0], &petr), (&petr, &puppets[1]), (&puppets[0], &puppets[1])] {
        let sent = ordered(asked, &officer).is(200);
        let shown = by.get(&address(&sent)).is(200);
        confirmed(by, &shown, PASSWORD).is(409).says(&["somebody else has to approve it"]);
    }
    petr.get("/accounts/eva").is(404);
    // One whom they have not made does it, and makes nobody for themself by it either.
    let sent = ordered(&petr, &officer).is(200);
    let shown = otto.get(&address(&sent)).is(200);
    confirmed(&otto, &shown, PASSWORD).is(200).says(&["One-time password"]);
}
