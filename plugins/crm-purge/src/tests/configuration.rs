//! What is wrong with a configuration is told before the first request.

use super::*;

#[track_caller]
fn check(more: Value, expected: &str) {
    let mut config = json!({ "vendor": "hubspot", "auth": { "bearer": { "secret": "token" } } });
    config.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    match TestHost::<CrmPurge>::with_secrets(config, [("token", "hunter2")]) {
        Ok(_) => panic!("accepted"),
        Err(error) => assert!(error.message.contains(expected), "{}", error.message),
    }
}

#[test]
fn mistakes_are_named() {
    check(json!({ "vendor": "hubspott" }), "vendor: it is none of hubspot, pipedrive, raynet, salesforce, dynamics");
    check(json!({ "vendor": "salesforce" }), "base_url: Salesforce has no common address");
    check(json!({ "vendor": "dynamics" }), "base_url: Dynamics 365 has no common address");
    check(json!({ "vendor": "raynet" }), "instance: Raynet needs the name of the instance");
    check(json!({ "vendor": "raynet", "instance": "a\r\nb" }), "instance: ");
    check(json!({ "instance": "my-crm" }), "instance: HubSpot has no such thing");
    check(json!({ "vendor": "pipedrive", "api_version": "v2" }), "api_version: Pipedrive has no such thing");
    for version in ["v3", "2026", "2026-3", "26-03", "2026-03/..", "2026-03-gamma"] {
        check(json!({ "api_version": version }), "api_version: it is no version such as 2026-03");
    }
    for version in ["62.0", "v", "v62", "v62.0/..", "v9..2", "vx.y"] {
        let base_url = "https://x.my.salesforce.com";
        check(
            json!({ "vendor": "salesforce", "base_url": base_url, "api_version": version }),
            "api_version: it is no version",
        );
    }
    check(json!({ "visibility": "trusted" }), "visibility: HubSpot has no such thing");
    check(json!({ "erasure": "delete" }), "erasure: HubSpot has no `delete`; it has anonymize");
    check(
        json!({ "vendor": "pipedrive", "erasure": "anonymize" }),
        "erasure: Pipedrive has no `anonymize`; it has delete",
    );
    check(
        json!({ "vendor": "pipedrive", "related": ["deals", "quotes"] }),
        "related: `quotes` cannot be erased from Pipedrive; possible are deals, activities, notes, leads",
    );
    check(json!({ "by": [] }), "by: it is empty");
    check(json!({ "by": ["email"], "id_kind": "contact_id" }), "id_kind: nobody is looked for by it");
    for kind in ["email", "guest_id", "Raynet id"] {
        check(json!({ "returns": kind }), "returns");
    }
    check(json!({ "phone_alone": true }), "phone_alone: nobody is looked for by number");
    check(json!({ "rate": 0.0 }), "rate: allowed are");
    check(json!({ "search_rate": 0.0 }), "the rate of `search`: allowed are");
    check(json!({ "auth": { "bearer": { "secret": "none" } } }), "the secret `none` is not configured");
    check(json!({ "base_url": "http://crm.example" }), "base_url: ");
    check(json!({ "colour": "blue" }), "does not fit the plugin's type");
}

#[test]
fn vendors_with_a_common_address_need_none() {
    for (vendor, more) in
        [("hubspot", json!({})), ("pipedrive", json!({})), ("raynet", json!({ "instance": "my-crm" }))]
    {
        let mut config =
            json!({ "vendor": vendor, "auth": { "header": { "name": "x-api-token", "secret": "token" } } });
        config.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        let host = TestHost::<CrmPurge>::with_secrets(config, [("token", "hunter2")]).expect("configured");
        assert_eq!(host.manifest().ports, [443], "the address that is not configured can be reached");
    }
}

#[test]
fn the_schema_names_the_vendors() {
    let standin = StandIn::start(ALL[0], Vec::new());
    let host = host(&standin);
    let schema = &host.manifest().config_schema;
    let names: Vec<_> = ALL.iter().map(|kind| kind.name).collect();
    assert_eq!(schema["properties"]["vendor"]["enum"], json!(names));
}

#[test]
fn the_examples_are_accepted() {
    #[derive(serde::Deserialize)]
    struct Example {
        plugin: Vec<Block>,
    }
    #[derive(serde::Deserialize)]
    struct Block {
        library: String,
        grants: Vec<String>,
        config: Value,
        secrets: std::collections::BTreeMap<String, Value>,
    }
    let examples = include_str!("../../config.toml");
    let examples: Example = toml::from_str(examples).expect("TOML");
    let mut vendors = Vec::new();
    for block in examples.plugin {
        assert_eq!(block.library, "libcrm_purge.so");
        let secrets = block.secrets.keys().map(|name| (name.as_str(), "hunter2"));
        vendors.push(block.config["vendor"].as_str().expect("a text").to_owned());
        let by = block.config["by"].as_array().map_or(1, Vec::len);
        assert_eq!(block.grants.len(), by, "what is looked for by is granted, and nothing else");
        TestHost::<CrmPurge>::with_secrets(&block.config, secrets).expect("accepted");
    }
    assert_eq!(vendors, ALL.map(|kind| kind.name));
}

#[test]
fn searches_keep_to_their_own_rate() {
    for_all(|kind| {
        let standin = StandIn::start(kind, Vec::new());
        let host = host_with(&standin, json!({ "search_rate": 0.001 })).call_max(std::time::Duration::from_secs(60));
        let many = Request::from([("email", "ann@x.cz"), ("email", "bob@x.cz"), ("email", "cat@x.cz")]);
        let error = host.erase(many).expect_err("too soon");
        assert!(error.class == ErrorClass::RateLimited && error.retry_after_ms > Some(60_000), "{error:?}");
        let about_people = standin.server.seen().iter().filter(|seen| !is_question(seen)).count();
        assert_eq!(about_people, 1, "{}", kind.name);
    });
}

#[test]
fn without_a_rate_it_is_the_vendors() {
    for (kind, rates) in ALL.iter().zip([(10.0, 4.0), (10.0, 5.0), (2.0, 2.0), (5.0, 5.0), (10.0, 10.0)]) {
        let standin = StandIn::start(kind, Vec::new());
        let mut config = config(&standin, json!({}));
        let rate = |config: &Value| {
            let config: crate::Config = serde_json::from_value(config.clone()).expect("a configuration");
            let (traits, _) = crate::vendor::of(&config.vendor, &config.own()).expect("a vendor");
            (config.client(traits).expect("settings").rate, traits.search_rate)
        };
        assert_eq!(rate(&config).0, Some(1000.0), "{}", kind.name);
        config.as_object_mut().expect("an object").remove("rate");
        assert_eq!(rate(&config), (Some(rates.0), rates.1), "{}", kind.name);
    }
}

/// Its API has a version by date in each path (<https://github.com/HubSpot/HubSpot-public-api-spec-collection>, the folders of
/// CRM/Contacts: 2025-09, 2026-03, 2026-09-beta).
#[test]
fn hubspots_version_is_in_each_path() {
    for version in ["2025-09", "2026-09-beta"] {
        let standin = StandIn::start(ALL[0], Vec::new());
        standin.world().before = Some(Box::new(|_, _| Some(Reply::json(200, &json!({ "results": [] })))));
        let host = host_with(&standin, json!({ "api_version": version, "related": ["notes"] }));
        assert_eq!(host.health(), Ok(()));
        assert_eq!(bare(host.erase(ann())), Ok(Answer::absent()));
        let path = format!(" /crm/objects/{version}/");
        let lines = standin.server.lines();
        assert!(lines.len() > 3 && lines.iter().all(|line| line.contains(&path)), "{lines:?}");
    }
}
