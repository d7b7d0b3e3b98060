//! The recipes, each against a stand-in of its system that is written from what the vendor and public clients say of it. What all of
//! them must withstand is one table; what is a system's own stands in its file.

mod ecomail;
mod mailchimp;
mod smartemailing;
mod zendesk;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use quietus_plugin::ErrorClass;
use quietus_plugin::http::test::Seen;

use super::*;

/// What the stand-ins take for the right secret.
const SECRET: &str = "the-right-key";

/// What goes wrong before the system, or in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// A gateway that answers 404 to everything.
    NotFound,
    /// A log-in page, with a success.
    Page,
    /// Too many requests.
    Limited,
    /// A success for each deletion, none of which is done.
    Accepts,
}

/// What is left in a system: the addresses that it knows.
type Left = Arc<Mutex<BTreeSet<String>>>;

/// A system of a vendor's.
struct System {
    recipe: &'static str,
    /// Answers as the vendor does, and deletes for real.
    start: fn(Fault, Left) -> Server,
    /// Addresses that it knows at the beginning, Ann's among them.
    addresses: &'static [&'static str],
    /// What is erased of Ann.
    counts: &'static [(&'static str, u64)],
}

const SYSTEMS: [System; 4] = [ecomail::SYSTEM, mailchimp::SYSTEM, smartemailing::SYSTEM, zendesk::SYSTEM];

impl System {
    fn started(&self, fault: Fault) -> (Server, Left) {
        let left = Left::new(Mutex::new(self.addresses.iter().map(|address| (*address).to_owned()).collect()));
        ((self.start)(fault, Arc::clone(&left)), left)
    }

    fn host(&self, server: &Server, secret: &str) -> TestHost<HttpPurge> {
        let (config, name) = recipe(self.recipe, server);
        TestHost::with_secrets(config, [(name, secret)]).expect("configured")
    }
}

/// A recipe's configuration for a stand-in, and the name of its secret. Nothing but the host and the pace differs.
fn recipe(name: &str, server: &Server) -> (Value, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("recipes/{name}.toml"));
    let file: toml::Value = std::fs::read_to_string(path).expect("read").parse().expect("TOML");
    let plugin = serde_json::to_value(&file["plugin"][0]).expect("JSON");
    let secrets = plugin["secrets"].as_object().expect("secrets");
    let (secret, from) = secrets.iter().next().expect("one");
    assert!(from["file"].is_string() && secrets.len() == 1, "{name}: secrets stand in files");
    let mut config = plugin["config"].clone();
    let base_url = config["base_url"].as_str().expect("a URL").to_owned();
    let path = base_url.strip_prefix("https://").expect("encrypted").split_once('/').map_or("", |(_, path)| path);
    config["base_url"] = json!(format!("{}/{path}", server.url).trim_end_matches('/'));
    config["rate"] = json!(1000);
    (config, secret.clone())
}

/// Wraps a vendor's answers in what goes wrong.
fn standing(fault: Fault, mut answer: impl FnMut(&Seen) -> Reply + Send + 'static, accepted: fn() -> Reply) -> Server {
    Server::start(move |seen| match fault {
        Fault::None => answer(seen),
        Fault::NotFound => Reply::empty(404),
        Fault::Page => Reply::text(200, "<!DOCTYPE html><html><body>Please log in</body></html>"),
        Fault::Limited => Reply::empty(429).with("Retry-After", "7"),
        Fault::Accepts if seen.method == "GET" => answer(seen),
        Fault::Accepts => accepted(),
    })
}

/// A value of the query, decoded.
fn query(seen: &Seen, name: &str) -> Option<String> {
    let (_, query) = seen.target.split_once('?')?;
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
    Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
}

/// The path's segments, decoded.
fn segments(seen: &Seen) -> Vec<String> {
    let path = seen.target.split('?').next().unwrap_or_default();
    let decoded = |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
    path.trim_start_matches('/').split('/').map(decoded).collect()
}

fn sentences(config: &Value, key: &str) -> Vec<String> {
    config[key]
        .as_array()
        .map(|list| list.iter().map(|text| text.as_str().expect("text").to_owned()).collect())
        .unwrap_or_default()
}

#[test]
fn a_person_goes_and_everybody_else_stays() {
    for system in SYSTEMS {
        let (server, left) = system.started(Fault::None);
        let host = system.host(&server, SECRET);
        assert_eq!(host.health(), Ok(()), "{}", system.recipe);
        let counts: BTreeMap<String, u64> =
            system.counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect();
        let shown = host.dry_run(ann()).expect("an answer");
        assert_eq!((shown.outcome, &shown.counts), (Outcome::Residual, &counts), "{}", system.recipe);
        assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
        let erased = host.erase(ann()).expect("an answer");
        assert_eq!((erased.outcome, &erased.counts), (Outcome::Erased, &counts), "{}", system.recipe);
        assert!(left.lock().expect("whole").iter().all(|address| address != "ann@x.cz"), "{}", system.recipe);
        assert!(left.lock().expect("whole").contains("joann@x.cz"), "{}", system.recipe);
        let verified = host.verify(ann()).expect("an answer");
        assert_eq!(verified.outcome, Outcome::Absent, "{}", system.recipe);
        let again = host.erase(Request { idempotency_key: "k-2".into(), ..ann() }).expect("an answer");
        assert_eq!((again.outcome, again.keeps), (Outcome::Absent, None), "{}: nothing was erased", system.recipe);
    }
}

#[test]
fn what_a_recipe_says_of_its_system_stands_with_each_answer() {
    for system in SYSTEMS {
        let (server, _) = system.started(Fault::None);
        let host = system.host(&server, SECRET);
        let (config, _) = recipe(system.recipe, &server);
        let blind = sentences(&config, "not_looked_at");
        assert!(blind.len() >= 3, "{}", system.recipe);
        let answers =
            [host.dry_run(ann()), host.erase(ann()), host.verify(ann())].map(|answer| answer.expect("an answer"));
        for answer in &answers {
            assert_eq!(answer.not_looked_at, blind, "{}", system.recipe);
            assert!(
                answer.looked_at.iter().any(|place| place.contains("GET /") && place.contains("email")),
                "{answer:?}"
            );
            assert!(!answer.looked_at.concat().contains("ann"), "{answer:?}");
        }
        let keeps = config["keeps"].as_array().map(|keeps| {
            let told = |keep: &Value| {
                let [what, says] = ["what", "says"].map(|key| keep[key].as_str().expect("text"));
                format!("{what}, by the word of {says}")
            };
            keeps.iter().map(told).collect::<Vec<_>>()
        });
        assert_eq!(answers[1].keeps, keeps, "{}", system.recipe);
        assert_eq!(answers[0].keeps, keeps, "{}: the dry run says so before", system.recipe);
    }
}

#[test]
fn no_gateway_makes_anybody_absent_and_nothing_is_deleted_behind_one() {
    for system in SYSTEMS {
        for (fault, class) in [
            (Fault::NotFound, ErrorClass::Retryable),
            (Fault::Page, ErrorClass::Retryable),
            (Fault::Limited, ErrorClass::RateLimited),
        ] {
            let (server, left) = system.started(fault);
            let host = system.host(&server, SECRET);
            for answer in [host.erase(ann()), host.dry_run(ann()), host.verify(ann())] {
                let error = answer.expect_err("nobody has looked");
                assert_eq!(error.class, class, "{} {fault:?}: {error}", system.recipe);
                assert_eq!(error.retry_after_ms, (fault == Fault::Limited).then_some(7_000), "{}", system.recipe);
            }
            assert!(host.health().is_err(), "{} {fault:?}", system.recipe);
            assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
            assert!(left.lock().expect("whole").contains("ann@x.cz"));
        }
    }
}

#[test]
fn a_wrong_secret_is_red_and_erases_nothing() {
    for system in SYSTEMS {
        let (server, left) = system.started(Fault::None);
        let host = system.host(&server, "another-key");
        let red = host.health().expect_err("red");
        assert_eq!(red.class, ErrorClass::NeedsOperator, "{}: {red}", system.recipe);
        for answer in [host.erase(ann()), host.dry_run(ann()), host.verify(ann())] {
            assert_eq!(answer.expect_err("refused").class, ErrorClass::NeedsOperator, "{}", system.recipe);
        }
        assert!(left.lock().expect("whole").contains("ann@x.cz"), "{}", system.recipe);
    }
}

#[test]
fn what_is_accepted_and_not_done_is_found_again() {
    for system in SYSTEMS {
        let (server, left) = system.started(Fault::Accepts);
        let host = system.host(&server, SECRET);
        host.erase(ann()).expect("an answer");
        let answer = host.verify(ann()).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Residual, "{}: {answer:?}", system.recipe);
        assert!(left.lock().expect("whole").contains("ann@x.cz"));
    }
}

#[test]
fn however_the_address_is_typed_the_person_is_found() {
    for system in SYSTEMS {
        let counts: BTreeMap<String, u64> =
            system.counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect();
        for typed in ["Ann <ann@x.cz>", "mailto:ann@x.cz", "ann@x.cz.", "ANN@X.CZ", " ann@x.cz\n"] {
            let typed_so = || request(&[("email", typed)]);
            let (server, left) = system.started(Fault::None);
            let host = system.host(&server, SECRET);
            let shown = host.dry_run(typed_so()).expect("an answer");
            assert_eq!((shown.outcome, &shown.counts), (Outcome::Residual, &counts), "{} {typed}", system.recipe);
            let there = host.verify(typed_so()).expect("an answer");
            assert_eq!(there.outcome, Outcome::Residual, "{} {typed}", system.recipe);
            let erased = host.erase(typed_so()).expect("an answer");
            assert_eq!((erased.outcome, &erased.counts), (Outcome::Erased, &counts), "{} {typed}", system.recipe);
            assert!(!left.lock().expect("whole").contains("ann@x.cz"), "{} {typed}", system.recipe);
        }
    }
}

#[test]
fn what_is_no_address_is_not_asked_for_and_told() {
    for system in SYSTEMS {
        let (server, _) = system.started(Fault::None);
        let host = system.host(&server, SECRET);
        for answer in
            [host.dry_run([("email", "n/a")]), host.verify([("email", "n/a")]), host.erase([("email", "n/a")])]
        {
            let answer = answer.expect("an answer");
            assert_eq!(answer.outcome, Outcome::Unverifiable, "{}", system.recipe);
            let told = "1 identifiers that have no form that a record could hold".to_owned();
            assert!(answer.not_looked_at.contains(&told), "{}: {answer:?}", system.recipe);
        }
        assert!(server.lines().iter().all(|line| !line.contains("n%2Fa")), "{:?}", server.lines());
    }
}
