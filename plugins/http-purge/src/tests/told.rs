//! What stands on the receipt: where was looked, what was not, and what the system keeps.

use quietus_plugin::unsaid;

use super::*;
use crate::words;

#[test]
fn the_readme_has_each_sentence_of_the_receipts() {
    let recipes = ["ecomail", "mailchimp", "smartemailing", "zendesk"].map(|name| format!("(recipes/{name}.toml)"));
    let all = words::ALL.map(str::to_owned).into_iter().chain(recipes);
    assert_eq!(unsaid(include_str!("../../README.md"), all), [""; 0]);
}

#[test]
fn each_answer_says_where_was_looked_and_what_the_operator_says_of_the_system() {
    let server = with_contacts();
    let mut settings = crm();
    settings["not_looked_at"] = json!(["notes and calls that name the person"]);
    settings["keeps"] = json!([{ "what": "the bin, for 30 days", "says": "the vendor's documentation" }]);
    let plugin = plugin(&server, settings);
    let keeps = Some(vec!["the bin, for 30 days, by the word of the vendor's documentation".to_owned()]);
    let shown = plugin.dry_run(ann()).expect("an answer");
    let erased = plugin.erase(ann()).expect("an answer");
    let verified = plugin.verify(ann()).expect("an answer");
    let absent = plugin.erase(Request { idempotency_key: "k-2".into(), ..ann() }).expect("an answer");
    for (answer, outcome, keeps) in [
        (shown, Outcome::Residual, keeps.clone()),
        (erased, Outcome::Erased, keeps),
        // Nothing is said of it, so that what was said stays.
        (verified, Outcome::Absent, None),
        (absent, Outcome::Absent, None),
    ] {
        assert_eq!((answer.outcome, &answer.keeps), (outcome, &keeps));
        assert_eq!(answer.looked_at, ["`GET /contacts`, by email"]);
        assert_eq!(answer.not_looked_at, ["notes and calls that name the person"]);
    }
}

#[test]
fn a_hash_is_of_the_address_in_lower_case() {
    let server = Server::start(|_| Reply::empty(204));
    let step = json!({ "name": "delete", "method": "DELETE", "url": "/members/{{email|md5}}",
        "query": { "q": "'{{email|md5}}' \"{{email | md5}}\"" } });
    let plugin = plugin(&server, json!({ "erase": [step] }));
    erase(&plugin, &request(&[("email", " Ann@X.CZ ")])).expect("an answer");
    let hash = "2d9f43b139cd4a116c984608b9ec413f";
    assert_eq!(server.lines(), [format!("DELETE /members/{hash}?q=%27{hash}%27%20%22{hash}%22")]);
    let mut whole = crm();
    whole["erase"][1] =
        json!({ "name": "delete", "method": "POST", "url": "/x", "body": { "json": { "ids": "{{find.ids|md5}}" } } });
    assert!(configure("https://crm.example", whole).is_err());
}

#[test]
fn one_record_is_looked_up_and_its_404_believed_after_a_control() {
    let find = json!({ "name": "find", "method": "GET", "url": "/people/{{email}}", "lookup": true, "items": "$",
        "match": { "path": "$.email", "equals": "{{email}}" }, "extract": { "ids": "$.id" } });
    let delete = json!({ "name": "delete", "method": "DELETE", "url": "/people/{{item}}", "for_each": "find.ids" });
    let settings = json!({ "erase": [find, delete], "verify": [find], "health": health_step() });
    #[track_caller]
    fn check(settings: &Value, record: fn() -> Reply, is_healthy: bool, expected: Result<Outcome, ()>) {
        let server = Server::start(move |seen| match seen.target.as_str() {
            "/health" if is_healthy => healthy(),
            "/health" => Reply::empty(404),
            _ => record(),
        });
        let answer = plugin(&server, settings.clone()).dry_run(ann());
        assert_eq!(answer.map(|answer| answer.outcome).map_err(drop), expected);
    }
    check(&settings, || Reply::json(200, &json!({ "id": 7, "email": "ANN@x.cz" })), true, Ok(Outcome::Residual));
    check(&settings, || Reply::json(200, &json!({ "id": 7, "email": "joann@x.cz" })), true, Ok(Outcome::Absent));
    check(&settings, || Reply::json(200, &json!({ "id": 7, "email": null })), true, Ok(Outcome::Unverifiable));
    check(&settings, || Reply::empty(404), true, Ok(Outcome::Absent));
    check(&settings, || Reply::json(200, &Value::Null), true, Ok(Outcome::Absent));
    check(&settings, || Reply::empty(404), false, Err(()));
    check(&settings, || Reply::text(404, "<html>no such page</html>"), false, Err(()));
    check(&settings, || Reply::text(200, "<html>please log in</html>"), true, Err(()));

    let mut uncontrolled = settings.clone();
    uncontrolled["health"] = Value::Null;
    let mut listing = settings;
    listing["erase"][0]["items"] = json!("$.results[*]");
    for (settings, expected) in
        [(uncontrolled, "add `health`"), (listing, "`lookup` is for a request that reads one record")]
    {
        let error = configure("https://crm.example", settings).err().expect("refused");
        assert!(error.message.contains(expected), "{error}");
    }
}
