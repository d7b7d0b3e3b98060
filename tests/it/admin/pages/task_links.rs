//! A link to a task, made on the pages and over the API: who may, and what is shown of it.

use serde_json::json;

use super::{ADMIN, Api, Browser};
use crate::harness::{Deployment, ERASE, Needles, Server, StandIn, client, company, http, receipts, wait_for};

const ANN: &str = "ann.canary@example.com";
const BASE: &str = "https://quietus.example.com";
const MANUAL: &str = "\n[[manual]]\nname = \"legal\"\ntext = \"Shred the file.\"\n";

/// The address of a link on a page.
fn link_on(page: &str) -> String {
    let (_, rest) = page.split_once(&format!("{BASE}/confirm/task/")).unwrap_or_else(|| panic!("no link: {page}"));
    format!("/confirm/task/{}", rest.split('<').next().expect("an end"))
}

#[test]
fn an_officer_of_the_company_has_a_link_made_and_sees_it_once() {
    let (standin, beta) = (StandIn::start(), StandIn::start());
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"legal\"]");
    let second = company("beta", &beta.mluvii, 63, "");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{second}{rules}{MANUAL}{ADMIN}"));
    deployment.names_companies();
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, ANN, None);
    standin.just_end(101);
    let task = wait_for("a task", || deployment.json(&["tasks", "list"])[0]["id"].as_str().map(str::to_owned));
    let path = format!("/tasks/{task}");

    // Where nobody knows the server's address, it is said what to set, and no link is made.
    let olga = Browser::by(&server, &deployment, "olga", "Olga", &["officer"], &["acme"]);
    let page = olga.get(&path).is(200).says(&["Answer by a link", "server.public_url"]);
    assert!(!page.text.contains(&format!("{path}/link")), "{}", page.text);
    olga.post(&format!("{path}/link"), &[]).is(400);
    let program = Api::by(&server, &deployment, "program", &["officer"], &["acme"]);
    let at = format!("/api/v1{path}/link");
    let refused = program.post(&at, &json!({})).refused(400, "input");
    assert!(refused["detail"].as_str().is_some_and(|said| said.contains("server.public_url")), "{refused}");
    server.stop();

    deployment.replace("[server]\n", &format!("[server]\npublic_url = \"{BASE}\"\n"));
    let server = Server::start(&deployment);
    let olga = Browser::signed_in(&server, "olga");
    let adam = Browser::by(&server, &deployment, "adam", "Adam", &["approver"], &[]);
    let opa = Browser::by(&server, &deployment, "opa", "Opa", &["operator"], &[]);
    let bea = Browser::by(&server, &deployment, "bea", "Bea", &["officer"], &["beta"]);
    for (browser, status) in [(&adam, 403), (&opa, 403), (&bea, 404), (&Browser::of(&server), 403)] {
        browser.post(&format!("{path}/link"), &[]).is(status);
    }
    let others = [("otto", "operator", "acme"), ("bert", "officer", "beta")];
    let [operator, of_beta] = others.map(|(name, role, of)| Api::by(&server, &deployment, name, &[role], &[of]));
    operator.post(&at, &json!({})).refused(403, "forbidden");
    of_beta.post(&at, &json!({})).refused(404, "not_found");
    assert_eq!(deployment.json(&["audit", "list", "--act", "task.link"]), json!([]));

    let form = olga.get(&path).is(200).says(&["Make a link"]);
    assert!(form.text.contains(&format!("action=\"{path}/link\"")), "{}", form.text);
    let made =
        olga.post(&format!("{path}/link"), &[]).is(200).says(&["The link", "It is shown this once", "Good until"]);
    assert_eq!(made.header("cache-control"), "no-store");
    let first = link_on(&made.text);
    let program = Api::by(&server, &deployment, "robot", &["officer"], &["acme"]);
    let second = program.post(&at, &json!({})).is(200);
    assert_eq!(second["task"], json!(task), "{second}");
    assert!(second["until"].is_string(), "{second}");
    let url = second["url"].as_str().expect("an address").to_owned();
    let second = url.strip_prefix(BASE).expect("ours").to_owned();
    assert_ne!(first, second);

    // It is shown nowhere else, and that it was made, and by whom, is seen.
    olga.get("/language/cs?next=/").leads_to("/");
    let task_page = olga.get(&path).is(200).says(&["Odpověď přes odkaz", "Vytvořit odkaz"]);
    let erasure = deployment.json(&["tasks", "list"])[0]["erasure"].as_str().expect("an erasure").to_owned();
    let timeline = olga.get(&format!("/erasures/{erasure}")).is(200).says(&["Vytvořen odkaz na úkol: olga."]);
    let audit = deployment.json(&["audit", "list", "--act", "task.link"]);
    let actors: Vec<_> = audit.as_array().expect("rows").iter().map(|row| &row["entry"]["actor"]).collect();
    assert!(actors.len() == 2 && actors.contains(&&json!("user:olga")), "{actors:?}");
    for shown in [&task_page.text, &timeline.text, &audit.to_string()] {
        assert!([&first, &second].iter().all(|link| !shown.contains(link.as_str())), "{shown}");
    }

    // By either of them it is answered, and by the other no more.
    let by = |path: &str| http(client().post(server.url(path)).form(&[("said", "absent"), ("sure", "yes")])).0;
    assert_eq!(by(&first), 200);
    assert_eq!(by(&second), 404);
    let receipt = receipts(&deployment, 1).remove(0).to_string();
    assert!(receipt.contains("/user:olga said so at"), "{receipt}");
    let (_, log) = server.stop();
    let log = log.join("\n");
    assert!(!log.contains(first.trim_start_matches("/confirm/task/")), "a link is in the log");
    let needles = Needles::of([ANN]);
    needles.must_be_absent("the pages", format!("{}{}{first}{second}{log}", made.text, form.text).as_bytes());
}
