//! Friday: the CRM is restored from Monday's backup, people ask what became of their letters, a consent is withdrawn, and a claim is over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::case::Case;
use super::office::{ANN, BOB, Office, codes, outcomes};
use super::thursday::{BY_LAW, FAILS, KEPT};
use super::town::{ACME, COMPANIES};
use super::tuesday::{BY_LINK, REFUSED};
use super::wednesday::{CHATS_ON, GOES, HELD, Hold};
use crate::erasing_again::now_ms;
use crate::people::population::version;

/// Before anything of this week.
const SINCE: &str = "2020-01-01";

/// Who withdraws a consent.
const WITHDRAWS: usize = 22;

pub(super) fn friday(office: &mut Office, hold: &Hold) {
    the_crm_is_restored(office);
    did_you_do_it(office);
    certificates(office);
    who_has_agreed_to_which_text(office);
    a_consent_is_withdrawn(office);
    the_hold_is_lifted(office, hold);
}

/// Everybody is there again: who was erased goes again, and nobody else; not who has come back since, either.
fn the_crm_is_restored(office: &Office) {
    let newer = (office.town.email(BY_LAW), office.town.name(BY_LAW), Some(now_ms() + 1_000));
    office.fill_crm(&[newer]);
    let everybody = office.crm.emails();
    let look = ["erase-again", "--target", "crm", "--since", SINCE, "--mluvii", "acme"];
    let shown = office.json(ANN, &look);
    let is = |person: &usize| (*person, String::from(if *person == BY_LAW { "back" } else { "again" }));
    let erased: BTreeSet<usize> = office.erased_in_crm.values().copied().collect();
    assert_eq!(who(office, &shown), erased.iter().map(is).collect::<BTreeMap<_, _>>(), "{shown:#}");
    let counts = ["compared", "not_comparable", "records", "still_open"].map(|name| shown[name].clone());
    let compared = office.erased_in_crm.len();
    assert_eq!(counts, [compared, 0, everybody.len(), 0].map(|count| json!(count)), "{shown:#}");
    // Whom the CRM has kept, and whose erasure was stopped before it was asked.
    assert_eq!((&shown["not_erased_then"], &shown["dry_run"]), (&json!(2), &json!(true)));
    assert_eq!(office.crm.emails(), everybody, "a look erases nobody");

    let plan = shown["plan"].as_str().expect("a plan");
    let asked = office.json(ANN, &[&look[..], &["--plan", plan]].concat());
    assert_eq!(asked["needs_approval"], true, "{asked:#}");
    assert_eq!(office.crm.emails(), everybody, "somebody else has to approve it");
    let again = asked["found"].as_array().expect("a list").iter();
    let again: Vec<_> = again.filter_map(|one| Some((one["erasure"].as_str()?, one["again"].as_str()?))).collect();
    assert_eq!(again.len(), erased.len() - 1);
    for (_, erasure) in &again {
        office.refused(ANN, &["erasures", "approve", erasure, "--yes"], "somebody else has to approve it");
        office.done(BOB, &["erasures", "approve", erasure, "--yes"]);
    }
    for (before, erasure) in &again {
        let receipt = office.receipt(erasure);
        assert_eq!(receipt["rules"], json!([format!("erased again after {before}")]), "{receipt:#}");
        assert_eq!((&receipt["sessions"], outcomes(&receipt)), (&json!(0), [("crm", "erased")].into()), "{receipt:#}");
    }
    // All others are in it as they were, and who has come back is, with both records.
    let left = everybody.into_iter().filter(|email| {
        let person = (0..office.town.people.len()).find(|person| office.town.email(*person) == *email);
        person.is_some_and(|person| person == BY_LAW || !erased.contains(&person))
    });
    let left: Vec<_> = left.collect();
    assert_eq!(office.crm.emails(), left);
    assert_eq!(left.len(), office.town.people.len() - erased.len() + 2);
}

/// What is said of whom.
#[track_caller]
fn who(office: &Office, shown: &Value) -> BTreeMap<usize, String> {
    let found = shown["found"].as_array().expect("a list").iter();
    let one = |one: &Value| {
        let erasure = one["erasure"].as_str().expect("an erasure");
        let person =
            office.erased_in_crm.get(erasure).unwrap_or_else(|| panic!("nobody was erased by {erasure}: {shown:#}"));
        (*person, one["is"].as_str().expect("a word").to_owned())
    };
    found.map(one).collect()
}

/// By what they fill in, however they spell it.
fn did_you_do_it(office: &Office) {
    for (person, companies) in [(CHATS_ON, &COMPANIES[..]), (GOES, &COMPANIES[..1]), (HELD, &COMPANIES[..])] {
        let letter = office.letter_of(person);
        let found = office.json(ANN, &["requests", "find", "--file", &letter]);
        let name = |one: &Value| {
            format!("{}/{}", one["mluvii"].as_str().expect("a name"), one["number"].as_str().expect("a number"))
        };
        let found: BTreeSet<_> = found.as_array().expect("a list").iter().map(name).collect();
        let number = Case { person, company: ACME }.number();
        let expected: BTreeSet<_> = companies.iter().map(|company| format!("{company}/{number}")).collect();
        assert_eq!(found, expected);
    }
    for person in [CHATS_ON, FAILS, BY_LINK] {
        let email = office.one_of(person, "email");
        let found = office.json(ANN, &["receipts", "find", "--email", &email]);
        let erasure = |one: &Value| {
            assert_eq!(one["receipt"]["statement"]["erasure"], one["erasure"]["id"], "{one:#}");
            one["erasure"]["id"].as_str().expect("an id").to_owned()
        };
        let found: BTreeSet<_> = found.as_array().expect("a list").iter().map(erasure).collect();
        let own = office.erased_in_crm.iter().filter(|(_, of)| **of == person).map(|(erasure, _)| erasure.clone());
        let own: BTreeSet<_> = own.collect();
        assert!(own.is_subset(&found) && found.len() == own.len() + 1, "and once more after the restore: {found:?}");
    }
    let nobody = office.on_desk("nobody", "email: nobody.at.all@example.com\n");
    let found = office.ends(ANN, &["requests", "find", "--file", &nobody], 1);
    assert!(found.contains("nothing was found"), "{found}");
}

/// Each says what the receipt says, in the words of its verdict and of no other one.
fn certificates(office: &Office) {
    let headlines = [
        ("complete", "Vše, co jsme našli, je vymazáno.", "Everything that was found is gone."),
        ("retained", "je vymazáno, kromě toho, co se uchovává", "is gone, except what is kept"),
        ("incomplete", "Ne všechno je vymazáno", "Not everything was seen"),
    ];
    for (person, verdict) in [(GOES, "complete"), (BY_LAW, "retained"), (KEPT, "incomplete")] {
        let case = Case { person, company: ACME };
        let erasure = case.json(office, "show", &[])["erasures"][0].as_str().expect("an erasure").to_owned();
        let receipt = office.receipt(&erasure);
        assert_eq!(receipt["verdict"], verdict, "{receipt:#}");
        let (sequence, number) = (receipt["sequence"].to_string(), case.number());
        for (lang, audience) in [("cs", "person"), ("en", "person"), ("cs", "authority"), ("en", "authority")] {
            let words = ["receipts", "certificate", &sequence, "--lang", lang, "--for", audience];
            let certificate = office.paper(&[&words[..], &["--request", &number]].concat());
            for (of, czech, english) in headlines {
                let headline = if lang == "cs" { czech } else { english };
                assert_eq!(certificate.contains(headline), of == verdict, "{number} {lang}: {headline}: {certificate}");
            }
            assert!(certificate.contains(&number), "{certificate}");
        }
        let letter = if verdict == "retained" { "partial-refusal" } else { "confirmation" };
        for name in [letter, "recipients"] {
            let letter = office.paper(&["letters", name, "--lang", "cs", "--request", &number]);
            assert!(letter.contains(&format!("Žádost {number}")), "{letter}");
        }
    }
    // Who has several receipts is told the worst of them.
    let both = ["letters", "confirmation", "--lang", "cs", "--mluvii", "acme", "--request", "2026/000"];
    assert!(office.paper(&both).contains("Ne všechno je vymazáno"));
}

/// By what they fill in; not everybody has agreed to the same one.
fn who_has_agreed_to_which_text(office: &Office) {
    assert_ne!(version(WITHDRAWS), version(REFUSED), "or this tests nothing");
    for person in [WITHDRAWS, REFUSED] {
        let email = office.one_of(person, "email");
        let shown = office.json(ANN, &["consent", "show", "--mluvii", "acme", "--email", &email]);
        let consents = shown.as_array().expect("a list");
        assert_eq!(consents.len(), 1, "{shown:#}");
        let (session, consent) = (format!("acme/{}", office.town.first(person, ACME)), &consents[0]["consent"]);
        assert_eq!(
            (&consents[0]["session"], &consent["state"], &consent["version"]),
            (&json!(session), &json!("given"), &json!(version(person)))
        );
    }
}

/// What follows is shown first, and somebody else has to approve it.
fn a_consent_is_withdrawn(office: &mut Office) {
    let session = format!("acme/{}", office.town.first(WITHDRAWS, ACME));
    let email = office.one_of(WITHDRAWS, "email");
    let letter = ["consent", "withdraw", "--mluvii", "acme", "--email", &email, "--came", "letter"];
    let foreseen = office.json(ANN, &letter);
    let demand = &foreseen["sessions"][0]["demands"][0];
    assert_eq!((&demand["rule"], &demand["scope"]), (&json!("consent withdrawn"), &json!("guest")), "{foreseen:#}");
    let hash = foreseen["hash"].as_str().expect("a hash");
    let done = office.json(ANN, &[&letter[..], &["--confirm", hash]].concat());
    assert_eq!((&done["sessions"], &done["erasures"]), (&json!(1), &json!(1)), "{done:#}");
    let waits = office.json(ANN, &["erasures", "list", "--state", "requested"]);
    let erasure = waits[0]["id"].as_str().expect("an erasure").to_owned();
    office.refused(ANN, &["erasures", "approve", &erasure, "--yes"], "somebody else has to approve it");
    assert!(office.mluviis[ACME].holds(&office.town.email(WITHDRAWS)));
    office.done(BOB, &["erasures", "approve", &erasure, "--yes"]);
    let receipt = office.receipt(&erasure);
    assert_eq!((&receipt["verdict"], &receipt["sessions"]), (&json!("complete"), &json!(1)), "{receipt:#}");
    office.gone[ACME].insert(office.town.first(WITHDRAWS, ACME));

    let shown = office.wait("the session to be erased", &["consent", "show", "--session", &session], |shown| {
        (!shown[0]["erased"].is_null()).then(|| shown[0].clone())
    });
    let history = |one: &Value| (one["state"].clone(), one["origin"].clone());
    assert_eq!(history(&shown["consent"]), (json!("withdrawn"), json!("officer-letter")), "{shown:#}");
    assert_eq!(history(&shown["earlier"][0]), (json!("given"), json!("session")), "{shown:#}");
    // Those of all, also of whom nothing else is left; of one, what was before.
    let exported = office.done(ANN, &["consent", "export", "--mluvii", "acme"]);
    let rows = exported.lines().filter(|line| line.starts_with("\"acme\",")).count();
    assert_eq!(rows, office.town.at(ACME).count() + 1);
}

/// What waited for its end goes on, and the receipt names it.
fn the_hold_is_lifted(office: &mut Office, hold: &Hold) {
    let case = Case { person: HELD, company: ACME };
    let decided = case.others_are_left(office);
    let certain = case.meant(office).certain.len();
    let shown = case.must_be(office, "erasing");
    let erasure = shown["erasures"][0].as_str().expect("its erasure").to_owned();
    let waiting = office.json(ANN, &["holds", "show", &hold.0]);
    assert_eq!(waiting["waiting"], json!([erasure]), "{waiting:#}");
    office.done(ANN, &["holds", "lift", &hold.0]);
    let receipt = office.receipt(&erasure);
    assert_eq!((&receipt["sessions"], &receipt["verdict"]), (&json!(certain), &json!("complete")), "{receipt:#}");
    let reasons = receipt["reasons"].as_array().expect("reasons");
    let named = reasons.iter().find(|reason| reason["code"] == "held").expect("it names the hold");
    assert_eq!(named["detail"], json!(format!("{} (legal-claims, 21 C 7/2026)", hold.0)));
    assert!(!codes(&receipt).contains("possible_left"), "{receipt:#}");
    assert_eq!(outcomes(&receipt), [("crm", "erased"), ("mluvii", "erased")].into());
    case.goes(office, &decided);
    case.must_be(office, "done");
}
