use super::*;
use crate::operations::receipts::sample;

#[test]
fn an_incomplete_receipt_says_every_reason_in_a_sentence() {
    let (mut out, captured) = Out::captured(false);
    text(&sample::issued(&sample::person(), None), &mut out).expect("is written");
    let said = captured.text();
    let (whole, signature) = said.split_once("signature ").expect("a signature");
    let (_, tables) = signature.split_once('\n').expect("a line");
    insta::assert_snapshot!(whole, @"
    receipt   1
    verdict   incomplete
    erasure   e-07070707070707070707070707070707 (done)
    subject   person:acme/abababababababababababababababab (scope: person)
    rules     r
    approved  1970-01-01T00:00:00Z
    sessions  1
    created   1970-01-01T00:00:00Z
    begun     1970-01-01T00:00:00Z
    ended     1970-01-01T00:00:00Z
    previous  e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    key       6a3803d5f059902a
    ");
    insta::assert_snapshot!(tables, @"
    REASON            TARGET  MEANING                                                                         DETAIL
    possible_left: 2          Sessions that may be this person's were left alone, because not enough agrees.
    unverifiable      crm     Nobody has seen whether the data is gone from the target.                       it has no search
    kept_by_vendor    crm     The vendor keeps deleted data for some time by its own rules.                   a bin for 30 days
    not_looked_at     crm     A place at the target that could hold data was not looked at.                   archive

    TARGET  OUTCOME       COUNTS       ERASED                VERIFIED              REASON
    mluvii  erased        sessions: 1  1970-01-01T00:00:00Z  1970-01-01T00:00:00Z
    crm     unverifiable  sessions: 1  1970-01-01T00:00:00Z  1970-01-01T00:00:00Z  it has no search
    crm looked at: contacts
    crm did not look at: archive
    crm keeps: a bin for 30 days
    ");
}

#[test]
fn a_complete_receipt_has_no_reasons() {
    let (mut out, captured) = Out::captured(false);
    text(&sample::issued(&sample::session(), None), &mut out).expect("is written");
    assert!(captured.text().contains("verdict   complete"));
    assert!(!captured.text().contains("MEANING"));
}
