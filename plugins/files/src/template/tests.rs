//! What a template means for one person, and what not.

use super::*;

fn kinds() -> Vec<String> {
    vec!["odd".into()]
}

#[track_caller]
fn refused(text: &str, naming: Naming, why: &str) {
    let error = Template::parse(text, naming, &kinds()).expect_err("refused");
    assert!(error.contains(why), "{text}: {error}");
}

#[test]
fn a_template_that_could_reach_too_far_is_refused() {
    for naming in [Naming::Files, Naming::Objects] {
        refused("all.wav", naming, "no matter whom");
        refused("../{email}", naming, "it leads elsewhere");
        refused("a/./{email}", naming, "it leads elsewhere");
        refused("{emial}", naming, "`emial` is not known");
        refused("{email", naming, "`{` without `}`");
        refused("email}", naming, "`}` without `{`");
        refused("{email}\n", naming, "a control character");
    }
    refused("/etc/{email}", Naming::Files, "a name is empty");
    refused("{email}/", Naming::Files, "a name is empty");
    refused("a//{email}", Naming::Files, "a name is empty");
    refused("*.wav", Naming::Files, "no matter whom");
    refused("{email}*", Naming::Files, "between an identifier and `*`");
    refused("*{email}", Naming::Files, "between an identifier and `*`");
    refused("{email}{odd}-*", Naming::Files, "between an identifier and `*`");
    refused("{email}{odd}.wav", Naming::Files, "between two identifiers");
    refused("{email}{odd}", Naming::Objects, "between two identifiers");
    refused("{email}/*", Naming::Objects, "`*` is for files only");
}

#[test]
fn the_folders_before_all_that_differs_are_known() {
    for (text, folders, shared) in [
        ("{email}", &[][..], 0),
        ("a/{email}", &["a"][..], 1),
        ("a/b/{email}/c/d.wav", &["a", "b"][..], 2),
        ("a/*/b/{email}", &["a"][..], 3),
        ("*/a/{email}", &[][..], 2),
        ("a/b-{email}/c", &["a"][..], 1),
    ] {
        let template = Template::parse(text, Naming::Files, &[]).expect("a template");
        assert_eq!(template.fixed(), folders, "{text}");
        assert_eq!(template.shared(), shared, "{text}");
    }
}

/// The names that a template makes of values of `odd`, and how many values it cannot use.
#[track_caller]
fn filled(text: &str, naming: Naming, values: &[&str]) -> (Vec<Name>, u64) {
    let template = Template::parse(text, naming, &kinds()).expect("a template");
    let mut request = Request::from([("odd", "")]);
    request.identifiers = values.iter().map(|value| quietus_plugin::Identifier::new("odd", *value)).collect();
    let filled = template.fill(&request).expect("filled");
    (filled.names, filled.unusable)
}

#[test]
fn a_value_is_a_part_of_one_name_and_never_more() {
    for naming in [Naming::Files, Naming::Objects] {
        for value in ["a/b", "/", "../../etc/passwd", "a\0b", "."] {
            assert_eq!(filled("x/{odd}", naming, &[value]), (vec![], 1), "{value:?}");
        }
        assert_eq!(filled("{odd}", naming, &[".."]), (vec![], 1));
        assert_eq!(filled(".{odd}", naming, &["."]), (vec![], 1), "together they lead elsewhere");
        for blank in ["", " ", "\t\n", "\u{2003}"] {
            assert_eq!(filled("x/{odd}", naming, &[blank]), (vec![], 0), "{blank:?}");
        }
        for value in ["a*b", "{email}", "a\nb", "..x", "%2e%2e%2f", "a\\b", "~", "-rf", "e\u{301}", "\u{202e}abc"] {
            let (names, unusable) = filled("x/{odd}.txt", naming, &[value]);
            let composed = if value == "e\u{301}" { vec!["e\u{301}", "\u{e9}"] } else { vec![value] };
            assert_eq!((names.len(), unusable), (composed.len(), 0), "{value:?}");
            for (name, value) in names.iter().zip(composed) {
                assert_eq!(key(name), format!("x/{value}.txt"));
                assert_eq!(name[1].exact(), Some(format!("{value}.txt").as_str()), "no wildcard");
            }
        }
    }
    let long = "x".repeat(10_000);
    assert_eq!(filled("{odd}", Naming::Files, &[&long, &long[..255], &long[..256]]).1, 2);
    assert_eq!(filled("a/{odd}", Naming::Objects, &[&long, &long[..1022], &long[..1023]]).1, 2);
}

#[test]
fn a_wildcard_means_no_other_persons_files() {
    #[track_caller]
    fn check(text: &str, value: &str, name: &str, expected: bool) {
        let (names, _) = filled(text, Naming::Files, &[value]);
        let meant = names.iter().any(|parts| parts[0].matches(name.as_bytes()));
        assert_eq!(meant, expected, "{text} with {value} and {name}");
    }
    check("{odd}-*.wav", "12", "12-1.wav", true);
    check("{odd}-*.wav", "12", "12-a-b.wav", true);
    check("{odd}-*.wav", "12", "12-.wav", true);
    check("{odd}-*.wav", "12", "123-1.wav", false);
    check("{odd}-*.wav", "12", "12-1.wav.bak", false);
    check("{odd}-*.wav", "12-1", "12-1-2.wav", false);
    check("{odd}-*.wav", "*", "12-1.wav", false);
    check("*-{odd}.wav", "12", "a-b-12.wav", true);
    check("*-{odd}.wav", "12", "112.wav", false);
    check("*-{odd}.wav", "b-12", "a-b-12.wav", false);
    check("*_{odd}-*", "12", "x_12-y", true);
    check("*_{odd}-*", "12", "x_12", false);
    check("*_{odd}-*", "12", "_12-", true);
    check("a*a-{odd}", "1", "a-1", false);
    check("{odd}-*.*.wav", "1", "1-a.wav", false);
    check("{odd}-*.*.wav", "1", "1-a.b.wav", true);
}

/// macOS writes `é` as two characters (HFS+ and many of its programs), other systems as one:
/// <https://developer.apple.com/library/archive/qa/qa1173/_index.html>.
#[test]
fn an_address_means_all_its_spellings_and_nobody_elses() {
    let meant = |text: &str, typed: &str, name: &str| {
        let template = Template::parse(text, Naming::Files, &kinds()).expect("a template");
        let filled = template.fill(&Request::from([("email", typed), ("odd", "A1")])).expect("filled");
        filled.names.iter().any(|parts| parts[0].matches(name.as_bytes()))
    };
    for typed in ["ann@x.cz", "Ann@X.cz", " ANN@X.CZ ", "Ann Nov <ann@x.cz>", "mailto:ann@x.cz"] {
        for name in ["ann@x.cz.wav", "Ann@x.cz.wav", "ANN@X.CZ.wav", "ann@X.cz.wav"] {
            assert!(meant("{email}.wav", typed, name), "{typed} {name}");
        }
        for name in [
            "joann@x.cz.wav",
            "ann@x.cz.WAV",
            "ann@x.cz.wav.bak",
            "an\u{f1}@x.cz.wav",
            "ann+a@x.cz.wav",
            "ann@x.czz.wav",
        ] {
            assert!(!meant("{email}.wav", typed, name), "{typed} {name}");
        }
        assert!(
            meant("*_{email}_*.wav", typed, "x_Ann@X.cz_1.wav")
                && !meant("*_{email}_*.wav", typed, "x_joann@x.cz_1.wav")
        );
    }
    // What is not the address, and any other identifier, is compared by its letters.
    assert!(meant("REC-{email}-{odd}", "Ann@x.cz", "REC-ann@X.cz-A1"));
    for name in ["rec-ann@x.cz-A1", "REC-ann@x.cz-a1"] {
        assert!(!meant("REC-{email}-{odd}", "ann@x.cz", name), "{name}");
    }
    for (typed, name, expected) in [
        ("žofie@x.cz", "ŽOFIE@x.cz", true),
        ("žofie@x.cz", "Z\u{30c}ofie@x.cz", true),
        ("z\u{30c}ofie@x.cz", "Žofie@x.cz", true),
        ("ann@příklad.cz", "Ann@xn--pklad-zsa96e.cz", true),
        ("ann@xn--pklad-zsa96e.cz", "ann@PŘÍKLAD.cz", true),
        ("kate@x.cz", "\u{212a}ate@x.cz", false),
        ("\u{212a}ate@x.cz", "kate@x.cz", false),
        ("\u{212a}ate@x.cz", "\u{212a}ATE@x.cz", true),
        ("n/a", "n", false),
        ("ann", "Ann", false),
        ("ann", "ann", true),
    ] {
        assert_eq!(meant("{email}", typed, name), expected, "{typed} {name}");
    }
}

#[test]
fn a_key_is_asked_for_as_it_was_typed_and_in_small_letters_however_letters_are_composed() {
    let keys = |typed: &str| {
        let template = Template::parse("p/{email}.wav", Naming::Objects, &[]).expect("a template");
        template.fill(&Request::from([("email", typed)])).expect("filled").names.iter().map(key).collect::<Vec<_>>()
    };
    assert_eq!(keys("ann@x.cz"), ["p/ann@x.cz.wav"]);
    assert_eq!(keys("Ann@X.cz"), ["p/Ann@X.cz.wav", "p/ann@x.cz.wav"]);
    assert_eq!(keys("n/a"), [""; 0]);
    assert_eq!(keys("\u{17e}@x.cz"), ["p/z\u{30c}@x.cz.wav", "p/\u{17e}@x.cz.wav"]);
}

#[test]
fn all_combinations_of_a_persons_values_are_named() {
    let template = Template::parse("{email}/{phone}.txt", Naming::Objects, &[]).expect("a template");
    let request = Request::from([("email", "a"), ("email", "b"), ("email", "a"), ("phone", "1"), ("phone", "2")]);
    let names: Vec<_> = template.fill(&request).expect("filled").names.iter().map(key).collect();
    assert_eq!(names, ["a/1.txt", "a/2.txt", "b/1.txt", "b/2.txt"]);
    let lacking = template.fill(&Request::from([("email", "a"), ("phone", " ")])).expect("filled");
    assert!(!lacking.applies && lacking.names.is_empty());
    let mut many = request;
    let kinds = ["email", "phone"].into_iter();
    let values = kinds.flat_map(|kind| (0..40).map(move |n| quietus_plugin::Identifier::new(kind, n.to_string())));
    many.identifiers = values.collect();
    let error = template.fill(&many).expect_err("1,600 names");
    assert_eq!(error.class, quietus_plugin::ErrorClass::Permanent);
}

#[test]
fn the_beginning_is_what_all_keys_have_in_common() {
    let beginning = |text: &str| Template::parse(text, Naming::Objects, &[]).expect("a template").beginning();
    assert_eq!(beginning("a/b/x-{email}/c"), "a/b/x-");
    assert_eq!(beginning("{email}"), "");
}
