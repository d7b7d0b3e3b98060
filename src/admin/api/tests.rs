//! The API's description: as it is committed, and true of what the routes ask for.

use std::collections::BTreeSet;
use std::path::Path;

use aide::openapi::{Info, OpenApi, SecurityScheme};
use serde_json::Value;

use super::{DESCRIPTION, routes};
use crate::access::Permission;
use crate::admin::caller::SCHEME;

/// Written anew where a person says so: what others have written against must not change by accident.
const WRITE: &str = "QUIETUS_TEST_WRITE_OPENAPI";

/// The description of the routes.
fn described() -> OpenApi {
    let token = SecurityScheme::Http {
        scheme: "bearer".to_owned(),
        bearer_format: None,
        description: Some(
            "A token of `quietus tokens issue`. What an operation takes is named beside it: a permission that roles have."
                .to_owned(),
        ),
        extensions: Default::default(),
    };
    let info = Info {
        title: "quietus".to_owned(),
        version: "1".to_owned(),
        description: Some("The admin API of quietus: see docs/api.md.".to_owned()),
        ..Info::default()
    };
    let mut api = OpenApi { info, ..OpenApi::default() };
    let _ = routes().finish_api_with(&mut api, |api| api.security_scheme(SCHEME, token));
    api
}

fn description() -> Value {
    serde_json::to_value(described()).expect("JSON")
}

#[test]
fn the_committed_description_is_that_of_the_routes() {
    let text = format!("{}\n", serde_json::to_string_pretty(&description()).expect("JSON"));
    if std::env::var_os(WRITE).is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
        std::fs::write(path, &text).expect("written");
        return;
    }
    assert!(text == DESCRIPTION, "docs/openapi.json is not what the routes are; {WRITE}=1 writes it anew");
}

/// Every operation, with its path and method.
fn operations(api: &Value) -> Vec<(String, String, &Value)> {
    let paths = api["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("an item") {
            all.push((path.clone(), method.clone(), operation));
        }
    }
    all
}

#[test]
fn every_operation_says_what_it_takes_what_it_answers_and_what_it_is() {
    let api = description();
    let permissions: BTreeSet<String> = Permission::ALL.iter().map(ToString::to_string).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&api) {
        let place = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place} has no id"));
        assert!(ids.insert(id.to_owned()), "{place}: {id} is another operation's id");
        assert!(operation["summary"].is_string(), "{place} says not what it is");
        let needed = operation["security"][0]["token"][0].as_str().unwrap_or_else(|| panic!("{place} takes no token"));
        assert!(permissions.contains(needed), "{place}: {needed}");
        let responses = operation["responses"].as_object().expect("responses");
        let mut codes = vec!["401", "403", "default"];
        if operation["requestBody"].is_object() {
            codes.extend(["400", "404", "408", "413", "415"]);
        }
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        if parameters.any(|one| one["name"] == "company") {
            codes.push("404");
        }
        // Lists and single things are there or not, whatever state anything is in.
        if ![Permission::See, Permission::SeeAccounts].iter().any(|see| needed == see.to_string()) {
            codes.push("409");
        }
        for code in codes {
            assert!(responses.contains_key(code), "{place} says nothing of {code}");
        }
        assert!(responses.contains_key("200") || responses.contains_key("201"), "{place}");
    }
    assert!(ids.len() > 25, "{}", ids.len());
}

/// Who has heard no answer sends it once more, and must not make it twice.
#[test]
fn whatever_is_made_can_be_ordered_once_for_all() {
    let api = description();
    let mut made = 0;
    for (path, method, operation) in operations(&api) {
        if operation["responses"].get("201").is_none() {
            continue;
        }
        made += 1;
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        let takes_key = parameters.any(|one| one["name"] == "Idempotency-Key" && one["in"] == "header");
        assert!(takes_key, "{method} {path} makes something, and does it again when it comes again");
        let headers = &operation["responses"]["201"]["headers"];
        assert!(headers["idempotency-replayed"].is_object(), "{method} {path} says not that it was done before");
    }
    assert!(made >= 5, "{made}, or this tests nothing");
}

/// What names a person would stand in the logs of every proxy between.
#[test]
fn no_identifier_stands_in_an_address() {
    let api = description();
    for (path, method, operation) in operations(&api) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let personal = ["email", "phone", "name", "value", "identifier", "identifiers", "guest"];
            assert!(!personal.contains(&name.as_str()), "{method} {path}: {name}");
        }
    }
}
