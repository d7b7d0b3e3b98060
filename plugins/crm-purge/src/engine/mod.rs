//! What is the same for all vendors: find a person's records, make sure that they are really the person's, erase them, and
//! look again. A request enters, an answer leaves. Knows no vendor.

mod answer;
mod ask;
mod find;
mod judge;
mod owed;
mod quota;
mod run;
mod search;
mod wanted;

use std::collections::BTreeMap;
use std::time::Duration;

use quietus_plugin::http::Client;
use quietus_plugin::{Answer, Call, Kind, Level, Memory, Outcome, PluginError, Request, Secrets, Writes};

use crate::config::{By, Config, Erasure};
use crate::vendor::{self, Keeps, Traits, Vendor};
use answer::{Found, erased, looked, unasked, would_go};
use find::People;
use judge::{Person, Rules};
use owed::Owed;
use quota::Quota;
use run::Run;
use wanted::Scope;

pub(crate) use search::{Next, Object, Place, Record, Search};
pub(crate) use wanted::{Wanted, tail, tail_pattern};

/// The class of requests that a vendor limits beside the others.
pub(crate) const SEARCH: &str = "search";
/// From here on, nobody would know for a long time that the vendor erased nothing: it is looked at once, too.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);
/// As `matches_max` and `related_max`.
const MATCHES_MAX: usize = 5;
const RELATED_MAX: usize = 1000;

/// What a request asks for.
pub(crate) struct Asked {
    wanted: Vec<Wanted>,
    person: Person,
    /// Identifiers that no record can hold.
    unusable: usize,
}

/// One use of the plugin.
pub(crate) struct Engine {
    traits: &'static Traits,
    vendor: Box<dyn Vendor>,
    client: Client,
    quota: Quota,
    scope: Scope,
    related: Vec<&'static str>,
    erasure: Erasure,
    matches_max: usize,
    related_max: usize,
    verify_after: Duration,
    /// What earlier calls for the same erasures did: the next attempt must not report less.
    memory: Memory,
    owed: Owed,
}

impl Engine {
    pub(crate) fn make(config: &Config, secrets: &Secrets) -> Result<Self, PluginError> {
        let wrong = PluginError::needs_operator;
        let (traits, vendor) = vendor::of(config).map_err(wrong)?;
        if config.by.is_empty() {
            return Err(wrong("by: it is empty, so that nobody would be found".into()));
        }
        if config.id_kind.is_some() && !config.by.contains(&By::Id) {
            return Err(wrong("id_kind: nobody is looked for by it without \"id\" in `by`".into()));
        }
        if config.phone_alone && !config.by.contains(&By::Phone) {
            return Err(wrong("phone_alone: nobody is looked for by number without \"phone\" in `by`".into()));
        }
        let rules = Rules { plus_addressing: config.plus_addressing, phone_alone: config.phone_alone };
        let id_kind = Kind::from(config.id_kind.clone().unwrap_or_else(|| "crm_id".into()));
        let client = Client::new(&config.client(traits).map_err(wrong)?, secrets)?;
        Ok(Self {
            traits,
            vendor,
            client: client.rate(SEARCH, config.search_rate.unwrap_or(traits.search_rate))?,
            quota: Quota::default(),
            scope: Scope { by: config.by.clone(), id_kind, rules },
            related: config.related(traits).map_err(wrong)?,
            erasure: config.erasure(traits).map_err(wrong)?,
            matches_max: config.matches_max.unwrap_or(MATCHES_MAX),
            related_max: config.related_max.unwrap_or(RELATED_MAX),
            verify_after: config.verify_after.map_or(traits.verify_after, |span| span.0),
            memory: Memory::default(),
            owed: Owed::default(),
        })
    }

    /// Erases.
    pub(crate) fn erase(&self, request: &Request, writes: Writes<'_>, call: &Call<'_>) -> Result<Answer, PluginError> {
        let asked = self.asked(request, call);
        if asked.wanted.is_empty() {
            return Ok(unasked());
        }
        let key = &request.idempotency_key;
        let mut progress = self.memory.recall(key);
        let ended = Run::new(self, key, writes, call).erase(&asked, &mut progress);
        // Also after success: the answer may not reach the host, which then asks again.
        self.memory.keep(key, progress.clone());
        let end = ended?;
        let unclear = end.unclear;
        let answer = erased(end.erased, progress.counts());
        let answer = match answer.outcome {
            Outcome::Erased => {
                let counts = answer.counts.clone();
                self.with_kept(answer.verify_after(self.verify_after), &counts, Duration::ZERO)
            }
            _ => answer,
        };
        Ok(self.said(&asked, unclear.told(answer)))
    }

    /// What an erasure would erase.
    pub(crate) fn foresee(&self, request: &Request, call: &Call<'_>) -> Result<Answer, PluginError> {
        let asked = self.asked(request, call);
        if asked.wanted.is_empty() {
            return Ok(unasked());
        }
        let people = self.people(&asked, call)?;
        let belongings = self.belongings(&people.theirs, call)?;
        let traces = self.traces(&people.theirs);
        let found = Found::of(people.theirs.iter().chain(&belongings).chain(&traces));
        let recycled = if found.is_empty() { self.recycled(&asked, call)? } else { People::default() };
        let answer = would_go(found, recycled.theirs.len());
        Ok(self.said(&asked, recycled.unclear.told(people.unclear.told(answer))))
    }

    /// Looks again.
    pub(crate) fn verify(&self, request: &Request, call: &Call<'_>) -> Result<Answer, PluginError> {
        let asked = self.asked(request, call);
        if asked.wanted.is_empty() {
            return Ok(unasked());
        }
        let people = self.people(&asked, call)?;
        // Before its time, the bin holds it for sure.
        let early = self.verify_after < self.traits.verify_after;
        let recycled = if early { People::default() } else { self.recycled(&asked, call)? };
        let answer = looked(Found::of(&people.theirs), recycled.theirs.len());
        // This look replaces what was said when it was erased. Where nothing is known to be erased, nothing is known to be
        // kept: a process that was started since then says nothing of it.
        let erased = self.memory.recall(&request.idempotency_key).counts();
        let answer = self.with_kept(answer, &erased, self.verify_after);
        Ok(self.said(&asked, recycled.unclear.told(people.unclear.told(answer))))
    }

    /// The answer with what the vendor keeps of what is counted so, at this time after the erasure.
    fn with_kept(&self, answer: Answer, erased: &BTreeMap<String, u64>, after: Duration) -> Answer {
        let is_kept = |keeps: &&Keeps| after < keeps.gone_after && erased.keys().any(|count| (keeps.of)(count));
        self.traits.keeps.iter().filter(is_kept).fold(answer, |answer, keeps| answer.keeps(keeps.what))
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
        }
        if by(By::Id) {
            answer = answer.looked_at(format!("{} by id", self.vendor.places(&[]).join(", ")));
        }
        if asked.unusable > 0 {
            let text = format!("{} identifiers that have no form that a record could hold", asked.unusable);
            answer = answer.not_looked_at(text);
        }
        answer
    }

    /// Whether the vendor can be reached and accepts the credentials.
    pub(crate) fn health(&self, call: &Call<'_>) -> Result<(), PluginError> {
        let answer = self.ask(&self.vendor.health(), call)?;
        if answer.gone() {
            return Err(PluginError::needs_operator("the vendor's API is not at this address: check `base_url`"));
        }
        self.document(&answer).map(drop)
    }

    fn asked(&self, request: &Request, call: &Call<'_>) -> Asked {
        let (wanted, unusable) = self.scope.wanted(request, |id| self.vendor.is_id(id));
        if unusable > 0 {
            call.log(
                Level::Warn,
                format!("{unusable} identifiers have no form that a record could hold: not looked for"),
            );
        }
        Asked { wanted, person: self.scope.rules.person(request), unusable }
    }

    /// What stands for a record in the memory.
    fn mark(&self, record: &Record) -> u64 {
        self.memory.mark(&(record.object.path, &record.id))
    }

    fn traces(&self, people: &[Record]) -> Vec<Record> {
        people.iter().flat_map(|person| self.vendor.traces(person, &self.related)).collect()
    }
}
