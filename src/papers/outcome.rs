//! What became of the data at one system, in a row of the table.

use super::{Lang, told};
use crate::erasure::Outcome;
use crate::receipt::StepStatement;

/// A row: the system, what was found, what happened, and whether somebody has looked again.
pub(super) fn row(names: told::Names<'_>, step: &StepStatement) -> [String; 4] {
    let lang = names.lang;
    [names.system(&step.target), found(lang, step), happened(lang, step), looked_again(names, step)]
}

fn found(lang: Lang, step: &StepStatement) -> String {
    let counted: Vec<_> = step.counts.iter().filter(|(_, count)| **count > 0).collect();
    if !counted.is_empty() {
        let counted: Vec<_> = counted.into_iter().map(|(what, count)| told::count(lang, what, *count)).collect();
        return counted.join(", ");
    }
    match step.outcome {
        Outcome::Absent => lang.say("nic", "nothing"),
        // It was found, and the system did not say how much.
        Outcome::Erased => lang.say("údaje, bez počtu", "data, not counted"),
        Outcome::Residual | Outcome::Retained | Outcome::Parked | Outcome::Unverifiable => "–".to_owned(),
    }
}

pub(super) fn happened(lang: Lang, step: &StepStatement) -> String {
    match step.outcome {
        Outcome::Erased if step.verified_at.is_some() => lang.say("vymazáno", "erased"),
        Outcome::Erased => lang.say("vymazáno podle sdělení systému", "erased, by the system’s own word"),
        Outcome::Absent => lang.say("údaje tam nebyly", "there was no data"),
        Outcome::Retained => lang.say("ponecháno, viz níže", "retained, see below"),
        Outcome::Residual => lang.say("údaje tam stále jsou", "the data is still there"),
        Outcome::Parked => lang.say("nedokončeno", "not finished"),
        Outcome::Unverifiable if told::is_somebodys_word(step) => {
            lang.say("podle sdělení pracovníka, neověřeno", "by somebody’s word, not verified")
        }
        Outcome::Unverifiable => lang.say("neověřeno, zda údaje zmizely", "not verified whether the data is gone"),
    }
}

fn looked_again(names: told::Names<'_>, step: &StepStatement) -> String {
    let lang = names.lang;
    let at = |cs: &str, en: &str, time| {
        let time = names.time(time);
        lang.say(format!("{cs} {time}"), format!("{en} {time}"))
    };
    match (step.outcome, step.verified_at) {
        (Outcome::Erased, Some(time)) => at("ano, nic tam není:", "yes, nothing is there:", time),
        (Outcome::Absent, Some(time)) => at("ano,", "yes,", time),
        (Outcome::Residual, Some(time)) => at("ano, stále tam jsou:", "yes, still there:", time),
        (_, Some(time)) => at("ano,", "yes,", time),
        (Outcome::Absent, None) if !step.looked_at.is_empty() => lang.say("prohledáno jednou", "searched once"),
        (_, None) => lang.say("ne", "no"),
    }
}
