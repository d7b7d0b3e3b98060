//! The people of the demo and what they do.

use std::collections::BTreeMap;

use crate::cli::out::Out;
use crate::standin::{CallParam, Contact, Fault, FaultKind, FormKind, NewConversation, Submission, Unknown};

use super::setup::DemoSetup;

/// A made-up person. None of this may be left anywhere when it has to go, and none of it in quietus's files at all.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) phone: &'static str,
    /// What the person says in the conversation.
    says: &'static str,
    /// The conversations, the version of the consent text that was agreed to, and the browser.
    conversations: &'static [(i64, Option<&'static str>, &'static str)],
    /// Somebody else has the same phone.
    shares_phone: bool,
    pub(super) fate: Fate,
}

/// What must become of a person's data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Goes,
}

/// The id of the form with which people ask for deletion.
pub(super) const DELETION_FORM: i64 = 4711;

const ALENA: Person = Person {
    name: "Alena Nováková",
    email: "alena.novakova@example.com",
    phone: "+420 601 111 222",
    says: "Kdy dorazí moje objednávka?",
    conversations: &[(101, Some("v3"), "browser-1")],
    shares_phone: false,
    fate: Fate::Stays,
};
const BOREK: Person = Person {
    name: "Bořek Stavitel",
    email: "borek.stavitel@example.com",
    phone: "+420 602 333 444",
    says: "Volám kvůli reklamaci betonu.",
    conversations: &[(102, None, "browser-2")],
    shares_phone: false,
    fate: Fate::Goes,
};
const CECILIE: Person = Person {
    name: "Cecílie Malá",
    email: "cecilie.mala@example.com",
    phone: "+420 603 555 666",
    says: "Chci vrátit modrý svetr.",
    conversations: &[(103, Some("v3"), "browser-3"), (104, Some("v3"), "browser-3"), (105, Some("v3"), "browser-4")],
    shares_phone: true,
    fate: Fate::Goes,
};
/// Cecílie's mother, on the same telephone.
const DANA: Person = Person {
    name: "Dana Malá",
    email: "dana.mala@example.com",
    phone: CECILIE.phone,
    says: "Máte tu konvici i v modré?",
    conversations: &[(106, Some("v3"), "browser-5")],
    shares_phone: true,
    fate: Fate::Stays,
};

/// Everybody.
pub(super) const PEOPLE: [Person; 4] = [ALENA, BOREK, CECILIE, DANA];

/// Somebody whose address only looks like Bořek's; a careless purge would take him too.
pub(super) const LOOK_ALIKE: &str = "eborek.stavitel@example.com";

impl Person {
    /// Every text that would give the person away.
    pub(super) fn texts(&self) -> [&'static str; 4] {
        [self.name, self.email, self.phone, self.says]
    }

    /// Those of them that are nobody else's.
    pub(super) fn own_texts(&self) -> impl Iterator<Item = &'static str> {
        let shared = self.shares_phone.then_some(self.phone);
        self.texts().into_iter().filter(move |text| Some(*text) != shared)
    }
}

/// Says who talks, and what should happen.
pub(super) fn introduce(out: &mut Out) -> std::io::Result<()> {
    out.line("Alena (101) gave her consent: her conversation stays, for a year.")?;
    out.line("Bořek (102) never gave it: his conversation and his CRM contact must go.")?;
    out.line("Cecílie (103, 104, and 105 from another browser) gave it, and now sends the form \"delete my data\".")?;
    out.line(
        "  The sessions of her browser go at once. What is typed into a form proves nobody's identity, so an officer",
    )?;
    out.line(
        "  approves the rest: her CRM contact, and 105, which is certainly hers, as her name, e-mail and phone agree.",
    )?;
    out.line("Dana (106) has the same telephone: her conversation is only possibly Cecílie's. It stays, and the receipt says so.")?;
    out.line("mluvii answers one call with 429, and the CRM one with 503 and one with a lie.\n")
}

/// Has the conversations, and things go wrong.
pub(super) fn talk(stage: &DemoSetup) -> anyhow::Result<()> {
    let mluvii = &stage.mluvii;
    let crm = &stage.crm;
    let once = |path: &str, kind| Fault { path: path.to_owned(), times: Some(1), kind };
    mluvii.add_fault(once("/anonymous", FaultKind::Status { status: 429, retry_after_s: Some(1) }));
    crm.add_fault(once("/contacts/", FaultKind::Status { status: 503, retry_after_s: None }));
    crm.add_fault(once("/contacts/", FaultKind::AcceptedButNotDone));

    crm.add(Contact { email: LOOK_ALIKE.into(), name: "Eborek".into(), ..Contact::default() });
    for person in &PEOPLE {
        crm.add(contact(person));
        for (id, consent, browser) in person.conversations {
            mluvii.begin(conversation(person, *id, *consent, browser));
            finish(stage, *id)?;
        }
    }
    // Written as people write: not quite as last time.
    let typed = [
        ("oo1_guest_ident", CECILIE.name.to_uppercase()),
        ("oo1_guest_email", CECILIE.email.to_uppercase()),
        ("oo1_guest_phone", CECILIE.phone.replace("+420 ", "")),
    ];
    let params = BTreeMap::from(typed.map(|(name, value)| (name.to_owned(), value)));
    let form = Submission {
        kind: FormKind::HeroCard,
        form_id: DELETION_FORM,
        submitted: true,
        by_client: true,
        params,
        generic: None,
        time: None,
    };
    mluvii.submit(104, form).map_err(|Unknown| anyhow::anyhow!("conversation 104 is not there"))
}

fn finish(stage: &DemoSetup, id: i64) -> anyhow::Result<()> {
    let ended = stage.mluvii.end(id).and_then(|()| stage.mluvii.conclude(id, None));
    ended.map_err(|Unknown| anyhow::anyhow!("conversation {id} is not there"))
}

fn contact(person: &Person) -> Contact {
    let Person { name, email, phone, says, .. } = person;
    Contact { id: 0, email: (*email).into(), phone: (*phone).into(), name: (*name).into(), notes: (*says).into() }
}

fn conversation(person: &Person, id: i64, consent: Option<&str>, browser: &str) -> NewConversation {
    let param = |name: &str, value: &str| CallParam {
        name: name.into(),
        value: value.into(),
        source: Some("ENTRY_FORM".into()),
        ..CallParam::default()
    };
    NewConversation {
        id: Some(id),
        tenant: Some(62),
        guest: Some(browser.to_owned()),
        call_params: vec![
            param("oo1_guest_ident", person.name),
            param("oo1_guest_email", person.email),
            param("oo1_guest_phone", person.phone),
        ],
        gdpr_version: consent.map(str::to_owned),
        activities: vec![person.says.into()],
        ..NewConversation::default()
    }
}
