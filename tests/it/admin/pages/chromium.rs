//! The pages in a real browser, Debian's chromium: what people do by the keyboard alone, and how every page looks, light, dark and on a phone,
//! in both languages (`tests/browser`). The pictures are left in `QUIETUS_TEST_PICTURES`, or below the build.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{ADMIN, Api, PASSWORD, done, user};
use crate::harness::{Deployment, RULES, Server, StandIn, crm_plugin, wait_for};
use crate::interop::python;

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/driver.py");

/// Whom the requests are about.
const ANN: (&str, &str) = ("Ann Nováková", "ann@example.com");
const BOB: (&str, &str) = ("Bob Malý", "bob@example.com");

/// A session is certainly somebody's where both agree, and possibly where one does.
const PERSON: &str = "match = [[\"name\", \"email\"]]\naccept_ledger_only = true";
/// What mluvii's anonymization does not cover would make the receipt incomplete.
const ACCEPTED: &str = "accept_left = [\"contact record\", \"e-mail threads\"]";
const FOUR_EYES: &str = "\n[requests]\nfour_eyes = true\n";
const MANUAL: &str = "\n[[manual]]\nname = \"legal\"\ntext = \"Shred the file.\"\ndeadline = \"21d\"\n";

/// In both languages, light, dark and on a phone.
const LOOKS: u64 = 6;

/// What the driver has seen.
struct Walked {
    pages: Vec<String>,
    looks: u64,
    faults: Vec<String>,
}

impl Walked {
    /// It has looked at these pages, and nothing is wrong with them.
    #[track_caller]
    fn is_well(&self, pages: &[&str]) {
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
        assert_eq!(self.pages, pages);
        assert_eq!(self.looks, pages.len() as u64 * LOOKS);
    }
}

/// Has the driver walk a part of the pages.
#[track_caller]
fn walk(server: &Server, part: &str, more: &[(&str, Value)]) -> Walked {
    let named = std::env::var_os("QUIETUS_TEST_PICTURES").map(PathBuf::from);
    let pictures = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages"));
    let mut order = json!({
        "part": part, "base": Api::of(server, None).base, "pictures": pictures, "password": PASSWORD,
        "officer": "olga", "approver": "adam",
    });
    for (name, value) in more {
        order[*name] = value.clone();
    }
    let mut command = Command::new(python());
    // It leaves nothing beside the sources.
    command.arg("-B").arg(DRIVER).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut driver = command.spawn().expect("a Python with tests/requirements.txt (tests/needs.sh)");
    // One that could not import its libraries reads nothing, and says why below.
    drop(driver.stdin.take().expect("piped").write_all(order.to_string().as_bytes()));
    let output = driver.wait_with_output().expect("it ends");
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}");
    let walked: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {wrong}"));
    let texts = |name: &str| {
        let all = walked[name].as_array().expect("a list").iter();
        all.map(|one| one.as_str().expect("text").to_owned()).collect()
    };
    Walked { pages: texts("seen"), looks: walked["looks"].as_u64().expect("a number"), faults: texts("faults") }
}

/// A conversation of its own guest, which is over.
fn talked(standin: &StandIn, id: i64, params: &[(&str, &str)]) {
    let one = |(name, value): &(&str, &str)| json!({ "name": name, "value": value, "source": "ENTRY_FORM" });
    let params: Vec<_> = params.iter().map(one).collect();
    let guest = format!("guest-{id}");
    standin.begin_with(json!({ "id": id, "tenant": 62, "guest": guest, "gdpr_version": "v1", "call_params": params }));
    standin.end(id);
}

fn people(deployment: &Deployment) {
    user(deployment, "olga", "Olga Nováková", &["officer"], &[]);
    user(deployment, "adam", "Adam Dvořák", &["approver"], &[]);
    user(deployment, "petr", "Petr Svoboda", &["operator"], &[]);
}

#[test]
fn what_is_wrong_with_a_page_is_seen() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let found = walk(&server, "control", &[]).faults;
    let kinds = [
        "color-contrast:",
        "image-alt:",
        "it is wider than the window: 9",
        "it asks for https://elsewhere.example/x.png",
        "the console says: this was told",
        "violates the following Content Security Policy directive",
    ];
    for kind in kinds {
        assert!(found.iter().any(|fault| fault.contains(kind)), "{kind}: {found:#?}");
    }
}

#[test]
fn two_people_see_to_a_request_by_the_keyboard_alone() {
    let standin = StandIn::start();
    let more = format!("{}{RULES}{FOUR_EYES}{ADMIN}", crm_plugin(&standin.crm));
    let deployment = Deployment::tuned(&standin.mluvii, ACCEPTED, PERSON, &more);
    let server = Server::start(&deployment);
    people(&deployment);
    walk(&server, "empty", &[]).is_well(&["sign-in", "sign-in-refused", "empty"]);
    standin.register(&server.callback());
    talked(&standin, 101, &[("oo1_guest_ident", ANN.0), ("oo1_guest_email", ANN.1)]);
    talked(&standin, 102, &[("oo1_guest_email", ANN.1)]);
    deployment.settled(2);
    standin.add_contact(ANN.1);
    let more = [
        ("name", json!(ANN.0)),
        ("email", json!(ANN.1)),
        ("number", json!("2026/041")),
        ("possible", json!("acme/102")),
    ];
    let pages = [
        "home",
        "new-request",
        "new-request-wrong",
        "request-unverified",
        "request-verified",
        "plan-made",
        "plan-wrong",
        "plan-kept",
        "request-planned",
        "approver-home",
        "approver-request",
        "approver-plan",
        "approver-approved",
        "home-approved",
        "plan-approved",
        "erasure",
        "request-done",
        "receipt",
        "receipt-verified",
        "certificate",
        "requests-ended",
    ];
    walk(&server, "request", &more).is_well(&pages);
    assert!(!standin.holds(ANN.1), "it is gone where it was");
    let audited = deployment.json(&["audit", "list"]).to_string();
    for act in ["user:olga", "user:adam", "request.plan", "request.approve", "request.run", "certificate"] {
        assert!(audited.contains(act), "{act}: {audited}");
    }
}

#[test]
fn every_page_is_for_everybody() {
    let standin = StandIn::start();
    let more = format!("{}{RULES}{MANUAL}{ADMIN}", crm_plugin(&standin.crm));
    let deployment = Deployment::tuned(&standin.mluvii, ACCEPTED, PERSON, &more);
    let server = Server::start(&deployment);
    people(&deployment);
    standin.register(&server.callback());
    for (id, (name, email)) in [(101, ANN), (102, BOB), (103, BOB)] {
        talked(&standin, id, &[("oo1_guest_ident", name), ("oo1_guest_email", email)]);
    }
    deployment.settled(3);
    standin.add_contact(BOB.1);

    // Something of everything: what waits for people, what needs somebody; what is late, refused, asked for twice.
    let erase = |session: &str, targets: &str| {
        let asked = deployment.json(&["erase", "--session", session, "--targets", targets]);
        asked["id"].as_str().expect("an id").to_owned()
    };
    let by_hand = erase("acme/102", "mluvii,legal");
    let task = wait_for("a task", || {
        let all = deployment.json(&["tasks", "list"]);
        all[0]["id"].as_str().map(str::to_owned)
    });
    standin.crm_fault(&json!({ "path": "/contacts", "times": 100_000, "kind": "status", "status": 503 }));
    let parked = erase("acme/103", "crm");
    wait_for("somebody to be needed", || {
        let shown = deployment.json(&["erasures", "show", &parked]);
        (shown["state"] == "parked").then_some(())
    });
    let enter = |who: (&str, &str), number: &str, more: &[&str]| {
        deployment.write("who", &format!("name: {}\nemail: {}\n", who.0, who.1));
        let file = deployment.path("who");
        let new = ["requests", "new", "--came", "letter", "--number", number, "--file", file.to_str().expect("UTF-8")];
        done(&deployment.run(&[&new[..], more].concat()));
    };
    enter(("Eva Stará", "eva@example.com"), "2026/007", &["--received", "2026-01-05"]);
    enter(("Dan Nový", "dan@example.com"), "2026/008", &["--verified", "document"]);
    enter(("Iva Malá", "iva@example.com"), "2026/009", &[]);
    done(&deployment.run(&["requests", "reject", "2026/009", "--because", "legal-claims"]));
    done(&deployment.run(&["tokens", "issue", "petr", "--role", "operator", "--for", "the nightly job"]));

    let of_person = ["people", "people-wrong", "person", "new-hold-of-person", "hold", "holds", "request-twice"];
    let more = [("name", json!(ANN.0)), ("email", json!(ANN.1))];
    walk(&server, "person", &more).is_well(&of_person);
    let visits = [
        ("officer-home", "olga", "/".to_owned(), 200),
        ("requests", "olga", "/requests".to_owned(), 200),
        ("request-late", "olga", "/requests/acme/2026%2F007".to_owned(), 200),
        ("request-rejected", "olga", "/requests/acme/2026%2F009".to_owned(), 200),
        ("holds-all", "adam", "/holds?show=all".to_owned(), 200),
        ("new-hold", "olga", "/holds/new".to_owned(), 200),
        ("tasks", "olga", "/tasks".to_owned(), 200),
        ("task", "olga", format!("/tasks/{task}"), 200),
        ("erasures", "petr", "/erasures".to_owned(), 200),
        ("erasure-by-hand", "olga", format!("/erasures/{by_hand}"), 200),
        ("erasure-parked", "petr", format!("/erasures/{parked}"), 200),
        ("receipts", "adam", "/receipts".to_owned(), 200),
        ("operator-home", "petr", "/".to_owned(), 200),
        ("erase-by-hand", "olga", "/erasures/new".to_owned(), 200),
        ("attention", "petr", "/attention?show=all".to_owned(), 200),
        ("sweeps", "petr", "/sweeps".to_owned(), 200),
        ("targets", "petr", "/targets".to_owned(), 200),
        ("audit", "petr", "/audit".to_owned(), 200),
        ("accounts", "petr", "/accounts".to_owned(), 200),
        ("sessions", "adam", "/sessions".to_owned(), 200),
        ("password", "adam", "/password".to_owned(), 200),
        ("not-there", "adam", "/requests/acme/none".to_owned(), 404),
        ("not-allowed", "adam", "/people".to_owned(), 403),
        ("not-understood", "olga", "/erasures?show=none".to_owned(), 400),
    ];
    let mut walked = walk(&server, "visits", &[("visits", json!(visits))]);
    // What else a link leads to is a page that this list should have.
    let names: Vec<_> = visits.iter().map(|(name, ..)| *name).collect();
    let others = walked.pages.split_off(names.len().min(walked.pages.len()));
    assert!(others.iter().all(|name| name.starts_with("linked-")), "{others:?}");
    walked.looks -= others.len() as u64 * LOOKS;
    walked.is_well(&names);
    server.leaves_work("the CRM fails, and nobody shreds anything");
}
