use super::*;

#[test]
fn what_stands_for_others_is_no_value() {
    for masked in [
        "a***@x.cz",
        "a**n@x.cz",
        "a*n@x.cz",
        "*@x.cz",
        "*nn@x.cz",
        "ann@*.cz",
        "a#n@x.cz",
        "##",
        "a??n@x.cz",
        "a?n@x.cz",
        "?@x.cz",
        "a...n@x.cz",
        "a...@x.cz",
        "a___n@x.cz",
        "a---n@x.cz",
        "axxxn@x.cz",
        "XXXX@x.cz",
        "xxxn@x.cz",
        "a\u{2022}n@x.cz",
        "a\u{2026}@x.cz",
        "a\u{25cf}n",
        "a\u{2588}\u{2588}n@x.cz",
        "a\u{ff0a}\u{ff0a}\u{ff0a}n@x.cz",
        "a\u{ff0a}n@x.cz",
        "a\u{ff03}n@x.cz",
        "a\u{ff1f}n@x.cz",
        "a\u{d7}n@x.cz",
        "a\u{b7}\u{b7}n@x.cz",
        "a\u{2217}n@x.cz",
        "a\u{25a0}n@x.cz",
        "a\u{fffd}n@x.cz",
        "\"a#n\"@x.cz",
        "\"a #n\"@x.cz",
        "Ann <a#n@x.cz>",
        "eve@y.cz, a#n@x.cz",
        "mailto:a?n@x.cz",
        "######456",
        "7771***56",
        "777 12* 456",
        "+420 777 --- 456",
        "J*n Novák",
        "g**",
    ] {
        assert!(is_masked(masked), "{masked}");
    }
}

#[test]
fn what_a_person_may_have_is_a_value() {
    for shown in [
        "ann@x.cz",
        "a.n@x.cz",
        "a..n@x.cz",
        "a-n@x.cz",
        "ann--marie@x.cz",
        "a_n@x.cz",
        "a__n@x.cz",
        "foxx@x.cz",
        "axn@x.cz",
        "axxn@x.cz",
        "ann@xxx.cz",
        "ann+shop@x.cz",
        "o'hara@x.cz",
        "mailto:ann@x.cz?subject=x",
        "Ann #1 <ann@x.cz>",
        "#1: ann@x.cz",
        "Gal\u{b7}la",
        "+420 777 123 456",
        "777 123 456 #12",
        "Ann Nováková",
        "a3xxx7",
        "č.p. 7",
    ] {
        assert!(!is_masked(shown), "{shown}");
    }
}
