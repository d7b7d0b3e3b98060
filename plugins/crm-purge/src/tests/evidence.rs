//! What an answer rests on stands on the receipt: what was looked at, what was not, and what the vendor keeps, by whose word.
//! README.md says the same.

use quietus_plugin::unsaid;

use super::*;
use crate::vendor::{self, Traits, Vendor};

fn made(kind: &Kind) -> (&'static Traits, Box<dyn Vendor>) {
    let config = json!({ "vendor": kind.name, "auth": { "bearer": { "secret": "token" } } });
    let mut config = config.as_object().cloned().expect("an object");
    config.extend((kind.config)().as_object().cloned().expect("an object"));
    let config: crate::Config = serde_json::from_value(Value::Object(config)).expect("a configuration");
    vendor::of(&config.vendor, &config.own()).expect("a vendor")
}

/// Every sentence that a receipt can hold of this vendor, whatever is configured.
fn sentences(kind: &Kind) -> Vec<String> {
    let (traits, vendor) = made(kind);
    let mut all: Vec<String> = traits.keeps.iter().map(|keeps| keeps.what.to_owned()).collect();
    all.extend(traits.not_looked.iter().map(|what| (*what).to_owned()));
    all.extend(vendor.not_looked(&[]));
    all.extend(vendor.not_looked(traits.related));
    all
}

/// Those that are every vendor's, without what stands before and behind in them.
const EVERYWHERE: [&str; 10] = [
    "by e-mail address",
    "by telephone number",
    ", also by the number alone",
    "by id",
    "by the record of the person",
    "what was anonymized, by id",
    "identifiers that have no form that a record could hold",
    "records were found that do not show whose they are, and stay",
    crate::engine::REFUSED,
    "records hold the telephone number and no e-mail address, and stay (`phone_alone`)",
];

#[test]
fn the_readme_says_what_receipts_say() {
    let everywhere = EVERYWHERE.map(str::to_owned).into_iter();
    let all = everywhere.chain(ALL.iter().flat_map(|kind| sentences(kind)));
    assert_eq!(unsaid(include_str!("../../README.md"), all), [""; 0]);
}

#[test]
fn each_claim_says_what_was_looked_at_what_was_not_and_by_whose_word_something_is_kept() {
    for_all(|kind| {
        let (traits, vendor) = made(kind);
        assert!(traits.keeps.iter().all(|keeps| keeps.what.contains(", by ")), "{}: by whose word", kind.name);
        let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &[])]);
        let host = host(&standin);
        let mut answers = vec![host.dry_run(ann()), host.erase(ann()), host.verify(ann())];
        standin.world().rows.clear();
        answers.extend([host.erase(again()), host.verify(ann())]);
        for answer in answers {
            let answer = answer.expect("an answer");
            assert!(answer.looked_at[0].starts_with(kind.people), "{answer:?}");
            let always = traits.not_looked.iter().map(|what| (*what).to_owned());
            // Some vendors are asked first what there is.
            let here = vendor.not_looked(&[]).into_iter().filter(|_| vendor.question(&[], &[]).is_none());
            assert!(always.chain(here).all(|what| answer.not_looked_at.contains(&what)), "{answer:?}");
            assert!(!format!("{answer:?}").contains("ann@"), "{answer:?}");
        }
    });
}

#[test]
fn what_is_asked_for_is_looked_at_and_what_is_not_is_named() {
    let notes = |related: Value| {
        let standin = StandIn::start(ALL[0], vec![person(1, &["ann@x.cz"], &[]), of(1, "note", 31)]);
        let answer = host_with(&standin, json!({ "related": related })).dry_run(ann()).expect("an answer");
        let looked = answer.looked_at.contains(&"notes by the record of the person".to_owned());
        (looked, answer.not_looked_at.iter().any(|what| what.starts_with("notes that are linked with")))
    };
    assert_eq!((notes(json!(["notes"])), notes(json!([]))), ((true, false), (false, true)));
}

/// <https://knowledge.hubspot.com/privacy-and-consent/how-do-i-perform-a-gdpr-delete-in-hubspot>: "once a contact is permanently
/// deleted, you will not be able to add their email (primary or additional) back".
#[test]
fn what_the_vendor_will_keep_is_said_before_it_is_done() {
    for_all(|kind| {
        let rows = || vec![person(1, &["ann@x.cz"], &[])];
        let standin = StandIn::start(kind, rows());
        let host = host(&standin);
        let dry = host.dry_run(ann()).expect("an answer");
        let erased = host.erase(ann()).expect("an answer");
        assert_eq!((dry.outcome, erased.outcome, &dry.keeps), (Outcome::Residual, Outcome::Erased, &erased.keeps));
        let blocks =
            erased.keeps.unwrap_or_default().concat().contains("blocks the primary and the additional addresses");
        assert_eq!(blocks, kind.name == "hubspot", "{}", kind.name);
        standin.world().rows.clear();
        assert_eq!(host.dry_run(again()).expect("an answer").keeps, None, "{}: of nobody, nothing is kept", kind.name);
    });
}

/// The changelog "Permanent deletion logic for 6 core entities" names persons, deals, activities, files, products and
/// organizations, and neither notes nor leads.
#[test]
fn pipedrive_says_how_long_it_keeps_persons_deals_and_activities_and_of_notes_and_leads_nothing() {
    let (traits, _) = made(ALL[1]);
    let is_kept = |count: &str| (traits.keeps[0].of)(count);
    assert!(["persons", "deals", "archived deals", "activities"].into_iter().all(is_kept));
    assert!(!["notes", "leads", "archived leads"].into_iter().any(is_kept));
}
