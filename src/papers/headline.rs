//! The result in a sentence: what the verdict says, and no more than somebody has seen.

use super::Lang;
use super::reasons::is_left;
use super::told::{self, Names};
use crate::erasure::{Outcome, ReasonCode, Verdict};
use crate::receipt::Statement;

/// What the sentence is made of, of one receipt or of several.
#[derive(Debug)]
pub(super) struct Headline {
    lang: Lang,
    /// The worst one.
    verdict: Verdict,
    /// Whether something that was found stays, as is accepted.
    leaves: bool,
    /// Whether there are places that nobody looked at.
    passes_over: bool,
    /// Systems where the data is gone by a member of staff's word alone.
    by_staff: Vec<String>,
    /// Those where it is by the system's own.
    by_system: Vec<String>,
    /// Those of which nobody has said even that.
    unverified: Vec<String>,
}

impl Headline {
    pub(super) fn of(names: Names<'_>, statement: &Statement) -> Self {
        let mut made = Self {
            lang: names.lang,
            verdict: statement.verdict,
            leaves: false,
            passes_over: false,
            by_staff: Vec::new(),
            by_system: Vec::new(),
            unverified: Vec::new(),
        };
        let mut doubted = Vec::new();
        for reason in &statement.reasons {
            match (reason.code.parse(), &reason.target) {
                (Ok(ReasonCode::LeftAccepted), _) if is_left(reason) => made.leaves = true,
                (Ok(ReasonCode::LeftAccepted | ReasonCode::LedgerOnlyAccepted), _) => made.passes_over = true,
                (Ok(ReasonCode::ExpectedUnverifiable), Some(target)) => {
                    let step = statement.steps.iter().find(|step| step.target == *target);
                    let unseen = match step {
                        Some(step) if told::is_somebodys_word(step) => &mut made.by_staff,
                        Some(step) if matches!(step.outcome, Outcome::Erased | Outcome::Absent) => &mut made.by_system,
                        Some(_) | None => &mut made.unverified,
                    };
                    unseen.push(names.system(target));
                    doubted.push(target);
                }
                _ => {}
            }
        }
        // Where nobody could look at all, that is said of the whole system.
        let mut seen = statement.steps.iter().filter(|step| !doubted.contains(&&step.target));
        made.passes_over |= seen.any(|step| !step.not_looked_at.is_empty());
        made
    }

    /// What two receipts allow together.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.verdict = self.verdict.max(other.verdict);
        self.leaves |= other.leaves;
        self.passes_over |= other.passes_over;
        add(&mut self.by_staff, other.by_staff);
        add(&mut self.by_system, other.by_system);
        add(&mut self.unverified, other.unverified);
        self
    }

    /// The whole sentence, with what nobody has seen behind it.
    pub(super) fn sentence(&self) -> String {
        let lang = self.lang;
        if self.verdict == Verdict::Incomplete {
            return lang.say(
                "Ne všechno je vymazáno, nebo ne všechno bylo možné prověřit.",
                "Not everything was seen, or not everything is gone.",
            );
        }
        let (czech, english) = match (self.verdict == Verdict::Retained, self.leaves) {
            (false, false) => ("", ""),
            (true, false) => (
                ", kromě toho, co se uchovává ze zákona nebo podle pravidel dodavatele",
                ", except what is kept by law or by a vendor’s own rules",
            ),
            (false, true) => {
                (", kromě toho, co zůstává, jak bylo předem přijato", ", except what stays, as was accepted before")
            }
            (true, true) => (
                ", kromě toho, co se uchovává ze zákona nebo podle pravidel dodavatele nebo zůstává, jak bylo předem přijato",
                ", except what is kept by law or by a vendor’s own rules, or stays, as was accepted before",
            ),
        };
        let gone = if self.is_seen() {
            lang.say(
                format!("Vše, co jsme našli, je vymazáno{czech}."),
                format!("Everything that was found is gone{english}."),
            )
        } else {
            lang.say(
                format!("Vše, co jsme našli a mohli znovu zkontrolovat, je vymazáno{czech}."),
                format!("Everything that was found and could be looked at again is gone{english}."),
            )
        };
        self.and_unseen(gone)
    }

    /// The result of all except what a law keeps, with where the details are.
    pub(super) fn rest(&self, enclosed: &str) -> String {
        let lang = self.lang;
        if self.verdict == Verdict::Incomplete {
            return lang.say(
                format!("Co bylo vymazáno a co se nepodařilo vymazat nebo prověřit, je {enclosed}."),
                format!("What was erased, and what could not be erased or verified, is {enclosed}."),
            );
        }
        let (czech, english) =
            if self.is_seen() { ("", "") } else { (" a mohli znovu zkontrolovat", " and could be looked at again") };
        let (czech_left, english_left) = if self.leaves {
            (", nebo to zůstává, jak bylo předem přijato", ", or stays, as was accepted before")
        } else {
            ("", "")
        };
        self.and_unseen(lang.say(
            format!(
                "Vše ostatní, co jsme našli{czech}, je vymazáno, nebo to ještě po určitou dobu uchovává dodavatel{czech_left}; podrobnosti jsou \
                 {enclosed}."
            ),
            format!(
                "Everything else that was found{english} is gone, or a vendor keeps it for some time{english_left}; the details are {enclosed}."
            ),
        ))
    }

    /// Whether somebody has looked again wherever something was to be erased.
    fn is_seen(&self) -> bool {
        self.by_staff.is_empty() && self.by_system.is_empty() && self.unverified.is_empty()
    }

    fn and_unseen(&self, gone: String) -> String {
        let lang = self.lang;
        let mut sentences = vec![gone];
        for (systems, czech, english) in [
            (
                &self.by_staff,
                "Jen podle sdělení pracovníka, neověřeno",
                "By a member of staff’s word only, not verified",
            ),
            (&self.by_system, "Jen podle sdělení systému, neověřeno", "By the system’s own word only, not verified"),
            (&self.unverified, "Neověřeno, zda údaje zmizely", "Not verified whether the data is gone"),
        ] {
            if !systems.is_empty() {
                let all = lang.list(systems);
                sentences.push(lang.say(format!("{czech}: {all}."), format!("{english}: {all}.")));
            }
        }
        if self.passes_over {
            sentences.push(lang.say("Na některá místa jsme se nedívali.", "Some places were not looked at."));
        }
        sentences.join(" ")
    }
}

/// A system of several receipts is named once.
fn add(all: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}
