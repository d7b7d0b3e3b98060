use super::*;
use crate::operations::receipts::{Tally, sample};
use crate::receipt::ReceiptHead;

#[test]
fn a_list_shows_the_verdict_and_what_lowered_it() {
    let (mut out, captured) = Out::captured(false);
    let first = sample::issued(&sample::session(), None);
    let head: ReceiptHead = first.head();
    table(&[first, sample::issued(&sample::person(), Some(&head))], &mut out).expect("is written");
    insta::assert_snapshot!(captured.text(), @"
    RECEIPT  ENDED                 VERDICT     SUBJECT                WHY
    1        1970-01-01T00:00:00Z  complete    session:acme/7
    2        1970-01-01T00:00:00Z  incomplete  person:acme/abababab…  possible_left, unverifiable, kept_by_vendor, not_looked_at
    ");
}

#[test]
fn the_totals_say_how_many_incomplete_ones_wait_for_a_person() {
    let mut verdicts = Tally::default();
    verdicts.add(Verdict::Complete, 7);
    verdicts.add(Verdict::Incomplete, 2);
    let all = Totals { receipts: 9, verdicts, archived: 0, unacknowledged: 1 };
    assert_eq!(totals(&all), "in all 9 receipts: 7 complete, 0 retained, 2 incomplete (1 not acknowledged)");
    let all = Totals { unacknowledged: 0, ..all };
    assert_eq!(totals(&all), "in all 9 receipts: 7 complete, 0 retained, 2 incomplete");
    let all = Totals { archived: 3, ..all };
    assert_eq!(totals(&all), "in all 9 receipts: 7 complete, 0 retained, 2 incomplete; 3 more are in archives");
}
