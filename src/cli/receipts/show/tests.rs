use super::super::sample;
use super::*;

#[test]
fn an_incomplete_receipt_says_every_reason_in_a_sentence() {
    let (mut out, captured) = Out::captured(false);
    text(&sample::issued(&sample::person(), None), &mut out).expect("is written");
    let said = captured.text();
    let (whole, signature) = said.split_once("signature ").expect("a signature");
    let (_, tables) = signature.split_once('\n').expect("a line");
    insta::assert_snapshot!(whole, @"");
    insta::assert_snapshot!(tables, @"");
}

#[test]
fn a_complete_receipt_has_no_reasons() {
    let (mut out, captured) = Out::captured(false);
    text(&sample::issued(&sample::session(), None), &mut out).expect("is written");
    assert!(captured.text().contains("verdict   complete"));
    assert!(!captured.text().contains("MEANING"));
}
