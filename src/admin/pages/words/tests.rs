use std::collections::BTreeSet;

use super::*;

/// What stands in braces.
fn holes(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

/// Something of each key in Czech and in English.
type Pairs<T> = Vec<(&'static str, T, T)>;

fn paired<T>(czech: Vec<(&'static str, T)>, english: Vec<(&'static str, T)>) -> Pairs<T> {
    czech.into_iter().zip(english).map(|((key, czech), (_, english))| (key, czech, english)).collect()
}

/// Of all that is said in files of its own, too.
macro_rules! all_of {
    ($what:ident) => {
        [
            paired(cs::WORDS.$what(), en::WORDS.$what()),
            paired(cs::approving::WORDS.$what(), en::approving::WORDS.$what()),
            paired(cs::explained::WORDS.$what(), en::explained::WORDS.$what()),
            paired(cs::import::WORDS.$what(), en::import::WORDS.$what()),
            paired(cs::lists::WORDS.$what(), en::lists::WORDS.$what()),
            paired(cs::operating::WORDS.$what(), en::operating::WORDS.$what()),
            paired(cs::places::WORDS.$what(), en::places::WORDS.$what()),
            paired(cs::records::WORDS.$what(), en::records::WORDS.$what()),
            paired(cs::requesting::WORDS.$what(), en::requesting::WORDS.$what()),
            paired(cs::starting::WORDS.$what(), en::starting::WORDS.$what()),
            paired(cs::task_links::WORDS.$what(), en::task_links::WORDS.$what()),
            paired(cs::timeline::WORDS.$what(), en::timeline::WORDS.$what()),
            paired(cs::unseen::WORDS.$what(), en::unseen::WORDS.$what()),
            paired(cs::noting::WORDS.$what(), en::noting::WORDS.$what()),
            paired(cs::muting::WORDS.$what(), en::muting::WORDS.$what()),
            paired(cs::holding::WORDS.$what(), en::holding::WORDS.$what()),
            paired(cs::sweeping::WORDS.$what(), en::sweeping::WORDS.$what()),
            paired(cs::demanding::WORDS.$what(), en::demanding::WORDS.$what()),
            paired(cs::WORDS.consents.$what(), en::WORDS.consents.$what()),
            paired(cs::WORDS.giving.$what(), en::WORDS.giving.$what()),
            paired(cs::WORDS.letters.$what(), en::WORDS.letters.$what()),
            paired(cs::WORDS.rules.$what(), en::WORDS.rules.$what()),
        ]
        .into_iter()
        .flatten()
    };
}

#[test]
fn both_languages_have_every_sentence_with_the_same_in_it() {
    for (key, czech, english) in all_of!(texts) {
        assert!(!czech.trim().is_empty() && !english.trim().is_empty(), "{key}");
        assert_eq!(holes(czech), holes(english), "{key}");
        // A break or a space at the end shows that something is glued to it.
        assert!(!czech.contains('\n') && czech == czech.trim() && english == english.trim(), "{key}");
    }
}

#[test]
fn every_number_has_its_forms_in_both_languages() {
    for (key, czech, english) in all_of!(counts) {
        for form in [czech.one, czech.few, czech.other, english.few, english.other] {
            assert_eq!(holes(form), BTreeSet::from(["n"]), "{key}: {form}");
        }
        // One of something may be said without its number.
        assert!(!english.one.is_empty() && english.few == english.other, "{key}");
        assert!(holes(english.one).is_subset(&BTreeSet::from(["n"])), "{key}");
    }
}

#[test]
fn czech_counts_as_people_do() {
    let days = |number| cs::WORDS.days_left.of(Lang::Cs, number).replace('\u{a0}', " ");
    let said = [0, 1, 2, 4, 5, 12, 22, 12_345].map(days);
    let expected = [
        "zbývá 0 dní",
        "zbývá 1 den",
        "zbývají 2 dny",
        "zbývají 4 dny",
        "zbývá 5 dní",
        "zbývá 12 dní",
        "zbývá 22 dní",
        "zbývá 12 345 dní",
    ];
    assert_eq!(said, expected);
    let english = [1, 2, 5, 12_345].map(|number| en::WORDS.days_left.of(Lang::En, number).replace('\u{a0}', " "));
    assert_eq!(english, ["1 day left", "2 days left", "5 days left", "12,345 days left"]);
}

/// How each number is said, of 1, 2, 5 and 12,345 of them, in Czech and in English: a person has read these.
const COUNTED: &str = include_str!("counted.txt");

/// Written anew where a person says so.
const WRITE_COUNTED: &str = "QUIETUS_TEST_WRITE_COUNTED";

/// The forms of whatever is counted, in Czech and in English, by the name of it.
fn all_forms() -> Vec<(String, Forms, Forms)> {
    let copied = |forms: &Forms| Forms { one: forms.one, few: forms.few, other: forms.other };
    let mut all: Vec<_> =
        all_of!(counts).map(|(key, czech, english)| (key.to_owned(), copied(czech), copied(english))).collect();
    let of_needs = crate::attention::Code::ALL.into_iter().map(|code| {
        let key = format!("told {}", code.as_str());
        (key, told(Lang::Cs, code).what, told(Lang::En, code).what)
    });
    all.extend(of_needs.filter(|(_, czech, _)| holes(czech.other).contains("n")));
    all
}

#[test]
fn whatever_is_counted_is_said_as_it_was_read() {
    let said = |lang, forms: &Forms| {
        let all = [1, 2, 5, 12_345].map(|number| forms.of(lang, number).replace('\u{a0}', " "));
        all.join(" | ")
    };
    let mut rows: Vec<_> = all_forms()
        .iter()
        .map(|(key, czech, english)| (key.clone(), said(Lang::Cs, czech), said(Lang::En, english)))
        .collect();
    rows.sort();
    let text: String = rows.iter().map(|(key, czech, english)| format!("{key}\n  {czech}\n  {english}\n")).collect();
    if std::env::var_os(WRITE_COUNTED).is_some() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin/pages/words/counted.txt");
        std::fs::write(path, &text).expect("written");
        return;
    }
    for (is, was) in text.lines().zip(COUNTED.lines()) {
        assert_eq!(is, was, "counted.txt says it otherwise; read it, and {WRITE_COUNTED}=1 writes it anew");
    }
    assert_eq!(
        text.lines().count(),
        COUNTED.lines().count(),
        "counted.txt has others; {WRITE_COUNTED}=1 writes it anew"
    );
}

/// What Czech says of two as it does of five: behind a preposition or a verb that takes another case than the first, or where no word follows
/// the number.
const FEW_AS_OTHER: [&str; 21] = [
    "days_after",
    "hours_after",
    "lines_hint",
    "minutes_after",
    "more",
    "refresh_every",
    "replayed_recorded",
    "restarts",
    "seconds_after",
    "sessions_end",
    "signed_in_at_places",
    "still_there",
    "tasks_residual",
    "today_count",
    "told confirmation_missing",
    "told consents_unknown",
    "told log_long",
    "told recheck_unclear",
    "told request_approval_waiting",
    "told requests_unverified",
    "too_many",
];

#[test]
fn two_of_something_are_not_called_what_five_are_in_czech() {
    let alike: BTreeSet<_> =
        all_forms().into_iter().filter(|(_, czech, _)| czech.few == czech.other).map(|(key, _, _)| key).collect();
    assert_eq!(alike, BTreeSet::from(FEW_AS_OTHER.map(str::to_owned)));
}

#[test]
fn what_stands_in_a_sentence_stays_as_it_is() {
    let said = filled(Lang::Cs, cs::WORDS.request_of, &[("number", "a b {n}")]);
    assert_eq!(said, "Žádost a b {n}");
}

#[test]
fn what_needs_a_person_is_a_whole_sentence_of_known_parameters_in_both_languages() {
    let all = crate::attention::attention(
        &crate::attention::sample::everything(),
        &[],
        &crate::attention::sample::limits(),
        crate::attention::sample::now(),
    );
    for code in crate::attention::Code::ALL {
        let (czech, english) = (told(Lang::Cs, code), told(Lang::En, code));
        let known: BTreeSet<_> = all
            .iter()
            .filter(|one| one.code == code)
            .flat_map(|one| one.parameters.keys().copied())
            .chain(["n"])
            .collect();
        let of = |told: &told::Told| [told.what.one, told.what.few, told.what.other, told.act];
        for sentence in of(&czech).into_iter().chain(of(&english)) {
            assert!(holes(sentence).is_subset(&known), "{}: {sentence} has none of {known:?}", code.as_str());
            assert!(sentence.ends_with(['.', '}']) && sentence == sentence.trim(), "{}: {sentence}", code.as_str());
        }
        assert_eq!(holes(czech.what.other), holes(english.what.other), "{}", code.as_str());
        assert_eq!(holes(czech.act), holes(english.act), "{}", code.as_str());
    }
}

#[test]
fn what_needs_a_person_is_counted_as_people_do() {
    let said =
        |lang, number| told(lang, crate::attention::Code::TasksOpen).what.of(lang, number).replace('\u{a0}', " ");
    assert_eq!(said(Lang::Cs, 1), "U systému {target} je dlouho otevřený 1 úkol.");
    assert_eq!(said(Lang::Cs, 3), "U systému {target} jsou dlouho otevřené 3 úkoly.");
    assert_eq!(said(Lang::Cs, 5), "U systému {target} je dlouho otevřených 5 úkolů.");
    assert_eq!(said(Lang::En, 1), "1 task at {target} has been open for long.");
}

#[test]
fn every_waiting_says_which_system_it_is_for_where_it_is_for_one() {
    for code in DelayCode::ALL {
        assert_eq!(holes((cs::WORDS.delay)(code)), holes((en::WORDS.delay)(code)), "{code:?}");
    }
}

#[test]
fn a_particular_that_one_language_knows_the_other_one_knows_too() {
    for name in ["because", "reason", "until", "sessions", "found", "kinds", "targets", "came", "verified", "nonsense"]
    {
        let said = [(cs::records::WORDS.detail)(name), (en::records::WORDS.detail)(name)];
        assert_eq!(said.map(str::is_empty), [name == "nonsense"; 2], "{name}");
    }
}
