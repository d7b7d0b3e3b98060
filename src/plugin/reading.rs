//! A plugin's results, read with suspicion. What cannot be read is a breach of the protocol, and is not shown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use quietus_plugin::{Sweep, Swept, SweptRecord};
use serde_json::Value;

use crate::subject::{Identifier, Identifiers, Kind};
use crate::target::{Answer, Found, HeldRecord, Said, SweepPage, TargetError, bounded, read_answer};

/// Reads a result of `erase` or `verify`; `may_report` says whether an address for reports went with the call.
pub(super) fn of_result(result: Value, may_report: bool) -> Result<Answer, TargetError> {
    match read_answer(result).map_err(|why| broken(&why))? {
        Said::Answer(answer) => Ok(answer),
        Said::Accepted { report_within } if may_report => Err(TargetError::Later { within: report_within }),
        // Without an address nobody could ever report, and the step would wait for nothing.
        Said::Accepted { .. } => Err(broken("accepted, but the call had no address for reports")),
    }
}

/// Reads a result of `find`; only identifiers of these kinds are taken.
pub(super) fn of_found(result: Value, returns: &BTreeSet<Kind>) -> Result<Found, TargetError> {
    let found: quietus_plugin::Found = serde_json::from_value(result).map_err(|_| broken("its shape"))?;
    if found.identifiers.len() > quietus_plugin::Found::IDENTIFIERS_MAX {
        return Err(broken("more identifiers than one answer may carry"));
    }
    let mut identifiers = Identifiers::default();
    for identifier in &found.identifiers {
        let value = identifier.value.expose();
        if !returns.contains(&identifier.kind) {
            return Err(broken("an identifier of a kind that its manifest does not name in `returns`"));
        }
        if value.len() > quietus_plugin::Found::VALUE_BYTES_MAX {
            return Err(broken("an identifier that is too long"));
        }
        // mluvii's own ids come from mluvii only: `Identifier` cannot hold one.
        let identifier =
            Identifier::new(identifier.kind.clone(), value).ok_or_else(|| broken("an identifier that is none"))?;
        identifiers.0.insert(identifier);
    }
    Ok(Found { identifiers, more: found.more })
}

/// Reads a page of `sweep`, of what was asked for.
pub(super) fn of_swept(result: Value, wanted: &Sweep) -> Result<SweepPage, TargetError> {
    // Asked again, it would say the same.
    let broken = |why: &str| TargetError::Permanent(format!("the plugin's result: {why}"));
    let page: Swept = serde_json::from_value(result).map_err(|_| broken("its shape"))?;
    page.fits(wanted).map_err(broken)?;
    let Swept { records, next, not_looked_at } = page;
    let records = records.into_iter().map(held).collect::<Result<_, _>>().map_err(broken)?;
    Ok(SweepPage { records, next, not_looked_at: bounded(not_looked_at), ..SweepPage::default() })
}

fn held(record: SweptRecord) -> Result<HeldRecord, &'static str> {
    let mut identifiers = Identifiers::default();
    for one in record.identifiers {
        let identifier = Identifier::new(one.kind, one.value.expose()).ok_or("an identifier that is none")?;
        identifiers.0.insert(identifier);
    }
    let mut newest = None;
    for at in [record.created_ms, record.changed_ms].into_iter().flatten() {
        newest = newest.max(Some(Timestamp::from_millisecond(at).map_err(|_| "a time that is none")?));
    }
    Ok(HeldRecord { identifiers, newest })
}

fn broken(why: &str) -> TargetError {
    TargetError::Retryable(format!("the plugin's result: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(result: Value, expected: Result<usize, &str>) {
        let returns = BTreeSet::from([Kind::Phone, Kind::GuestId, Kind::Other("customer_no".into())]);
        let read = of_found(result, &returns).map(|found| found.identifiers.0.len()).map_err(|error| error.to_string());
        match expected {
            Ok(count) => assert_eq!(read, Ok(count)),
            Err(why) => assert!(read.as_ref().is_err_and(|error| error.contains(why)), "{read:?}"),
        }
    }

    #[test]
    fn only_a_few_short_identifiers_of_declared_kinds_are_taken() {
        let of = |kind: &str, value: &str| json!({ "identifiers": [{ "kind": kind, "value": value }] });
        check(json!({}), Ok(0));
        check(of("customer_no", "4711"), Ok(1));
        check(of("phone", "777 123 456"), Ok(1));
        check(of("email", "ann@x.cz"), Err("does not name in `returns`"));
        check(of("guest_id", "g-1"), Err("that is none"));
        check(of("customer_no", " "), Err("that is none"));
        check(of("customer_no", &"7".repeat(1025)), Err("too long"));
        let many: Vec<_> = (0..65).map(|n| json!({ "kind": "customer_no", "value": n.to_string() })).collect();
        check(json!({ "identifiers": many }), Err("more identifiers"));
        check(json!({ "identifiers": "ann@x.cz" }), Err("its shape"));
    }

    #[track_caller]
    fn check_page(result: Value, expected: Result<usize, &str>) {
        let wanted = Sweep { kinds: vec![Kind::Email], records_max: 2, region: None, cursor: Some(cursor("page 2")) };
        let read = of_swept(result, &wanted).map(|page| page.records.len()).map_err(|error| error.to_string());
        match expected {
            Ok(count) => assert_eq!(read, Ok(count)),
            Err(why) => {
                assert!(read.as_ref().is_err_and(|error| error.contains(why) && !error.contains("ann")), "{read:?}")
            }
        }
    }

    fn cursor(text: &str) -> quietus_plugin::ResumeValue {
        quietus_plugin::ResumeValue::new(text)
    }

    #[test]
    fn a_page_holds_what_was_asked_for_and_goes_on() {
        let of = |kind: &str, value: &str| json!({ "identifiers": [{ "kind": kind, "value": value }] });
        let records = |records: &[Value]| json!({ "records": records });
        check_page(json!({}), Ok(0));
        check_page(records(&[of("email", "ann@x.cz"), of("email", "bob@x.cz")]), Ok(2));
        check_page(
            records(&[of("email", "a@x.cz"), of("email", "b@x.cz"), of("email", "c@x.cz")]),
            Err("more records"),
        );
        check_page(records(&[of("phone", "ann")]), Err("a kind that was not asked for"));
        check_page(records(&[of("guest_id", "ann")]), Err("a kind that was not asked for"));
        check_page(records(&[of("email", &"ann".repeat(400))]), Err("too long"));
        check_page(records(&[of("email", " ")]), Err("that is none"));
        let many: Vec<_> = (0..65).map(|n| json!({ "kind": "email", "value": n.to_string() })).collect();
        check_page(records(&[json!({ "identifiers": many })]), Err("more identifiers"));
        check_page(records(&[json!({ "created_ms": i64::MAX })]), Err("a time that is none"));
        check_page(records(&[json!({ "created_ms": "ann" })]), Err("its shape"));
        check_page(json!({ "records": "ann" }), Err("its shape"));
        check_page(json!({ "next": cursor("page 3") }), Ok(0));
        check_page(json!({ "next": cursor("page 2") }), Err("does not go on"));
        check_page(json!({ "next": cursor(&"x".repeat(4097)) }), Err("a cursor"));
    }

    #[test]
    fn the_later_of_a_records_times_counts() {
        let newest = |created_ms, changed_ms| {
            let record = SweptRecord { created_ms, changed_ms, ..SweptRecord::default() };
            held(record).expect("a record").newest.map(Timestamp::as_millisecond)
        };
        assert_eq!([newest(None, None), newest(Some(1), None), newest(None, Some(2))], [None, Some(1), Some(2)]);
        assert_eq!([newest(Some(3), Some(2)), newest(Some(2), Some(3))], [Some(3), Some(3)]);
    }

    #[test]
    fn no_refusal_shows_a_value() {
        let result = json!({ "identifiers": [{ "kind": "email", "value": "ann@x.cz" }] });
        let error = of_found(result, &BTreeSet::new()).expect_err("refused");
        assert!(!error.to_string().contains("ann"), "{error}");
    }
}
