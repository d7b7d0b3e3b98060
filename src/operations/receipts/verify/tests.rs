use jiff::Timestamp;

use super::super::sample::{chain, export, issued, key, person, session};
use super::*;
use crate::receipt::GapCause;

fn run(lines: &[String], trusted: &[String]) -> Result<Option<Verified>, NotVerified> {
    verify(lines.join("\n").as_bytes(), trusted, &Expected::default())
}

#[track_caller]
fn check_expected(receipts: &[Receipt], expected: &Expected, said: Result<(), &str>) {
    let verified = verify(export(receipts).join("\n").as_bytes(), &[key(2).public()], expected);
    assert_eq!(verified.map(drop).map_err(|why| why.to_string()), said.map_err(str::to_owned));
}

fn reaches(last: ReceiptHead) -> Expected {
    Expected { last: Some(last), ..Expected::default() }
}

#[test]
fn an_export_that_does_not_reach_what_is_expected_is_not_verified() {
    let receipts = chain(5);
    let newest = reaches(receipts[4].head());
    check_expected(&receipts, &newest, Ok(()));
    check_expected(&receipts, &reaches(receipts[1].head()), Ok(()));
    check_expected(
        &receipts[..4],
        &newest,
        Err("receipt 5 is expected, and the last one is 4: the newest were cut off"),
    );
    check_expected(&[], &newest, Err("receipt 5 is expected, and the last one is 0: the newest were cut off"));
    let other = reaches(ReceiptHead { hash: "0".repeat(64), ..receipts[3].head() });
    let replaced = "receipt 4 is expected with another hash: it was replaced, or it is one of another chain";
    check_expected(&receipts, &other, Err(replaced));
    let early = reaches(receipts[0].head());
    check_expected(&receipts[1..], &early, Err("receipt 1 is expected, and the file starts with 2"));
    let from_start = Expected { from_start: true, last: None };
    check_expected(&receipts, &from_start, Ok(()));
    let late = "the file starts with receipt 2, and not at the chain's beginning";
    check_expected(&receipts[1..], &from_start, Err(late));
}

#[test]
fn a_chain_with_a_stated_gap_verifies_and_what_is_lost_is_not_taken_for_there() {
    let receipts = chain(5);
    let gap = Gap::between(
        Some(&receipts[1].head()),
        &receipts[4].head(),
        Timestamp::UNIX_EPOCH,
        "cli:root".into(),
        GapCause::Restored,
    );
    let after = |gap: Gap, head: &ReceiptHead| {
        Receipt::issue(&session(), Some(head), Some(gap), &key(2), Timestamp::UNIX_EPOCH).expect("is finished")
    };
    let next = after(gap.clone(), &receipts[4].head());
    let restored = [receipts[..2].to_vec(), vec![next.clone()]].concat();
    let verified = run(&export(&restored), &[]).expect("verifies").expect("receipts");
    assert_eq!((verified.first, verified.last, verified.gaps), (1, 6, vec![gap.clone()]));
    let lost = "receipt 4 is expected, and it is among those that the ledger has lost; a later receipt says so";
    check_expected(&restored, &reaches(receipts[3].head()), Err(lost));
    check_expected(&restored, &reaches(next.head()), Ok(()));
    // Who has an older export has them all.
    let all = [receipts.clone(), vec![next]].concat();
    assert!(run(&export(&all), &[]).is_ok());

    // It explains what it names and nothing else.
    let earlier = [receipts[..1].to_vec(), restored[2..].to_vec()].concat();
    let broken = run(&export(&earlier), &[]);
    assert!(matches!(broken, Err(NotVerified::Chain(ChainBroken::Sequence { expected: 2, found: 6 }))));
    for wrong in [Gap { last: 4, ..gap.clone() }, Gap { last_hash: "0".repeat(64), ..gap.clone() }] {
        let lines = export(&[receipts[..2].to_vec(), vec![after(wrong, &receipts[4].head())]].concat());
        assert!(matches!(run(&lines, &[]), Err(NotVerified::Chain(ChainBroken::Gap(6)))));
    }
    let other = Gap { after_hash: "0".repeat(64), ..gap };
    let lines = export(&[receipts[..2].to_vec(), vec![after(other, &receipts[4].head())]].concat());
    assert!(matches!(run(&lines, &[]), Err(NotVerified::Chain(ChainBroken::Sequence { expected: 3, found: 6 }))));
}

#[test]
fn a_whole_export_verifies_and_one_without_a_receipt_does_not() {
    let lines = export(&chain(40));
    let verified = run(&lines, &[key(2).public()]).expect("verifies").expect("receipts");
    assert_eq!((verified.first, verified.last), (1, 40));
    assert_eq!(verified.verdicts.to_string(), "40 complete, 0 retained, 0 incomplete");
    for missing in 2..40 {
        let mut broken = lines.clone();
        broken.remove(missing);
        assert!(matches!(run(&broken, &[]), Err(NotVerified::Chain(ChainBroken::Sequence { .. }))), "{missing}");
    }
    // No link says that there was a last one, nor a first one; the header does.
    for missing in [1, 40] {
        let mut cut = lines.clone();
        cut.remove(missing);
        assert!(matches!(run(&cut, &[]), Err(NotVerified::Counts { told: 40, there: 39 })), "{missing}");
    }
}

#[test]
fn another_key_a_change_or_garbage_is_found() {
    let lines = export(&chain(3));
    let foreign = run(&lines, &[key(3).public()]);
    assert!(matches!(foreign, Err(NotVerified::Chain(ChainBroken::Key { sequence: 1, .. }))));
    assert!(run(&lines, &[key(3).public(), key(2).public()]).is_ok());

    let mut changed = lines.clone();
    changed[2] = changed[2].replace("\"sessions\":1,", "\"sessions\":2,");
    assert_ne!(changed, lines);
    assert!(matches!(run(&changed, &[]), Err(NotVerified::Chain(ChainBroken::Signature(2)))));

    let mut garbage = lines.clone();
    garbage[3] = "{".into();
    assert!(matches!(run(&garbage, &[]), Err(NotVerified::Line(4, NotAReceipt::Shape))));
    assert!(matches!(run(&lines[1..], &[]), Err(NotVerified::Header)));
    assert_eq!(run(&export(&[]), &[]).expect("verifies"), None);
}

#[test]
fn another_format_is_refused_with_a_word() {
    let mut old = export(&chain(1));
    old[0] = "{\"quietus_receipts\":1,\"public_key\":\"00\"}".into();
    let said = run(&old, &[]).expect_err("is refused").to_string();
    assert_eq!(said, "the export has format 1; this program reads 2");
    let mut later = export(&chain(1));
    later[1] = later[1].replace("\"format\":2", "\"format\":3");
    let said = run(&later, &[]).expect_err("is refused").to_string();
    let expected =
        "line 2 is not a receipt: its format is 3, and this program reads format 2: use the quietus that wrote it";
    assert_eq!(said, expected);
}

#[test]
fn a_header_that_tells_of_other_verdicts_is_found() {
    let lines = export(&[issued(&person(), None)]);
    assert!(run(&lines, &[]).is_ok());
    let mut glossed = lines.clone();
    glossed[0] = lines[0].replace("\"complete\":0", "\"complete\":1").replace("\"incomplete\":1", "\"incomplete\":0");
    assert_ne!(glossed, lines);
    assert!(matches!(run(&glossed, &[]), Err(NotVerified::Counts { .. })));
}
