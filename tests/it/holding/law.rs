//! A target that a law exempts, for all companies or for one: it is not called, and receipts name the article.

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, Server, StandIn, company, crm_plugin, receipts};
use crate::once::{folder, let_it_answer, requests, rules};

const EMAIL: &str = "ann@example.com";
const ACCOUNTS: &str = "§ 31 of the Accounting Act (563/1991)";
const CALLS: &str = "§ 97(3) of the Electronic Communications Act (127/2005)";

/// What a company says in its `[[mluvii]]` of a target.
fn kept(target: &str) -> String {
    format!("retained = {{ {target} = {{ of = \"call records\", by = \"{CALLS}\" }} }}")
}

fn archive() -> String {
    format!(
        "[[manual]]\nname = \"archive\"\ntext = \"Shred the file.\"\nretained = {{ of = \"contracts\", by = \"{ACCOUNTS}\" }}\n"
    )
}

/// The step of a receipt at a target.
#[track_caller]
fn step<'r>(receipt: &'r Value, target: &str) -> &'r Value {
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["target"] == target).unwrap_or_else(|| panic!("{target}: {receipt:#}"))
}

#[test]
fn what_a_law_keeps_is_not_called_and_the_receipt_names_the_article() {
    let (standin, folder) = (StandIn::start(), folder());
    let_it_answer(&folder);
    let rules = rules(&folder, "seeing");
    let unnamed = format!("{rules}retained = {{ of = \"invoices\", by = \"the law\" }}\n");
    let deployment = Deployment::bare(&standin.mluvii, &rules);
    deployment.configure(&standin.mluvii, &unnamed);
    let checked = deployment.run(&["check", "--offline"]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(!checked.status.success() && said.contains("plugin.1.retained"), "{said}");

    let law = "§ 31 of the Accounting Act (563/1991)";
    deployment.configure(&standin.mluvii, &format!("{rules}retained = {{ of = \"invoices\", by = \"{law}\" }}\n"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let receipts = receipts(&deployment, 1);
    let statement = &receipts[0]["statement"];
    let steps = statement["steps"].as_array().expect("steps");
    let letters = steps.iter().find(|step| step["target"] == "letters").expect("the plugin's");
    assert_eq!(letters["outcome"], "retained");
    let reasons = statement["reasons"].as_array().expect("reasons");
    assert!(reasons.iter().any(|reason| reason["code"] == "retained" && reason["target"] == "letters"), "{reasons:?}");
    assert_ne!(statement["verdict"], "complete");
    assert_eq!(letters["reason"], format!("kept by law: invoices, by {law}"));
    assert_eq!(requests(&folder), 0);
    server.stop();
}

#[test]
fn mluvii_and_where_people_erase_may_be_exempt_and_all_else_is_gone() {
    let standin = StandIn::start();
    let more = format!("{ERASE}\n{}{}", archive(), crm_plugin(&standin.crm));
    let deployment = Deployment::tuned(&standin.mluvii, &kept("mluvii"), "", &more);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, EMAIL, Some("2"));
    standin.end(101);
    deployment.settled(1);
    standin.add_contact(EMAIL);

    deployment.write("ann", &format!("email: {EMAIL}\n"));
    let ann = format!("{}", deployment.path("ann").display());
    deployment.json(&["requests", "new", "--came", "letter", "--file", &ann, "--verified", "document"]);
    let plan = deployment.json(&["requests", "plan", "R-1"]);
    for (target, law) in [("mluvii", CALLS), ("archive", ACCOUNTS)] {
        let shown = &plan["targets"][target];
        assert_eq!(shown["would_be"], "retained", "{plan:#}");
        assert!(shown["reason"].as_str().is_some_and(|reason| reason.contains(law)), "{plan:#}");
        assert_eq!(plan["look_again"][target], "retained", "{plan:#}");
    }
    let hash = plan["plan"].as_str().expect("a hash");
    deployment.json(&["requests", "run", "R-1", "--plan", hash]);

    let receipt = receipts(&deployment, 1).remove(0);
    assert_eq!(receipt["statement"]["verdict"], "retained", "{receipt:#}");
    for (target, of, law) in [("mluvii", "call records", CALLS), ("archive", "contracts", ACCOUNTS)] {
        assert_eq!(step(&receipt, target)["outcome"], "retained", "{receipt:#}");
        assert_eq!(step(&receipt, target)["reason"], format!("kept by law: {of}, by {law}"));
    }
    assert_eq!(step(&receipt, "crm")["outcome"], "erased", "{receipt:#}");
    assert_eq!(standin.crm_calls("DELETE").len(), 1);
    assert!(standin.calls("/anonymous").is_empty() && standin.holds(EMAIL), "mluvii was asked to erase");
    assert_eq!(deployment.json(&["tasks", "list"]), json!([]), "nobody got a task");

    let letter = deployment.run(&["letters", "partial-refusal", "--lang", "cs", "--request", "R-1"]);
    let letter = String::from_utf8_lossy(&letter.stdout).replace('\u{a0}', " ");
    for said in
        ["mluvii (konverzace): ponecháno ze zákona: call records, podle §", "archive: ponecháno ze zákona: contracts"]
    {
        assert!(letter.contains(said), "{said}: {letter}");
    }
    let written = deployment.json(&["audit", "list", "--act", "letter.write"]);
    assert_eq!(written[0]["entry"]["details"], json!({ "letter": "partial-refusal", "lang": "cs" }), "{written}");
    server.stop();
}

#[test]
fn a_company_s_own_exemption_keeps_nothing_of_another_company_s() {
    let (acme, globex) = (StandIn::start(), StandIn::start());
    let more = format!("{}{}", crm_plugin(&acme.crm), company("globex", &globex.mluvii, 63, ""));
    let deployment = Deployment::tuned(&acme.mluvii, &kept("crm"), "", "");
    let alone = deployment.configuration();
    let both = alone.replace("name = \"acme\"\ntenants", "name = \"acme\"\nmluvii = \"acme\"\ntenants");
    deployment.write("quietus.toml", &format!("{both}\n{more}"));
    let server = Server::start(&deployment);
    acme.add_contact(EMAIL);
    acme.add_contact("bob@example.com");
    let mut erased = Vec::new();
    for (number, (company, email)) in [("acme", EMAIL), ("globex", "bob@example.com")].into_iter().enumerate() {
        deployment.write("who", email);
        let who = format!("@{}", deployment.path("who").display());
        deployment.json(&["erase", "--email", &who, "--targets", "crm", "--mluvii", company]);
        let receipt = receipts(&deployment, number + 1).pop().expect("the newest");
        erased.push(step(&receipt, "crm")["outcome"].clone());
    }
    assert_eq!(erased, [json!("retained"), json!("erased")]);
    assert!(acme.holds(EMAIL) && !acme.holds("bob@example.com"));
    let again = ["erase-again", "--target", "crm", "--since", "2026-01-01", "--mluvii", "acme"];
    let again = deployment.run(&again);
    let why = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.code() == Some(1) && why.contains(CALLS), "{why}");
    let targets = deployment.json(&["targets", "list"]);
    let crm = targets.as_array().expect("targets").iter().find(|one| one["target"] == "crm").expect("the plugin");
    assert_eq!(crm["retained"], json!({ "acme": format!("kept by law: call records, by {CALLS}") }), "{targets:#}");
    server.stop();
}

#[test]
fn a_check_tells_of_an_exemption_without_an_article_or_a_target_and_of_what_leaves_nothing_to_erase() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, &kept("mluvii"), "", ERASE);
    let config = deployment.configuration();
    let all = |field: &str| {
        let findings = deployment.json(&["check", "--offline"]);
        let findings = findings.as_array().expect("findings").iter();
        findings
            .filter_map(|finding| Some(format!("{}: {}", finding["what"], finding[field].as_str()?)))
            .collect::<Vec<_>>()
    };
    let doubts = all("doubt").join("\n");
    assert!(doubts.contains("mluvii/acme") && doubts.contains("nothing is ever erased there"), "{doubts}");
    assert!(deployment.run(&["check", "--offline"]).status.success(), "that is no failure");

    deployment.write("quietus.toml", &format!("{config}\n{}", archive().replace("retained", "# retained")));
    let doubts = all("doubt").join("\n");
    assert!(doubts.contains("rule.1.targets") && doubts.contains("erases nothing there"), "{doubts}");

    for (from, to, wrong) in [
        (CALLS, "the law", "the article of the law, with its number"),
        ("retained = { mluvii", "retained = { crn", "there is no target `crn`"),
    ] {
        deployment.write("quietus.toml", &config.replace(from, to));
        let said = all("wrong").join("\n");
        assert!(said.contains("mluvii.acme.retained.") && said.contains(wrong), "{said}");
    }
}
