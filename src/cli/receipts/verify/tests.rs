use jiff::Timestamp;
use zeroize::Zeroizing;

use super::*;
use crate::erasure::{Erasure, ErasureId, ErasureState, Outcome, Step, Subject};
use crate::keys::IndexKey;
use crate::receipt::{ReceiptHead, ReceiptKey};
use crate::subject::{SessionId, SessionKey, SourceName, TargetName};

fn key(byte: u8) -> ReceiptKey {
    ReceiptKey::new(&Zeroizing::new([byte; 32]))
}

fn erasure() -> Erasure {
    let now = Timestamp::UNIX_EPOCH;
    let step = Step {
        target: TargetName::mluvii(),
        stage: None,
        outcome: Some(Outcome::Erased),
        reason: None,
        attempts: 1,
        rounds: 1,
        counts: Default::default(),
        erased_at: Some(now),
        verified_at: Some(now),
        report_by: None,
        report: None,
    };
    Erasure {
        id: ErasureId([7; 16]),
        subject: Subject::Session(SessionKey { source: SourceName("acme".into()), session: SessionId(7) }),
        rules: vec!["r".into()],
        state: ErasureState::Verifying,
        created: now,
        due: now,
        begun: Some(now),
        ended: None,
        sessions: 1,
        steps: vec![step],
    }
}

/// The lines of an export of so many receipts.
fn export(length: usize) -> Vec<String> {
    let index = IndexKey::new(&Zeroizing::new([1; 32]));
    let header = Header { quietus_receipts: FORMAT, public_key: key(2).public() };
    let mut lines = vec![serde_json::to_string(&header).expect("JSON")];
    let mut head: Option<ReceiptHead> = None;
    for _ in 0..length {
        let now = Timestamp::UNIX_EPOCH;
        let receipt = Receipt::issue(&erasure(), ErasureState::Done, head.as_ref(), &index, &key(2), now);
        let receipt = receipt.expect("all steps have an outcome");
        head = Some(receipt.head());
        lines.push(serde_json::to_string(&receipt).expect("JSON"));
    }
    lines
}

fn run(lines: &[String], trusted: Option<&str>) -> Result<Option<Verified>, NotVerified> {
    verify(lines.join("\n").as_bytes(), trusted)
}

#[test]
fn a_whole_export_verifies_over_the_chunks_borders() {
    let lines = export(2 * CHUNK + 2);
    let all = Verified { first: 1, last: 2 * CHUNK as u64 + 2 };
    assert_eq!(run(&lines, Some(&key(2).public())).expect("verifies"), Some(all));

    for missing in [CHUNK, CHUNK + 1, CHUNK + 2] {
        let mut broken = lines.clone();
        broken.remove(missing);
        assert!(matches!(run(&broken, None), Err(NotVerified::Chain(ChainBroken::Sequence { .. }))), "{missing}");
    }
}

#[test]
fn another_key_a_change_or_garbage_is_found() {
    let lines = export(3);
    let foreign = run(&lines, Some(&key(3).public()));
    assert!(matches!(foreign, Err(NotVerified::Chain(ChainBroken::Signature(1)))));

    let mut changed = lines.clone();
    changed[2] = changed[2].replace("\"sessions\":1", "\"sessions\":2");
    assert!(matches!(run(&changed, None), Err(NotVerified::Chain(ChainBroken::Signature(2)))));

    let mut garbage = lines.clone();
    garbage[3] = "{".into();
    assert!(matches!(run(&garbage, None), Err(NotVerified::Line(4))));
    assert!(matches!(run(&lines[1..], None), Err(NotVerified::Header)));
    assert_eq!(run(&lines[..1], None).expect("verifies"), None);
}

#[test]
fn the_report_says_what_it_does_not_prove() {
    let (mut out, captured) = Out::captured(false);
    let mut lines = export(3);
    lines.remove(1);
    report(&run(&lines, None), false, &mut out).expect("is written");
    insta::assert_snapshot!(captured.text(), @"
    ✓ receipts 2 to 3 are verified
    note: the chain starts at receipt 2; what came before is not in this file
    note: the key came with the file: this proves nothing about who signed; see --public-key
    ");
}
