use super::super::name;

#[track_caller]
fn check(typed: &str, expected: Option<&str>) {
    assert_eq!(name(typed).as_deref(), expected, "{typed:?}");
}

#[test]
fn a_name_is_one_however_it_is_written() {
    for typed in [
        "Jan Novák",
        "Novák Jan",
        "NOVÁK, Jan",
        "jan novak",
        "  Jan   Novák ",
        "Jan\u{a0}Novák",
        "Jan Nova\u{301}k",
        "Ing. Jan Novák",
        "ing. Jan Novák",
        "Ing Jan Novák",
        "Ing.Jan Novák",
        "Ing. Jan Novák, Ph.D.",
        "Ing. Jan Novák, Ph. D.",
        "Jan Novák PhD",
        "Mgr. Jan Novák",
        "Mgr Jan Novák",
        "Bc. Jan Novák, DiS.",
        "Jan Novák DiS",
        "MUDr. Jan Novák, CSc.",
        "MUDR JAN NOVÁK",
        "JUDr. PhDr. Jan Novák, Ph.D., MBA, LL.M.",
        "prof. MUDr. Jan Novák, DrSc.",
        "doc. Ing. Jan Novák, CSc.",
        "Prof. Dr. Jan Novák",
        "Dr. h. c. Jan Novák",
        "Dipl.-Ing. Jan Novák",
        "mgr inż. Jan Novák",
        "Mr Jan Novak",
        "Mr. Jan Novak",
        "Jan (Novák)",
        "\u{ff2a}\u{ff41}\u{ff4e} Novák",
    ] {
        check(typed, Some("jan novak"));
    }
    for typed in ["Žofie Dvořáková-Šímová", "Dvořáková Šímová Žofie", "dvorakova – simova zofie"] {
        check(typed, Some("dvorakova simova zofie"));
    }
    check("Łukasz Gąsienica", Some("gasienica lukasz"));
    check("Jürgen Groß", Some("gross jurgen"));
    check("GROSS JÜRGEN", Some("gross jurgen"));
    check("Søren Ærø", Some("aero soren"));
    check("Sean O’Neil", name("sean o'neil").as_deref());
    check("Юрий", name("ЮРИЙ").as_deref());
    check("Σοφός", name("ΣΟΦΟΣ").as_deref());
    check("J. Novák", Some("j novak"));
    check("J.Novák", Some("j novak"));
    check("Ann", Some("ann"));
}

#[test]
fn what_is_only_a_title_is_none() {
    for typed in
        ["", " ", ".", "-", "n/a", "N/A", "Ing.", "MUDr", "Ing. Mgr.", "Ph.D.", "PhD, CSc.", "DiS", "prof. Dr.", "123"]
    {
        check(typed, None);
    }
}

#[test]
fn names_that_two_persons_may_have_are_two() {
    for (one, other) in [
        ("Jan Novák", "Jana Nováková"),
        ("Jan Novák", "Jan Nováček"),
        ("Jan Novák st.", "Jan Novák ml."),
        ("Jan Novák", "Jan Novák ml."),
        ("Jan Novák", "Jan Jan Novák"),
        ("Jan Novák", "Pan Novák"),
        ("Wei Pan", "Wei"),
        ("Pan Wei Ming", "Wei Ming"),
        ("Doc Holliday", "Holliday"),
        ("Adriaan van Dis", "Adriaan van"),
        ("Jan Mag", "Jan"),
        ("ガ", "カ"),
        ("कि", "का"),
        ("Müller", "Mueller"),
    ] {
        assert_ne!(name(one), name(other), "{one} {other}");
    }
}
