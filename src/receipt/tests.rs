use super::*;
use crate::erasure::Step;
use crate::subject::{SessionId, SessionKey, SourceName};

fn erasure(outcome: Option<Outcome>) -> Erasure {
    let now = Timestamp::UNIX_EPOCH;
    let step = Step {
        target: TargetName::mluvii(),
        stage: None,
        outcome,
        reason: None,
        attempts: 1,
        rounds: 1,
        counts: BTreeMap::from([("sessions".to_owned(), 1)]),
        erased_at: Some(now),
        verified_at: Some(now),
        report_by: None,
        report: None,
    };
    Erasure {
        id: ErasureId::generate(now),
        subject: Subject::Session(SessionKey { source: SourceName("acme".into()), session: SessionId(7) }),
        rules: vec!["no consent".into()],
        state: ErasureState::Verifying,
        created: now,
        due: now,
        begun: Some(now),
        ended: None,
        sessions: 1,
        steps: vec![step],
    }
}

fn keys() -> (IndexKey, ReceiptKey) {
    (IndexKey::new(&Zeroizing::new([1; 32])), ReceiptKey::new(&Zeroizing::new([2; 32])))
}

fn chain(length: usize) -> Vec<Receipt> {
    let (index, key) = keys();
    let mut receipts: Vec<Receipt> = Vec::new();
    for _ in 0..length {
        let head = receipts.last().map(Receipt::head);
        let done = erasure(Some(Outcome::Erased));
        let receipt = Receipt::issue(&done, ErasureState::Done, head.as_ref(), &index, &key, Timestamp::UNIX_EPOCH);
        receipts.push(receipt.expect("all steps have an outcome"));
    }
    receipts
}

#[test]
fn a_chain_verifies_from_its_beginning_and_from_the_middle() {
    let (_, key) = keys();
    let receipts = chain(3);
    assert_eq!(verify_chain(&receipts, &key.public()), Ok(3));
    assert_eq!(verify_chain(&receipts[1..], &key.public()), Ok(2));
}

#[test]
fn a_changed_missing_or_replaced_receipt_is_found() {
    let (_, key) = keys();
    let mut changed = chain(2);
    changed[1].statement.sessions = 9;
    assert_eq!(verify_chain(&changed, &key.public()), Err(ChainBroken::Signature(2)));

    let mut missing = chain(3);
    missing.remove(1);
    assert_eq!(verify_chain(&missing, &key.public()), Err(ChainBroken::Sequence { expected: 2, found: 3 }));

    let mut replaced = chain(2);
    replaced[0] = chain(1).remove(0);
    assert_eq!(verify_chain(&replaced, &key.public()), Err(ChainBroken::Link(2)));

    let other = ReceiptKey::new(&Zeroizing::new([3; 32])).public();
    assert_eq!(verify_chain(&chain(1), &other), Err(ChainBroken::Signature(1)));
    assert_eq!(verify_chain(&chain(1), "not a key"), Err(ChainBroken::PublicKey));
}

#[test]
fn an_unfinished_or_parked_step_has_no_receipt() {
    let (index, key) = keys();
    for outcome in [None, Some(Outcome::Parked)] {
        let open = erasure(outcome);
        assert!(Receipt::issue(&open, ErasureState::Done, None, &index, &key, Timestamp::UNIX_EPOCH).is_err());
    }
}

#[test]
fn canonical_json_sorts_members_and_has_no_white_space() {
    let value = serde_json::json!({ "b": [1, true, null], "a": "é\n\u{1}", "\u{1f600}": {}, "\u{fb33}": [] });
    let text = String::from_utf8(canonical::bytes(&value)).expect("UTF-8");
    assert_eq!(text, "{\"a\":\"é\\n\\u0001\",\"b\":[1,true,null],\"\u{1f600}\":{},\"\u{fb33}\":[]}");
}
