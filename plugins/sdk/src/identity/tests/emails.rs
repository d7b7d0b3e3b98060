use super::super::{domain, email, normal_forms};
use crate::Kind;

#[track_caller]
fn check(typed: &str, expected: Option<&str>) {
    assert_eq!(email(typed).as_deref(), expected, "{typed:?}");
}

#[test]
fn an_address_is_one_however_it_is_written() {
    for typed in [
        "ann@x.cz",
        " ann@x.cz ",
        "Ann@X.CZ",
        "ann@x.cz.",
        "mailto:ann@x.cz",
        "MAILTO:Ann@x.cz?subject=Hello",
        "<ann@x.cz>",
        "Ann <ann@x.cz>",
        "\"Novak, Ann\" <ann@x.cz>",
        "ann@x.cz <ann@x.cz>",
        "<mailto:ann@x.cz>",
        "\"ann\"@x.cz",
        "ann@x.cz;",
        "ann@x.cz,",
        "\u{feff}ann@x.cz\u{200b}",
        "ann\u{ff20}x.cz",
        "\u{ff41}\u{ff4e}\u{ff4e}@x.cz",
        "ann@x\u{3002}cz",
        "ann@\u{ff58}.cz",
        "ann@x.cz, ANN@x.cz",
    ] {
        check(typed, Some("ann@x.cz"));
    }
    for typed in ["user@příklad.cz", "USER@PŘÍKLAD.CZ", "user@xn--pklad-zsa96e.cz", "user@pr\u{30c}i\u{301}klad.cz."]
    {
        check(typed, Some("user@xn--pklad-zsa96e.cz"));
    }
    for typed in ["Ářa@x.cz", "ářa@x.cz", "a\u{301}r\u{30c}a@x.cz", "A\u{301}ŘA@x.cz"] {
        check(typed, Some("ářa@x.cz"));
    }
    for typed in ["\"ann b\"@x.cz", "\"Ann B\"@X.cz", "\"ann\\ b\"@x.cz"] {
        check(typed, Some("\"ann b\"@x.cz"));
    }
    check("o'neil@x.cz", Some("o'neil@x.cz"));
    check("ann+shop@x.cz", Some("ann+shop@x.cz"));
    check("ann@[10.0.0.1]", Some("ann@[10.0.0.1]"));
    check("ann@x_y.cz", Some("ann@x_y.cz"));
    check("ann@kelvin.cz", Some("ann@kelvin.cz"));
    check("ann@\u{212a}elvin.cz", Some("ann@kelvin.cz"));
}

#[test]
fn what_is_no_address_is_none() {
    let long = format!("{}@x.cz", "a".repeat(65));
    let longer = format!("ann@{}cz", "x.".repeat(130));
    for typed in [
        "",
        " ",
        "@",
        "n/a",
        "ann",
        "@x.cz",
        "ann@",
        "ann@.cz",
        "ann@x..cz",
        "a b@x.cz",
        "jan novak@x.cz",
        "ann @x.cz",
        "ann@x.cz bob",
        "ann@x cz",
        "ann@*",
        "ann@x.cz)",
        "ann@x.cz>",
        "<ann@x.cz",
        "<<ann@x.cz>>",
        "a\"b@x.cz",
        "a\r\nb@x.cz",
        "ann@x.cz\r\nBcc: eve@x.cz",
        "a\u{0}b@x.cz",
        "a\u{200b}nn@x.cz",
        "ann@y.cz <ann@x.cz>",
        "Ann <ann@x.cz> <bob@x.cz>",
        "ann@x.cz, bob@x.cz",
        "ann@x.cz bob@x.cz",
        "ann@x.cz/bob@x.cz",
        "ann@bob@x.cz",
        &long,
        &longer,
    ] {
        check(typed, None);
    }
    assert!(email(&"ann@x.cz ".repeat(1000)).is_none());
}

#[test]
fn addresses_that_two_persons_may_have_are_two() {
    for other in [
        "joann@x.cz",
        "ann@x.czech.com",
        "ann@sub.x.cz",
        "ann+shop@x.cz",
        "a.nn@x.cz",
        "\u{430}nn@x.cz",
        "a\u{301}nn@x.cz",
        "\u{aa}nn@x.cz",
        "ann\u{2024}@x.cz",
    ] {
        let found = email(other).expect("an address");
        assert_ne!(found, "ann@x.cz", "{other}");
        assert_eq!(email(&found), Some(found));
    }
    for (one, other) in [
        ("kate@x.cz", "\u{212a}ate@x.cz"),
        ("fiona@x.cz", "\u{fb01}ona@x.cz"),
        ("ivan@x.cz", "\u{130}van@x.cz"),
        ("sam@x.cz", "\u{17f}am@x.cz"),
        ("\u{3c9}@x.cz", "\u{2126}@x.cz"),
        ("strasse@x.cz", "straße@x.cz"),
        ("a1@x.cz", "a\u{2460}@x.cz"),
    ] {
        assert_ne!(email(one).expect("an address"), email(other).expect("an address"), "{one} {other}");
    }
}

#[test]
fn several_addresses_of_a_field_are_several() {
    for typed in [
        "ann@x.cz, bob@x.cz",
        "ann@x.cz; Bob <BOB@x.cz>",
        "ann@x.cz\nbob@x.cz",
        "ann@x.cz bob@x.cz",
        "ann@x.cz / bob@x.cz",
        "ann@x.cz/bob@x.cz",
        "ann@x.cz or bob@x.cz",
        "ann@x.cz nebo bob@x.cz, ann@x.cz",
    ] {
        assert_eq!(normal_forms(&Kind::Email, typed, None), ["ann@x.cz", "bob@x.cz"], "{typed}");
    }
    for typed in ["ann@x.cz, bob", "jan novak@x.cz, bob@x.cz", "a ann@x.cz"] {
        assert!(normal_forms(&Kind::Email, typed, None).is_empty(), "{typed}");
    }
}

#[test]
fn a_domain_is_as_dns_knows_it() {
    #[track_caller]
    fn check(typed: &str, expected: Option<&str>) {
        assert_eq!(domain(typed).as_deref(), expected, "{typed:?}");
    }
    check("X.CZ", Some("x.cz"));
    check("x.cz.", Some("x.cz"));
    check("straße.de", Some("xn--strae-oqa.de"));
    check("[IPv6:2001:db8::1]", Some("[ipv6:2001:db8::1]"));
    for none in ["", ".", "x..cz", ".cz", "x cz", "x/cz", "[", "[]", "x@y.cz"] {
        check(none, None);
    }
}
