//! What strangers and other systems have written, and what is kept of it: forms and parameters at mluvii, what plugins answer, tasks, and what
//! officers say. It is text on every page and paper that shows it.

use serde_json::json;

use super::{ADMIN, Browser, user};
use crate::admin::done;
use crate::harness::{Deployment, Server, StandIn, program, receipts, wait_for};

const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x>";
const ESCAPED: &str = "&lt;script&gt;alert(";
const EMAIL: &str = "ann@example.com";

/// The same with a mark of its own, which tells where it came from.
fn marked(mark: &str) -> String {
    SCRIPT.replace("alert(1)", &format!("alert('{mark}')"))
}

fn more() -> String {
    let plugin = |role: &str| format!("{}args = [\"{role}\"]\ngrants = [\"email\"]\n", program(role, "markup.py"));
    let settling = "[settling]\nlimit = \"2h\"\npause = \"0s\"\n";
    let params = "[mluvii.params]\noo1_guest_ident = \"name\"\noo1_guest_email = \"email\"\n";
    // A Rust string is written as a TOML string here.
    let archive = format!("[[manual]]\nname = \"archive\"\ntext = {:?}\n", marked("task"));
    format!("{params}{settling}{}{}{archive}{ADMIN}", plugin("says"), plugin("fails"))
}

#[test]
fn what_is_kept_of_strangers_and_systems_is_text_on_every_page_and_paper() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &more());
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let param = |name: &str, value: &str| json!({ "name": name, "value": value, "source": "ENTRY_FORM" });
    let params = [param("oo1_guest_email", EMAIL), param("oo1_guest_ident", SCRIPT), param("free", SCRIPT)];
    standin.begin_with(json!({
        "id": 101, "tenant": 62, "guest": SCRIPT, "gdpr_version": marked("version"), "call_params": params, "notes": [SCRIPT],
        "activities": [SCRIPT],
    }));
    standin.submit(101, 4711, &json!({ "oo1_guest_email": EMAIL, "free": SCRIPT, SCRIPT: SCRIPT }));
    standin.end(101);
    deployment.settled(1);
    user(&deployment, "jana", SCRIPT, &["officer", "approver", "operator"], &[]);
    done(&deployment.run(&["tokens", "issue", "jana", "--role", "officer", "--for", SCRIPT]));
    let jana = Browser::signed_in(&server, "jana");
    let mut pages = Vec::new();

    let found = jana.post("/people", &[("email", EMAIL)]).is(200);
    let form = jana.post("/holds/new/of", &[("person", &found.hidden("person"))]).is(200);
    let person = form.hidden("person");
    let hold = jana.post("/holds/new", &[("person", &person), ("reason", "legal-claims"), ("case", SCRIPT)]).is(400);
    pages.extend([found, form, hold].map(|page| page.text));
    let entered = [("email", EMAIL), ("came", "letter"), ("verified", "document")];
    let request = jana.post("/requests/new", &entered).goes_on();
    pages.push(jana.post(&format!("{request}/plan"), &[]).is(200).says(&["acme/101"]).text);
    let planned = jana.get(&format!("{request}/plan")).is(200);
    let erasure = jana.post(&format!("{request}/run"), &[("plan", &planned.hidden("plan"))]).goes_on();
    pages.push(planned.text);
    let id = erasure.trim_start_matches("/erasures/").to_owned();
    let task = wait_for("one to have failed, one to have erased, and a task", || {
        let shown = deployment.json(&["erasures", "show", &id]).to_string();
        let is_as_far = shown.contains("\"parked\"") && shown.contains("\"erased\"");
        let task = deployment.json(&["tasks", "list"])[0]["id"].as_str().map(str::to_owned);
        task.filter(|_| is_as_far)
    });
    let task = format!("/tasks/{task}");
    let open = [&*erasure, &*task].map(|path| jana.get(path).is(200).text);
    pages.extend(open);
    let law = format!("563/1991 Sb., § 31 {SCRIPT}");
    let said = jana.post(&format!("{task}/done"), &[("said", "retained"), ("law", &law)]);
    assert!([303, 400].contains(&said.status), "{}", said.text);
    pages.push(said.text);

    done(&deployment.run(&["erasures", "stop", &id]));
    receipts(&deployment, 1);
    for path in [
        "/",
        "/requests",
        &request,
        &format!("{request}/plan"),
        "/erasures",
        &erasure,
        "/tasks",
        "/targets",
        "/targets/says",
        "/targets/fails",
        "/targets/archive",
        "/audit",
        "/rules",
        "/receipts",
        "/receipts/1",
        "/accounts",
        "/accounts/jana",
        "/mluvii",
        "/explain?company=acme&session=101",
        "/consents/acme/101",
    ] {
        let page = jana.get(path);
        // A request whose erasure was stopped may have no plan any more.
        assert!([200, 404, 409].contains(&page.status), "{path}: {}", page.text);
        pages.push(page.text);
    }
    jana.get("/accounts/jana").is(200).says(&[ESCAPED]);
    for lang in ["cs", "en"] {
        for audience in ["person", "authority"] {
            let path = format!("/receipts/1/certificate?lang={lang}&for={audience}");
            // What a system does not look at, and what it keeps, stands there in its own words.
            pages.push(jana.get(&path).is(200).says(&[ESCAPED]).text);
        }
        for letter in ["acknowledgement", "confirmation", "partial-refusal", "recipients"] {
            pages.push(jana.get(&format!("{request}/letters/{letter}/{lang}")).text);
        }
        jana.get(&format!("/language/{lang}?next=/")).leads_to("/");
        pages.extend([&*erasure, &*request, "/receipts/1"].map(|path| jana.get(path).is(200).text));
    }
    for text in &pages {
        assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
    }
    // Each was shown somewhere, or this test tests nothing.
    for mark in ["alert('says')", "alert('fails')", "alert('task')", "alert('version')"] {
        let shown = format!("&lt;script&gt;{mark}");
        assert!(pages.iter().any(|text| text.contains(&shown)), "no page shows {mark}");
    }
    server.stop();
}
