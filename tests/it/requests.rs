//! A person's request, from the letter to the receipt, through the program: whose it is, until when, what would go, and that
//! nothing else goes. No name stands anywhere but at mluvii and in what is sealed.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Deployment, Server, StandIn, quietus, receipts, wait_for};

const SETTLES: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

struct Company {
    standin: StandIn,
    deployment: Deployment,
    server: Server,
}

impl Company {
    fn with(more: &str) -> Self {
        let standin = StandIn::start();
        // What mluvii's anonymization does not cover would make each receipt incomplete, and a person would have to close each request.
        let accepted = "accept_left = [\"contact record\", \"e-mail threads\"]";
        let deployment = Deployment::tuned(&standin.mluvii, accepted, "", &format!("{SETTLES}{more}"));
        let server = Server::start(&deployment);
        standin.register(&server.callback());
        Self { standin, deployment, server }
    }

    /// Somebody has talked, and has ended.
    fn talked(&self, id: i64, email: &str) {
        self.standin.begin(id, email, Some("v1"));
        self.standin.end(id);
    }

    fn file(&self, name: &str, text: &str) -> String {
        self.deployment.write(name, text);
        self.deployment.path(name).display().to_string()
    }

    /// The end of `quietus requests` with these, and all that it said.
    fn requests(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.deployment.run(&[&["requests"], arguments].concat());
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
        (output.status.code(), said.concat())
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], why: &str) {
        let (code, said) = self.requests(arguments);
        assert!(code == Some(1) && said.contains(why), "{code:?}: {said}");
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.deployment.json(&[&["requests"], arguments].concat())
    }

    /// The sessions of a plan that go.
    fn going(plan: &Value) -> Vec<&str> {
        let sessions = plan["sessions"].as_array().expect("sessions").iter();
        sessions.filter(|one| one["goes"] == true).filter_map(|one| one["session"].as_str()).collect()
    }
}

#[test]
fn a_letter_is_answered_by_what_was_planned_and_what_came_since_by_a_further_plan() {
    let company = Company::with("");
    for (id, email) in [(101, "ann@example.com"), (102, "ann@example.com"), (103, "bob@example.com")] {
        company.talked(id, email);
    }
    company.deployment.settled(3);
    let ann = company.file("ann", "email: ann@example.com\n");
    let entered = company.json(&["new", "--came", "letter", "--file", &ann]);
    assert_eq!((&entered["number"], &entered["state"]), (&json!("R-1"), &json!("unverified")));
    assert!(entered["days_left"].as_i64().is_some_and(|left| (28..=40).contains(&left)), "{entered}");
    company.refused(&["plan", "R-1"], "is not verified");
    company.refused(&["new", "--came", "email", "--file", &ann], "acme/R-1 is of the same person");
    let verified = company.json(&["verify", "R-1", "--how", "document"]);
    assert_eq!((&verified["state"], &verified["verified"]["how"]), (&json!("verified"), &json!("document")));

    let plan = company.json(&["plan", "R-1"]);
    assert_eq!(Company::going(&plan), ["acme/101", "acme/102"]);
    assert_eq!(plan["sessions"][0].get("hints"), None, "{plan}");
    let hinted = company.json(&["plan", "R-1", "--hints"]);
    assert_eq!((&hinted["plan"], &hinted["sessions"][0]["hints"]), (&plan["plan"], &json!(["a…@e….com"])));
    let hash = plan["plan"].as_str().expect("a hash");

    // She goes on chatting.
    company.talked(104, "ann@example.com");
    company.deployment.settled(4);
    company.refused(&["run", "R-1", "--plan", "0000000000000000"], hash);
    let ran = company.json(&["run", "R-1", "--plan", hash]);
    assert_eq!(ran["state"], "erasing");
    company.refused(&["withdraw", "R-1"], "has not ended");
    let first = &receipts(&company.deployment, 1)[0]["statement"];
    assert_eq!(
        (&first["sessions"], &first["excluded"], &first["came_since"]),
        (&json!(2), &json!(0), &json!(1)),
        "{first}"
    );
    let anonymized = |id: i64| !company.standin.calls(&format!("/Sessions/{id}/anonymous")).is_empty();
    assert_eq!([101, 102, 103, 104].map(anonymized), [true, true, false, false]);

    // The receipt says that something was left, so the request is open, and another plan takes it.
    let open = company.json(&["show", "R-1"]);
    assert_eq!((&open["state"], &open["more"]), (&json!("verified"), &json!(true)), "{open}");
    let plan = company.json(&["plan", "R-1"]);
    assert_eq!(Company::going(&plan), ["acme/104"]);
    company.json(&["run", "R-1", "--plan", plan["plan"].as_str().expect("a hash")]);
    receipts(&company.deployment, 2);
    assert_eq!([103, 104].map(anonymized), [false, true]);
    let done = wait_for("the request to end", || {
        let shown = company.json(&["show", "R-1"]);
        (shown["state"] == "done").then_some(shown)
    });
    assert_eq!(done["erasures"], done["receipted"]);
    company.refused(&["verify", "R-1", "--ask"], "it has ended");
    // Found by the person, and no more by the list of open ones.
    assert_eq!(company.json(&["find", "--file", &ann])[0]["number"], "R-1");
    assert_eq!(company.json(&["list"]), json!([]));
    let acts = company.deployment.json(&["audit", "list", "--limit", "100"]);
    let acts: Vec<_> = acts.as_array().expect("rows").iter().filter_map(|row| row["entry"]["act"].as_str()).collect();
    assert!(["request.enter", "request.run", "person.find"].iter().all(|act| acts.contains(act)), "{acts:?}");
    let (_, log) = company.server.stop();
    assert!(!log.concat().contains("ann@example.com"));
}

#[test]
fn a_plan_of_which_something_has_changed_does_not_run_and_single_sessions_are_decided_on() {
    let company = Company::with("");
    company.talked(101, "ann@example.com");
    company.talked(102, "ann@example.com");
    company.deployment.settled(2);
    let ann = company.file("ann", "email: ann@example.com\n");
    company.json(&["new", "--came", "phone", "--file", &ann, "--verified", "known-contact", "--number", "2026/7"]);
    company.refused(&["new", "--came", "phone", "--file", &ann, "--anyway", "--number", "2026/7"], "already");
    let plan = company.json(&["plan", "2026/7"]);
    // Somebody erases one of them meanwhile.
    company.deployment.json(&["erase", "--session", "acme/102"]);
    receipts(&company.deployment, 1);
    let hash = plan["plan"].as_str().expect("a hash");
    company.refused(&["run", "2026/7", "--plan", hash], "acme/102: plan it anew");
    let left = company.json(&["plan", "2026/7", "--exclude", "acme/101=shared"]);
    assert_eq!((Company::going(&left).len(), &left["exclude"][0]["because"]), (0, &json!("shared")));
    company.refused(&["run", "2026/7", "--plan", left["plan"].as_str().expect("a hash")], "includes nothing");
    // What was decided holds until something else is said.
    assert!(Company::going(&company.json(&["plan", "2026/7"])).is_empty());
    assert_eq!(Company::going(&company.json(&["plan", "2026/7", "--anew"])), ["acme/101"]);
    // Who takes one that is gone is told.
    let gone = company.json(&["plan", "2026/7", "--include", "acme/102=content"]);
    assert_eq!(Company::going(&gone), ["acme/101"]);
    assert!(gone["not_reached"].to_string().contains("acme/102, which is included"), "{gone}");
    let (code, said) = company.requests(&["plan", "2026/7", "--exclude", "acme/101=Ann said so"]);
    assert!(code == Some(2) && said.contains("person-says"), "{said}");
    let closed = company.json(&["close", "2026/7", "--because", "answered-elsewhere"]);
    assert_eq!(closed["state"], "closed");
}

#[test]
fn nobody_has_erased_what_they_asked_for_where_four_eyes_are_wanted() {
    let company = Company::with("[requests]\nfour_eyes = true\n");
    company.talked(101, "ann@example.com");
    company.deployment.settled(1);
    let ann = company.file("ann", "email: ann@example.com\n");
    company.json(&["new", "--came", "form", "--file", &ann, "--verified", "document"]);
    let plan = company.json(&["plan", "R-1"]);
    let hash = plan["plan"].as_str().expect("a hash");
    company.refused(&["run", "R-1", "--plan", hash], "waits for the approval of somebody else");
    company.refused(&["approve", "R-1", "--plan", hash], "somebody else has to approve it");
    // Whoever runs the tests is root, and nobody knows who that is.
    company.refused(&["approve", "R-1", "--plan", hash], "have it entered anew by somebody under a name of their own");
    let (code, said) = company.requests(&["plan", "R-1"]);
    assert!(code == Some(0) && said.contains("nothing shows who cli:root is"), "{said}");
    assert!(said.contains("the way out: quietus requests close R-1 --because mistake"), "{said}");
    assert!(!said.contains("to have it done"), "{said}");
    let told = company.deployment.json(&["attention", "list"]);
    let waits = told.as_array().expect("a list").iter().find(|one| one["code"] == "request_approval_waiting");
    assert_eq!(waits.expect("it is told")["parameters"]["ids"], json!(["acme/R-1"]));
    // By hand, too.
    let asked = company.deployment.json(&["erase", "--session", "acme/101"]);
    assert_eq!(asked["state"], "requested");
    let output = company.deployment.run(&["erasures", "approve", asked["id"].as_str().expect("an id"), "--yes"]);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!output.status.success() && said.contains("who has asked for it; nothing shows who that is"), "{said}");
    assert!(company.standin.calls("/anonymous").is_empty());
}

#[test]
fn the_receipt_and_the_certificate_say_when_somebody_else_approved_the_plan() {
    let company = Company::with("[requests]\nfour_eyes = true\n");
    company.talked(101, "ann@example.com");
    company.deployment.settled(1);
    let file = company.file("ann", "email: ann@example.com\n");
    let by = |officer: &str, arguments: &[&str]| {
        let mut command = quietus();
        command.arg("--config").arg(company.deployment.path("quietus.toml")).args(["--json", "requests"]);
        command.args(arguments).env("SUDO_USER", officer).stdin(std::process::Stdio::null());
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    by("petr", &["new", "--came", "form", "--file", &file, "--verified", "document"]);
    let plan = by("petr", &["plan", "R-1"]);
    let hash = plan["plan"].as_str().expect("a hash");
    by("bob", &["approve", "R-1", "--plan", hash]);
    by("petr", &["run", "R-1", "--plan", hash]);
    let statement = &receipts(&company.deployment, 1)[0]["statement"];
    let time = |member: &str| {
        let said = statement[member].as_str().unwrap_or_else(|| panic!("{member}: {statement}"));
        said.parse::<jiff::Timestamp>().expect("a time")
    };
    assert!(time("approved") <= time("created"), "the plan was approved before it was run: {statement}");
    let certificate = company.deployment.run(&["receipts", "certificate", "1", "--lang", "en"]);
    let said = String::from_utf8(certificate.stdout).expect("UTF-8").replace('\u{a0}', " ");
    assert!(said.contains("a person approved the erasure on"), "{said}");
}

#[test]
fn many_requests_come_from_a_file_whose_results_name_nobody() {
    let company = Company::with("");
    let text = "number;name;email;came;received\n\
                2026/1;Jan Novák;jan@example.cz;letter;\n\
                ;;eva@example.cz;email;2024-01-31\n\
                ;Jan Novák;jan@example.cz;letter;\n\
                Petr Malý;;petr@example.cz;letter;\n\
                ;;n/a;letter;\n";
    let csv = company.file("requests.csv", text);
    let results = PathBuf::from(format!("{csv}.results.csv"));
    let (code, said) = company.requests(&["new", "--csv", &csv]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("2 requests entered, 3 not, 0 by an earlier run"), "{said}");
    let written = std::fs::read_to_string(&results).expect("results");
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines[0], "line,request,digest,error");
    let cells: Vec<[&str; 4]> =
        lines[1..].iter().map(|line| line.splitn(4, ',').collect::<Vec<_>>().try_into().expect("four cells")).collect();
    let told: Vec<_> = cells[..3].iter().map(|[line, request, _, error]| [*line, *request, *error]).collect();
    let duplicate = "\"the open request acme/2026/1 is of the same person\"";
    assert_eq!(told, [["2", "acme/2026/1", "\"\""], ["3", "acme/R-2", "\"\""], ["4", "", duplicate]]);
    assert!(cells.iter().all(|cells| cells[2].len() == 32), "{written}");
    assert!(
        lines[4].starts_with("5,,") && cells[3][3].starts_with("\"number: ") && lines[5].starts_with("6,,"),
        "{written}"
    );
    for name in ["Jan", "jan", "eva", "Petr", "petr", "example"] {
        assert!(!written.contains(name) && !said.contains(name), "{name}: {written}{said}");
    }
    let eva = company.json(&["show", "R-2"]);
    assert_eq!((&eva["received"], &eva["due"]), (&json!("2024-01-31"), &json!("2024-02-29")));
    // Once what was wrong is put right, the same command goes on; what was entered is not entered again.
    let text = text.replace("Petr Malý;;", "2026/3;;").replace(";;n/a;", ";;ida@example.cz;");
    company.file("requests.csv", &text);
    let (_, said) = company.requests(&["new", "--csv", &csv]);
    assert!(said.contains("2 requests entered, 1 not, 2 by an earlier run"), "{said}");
    assert_eq!(company.json(&["list"]).as_array().map(Vec::len), Some(4));
    // Other people in a file of the same name are not those who were entered.
    let others =
        "number;name;email;came;received\n2026/8;;otto@example.cz;letter;\n;;eva@example.cz;email;2024-01-31\n";
    company.file("requests.csv", others);
    let (code, said) = company.requests(&["new", "--csv", &csv]);
    assert!(code == Some(0) && said.contains("1 requests entered, 0 not, 1 by an earlier run"), "{said}");
}

#[test]
fn an_extension_and_a_pause_move_the_last_day() {
    let company = Company::with("");
    let ann = company.file("ann", "email: ann@example.com\n");
    let long_ago = company.json(&["new", "--came", "letter", "--file", &ann, "--received", "2024-01-31"]);
    assert_eq!(
        (&long_ago["due"], long_ago["days_left"].as_i64().is_some_and(|left| left < 0)),
        (&json!("2024-02-29"), true)
    );
    company.refused(&["extend", "R-1", "--months", "2", "--because", "complexity"], "its month was over on 2024-02-29");
    company.refused(&["verify", "R-1", "--ask"], "its last day was 2024-02-29");
    let asked = company.json(&["verify", "R-1", "--ask", "--on", "2024-02-10"]);
    assert_eq!((&asked["state"], &asked["due"], &asked["days_left"]), (&json!("asked"), &Value::Null, &Value::Null));
    let answered = company.json(&["verify", "R-1", "--how", "document", "--on", "2024-02-17"]);
    assert_eq!((&answered["state"], &answered["due"]), (&json!("verified"), &json!("2024-03-07")));
    assert_eq!(answered["verified"]["on"], "2024-02-17");
    let told = company.deployment.json(&["attention", "list"]);
    let late = told.as_array().expect("a list").iter().find(|one| one["code"] == "requests_late").expect("it is late");
    assert_eq!((&late["severity"], &late["parameters"]["due"]), (&json!("urgent"), &json!("2024-03-07")));
    company.server.moved("quietus_requests");
    company.server.moved("quietus_requests_late");
    // A day in the future, and one before it came, are none.
    let bob = company.file("bob", "email: bob@example.com\n");
    let (code, said) = company.requests(&["new", "--came", "letter", "--file", &bob, "--received", "2999-01-01"]);
    assert!(code == Some(2) && said.contains("in the future"), "{said}");
    let new = company.json(&["new", "--came", "letter", "--file", &bob]);
    let extended = company.json(&["extend", "R-2", "--months", "2", "--because", "number-of-requests"]);
    assert!(extended["days_left"].as_i64() > new["days_left"].as_i64().map(|left| left + 50), "{extended}");
    // A day that was said is kept, also where nothing was asked for; one before it came is none.
    let today = new["received"].as_str().expect("a day");
    company.refused(&["verify", "R-2", "--how", "document", "--on", "2024-02-17"], "it is not between");
    let verified = company.json(&["verify", "R-2", "--how", "document", "--on", today]);
    assert_eq!(verified["verified"]["on"], today);
    let rejected = company.json(&["reject", "R-2", "--because", "legal-claims"]);
    assert_eq!((&rejected["state"], &rejected["days_left"]), (&json!("rejected"), &Value::Null));
}

#[test]
fn identifiers_come_from_a_file_or_standard_input_and_never_from_arguments() {
    let company = Company::with("");
    let mut command = quietus();
    command.args(["--config", &company.deployment.path("quietus.toml").display().to_string()]);
    command.args(["requests", "new", "--came", "email", "--file", "-", "--json"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("runs");
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, "email: ann@example.com\ncustomer: C-7\n".as_bytes()).expect("written");
    drop(input);
    let output = child.wait_with_output().expect("ends");
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(shown["kinds"], json!(["email", "customer"]));
    assert!(!shown.to_string().contains("example"));
    for arguments in [&["new", "--came", "email", "--email", "ann@example.com"][..], &["new", "--came", "email"]] {
        assert_eq!(company.requests(arguments).0, Some(2), "{arguments:?}");
    }
    let wrong = company.file("wrong", "ann@example.com\n");
    let (code, said) = company.requests(&["find", "--file", &wrong]);
    assert!(code == Some(2) && said.contains("line 1") && !said.contains("example"), "{said}");
}

#[test]
fn identifiers_are_asked_for_on_a_terminal_which_does_not_show_them() {
    let company = Company::with("");
    let answering = |arguments: &[&str], answers: &[&str], code: i32| {
        let (ended, shown) = company.deployment.answering(arguments, answers);
        assert_eq!(ended, code, "{arguments:?}: {shown}");
        for answer in answers.iter().filter(|answer| !answer.is_empty()) {
            assert!(!shown.contains(answer), "{answer} is shown: {shown}");
        }
        shown
    };
    let new = ["requests", "new", "--came", "phone"];
    let shown = answering(&new, &["Jana Nováková", "jana@example.com", ""], 0);
    assert!(shown.contains("name (not shown") && shown.contains("R-1"), "{shown}");
    let kinds = company.json(&["show", "R-1"])["kinds"].to_string();
    assert!(kinds.contains("name") && kinds.contains("email") && !kinds.contains("phone"), "{kinds}");
    // What was typed is what is found: by a file, and typed once more.
    let jana = company.file("jana", "email: JANA@example.com\n");
    assert_eq!(company.json(&["find", "--file", &jana])[0]["number"], "R-1");
    assert!(answering(&["requests", "find"], &["", "jana@example.com", ""], 0).contains("R-1"));
    answering(&["requests", "find"], &["", "somebody.else@example.com", ""], 1);
    assert!(answering(&new, &["", "", ""], 2).contains("nobody is named"));

    let hold = ["holds", "add", "--email", "-", "--reason", "review"];
    assert!(answering(&hold, &["jana@example.com"], 0).contains("person by email"));
    assert!(answering(&hold, &[""], 2).contains("the email is empty"));
    // The hold is on whom a file names, too.
    let email = format!("@{}", company.file("email", "JANA@example.com"));
    let would = company.deployment.json(&["erase", "--email", &email, "--dry-run"]);
    let held = &company.deployment.json(&["holds", "list"])[0]["id"];
    assert_eq!(&would["holds"][0]["hold"]["hold"], held, "{would}");
}

#[test]
fn how_far_a_file_is_entered_is_shown_on_a_terminal_and_nowhere_else() {
    let company = Company::with("");
    let csv = company.file("first.csv", "email,came\nann@example.com,letter\nbob@example.com,letter\n");
    let shown = company.deployment.on_terminal(&["requests", "new", "--csv", &csv]);
    assert!(shown.contains(" % ") && shown.contains(" left"), "{shown}");
    assert!(shown.contains("2 requests entered"), "{shown}");
    let csv = company.file("second.csv", "email,came\neve@example.com,letter\ndan@example.com,letter\n");
    let (code, said) = company.requests(&["new", "--csv", &csv]);
    assert!(code == Some(0) && said.contains("2 requests entered"), "{said}");
    assert!(!said.contains('%') && !said.contains(" left") && !said.contains('\u{1b}'), "{said}");
}

/// What it demands waits for an approval.
const APPROVED_RULE: &str = r#"
[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
approve = true
targets = ["mluvii"]
"#;

#[test]
fn who_joins_a_rules_erasure_by_hand_does_not_approve_it() {
    let company = Company::with(&format!("[requests]\nfour_eyes = true\n{APPROVED_RULE}"));
    for id in [101, 102] {
        company.standin.begin(id, "ann@example.com", None);
        company.standin.just_end(id);
    }
    let demanded = |session: i64| {
        wait_for("the rule's erasure", || {
            let all = company.deployment.json(&["erasures", "list", "--state", "requested"]);
            let its = all.as_array()?.iter().find(|one| one["session"] == session)?;
            Some(its["id"].as_str().expect("an id").to_owned())
        })
    };
    let [joined, other] = [101, 102].map(demanded);
    let ordered = |officer: &str, arguments: &[&str]| {
        let mut command = quietus();
        command.arg("--config").arg(company.deployment.path("quietus.toml")).args(arguments);
        let output = command.env("SUDO_USER", officer).stdin(std::process::Stdio::null()).output().expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code(), said)
    };
    let (code, said) = ordered("ann", &["erase", "--session", "acme/101", "--targets", "mluvii"]);
    assert!(code == Some(0) && said.contains(&joined), "it is the rule's: {code:?} {said}");
    assert_eq!(company.deployment.json(&["erasures", "list"]).as_array().map(Vec::len), Some(2));
    let (code, said) = ordered("ann", &["erasures", "approve", &joined, "--yes"]);
    assert!(code == Some(1) && said.contains("somebody else has to approve it"), "{code:?} {said}");
    // What nobody has asked for but the rule, she approves.
    let (code, said) = ordered("ann", &["erasures", "approve", &other, "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    let receipt = &receipts(&company.deployment, 1)[0]["statement"];
    assert_eq!(receipt["erasure"], json!(other), "{receipt}");
    assert!(company.standin.calls("/Sessions/101/anonymous").is_empty());
    let (code, said) = ordered("bob", &["erasures", "approve", &joined, "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(receipts(&company.deployment, 2)[1]["statement"]["erasure"], json!(joined));
}

#[test]
fn a_configuration_with_the_deadline_that_is_gone_says_what_is_in_its_place() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, SETTLES);
    let text = deployment.configuration();
    deployment.write("quietus.toml", &text.replacen("[erasing]\n", "[erasing]\ndeadline = \"30d\"\n", 1));
    let output = deployment.run(&["check", "--offline"]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    assert!(output.status.code() == Some(1) && said.contains("erasing.deadline: this key is gone"), "{said}");
    deployment.write("quietus.toml", &format!("{text}\n[requests]\ntime_zone = \"Europe/Nowhere\"\n"));
    let output = deployment.run(&["check", "--offline"]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    assert!(said.contains("no time zone `Europe/Nowhere`"), "{said}");
}
