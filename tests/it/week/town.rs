//! Who lives in the town, and what they have said to whom: people who share phones and browsers, who have the names of others, and who
//! spell themselves as they like. By a fixed seed, so that it is the same week each time. What a request of one of them means is told
//! by numbers (`people/truth`), and never by what quietus says.

use std::collections::BTreeSet;

use crate::harness::Random;
use crate::people::population::{self, Conversation, Person, Typed};
use crate::people::truth::{self, Meant};

pub(super) const ACME: usize = 0;
pub(super) const BELL: usize = 1;
pub(super) const COMPANIES: [&str; 2] = ["acme", "globex"];

const SEED: u64 = 17;
const PEOPLE: usize = 200;

/// From this one on, the first people's names are those of others, too.
const NAMESAKES: usize = 180;

/// Those before are sent through the week, and say what is written here; from this one on, chance has them say something more.
const OTHERS: usize = 28;

/// An address that nobody has, of somebody who has mistyped it.
const MISTYPED: u64 = 1_000_000;

pub(super) struct Town {
    pub(super) people: Vec<Person>,
    pub(super) conversations: Vec<Conversation>,
    random: Random,
    last_ids: [i64; 2],
}

impl Town {
    /// Everybody has talked to the first company, and every second one to the other one as well.
    pub(super) fn new() -> Self {
        let mut town =
            Self { people: people(), conversations: Vec::new(), random: Random::of(SEED), last_ids: [100, 100] };
        for person in 0..PEOPLE {
            let all = town.all_of(person);
            town.says(ACME, person, all, true);
            if person % 2 == 0 {
                town.says(BELL, person, all, true);
            }
        }
        town.of_those_who_ask();
        (OTHERS..NAMESAKES).for_each(|person| town.something_more(person));
        town
    }

    /// What makes it hard to tell whose a conversation is.
    fn of_those_who_ask(&mut self) {
        // Without an address, in another spelling: a name and a phone number are enough.
        for person in [0, 24] {
            let typed = Typed { email: None, ..self.all_of(person) };
            self.says(ACME, person, typed, true);
        }
        // A mistyped address contradicts.
        let typed = Typed { email: Some(MISTYPED), ..self.all_of(0) };
        self.says(ACME, 0, typed, false);
        // On the phone of the family.
        let typed = Typed { phone: self.all_of(1).phone, ..Typed::default() };
        self.says(ACME, 1, typed, false);
        // In the browser of the family: nobody knows who that was.
        self.says(ACME, 2, Typed::default(), true);
        // There, and with an address: it is known.
        let typed = Typed { email: self.all_of(4).email, ..Typed::default() };
        self.says(ACME, 4, typed, true);
        // In a browser in which nobody else has talked to this company.
        self.says(BELL, 26, Typed::default(), true);
        let typed = Typed { email: self.all_of(24).email, ..Typed::default() };
        self.says(BELL, 24, typed, true);
    }

    fn something_more(&mut self, person: usize) {
        let all = self.all_of(person);
        let typed = match self.random.below(8) {
            0 => Typed { email: None, ..all },
            1 => Typed { phone: all.phone, ..Typed::default() },
            2 => Typed { name: all.name, ..Typed::default() },
            3 => Typed { email: all.email.map(|number| MISTYPED + number), ..all },
            4 => Typed::default(),
            _ => return,
        };
        let company = self.random.below(2) as usize;
        let in_browser = self.random.below(3) > 0;
        self.says(company, person, typed, in_browser);
    }

    /// Somebody talks, in their own browser or in one that nobody else uses; returns mluvii's number.
    pub(super) fn says(&mut self, company: usize, person: usize, typed: Typed, in_browser: bool) -> i64 {
        self.last_ids[company] += 1;
        let id = self.last_ids[company];
        let browser = in_browser.then_some(self.people[person].browser);
        let begin = population::begin(id, company, person, typed, browser, &mut self.random);
        self.conversations.push(Conversation { id, company, person, typed, browser, begin });
        id
    }

    /// Everything that the entry form asks for.
    pub(super) fn all_of(&self, person: usize) -> Typed {
        let Person { name, email, phone, .. } = self.people[person];
        Typed { name: Some(name), email: Some(email), phone: Some(phone) }
    }

    /// What a request of a person means who says everything.
    pub(super) fn meant(&self, person: usize, company: usize) -> Meant {
        let is_theirs = truth::address_or_name_and_phone_agree;
        truth::meant(&self.people[person], company, &self.conversations, is_theirs)
    }

    /// The conversations in which a person's address stands.
    pub(super) fn by_address(&self, person: usize, company: usize) -> BTreeSet<i64> {
        let email = Some(self.people[person].email);
        self.at(company).filter(|one| one.typed.email == email).map(|one| one.id).collect()
    }

    /// The one in which somebody has mistyped the address.
    pub(super) fn mistyped(&self, person: usize) -> i64 {
        let mistyped = self.at(ACME).find(|one| one.person == person && one.typed.email == Some(MISTYPED));
        mistyped.expect("there is one").id
    }

    /// A person's first one at a company.
    pub(super) fn first(&self, person: usize, company: usize) -> i64 {
        self.at(company).find(|one| one.person == person).expect("there is one").id
    }

    pub(super) fn at(&self, company: usize) -> impl Iterator<Item = &Conversation> {
        self.conversations.iter().filter(move |one| one.company == company)
    }

    pub(super) fn email(&self, person: usize) -> String {
        population::spelled_email(self.people[person].email, 0)
    }

    pub(super) fn name(&self, person: usize) -> String {
        population::spelled_name(self.people[person].name, 0)
    }

    /// Whatever would tell who somebody is, wherever it stood.
    pub(super) fn whatever_tells(&self) -> Vec<String> {
        let mut all = Vec::new();
        for person in &self.people {
            all.push(population::spelled_email(person.email, 0));
            all.extend([0, 1, 3].map(|spelling| population::spelled_name(person.name, spelling)));
            all.extend([0, 2, 3].map(|spelling| population::spelled_phone(person.phone, spelling)));
            // Nine digits alone stand in times and hashes by chance.
            all.push(format!("\"{}\"", population::spelled_phone(person.phone, 1)));
        }
        all
    }
}

/// Of four couples, one shares a phone, one a browser, one both.
fn people() -> Vec<Person> {
    let one = |number| Person { name: number, email: number, phone: number, browser: number };
    let mut people: Vec<Person> = (0..PEOPLE as u64).map(one).collect();
    for (number, couple) in people.chunks_exact_mut(2).enumerate() {
        let [one, other] = couple else { unreachable!("chunks of two") };
        if matches!(number % 4, 0 | 2) {
            other.phone = one.phone;
        }
        if matches!(number % 4, 1 | 2) {
            other.browser = one.browser;
        }
    }
    for number in 0..10 {
        people[NAMESAKES + number].name = people[number].name;
    }
    people
}
