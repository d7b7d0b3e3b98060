use super::*;
use crate::erasure::sample::step;
use crate::erasure::{Erasure, Outcome, Step};
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
    insta::assert_snapshot!(tables, @r#"
    REASON            TARGET  LOWERS TO   MEANING                                                                         DETAIL
    possible_left: 2          incomplete  Sessions that may be this person's were left alone, because not enough agrees.
    unverifiable      crm     incomplete  Nobody has seen whether the data is gone from the target.                       it has no search
    kept_by_vendor    crm     retained    The vendor keeps deleted data for some time by its own rules.                   a bin for 30 days
    not_looked_at     crm     incomplete  A place at the target that could hold data was not looked at.                   archive

    ✗ incomplete by possible_left, 2
      Look at these sessions and decide on each: of a request by `quietus requests plan` with `--include` or `--exclude`, and run that; otherwise by `quietus erase` with `--dry-run`, and ask again.
    ✗ incomplete by unverifiable at crm: it has no search
      Look there yourself; where nobody can ever see it, have that expected (`expected = "unverifiable"`).
    ! retained by kept_by_vendor at crm: a bin for 30 days
      Tell the person what the vendor keeps, and for how long; nobody can do more about it.
    ✗ incomplete by not_looked_at at crm: archive
      Look there yourself, let the target look there, or have the place accepted, word by word (`accept_not_looked_at` of a plugin, `mluvii.accept_left`); where others were asked before a target had said what it knows, ask again for the person.

    TARGET  OUTCOME       COUNTS       ERASED                VERIFIED              REASON
    mluvii  erased        sessions: 1  1970-01-01T00:00:00Z  1970-01-01T00:00:00Z
    crm     unverifiable  sessions: 1  1970-01-01T00:00:00Z  1970-01-01T00:00:00Z  it has no search
    crm looked at: contacts
    crm did not look at: archive
    crm keeps: a bin for 30 days
    "#);
}

#[test]
fn the_tables_of_a_receipt_fit_a_terminal_where_a_target_has_a_long_name() {
    let long = "the-data-warehouse-of-the-whole-group-and-of-all-its-brands";
    let reason = Some("the system said that it is being maintained until Monday".to_owned());
    let unverifiable = Step { reason, ..step(long, Outcome::Unverifiable) };
    let erasure = Erasure { steps: vec![step("mluvii", Outcome::Erased), unverifiable], ..sample::person() };
    let (mut out, captured) = Out::captured_on_terminal();
    text(&sample::issued(&erasure, None), &mut out).expect("is written");
    let said = captured.text();
    let (_, tables) = said.split_once("signature ").expect("a signature");
    // A cell has a space before it, and nothing else has one.
    let rows: Vec<_> = tables.lines().filter(|line| line.starts_with(' ') && !line.starts_with("  ")).collect();
    assert!(rows.iter().filter(|row| row.contains(&long[..8])).count() >= 2, "in both tables: {said}");
    let wide: Vec<_> = rows.iter().filter(|row| row.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}: {said}");
}

#[test]
fn a_complete_receipt_has_no_reasons() {
    let (mut out, captured) = Out::captured(false);
    text(&sample::issued(&sample::session(), None), &mut out).expect("is written");
    assert!(captured.text().contains("verdict   complete"));
    assert!(!captured.text().contains("MEANING"));
}

#[test]
fn in_json_the_receipt_is_as_it_is_signed_and_the_advice_stands_beside_it() {
    let receipt = sample::issued(&sample::person(), None);
    let (mut out, captured) = Out::captured(true);
    out.json(&Shown { advice: advised(&receipt.statement), receipt: &receipt }).expect("is written");
    let mut shown: serde_json::Value = serde_json::from_str(&captured.text()).expect("JSON");
    let advice = shown.as_object_mut().and_then(|shown| shown.remove("advice")).expect("advice");
    assert_eq!(shown, serde_json::to_value(&receipt).expect("JSON"));
    let first = &advice[0];
    let marked = serde_json::json!([first["code"], first["allows"], first["lowers"]]);
    assert_eq!(marked, serde_json::json!(["possible_left", "incomplete", true]));
    assert!(first["advice"].as_str().is_some_and(|advice| advice.contains("requests plan")), "{first}");
}
