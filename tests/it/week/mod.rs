//! The officer's week: a town of 200 people who share phones, browsers and names, two companies, and the letters, links, holds, failures and a
//! restore of five days, as one story through the binary. Every answer is held against what the town itself knows, and in the end everybody
//! else's data is where it was.

mod calendar;
mod case;
mod friday;
mod monday;
mod office;
mod saturday;
mod thursday;
mod town;
mod tuesday;
mod wednesday;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Needles, oracle};
use case::Case;
use monday::{IN_FILE, UNKNOWN};
use office::{ANN, Office, found};
use thursday::{BY_LAW, FAILS, KEPT, STOPPED};
use town::{ACME, BELL, COMPANIES, Town};
use tuesday::{BY_MAIL, REFUSED};
use wednesday::{CHATS_ON, GOES, HELD, OF_BELL};

#[test]
fn an_officers_week_ends_with_everybody_answered_and_nobody_elses_data_gone() {
    let mut office = Office::open();
    nobody_elses_data_is_gone(&office);
    monday::monday(&office);
    tuesday::tuesday(&mut office);
    let hold = wednesday::wednesday(&mut office);
    nobody_elses_data_is_gone(&office);
    thursday::thursday(&mut office);
    friday::friday(&mut office, &hold);

    nobody_elses_data_is_gone(&office);
    the_crm_is_right_in_the_end(&office);
    every_request_is_where_it_has_to_be(&office);
    saturday::a_month_later(&office);
    the_chains_verify(&office);
    nobody_is_named_anywhere(office);
}

/// mluvii holds what was said by everybody of whom nothing had to go, and nothing of the others.
#[track_caller]
fn nobody_elses_data_is_gone(office: &Office) {
    for (company, mluvii) in office.mluviis.iter().enumerate() {
        let left = || office.town.at(company).filter(|one| !office.gone[company].contains(&one.id));
        let notes: BTreeSet<_> = left().map(|one| one.id).collect();
        assert_eq!(found(mluvii, "note%20of", "notes"), notes, "{}", COMPANIES[company]);
        let addresses: BTreeSet<_> = left().filter(|one| one.typed.email.is_some()).map(|one| one.id).collect();
        assert_eq!(found(mluvii, "%40example.com", "call_params"), addresses, "{}", COMPANIES[company]);
        let browsers: BTreeSet<_> = left().filter(|one| one.browser.is_some()).map(|one| one.id).collect();
        assert_eq!(found(mluvii, "browser-", "guest"), browsers, "{}", COMPANIES[company]);
    }
}

/// After the restore, those who have to be gone are gone once more; who has come back is there, twice.
#[track_caller]
fn the_crm_is_right_in_the_end(office: &Office) {
    let gone: BTreeSet<_> = office.erased_in_crm.values().copied().chain([HELD]).filter(|one| *one != BY_LAW).collect();
    let people = (0..office.town.people.len()).filter(|person| !gone.contains(person)).chain([BY_LAW]);
    let expected: Vec<_> = people.map(|person| office.town.email(person)).collect();
    assert_eq!(office.crm.emails(), expected);
}

#[track_caller]
fn every_request_is_where_it_has_to_be(office: &Office) {
    let ended = [
        (CHATS_ON, ACME, "done"),
        (CHATS_ON, BELL, "withdrawn"),
        (UNKNOWN, ACME, "closed"),
        (HELD, ACME, "done"),
        (HELD, BELL, "done"),
        (REFUSED, ACME, "rejected"),
        (FAILS, ACME, "done"),
        (KEPT, ACME, "closed"),
        (BY_LAW, ACME, "done"),
        (STOPPED, ACME, "closed"),
        (GOES, ACME, "done"),
        (OF_BELL, BELL, "done"),
        (BY_MAIL, ACME, "done"),
    ];
    let name = |person, company| Case { person, company }.name();
    let mut expected: BTreeSet<_> =
        ended.iter().map(|(person, company, state)| (name(*person, *company), (*state).to_owned())).collect();
    expected.extend(IN_FILE.map(|person| (name(person, ACME), "unverified".to_owned())));
    expected.insert(("acme/2026/901".to_owned(), "rejected".to_owned()));
    let all = office.json(ANN, &["requests", "list", "--all", "--limit", "200"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let one = |one: &Value| (format!("{}/{}", text(&one["mluvii"]), text(&one["number"])), text(&one["state"]));
    let listed: BTreeSet<_> = all.as_array().expect("a list").iter().map(one).collect();
    assert_eq!(listed, expected);
}

fn the_chains_verify(office: &Office) {
    oracle::the_receipts_verify(&office.deployment);
    let audit = office.deployment.path("audit.jsonl").display().to_string();
    office.done(ANN, &["audit", "export", "--out", &audit]);
    let key = format!("@{}", office.deployment.path("keys/receipt.pub").display());
    office.done(ANN, &["audit", "verify", &audit, "--public-key", &key]);
    office.done(ANN, &["ledger", "check"]);
}

/// Whatever anybody of the town is known by stands in no file, no log, no metric, and in nothing that an officer has seen.
fn nobody_is_named_anywhere(office: Office) {
    let tells = office.town.whatever_tells();
    let needles = Needles::of(tells.iter().map(String::as_str));
    needles.must_be_absent("what officers have seen", office.said().as_bytes());
    needles.must_be_absent("the metrics", office.server.metrics().as_bytes());
    let Office { server, deployment, .. } = office;
    let (ended, log) = server.stop();
    assert!(ended.success() && log.len() > 100, "there is much to search");
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent_in(deployment.folder());
}

#[test]
fn the_town_is_as_awkward_as_the_week_needs_it() {
    let town = Town::new();
    let again = Town::new();
    assert_eq!(town.conversations.len(), again.conversations.len());
    assert_eq!(town.people.len(), 200);
    assert!(town.at(ACME).count() > 220 && town.at(BELL).count() > 100);
    let namesakes = town.people.iter().filter(|one| town.people.iter().filter(|two| two.name == one.name).count() > 1);
    assert_eq!(namesakes.count(), 20);
    assert!((0..200).any(|person| town.name(person).ends_with("Dvořák")));
    let shares = |of: fn(&crate::people::population::Person) -> u64| {
        town.people.chunks_exact(2).filter(|couple| of(&couple[0]) == of(&couple[1])).count()
    };
    assert_eq!([shares(|one| one.phone), shares(|one| one.browser)], [50, 50]);
}
