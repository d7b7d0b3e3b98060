//! What a reader has to know beside what was erased: what stays and why, and where nobody has looked. Every reason of a receipt is said
//! in one of the two places; one that this program does not know is said by its code.

use super::told::{self, Names};
use super::{Audience, Lang, notes};
use crate::erasure::ReasonCode;
use crate::hold::RetainedByLaw;
use crate::receipt::{ReasonStatement, Statement};
use crate::subject::TargetName;

/// What stays, and what is not known, a sentence each.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Retained by a law or a hold, kept by a vendor, left, or still there.
    pub(super) stays: Vec<String>,
    /// Not looked at, not read, not verified.
    pub(super) unseen: Vec<String>,
    /// What a person decided.
    pub(super) decided: Vec<String>,
}

/// Only an authority is told whose word it is that a member of staff has given.
pub(super) fn told(names: Names<'_>, statement: &Statement, audience: Audience) -> Told {
    let lang = names.lang;
    let mut told = Told::default();
    told.decided.extend(approved(names, statement));
    for (at, reason) in statement.reasons.iter().enumerate() {
        let (before, after) = (&statement.reasons[..at], &statement.reasons[at + 1..]);
        let Ok(code) = reason.code.parse() else {
            let sentence = lang.say(format!("jiný důvod: {}", reason.code), format!("another reason: {}", reason.code));
            told.unseen.push(sentence);
            continue;
        };
        // What one decision comes to is said once, however many places it is about.
        if before.iter().any(|other| is_of_one_decision(code, reason, other)) {
            continue;
        }
        let others: Vec<_> = after.iter().filter(|other| is_of_one_decision(code, reason, other)).collect();
        let sentence = sentence(names, code, reason, &others, audience);
        match code {
            ReasonCode::Retained | ReasonCode::KeptByVendor | ReasonCode::LeftBehind | ReasonCode::Residual => {
                told.stays.push(sentence);
            }
            ReasonCode::Excluded | ReasonCode::CameSince => told.stays.push(sentence),
            ReasonCode::LeftAccepted if is_left(reason) => told.stays.push(sentence),
            ReasonCode::PossibleIncluded | ReasonCode::PossibleExcluded | ReasonCode::Held => {
                told.decided.push(sentence);
            }
            // A place that nobody looks at is not seen by being accepted, which is said with it. Whatever else is said stands where the reader looks for what is not known.
            _ => told.unseen.push(sentence),
        }
    }
    told.unseen.extend(expected_places(names, statement));
    told
}

/// Whether two reasons are of what somebody decided once, of one target: which places are accepted, or which holds there were.
fn is_of_one_decision(code: ReasonCode, one: &ReasonStatement, other: &ReasonStatement) -> bool {
    matches!(code, ReasonCode::LeftAccepted | ReasonCode::Held)
        && one.code == other.code
        && one.target == other.target
        && is_left(one) == is_left(other)
}

/// Whether something was seen there, and stays; of a place that nobody looked at, nothing is counted.
pub(super) fn is_left(reason: &ReasonStatement) -> bool {
    reason.count.is_some_and(|count| count > 0)
}

/// That somebody has let it begin.
fn approved(names: Names<'_>, statement: &Statement) -> Option<String> {
    let day = names.day(statement.approved?);
    Some(names.lang.say(format!("výmaz schválil člověk dne {day}"), format!("a person approved the erasure on {day}")))
}

/// Places that were not looked at, and that no reason names: nobody was expected to look there.
fn expected_places(names: Names<'_>, statement: &Statement) -> Vec<String> {
    let is_told = |target: &TargetName, place: &String| {
        let same =
            |reason: &ReasonStatement| reason.target.as_ref() == Some(target) && reason.detail.as_ref() == Some(place);
        statement.reasons.iter().any(same)
    };
    let steps = statement.steps.iter();
    let places = steps.flat_map(|step| step.not_looked_at.iter().map(move |place| (&step.target, place)));
    let untold = places.filter(|(target, place)| !is_told(target, place));
    untold.map(|(target, place)| at(names, Some(target), &told::place(names.lang, place))).collect()
}

/// Places that nobody has looked at, as is accepted.
pub(super) fn places_of(names: Names<'_>, reasons: &[ReasonStatement]) -> Vec<String> {
    let said = |reason: &ReasonStatement| match (reason.code.parse(), &reason.detail) {
        (Ok(ReasonCode::LeftAccepted), Some(place)) => {
            at(names, reason.target.as_ref(), &told::place(names.lang, place))
        }
        (Ok(code), _) => sentence(names, code, reason, &[], Audience::Person),
        (Err(_), _) => reason.code.clone(),
    };
    reasons.iter().map(said).collect()
}

/// One reason, as a person is told it.
pub(super) fn one(names: Names<'_>, reason: &ReasonStatement) -> String {
    match reason.code.parse() {
        Ok(code) => sentence(names, code, reason, &[], Audience::Person),
        Err(_) => reason.code.clone(),
    }
}

fn at(names: Names<'_>, target: Option<&TargetName>, text: &str) -> String {
    match target {
        Some(target) => format!("{}: {text}", names.system(target)),
        None => text.to_owned(),
    }
}

fn sessions(lang: Lang, count: u64) -> String {
    lang.count(count, ["konverzace", "konverzace", "konverzací"], ["conversation", "conversations"])
}

/// A reason as a sentence, with the system that it is about; `others` are of the same decision.
fn sentence(
    names: Names<'_>,
    code: ReasonCode,
    reason: &ReasonStatement,
    others: &[&ReasonStatement],
    audience: Audience,
) -> String {
    let lang = names.lang;
    let count = reason.count.unwrap_or_default();
    let number = sessions(lang, count);
    let detail = reason.detail.as_deref();
    let words = detail.and_then(told::Word::of);
    // What people say is nothing that a system says.
    let is_ours = words.is_some();
    let quoted = detail.map(|detail| if is_ours { lang.quoted(detail) } else { notes::said(lang, detail) });
    let word = words.filter(|_| audience == Audience::Person).map(|word| word.told(names));
    let because = word.as_ref().or(quoted.as_ref()).map(|said| format!(" – {said}")).unwrap_or_default();
    let place = detail.map(|detail| told::place(lang, detail)).unwrap_or_default();
    let all = || std::iter::once(reason).chain(others.iter().copied()).filter_map(|one| one.detail.as_deref());
    let text = match code {
        ReasonCode::Cancelled => lang.say(
            "výmaz ukončil člověk dřív, než odpověděly všechny systémy",
            "a person closed the erasure before every system had answered",
        ),
        ReasonCode::Stopped => lang.say(
            "výmaz člověk zastavil, když už běžel; potom už žádný systém nebyl nově osloven, a co právě probíhalo, doběhlo",
            "a person stopped the erasure while it was under way; after that, no further call to a system was begun, and what was under way ended",
        ),
        ReasonCode::Held => lang.say(
            format!("výmaz po nějakou dobu čekal kvůli pozastavení{}", holds(lang, all())),
            format!("the erasure waited for some time because of a hold{}", holds(lang, all())),
        ),
        ReasonCode::NotResolved => lang.say(
            "nikdo nezjistil, kterých konverzací a systémů se výmaz týká",
            "nobody established which conversations and systems the erasure concerns",
        ),
        ReasonCode::PossibleLeft => lang.say(
            format!("konverzace, které mohou být této osoby, ale není to jisté ({number}), zůstaly"),
            format!("conversations that may be this person’s, which is not certain ({number}), were left"),
        ),
        ReasonCode::PossibleIncluded => lang.say(
            format!("konverzace, u kterých o výmazu rozhodl člověk, protože shoda nebyla úplná: {number}"),
            format!("conversations that a person decided to erase, as not everything agreed: {number}"),
        ),
        ReasonCode::PossibleExcluded => lang.say(
            format!("konverzace, o kterých člověk rozhodl, že jsou někoho jiného: {number}"),
            format!("conversations that a person decided to be somebody else’s: {number}"),
        ),
        ReasonCode::Excluded => lang.say(
            format!("konverzace, které člověk rozhodl ponechat: {number}"),
            format!("conversations that a person decided to keep: {number}"),
        ),
        ReasonCode::CameSince => lang.say(
            format!("konverzace, které přibyly až po naplánování výmazu, a proto zůstaly: {number}"),
            format!("conversations that have come since the erasure was planned, and so were left: {number}"),
        ),
        ReasonCode::Unread => lang.say(
            format!("konverzace, které nešlo přečíst, takže nikdo neví, čí jsou: {}", lang.number(count)),
            format!(
                "conversations that could not be read, so that nobody knows whose they are: {}",
                lang.number(count)
            ),
        ),
        ReasonCode::NeverRead => lang.say(
            format!("konverzace zadané číslem, které mluvii nikdy neukázala: {}", lang.number(count)),
            format!("conversations named by their numbers that mluvii has never shown: {}", lang.number(count)),
        ),
        ReasonCode::Narrowed => narrowed(lang, detail),
        ReasonCode::LedgerOnly | ReasonCode::LedgerOnlyAccepted => lang.say(
            "mluvii: konverzace, o kterých jsme od mluvii nedostali zprávu; v mluvii samé jsme nehledali",
            "mluvii: conversations of which mluvii has not told us; mluvii itself was not searched",
        ),
        ReasonCode::Parked => {
            lang.say(format!("systém výmaz nedokončil{because}"), format!("the system did not finish{because}"))
        }
        ReasonCode::Residual => {
            lang.say("při nové kontrole tam údaje stále byly", "at the second look, the data was still there")
        }
        ReasonCode::Unverifiable | ReasonCode::ExpectedUnverifiable => lang.say(
            format!("nikdo neviděl, zda údaje zmizely{because}"),
            format!("nobody has seen whether the data is gone{because}"),
        ),
        ReasonCode::Retained => match word.ok_or(quoted) {
            Ok(word) => word,
            Err(Some(said)) => match detail.and_then(RetainedByLaw::read) {
                Some((of, by)) => {
                    lang.say(format!("ponecháno ze zákona: {of}, podle {by}"), format!("retained by law: {of}, by {by}"))
                }
                None => lang.say(format!("ponecháno – {said}"), format!("retained – {said}")),
            },
            Err(None) => lang.say("ponecháno ze zákona nebo kvůli pozastavení výmazu", "retained by a law or a hold"),
        },
        ReasonCode::KeptByVendor => lang.say(
            format!("dodavatel vymazané údaje ještě po nějakou dobu uchovává{because}"),
            format!("the vendor keeps what was deleted for some time{because}"),
        ),
        ReasonCode::LeftBehind => lang.say(format!("zůstalo: {place}"), format!("left: {place}")),
        ReasonCode::LeftAccepted if is_left(reason) => lang.say(
            format!("zůstává, jak bylo předem přijato: {}", places(lang, all())),
            format!("stays, as was accepted before: {}", places(lang, all())),
        ),
        ReasonCode::LeftAccepted => lang.say(
            format!("{} (předem přijato, že se tam nehledá)", places(lang, all())),
            format!("{} (accepted before: nobody looks there)", places(lang, all())),
        ),
        ReasonCode::NotLookedAt => place,
    };
    at(names, reason.target.as_ref(), &text)
}

/// Several places are told apart by more than a comma: they have commas of their own.
fn places<'r>(lang: Lang, all: impl Iterator<Item = &'r str>) -> String {
    all.map(|place| told::place(lang, place)).collect::<Vec<_>>().join("; ")
}

/// Each hold, as it was added.
fn holds<'r>(lang: Lang, all: impl Iterator<Item = &'r str>) -> String {
    let all: Vec<_> = all.map(|hold| lang.quoted(hold)).collect();
    if all.is_empty() { String::new() } else { format!(" – {}", lang.list(&all)) }
}

fn narrowed(lang: Lang, detail: Option<&str>) -> String {
    match detail {
        Some("no_guest_id") => lang.say(
            "mluvii u konverzace neukazuje hosta, proto šlo vymazat jen ji",
            "mluvii shows no guest of the conversation, so that only that one could be erased",
        ),
        Some("no_identifiers") => lang.say(
            "není známo nic, podle čeho by šlo osobu najít, proto jsme hledali jen podle hosta nebo konverzace",
            "nothing is known by which the person could be found, so that only the guest or the conversation was looked for",
        ),
        _ => lang.say("výmaz sahá méně daleko, než se žádalo", "the erasure reaches less far than was asked for"),
    }
}
