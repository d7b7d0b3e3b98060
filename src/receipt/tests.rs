use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::sample::{chain, issued};
use super::*;
use crate::erasure::{ErasureId, Evidence, MluviiSearch, Step, StepState, Subject, Verdict, sample};
use crate::keys::Digest;
use crate::subject::{InstallationName, Narrowed};

fn step(outcome: Option<Outcome>) -> Step {
    let state = outcome.map_or(StepState::Planned, |outcome| StepState::Over { outcome });
    Step { state, ..sample::step("mluvii", Outcome::Erased) }
}

fn erasure(outcome: Option<Outcome>) -> Erasure {
    Erasure { rules: vec!["no consent".into()], ..sample::session(vec![step(outcome)]) }
}

fn key() -> ReceiptKey {
    super::sample::key(2)
}

fn written(receipt: &Receipt) -> String {
    serde_json::to_string(receipt).expect("JSON")
}

/// A receipt of this text, signed as it is.
fn signed(statement: &str) -> String {
    let bytes = canonical::bytes(statement).expect("can be made canonical");
    format!(r#"{{"statement":{statement},"signature":"{}"}}"#, key().sign(&bytes))
}

fn read(text: &str) -> Receipt {
    Receipt::read(text).expect("a receipt")
}

/// The statement of a first receipt, to be changed.
fn statement() -> Value {
    serde_json::from_str(chain(1)[0].signed.get()).expect("JSON")
}

#[test]
fn a_statement_has_all_of_its_members_and_what_is_not_there_is_null_or_empty() {
    let said: Value = serde_json::from_str(issued(&erasure(Some(Outcome::Absent)), None).signed.get()).expect("JSON");
    let step = json!({
        "target": "mluvii", "outcome": "absent", "reason": null, "counts": { "sessions": 1 }, "looked_at": [],
        "not_looked_at": [], "keeps": [], "left": {}, "accepted": {}, "expected": false,
        "erased_at": "1970-01-01T00:00:00Z", "verified_at": "1970-01-01T00:00:00Z",
    });
    let found = json!({
        "sessions": 1, "possible_left": 0, "possible_included": 0, "possible_excluded": 0, "excluded": 0, "came_since": 0,
        "unread": 0, "narrowed": null, "search": "not_needed", "consent_versions": [],
    });
    let mut expected = json!({
        "format": 2, "sequence": 1,
        "previous": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "key": key().id(),
        "erasure": "e-07070707070707070707070707070707", "installation": "acme",
        "scope": "session", "subject": "session:acme/7", "state": "done", "verdict": "complete", "reasons": [],
        "rules": ["no consent"], "follows": [], "approved": null, "confirmed": null, "hold": null, "gap": null,
        "created": "1970-01-01T00:00:00Z", "begun": "1970-01-01T00:00:00Z", "ended": "1970-01-01T00:00:00Z",
        "steps": [step],
    });
    let (Some(members), Value::Object(found)) = (expected.as_object_mut(), found) else { panic!("objects") };
    members.extend(found);
    assert_eq!(said, expected);
}

/// That a receipt follows another one.
fn follows(sequence: u64, hash: Option<String>) -> Vec<FollowedStatement> {
    vec![FollowedStatement { erasure: ErasureId([9; 16]), sequence: Some(sequence), hash }]
}

#[test]
fn a_receipt_names_the_one_that_it_follows_and_no_other() {
    let first = chain(1).remove(0);
    let after = |follows: &[FollowedStatement]| {
        let erasure = erasure(Some(Outcome::Erased));
        let head = Some(first.head());
        let next = Receipt::issue(&erasure, follows, head.as_ref(), None, &key(), Timestamp::UNIX_EPOCH);
        read(&written(&next.expect("is finished")))
    };
    let verified = |follows: Vec<FollowedStatement>| verify_chain([&first, &after(&follows)], &key().public());
    let named = follows(1, Some(first.head().hash));
    assert_eq!(after(&named).statement.follows, named);
    assert_eq!(verified(named), Ok(2));
    assert_eq!(verified(follows(1, None)), Ok(2), "what is in an archive has its number only");
    assert_eq!(verified(follows(1, Some("0".repeat(64)))), Err(ChainBroken::Follows(2)));
    assert_eq!(verified(follows(2, None)), Err(ChainBroken::Follows(2)), "it does not follow itself");
}

fn gap() -> Gap {
    let seen = ReceiptHead { sequence: 9, hash: "9".repeat(64) };
    Gap::between(None, &seen, Timestamp::UNIX_EPOCH, "cli:root".into(), GapCause::Restored)
}

#[test]
fn a_gap_that_is_to_be_stated_is_signed_and_no_other_key_has_signed_it() {
    let signed = SignedGap::sign(gap(), &key());
    assert!(signed.is_signed_by(&key().public()) && !signed.is_signed_by(&super::sample::key(3).public()));
    let mut later = signed.clone();
    later.gap.last = 10;
    assert!(!later.is_signed_by(&key().public()));
    assert!(signed.gap.begins_at(None) && signed.gap.covers(1) && signed.gap.covers(9) && !signed.gap.covers(10));
}

#[test]
fn every_member_of_a_statement_is_documented() {
    let documented = include_str!("../../docs/receipt.md");
    let mut full = statement();
    full["reasons"] = json!([{ "code": "parked", "target": null, "count": null, "detail": null }]);
    full["gap"] = serde_json::to_value(gap()).expect("JSON");
    full["follows"] = serde_json::to_value(follows(1, None)).expect("JSON");
    let members = |value: &Value| value.as_object().expect("members").keys().cloned().collect::<Vec<_>>();
    let all = [&full, &full["reasons"][0], &full["steps"][0], &full["gap"], &full["follows"][0]].map(members).concat();
    for member in all {
        assert!(documented.contains(&format!("| `{member}` | ")), "docs/receipt.md has no row for `{member}`");
    }
}

#[test]
fn what_was_found_left_and_looked_at_is_signed() {
    let evidence = Evidence {
        looked_at: vec!["contacts".into()],
        not_looked_at: vec!["archive".into()],
        keeps: Some(vec!["a bin for 30 days".into()]),
        left: BTreeMap::from([("ip_address".to_owned(), 2)]),
        accepted: BTreeMap::from([("feedback".to_owned(), u64::MAX)]),
        expected: false,
        nothing_asked: false,
    };
    let findings = Findings {
        certain: 4,
        possible_included: 1,
        possible_left: 2,
        possible_excluded: 0,
        excluded: 3,
        came_since: 5,
        unread: 0,
        never_read: 0,
        narrowed: Some(Narrowed::NoGuestId),
        search: MluviiSearch::Off,
        consent_versions: vec!["v7".into()],
    };
    let whole = Erasure {
        subject: Subject::Guest { installation: InstallationName("acme".into()), digest: Digest([0xab; 16]) },
        approved: Some(Timestamp::UNIX_EPOCH),
        findings: Some(findings),
        steps: vec![Step { evidence, ..step(Some(Outcome::Erased)) }],
        ..erasure(None)
    };
    let receipt = read(&written(&issued(&whole, None)));
    let said = &receipt.statement;
    assert_eq!((said.possible_left, said.possible_included, said.excluded, said.came_since), (2, 1, 3, 5));
    assert_eq!((said.narrowed.as_deref(), said.search), (Some("no_guest_id"), MluviiSearch::Off));
    assert_eq!(said.subject, format!("guest:acme/{}", "ab".repeat(16)));
    assert_eq!((said.consent_versions.as_slice(), said.approved), (["v7".to_owned()].as_slice(), whole.approved));
    assert_eq!(said.verdict, Verdict::Incomplete);
    let codes: Vec<_> = said.reasons.iter().map(|reason| reason.code.as_str()).collect();
    let expected = [
        "possible_left",
        "possible_included",
        "excluded",
        "came_since",
        "narrowed",
        "ledger_only",
        "kept_by_vendor",
        "left_behind",
        "left_accepted",
        "not_looked_at",
    ];
    assert_eq!(codes, expected);
    let step = &said.steps[0];
    assert_eq!(
        (&step.looked_at[..], &step.not_looked_at[..]),
        (&["contacts".to_owned()][..], &["archive".to_owned()][..])
    );
    // A target may answer any number; a statement holds those that every reader of JSON reads alike.
    assert_eq!((step.left["ip_address"], step.accepted["feedback"]), (2, (1 << 53) - 1));
    assert_eq!(verify_chain([&receipt], &key().public()), Ok(1));
}

#[test]
fn a_chain_verifies_from_its_beginning_and_from_the_middle() {
    let receipts = chain(3);
    assert_eq!(verify_chain(&receipts, &key().public()), Ok(3));
    assert_eq!(verify_chain(&receipts[1..], &key().public()), Ok(2));
}

#[test]
fn a_missing_or_replaced_receipt_is_found() {
    let public = key().public();
    let mut missing = chain(3);
    missing.remove(1);
    assert_eq!(verify_chain(&missing, &public), Err(ChainBroken::Sequence { expected: 2, found: 3 }));

    let mut replaced = chain(2);
    let other = Erasure { sessions: 9, ..erasure(Some(Outcome::Erased)) };
    replaced[0] = issued(&other, None);
    assert_eq!(verify_chain(&replaced, &public), Err(ChainBroken::Link(2)));
    // The first one has no predecessor.
    let mut first = statement();
    first["previous"] = json!("0".repeat(64));
    assert_eq!(verify_chain([&read(&signed(&first.to_string()))], &public), Err(ChainBroken::Link(1)));
}

#[test]
fn a_receipt_is_verified_under_the_key_that_it_names() {
    let other = super::sample::key(3);
    let receipts = chain(1);
    let unknown = || Err(ChainBroken::Key { sequence: 1, named: key().id() });
    assert_eq!(verify_chain(&receipts, &other.public()), unknown());
    assert_eq!(verify_chain(&receipts, "not a key"), Err(ChainBroken::PublicKey));
    assert_eq!(verify_chain(&receipts, &key().public().to_uppercase()), Ok(1));
    let ours = key().public();
    let theirs = other.public();
    let mut both = Chain::under([ours.as_str(), theirs.as_str()]).expect("keys");
    assert_eq!(both.check(&receipts[0]), Ok(()));
    // Named by itself, the key must also be the one that signed.
    let mut foreign = statement();
    foreign["key"] = json!(other.id());
    let foreign = read(&signed(&foreign.to_string()));
    assert_eq!(Chain::under([theirs.as_str()]).expect("a key").check(&foreign), Err(ChainBroken::Signature(1)));
}

#[test]
fn members_that_this_program_does_not_know_are_kept_and_covered() {
    let mut later = statement();
    later["witness"] = json!({ "b": 1, "a": ["x", null] });
    later["steps"][0]["rows_seen"] = json!(4);
    later["hold"] = json!({ "case": "2027/3" });
    later["reasons"] = json!([{ "code": "unheard_of", "target": null, "count": null, "detail": null, "since": 1 }]);
    // Written by another program, with white space and in another order.
    let text = signed(&serde_json::to_string_pretty(&later).expect("JSON"));
    let receipt = read(&text);
    assert_eq!(verify_chain([&receipt], &key().public()), Ok(1));
    assert_eq!(receipt.statement.reasons[0].code, "unheard_of");
    assert_eq!(written(&receipt), text, "text in, the same text out");
    assert_eq!(written(&serde_json::from_str::<Receipt>(&text).expect("a receipt")), text);
    for (known, changed) in
        [("\"rows_seen\": 4", "\"rows_seen\": 5"), ("2027/3", "2027/4"), ("\"since\": 1", "\"since\": 2")]
    {
        assert!(text.contains(known));
        let changed = read(&text.replace(known, changed));
        assert_eq!(verify_chain([&changed], &key().public()), Err(ChainBroken::Signature(1)));
    }
    // White space and order are no part of what is signed, nor of what the next one names.
    let compact = read(&signed(&later.to_string()));
    assert_eq!(compact.head(), receipt.head());
}

#[track_caller]
fn check_refused(text: &str, why: &str) {
    let error = Receipt::read(text).expect_err("is refused").to_string();
    assert!(error.starts_with(why), "{error}");
    assert!(serde_json::from_str::<Receipt>(text).is_err(), "the ledger reads no other receipts than an export does");
}

#[test]
fn what_is_no_receipt_of_format_2_is_refused_with_a_word() {
    let good = statement().to_string();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        format!(r#"{{"statement":{},"signature":""}}"#, good.replacen(from, to, 1))
    };
    check_refused(&with("\"format\":2", "\"format\":3"), "its format is 3, and this program reads format 2");
    check_refused(&with("\"format\":2", "\"format\":1"), "its format is 1, and this program reads format 2");
    check_refused(&with("\"format\":2", "\"format\":\"2\""), "its statement is not one of format 2");
    check_refused(&with("\"sequence\":1", "\"sequence\":1,\"sequence\":2"), "its statement cannot be made canonical");
    check_refused(
        &with("\"sequence\":1", "\"sequence\":1,\"x\":{\"a\":1,\"a\":1}"),
        "its statement cannot be made canonical",
    );
    check_refused(&with("\"sequence\":1", "\"sequence\":1.0"), "its statement cannot be made canonical");
    check_refused(&with("\"verdict\":\"complete\"", "\"verdict\":\"fine\""), "its statement is not one of format 2");
    check_refused(&with("\"sequence\":1,", ""), "its statement is not one of format 2");
    for text in ["", "{", "[]", "{\"statement\":{}}"] {
        check_refused(text, "it is not the JSON of a statement and its signature");
    }
    // What stands beside the statement is signed by nobody.
    check_refused(&format!(r#"{{"statement":{good},"signature":"","note":1}}"#), "it is not the JSON of a statement");
}

#[test]
fn an_error_shows_nothing_of_the_text() {
    let text = written(&chain(1)[0]).replace("\"complete\"", "\"ann@example.com\"");
    let error = Receipt::read(&text).expect_err("is refused");
    assert!(!format!("{error} {error:?}").contains("ann@"), "{error:?}");
}

#[test]
fn an_unfinished_or_parked_step_has_no_receipt() {
    for outcome in [None, Some(Outcome::Parked)] {
        assert!(Receipt::issue(&erasure(outcome), &[], None, None, &key(), Timestamp::UNIX_EPOCH).is_err());
    }
    let cancelled = Erasure { state: ErasureState::Cancelled, ..erasure(Some(Outcome::Parked)) };
    let receipt = issued(&cancelled, None);
    assert_eq!((receipt.statement.state, receipt.statement.verdict), (ErasureState::Cancelled, Verdict::Incomplete));
    let unanswered = Erasure { state: ErasureState::Cancelled, ..erasure(None) };
    assert!(Receipt::issue(&unanswered, &[], None, None, &key(), Timestamp::UNIX_EPOCH).is_err());
}

/// A generator of numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// Text out of what JSON, UTF-16 and escapes find hard.
    fn text(&mut self) -> String {
        const HARD: [char; 14] = [
            '"',
            '\\',
            '/',
            '\n',
            '\u{0}',
            '\u{1f}',
            '\u{7f}',
            'a',
            'é',
            '\u{301}',
            '\u{2028}',
            '\u{e000}',
            '\u{ffff}',
            '\u{1f600}',
        ];
        (0..self.below(6)).map(|_| HARD[self.below(HARD.len())]).collect()
    }

    fn counts(&mut self) -> BTreeMap<String, u64> {
        let numbers = [0, 1, (1 << 53) - 1, 1 << 53, u64::MAX];
        (0..self.below(4)).map(|_| (self.text(), numbers[self.below(numbers.len())])).collect()
    }

    fn texts(&mut self) -> Vec<String> {
        (0..self.below(3)).map(|_| self.text()).collect()
    }

    fn erasure(&mut self) -> Erasure {
        let outcomes = [Outcome::Erased, Outcome::Absent, Outcome::Retained, Outcome::Residual, Outcome::Unverifiable];
        let mut whole = erasure(None);
        whole.rules = self.texts();
        whole.findings = Some(Findings { consent_versions: self.texts(), ..Findings::default() });
        whole.steps = (0..1 + self.below(2))
            .map(|_| Step {
                reason: Some(self.text()),
                counts: self.counts(),
                evidence: Evidence {
                    looked_at: self.texts(),
                    not_looked_at: self.texts(),
                    keeps: Some(self.texts()),
                    left: self.counts(),
                    accepted: self.counts(),
                    expected: self.below(2) == 0,
                    nothing_asked: false,
                },
                ..step(Some(outcomes[self.below(outcomes.len())]))
            })
            .collect();
        whole
    }
}

#[test]
fn whatever_was_signed_verifies_after_it_was_written_and_read() {
    let mut random = Random(11);
    let mut receipts: Vec<Receipt> = Vec::new();
    for _ in 0..300 {
        let head = receipts.last().map(Receipt::head);
        let text = written(&issued(&random.erasure(), head.as_ref()));
        let receipt = read(&text);
        assert_eq!(written(&receipt), text);
        receipts.push(receipt);
    }
    assert_eq!(verify_chain(&receipts, &key().public()), Ok(300));
}

#[test]
fn no_changed_byte_that_changes_the_meaning_verifies() {
    let mut random = Random(12);
    for _ in 0..3 {
        let receipt = issued(&random.erasure(), None);
        let text = written(&receipt);
        let meant: Value = serde_json::from_str(&text).expect("JSON");
        for at in 0..text.len() {
            let likely = b"0123456789abcdefABCDEF\"\\{}[],: -.untrl";
            let other = likely[random.below(likely.len())];
            let mut replaced = text.clone().into_bytes();
            replaced[at] = other;
            let mut inserted = text.clone().into_bytes();
            inserted.insert(at, other);
            let mut removed = text.clone().into_bytes();
            removed.remove(at);
            for changed in [replaced, inserted, removed] {
                let Ok(changed) = str::from_utf8(&changed) else { continue };
                let Ok(read) = Receipt::read(changed) else { continue };
                if serde_json::from_str::<Value>(changed).is_ok_and(|value| value == meant) {
                    continue;
                }
                let other_bytes = read.head() != receipt.head();
                assert!(other_bytes || read.signature != receipt.signature, "{changed}");
                // Slow where nothing is optimized, so not each of them.
                if random.below(20) == 0 {
                    assert!(verify_chain([&read], &key().public()).is_err(), "{changed}");
                }
            }
        }
    }
}
