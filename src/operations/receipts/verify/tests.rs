use jiff::Timestamp;

use super::super::sample::{chain, export, issued, key, person, session};
use super::*;
use crate::chain::hash;
use crate::receipt::{GapCause, Moved, SignedCheckpoint};

fn run(lines: &[String], trusted: &[String]) -> Result<Option<Verified>, NotVerified> {
    verify([Ok(lines.join("\n").as_bytes())], trusted, &Expected::default())
}

#[track_caller]
fn check_expected(receipts: &[Receipt], expected: &Expected, said: Result<(), &str>) {
    let verified = verify([Ok(export(receipts).join("\n").as_bytes())], &[key(2).public()], expected);
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
        Receipt::issue(&session(), &[], Some(head), Some(gap), &key(2), Timestamp::UNIX_EPOCH).expect("is finished")
    };
    let next = after(gap.clone(), &receipts[4].head());
    let restored = [receipts[..2].to_vec(), vec![next.clone()]].concat();
    let verified = run(&export(&restored), &[]).expect("verifies").expect("receipts");
    assert_eq!((verified.first, verified.last.sequence, verified.gaps), (1, 6, vec![gap.clone()]));
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
    assert_eq!((verified.first, verified.last.sequence), (1, 40));
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

/// An archive of receipts, and the checkpoint over it, which goes on after the one before.
struct Archive {
    text: String,
    checkpoint: SignedCheckpoint,
}

fn archive(receipts: &[Receipt], before: Option<&Archive>, file: &str) -> Archive {
    let text = exported(receipts, before, Some(file));
    let (first, last) = (receipts.first().expect("some"), receipts.last().expect("some"));
    let moved = Moved {
        chain: ChainName::Receipts,
        ledger: "a".into(),
        first: first.statement.sequence,
        end: last.head(),
        records: receipts.len() as u64,
        file: file.to_owned(),
        sha256: hash(text.as_bytes()),
    };
    Archive { text, checkpoint: SignedCheckpoint::sign(moved, Timestamp::UNIX_EPOCH, &key(2)) }
}

/// The text of an export that goes on after an archive, or is one.
fn exported(receipts: &[Receipt], before: Option<&Archive>, file: Option<&str>) -> String {
    let mut lines = export(receipts);
    let mut header: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
    header["checkpoint"] = serde_json::to_value(before.map(|before| &before.checkpoint)).expect("JSON");
    header["archive"] = file.into();
    lines[0] = header.to_string();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn together(files: &[&str], expected: &Expected) -> Result<Option<Verified>, String> {
    let files = files.iter().map(|text| Ok(text.as_bytes()));
    verify(files, &[key(2).public()], expected).map_err(|why| why.to_string())
}

#[test]
fn archives_and_an_export_are_one_chain_and_an_export_alone_says_what_it_does_not_prove() {
    let receipts = chain(9);
    let one = archive(&receipts[..3], None, "one");
    let two = archive(&receipts[3..5], Some(&one), "two");
    let rest = exported(&receipts[5..], Some(&two), None);
    let from_start = Expected { from_start: true, last: Some(receipts[8].head()) };
    let all = together(&[&one.text, &two.text, &rest], &from_start).expect("verified").expect("receipts");
    assert_eq!((all.first, all.last, all.receipts, all.archives), (1, receipts[8].head(), 9, 2));
    assert_eq!((all.unseen, all.sha256), (None, hash(rest.as_bytes())));

    let alone = together(&[&rest], &Expected::default()).expect("verified").expect("receipts");
    assert_eq!((alone.first, alone.last.sequence, alone.archives), (6, 9, 0));
    assert_eq!(alone.unseen, Some(two.checkpoint.checkpoint.clone()));
    let later = together(&[&two.text, &rest], &Expected::default()).expect("verified").expect("receipts");
    assert_eq!((later.first, later.archives, later.unseen), (4, 1, Some(one.checkpoint.checkpoint.clone())));
    // Where everything is in archives, nothing was looked at.
    assert_eq!(together(&[&exported(&[], Some(&two), None)], &Expected::default()), Ok(None));

    let says = |files: &[&str], expected: &Expected, why: &str| {
        assert_eq!(together(files, expected).map(drop), Err(why.to_owned()));
    };
    let start =
        "the file starts after receipt 5, and not at the chain's beginning: give the archives before it, up to two";
    says(&[&rest], &from_start, start);
    let in_archive = "receipt 4 is expected, and it is in the archive two, which was not given";
    says(&[&rest], &reaches(receipts[3].head()), in_archive);
    assert!(together(&[&rest], &reaches(receipts[4].head())).is_ok(), "the checkpoint says how the archive ends");
    let other = ReceiptHead { hash: "0".repeat(64), ..receipts[4].head() };
    let replaced = "receipt 5 is expected with another hash: it was replaced, or it is one of another chain";
    says(&[&rest], &reaches(other), replaced);
    let missing =
        "what comes before is missing: it ends with 5, in the archive two, which was not given just before this file";
    says(&[&one.text, &rest], &Expected::default(), missing);
    let order = "the file goes on after 3, as its checkpoint says, and the one before it ends with 9: they overlap, or are out of order";
    says(&[&rest, &two.text], &Expected::default(), order);
}

#[test]
fn an_archive_that_is_not_as_it_was_verified_is_found_and_an_export_of_the_same_receipts_is_as_good() {
    let receipts = chain(6);
    let one = archive(&receipts[..3], None, "one");
    let rest = exported(&receipts[3..], Some(&one), None);
    let spaced = one.text.replacen("{\"statement\":", "{ \"statement\":", 1);
    let said = together(&[&spaced, &rest], &Expected::default()).expect_err("it is another file");
    assert!(said.starts_with("the archive one is not the file that was verified"), "{said}");
    let same = exported(&receipts[..3], None, None);
    let verified = together(&[&same, &rest], &Expected::default()).expect("verified").expect("receipts");
    assert_eq!((verified.first, verified.archives), (1, 0));
    // Cut at its end, with a header that does not tell.
    let cut = archive(&receipts[..2], None, "one").text;
    let said = together(&[&cut, &rest], &Expected::default()).expect_err("it ends too early");
    assert!(said.starts_with("what comes before is missing: it ends with 3"), "{said}");
    // A checkpoint that nobody has signed explains nothing away.
    let forged = rest.replacen("\"records\":3", "\"records\":4", 1);
    assert_ne!(forged, rest);
    let said = together(&[&forged], &Expected::default()).expect_err("it is not signed");
    assert!(said.starts_with("the checkpoint after which the file goes on is not signed"), "{said}");
    // One that is signed leads to its own end only.
    let early = exported(&receipts[4..], Some(&one), None);
    let said = together(&[&early], &Expected::default()).expect_err("a receipt is missing");
    assert_eq!(said, "receipt 5 stands where 4 belongs: receipts are missing or out of order");
}

#[test]
fn a_chain_goes_on_after_an_archive_and_a_gap() {
    let receipts = chain(5);
    let one = archive(&receipts[..2], None, "one");
    let (there, seen) = (receipts[1].head(), receipts[4].head());
    let gap = Gap::between(Some(&there), &seen, Timestamp::UNIX_EPOCH, "cli:root".into(), GapCause::Restored);
    let next =
        Receipt::issue(&session(), &[], Some(&seen), Some(gap), &key(2), Timestamp::UNIX_EPOCH).expect("is finished");
    let rest = exported(std::slice::from_ref(&next), Some(&one), None);
    for files in [&[one.text.as_str(), &rest][..], &[&rest]] {
        let verified = together(files, &Expected::default()).expect("verified").expect("receipts");
        assert_eq!((verified.last, verified.gaps.len()), (next.head(), 1));
    }
}
