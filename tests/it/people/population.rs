//! Made-up people who share phones, browsers and names, and what they type. Who said what is known here by numbers, not
//! by comparing texts: the ground truth must not share the program's idea of "the same".

use serde_json::{Value, json};

use crate::harness::Random;

/// One of the people; what they share with others has the same number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) name: u64,
    pub(crate) email: u64,
    pub(crate) phone: u64,
    pub(crate) browser: u64,
}

/// What was typed in a conversation, as the numbers of what was meant; a typing error is a number of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) name: Option<u64>,
    pub(crate) email: Option<u64>,
    pub(crate) phone: Option<u64>,
}

/// A conversation at one company.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) id: i64,
    pub(crate) company: usize,
    pub(crate) person: usize,
    pub(crate) typed: Typed,
    pub(crate) browser: Option<u64>,
    /// As mluvii's stand-in begins it.
    pub(crate) begin: Value,
}

/// The people. Every fourth couple shares a phone, every fourth a browser, every eighth both; some names are common.
pub(super) fn people(count: usize, random: &mut Random) -> Vec<Person> {
    let mut people: Vec<Person> = (0..count as u64)
        .map(|number| Person { name: number, email: number, phone: number, browser: number })
        .collect();
    for couple in people.chunks_exact_mut(2) {
        let [one, other] = couple else { unreachable!("chunks of two") };
        let chance = random.below(8);
        if chance < 2 || chance == 4 {
            other.phone = one.phone;
        }
        if (2..=4).contains(&chance) {
            other.browser = one.browser;
        }
    }
    for number in 0..count / 8 {
        let namesake = random.below(count as u64) as usize;
        // A couple of one name, on one telephone and in one browser would be one person to everybody.
        if namesake / 2 != number / 2 {
            people[namesake].name = people[number].name;
        }
    }
    people
}

/// The conversations: at first one of each person at each company that says all, then whatever comes.
pub(super) fn conversations(people: &[Person], count: usize, random: &mut Random) -> Vec<Conversation> {
    let mut last_ids = [100, 100];
    (0..count)
        .map(|number| {
            let first = number < people.len() * 2;
            let person = if first { number / 2 } else { random.below(people.len() as u64) as usize };
            let company = if first { number % 2 } else { random.below(2) as usize };
            last_ids[company] += 1;
            let typed = typed(&people[person], first, random);
            let with_browser = first || random.below(5) > 0;
            let browser = with_browser.then_some(people[person].browser);
            let id = last_ids[company];
            let begin = begin(id, company, person, typed, browser, random);
            Conversation { id, company, person, typed, browser, begin }
        })
        .collect()
}

fn typed(person: &Person, all: bool, random: &mut Random) -> Typed {
    let whole = Typed { name: Some(person.name), email: Some(person.email), phone: Some(person.phone) };
    if all {
        return whole;
    }
    match random.below(20) {
        // A typing error in the address: nobody's.
        0 => Typed { email: Some(1_000_000 + person.email), ..whole },
        1 | 2 => Typed { name: None, ..whole },
        3 | 4 => Typed { phone: None, ..whole },
        5 => Typed { email: None, ..whole },
        6 => Typed { phone: whole.phone, ..Typed::default() },
        7 => Typed { name: whole.name, ..Typed::default() },
        8 => Typed::default(),
        _ => whole,
    }
}

/// The version of the text that somebody has agreed to, wherever they talk: not everybody to the same one.
pub(crate) fn version(person: usize) -> String {
    format!("v{}", 1 + person % 3)
}

/// As mluvii's stand-in begins somebody's conversation in which this is typed, spelled in one way or another.
pub(crate) fn begin(
    id: i64,
    company: usize,
    person: usize,
    typed: Typed,
    browser: Option<u64>,
    random: &mut Random,
) -> Value {
    let mut params = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        params.extend(value.map(|value| json!({ "name": name, "value": value, "source": "ENTRY_FORM" })));
    };
    add("oo1_guest_ident", typed.name.map(|number| spelled_name(number, random.below(4))));
    add("oo1_guest_email", typed.email.map(|number| spelled_email(number, random.below(3))));
    add("oo1_guest_phone", typed.phone.map(|number| spelled_phone(number, random.below(4))));
    json!({
        "id": id, "tenant": 62 + company, "guest": browser.map(|number| format!("browser-{number}")),
        "gdpr_version": version(person), "call_params": params, "notes": [format!("note of {company}/{id}")],
    })
}

const FIRST: [&str; 16] = [
    "Jan", "Petr", "Jiří", "Anežka", "Žofie", "Šimon", "Růžena", "Čeněk", "Eva", "Ota", "Iva", "Ema", "Leoš", "Hana",
    "Vít", "Zdeněk",
];
const LAST: [&str; 16] = [
    "Novák",
    "Dvořák",
    "Černý",
    "Procházka",
    "Kučera",
    "Veselý",
    "Horák",
    "Němec",
    "Pokorný",
    "Marek",
    "Pospíšil",
    "Hájek",
    "Jelínek",
    "Král",
    "Růžička",
    "Beneš",
];

/// A name in one of its spellings: as it is, in capitals with the words in the other order, with a title, or as it is
/// typed without diacritics.
pub(crate) fn spelled_name(number: u64, spelling: u64) -> String {
    let first = FIRST[number as usize % 16];
    let last = LAST[number as usize / 16 % 16];
    match spelling {
        0 => format!("{first} {last}"),
        1 => format!("{}  {}", last.to_uppercase(), first.to_uppercase()),
        2 => format!("Ing. {first} {last}, Ph.D."),
        _ => plain(&format!("{first} {last}")),
    }
}

fn plain(text: &str) -> String {
    let letters = [
        ('á', 'a'),
        ('ě', 'e'),
        ('é', 'e'),
        ('í', 'i'),
        ('ř', 'r'),
        ('ž', 'z'),
        ('š', 's'),
        ('č', 'c'),
        ('ý', 'y'),
        ('ů', 'u'),
        ('ň', 'n'),
        ('Ž', 'Z'),
        ('Š', 'S'),
        ('Č', 'C'),
        ('Ř', 'R'),
    ];
    text.chars().map(|c| letters.iter().find(|(with, _)| *with == c).map_or(c, |(_, without)| *without)).collect()
}

pub(crate) fn spelled_email(number: u64, spelling: u64) -> String {
    let address = format!("person{number}.x@example.com");
    match spelling {
        0 => address,
        1 => format!(" {}", address.to_uppercase()),
        _ => format!("Person{number}.X@Example.com "),
    }
}

pub(crate) fn spelled_phone(number: u64, spelling: u64) -> String {
    let digits = format!("{}", 602_100_000 + number * 7);
    let [a, b, c] = [&digits[..3], &digits[3..6], &digits[6..]];
    match spelling {
        0 => format!("+420 {a} {b} {c}"),
        1 => digits,
        2 => format!("00420{a}-{b}-{c}"),
        _ => format!("{a} {b} {c}"),
    }
}
