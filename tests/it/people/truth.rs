//! The ground truth: which conversations a request means, told from the numbers of what was typed. Written apart from the
//! program, from the words alone.

use std::collections::BTreeSet;

use super::population::{Conversation, Person, Typed};

/// What a request of one person at one company means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) certain: BTreeSet<i64>,
    pub(super) possible: BTreeSet<i64>,
}

/// How what was typed compares with who asks: kinds that agree, kinds that differ.
struct Compared {
    agree: usize,
    differ: usize,
    email_agrees: bool,
    only_name_agrees: bool,
}

fn compare(person: &Person, typed: &Typed) -> Compared {
    let pairs = [(Some(person.name), typed.name), (Some(person.email), typed.email), (Some(person.phone), typed.phone)];
    let agree = pairs.iter().filter(|(own, said)| said.is_some() && own == said).count();
    let differ = pairs.iter().filter(|(own, said)| said.is_some() && own != said).count();
    let email_agrees = typed.email == Some(person.email);
    let only_name_agrees = agree == 1 && typed.name == Some(person.name);
    Compared { agree, differ, email_agrees, only_name_agrees }
}

/// What the person's request means at the company, whatever has been erased before.
pub(super) fn meant(person: &Person, company: usize, conversations: &[Conversation]) -> Meant {
    let here: Vec<_> = conversations.iter().filter(|one| one.company == company).collect();
    let compared = |one: &Conversation| compare(person, &one.typed);
    let whole = |one: &Conversation| {
        let compared = compared(one);
        compared.agree == 3 && compared.differ == 0
    };
    let browsers: BTreeSet<u64> = here.iter().filter(|one| whole(one)).filter_map(|one| one.browser).collect();
    let mut meant = Meant::default();
    for one in &here {
        let seen = compared(one);
        let of_guest = one.browser.is_some_and(|browser| browsers.contains(&browser));
        let shared = of_guest && here.iter().any(|other| other.browser == one.browser && compared(other).differ > 0);
        let told_apart = seen.agree > 1 || seen.email_agrees;
        if whole(one) || (of_guest && seen.differ == 0 && (!shared || told_apart)) {
            meant.certain.insert(one.id);
        } else if of_guest || (seen.agree > 0 && !(seen.only_name_agrees && seen.differ > 0)) {
            meant.possible.insert(one.id);
        }
    }
    meant
}
