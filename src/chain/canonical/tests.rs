use super::*;

#[track_caller]
fn check(json: &str, canonical: &str) {
    let bytes = bytes(json).expect("can be made canonical");
    assert_eq!(String::from_utf8(bytes).expect("UTF-8"), canonical);
}

#[track_caller]
fn check_refused(json: &str, why: &str) {
    let error = bytes(json).expect_err("is refused").to_string();
    assert!(error.contains(why), "{json}: {error}");
}

#[test]
fn members_are_sorted_by_utf_16_and_there_is_no_white_space() {
    check(" { \"b\" : [ 1 , true , null ] , \"a\" : { } } ", r#"{"a":{},"b":[1,true,null]}"#);
    // The example of RFC 8785, 3.2.3, its order and all: U+1F600 sorts before U+FB33 although its number is greater.
    check(
        "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}",
    );
    check(r#"{"aa":1,"a":2,"":3}"#, r#"{"":3,"a":2,"aa":1}"#);
}

#[test]
fn a_string_has_one_spelling() {
    let spelled = r#""\u0041\u000A\u000b\u000C\u0022\/\\\u00e9\u007f\u2028\ud83d\ude00""#;
    check(spelled, "\"A\\n\\u000b\\f\\\"/\\\\é\u{7f}\u{2028}\u{1f600}\"");
    // Two texts that look alike are not the same: nothing is normalized.
    assert_ne!(bytes("\"\u{e9}\"").expect("JSON"), bytes("\"e\u{301}\"").expect("JSON"));
}

#[test]
fn a_number_is_an_integer_that_every_reader_reads_alike() {
    check("[0,-1,9007199254740991,-9007199254740991]", "[0,-1,9007199254740991,-9007199254740991]");
    for number in ["1.0", "1e2", "0.5", "-0", "-0.0", "9007199254740992", "-9007199254740992", "18446744073709551616"] {
        check_refused(number, "a number is no integer");
        check_refused(&format!("{{\"a\":[{number}]}}"), "a number is no integer");
    }
    for number in ["01", "+1", "1e999", "NaN", "0x1", "--1", "1."] {
        assert!(bytes(number).is_err(), "{number}");
    }
}

#[test]
fn a_member_that_is_there_twice_is_refused_however_it_is_spelt() {
    check_refused(r#"{"a":1,"b":2,"a":1}"#, "twice");
    check_refused(r#"{"a":1,"\u0061":2}"#, "twice");
    check_refused(r#"[{"x":{"a":1,"a":1}}]"#, "twice");
}

#[test]
fn what_is_no_json_is_refused() {
    for text in ["", "{", "{} {}", "'a'", "[1,]", "{\"a\":1,}", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\n\"", "nul"] {
        assert!(bytes(text).is_err(), "{text}");
    }
}
