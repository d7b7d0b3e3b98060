//! What `check` says of a rule that is confirmed by a link.

use test_servers::exim::Exim;

use super::{RULE, publish, settings};
use crate::harness::{Deployment, StandIn};

/// What `check` says, and whether that is nothing wrong.
fn check(deployment: &Deployment) -> (bool, String) {
    let output = deployment.run(&["check"]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_link_is_taken_in_the_place_of_an_approval_where_an_address_identifies_somebody() {
    let (standin, exim) = (StandIn::start(), Exim::start());
    let with = |person: &str, rule: &str, more: &str| {
        let deployment = Deployment::tuned(&standin.mluvii, "", person, &format!("{rule}{more}"));
        publish(&deployment);
        check(&deployment)
    };
    let settings = settings(&exim);
    let by_address = "match = [[\"email\"]]\naccept_ledger_only = true";
    let (is_right, said) = with(by_address, RULE, &settings);
    assert!(is_right, "{said}");
    let wrong = [
        ("match = [[\"name\", \"email\"]]", RULE.to_owned(), settings.clone(), "an e-mail proves an e-mail"),
        (by_address, RULE.to_owned(), String::new(), "`[confirmation]`"),
        (
            by_address,
            RULE.replace("confirm = \"email\"", "confirm = \"email\"\napprove = true"),
            settings.clone(),
            "two ways",
        ),
        (
            by_address,
            RULE.replace("erase = \"person\"", "erase = \"guest\""),
            settings.clone(),
            "neither whose session",
        ),
        (by_address, RULE.replace("confirm = \"email\"", "confirm = \"phone\""), settings.clone(), "rule.1.confirm"),
        (by_address, RULE.replace("confirm = \"email\"", ""), settings.clone(), "nobody's identity"),
        (by_address, RULE.to_owned(), settings.replace("Acme <privacy@example.com>", "Acme"), "is not an address"),
        (by_address, RULE.to_owned(), settings.replace("Acme & synové", " "), "confirmation.company"),
        (by_address, RULE.to_owned(), format!("{settings}valid_for = \"1s\"\n"), "10 minutes at least"),
    ];
    for (person, rule, more, expected) in wrong {
        let (is_right, said) = with(person, &rule, &more);
        assert!(!is_right && said.contains(expected), "{expected}: {said}");
    }
    // Nobody reads a link on its way.
    let deployment = Deployment::tuned(&standin.mluvii, "", by_address, &format!("{RULE}{settings}"));
    let (is_right, said) = check(&deployment);
    assert!(!is_right && said.contains("server.public_url"), "{said}");
    let connected = Deployment::tuned(&standin.mluvii, "", by_address, &format!("{RULE}{settings}"));
    publish(&connected);
    connected.write("smtp.secret", "hunter3");
    let found = connected.json(&["check", "--connect"]);
    let ours =
        found.as_array().expect("findings").iter().find(|found| found["what"] == "confirmation, its mail server");
    assert!(ours.expect("one")["wrong"].as_str().is_some_and(|wrong| wrong.contains("535")), "{found}");
}
