//! Monday: letters. Some are typed, thirty come as a file whose command is killed and goes on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use serde_json::json;

use super::calendar::{days_ago, last_day};
use super::case::Case;
use super::office::{ANN, Office};
use super::town::{ACME, BELL};
use crate::harness::{Disk, Fault, Order};
use crate::people::population::{spelled_email, spelled_name, spelled_phone};

/// Those whose letters are typed, with the targets and what else is said.
const TYPED: [(usize, &str); 9] = [
    (0, "mluvii,crm,archive"),
    (2, "mluvii,crm"),
    (4, "mluvii,crm"),
    (6, "mluvii,crm"),
    (8, "mluvii,crm"),
    (10, "mluvii,crm"),
    (12, "mluvii,crm,archive"),
    (14, "mluvii,crm"),
    (24, "mluvii,crm"),
];

/// Whose identity is not known on Monday.
pub(super) const UNKNOWN: usize = 2;

/// Whose name somebody else has, who has written, too.
const NAMESAKE_OF: usize = 14;

/// Those whose letters come as a file, each once.
pub(super) const IN_FILE: std::ops::Range<usize> = 30..57;

/// When it came, that of the one who is late, of whom `IN_FILE` begins.
const LONG_AGO: jiff::civil::Date = date(2024, 1, 31);

pub(super) fn monday(office: &Office) {
    typed(office);
    from_a_file(office);
    who_waits_is_listed(office);
}

fn typed(office: &Office) {
    let received = days_ago(10);
    for (person, targets) in TYPED {
        let more: &[&str] = if person == UNKNOWN { &[] } else { &["--verified", "document"] };
        Case { person, company: ACME }.enter(office, targets, received, more);
    }
    // One of them writes to both companies, another one to the second one only.
    for person in [0, 26] {
        Case { person, company: BELL }.enter(office, "mluvii", received, &["--verified", "known-contact"]);
    }
    let both = office.ends(ANN, &["requests", "show", "2026/000"], 2);
    assert!(both.contains("acme") && both.contains("globex"), "{both}");
    // Who writes twice is one person, whatever they call themselves.
    let again = office.letter_of(4);
    let new = ["requests", "new", "--came", "email", "--mluvii", "acme", "--file", &again];
    office.refused(ANN, &new, "acme/2026/004 is of the same person");
    // Whose name it is does not say whose request it is.
    let namesake =
        office.on_desk("namesake", &format!("name: {}\nemail: nobody@example.com\n", office.town.name(NAMESAKE_OF)));
    let new = ["requests", "new", "--came", "email", "--mluvii", "acme", "--number", "2026/901", "--file", &namesake];
    office.json(ANN, &[&new[..], &["--verified", "known-contact"]].concat());
}

/// The file's lines without the first one, each with whose it is and of whom it is known to be a duplicate.
fn lines(office: &Office) -> Vec<(String, Expected)> {
    let line = |number: &str, person: usize, spelling: u64, received: &str| {
        let person = &office.town.people[person];
        let name = spelled_name(person.name, spelling);
        let [email, phone] = [spelled_email(person.email, spelling % 3), spelled_phone(person.phone, spelling)];
        format!("{number};{name};{email};{phone};letter;{received}")
    };
    let received = days_ago(3).to_string();
    let number = |person: usize| Case { person, company: ACME }.number();
    let mut lines: Vec<_> = IN_FILE
        .map(|person| {
            let received = if person == IN_FILE.start { LONG_AGO.to_string() } else { received.clone() };
            (line(&number(person), person, person as u64 % 4, &received), Expected::Entered(person))
        })
        .collect();
    lines.insert(3, (line("2026/801", 0, 2, ""), Expected::DuplicateOf(0)));
    lines.insert(7, ("Petr Malý;;petr@example.com;;letter;".to_owned(), Expected::Wrong));
    lines.push((line("2026/802", 31, 1, ""), Expected::DuplicateOf(31)));
    lines
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    Entered(usize),
    DuplicateOf(usize),
    Wrong,
}

fn from_a_file(office: &Office) {
    let lines = lines(office);
    assert_eq!(lines.len(), 30);
    let mut text = "number;name;email;phone;came;received\n".to_owned();
    lines.iter().for_each(|(line, _)| text += &format!("{line}\n"));
    let csv = office.on_desk("letters.csv", &text);
    let results = office.deployment.path("letters.results.csv");
    let arguments = ["requests", "new", "--csv", &csv, "--mluvii", "acme", "--targets", "mluvii,crm"];
    let arguments = [&arguments[..], &["--results", results.to_str().expect("UTF-8")]].concat();

    // Killed before what it writes is on the disk, somewhere in the middle.
    let disk = Disk::new(&office.deployment);
    disk.order(Order { fault: Fault::SyncKills, after: 14, times: 1, amount: 0 });
    let mut command = office.command(ANN, &arguments);
    disk.under(&mut command);
    let killed = command.output().expect("it starts");
    assert_eq!(killed.status.code(), None, "it was killed: {killed:?}");
    let before = entered(&read(&results)).len();
    assert!((1..IN_FILE.len()).contains(&before), "{before} were entered");

    let counts = office.json(ANN, &arguments);
    assert_eq!(counts["entered_before"], json!(before), "{counts}");
    let all: u64 = ["entered", "failed", "entered_before"].iter().filter_map(|name| counts[name].as_u64()).sum();
    assert_eq!(all, 30, "{counts}");
    the_results_say_what_came_of_each(&read(&results), &lines);
}

/// The lines of the results: a line's number, its request, and what was wrong, in the order in which they were written.
fn read(results: &std::path::Path) -> Vec<(usize, String, String)> {
    let text = std::fs::read_to_string(results).expect("results");
    let cells = |line: &str| {
        let cells: Vec<_> = line.splitn(4, ',').map(str::to_owned).collect();
        let [number, request, _, error] = <[String; 4]>::try_from(cells).ok()?;
        Some((number.parse().ok()?, request, error))
    };
    text.lines().skip(1).filter_map(cells).collect()
}

fn entered(results: &[(usize, String, String)]) -> BTreeSet<usize> {
    results.iter().filter(|(_, request, _)| !request.is_empty()).map(|(line, ..)| *line).collect()
}

#[track_caller]
fn the_results_say_what_came_of_each(results: &[(usize, String, String)], lines: &[(String, Expected)]) {
    let last: BTreeMap<usize, (&str, &str)> =
        results.iter().map(|(line, request, error)| (*line, (request.as_str(), error.as_str()))).collect();
    for (line, (_, expected)) in (2..).zip(lines) {
        let name = |person| Case { person, company: ACME }.name();
        let (request, error) = last[&line];
        match expected {
            // One that was entered just before the command was killed is told as a duplicate, with its number.
            Expected::Entered(person) => {
                let name = name(*person);
                assert!(request == name || error.contains(&name), "line {line}: {request} {error}");
            }
            Expected::DuplicateOf(person) => {
                assert!(request.is_empty() && error.contains(&name(*person)), "line {line}: {request} {error}");
            }
            Expected::Wrong => {
                assert!(request.is_empty() && error.starts_with("\"number: "), "line {line}: {request} {error}");
            }
        }
    }
}

/// Everybody who has written is there once, and who is late is told.
fn who_waits_is_listed(office: &Office) {
    let list = office.json(ANN, &["requests", "list", "--mluvii", "acme", "--limit", "200"]);
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let listed: Vec<_> = list.as_array().expect("a list").iter().map(|one| text(&one["number"])).collect();
    let expected = TYPED.iter().map(|(person, _)| *person).chain(IN_FILE);
    let expected = expected.map(|person| Case { person, company: ACME }.number()).chain(["2026/901".to_owned()]);
    let expected: BTreeSet<_> = expected.collect();
    assert_eq!(listed.len(), expected.len(), "each once");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
    let late = Case { person: IN_FILE.start, company: ACME }.must_be(office, "unverified");
    assert_eq!(late["due"], json!(last_day(LONG_AGO, 1, 0)));
    assert!(late["days_left"].as_i64().is_some_and(|left| left < 0), "{late}");
    assert!(office.attention().contains("requests_late"));
}
