//! Until when a person has to be answered, beside what would go: of which guests the sessions are, when a vendor's window ends, where it can be
//! looked again, and that a refusal was to be told within the first month.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{ANN, PHONE, file, plugin, talked, text};
use crate::erasing_again::System;
use crate::harness::{Deployment, Server, StandIn, crm_plugin};

const SETTLES: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n\n";

/// A deployment with these targets beside mluvii, and its server.
fn company(standin: &StandIn, more: &str) -> (Deployment, Server) {
    let deployment = Deployment::bare(&standin.mluvii, &format!("{SETTLES}{more}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    (deployment, server)
}

/// The day so many days ago.
fn days_ago(days: i64) -> String {
    (Timestamp::now() - SignedDuration::from_hours(days * 24)).strftime("%Y-%m-%d").to_string()
}

/// A letter of this person that has come so many days ago.
fn letter(deployment: &Deployment, person: &str, days: i64) -> Value {
    let (file, received) = (file(deployment, "letter", person), days_ago(days));
    let letter = ["requests", "new", "--came", "letter", "--verified", "document", "--file", &file];
    deployment.json(&[&letter[..], &["--received", &received]].concat())
}

fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name}: {value:#}"))
}

#[test]
fn a_plan_says_of_each_session_when_it_was_on_which_channel_and_of_which_guest_without_naming_one() {
    let standin = StandIn::start();
    let (deployment, server) = company(&standin, "");
    talked(&standin, 101, &[("oo1_guest_email", ANN), ("oo1_guest_phone", PHONE)]);
    talked(&standin, 102, &[("oo1_guest_email", ANN)]);
    // On the same device as the first one.
    let params = json!([{ "name": "oo1_guest_email", "value": ANN, "source": "ENTRY_FORM" }]);
    standin.begin_with(json!({
        "id": 103, "tenant": 62, "guest": "guest-101", "gdpr_version": "v1", "channel": "Email", "call_params": params,
    }));
    standin.end(103);
    deployment.settled(3);
    letter(&deployment, &format!("email: {ANN}\n"), 0);

    let plan = deployment.json(&["requests", "plan", "R-1"]);
    let sessions = plan["sessions"].as_array().expect("sessions");
    let guests: Vec<_> = sessions.iter().map(|one| (word(one, "session"), one["guest"].clone())).collect();
    assert_eq!(guests, [("acme/101", json!(1)), ("acme/102", json!(2)), ("acme/103", json!(1))]);
    assert!(!plan.to_string().contains("guest-10"), "{plan:#}");
    let listed = text(&deployment, &["requests", "plan", "R-1"]);
    assert!(!listed.contains("guest-10"), "{listed}");
    for (session, channel) in sessions.iter().zip(["Chat", "Chat", "Email"]) {
        assert_eq!(word(session, "channel"), channel, "{session}");
        let started: Timestamp = word(session, "started").parse().expect("a time");
        let row = listed.lines().find(|line| line.starts_with(word(session, "session"))).expect("its row");
        let cells: Vec<_> = row.split_whitespace().collect();
        let day = started.strftime("%Y-%m-%d").to_string();
        assert_eq!(cells[1..4], [&*day, channel, &*session["guest"].to_string()], "{row}");
    }

    // Where a person reads it, a hint tells whose each is; into a pipe, none is written.
    assert!(!listed.contains("a…@e….com"), "{listed}");
    let seen = deployment.on_terminal(&["requests", "plan", "R-1"]);
    assert!(seen.contains("a…@e….com") && seen.contains("…222"), "{seen}");
    assert!(!seen.contains(ANN) && !seen.contains("guest-10"), "{seen}");
    let rows: Vec<_> = seen.lines().filter(|line| line.trim_start().starts_with("acme/10")).collect();
    assert_eq!(rows.len(), 3, "{seen}");
    assert!(rows.iter().all(|row| row.trim_end().chars().count() <= 80), "{seen}");
    server.stop();
}

#[test]
fn a_plan_says_before_anything_is_erased_that_a_vendors_window_ends_after_the_last_day() {
    let standin = StandIn::start();
    let crm = crm_plugin(&standin.crm).replacen("rate = 1000", "rate = 1000\nverify_after = \"31d\"", 1);
    let (deployment, server) = company(&standin, &format!("{crm}{}", plugin("shop", &standin.crm)));
    standin.add_contact(ANN);
    let entered = letter(&deployment, &format!("email: {ANN}\n"), 15);

    let plan = deployment.json(&["requests", "plan", "R-1"]);
    let due = word(&entered, "due");
    assert_eq!((&plan["due"], &plan["days_left"]), (&entered["due"], &entered["days_left"]));
    assert_eq!(plan["extendable_until"], due, "within its first month");
    assert_eq!(plan["targets"]["crm"]["verify_after_s"], 31 * 86_400);
    // The other one purges at once.
    let purges = plan["purges"].as_array().expect("a list");
    assert_eq!(
        (purges.len(), &purges[0]["target"], &purges[0]["too_late"]),
        (1, &json!("crm"), &json!(true)),
        "{plan:#}"
    );
    let until = word(&purges[0], "until");
    assert!(until > due, "{plan:#}");
    let said = text(&deployment, &["requests", "plan", "R-1"]);
    let window = format!("crm: gone for good cannot be seen before about {until}");
    let late = format!("{window}, after the last day {due}; it can be extended until {due}, and not later");
    assert!(said.contains(&late), "{late}: {said}");
    let left = plan["days_left"].as_i64().expect("days");
    assert!(said.contains(&format!("due        {due}, {left} days left")), "{said}");
    assert!(standin.crm_calls("DELETE").is_empty(), "nothing was erased");

    let extended = ["requests", "extend", "R-1", "--months", "1", "--because", "complexity"];
    deployment.json(&extended);
    let plan = deployment.json(&["requests", "plan", "R-1"]);
    assert_eq!((&plan["purges"][0]["too_late"], &plan["extendable_until"]), (&json!(false), &json!(due)), "{plan:#}");
    let said = text(&deployment, &["requests", "plan", "R-1"]);
    assert!(said.contains(&window) && !said.contains("after the last day"), "{said}");
    server.stop();
}

#[test]
fn a_plan_says_where_it_can_be_looked_again_and_where_it_cannot() {
    let (standin, hr) = (StandIn::start(), System::start());
    let legal = "[[manual]]\nname = \"legal\"\ntext = \"Shred it\"\n\n";
    let deployment =
        Deployment::bare(&standin.mluvii, &format!("{SETTLES}{legal}{}{}", hr.plugin("hr"), crm_plugin(&standin.crm)));
    deployment.replace("[erasing]\n", "[erasing]\nrecheck = [\"30d\", \"300d\"]\n");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    talked(&standin, 101, &[("oo1_guest_email", ANN)]);
    deployment.settled(1);
    letter(&deployment, &format!("email: {ANN}\n"), 0);

    let plan = deployment.json(&["requests", "plan", "R-1"]);
    assert_eq!(plan["recheck"], json!(["30d", "300d"]));
    let again = json!({ "crm": "cannot_say", "hr": "yes", "legal": "by_people", "mluvii": "yes" });
    assert_eq!(plan["look_again"], again, "{plan:#}");
    let said = text(&deployment, &["requests", "plan", "R-1"]);
    for line in [
        "looked at again: 30d and 300d after the receipt: hr, mluvii",
        "not looked at again: crm (it cannot say whom its system holds)",
        "not looked at again: legal (people erase there, and nobody else can look)",
    ] {
        assert!(said.lines().any(|one| one == line), "{line}: {said}");
    }

    // Of a session that stays, mluvii shows nothing again.
    let left = deployment.json(&["requests", "plan", "R-1", "--exclude", "acme/101=needed"]);
    assert_eq!((&left["look_again"]["mluvii"], &left["look_again"]["hr"]), (&json!("nothing_goes"), &json!("yes")));
    // It says whom it holds by names and addresses: of a number alone, it can say nothing.
    let number = file(&deployment, "number", &format!("phone: {PHONE}\n"));
    deployment.json(&["requests", "new", "--came", "phone", "--verified", "known-contact", "--file", &number]);
    let plan = deployment.json(&["requests", "plan", "R-2"]);
    assert_eq!(plan["look_again"]["hr"], "not_told", "{plan:#}");
    let said = text(&deployment, &["requests", "plan", "R-2"]);
    assert!(said.contains("not looked at again: hr (it is told nothing that the person is known by)"), "{said}");
    server.stop();
}

#[test]
fn a_refusal_after_the_first_month_is_said_to_be_late_although_the_request_was_extended() {
    let standin = StandIn::start();
    let (deployment, server) = company(&standin, "");
    letter(&deployment, &format!("email: {ANN}\n"), 15);
    deployment.json(&["requests", "extend", "R-1", "--months", "2", "--because", "complexity"]);
    // It came two months before that.
    let received = days_ago(75);
    let older = "UPDATE request SET request = json_set(request, '$.received', ?1)";
    assert_eq!(deployment.ledger().execute(older, [&received]).expect("an update"), 1);
    let shown = deployment.json(&["requests", "show", "R-1"]);
    assert!(shown["days_left"].as_i64().is_some_and(|left| left > 0), "by its extension, it is on time: {shown:#}");

    let said = text(&deployment, &["requests", "reject", "R-1", "--because", "legal-claims"]);
    let rejected = deployment.json(&["requests", "show", "R-1"]);
    let last = word(&rejected, "refused_after");
    assert!(last < word(&shown, "due"), "{rejected:#}");
    let warned = format!("had to be told until {last} (GDPR Art. 12(4)): an extension does not move that");
    assert!(said.contains(&warned), "{warned}: {said}");

    let file = file(&deployment, "bob", "email: bob@example.com\n");
    deployment.json(&["requests", "new", "--came", "letter", "--file", &file]);
    let said = text(&deployment, &["requests", "reject", "R-2", "--because", "legal-claims"]);
    assert!(!said.contains("Art. 12(4)"), "within its month: {said}");
    server.stop();
}
