//! One request, from its entry to its receipt, held against what it means by the town's own numbers.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::calendar::last_day;
use super::office::{ANN, BOB, Office};
use super::town::COMPANIES;
use crate::harness::wait_for;
use crate::people::truth::{BY_GUEST, Meant};

/// A person's request at a company.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) person: usize,
    pub(super) company: usize,
}

/// What is decided about single sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Decided {
    /// The person says that they are theirs.
    pub(super) include: Vec<i64>,
    /// They are of who shares something with the person.
    pub(super) exclude: Vec<i64>,
}

impl Case {
    /// The company's own number of it.
    pub(super) fn number(self) -> String {
        format!("2026/{:03}", self.person)
    }

    pub(super) fn name(self) -> String {
        format!("{}/{}", COMPANIES[self.company], self.number())
    }

    pub(super) fn meant(self, office: &Office) -> Meant {
        let mut meant = office.town.meant(self.person, self.company);
        for sessions in [&mut meant.certain, &mut meant.possible] {
            sessions.retain(|id| !office.gone[self.company].contains(id));
        }
        meant
    }

    /// Whatever may be theirs is of those who share something with them.
    pub(super) fn others_are_left(self, office: &Office) -> Decided {
        Decided { include: Vec::new(), exclude: self.meant(office).possible.into_iter().collect() }
    }

    /// Runs `requests` with these on it.
    fn arguments(self, act: &str, more: &[&str]) -> Vec<String> {
        let words = ["requests", act, &self.number(), "--mluvii", COMPANIES[self.company]].map(str::to_owned);
        words.into_iter().chain(more.iter().map(|word| (*word).to_owned())).collect()
    }

    #[track_caller]
    pub(super) fn json(self, office: &Office, act: &str, more: &[&str]) -> Value {
        let arguments = self.arguments(act, more);
        office.json(ANN, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    pub(super) fn refused(self, office: &Office, act: &str, more: &[&str], why: &str) {
        let arguments = self.arguments(act, more);
        office.refused(ANN, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), why);
    }

    /// Enters it.
    #[track_caller]
    pub(super) fn enter(self, office: &Office, targets: &str, received: Date, more: &[&str]) {
        let (file, day) = (office.letter_of(self.person), received.to_string());
        let new = ["requests", "new", "--came", "letter", "--file", &file, "--mluvii", COMPANIES[self.company]];
        let number = self.number();
        let own = ["--number", &number, "--targets", targets, "--received", &day];
        let entered = office.json(ANN, &[&new[..], &own, more].concat());
        assert_eq!((&entered["number"], &entered["mluvii"]), (&json!(number), &json!(COMPANIES[self.company])));
        assert_eq!((&entered["received"], &entered["due"]), (&json!(received), &json!(last_day(received, 1, 0))));
    }

    /// Plans it: it shows what the person's request means and why, and nothing else. Returns the plan's hash.
    #[track_caller]
    pub(super) fn plan(self, office: &Office, decided: &Decided) -> String {
        let session = |id: i64| format!("{}/{id}", COMPANIES[self.company]);
        let mut words = vec!["--anew".to_owned()];
        words.extend(decided.include.iter().flat_map(|id| ["--include".to_owned(), session(*id) + "=person-says"]));
        words.extend(decided.exclude.iter().flat_map(|id| ["--exclude".to_owned(), session(*id) + "=shared"]));
        let plan = self.json(office, "plan", &words.iter().map(String::as_str).collect::<Vec<_>>());
        let Meant { certain, possible, why } = self.meant(office);
        let row = |id: &i64, certainty, goes| (session(*id), (certainty, goes, why[id].clone()));
        let certain = certain.iter().map(|id| row(id, "certain", !decided.exclude.contains(id)));
        let possible = possible.iter().map(|id| row(id, "possible", decided.include.contains(id)));
        let expected: BTreeMap<String, (&str, bool, String)> = certain.chain(possible).collect();
        let one = |one: &Value| {
            let certainty = if one["certainty"] == "certain" { "certain" } else { "possible" };
            let reason = one["reason"].as_str().expect("why");
            // Behind that, it says how what was typed makes it certain or not, which the certainty says here.
            let why = if reason.starts_with(&format!("{BY_GUEST}, ")) { BY_GUEST } else { reason };
            let session = one["session"].as_str().expect("a session");
            (session.to_owned(), (certainty, one["goes"] == true, why.to_owned()))
        };
        let shown: BTreeMap<_, _> = plan["sessions"].as_array().expect("sessions").iter().map(one).collect();
        assert_eq!(shown, expected, "{}: {plan:#}", self.name());
        plan["plan"].as_str().expect("a hash").to_owned()
    }

    /// Somebody else approves it; nobody approves their own.
    #[track_caller]
    pub(super) fn approve(self, office: &Office, hash: &str) {
        self.refused(office, "run", &["--plan", hash], "waits for the approval of somebody else");
        self.refused(office, "approve", &["--plan", hash], "somebody else has to approve it");
        let arguments = self.arguments("approve", &["--plan", hash]);
        office.done(BOB, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Has done what was approved; returns the erasure.
    #[track_caller]
    pub(super) fn run(self, office: &Office, hash: &str) -> String {
        let ran = self.json(office, "run", &["--plan", hash]);
        assert_eq!(ran["state"], "erasing", "{ran}");
        let erasures = ran["erasures"].as_array().expect("erasures");
        erasures.last().and_then(Value::as_str).expect("its erasure").to_owned()
    }

    /// Plans, approves and runs it, and remembers what has to be gone.
    #[track_caller]
    pub(super) fn all_of_it(self, office: &mut Office, decided: &Decided) -> String {
        let hash = self.plan(office, decided);
        self.approve(office, &hash);
        let erasure = self.run(office, &hash);
        self.goes(office, decided);
        erasure
    }

    /// What goes by it has to be gone from now on.
    pub(super) fn goes(self, office: &mut Office, decided: &Decided) {
        let Meant { certain, .. } = self.meant(office);
        let going = certain.into_iter().filter(|id| !decided.exclude.contains(id));
        let going: Vec<_> = going.chain(decided.include.iter().copied()).collect();
        office.gone[self.company].extend(going);
    }

    /// Waits until it is in this state.
    #[track_caller]
    pub(super) fn must_be(self, office: &Office, state: &str) -> Value {
        wait_for(&format!("{} to be {state}", self.name()), || {
            let shown = self.json(office, "show", &[]);
            (shown["state"] == state).then_some(shown)
        })
    }
}
