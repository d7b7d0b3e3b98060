//! The ground truth: which conversations a request means, told from the numbers of what was typed. Written apart from the
//! program, from the words alone.

use std::collections::{BTreeMap, BTreeSet};

use super::population::{Conversation, Person, Typed};

/// Why a conversation is found in which nothing that was typed says whose it is.
pub(crate) const BY_GUEST: &str = "same guest";

/// What a request of one person at one company means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Meant {
    pub(crate) certain: BTreeSet<i64>,
    pub(crate) possible: BTreeSet<i64>,
    /// Why each of these is found: by what was typed in it, or by the browser.
    pub(crate) why: BTreeMap<i64, String>,
}

/// How what was typed compares with who asks: kinds that agree, kinds that differ, in the order in which they are told.
pub(crate) struct Compared {
    agree: Vec<&'static str>,
    differ: Vec<&'static str>,
    email_agrees: bool,
    name_and_phone_agree: bool,
    only_name_agrees: bool,
}

/// Whether a conversation is the person's by itself, where everything that mluvii's form asks for has to agree.
pub(crate) fn all_agree(compared: &Compared) -> bool {
    compared.agree.len() == 3 && compared.differ.is_empty()
}

/// The same where an address is enough, and a name with a phone number.
pub(crate) fn address_or_name_and_phone_agree(compared: &Compared) -> bool {
    compared.differ.is_empty() && (compared.email_agrees || compared.name_and_phone_agree)
}

fn compare(person: &Person, typed: &Typed) -> Compared {
    let kinds =
        [("email", person.email, typed.email), ("phone", person.phone, typed.phone), ("name", person.name, typed.name)];
    let typed_of = |is_same: bool| {
        let all = kinds.iter().filter(move |(_, own, said)| said.is_some_and(|said| (said == *own) == is_same));
        all.map(|(kind, ..)| *kind).collect::<Vec<_>>()
    };
    let [agree, differ] = [typed_of(true), typed_of(false)];
    let email_agrees = typed.email == Some(person.email);
    let name_agrees = typed.name == Some(person.name);
    let name_and_phone_agree = name_agrees && typed.phone == Some(person.phone);
    let only_name_agrees = agree.len() == 1 && name_agrees;
    Compared { agree, differ, email_agrees, name_and_phone_agree, only_name_agrees }
}

impl Compared {
    /// As it is told to an officer.
    fn told(&self) -> String {
        let part = |kinds: &[&str], how: &str| (!kinds.is_empty()).then(|| format!("{} {how}", kinds.join(", ")));
        let parts = [part(&self.agree, "agree"), part(&self.differ, "differ")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
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
        let shared =
            of_guest && here.iter().any(|other| other.browser == one.browser && !compared(other).differ.is_empty());
        let told_apart = seen.agree.len() > 1 || seen.email_agrees;
        let certain_by_guest = of_guest && seen.differ.is_empty() && (!shared || told_apart);
        let by_itself = !seen.agree.is_empty() && (!seen.only_name_agrees || seen.differ.is_empty());
        if whole(one) || certain_by_guest {
            meant.certain.insert(one.id);
        } else if of_guest || by_itself {
            meant.possible.insert(one.id);
        } else {
            continue;
        }
        // What says most of whose it is: a browser makes what was typed certain, and does not make it less.
        let by_what_was_typed = whole(one) || (by_itself && !certain_by_guest);
        meant.why.insert(one.id, if by_what_was_typed { seen.told() } else { BY_GUEST.to_owned() });
    }
    meant
}
