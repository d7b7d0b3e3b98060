//! Who is erased again, and who is not.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::harness::{Server, StandIn, receipts, wait_for};

/// The receipts of erasures that followed others, by the erasure that they follow.
fn followed(deployment: &Deployment, count: usize) -> BTreeMap<String, Value> {
    let all = receipts(deployment, count);
    let of = |receipt: &Value| {
        let rules = receipt["statement"]["rules"].as_array()?.iter().filter_map(Value::as_str);
        let before = rules.filter_map(|rule| rule.strip_prefix("erased again after ")).next()?;
        Some((before.to_owned(), receipt["statement"].clone()))
    };
    all.iter().filter_map(of).collect()
}

#[test]
fn who_was_erased_is_erased_again_and_nobody_who_came_back_or_may_be_somebody_else() {
    let (standin, crm) = (StandIn::start(), System::start());
    let old = before();
    crm.holds(&[
        ("ann@x.cz", "Ann Nováková", old),
        ("bob@x.cz", "Bob", old),
        ("cyril@x.cz", "Cyril", old),
        ("dan@x.cz", "Dan", old),
        ("eve@x.cz", "Eve", old),
    ]);
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    let ann = erase(&deployment, "ann@x.cz", "Ann Nováková", "crm", &[]);
    let cyril = erase(&deployment, "cyril@x.cz", "Cyril", "crm", &[]);
    let dan = erase(&deployment, "dan@x.cz", "Dan", "crm", &[]);
    let eve = erase(&deployment, "eve@x.cz", "Eve", "crm", &[]);
    receipts(&deployment, 4);
    assert_eq!(crm.emails(), ["bob@x.cz"]);
    let nobody = look(&deployment, "crm", &[]);
    assert_eq!((found(&nobody), &nobody["compared"], &nobody["records"]), (BTreeMap::new(), &json!(4), &json!(1)));

    // The backup comes back; Ann has a namesake, Cyril a new record, Dan's has lost its time, and somebody else has Eve's address.
    crm.holds(&[
        ("ANN@x.cz", "Nováková Ann", old),
        ("bob@x.cz", "Bob", old),
        ("cyril@x.cz", "Cyril", old),
        ("dan@x.cz", "Dan", None),
        ("eve@x.cz", "Adam", old),
        ("other.ann@x.cz", "Ann Nováková", old),
        ("cyril@x.cz", "Cyril", Some(now_ms() + 1_000)),
    ]);
    let everybody = crm.emails();
    let shown = look(&deployment, "crm", &[]);
    let expected = [(&ann, "again"), (&cyril, "back"), (&dan, "undated"), (&eve, "possible")];
    let expected: BTreeMap<_, _> = expected.into_iter().map(|(id, is)| (id.clone(), is.to_owned())).collect();
    assert_eq!(found(&shown), expected, "{shown}");
    assert_eq!((&shown["records"], &shown["dry_run"]), (&json!(7), &json!(true)));
    assert_eq!(crm.emails(), everybody, "a look erases nobody");

    let others = deployment.run(&["erase-again", "--target", "crm", "--since", SINCE, "--plan", "0123"]);
    assert_eq!(others.status.code(), Some(1), "{}", String::from_utf8_lossy(&others.stderr));
    assert_eq!(crm.emails(), everybody, "not by another plan");

    let done = look(&deployment, "crm", &["--plan", &plan(&shown)]);
    assert_eq!(done["dry_run"], false);
    let receipts = followed(&deployment, 5);
    assert_eq!(receipts.keys().collect::<Vec<_>>(), [&ann]);
    let steps = receipts[&ann]["steps"].as_array().expect("steps");
    assert_eq!(
        steps.iter().map(|step| (&step["target"], &step["outcome"])).collect::<Vec<_>>(),
        [(&json!("crm"), &json!("erased"))]
    );
    let mut left = everybody.clone();
    left.retain(|email| email != "ANN@x.cz");
    assert_eq!(crm.emails(), left);

    // Each run is in the audit, with its counts, and so is what follows what.
    let audit = deployment.json(&["audit", "list", "--act", "erasure.again"]);
    let rows: Vec<_> = audit.as_array().expect("rows").iter().map(|row| &row["entry"]).collect();
    let results: Vec<_> = rows.iter().map(|row| (&row["result"], &row["details"]["then"])).collect();
    assert!(results.contains(&(&json!("done"), &json!("erase"))), "{audit}");
    assert!(results.contains(&(&json!("failed"), &json!("erase"))), "{audit}");
    let erased = rows.iter().find(|row| row["result"] == "done" && row["details"]["then"] == "erase").expect("it");
    assert_eq!([&erased["details"]["again"], &erased["details"]["back"]], [&json!(1), &json!(1)], "{audit}");
    let reopened = deployment.json(&["audit", "list", "--act", "erasure.reopen"]);
    assert_eq!(reopened[0]["entry"]["details"]["after"], json!(ann));

    // Who is gone is not found once more, and who is left is still told.
    let once_more = look(&deployment, "crm", &["--yes"]);
    assert_eq!(found(&once_more).get(&ann), None, "{once_more}");
    assert_eq!(found(&once_more).len(), 3);
    nobody_else_is_written(&deployment, &server);
    no_key_has_left(&deployment, &crm);
    server.stop();
}

/// Whatever is said to the plugin holds neither a key nor what is made by one of a person: who is meant is found out here.
fn no_key_has_left(deployment: &Deployment, crm: &System) {
    let frames = crm.read("frames");
    for kind in ["configure", "sweep", "erase"] {
        assert!(frames.contains(&format!("\"type\": \"{kind}\"")), "there is much to search, or this tests nothing");
    }
    let key = |name: &str| {
        let text = std::fs::read_to_string(deployment.path(&format!("keys/{name}.key"))).expect("a key");
        hex::decode(text.trim()).expect("hex digits")
    };
    let ledger = deployment.ledger();
    let mut all = ledger
        .prepare("SELECT fingerprint FROM erasure_fingerprint UNION SELECT fingerprint FROM fingerprint")
        .expect("a query");
    let prints = all.query_map([], |row| row.get::<_, Vec<u8>>(0)).expect("rows");
    let prints: Vec<_> = prints.map(|one| one.expect("a fingerprint")).collect();
    assert!(prints.len() >= 4, "of those who were erased");
    let frames_in_capitals = frames.to_uppercase();
    for secret in prints.into_iter().chain(["index", "seal", "receipt"].map(key)) {
        assert_eq!(secret.len(), 32);
        let digits = hex::encode_upper(&secret);
        assert!(!frames_in_capitals.contains(&digits), "{digits} was told: {frames}");
        for text in [STANDARD_NO_PAD.encode(&secret), URL_SAFE_NO_PAD.encode(&secret)] {
            assert!(!frames.contains(&text), "{text} was told: {frames}");
        }
    }
}

/// Of whom the system holds and nobody has asked for, nothing is anywhere.
fn nobody_else_is_written(deployment: &Deployment, server: &Server) {
    for text in ["bob@x.cz", "Bob", "other.ann@x.cz", "Adam"] {
        let log = server.log().join("\n");
        assert!(!log.contains(text), "{text} in the log");
        for entry in std::fs::read_dir(deployment.folder()).expect("a folder").flatten() {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            let is_there = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!is_there, "{text} in {}", entry.path().display());
        }
    }
}

#[test]
fn who_talks_to_the_company_again_is_not_erased_again() {
    let (standin, crm) = (StandIn::start(), System::start());
    let by_email = "match = [[\"email\"]]\naccept_ledger_only = true";
    let settling = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";
    let deployment = Deployment::tuned(&standin.mluvii, "", by_email, &format!("{settling}{}", crm.plugin("crm")));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let ann = erase(&deployment, "ann@example.com", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    crm.holds(&[("ann@example.com", "Ann", before())]);
    assert_eq!(found(&look(&deployment, "crm", &[])), [(ann.clone(), "again".to_owned())].into());
    standin.begin(7, "ann@example.com", Some("2"));
    standin.end(7);
    deployment.settled(1);
    assert_eq!(found(&look(&deployment, "crm", &["--yes"])), [(ann, "back".to_owned())].into());
    assert_eq!(crm.emails(), ["ann@example.com"]);
    server.stop();
}

#[test]
fn a_company_finds_its_own_people_only_and_by_a_rotated_key_too() {
    let (acme, globex, crm) = (StandIn::start(), StandIn::start(), System::start());
    let second = format!(
        "[[mluvii]]\nname = \"globex\"\nbase_url = \"{}\"\nclient_id = {{ file = \"api.secret\" }}\n\
         client_secret = {{ file = \"api.secret\" }}\nverify_after = \"0s\"\n",
        globex.mluvii
    );
    let deployment = Deployment::tuned(&acme.mluvii, "", PERSON, &format!("{second}{}", crm.plugin("crm")));
    deployment.names_companies();
    let server = Server::start(&deployment);
    let ann = erase(&deployment, "ann@x.cz", "Ann", "crm", &["--mluvii", "acme"]);
    let bob = erase(&deployment, "bob@x.cz", "Bob", "crm", &["--mluvii", "globex"]);
    receipts(&deployment, 2);
    server.stop();
    crm.holds(&[("ann@x.cz", "Ann", before()), ("bob@x.cz", "Bob", before())]);
    let unnamed = deployment.run(&["erase-again", "--target", "crm", "--since", SINCE]);
    assert_eq!(unnamed.status.code(), Some(2), "several companies: {}", String::from_utf8_lossy(&unnamed.stderr));
    let both = || {
        let of = |company: &str| found(&look(&deployment, "crm", &["--mluvii", company]));
        let expected = |id: &String| BTreeMap::from([(id.clone(), "again".to_owned())]);
        assert_eq!((of("acme"), of("globex")), (expected(&ann), expected(&bob)));
    };
    both();
    deployment.json(&["keys", "rotate", "index"]);
    both();
    let server = Server::start(&deployment);
    look(&deployment, "crm", &["--mluvii", "globex", "--yes"]);
    wait_for("Bob to be erased", || (crm.emails() == ["ann@x.cz"]).then_some(()));
    receipts(&deployment, 3);
    server.stop();
}

#[test]
fn where_a_place_was_not_looked_at_or_a_hold_keeps_them_nobody_is_erased_again() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    let ann = erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    crm.holds(&[("ann@x.cz", "Ann", before())]);
    let whole = plan(&look(&deployment, "crm", &[]));
    // Something newer may be in what does not open.
    crm.write("mode", "skips");
    let unseen = look(&deployment, "crm", &["--yes"]);
    assert_eq!(found(&unseen), [(ann.clone(), "unseen".to_owned())].into(), "{unseen}");
    let by_plan = deployment.run(&["erase-again", "--target", "crm", "--since", SINCE, "--plan", &whole]);
    assert_eq!(by_plan.status.code(), Some(1), "another plan: {}", String::from_utf8_lossy(&by_plan.stdout));
    crm.remove("mode");
    deployment.write("who", "ann@x.cz");
    let who = format!("@{}", deployment.path("who").display());
    deployment.json(&["holds", "add", "--email", &who, "--reason", "legal-claims"]);
    assert_eq!(found(&look(&deployment, "crm", &["--yes"])), [(ann, "held".to_owned())].into());
    assert_eq!(deployment.json(&["erasures", "list"]).as_array().map(Vec::len), Some(1), "nobody was asked for");
    assert_eq!(crm.emails(), ["ann@x.cz"]);
    server.stop();
}

#[test]
fn who_is_erased_again_is_told_without_a_session_or_a_guest() {
    let (standin, crm) = (StandIn::start(), System::start());
    let by_email = "match = [[\"email\"]]\naccept_ledger_only = true";
    let settling = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";
    let deployment = Deployment::tuned(&standin.mluvii, "", by_email, &format!("{settling}{}", crm.plugin("crm")));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(7, "ann@example.com", Some("2"));
    standin.end(7);
    deployment.settled(1);
    // The first request left a session out that is certainly theirs.
    let ann = erase(&deployment, "ann@example.com", "Ann", "crm", &["--exclude", "acme/7"]);
    receipts(&deployment, 1);
    crm.holds(&[("ann@example.com", "Ann", before())]);
    assert_eq!(found(&look(&deployment, "crm", &["--yes"])), [(ann.clone(), "again".to_owned())].into());
    let receipts = followed(&deployment, 2);
    let receipt = receipts.get(&ann).unwrap_or_else(|| panic!("{receipts:?}"));
    assert_eq!((&receipt["sessions"], &receipt["excluded"]), (&json!(0), &json!(0)), "{receipt}");
    assert_eq!(receipt["search"], "identifiers_only", "{receipt}");
    assert_eq!(crm.emails(), [] as [&str; 0]);
    server.stop();
}

#[test]
fn whom_a_system_holds_is_asked_for_at_its_rate() {
    let (standin, crm) = (StandIn::start(), System::start());
    let plugin = crm.plugin("crm").replace("grants", "calls_per_s = 1000\ngrants");
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &plugin);
    let server = Server::start(&deployment);
    erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    server.stop();
    let charged = || deployment.count("SELECT COUNT(*) FROM pace WHERE target = 'crm' AND next_call_us > 0");
    assert_eq!(charged(), 1, "its erasure was");
    deployment.ledger().execute("DELETE FROM pace", []).expect("an update");
    assert_eq!(look(&deployment, "crm", &[])["compared"], 1);
    assert_eq!(charged(), 1);
}
