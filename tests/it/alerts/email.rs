//! By a real mail server.

use test_servers::exim::{Exim, Mood};

use super::{Company, deliver_garbage, drop_garbage};
use crate::harness::{Server, wait_for};

/// The settings of an alert by this server; `of_alert` and `of_email` are further ones.
pub(crate) fn settings(exim: &Exim, of_alert: &str, of_email: &str) -> String {
    let to = if of_email.contains("to = ") { "" } else { "to = [\"Ops <ops@example.com>\"]\n" };
    format!(
        "[[alert]]\nname = \"mail\"\nwait = \"0s\"\n{of_alert}\n[alert.email]\nserver = \"localhost\"\nport = {}\nca_file = \"{}\"\n\
         user = \"quietus\"\npassword = {{ file = \"smtp.secret\" }}\nfrom = \"quietus <quietus@example.com>\"\n{to}{of_email}\n",
        exim.port(),
        exim.certificate().display(),
    )
}

fn company(exim: &Exim, more: &str) -> Company {
    let company = Company::new("");
    company.deployment.write("smtp.secret", "hunter2");
    company.add(&settings(exim, "", more));
    company
}

/// Waits until so many mails are there; the last one has this in it.
#[track_caller]
fn wait_for_mails(exim: &Exim, count: usize) -> Vec<String> {
    wait_for(&format!("{count} mails"), || {
        let mails = exim.mails();
        // As they are read: long lines are broken on their way.
        let read = |mail: String| mail.replace("=\n", "");
        (mails.len() >= count).then(|| mails.into_iter().map(read).collect())
    })
}

#[track_caller]
fn with<'a>(mails: &'a [String], words: &str) -> &'a String {
    let found: Vec<_> = mails.iter().filter(|mail| mail.contains(words)).collect();
    assert_eq!(found.len(), 1, "{words}: {mails:#?}");
    found[0]
}

#[test]
fn a_mail_comes_once_and_another_one_when_it_is_over() {
    let exim = Exim::start();
    let company = company(&exim, "");
    let server = Server::start(&company.deployment);
    deliver_garbage(&server, "{");
    let mails = wait_for_mails(&exim, 1);
    let mail = with(&mails, "Subject: quietus: 1 thing needs a person");
    for words in [
        "Auto-Submitted: auto-generated",
        "To: \"Ops\" <ops@example.com>",
        "Message-ID: <msg_",
        "attention deliveries_unreadable quarantine, since 20",
        "quietus quarantine list",
        "@example.com>",
    ] {
        assert!(mail.contains(words) || mail.contains(&words.replace('"', "")), "{words}: {mail}");
    }
    assert!(mail.contains("charset=utf-8") && mail.lines().all(|line| line.len() < 998), "{mail}");
    company.kill(server);
    let server = Server::start(&company.deployment);
    drop_garbage(&company.deployment);
    let mails = wait_for_mails(&exim, 2);
    with(&mails, "Subject: quietus: 1 is over, nothing is left");
    with(&mails, "Subject: quietus: 1 thing needs a person");
    // Encrypted, and as the user.
    assert!(exim.log().contains("P=esmtpsa") && exim.log().contains("A=plain:quietus"), "{}", exim.log());
    drop(server);
}

#[test]
fn who_is_refused_keeps_it_from_nobody_else_and_is_told_of_without_an_address() {
    let exim = Exim::start();
    let company = company(&exim, "to = [\"refused@example.com\", \"ops@example.com\"]");
    company.add(&company.teller("ops", ""));
    let server = Server::start(&company.deployment);
    deliver_garbage(&server, "{");
    wait_for("the refusal to be told", || {
        company.told("ops").iter().any(|message| message.to_string().contains("alert_failed")).then_some(())
    });
    let told = company.told("ops");
    let failed = told.iter().find(|message| message.to_string().contains("alert_failed")).expect("it was told");
    assert!(failed.to_string().contains("email.to.1") && failed.to_string().contains("550"), "{failed}");
    let said = [server.log().concat(), failed.to_string(), company.listed().1.to_string()].concat();
    assert!(!said.contains("refused@") && !said.contains("hunter2"), "{said}");
    // Who has it gets it once, however often the other one is tried, and is told of what comes next.
    assert_eq!(exim.mails().len(), 1);
    drop_garbage(&company.deployment);
    with(&wait_for_mails(&exim, 2), "is over");
    assert!(company.codes().contains(&"alert_failed".to_owned()), "that somebody is refused is still told");
}

#[test]
fn a_mail_server_that_wants_to_be_asked_again_or_is_away_gets_it_once() {
    let exim = Exim::start();
    let company = company(&exim, "");
    let server = Server::start(&company.deployment);
    exim.set(Mood::Greylisting);
    deliver_garbage(&server, "{");
    wait_for("it to be asked", || exim.log().contains("greylisted").then_some(()));
    assert_eq!(exim.mails().len(), 0);
    // Killed in between: nothing is lost.
    company.kill(server);
    exim.reset(Mood::Greylisting);
    let server = Server::start(&company.deployment);
    wait_for_mails(&exim, 1);

    exim.stop();
    drop_garbage(&company.deployment);
    wait_for("it to be tried in vain", || {
        company.listed().1[0]["waiting"]["failures"].as_u64().filter(|failures| *failures >= 1)
    });
    exim.start_again();
    let mails = wait_for_mails(&exim, 2);
    with(&mails, "Subject: quietus: 1 is over, nothing is left");
    exim.set(Mood::Refusing);
    deliver_garbage(&server, "[");
    wait_for("it to be refused", || {
        let listed = company.listed().1[0]["waiting"]["reason"].to_string();
        listed.contains("550").then_some(())
    });
    exim.reset(Mood::Refusing);
    wait_for_mails(&exim, 3);
    wait_for("it to be known", || (company.listed().0 == Some(0)).then_some(()));
    assert_eq!(exim.mails().len(), 3);
}

#[test]
fn a_mail_server_that_says_nothing_keeps_nobody_from_stopping() {
    let exim = Exim::start();
    let company = company(&exim, "");
    company.add(&company.teller("ops", ""));
    exim.set(Mood::Hanging);
    let server = Server::start(&company.deployment);
    deliver_garbage(&server, "{");
    // Nor does it keep the others from being told.
    super::wait_for_told(&company.deployment, "ops", 1);
    assert!(server.stop().0.success());
    assert_eq!(exim.mails().len(), 0);
    exim.reset(Mood::Hanging);
    let _server = Server::start(&company.deployment);
    wait_for_mails(&exim, 1);
}

#[test]
fn whoever_keeps_the_server_silent_keeps_it_from_nobody_else() {
    let exim = Exim::start();
    let to = "to = [\"silent@example.com\", \"silent2@example.com\", \"silent3@example.com\", \"ops@example.com\"]";
    let company = company(&exim, to);
    let server = Server::start(&company.deployment);
    deliver_garbage(&server, "{");
    wait_for_mails(&exim, 1);
    assert_eq!(exim.log().matches("asked for").count(), 3, "each of them is asked for, and still waits");
}

/// When the lease of the alert ends, in milliseconds.
fn lease(company: &Company) -> i64 {
    company.deployment.count("SELECT due FROM periodic WHERE name = 'alert/mail'")
}

#[test]
fn who_has_it_does_not_get_it_again_where_the_server_is_killed_while_others_wait() {
    let exim = Exim::start();
    let company = company(&exim, "to = [\"ops@example.com\", \"ops@example.com\", \"silent@example.com\"]");
    let server = Server::start(&company.deployment);
    deliver_garbage(&server, "{");
    wait_for("it to be written down who has it", || {
        (company.deployment.count("SELECT count(*) FROM alert WHERE state LIKE '%\"reached\":[\"%'") == 1).then_some(())
    });
    wait_for("the other one to be asked for", || exim.log().contains("asked for silent").then_some(()));
    // Who goes on where this server is killed does not wait for long; and not at all as long as it is there.
    let first = lease(&company);
    let now = jiff::Timestamp::now().as_millisecond();
    assert!(first <= now + 20_000, "for {} ms nobody else would send", first - now);
    wait_for("the lease to be renewed", || (lease(&company) > first).then_some(()));
    company.kill(server);
    let _server = Server::start(&company.deployment);
    let asked = || exim.log().matches("asked for silent").count();
    wait_for("the other one to be asked for again", || (asked() == 2).then_some(()));
    assert_eq!(exim.mails().len(), 1, "who is written twice gets it once as well");
}

#[test]
fn a_mail_that_was_taken_is_not_sent_again_whatever_the_server_does_then() {
    let exim = Exim::start();
    let company = company(&exim, "");
    exim.set(Mood::Clinging);
    let server = Server::start(&company.deployment);
    deliver_garbage(&server, "{");
    wait_for("it to count", || {
        let sent = |outcome: &str, count: u8| {
            let series = format!("quietus_alerts_sent_total{{alert=\"mail\",outcome=\"{outcome}\"}} {count}\n");
            server.metrics().contains(&series)
        };
        assert!(sent("failed", 0), "{}", server.log().join("\n"));
        sent("accepted", 1).then_some(())
    });
    assert_eq!(exim.mails().len(), 1);
}

#[test]
fn who_is_to_be_asked_again_gets_it_later_and_nobody_waits_for_that() {
    let exim = Exim::start();
    let company = company(&exim, "to = [\"later@example.com\", \"ops@example.com\"]");
    exim.set(Mood::Postponing);
    let server = Server::start(&company.deployment);
    deliver_garbage(&server, "{");
    let failures = || company.listed().1[0]["waiting"]["failures"].as_u64();
    wait_for("several attempts", || (failures() >= Some(3)).then_some(()));
    assert_eq!(exim.mails().len(), 1);
    // What comes next is told to who has that one at once, and says what is still there.
    company.note(1);
    let next = wait_for_mails(&exim, 2);
    let next = with(&next, "head_not_kept");
    assert!(next.contains("Still there:") && next.contains("deliveries_unreadable"), "{next}");
    exim.reset(Mood::Postponing);
    with(&wait_for_mails(&exim, 3), "Envelope-to: later@example.com");
    wait_for("nothing to wait", || failures().is_none().then_some(()));
    assert_eq!(exim.mails().len(), 3);
}

#[test]
fn a_check_connects_and_sends_nothing_and_says_what_is_wrong() {
    let exim = Exim::start();
    let implicit = Exim::start_implicit();
    let connected = |server: &Exim, more: &str, password: &str| {
        let company = company(server, more);
        let started = Server::start(&company.deployment);
        company.deployment.write("smtp.secret", password);
        let checked = company.deployment.json(&["check", "--connect"]);
        let tested = company.deployment.run(&["alerts", "test"]);
        let ours =
            checked.as_array().expect("findings").iter().find(|found| found["what"] == "alert mail, its mail server");
        let wrong = ours.unwrap_or_else(|| panic!("{checked}"))["wrong"].as_str().unwrap_or_default().to_owned();
        assert_eq!(tested.status.success(), wrong.is_empty(), "{wrong}: {tested:?}");
        drop(started);
        wrong
    };
    assert_eq!(connected(&exim, "", "hunter2"), "");
    assert_eq!(connected(&implicit, "tls = \"implicit\"", "hunter2"), "");
    let wrong = connected(&exim, "", "hunter3");
    assert!(wrong.contains("535") && !wrong.contains("hunter"), "{wrong}");
    assert_eq!((exim.mails().len(), implicit.mails().len()), (1, 1), "those of the tests");
    with(&exim.mails(), "Subject: quietus: a test of the alert mail");
    // Without encryption it takes nobody's password, and we give none.
    let plain = connected(&exim, "tls = \"none\"", "hunter2");
    assert!(!plain.is_empty() && !exim.log().contains("P=esmtpa "), "{plain}");
}

#[test]
fn a_mail_server_is_believed_by_its_certificate_alone() {
    let exim = Exim::start();
    let company = company(&exim, "");
    let config = company.deployment.configuration();
    let lines: Vec<_> = config.lines().filter(|line| !line.starts_with("ca_file")).collect();
    company.deployment.write("quietus.toml", &lines.join("\n"));
    let _server = Server::start(&company.deployment);
    let tested = company.deployment.json(&["alerts", "test"]);
    let reason = tested[0]["reason"].as_str().expect("a reason").to_lowercase();
    assert!(reason.contains("certificate"), "{reason}");
}
