//! What targets say in their own words: of mluvii's target, of people, and of plugins ([`notes`]). What nobody knows is quoted as it is.

use jiff::Timestamp;

use super::{Lang, notes};
use crate::deadline::Calendar;
use crate::erasure::Outcome;
use crate::language::typography;
use crate::receipt::StepStatement;
use crate::subject::{InstallationName, TargetName, Titles};

/// A place that was looked at, or was not; or a kind of data.
pub(super) fn place(lang: Lang, said: &str) -> String {
    let known = match said {
        "contact record" => Some(("záznam v adresáři kontaktů mluvii", "the record in mluvii’s contact directory")),
        "e-mail threads" => Some(("e-mailová vlákna v mluvii", "e-mail threads in mluvii")),
        "contacts by email" => Some(("kontakty v mluvii podle e-mailu", "contacts in mluvii by e-mail")),
        "contacts by phone" => Some(("kontakty v mluvii podle telefonu", "contacts in mluvii by phone number")),
        "sessions without a contact" => {
            Some(("konverzace v mluvii bez kontaktu", "conversations in mluvii without a contact"))
        }
        "session" => Some(("konverzace sama", "the conversation itself")),
        "sessions of the guest" => Some(("konverzace téhož hosta", "conversations of the same guest")),
        "anonymized list" => Some(("seznam anonymizovaných konverzací", "the list of anonymized conversations")),
        "ip_address" => Some(("IP adresa", "the IP address")),
        "identity" => Some(("označení hosta", "the guest’s identity")),
        "temp_id" | "tracked_id" => Some(("identifikátor prohlížeče hosta", "the id of the guest’s browser")),
        "channel_identity" => Some(("označení hosta v komunikačním kanálu", "the guest’s identity in the channel")),
        "call_params" => Some(("parametry hovoru", "parameters of the call")),
        "phone_callback_number" => Some(("číslo pro zpětné volání", "the number to call back")),
        "feedback" => Some(("zpětná vazba", "feedback")),
        "notes" => Some(("poznámky", "notes")),
        "texts" => Some(("texty", "texts")),
        "recordings" => Some(("nahrávky", "recordings")),
        "email" => Some(("e-mailová adresa", "the e-mail address")),
        "phone" => Some(("telefonní číslo", "the telephone number")),
        "name" => Some(("jméno", "the name")),
        _ => None,
    };
    known.map_or_else(|| notes::said(lang, said), |(czech, english)| lang.say(czech, english))
}

/// How many of what a target said it found.
pub(super) fn count(lang: Lang, what: &str, number: u64) -> String {
    let (czech, english) = match what {
        "sessions" => (["konverzace", "konverzace", "konverzací"], ["conversation", "conversations"]),
        "guests" => (["host", "hosté", "hostů"], ["guest", "guests"]),
        "gone" => (
            ["konverzace již nebyla", "konverzace již nebyly", "konverzací již nebylo"],
            ["conversation was gone already", "conversations were gone already"],
        ),
        "contacts" => (["kontakt", "kontakty", "kontaktů"], ["contact", "contacts"]),
        "messages" => (["zpráva", "zprávy", "zpráv"], ["message", "messages"]),
        "files" => (["soubor", "soubory", "souborů"], ["file", "files"]),
        "rows" => (["řádek", "řádky", "řádků"], ["row", "rows"]),
        "leads" => (["lead", "leady", "leadů"], ["lead", "leads"]),
        "tickets" => (["tiket", "tikety", "tiketů"], ["ticket", "tickets"]),
        "notes" => (["poznámka", "poznámky", "poznámek"], ["note", "notes"]),
        other => return format!("{other}:\u{a0}{}", lang.number(number)),
    };
    lang.count(number, czech, english)
}

/// Whether a person has confirmed it, as a task of a target that has no plugin (`docs/tasks.md`).
pub(super) fn is_somebodys_word(step: &StepStatement) -> bool {
    step.expected && step.reason.as_deref().is_some_and(|reason| reason.contains(SAID_SO))
}

/// What stands between who said what of a task, and when (`operations::tasks`).
const SAID_SO: &str = " said so at ";

/// How the actor begins who has answered a task by a link (`audit::Actor`).
const BY_LINK: &str = "link:";

/// What a member of staff has said of a task, without the account; or whoever was given a link to it.
pub(super) struct Word<'a> {
    by_link: bool,
    at: Timestamp,
    outcome: Outcome,
    because: Option<&'a str>,
}

impl<'a> Word<'a> {
    /// Reads it from a step's reason; `None` where that is something else.
    pub(super) fn of(reason: &'a str) -> Option<Self> {
        let (who, word) = reason.split_once(SAID_SO)?;
        let (at, said) = word.split_once(": ")?;
        let (outcome, because) = match said.split_once(" (") {
            Some((outcome, because)) => (outcome, Some(because.strip_suffix(')').unwrap_or(because))),
            None => (said, None),
        };
        let outcome = Outcome::ALL.into_iter().find(|one| one.as_str() == outcome)?;
        Some(Self { by_link: who.starts_with(BY_LINK), at: at.parse().ok()?, outcome, because })
    }

    /// What it is that somebody has said.
    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// As a person is told of it.
    pub(super) fn told(&self, names: Names<'_>) -> String {
        let lang = names.lang;
        let quoted = || self.because.map(|because| format!(", {}", lang.quoted(because))).unwrap_or_default();
        let date = names.calendar.day(self.at);
        let (day, numbers) = (lang.date(date), format!("{}. {}. {}", date.day(), date.month(), date.year()));
        let (by, who, somebody) = match self.by_link {
            true => (
                "toho, kdo dostal odkaz na úkol",
                "ten, kdo dostal odkaz na úkol,",
                "whoever was given a link to the task",
            ),
            false => ("pracovníka", "pracovník", "a member of staff"),
        };
        let (czech, english) = match (self.outcome, self.because) {
            (Outcome::Retained, Some(law)) => {
                return lang.say(
                    format!("uchovává se podle {law} (podle sdělení {by}, {numbers})"),
                    format!("kept by {law} (as {somebody} has said, {day})"),
                );
            }
            (Outcome::Retained, None) => ("uchovává se", "kept"),
            (Outcome::Erased, _) => ("vymazáno", "erased"),
            (Outcome::Absent, _) => ("údaje tam nebyly", "there was no data"),
            (Outcome::Residual, _) => ("údaje tam stále jsou", "the data is still there"),
            (Outcome::Unverifiable | Outcome::Parked, _) => ("neověřeno", "not verified"),
        };
        lang.say(
            format!("{who} potvrdil: {czech}{} ({numbers})", quoted()),
            format!("{somebody} has confirmed: {english}{} ({day})", quoted()),
        )
    }
}

/// How what one receipt names is called: systems by their titles of today and by the names that are signed, as those alone say which they
/// are; times as clocks show them where the controller is.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) lang: Lang,
    pub(super) titles: &'a Titles,
    pub(super) calendar: &'a Calendar,
    pub(super) installation: &'a InstallationName,
}

impl Names<'_> {
    /// The day that a time is on.
    pub(super) fn day(&self, time: Timestamp) -> String {
        self.lang.date(self.calendar.day(time))
    }

    /// A time, with how the clock's time is called: `24. 11. 2026 11:14 CET`.
    pub(super) fn time(&self, time: Timestamp) -> String {
        format!("{}\u{a0}{}", self.lang.moment(self.calendar.clock(time)), self.calendar.abbreviation(time))
    }

    pub(super) fn system(&self, target: &TargetName) -> String {
        let title = self.titles.of(target, self.installation).map(|title| match self.lang {
            Lang::Cs => title.czech(),
            Lang::En => title.english(),
        });
        match title {
            Some(title) => format!("{} ({target})", typography::foreign(title)),
            None if target.is_mluvii() => self.lang.say("mluvii (konverzace)", "mluvii (conversations)"),
            None => target.to_string(),
        }
    }
}
