//! `quietus receipts verify` and an independent verifier in Python, which knows docs/receipt.md only, agree on what is
//! verified and on what is not. The exports are signed here, by neither of the two.

use std::path::Path;
use std::process::Command;

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::quietus;
use crate::interop::python;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn public(key: &SigningKey) -> String {
    hex::encode(key.verifying_key().as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The canonical text of a statement: its names and values are ASCII, so sorted is sorted.
fn statement(sequence: u64, previous: &str) -> String {
    let id = sha256(key(2).verifying_key().as_bytes());
    let step = json!({
        "target": "crm", "outcome": "erased", "reason": null, "counts": { "contacts": 2 }, "looked_at": ["contacts"],
        "not_looked_at": [], "keeps": [], "left": {}, "accepted": {}, "expected": false,
        "erased_at": "2026-05-02T16:05:24Z", "verified_at": "2026-05-02T16:06:24Z",
    });
    let statement = json!({
        "format": 2, "sequence": sequence, "previous": previous, "key": &id[..16],
        "erasure": "e-07070707070707070707070707070707", "installation": "acme", "scope": "session",
        "subject": "session:acme/7", "state": "done", "verdict": "complete", "reasons": [], "rules": ["r"],
        "approved": null, "confirmed": null, "sessions": 1, "possible_left": 0, "possible_included": 0, "possible_excluded": 0,
        "excluded": 0, "came_since": 0, "unread": 0, "narrowed": null, "search": "not_needed", "consent_versions": [], "hold": null, "gap": null, "created": "2026-05-02T16:05:24Z",
        "begun": null, "ended": "2026-05-02T16:06:24Z", "steps": [step],
    });
    statement.to_string()
}

/// A receipt whose statement is spelt so, signed over its canonical text.
fn receipt(spelt: &str, canonical: &str) -> String {
    let signature = hex::encode(key(2).sign(canonical.as_bytes()).to_bytes());
    format!(r#"{{"statement":{spelt},"signature":"{signature}"}}"#)
}

fn header(receipts: u64) -> String {
    let ends = (receipts > 0).then_some((1, receipts));
    json!({
        "quietus_receipts": 2, "public_keys": [public(&key(2))], "first": ends.map(|ends| ends.0),
        "last": ends.map(|ends| ends.1), "receipts": receipts,
        "verdicts": { "complete": receipts, "retained": 0, "incomplete": 0 },
    })
    .to_string()
}

/// The lines of an export; each statement is changed by `edit` before it is signed, into its spelling and its canonical
/// text.
fn export(receipts: u64, edit: impl Fn(String) -> (String, String)) -> Vec<String> {
    let mut lines = vec![header(receipts)];
    let mut previous = sha256(b"");
    for sequence in 1..=receipts {
        let (spelt, canonical) = edit(statement(sequence, &previous));
        previous = sha256(canonical.as_bytes());
        lines.push(receipt(&spelt, &canonical));
    }
    lines
}

fn plain(receipts: u64) -> Vec<String> {
    export(receipts, |canonical| (canonical.clone(), canonical))
}

/// What the two programs say of a file.
pub(crate) fn verdicts(file: &Path, keys: &[String]) -> [Value; 2] {
    verdicts_of(&[file], keys)
}

/// What they say of several files, as one chain.
pub(crate) fn verdicts_of(files: &[&Path], keys: &[String]) -> [Value; 2] {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/verify_receipts.py");
    let mut ours = quietus();
    ours.args(["--json", "receipts", "verify"]).args(files);
    for key in keys {
        ours.args(["--public-key", key]);
    }
    let mut theirs = Command::new(python());
    theirs.arg(script).args(files).args(keys);
    [ours, theirs].map(|mut program| {
        let output = program.output().expect("it runs");
        let said: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{program:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
        let code = match said["verified"] {
            Value::Bool(true) => 0,
            Value::Bool(false) => 1,
            // Ours: there is nothing of which it could be said.
            _ => 8,
        };
        assert_eq!(output.status.code(), Some(code), "{said}");
        said
    })
}

/// The codes of a statement's reasons.
pub(super) fn codes(statement: &Value) -> Vec<&str> {
    let reasons = statement["reasons"].as_array().expect("reasons");
    reasons.iter().map(|reason| reason["code"].as_str().expect("a code")).collect()
}

fn both(lines: &[String], keys: &[String]) -> [Value; 2] {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
    verdicts(file.path(), keys)
}

#[track_caller]
fn check_verified(lines: &[String]) {
    let [ours, theirs] = both(lines, &[public(&key(2))]);
    assert_eq!((&ours["verified"], &theirs["verified"]), (&json!(true), &json!(true)), "{ours} {theirs}");
    for what in ["first", "last", "verdicts"] {
        assert_eq!(ours[what], theirs[what], "{what}: {ours} {theirs}");
    }
    assert_eq!(ours["gaps"].as_array().map(Vec::len), theirs["gaps"].as_u64().map(|gaps| gaps as usize));
}

#[track_caller]
fn check_refused(why: &str, lines: &[String]) {
    let [ours, theirs] = both(lines, &[public(&key(2))]);
    assert_eq!((&ours["verified"], &theirs["verified"]), (&json!(false), &json!(false)), "{why}: {ours} {theirs}");
}

/// Ours makes a difference between what is wrong and what is nothing.
#[track_caller]
fn check_nothing(lines: &[String], theirs_verifies: bool) {
    let [ours, theirs] = both(lines, &[public(&key(2))]);
    assert_eq!((&ours["verified"], &theirs["verified"]), (&Value::Null, &json!(theirs_verifies)), "{ours} {theirs}");
}

/// The statement of a receipt after a gap.
fn after_gap(sequence: u64, previous: &str, gap: &Value) -> String {
    replaced(statement(sequence, previous), "\"gap\":null", &format!("\"gap\":{gap}"))
}

fn replaced(text: String, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` is not in {text}");
    text.replacen(from, to, 1)
}

#[test]
fn both_verify_what_was_signed_however_it_is_spelt() {
    check_nothing(&plain(0), true);
    check_verified(&plain(3));
    let spaced = |canonical: String| {
        (replaced(canonical.clone(), "\"rules\":[\"r\"]", "\t\"rules\" : [ \"\\u0072\" ] "), canonical)
    };
    check_verified(&export(2, spaced));
    // Members that neither knows, in the order of UTF-16 in the signature and in another one in the file.
    let later = |canonical: String| {
        let body = canonical.strip_suffix('}').expect("an object").to_owned();
        let spelt = format!(
            "{body},\"\u{fb33}\":{{\"b\":[null,-7],\"a\":\"\\u00e9\\u007f\"}},\"\\ud83d\\ude00\":9007199254740991}}"
        );
        let sorted =
            format!("{body},\"\u{1f600}\":9007199254740991,\"\u{fb33}\":{{\"a\":\"é\u{7f}\",\"b\":[null,-7]}}}}");
        (spelt, sorted)
    };
    check_verified(&export(2, later));
    let escapes = |canonical: String| {
        let hard = "\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u{2028}\u{e000}\"";
        let spelt = hard.replace('/', "\\/").replace("\\n", "\\u000A").replace("\\u001f", "\\u001F");
        let into = |text: &str| replaced(canonical.clone(), "\"rules\":[\"r\"]", &format!("\"rules\":[{text}]"));
        (into(&spelt), into(hard))
    };
    check_verified(&export(2, escapes));
}

#[test]
fn both_refuse_what_was_tampered_with() {
    let lines = plain(3);
    let changed = |line: usize, from: &str, to: &str| {
        let mut lines = lines.clone();
        lines[line] = replaced(lines[line].clone(), from, to);
        lines
    };
    check_refused("another value", &changed(2, "\"sessions\":1", "\"sessions\":2"));
    check_refused("another verdict", &changed(2, "\"verdict\":\"complete\"", "\"verdict\":\"retained\""));
    check_refused("a member more", &changed(2, "\"sessions\":1", "\"sessions\":1,\"note\":1"));
    check_refused("a member less", &changed(2, "\"gap\":null,", ""));
    check_refused("a member twice", &changed(2, "\"sessions\":1", "\"sessions\":1,\"sessions\":1"));
    check_refused("a member beside the statement", &changed(2, "\"signature\"", "\"note\":1,\"signature\""));
    check_refused("a longer signature", &changed(2, "\"signature\":\"", "\"signature\":\"0"));
    check_refused("another format", &changed(2, "\"format\":2", "\"format\":3"));
    check_refused("another format of the export", &changed(0, "\"quietus_receipts\":2", "\"quietus_receipts\":1"));
    check_refused("another count", &changed(0, "\"receipts\":3", "\"receipts\":4"));
    check_refused("other verdicts", &changed(0, "\"complete\":3", "\"complete\":2"));
    check_refused("another key", &changed(2, "\"key\":\"", "\"key\":\"0"));
    let mut upper = lines.clone();
    let (statement, signature) = lines[2].rsplit_once(':').expect("a signature");
    upper[2] = format!("{statement}:{}", signature.to_uppercase());
    check_refused("a signature in another spelling", &upper);
    check_nothing(&lines[1..], false);
    check_nothing(&[], false);
    for missing in 1..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(missing);
        check_refused(&format!("line {missing} is missing"), &fewer);
    }
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    check_refused("out of order", &swapped);
    let mut blank = lines.clone();
    blank.push(String::new());
    check_refused("an empty line", &blank);
    let mut twice = lines.clone();
    twice.push(lines[3].clone());
    check_refused("the last one twice", &twice);
    let [ours, theirs] = both(&lines, &[public(&key(3))]);
    assert_eq!(
        (&ours["verified"], &theirs["verified"]),
        (&json!(false), &json!(false)),
        "the key is not the one given"
    );
}

#[test]
fn both_refuse_what_other_readers_could_read_otherwise_although_it_was_signed() {
    let refused = |why: &str, from: &'static str, to: &'static str| {
        let edit = |canonical: String| {
            let spelt = replaced(canonical, from, to);
            (spelt.clone(), spelt)
        };
        check_refused(why, &export(1, edit));
    };
    refused("a member twice", "\"hold\":null", "\"hold\":null,\"hold\":null");
    refused("a member twice, spelt otherwise", "\"hold\":null", "\"hold\":null,\"\\u0068old\":null");
    refused("a fraction", "\"contacts\":2", "\"contacts\":2.5");
    refused("an exponent", "\"contacts\":2", "\"contacts\":2e1");
    refused("a fraction that is none", "\"contacts\":2", "\"contacts\":2.0");
    refused("negative zero", "\"hold\":null", "\"hold\":-0");
    refused("a great integer", "\"contacts\":2", "\"contacts\":9007199254740992");
    refused("a very great integer", "\"hold\":null", "\"hold\":123456789012345678901234567890");
    refused("no number", "\"hold\":null", "\"hold\":NaN");
    refused("half of a pair", "\"hold\":null", "\"hold\":\"\\ud83d\"");
    refused("the halves of a pair in the wrong order", "\"hold\":null", "\"hold\":\"\\ude00\\ud83d\"");
    refused("a line break in a string", "\"rules\":[\"r\"]", "\"rules\":[\"r\u{1}\"]");
}

#[test]
fn a_receipt_that_does_not_follow_from_its_predecessor_is_refused_by_both() {
    let mut lines = plain(2);
    let other = statement(2, &sha256(b"another"));
    lines[2] = receipt(&other, &other);
    check_refused("another predecessor", &lines);
    let first = statement(1, &sha256(b"another"));
    check_refused("a first one with a predecessor", &[header(1), receipt(&first, &first)]);
}

#[test]
fn both_verify_over_a_gap_that_is_stated_and_over_no_other() {
    let receipts = plain(2);
    let first = sha256(statement(1, &sha256(b"")).as_bytes());
    let lost = sha256(b"the last one that is missing");
    let gap = json!({
        "after": 1, "after_hash": first, "at": "2026-05-02T16:05:24Z", "by": "cli:root", "cause": "restored", "last": 4,
        "last_hash": lost,
    });
    let with = |gap: &Value| {
        let next = after_gap(5, &lost, gap);
        let head = replaced(header(2), "\"last\":2", "\"last\":5");
        vec![head, receipts[1].clone(), receipt(&next, &next)]
    };
    check_verified(&with(&gap));
    let changed = |member: &str, value: Value| {
        let mut changed = gap.clone();
        changed[member] = value;
        with(&changed)
    };
    check_refused("it begins elsewhere", &changed("after", json!(2)));
    check_refused("it begins after another receipt", &changed("after_hash", json!("0".repeat(64))));
    check_refused("it ends elsewhere", &changed("last", json!(3)));
    check_refused("it ends with another receipt", &changed("last_hash", json!("0".repeat(64))));
}
