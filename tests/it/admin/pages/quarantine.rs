//! The quarantine in a browser: seen without its values, read again one by one or many at once, and dropped only where that is meant.

use serde_json::json;

use super::{ADMIN, Browser, Page, rows_of, user};
use crate::harness::{Away, Deployment, Needles, PASSWORD as WEBHOOK_PASSWORD, Server, client, company, http};

const CANARY: &str = "canary-5e1d@example.com";

/// Each delivery of a list, by its address.
fn deliveries(list: &Page) -> Vec<String> {
    let parts = list.text.split("href=\"/quarantine/").skip(1);
    let addresses = parts.filter_map(|part| part.split('"').next()).filter(|rest| !rest.starts_with("replay"));
    addresses.map(|number| format!("/quarantine/{number}")).collect()
}

fn deliver(server: &Server, source: &str, body: &serde_json::Value) -> u16 {
    let request = client().post(server.url(&format!("/webhooks/{source}")));
    http(request.basic_auth("mluvii", Some(WEBHOOK_PASSWORD)).json(body)).0
}

/// What cannot be read, with hostile text wherever there is room for some.
fn unreadable(number: u32) -> serde_json::Value {
    let script = "<script>alert(1)</script>";
    json!({ "eventType": "SessionEnded", "data": { "sessionNumber": number, "guest": CANARY, script: script } })
}

#[test]
fn a_delivery_is_shown_without_its_values_and_dropped_only_with_a_reason_and_where_that_is_meant() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), ADMIN);
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    user(&deployment, "otto", "Otto", &["operator"], &[]);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    let (otto, olga) = (Browser::signed_in(&server, "otto"), Browser::signed_in(&server, "olga"));
    otto.get("/quarantine").is(200).says(&["There are none here"]);
    for number in [77, 78] {
        assert_eq!(deliver(&server, "acme", &unreadable(number)), 202);
    }
    let list = otto.get("/quarantine").is(200).says(&["no session id", "acme"]);
    let all = deliveries(&list);
    assert_eq!(all.len(), 2, "{}", list.text);
    let number = all[0].trim_start_matches("/quarantine/");
    let reveal = format!("quietus quarantine show {number} --reveal");
    let shown = otto.get(&all[0]).is(200).says(&["sessionNumber", "SessionEnded", &reveal, "Drop it"]);
    for text in [&list.text, &shown.text] {
        Needles::of([CANARY]).must_be_absent("a page", text.as_bytes());
        assert!(!text.contains("<script") && !text.contains(": 77"), "{text}");
    }
    otto.get("/quarantine/0").is(404);
    otto.get("/quarantine/-1").is(404);
    otto.get("/quarantine/4711").is(404).says(&["class=\"button primary\" href=\"/quarantine\">Quarantine<"]);

    // It still cannot be read, and says so.
    let back = otto.post(&format!("{}/replay", all[0]), &[]).goes_on();
    assert!(back.starts_with(&format!("{}?came=", all[0])), "{back}");
    otto.get(&back).is(200).says(&["still cannot be read, so it stays", "role=\"status\"", "sessionNumber"]);
    // An address that anybody can write tells of nothing.
    let page = otto.get(&format!("{}?stays=1", all[0])).is(200);
    assert!(!page.text.contains("<script") && !page.text.contains("role=\"status\""), "{}", page.text);
    // The first page says it in whole sentences, with the way there.
    let home = otto.get("/").is(200).says(&["2 deliveries could not be read", "href=\"/quarantine\""]);
    assert!(!home.text.contains("quietus quarantine list"), "a command in place of a way: {}", home.text);
    let drop = format!("{}/drop", all[0]);
    otto.post(&drop, &[]).is(400).says(&[
        "Choose why it leads to nothing",
        "Tick that it may be lost",
        "<title>Error:",
    ]);
    otto.post(&drop, &[("why", "sent_again")]).is(400).says(&["Tick that it may be lost"]);
    otto.post(&drop, &[("why", "<script>"), ("sure", "1")]).is(400).says(&["Choose why it leads to nothing"]);
    assert_eq!(deliveries(&otto.get("/quarantine")).len(), 2, "nothing was dropped");

    // Others see nothing of it, and it is theirs to drop even less.
    for path in ["/quarantine", "/quarantine/replay", &all[0]] {
        olga.get(path).is(403);
    }
    olga.post(&drop, &[("why", "sent_again"), ("sure", "1")]).is(403);

    let looks = rows_of(&deployment, "quarantine.view");
    let object = format!("quarantine:{number}");
    assert!(!looks.is_empty() && looks.iter().all(|row| row["object"] == object.as_str()), "{looks:?}");
    let gone = otto.post(&drop, &[("why", "sent_again"), ("sure", "1")]).goes_on();
    assert_eq!(rows_of(&deployment, "quarantine.view").len(), looks.len(), "whoever drops it is shown nothing of it");
    otto.get(&gone).is(200).says(&["The delivery was dropped"]);
    otto.get(&all[0]).is(404);
    otto.post(&drop, &[("why", "sent_again"), ("sure", "1")]).is(404);
    let audited = deployment.json(&["audit", "list"]).to_string();
    assert!(audited.contains("quarantine.drop") && audited.contains("sent_again"), "{audited}");

    otto.get("/language/cs?next=/").leads_to("/");
    otto.get("/quarantine").is(200).says(&["Karanténa", "lang=\"cs\"", "Přišlo", "chybí číslo konverzace"]);
    // A refusal is in the reader's language, too.
    otto.get("/quarantine/4711").is(404).says(&["Doručení s tímto číslem v karanténě není."]);
    otto.get("/people").is(403).says(&["K tomu nemáte oprávnění", "Vaše role k tomu nestačí."]);
    otto.get(&all[1]).is(200).says(&["Nenávratně zahodit"]);
    otto.get("/").is(200).says(&["1 doručení nešlo přečíst, nebo ho odmítla databáze.", "Podívejte se proč."]);
}

#[test]
fn what_can_be_read_by_now_is_read_again_at_once_by_reason_and_the_rest_stays() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), ADMIN);
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    let otto = Browser::by(&server, &deployment, "otto", "Otto", &["operator"], &[]);
    assert_eq!(deliver(&server, "acme", &unreadable(77)), 202);
    // The ledger refuses two, and then takes them.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.session IN (13, 14) BEGIN SELECT RAISE(ABORT, 'no'); END";
    deployment.ledger().execute_batch(refuse).expect("made");
    for session in [13, 14] {
        assert_eq!(server.deliver_end(session), 202);
    }
    deployment.ledger().execute_batch("DROP TRIGGER refuse").expect("gone");
    assert_eq!(deliveries(&otto.get("/quarantine")).len(), 3);
    let of_reason = otto.get("/quarantine?reason=refused%20by%20the%20ledger").is(200);
    assert_eq!(deliveries(&of_reason).len(), 2, "{}", of_reason.text);
    assert_eq!(deliveries(&otto.get("/quarantine?source=another")).len(), 0);

    // What would be done is said first, and nothing is done by looking at it.
    let asked = otto.get("/quarantine/replay?reason=refused%20by%20the%20ledger").is(200);
    assert_eq!(asked.hidden("reason"), "refused by the ledger");
    assert_eq!(deployment.events(), 0);
    let form = [("reason", "refused by the ledger"), ("from", "u0")];
    let came = otto.post("/quarantine/replay", &form).goes_on();
    otto.get(&came).is(200).says(&["2 deliveries count as received now"]);
    assert_eq!(deployment.events(), 2);
    let came = otto.post("/quarantine/replay", &form).goes_on();
    otto.get(&came).is(200).says(&["nothing to read again"]);
    let came = otto.post("/quarantine/replay", &[("from", "u0")]).goes_on();
    otto.get(&came).is(200).says(&["1 delivery cannot be read yet, and stays"]);
    assert_eq!(deliveries(&otto.get("/quarantine")).len(), 1);
    // Of more than are read at once, the next ones begin after those that stay.
    for number in 1_000..1_100 {
        assert_eq!(deliver(&server, "acme", &unreadable(number)), 202);
    }
    let came = otto.post("/quarantine/replay", &[("from", "u0")]).goes_on();
    let page = otto.get(&came).is(200).says(&["100 deliveries cannot be read yet", "Go on with the further ones"]);
    let (_, rest) = page.text.split_once("href=\"/quarantine/replay?from=").expect("a way on");
    let from = rest.split('"').next().expect("an end");
    let came = otto.post("/quarantine/replay", &[("from", from)]).goes_on();
    otto.get(&came).is(200).says(&["1 delivery cannot be read yet, and stays"]);
    for wrong in ["/quarantine?from=x", "/quarantine/replay?from=%3Cscript%3E"] {
        let page = otto.get(wrong).is(400);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    otto.post("/quarantine/replay", &[("from", "x")]).is(400);
    // What has not happened does not come back as a result.
    for made_up in
        ["replayed=5.0.0.0.0", "dropped=1", "came=dropped%3D1", "replayed=%3Cscript%3E.0.0.0.0&reason=%3Cscript%3E"]
    {
        let page = otto.get(&format!("/quarantine?{made_up}")).is(200);
        assert!(!page.text.contains("<script") && !page.text.contains("role=\"status\""), "{}", page.text);
    }
}

#[test]
fn of_another_company_nothing_is_seen_read_again_or_dropped() {
    let (mluvii, beta) = (Away::new(), Away::new());
    let more = format!("{}{ADMIN}", company("beta", &beta.url(), 63, ""));
    let deployment = Deployment::bare(&mluvii.url(), &more);
    deployment.names_companies();
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    let anna = Browser::by(&server, &deployment, "anna", "Anna", &["operator"], &["acme"]);
    for source in ["beta", "acme"] {
        assert_eq!(deliver(&server, source, &unreadable(77)), 202);
    }
    let list = anna.get("/quarantine").is(200);
    let own = deliveries(&list);
    assert_eq!(own.len(), 1, "{}", list.text);
    assert!(!list.text.contains("beta"), "{}", list.text);
    let all = deployment.json(&["quarantine", "list"]);
    let other = format!("/quarantine/{}", all[0]["id"]);
    assert_eq!((&all[0]["source"], other == own[0]), (&json!("beta"), false));
    anna.get(&other).is(404);
    anna.post(&format!("{other}/replay"), &[]).is(404);
    anna.post(&format!("{other}/drop"), &[("why", "test"), ("sure", "1")]).is(404);
    assert_eq!(deliveries(&anna.get("/quarantine?source=beta")).len(), 0);
    let came = anna.post("/quarantine/replay", &[("from", "u0")]).goes_on();
    anna.get(&came).is(200).says(&["1 delivery cannot be read yet"]);
    assert_eq!(deployment.json(&["quarantine", "list"]).as_array().map(Vec::len), Some(2));
}
