//! The ground truth: which conversations a request means, told from the numbers of what was typed. Written apart from the
//! program, from the words alone.

use std::collections::BTreeSet;

use super::population::{Conversation, Person, Typed};

/// What a request of one person at one company means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Meant {
    pub(crate) certain: BTreeSet<i64>,
    pub(crate) possible: BTreeSet<i64>,
}

/// How what was typed compares with who asks: kinds that agree, kinds that differ.
pub(crate) struct Compared {
    agree: usize,
    differ: usize,
    email_agrees: bool,
    name_and_phone_agree: bool,
    only_name_agrees: bool,
}

/// Whether a conversation is the person's by itself, where everything that mluvii's form asks for has to agree.
pub(crate) fn all_agree(compared: &Compared) -> bool {
    compared.agree == 3 && compared.differ == 0
}

/// The same where an address is enough, and a name with a phone number.
pub(crate) fn address_or_name_and_phone_agree(compared: &Compared) -> bool {
    compared.differ == 0 && (compared.email_agrees || compared.name_and_phone_agree)
}

fn compare(person: &Person, typed: &Typed) -> Compared {
    let pairs = [(Some(person.name), typed.name), (Some(person.email), typed.email), (Some(person.phone), typed.phone)];
    let agree = pairs.iter().filter(|(own, said)| said.is_some() && own == said).count();
    let differ = pairs.iter().filter(|(own, said)| said.is_some() && own != said).count();
    let email_agrees = typed.email == Some(person.email);
    let name_agrees = typed.name == Some(person.name);
    let name_and_phone_agree = name_agrees && typed.phone == Some(person.phone);
    let only_name_agrees = agree == 1 && name_agrees;
    Compared { agree, differ, email_agrees, name_and_phone_agree, only_name_agrees }
}

/// What the person's request, which says everything, means at the company, whatever has been erased before.
pub(crate) fn meant(
    person: &Person,
    company: usize,
    conversations: &[Conversation],
    is_theirs: fn(&Compared) -> bool,
) -> Meant {
    let here: Vec<_> = conversations.iter().filter(|one| one.company == company).collect();
    let compared = |one: &Conversation| compare(person, &one.typed);
    let whole = |one: &Conversation| is_theirs(&compared(one));
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
