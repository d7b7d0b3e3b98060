//! By a program, and what holds for every carrier: once, over restarts, without what is muted, at a time of day.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Company, GARBAGE, deliver_garbage, drop_garbage, named, wait_for_told};
use crate::harness::{Server, WallClock, wait_for, wait_within};

/// Long enough for several looks, of which none may tell anything.
const SEVERAL_LOOKS: Duration = Duration::from_millis(600);

fn nothing_more(company: &Company, count: usize) {
    let more = wait_within(SEVERAL_LOOKS, || (company.told("ops").len() > count).then(|| company.told("ops")));
    assert!(more.is_none(), "{more:#?}");
}

#[test]
fn something_is_told_once_and_over_once_whatever_is_restarted() {
    let company = Company::telling("");
    let deployment = &company.deployment;
    let server = Server::start(deployment);
    deliver_garbage(&server, "{");
    let told = wait_for_told(deployment, "ops", 1);
    assert_eq!(named(&told[0], "new"), [GARBAGE]);
    assert_eq!((&told[0]["type"], &told[0]["data"]["alert"]), (&"quietus.alert".into(), &"ops".into()));
    assert_eq!(told[0]["data"]["summary"], "1 thing needs a person");
    // More of the same is no news, and nothing is written where there is none.
    let of_alert = "SELECT (SELECT due FROM periodic WHERE name = 'alert/ops') + (SELECT version FROM alert)";
    let settled = wait_for("it to be written down", || {
        // And given back, which is a write of its own.
        let written = "SELECT count(*) FROM alert, periodic
                       WHERE state LIKE '%\"outbox\":null%' AND periodic.name = 'alert/ops' AND taken = 0";
        (deployment.count(written) == 1).then(|| deployment.count(of_alert))
    });
    deliver_garbage(&server, "[");
    let written = wait_within(SEVERAL_LOOKS, || (deployment.count(of_alert) != settled).then_some(()));
    assert!(written.is_none(), "a look that finds nothing new has written something");
    company.kill(server);
    let server = Server::start(deployment);
    nothing_more(&company, 1);
    assert!(server.stop().0.success());
    let server = Server::start(deployment);
    company.note(1);
    let told = wait_for_told(deployment, "ops", 2);
    assert_eq!(named(&told[1], "new"), ["head_not_kept keeper:vault 1"]);
    assert_eq!(named(&told[1], "open"), [GARBAGE]);

    // It is over while nobody is there.
    assert!(server.stop().0.success());
    drop_garbage(deployment);
    let server = Server::start(deployment);
    let told = wait_for_told(deployment, "ops", 3);
    assert_eq!((named(&told[2], "new"), named(&told[2], "recovered")), (Vec::new(), vec![GARBAGE.to_owned()]));
    nothing_more(&company, 3);
    let text = server.metrics();
    assert!(text.contains("quietus_alerts_sent_total{alert=\"ops\",outcome=\"accepted\"} 1"), "{text}");
    assert!(text.contains("quietus_alerts_sent_total{alert=\"ops\",outcome=\"failed\"} 0"), "{text}");
    let ids: std::collections::BTreeSet<_> = told.iter().map(|message| message["data"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    let (code, listed) = company.listed();
    assert_eq!((code, &listed[0]["open"][0]["code"]), (Some(0), &"head_not_kept".into()));
}

#[test]
fn what_is_muted_or_not_so_bad_is_not_told() {
    let company = Company::telling("from = \"urgent\"");
    let deployment = &company.deployment;
    company.add(&company.teller("dpo", "recovery = false"));
    let server = Server::start(deployment);
    company.note(1);
    wait_for_told(deployment, "dpo", 1);
    assert!(deployment.run(&["attention", "mute", "deliveries_unreadable"]).status.code() != Some(0), "none is there");
    assert!(deployment.run(&["attention", "acknowledge", "head_not_kept"]).status.success());
    company.note(2);
    let told = wait_for_told(deployment, "dpo", 2);
    assert_eq!(named(&told[1], "new"), ["head_not_kept keeper:vault 2"]);
    assert_eq!(named(&told[1], "open"), [""; 0], "somebody has seen it");
    // Nobody is told that it is over, and of what comes then.
    deployment.ledger().execute("DELETE FROM keeper", []).expect("deleted");
    company.note(3);
    let told = wait_for_told(deployment, "dpo", 3);
    assert_eq!(named(&told[2], "recovered"), [""; 0]);
    assert_eq!(company.told("ops"), [Value::Null; 0], "nothing was urgent");
    drop(server);
}

#[test]
fn what_comes_and_goes_at_once_is_not_told_and_what_comes_together_is_one_message() {
    let company = Company::telling("wait = \"2s\"");
    let server = Server::start(&company.deployment);
    company.note(1);
    wait_for("it to be seen", || {
        (company.deployment.count("SELECT count(*) FROM alert WHERE state LIKE '%vault 1%'") == 1).then_some(())
    });
    company.deployment.ledger().execute("DELETE FROM keeper", []).expect("deleted");
    company.note(2);
    deliver_garbage(&server, "{");
    let told = wait_for_told(&company.deployment, "ops", 1);
    assert_eq!(named(&told[0], "new"), [GARBAGE, "head_not_kept keeper:vault 2"]);
    assert_eq!(told[0]["data"]["summary"], "2 things need a person");
}

#[test]
fn a_program_gets_all_of_it_on_its_standard_input_and_has_its_failure_told_by_another() {
    let company = Company::new("");
    let deployment = &company.deployment;
    let script = r#"tr '\0' '\n' < /proc/$$/environ > "$0.environ"; cat >> "$0.input"; yes | head -c 3000000; exit "$(cat "$0.code")""#;
    let file = deployment.path("program");
    company.add(&format!(
        "[[alert]]\nname = \"broken\"\nwait = \"0s\"\ncommand = [\"sh\", \"-c\", '''{script}''', \"{}\"]\n",
        file.display()
    ));
    company.add(&company.teller("ops", ""));
    deployment.write("program.code", "3");
    let server = Server::start(deployment);
    deliver_garbage(&server, "{");
    let told = wait_for("its failure to be told", || {
        let told = company.told("ops");
        told.iter().any(|message| named(message, "new") == ["alert_failed alert:broken"]).then_some(told)
    });
    assert!(told[1].to_string().contains("exit status: 3"), "{told:#?}");
    let environ = std::fs::read_to_string(deployment.path("program.environ")).expect("it ran");
    assert!(environ.lines().all(|line| line.starts_with("PATH=")), "{environ}");
    assert!(company.codes().contains(&"alert_failed".to_owned()));
    let (code, listed) = company.listed();
    assert_eq!(code, Some(1), "{listed}");
    assert!(listed[0]["waiting"]["failures"].as_u64() >= Some(3), "{listed}");

    deployment.write("program.code", "0");
    wait_for("it to be over", || {
        let over = |message: &Value| named(message, "recovered") == ["alert_failed alert:broken"];
        company.told("ops").iter().any(over).then_some(())
    });
    let input = std::fs::read_to_string(deployment.path("program.input")).expect("it read");
    let lines: Vec<Value> = input.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.len() >= 4, "{input}");
    for line in &lines {
        assert_eq!(line, &lines[0], "the same message each time, and not that it fails");
    }
    assert!(server.log().iter().all(|line| !line.contains("y\\ny")), "what it prints is not logged");
    assert!(server.metrics().contains("quietus_alerts_sent_total{alert=\"broken\",outcome=\"accepted\"} 1"));

    // Of one that is no longer in the configuration, nobody is told for ever.
    let gone = "INSERT INTO keeper (name, since, reason) VALUES ('alert:gone', 1, 'x'), ('ping', 1, 'x'), ('webhook:gone', 1, 'x'), \
                ('silent:gone', 1, 'x'), ('reconcile:gone', 1, 'x'), ('reappeared:gone', 1, 'x'), ('vault', 1, 'x')";
    deployment.ledger().execute(gone, []).expect("noted");
    assert!(server.stop().0.success());
    let _server = Server::start(deployment);
    wait_for("it to be forgotten", || {
        let of_gone = "SELECT count(*) FROM keeper WHERE name LIKE '%:gone' OR name = 'ping'";
        (deployment.count(of_gone) == 0).then_some(())
    });
    assert_eq!(deployment.count("SELECT count(*) FROM keeper WHERE name = 'vault'"), 1, "that of others stays");
}

#[test]
fn what_will_be_late_is_told_before_it_is() {
    let company = Company::telling("");
    let server = Server::start_with(&company.deployment, &[("ERASING__WARN_BEFORE", "20d")]);
    server.leaves_work("its mluvii is away");
    assert_eq!(server.deliver_end(4711), 204);
    let deployment = &company.deployment;
    let failing = "SELECT count(*) FROM task WHERE attempt > 0 AND since IS NOT NULL";
    wait_for("it to have failed", || (deployment.count(failing) > 0).then_some(()));
    // No test waits for a month.
    let make_older = |days: i64| {
        let older = format!("UPDATE task SET since = since - {days} * 86400000 WHERE since IS NOT NULL");
        deployment.ledger().execute(&older, []).expect("made older");
    };
    make_older(26);
    wait_for("it to be late soon", || {
        let is_told = |message: &Value| named(message, "new").contains(&"due_soon work".to_owned());
        company.told("ops").iter().any(is_told).then_some(())
    });
    make_older(20);
    let told = wait_for("it to be late", || {
        let told = company.told("ops");
        told.iter().any(|message| named(message, "new").contains(&"overdue work".to_owned())).then_some(told)
    });
    let number =
        |list: &str, name: &str| told.iter().position(|message| named(message, list).contains(&name.to_owned()));
    let (soon, late) = (number("new", "due_soon work"), number("new", "overdue work"));
    assert!(soon.is_some() && soon < late, "{told:#?}");
    assert_eq!(number("recovered", "due_soon work"), None, "it is not over: it is late");
    let said = Value::from(told).to_string();
    assert!(said.contains("(1 urgent)") && !said.contains("4711"), "sessions are not named: {said}");
}

#[test]
fn a_digest_comes_at_its_time_of_day_once_and_also_says_that_all_is_well() {
    let company = Company::telling("digest = \"07:00\"\ntime_zone = \"Europe/Prague\"");
    let clock = WallClock::new();
    // Two seconds before seven in Prague, of a day on which clocks go forward.
    let before: Timestamp = "2027-03-28T04:59:58Z".parse().expect("a time");
    clock.show(before.as_second() - Timestamp::now().as_second());
    let server = clock.start(&company.deployment);
    let told = wait_for_told(&company.deployment, "ops", 1);
    assert_eq!(
        (&told[0]["type"], &told[0]["data"]["summary"]),
        (&"quietus.digest".into(), &"daily digest: nothing needs a person".into())
    );
    let at: Timestamp = told[0]["timestamp"].as_str().expect("a time").parse().expect("a time");
    assert!(at > before && at.to_string().starts_with("2027-03-28T05:00"), "{at}");
    assert!(server.stop().0.success());
    let _server = clock.start(&company.deployment);
    nothing_more(&company, 1);
}

#[test]
fn a_ledger_that_takes_nothing_is_told_of_once_and_over_once() {
    let company = Company::new("");
    // It has told before it ends: the ledger takes nothing when that is to be written down.
    let slow = company.teller("ops", "wait = \"300ms\"").replace("cat >> \"$0\"", "cat >> \"$0\"; sleep 1");
    company.add(&slow);
    let server = Server::start(&company.deployment);
    company.note(1);
    wait_for_told(&company.deployment, "ops", 1);
    let other = company.deployment.ledger();
    other.execute_batch("BEGIN IMMEDIATE").expect("the ledger is free for a moment");
    let told = wait_for_told(&company.deployment, "ops", 2);
    assert_eq!(named(&told[1], "new"), ["ledger_unwritable ledger"]);
    // Nobody needs to be told that twice, however long it lasts.
    nothing_more(&company, 2);
    other.execute_batch("ROLLBACK").expect("a rollback");
    let told = wait_for_told(&company.deployment, "ops", 3);
    assert_eq!(
        (named(&told[2], "new"), named(&told[2], "recovered")),
        (Vec::new(), vec!["ledger_unwritable ledger".to_owned()])
    );
    nothing_more(&company, 3);
    drop(server);
}
