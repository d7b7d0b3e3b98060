//! What an officer does, from a link to the papers: each path by which personal data comes to a command, and what the command leaves.

use serde_json::json;
use tempfile::TempDir;
use test_servers::exim::Exim;

use super::told::Told;
use super::{
    EMAIL, FORM, FOUND, KNOWN_THERE, LINKED, NAME, OTHER_EMAIL, PHONE, assert_silent, happening, nothing_is_left,
    search,
};
use crate::erasing_again::{System, before, killed_at};
use crate::harness::{Database, Deployment, Server, StandIn, client, http, receipts, wait_for};
use crate::{confirming, finding};

const ARCHIVE: &str = "\n[[manual]]\nname = \"archive\"\ntext = \"Shred the paper file.\"\nremind_after = \"1s\"\n";

/// An officer, whose desk is not searched, and who is told of what they do, too.
struct Officer<'a> {
    deployment: &'a Deployment,
    told: &'a Told,
    desk: TempDir,
}

impl Officer<'_> {
    /// What nobody else may see lies in a file.
    fn on_desk(&self, name: &str, text: &str) -> String {
        let path = self.desk.path().join(name);
        std::fs::write(&path, text).expect("the desk is there");
        path.display().to_string()
    }

    /// Whatever an order says, it names nobody. In text and, where that changes nothing, in JSON.
    #[track_caller]
    fn looks(&self, arguments: &[&str]) {
        for form in [&[][..], &["--json"]] {
            let output = self.deployment.run(&[form, arguments].concat());
            assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {output:?}");
            let said = [output.stdout, output.stderr].concat();
            assert!(!said.is_empty(), "{arguments:?}");
            assert_silent(&format!("{arguments:?}"), &said);
        }
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let said = self.deployment.json(arguments);
        assert_silent(&format!("{arguments:?}"), said.to_string().as_bytes());
        said
    }
}

/// Everything that an officer does happens on a ledger, and then all that was written is searched.
pub(super) fn is_silent(database: Option<&Database>) {
    let (standin, crm, exim) = (StandIn::start(), System::start(), Exim::start());
    let rule = confirming::RULE.replace("[\"mluvii\"]", "[\"mluvii\", \"crm\"]");
    let ledger = database.map(Database::ledger).unwrap_or_default();
    let knows = finding::folder();
    // They name whom they are asked of wherever they can.
    let finders = finding::plugins(&knows).replace("\"]\ngrants", "\", \"echoes\"]\ngrants");
    let more = format!("{rule}{}\n{finders}\n{}{ARCHIVE}{ledger}", crm.plugin("crm"), confirming::settings(&exim));
    let deployment = Deployment::bare(&standin.mluvii, &more);
    confirming::publish(&deployment);
    deployment.replace("[erasing]\n", "[erasing]\nrecheck = [\"30d\"]\n");
    let told = Told::by(&deployment);
    if database.is_some() {
        deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    }
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for (id, email) in [(101, EMAIL), (102, OTHER_EMAIL)] {
        standin.begin_with(happening::conversation(id, email, Some("v3")));
        standin.end(id);
    }
    // Who shares nothing with them.
    let params = json!([{ "name": "oo1_guest_email", "value": LINKED, "source": "ENTRY_FORM" }]);
    let linked = json!({ "id": 103, "tenant": 62, "guest": "g-103", "gdpr_version": "v3", "call_params": params });
    standin.begin_with(linked);
    standin.end(103);
    deployment.settled(3);
    let backup = [(EMAIL, NAME, before()), (OTHER_EMAIL, NAME, before()), (FOUND, NAME, before())];
    crm.holds(&backup);
    let officer = Officer { deployment: &deployment, told: &told, desk: tempfile::tempdir().expect("a desk") };

    a_link_is_clicked(&standin, &exim, &server);
    receipts(&deployment, 1);
    let letter = officer.on_desk("letter", &format!("email: {OTHER_EMAIL}\nname: {NAME}\nphone: {PHONE}\n"));
    let task = what_is_held_goes_on(&officer, &letter, &knows);
    told.hear_of("tasks_open");
    search(&deployment, database);
    a_task_is_revealed_and_done(&officer, &task);
    receipts(&deployment, 2);
    let asked = finding::calls(&knows);
    for call in ["crm dry run", "erp dry run", "crm refuses", &format!("erp erase {KNOWN_THERE}")] {
        assert!(asked.iter().any(|one| one == call), "{call}, or this test tests nothing: {asked:?}");
    }
    a_request_is_verified_by_a_link(&officer, &exim, &server);
    a_consent_is_withdrawn(&officer);
    crm.holds(&backup);
    a_sweep_is_killed(&officer, &crm);
    search(&deployment, database);
    // Before its page comes: a server may have gone on with it.
    officer.json(&["erase-again", "cancel", "--target", "crm"]);
    crm.remove("waits");
    the_crm_is_restored(&officer);
    receipts(&deployment, 4);
    assert_eq!(crm.emails(), [FOUND], "those who were erased are gone again, or this test tests nothing");
    papers(&officer, &letter);
    crm.holds(&backup);
    it_is_looked_again(&officer, &|sql| match database {
        Some(database) => database.sql(sql),
        None => deployment.ledger().execute_batch(sql).map(|()| String::new()).expect("an update"),
    });
    told.hear_of("recheck_residual");

    nothing_is_left(&standin, server, &deployment, database);
    told.search();
}

/// A form names an address; its link is looked at, guessed, and clicked.
fn a_link_is_clicked(standin: &StandIn, exim: &Exim, server: &Server) {
    standin.submit(101, 4711, &json!({ "oo1_guest_email": EMAIL, "free": FORM }));
    let token = confirming::links(exim, 1).remove(0);
    let page = |token: &str| server.url(&format!("/confirm/{token}"));
    let guessed = token.chars().rev().collect::<String>();
    let said =
        [http(client().get(page(&token))), http(client().post(page(&guessed))), http(client().post(page(&token)))];
    assert_eq!([200, 404, 200], [said[0].0, said[1].0, said[2].0]);
    said.iter().for_each(|(_, page)| assert_silent("the page of a link", page.as_bytes()));
}

/// A request names an address, and is late; the officer has a link mailed to it, which is clicked, and then the person thinks otherwise.
fn a_request_is_verified_by_a_link(officer: &Officer<'_>, exim: &Exim, server: &Server) {
    let before = confirming::links(exim, 1);
    let letter = officer.on_desk("linked", &format!("email: {LINKED}\n"));
    let entered = officer.json(&["requests", "new", "--came", "email", "--received", "2024-01-31", "--file", &letter]);
    let number = entered["number"].as_str().expect("a number");
    officer.told.hear_of("requests_late");
    officer.json(&["requests", "verify", number, "--by-email"]);
    let mut links = confirming::links(exim, before.len() + 1);
    links.retain(|token| !before.contains(token));
    officer.looks(&["requests", "show", number]);
    officer.looks(&["requests", "list"]);
    let page = server.url(&format!("/confirm/{}", links[0]));
    for (status, said) in [http(client().get(&page)), http(client().post(&page))] {
        assert_eq!(status, 200, "{said}");
        assert_silent("the page of a link", said.as_bytes());
    }
    assert_eq!(officer.json(&["requests", "show", number])["verified"]["how"], "email-link");
    let plan = officer.json(&["requests", "plan", number]);
    assert_eq!(plan["sessions"][0]["session"], "acme/103", "{plan}");
    officer.json(&["requests", "withdraw", number]);
}

/// A letter takes a consent back: who it is about is shown, and then it is written down.
fn a_consent_is_withdrawn(officer: &Officer<'_>) {
    let who = format!("@{}", officer.on_desk("who", LINKED));
    officer.looks(&["consent", "show", "--email", &who]);
    let letter = ["consent", "withdraw", "--email", &who, "--came", "letter"];
    let foreseen = officer.json(&letter);
    let hash = foreseen["hash"].as_str().unwrap_or_else(|| panic!("{foreseen}"));
    let done = officer.json(&[&letter[..], &["--confirm", hash]].concat());
    assert_eq!(done["sessions"], 1, "{done}");
    let shown = officer.json(&["consent", "show", "--email", &who]);
    assert_eq!(shown[0]["consent"]["state"], "withdrawn", "{shown}");
}

/// A month is over, and the server looks by itself whom the CRM holds: those whom its backup has brought back. `sql` changes the ledger.
fn it_is_looked_again(officer: &Officer<'_>, sql: &dyn Fn(&str) -> String) {
    sql("UPDATE erasure SET ended = ended - 2678400000 WHERE ended IS NOT NULL;
         UPDATE periodic SET mark = mark - 3456000000 WHERE name LIKE 'recheck/%' AND mark IS NOT NULL");
    wait_for("those who are back to be seen", || {
        let told = officer.json(&["attention", "list"]);
        told.as_array()?.iter().any(|one| one["code"] == "recheck_residual").then_some(())
    });
    for look in [
        &["attention", "list"][..],
        &["requests", "show", "R-1"],
        &["erasures", "list"],
        &["audit", "list", "--act", "erasure.recheck"],
    ] {
        officer.looks(look);
    }
}

/// A person is held, planned, and let go on, at first in vain, as a system cannot say what it knows; returns the task that comes of it.
fn what_is_held_goes_on(officer: &Officer<'_>, letter: &str, knows: &TempDir) -> String {
    let who = format!("@{}", officer.on_desk("who", OTHER_EMAIL));
    let hold = officer.json(&["holds", "add", "--email", &who, "--reason", "legal-claims", "--case", "21 C 123/2024"]);
    let hold = hold["id"].as_str().expect("an id").to_owned();
    officer.json(&["requests", "new", "--came", "letter", "--verified", "document", "--file", letter]);
    officer.looks(&["requests", "plan", "R-1"]);
    // Hints are shown where a person reads them, and kept nowhere.
    let hinted = officer.json(&["requests", "plan", "R-1", "--hints"]);
    assert!(hinted["sessions"][0]["hints"].to_string().contains("c…@e….com"), "{hinted}");
    let shown = officer.deployment.on_terminal(&["requests", "plan", "R-1"]);
    assert!(shown.contains("R-1"), "{shown}");
    assert_silent("a plan on a terminal", shown.as_bytes());
    let hash = hinted["plan"].as_str().expect("a hash");
    officer.json(&["requests", "run", "R-1", "--plan", hash]);
    wait_for("it to be held", || {
        let all = officer.json(&["erasures", "list"]);
        all.as_array()?.iter().any(|one| one["held"] == true).then_some(())
    });
    for look in [&["holds", "list"][..], &["holds", "show", &hold], &["erasures", "list"], &["attention", "list"]] {
        officer.looks(look);
    }
    let preview = format!("@{}", officer.on_desk("who", OTHER_EMAIL));
    officer.looks(&["erase", "--email", &preview, "--dry-run"]);
    std::fs::write(knows.path().join("refuses"), "").expect("written");
    officer.json(&["holds", "lift", &hold]);
    wait_for("its task", || Some(officer.json(&["tasks", "list"])[0]["id"].as_str()?.to_owned()))
}

/// Who has to know it sees whom it is about, and writes it where it must not stand.
fn a_task_is_revealed_and_done(officer: &Officer<'_>, task: &str) {
    officer.looks(&["tasks", "list"]);
    officer.looks(&["tasks", "show", task]);
    let revealed = officer.deployment.on_terminal(&["tasks", "show", task, "--reveal"]);
    assert!(revealed.contains(OTHER_EMAIL), "{revealed}");
    let law = format!("563/1991 Sb., § 31, of {OTHER_EMAIL}");
    officer.json(&["tasks", "done", task, "--outcome", "retained", "--reason", &law]);
}

/// Between two pages: of whom the first one has told is known, and the second one is waited for.
fn a_sweep_is_killed(officer: &Officer<'_>, crm: &System) {
    crm.write("waits", "");
    killed_at(officer.deployment, crm, "sweep from 2");
    let sweeps = officer.json(&["erase-again", "status"]);
    assert_eq!((&sweeps[0]["state"], &sweeps[0]["records"]), (&json!("sweeping"), &json!(2)), "{sweeps}");
}

/// Everybody whom the system holds is told to the host, also who was never erased.
fn the_crm_is_restored(officer: &Officer<'_>) {
    let again = ["erase-again", "--target", "crm", "--since", "2020-01-01"];
    officer.looks(&again);
    let done = officer.json(&[&again[..], &["--yes"]].concat());
    assert_eq!((done["found"].as_array().map(Vec::len), &done["records"]), (Some(2), &json!(3)), "{done:#}");
}

fn papers(officer: &Officer<'_>, letter: &str) {
    let who = format!("@{}", officer.on_desk("who", OTHER_EMAIL));
    for look in [
        &["requests", "find", "--file", letter][..],
        &["requests", "list", "--all"],
        &["requests", "show", "R-1"],
        &["receipts", "find", "--email", &who],
        &["receipts", "list"],
        &["receipts", "certificate", "2", "--lang", "cs", "--request", "R-1"],
        &["receipts", "certificate", "4", "--lang", "en", "--for", "authority"],
        &["letters", "acknowledgement", "--lang", "en", "--request", "R-1"],
        &["letters", "confirmation", "--lang", "cs", "--request", "R-1"],
        &["letters", "partial-refusal", "--lang", "en", "--request", "R-1"],
        &["letters", "recipients", "--lang", "cs", "--request", "R-1"],
        &["holds", "list", "--all"],
        &["consent", "show", "--session", "acme/102"],
        &["consent", "export"],
        &["audit", "list", "--limit", "200"],
    ] {
        officer.looks(look);
    }
}
