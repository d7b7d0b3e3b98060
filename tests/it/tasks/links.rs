//! A task that somebody without an account answers by a link, on the page behind it.

use serde_json::{Value, json};

use super::{EMAIL, TEXT, acts, end, id, mluvii_has_erased, rules, say, step, tasks, text};
use crate::harness::{Deployment, Needles, Server, StandIn, client, http, receipts, wait_for};

const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x>";
const BASE: &str = "https://quietus.example.com";

/// A company that is asked to erase by hand, and whose people reach the server.
struct Company {
    // In this order they end.
    server: Server,
    deployment: Deployment,
    _standin: StandIn,
    task: Value,
}

impl Company {
    fn start(rules: &str) -> Self {
        let standin = StandIn::start();
        let deployment = Deployment::bare(&standin.mluvii, rules);
        // A slash at its end is one too many.
        deployment.replace("[server]\n", &format!("[server]\npublic_url = \"{BASE}/\"\n"));
        let server = Server::start(&deployment);
        end(&standin, &server, 101);
        let task = tasks(&deployment, 1).remove(0);
        Self { server, deployment, _standin: standin, task }
    }

    /// The path of a new link to the task.
    fn link(&self) -> String {
        let made = self.deployment.json(&["tasks", "link", id(&self.task)]);
        path_of(&made)
    }

    /// What the page shows in a language.
    fn shows(&self, path: &str, language: &str) -> (u16, String) {
        plain(http(client().get(self.server.url(path)).header("accept-language", language)))
    }

    /// What an answer by the form is answered.
    fn says(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        plain(http(client().post(self.server.url(path)).header("accept-language", "en").form(fields)))
    }

    /// How many acts there were on tasks and erasures.
    fn rows(&self) -> usize {
        let all = self.deployment.json(&["audit", "list", "--limit", "200"]);
        let acts = all.as_array().expect("rows").iter().filter_map(|row| row["entry"]["act"].as_str());
        acts.filter(|act| act.starts_with("task.") || act.starts_with("erasure.")).count()
    }
}

/// What keeps a line whole is no other word.
fn plain((status, text): (u16, String)) -> (u16, String) {
    (status, text.replace('\u{a0}', " "))
}

fn path_of(made: &Value) -> String {
    let url = made["url"].as_str().unwrap_or_else(|| panic!("{made}"));
    let path = url.strip_prefix(BASE).unwrap_or_else(|| panic!("{url}"));
    assert!(path.starts_with("/confirm/task/"), "{path}");
    path.to_owned()
}

#[test]
fn somebody_without_an_account_answers_once_and_the_receipt_says_by_whose_link() {
    let company = Company::start(&rules("21d"));
    mluvii_has_erased(&company.deployment);
    let path = company.link();
    let made = acts(&company.deployment, "task.link").remove(0);
    let by = made["actor"].as_str().expect("an actor");
    assert!(by.starts_with("cli:"), "{made}");
    let link = made["details"]["link"].as_str().expect("a number");
    assert_eq!((&made["details"]["task"], &made["details"]["target"]), (&company.task["id"], &json!("legal")));
    assert!(!path.contains(link), "its number in the audit is not its token");

    // Looking changes nothing, however often.
    let before = company.rows();
    let (status, english) = company.shows(&path, "en-GB,en;q=0.9,cs;q=0.1");
    assert_eq!(status, 200);
    for said in
        [TEXT, "lang=\"en\"", "What is to be done", "legal", "acme", "Until", "whoever gave you the link tells you"]
    {
        assert!(english.contains(said), "{said}: {english}");
    }
    let (_, czech) = company.shows(&path, "cs");
    for said in [TEXT, "lang=\"cs\"", "Co udělat", "Do kdy", "řekne vám to ten, kdo vám odkaz dal", "Odeslat odpověď"]
    {
        assert!(czech.contains(said), "{said}: {czech}");
    }
    assert_eq!(http(client().head(company.server.url(&path))).0, 200);
    assert_eq!(company.rows(), before);

    // What is not whole is not taken, and is said at its field.
    let long = "x".repeat(201);
    let wrong: [(&[(&str, &str)], &str); 5] = [
        (&[], "Choose what became of it."),
        (&[("said", "unverifiable"), ("sure", "yes")], "Choose what became of it."),
        (&[("said", "erased")], "Tick that it is so."),
        (&[("said", "retained"), ("sure", "yes")], "Name the law or duty"),
        (&[("said", "retained"), ("sure", "yes"), ("law", &long)], "Name the law or duty"),
    ];
    for (fields, said) in wrong {
        let (status, page) = company.says(&path, fields);
        assert!(status == 400 && page.contains(said) && page.contains("aria-invalid=\"true\""), "{status} {page}");
    }
    assert_eq!(company.rows(), before);
    assert_eq!(http(client().put(company.server.url(&path))), (405, String::new()));

    // An answer that asks for no law has no room for a text.
    let answer = [("said", "erased"), ("sure", "yes"), ("law", "of somebody")];
    let (status, page) = company.says(&path, &answer);
    assert!(status == 200 && page.contains("Your answer is written down"), "{page}");
    let (status, over) = company.says(&path, &answer);
    assert!(status == 404 && over.contains("The link is not valid") && !over.contains(TEXT), "{over}");
    assert_eq!(company.shows(&path, "en"), (404, over.clone()));
    let receipt = receipts(&company.deployment, 1).remove(0);
    let actor = format!("link:{link}/{by}");
    let reason = step(&receipt)["reason"].as_str().expect("who said so");
    assert!(reason.starts_with(&format!("{actor} said so at 20")) && reason.ends_with("Z: erased"), "{reason}");
    assert_eq!(step(&receipt)["outcome"], "unverifiable", "nobody but who says so has seen it");
    let answered = acts(&company.deployment, "task.done");
    assert_eq!((answered.len(), &answered[0]["actor"]), (1, &json!(actor)));

    // Of the person there is nothing, and of the link only what tells links apart.
    let token = path.rsplit('/').next().expect("a token").to_owned();
    let audit = company.deployment.json(&["audit", "list", "--limit", "200"]).to_string();
    let (_, log) = company.server.stop();
    let log = log.join("\n");
    assert!(!log.contains(&token) && !audit.contains(&token), "a link is in the log or the audit");
    let needles = Needles::of([EMAIL]);
    for (place, said) in
        [("the page", english + &czech + &page + &over), ("the log", log), ("the path", path), ("the audit", audit)]
    {
        needles.must_be_absent(place, said.as_bytes());
    }
    needles.must_be_absent_in(company.deployment.folder());
}

#[test]
fn whatever_is_no_link_or_none_any_more_says_the_same() {
    let company = Company::start(&rules("21d"));
    let (path, other) = (company.link(), company.link());
    assert_ne!(path, other, "each is one of its own");
    let (begin, last) = path.split_at(path.len() - 1);
    let changed = format!("{begin}{}", if last == "A" { "B" } else { "A" });
    let (status, not_valid) = company.shows(&changed, "en");
    assert!(status == 404 && not_valid.contains("The link is not valid"), "{not_valid}");
    assert!(!not_valid.contains(TEXT) && !not_valid.contains("<form"), "{not_valid}");
    let answer = [("said", "absent"), ("sure", "yes")];
    assert_eq!(company.says(&changed, &answer), (404, not_valid.clone()));
    assert_eq!(company.shows("/confirm/task/x", "en"), (404, not_valid.clone()));

    // Answered otherwise: the link is over, also where the task is given once more.
    let residual = ["--outcome", "residual"];
    assert_eq!(say(&company.deployment, id(&company.task), &residual), Some(0));
    let said = wait_for("it to need a person", || {
        company.deployment.json(&["tasks", "list"]).as_array()?.iter().find(|task| task["state"] == "residual").cloned()
    });
    assert_eq!(company.says(&path, &answer), (404, not_valid.clone()));
    let late = company.deployment.run(&["tasks", "link", id(&said)]);
    assert!(!late.status.success() && text(&late).contains("erasures retry"), "{}", text(&late));
    let erasure = company.task["erasure"].as_str().expect("an erasure");
    assert!(company.deployment.run(&["erasures", "retry", erasure]).status.success());
    let again = wait_for("another task", || {
        company.deployment.json(&["tasks", "list"]).as_array()?.iter().find(|task| task["state"] == "open").cloned()
    });
    assert_eq!(company.says(&other, &answer), (404, not_valid));
    assert_eq!(acts(&company.deployment, "task.done").len(), 1);
    // Nor is one made by what was the task's name.
    assert!(!company.deployment.run(&["tasks", "link", id(&company.task)]).status.success());
    let path = path_of(&company.deployment.json(&["tasks", "link", id(&again)]));
    assert_eq!(company.says(&path, &answer).0, 200);
    receipts(&company.deployment, 1);
    company.server.stop();
}

#[test]
fn a_link_ends_with_the_time_of_its_task_also_where_that_is_given_once_more() {
    let company = Company::start(&rules("8s"));
    let erasure = company.task["erasure"].as_str().expect("an erasure");
    let task = || company.deployment.json(&["tasks", "list"])[0].clone();
    // On a slow machine its time is over before anybody has a link.
    let path = wait_for("a link in time", || {
        let open = task();
        let output = company.deployment.run(&["--json", "tasks", "link", open["id"].as_str()?]);
        if !output.status.success() {
            company.deployment.run(&["erasures", "retry", erasure]);
            return None;
        }
        Some(path_of(&serde_json::from_slice(&output.stdout).expect("JSON")))
    });
    wait_for("it to be late", || (task()["state"] == "late").then_some(()));
    let (status, not_valid) = company.shows(&path, "en");
    assert!(status == 404 && not_valid.contains("The link is not valid"), "{not_valid}");
    wait_for("it to be given once more", || {
        let now = task();
        if now["state"] == "late" {
            company.deployment.run(&["erasures", "retry", erasure]);
        }
        (now["state"] == "open").then_some(())
    });
    assert_eq!(company.shows(&path, "en"), (404, not_valid.clone()));
    assert_eq!(company.says(&path, &[("said", "erased"), ("sure", "yes")]), (404, not_valid));
    assert_eq!(acts(&company.deployment, "task.done"), [] as [Value; 0]);
    wait_for("it to be confirmed", || {
        let now = task();
        (say(&company.deployment, now["id"].as_str()?, &["--outcome", "erased"]) == Some(0)).then_some(())
    });
    receipts(&company.deployment, 1);
    company.server.stop();
}

#[test]
fn while_a_hold_keeps_it_the_page_says_to_wait_and_takes_no_answer() {
    let company = Company::start(&rules("21d"));
    let path = company.link();
    let added = company.deployment.json(&["holds", "add", "--session", "acme/101", "--reason", "legal-claims"]);
    let hold = added["id"].as_str().expect("an id");
    let answer = [("said", "erased"), ("sure", "yes")];
    for (status, page) in [company.shows(&path, "en"), company.says(&path, &answer)] {
        assert!(page.contains("Erase nothing while it lasts") && page.contains(TEXT), "{status} {page}");
        assert!(!page.contains("<form") && !page.contains(hold), "{page}");
    }
    assert!(company.shows(&path, "cs").1.contains("Dokud trvá, nic nemažte"));
    assert_eq!(company.says(&path, &answer).0, 409);
    assert_eq!(acts(&company.deployment, "task.done"), [] as [Value; 0]);
    assert!(company.deployment.run(&["holds", "lift", hold]).status.success());
    assert!(company.shows(&path, "en").1.contains("<form"));
    assert_eq!(company.says(&path, &answer).0, 200);
    receipts(&company.deployment, 1);
    company.server.stop();
}

#[test]
fn what_the_configuration_or_whoever_answers_has_written_is_text() {
    // A Rust string is written as a TOML string here.
    let written = rules("21d").replace(&format!("\"{TEXT}\""), &format!("{SCRIPT:?}"));
    let titled = written.replace("name = \"legal\"\n", &format!("name = \"legal\"\ntitle = {SCRIPT:?}\n"));
    assert!(titled.contains("title = ") && !titled.contains(TEXT), "or this tests nothing");
    let company = Company::start(&titled);
    let path = company.link();
    let (status, asked) = company.shows(&path, "en");
    assert_eq!(status, 200);
    let law = format!("{SCRIPT}, § 31");
    let (status, again) = company.says(&path, &[("said", "retained"), ("law", &law)]);
    assert_eq!(status, 400);
    for page in [&asked, &again] {
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        // The text, and the title.
        assert!(page.matches("&lt;script&gt;alert(1)").count() >= 2, "{page}");
    }
    assert!(again.contains("value=\"&lt;script&gt;"), "what was typed is there still: {again}");
    assert_eq!(company.says(&path, &[("said", "retained"), ("law", &law), ("sure", "yes")]).0, 200);
    let receipt = receipts(&company.deployment, 1).remove(0);
    assert_eq!(step(&receipt)["outcome"], "retained");
    company.server.stop();
}

#[test]
fn without_an_address_that_nobody_reads_along_there_are_no_links() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &rules("21d"));
    let is_told = || {
        let output = deployment.run(&["tasks", "link", "t-000000000000"]);
        assert!(!output.status.success() && text(&output).contains("server.public_url"), "{}", text(&output));
    };
    for public_url in [None, Some("http://quietus.example.com")] {
        if let Some(url) = public_url {
            deployment.replace("[server]\n", &format!("[server]\npublic_url = \"{url}\"\n"));
        }
        let server = Server::start(&deployment);
        is_told();
        for request in [
            client().get(server.url("/confirm/task/x")),
            client().post(server.url("/confirm/task/x")),
            client().put(server.url("/confirm/task/x")),
        ] {
            assert_eq!(http(request), (404, String::new()));
        }
        server.stop();
    }
}
