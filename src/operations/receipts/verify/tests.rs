use super::super::sample::{chain, export, issued, key, person};
use super::*;

fn run(lines: &[String], trusted: &[String]) -> Result<Option<Verified>, NotVerified> {
    verify(lines.join("\n").as_bytes(), trusted)
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
