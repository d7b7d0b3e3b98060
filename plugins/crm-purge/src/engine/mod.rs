//! What is the same for all vendors: find a person's records, make sure that they are really the person's, erase them, and
//! look again. Knows no vendor.

mod answer;
mod ask;
mod carried;
mod find;
mod health;
mod judge;
mod learn;
mod learned;
mod left;
mod list;
mod listing;
mod login;
mod owed;
mod plan;
mod quota;
mod rules;
mod run;
mod search;
mod setup;
mod sweep;
mod tell;
mod wanted;

use std::collections::BTreeMap;
use std::time::Duration;

use quietus_plugin::{Answer, Call, Outcome, PluginError, Progress, Request, Writes};

use crate::choice::By;
use crate::vendor::Keeps;
use answer::{Found, erased, looked, unasked, would_go};
use carried::Unblocked;
use find::People;
use list::add;
use owed::Owed;
use run::Run;
use setup::Asked;

#[cfg(test)]
pub(crate) use find::REFUSED;
#[cfg(test)]
pub(crate) use run::TRACE_STAYS;
pub(crate) use search::{LastPage, Next, Object, Place, Record, SEARCH, Search};
pub(crate) use setup::Engine;
pub(crate) use wanted::{Wanted, tail, tail_pattern};

impl Engine {
    /// Erases.
    pub(crate) fn erase(&self, request: &Request, writes: Writes<'_>, call: &Call<'_>) -> Result<Answer, PluginError> {
        let asked = self.asked(request, call);
        if asked.wanted.is_empty() {
            return Ok(unasked());
        }
        let mut progress = Progress::of(call);
        let ended = Run::new(self, writes, call).erase(&asked, &mut progress);
        // Also after success: the answer may not reach the host, which then asks again.
        let stored = progress.store(call);
        let end = ended?;
        stored?;
        let unclear = end.unclear;
        let answer = erased(end.erased, progress.counts());
        let answer = match answer.outcome {
            Outcome::Erased => {
                let counts = answer.counts.clone();
                self.with_kept(answer.verify_after(self.verify_after), &counts, Duration::ZERO)
            }
            _ => answer,
        };
        Ok(self.searched(self.said(&asked, unclear.told(answer))))
    }

    /// What an erasure would erase.
    pub(crate) fn foresee(&self, request: &Request, call: &Call<'_>) -> Result<Answer, PluginError> {
        let asked = self.asked(request, call);
        if asked.wanted.is_empty() {
            return Ok(unasked());
        }
        let people = self.people(&asked, call)?;
        people.left.error().map_or(Ok(()), Err)?;
        let is_nobody = people.theirs.is_empty();
        let Unblocked { people: theirs, blockers } = self.unblocked(people.theirs, call)?;
        let mut going = self.belongings(&theirs, call)?;
        for person in &theirs {
            let carried = self.carried(person, &going, call)?;
            add(&mut going, carried);
        }
        going.extend(theirs);
        let traces = self.traces(&going);
        let found = Found::of(going.iter().chain(&traces));
        let recycled = if is_nobody { self.recycled(people.recycled, &asked, call)? } else { People::default() };
        let answer = would_go(found, recycled.theirs.len()).unclear(&blockers);
        // What the vendor will keep of it is to be known before.
        let counts = answer.counts.clone();
        let answer = self.with_kept(answer, &counts, Duration::ZERO);
        let answer = match answer.outcome {
            Outcome::Residual => answer.verify_after(self.verify_after),
            _ => answer,
        };
        Ok(self.searched(self.said(&asked, recycled.unclear.told(people.unclear.told(answer)))))
    }

    /// Looks again.
    pub(crate) fn verify(&self, request: &Request, call: &Call<'_>) -> Result<Answer, PluginError> {
        let asked = self.asked(request, call);
        if asked.wanted.is_empty() {
            return Ok(unasked());
        }
        let people = self.people(&asked, call)?;
        people.left.error().map_or(Ok(()), Err)?;
        // Before its time, the bin holds it for sure.
        let early = self.verify_after < self.traits.verify_after;
        let recycled = if early { People::default() } else { self.recycled(people.recycled, &asked, call)? };
        let answer = looked(Found::of(&people.theirs), recycled.theirs.len());
        // This look replaces what was said when it was erased. Where nothing is known to be erased, nothing is known to be
        // kept.
        let erased = Progress::<Owed>::of(call).counts();
        // What the host was told before stays on the receipt until this says that its time is over, and nothing is there.
        let over = !self.traits.keeps.is_empty()
            && self.traits.keeps.iter().all(|keeps| self.verify_after >= keeps.gone_after);
        let answer = if over { answer.keeps_nothing() } else { answer };
        let answer = self.with_kept(answer, &erased, self.verify_after);
        Ok(self.said(&asked, recycled.unclear.told(people.unclear.told(answer))))
    }

    /// The answer with what the vendor keeps of what is counted so, at this time after the erasure.
    fn with_kept(&self, answer: Answer, erased: &BTreeMap<String, u64>, after: Duration) -> Answer {
        let is_kept = |keeps: &&Keeps| {
            after < keeps.gone_after && self.vendor.keeps(keeps) && erased.keys().any(|count| (keeps.of)(count))
        };
        self.traits.keeps.iter().filter(is_kept).fold(answer, |answer, keeps| answer.keeps(keeps.what))
    }

    /// The answer with what is found by a person's record: only where that is still there.
    fn searched(&self, answer: Answer) -> Answer {
        let places = self.vendor.places(&self.related);
        let linked: Vec<_> = self.related.iter().copied().filter(|word| !places.contains(word)).collect();
        match linked.is_empty() {
            true => answer,
            false => answer.looked_at(format!("{} by the record of the person", linked.join(", "))),
        }
    }

    /// The answer with what was looked at.
    fn said(&self, asked: &Asked, answer: Answer) -> Answer {
        let places = self.vendor.places(&self.related).join(", ");
        let by = |by: By| asked.wanted.iter().any(|wanted| wanted.by() == by);
        let mut answer = answer;
        if by(By::Email) {
            answer = answer.looked_at(format!("{places} by e-mail address"));
        }
        if by(By::Phone) {
            let alone = if self.scope.rules.phone_alone { ", also by the number alone" } else { "" };
            answer = answer.looked_at(format!("{places} by telephone number{alone}"));
            answer = self.vendor.numbers_not_found().into_iter().fold(answer, Answer::not_looked_at);
        }
        if by(By::Id) {
            answer = answer.looked_at(format!("{} by id", self.vendor.places(&[]).join(", ")));
        }
        if !asked.stays.is_empty() {
            answer = answer.looked_at("what was anonymized, by id");
        }
        let here = self.vendor.not_looked(&self.related);
        let everywhere = self.traits.not_looked.iter().map(|what| (*what).to_owned());
        answer = everywhere.chain(here).fold(answer, Answer::not_looked_at);
        if asked.unusable > 0 {
            let text = format!("{} identifiers that have no form that a record could hold", asked.unusable);
            answer = answer.not_looked_at(text);
        }
        answer
    }
}
