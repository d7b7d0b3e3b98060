//! A target that a law exempts: it is not called, and receipts name the article.

use crate::harness::{Deployment, Server, StandIn, receipts};
use crate::once::{folder, let_it_answer, requests, rules};

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
