//! What is wrong with a configuration is told before anything is touched, and the examples are right.

use super::*;

#[track_caller]
fn refused(places: Value, why: &str) {
    let error = plugin(places).err().expect("refused");
    assert!(error.message.contains(why), "{error}");
}

#[test]
fn mistakes_are_named() {
    let local =
        |more: Value| json!([{ "name": "a", "local": with(json!({ "root": "/srv", "path": "{email}" }), more) }]);
    refused(json!([]), "place");
    refused(local(json!({ "root": "srv" })), "place `a`: local.root: it is not an absolute path");
    refused(local(json!({ "root": "/srv/../etc" })), "local.root: it is not an absolute path without `..`");
    refused(local(json!({ "root": "/" })), "local.root: `/` is too much");
    refused(local(json!({ "path": "x" })), "local.path: there is no identifier in it");
    refused(local(json!({ "path": "{email}*" })), "local.path: in `{email}*`: between an identifier and `*`");
    refused(local(json!({ "files_max": 0 })), "local.files_max");
    for marker in ["", "..", "a/b"] {
        refused(local(json!({ "marker": marker })), "local.marker: it is one name");
    }
    refused(local(json!({ "mode": "shred" })), "does not fit the plugin's type");
    refused(local(json!({ "colour": "blue" })), "does not fit the plugin's type");
    refused(json!([{ "name": "A b", "local": { "root": "/srv", "path": "{email}" } }]), "place[0].name: allowed are");
    refused(json!([{ "name": "a" }]), "place `a`: a place is either `local` or `s3`");
    let twice = json!({ "name": "a", "local": { "root": "/srv", "path": "{email}" } });
    refused(json!([twice, twice]), "two places are named `a`");

    let cloud = |more: Value| json!([{ "name": "a", "s3": with(s3("https://s3.example", "b"), more) }]);
    refused(cloud(json!({ "endpoint": "http://s3.example" })), "s3.endpoint: `http://s3.example` is not encrypted");
    refused(cloud(json!({ "endpoint": "ftp://s3.example" })), "s3.endpoint: it is an http(s) address");
    refused(cloud(json!({ "endpoint": "https://a:b@s3.example" })), "s3.endpoint: it holds a user or a password");
    refused(cloud(json!({ "endpoint": "s3.example" })), "s3.endpoint: it is no URL");
    refused(cloud(json!({ "bucket": "a/b" })), "s3.bucket");
    refused(cloud(json!({ "bucket": ".." })), "s3.bucket");
    refused(
        cloud(json!({ "endpoint": "https://127.0.0.1", "style": "virtual_host" })),
        "s3.style: the endpoint is an IP",
    );
    refused(cloud(json!({ "key": "a/{email}/" })), "s3.key: it ends in `/`; does `recursive` miss");
    refused(cloud(json!({ "key": "a/{email}", "recursive": true })), "s3.key: with `recursive` it ends in `/`");
    refused(cloud(json!({ "key": "a/{email}/*" })), "s3.key: in `*`: `*` is for files only");
    refused(cloud(json!({ "secret_access_key": "none" })), "s3.secret_access_key: the secret `none` is not configured");
    refused(cloud(json!({ "session_token": "none" })), "s3.session_token: the secret `none` is not configured");
    refused(cloud(json!({ "ca_file": "/nowhere/ca.pem" })), "s3.ca_file");
    refused(cloud(json!({ "rate": 0 })), "s3.rate");
    refused(cloud(json!({ "versions_max": 0 })), "s3.versions_max");
}

#[test]
fn what_the_sandbox_lets_through_is_what_the_places_name() {
    let manifest = Files::manifest();
    assert_eq!(manifest.writes_from, ["/place/*/local/root"]);
    assert_eq!(manifest.ports_from, ["/place/*/s3/endpoint"]);
    assert_eq!(manifest.reads_from, ["/place/*/s3/ca_file"]);
}

/// The `[[plugin]]` tables in a text.
#[track_caller]
fn accepted(text: &str) {
    let parsed: toml::Table = toml::from_str(text).expect("TOML");
    let plugins = parsed["plugin"].as_array().expect("`[[plugin]]`");
    for plugin in plugins {
        assert_eq!(plugin["library"].as_str(), Some("libfiles.so"));
        let secrets = plugin.get("secrets").and_then(|secrets| secrets.as_table()).cloned().unwrap_or_default();
        let secrets = secrets.keys().map(|name| (name.clone(), "x".to_owned()));
        TestHost::<Files>::with_secrets(&plugin["config"], secrets).map(drop).expect("configured");
    }
    assert!(!plugins.is_empty());
}

#[test]
fn the_example_and_the_readme_are_accepted() {
    accepted(include_str!("../../config.toml"));
    let readme = include_str!("../../README.md");
    let examples: Vec<_> = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    examples.iter().for_each(|example| accepted(example));
}
