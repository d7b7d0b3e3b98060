//! After another system's restore: who was erased there, and whom a backup has brought back, is found and erased again. The target streams
//! whom it holds (`pages`), each record is compared with the fingerprints of those who were erased (`persons`), and who is found is erased
//! the ordinary way: by an erasure at this target alone, with its own receipt. Nothing that is streamed is written anywhere, but what agrees of
//! those who are found: sealed beside the sweep until that ends (`kept`), and in the capsules of their erasures. A sweep that is killed goes on
//! where it was (`job`).

mod found;
mod job;
mod kept;
mod pages;
mod persons;
mod progress;

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

use super::erasures::{installation_of_person, named_targets};
use super::{OperationError, Operations, Settings};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::erasure::recheck::{ERASED_AGAIN, rule_after};
use crate::erasure::{ErasureId, ErasureState, NewErasure, Outcome, Selection, Step, Subject, ToSeal};
use crate::key_files::Keys;
use crate::keys::Fingerprint;
pub(crate) use crate::ledger::SweepThen as Then;
use crate::ledger::{EndedMark, ErasureFilter, MaybeHeld, SessionView, SweepJob};
use crate::policy::Comparison;
use crate::subject::{Fingerprinter, InstallationName, TargetName, Whom};
use crate::target::Target;
use found::plan;
pub(crate) use found::{ErasedAgain, FoundAgain, Is};
pub(crate) use job::{Sweep, cancel, go_on, is_taken, jobs, open};
use kept::{Kept, RESTARTS_MAX};
use pages::{CallRate, Next, Pages, RateOfAll};
use persons::{Found, Person, Persons, Verdict, may_be_one_of};
pub(in crate::operations) use persons::{is_comparable, is_found_by};
use progress::Progress;

/// How many erasures are read of the ledger at once.
const CHUNK: u32 = 500;

/// Places that are named of all pages.
const PLACES_MAX: usize = 32;

const OTHERS: &str =
    "those who would be erased again are not those of this plan any more: nothing was done; look at them again";

const TOO_OLD: &str = "to compare all of them has taken more than a day, and who was found first may be a customer again by now: nobody is \
                       asked for any more; have the target tell them faster (its `calls_per_s`), and run the command anew";

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) target: String,
    /// May be left out where there is one.
    pub(crate) installation: Option<InstallationName>,
    /// When the backup was made: who was erased since then may be in it.
    pub(crate) since: Timestamp,
}

/// How far it has come: so many records.
pub(crate) type Tell<'a> = &'a (dyn Fn(u64) + Sync);

/// Finds whom a target holds again and, where that is asked for, has them erased there.
pub(crate) async fn erase_again(
    on: &Operations,
    asked: &Asked,
    then: &Then,
    by: &Actor,
    tell: Tell<'_>,
) -> Result<ErasedAgain, OperationError> {
    let run = Run::begin(on, asked, then).await?;
    job::carry_out(&run, by, tell).await
}

/// Orders it without waiting for it: a server of this ledger does it. Whoever orders it once more is told of what is there.
pub(crate) async fn order(on: &Operations, asked: &Asked, then: &Then, by: &Actor) -> Result<SweepJob, OperationError> {
    let run = Run::begin(on, asked, then).await?;
    job::order(&run, by).await
}

/// Looks whom a target holds again of those who were erased since then and may be one of these, by a target that runs. Asks for nobody.
pub(in crate::operations) async fn look(
    on: &Operations,
    (target, called): (&TargetName, &dyn Target),
    installation: &InstallationName,
    (since, now): (Timestamp, Timestamp),
    of: HashSet<Fingerprint>,
) -> Result<ErasedAgain, OperationError> {
    let keys = on.keys().await?;
    let fingerprinter = on.fingerprinter(&keys, installation);
    let (target, installation) = (target.clone(), installation.clone());
    let (then, called, of) = (&Then::Count, Some(called), Some(of));
    let run = Run { on, then, called, of, target, installation, since, now, keys, fingerprinter };
    run.look(None, None, &|_| {}).await.map(|(done, _)| done)
}

/// One run, whose names all mean something.
struct Run<'a> {
    on: &'a Operations,
    then: &'a Then,
    /// The target, where it runs already.
    called: Option<&'a dyn Target>,
    /// Whose fingerprints they share who are compared; all, where there is none. The others of years would not fit into memory.
    of: Option<HashSet<Fingerprint>>,
    target: TargetName,
    installation: InstallationName,
    since: Timestamp,
    now: Timestamp,
    keys: Keys,
    fingerprinter: Fingerprinter,
}

impl<'a> Run<'a> {
    async fn begin(on: &'a Operations, asked: &Asked, then: &'a Then) -> Result<Self, OperationError> {
        let conflict = |why: &str| Err(OperationError::Conflict(why.to_owned()));
        let target = named_targets(on, std::slice::from_ref(&asked.target))?.remove(0);
        if target.is_mluvii() {
            return conflict("what mluvii shows again is found and erased again by `quietus reconcile`");
        }
        if !on.settings.keep_fingerprints {
            return conflict("nobody who was erased can be found again, because `erasing.keep_fingerprints` is off");
        }
        let installation = installation_of_person(on, asked.installation.as_ref())?;
        Self::of(on, then, (target, installation), asked.since, None).await
    }

    async fn of(
        on: &'a Operations,
        then: &'a Then,
        (target, installation): (TargetName, InstallationName),
        since: Timestamp,
        called: Option<&'a dyn Target>,
    ) -> Result<Self, OperationError> {
        if let Some(law) = on.settings.exemptions.of(&installation, &target) {
            return Err(OperationError::Conflict(format!("nothing is erased at {target}: {law}")));
        }
        if on.ledger.paused_targets().await?.iter().any(|one| one.pause.target == target) {
            return Err(OperationError::Conflict(format!(
                "{target} is paused: nobody asks it anything, and who is found today may be a customer again by the time that it is \
                 resumed; run this again after `quietus targets resume {target}`"
            )));
        }
        let keys = on.keys().await?;
        let fingerprinter = on.fingerprinter(&keys, &installation);
        let clock = on.ledger.clock().await?;
        if then != &Then::Count && clock.doubt.is_some() {
            return Err(OperationError::Conflict(
                "the ledger's clock cannot be right, so that nobody can say what is newer; see `quietus clock`"
                    .to_owned(),
            ));
        }
        Ok(Self { on, then, called, of: None, target, installation, since, now: clock.now, keys, fingerprinter })
    }

    fn entry(&self, by: &Actor, result: ActResult) -> AuditEntry {
        entry((&self.target, &self.installation), self.since, self.then, (by, result))
    }

    /// Who is found, and those of them who are to go, by their places among these. `progress` is what was seen before.
    async fn look(
        &self,
        mut kept: Option<&mut Kept<'_>>,
        progress: Option<Progress>,
        tell: Tell<'_>,
    ) -> Result<(ErasedAgain, Vec<(usize, Person)>), OperationError> {
        let mut done = self.nothing_yet();
        let until = kept.as_ref().filter(|_| progress.is_some()).map(|kept| kept.job().begun);
        let mut persons = self.erased(until, &mut done).await?;
        done.still_open = self.still_open().await?;
        self.sweep((&mut persons, &mut done), kept.as_deref_mut(), progress, tell).await?;
        done.later = persons.later();
        let mut going = Vec::new();
        for (person, verdict) in persons.found() {
            // Who was asked for, before the process was killed, is not asked for again.
            if let Some(again) = kept.as_ref().and_then(|kept| kept.job().again(person.erasure)) {
                let Found { old: records, newer, undated, possible, later: _ } = person.found;
                let kept = newer + undated + possible;
                let again = Some(again);
                done.found.push(FoundAgain { erasure: person.erasure, is: Is::Again, records, kept, again });
                continue;
            }
            let is = match self.becomes(&person, verdict).await? {
                // One newer record keeps all others, and it may be where nobody has looked.
                Is::Again if !done.not_looked_at.is_empty() => Is::Unseen,
                is => is,
            };
            let Found { old, newer, undated, possible, later: _ } = person.found;
            let records = if is == Is::Again { old } else { 0 };
            let kept = old + newer + undated + possible - records;
            done.found.push(FoundAgain { erasure: person.erasure, is, records, kept, again: None });
            if is == Is::Again {
                going.push((done.found.len() - 1, person));
            }
        }
        done.plan = plan(&done);
        Ok((done, going))
    }

    /// Does what is left of a job.
    async fn go(
        &self,
        kept: &mut Kept<'_>,
        progress: Option<Progress>,
        tell: Tell<'_>,
    ) -> Result<ErasedAgain, OperationError> {
        let (mut done, going) = self.look(Some(&mut *kept), progress, tell).await?;
        // Once anybody was asked for by a plan, those who are left are others than it is about, and nobody but they is asked for.
        let is_begun = kept.job().has_begun_asking();
        match self.then {
            Then::Count => return Ok(done),
            Then::Erase { plan } if *plan != done.plan && !is_begun => {
                return Err(OperationError::Conflict(OTHERS.to_owned()));
            }
            Then::Erase { .. } | Then::EraseAll => {}
        }
        if kept.is_old().await? {
            return Err(OperationError::Conflict(TOO_OLD.to_owned()));
        }
        kept.asking(going.iter().map(|(_, person)| person.erasure).collect()).await?;
        let planned: BTreeSet<_> = kept.job().planned.iter().copied().collect();
        for (place, person) in going.into_iter().filter(|(_, person)| planned.contains(&person.erasure)) {
            done.found[place].again = Some(self.request(person, kept).await?);
        }
        Ok(done)
    }

    fn nothing_yet(&self) -> ErasedAgain {
        let kept_for = self.on.settings.retention.fingerprints.limit();
        ErasedAgain {
            target: self.target.clone(),
            mluvii: self.installation.clone(),
            since: self.since,
            compared: 0,
            not_comparable: 0,
            not_erased_then: 0,
            still_open: 0,
            kept_since: kept_for.and_then(|kept_for| self.now.checked_sub(kept_for).ok()),
            records: 0,
            found: Vec::new(),
            plan: String::new(),
            not_looked_at: Vec::new(),
            told: BTreeSet::new(),
            later: BTreeSet::new(),
            dry_run: self.then == &Then::Count,
            needs_approval: self.on.settings.four_eyes,
        }
    }

    /// Those who were erased at the target since then, and until then.
    async fn erased(&self, until: Option<Timestamp>, done: &mut ErasedAgain) -> Result<Persons<'_>, OperationError> {
        let mut persons = Persons::new(&self.on.settings.person.r#match, &self.fingerprinter);
        let mut after = EndedMark::before(self.since);
        loop {
            let ended = self.on.ledger.ended_erasures(&self.installation, after, CHUNK).await?;
            let Some(last) = ended.last().map(|ended| &ended.erasure) else { break };
            after = EndedMark { at: last.ended.unwrap_or(after.at), erasure: last.id };
            for ended in ended {
                if self.of.as_ref().is_some_and(|of| !may_be_one_of(&ended, of)) {
                    continue;
                }
                // Whoever goes on with a sweep compares the same people as who has begun it.
                if until.is_some_and(|until| ended.erasure.ended.is_some_and(|at| at > until)) {
                    continue;
                }
                let Some(step) = ended.erasure.steps.iter().find(|step| step.target == self.target) else { continue };
                // What became of it elsewhere, and whether a person has cancelled the rest, is nothing to this target.
                if is_gone(step) {
                    done.not_comparable += u64::from(!persons.add(ended));
                } else {
                    done.not_erased_then += 1;
                }
            }
        }
        done.compared = persons.len() as u64;
        Ok(persons)
    }

    /// How many are done at the target since then, and have not ended.
    async fn still_open(&self) -> Result<u64, OperationError> {
        let mut filter = ErasureFilter {
            states: vec![ErasureState::Erasing, ErasureState::Verifying, ErasureState::Parked],
            installation: Some(self.installation.clone()),
            ..ErasureFilter::newest(CHUNK)
        };
        let mut count = 0;
        loop {
            let page = self.on.ledger.erasures(&filter).await?;
            let here = page.items.iter().flat_map(|erasure| &erasure.steps).filter(|step| step.target == self.target);
            count += here.filter(|step| is_done_since(step, self.since)).count() as u64;
            match page.next {
                Some(next) => filter.after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Compares whom the target holds with them.
    async fn sweep(
        &self,
        (persons, done): (&mut Persons<'_>, &mut ErasedAgain),
        kept: Option<&mut Kept<'_>>,
        progress: Option<Progress>,
        tell: Tell<'_>,
    ) -> Result<(), OperationError> {
        // Where nobody can be found, nobody's data is read.
        if persons.len() == 0 {
            return Ok(());
        }
        let is_resumed = progress.is_some();
        let next = progress.and_then(|progress| progress.resume(persons, done));
        if is_resumed && next.is_none() {
            // It had told all.
            return Ok(());
        }
        if let Some(target) = self.called {
            let called = self.target.called_for(&self.installation);
            return self.sweep_target((target, &called), (persons, done), kept, next, tell).await;
        }
        let running = (self.on.resources.targets)().map_err(OperationError::Configuration)?;
        let called = self.target.called_for(&self.installation);
        let target = running.targets.get(&called).expect("it is a target of the configuration");
        let swept = self.sweep_target((&**target, &called), (persons, done), kept, next, tell).await;
        running.stop().await;
        swept
    }

    async fn sweep_target(
        &self,
        (target, called): (&dyn Target, &TargetName),
        (persons, done): (&mut Persons<'_>, &mut ErasedAgain),
        mut kept: Option<&mut Kept<'_>>,
        next: Option<Next>,
        tell: Tell<'_>,
    ) -> Result<(), OperationError> {
        let Settings { rates, person, .. } = &self.on.settings;
        let rate =
            rates.get(called).map(|rate| RateOfAll { ledger: &*self.on.ledger, target: called, calls_per_s: *rate });
        let rate = rate.as_ref().map(|rate| rate as &dyn CallRate);
        let mut pages = Pages::new(target, called, rate, person.region).resumed(next, done.records);
        let mut restarts = 0;
        loop {
            let page = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(()),
                Err(error) => {
                    let Some(why) = pages.refused() else { return Err(error) };
                    restarts += 1;
                    let begins_anew = match kept.as_deref_mut() {
                        Some(kept) => kept.begins_anew(why).await?,
                        None => restarts <= RESTARTS_MAX,
                    };
                    if !begins_anew {
                        return Err(error);
                    }
                    persons.begin_anew();
                    done.records = 0;
                    done.told.clear();
                    done.not_looked_at.clear();
                    pages = Pages::new(target, called, rate, person.region);
                    continue;
                }
            };
            for record in &page.records {
                persons.compare(record);
                for one in &record.identifiers.0 {
                    if !done.told.contains(&one.kind) {
                        done.told.insert(one.kind.clone());
                    }
                }
            }
            let is_empty = page.records.is_empty();
            done.records += page.records.len() as u64;
            for place in page.not_looked_at {
                if !done.not_looked_at.contains(&place) && done.not_looked_at.len() < PLACES_MAX {
                    done.not_looked_at.push(place);
                }
            }
            tell(done.records);
            let next = pages.begins();
            // Of one that tells of nobody, nothing is lost where it is asked for again.
            if let Some(kept) = kept.as_deref_mut().filter(|_| !is_empty || next.is_none()) {
                let progress = || Progress::of(next, persons, done);
                kept.page((done.records, next.is_none()), progress).await?;
            }
        }
    }

    /// What is to become of one of whom something was found.
    async fn becomes(&self, person: &Person, verdict: Verdict) -> Result<Is, OperationError> {
        match verdict {
            Verdict::Back => return Ok(Is::Back),
            Verdict::Undated => return Ok(Is::Undated),
            Verdict::Possible => return Ok(Is::Possible),
            Verdict::Again => {}
        }
        let prints: Vec<_> = person.fingerprints.iter().map(|one| one.fingerprint).collect();
        let sessions = self.on.ledger.sessions_with(&self.installation, &person.fingerprints).await?;
        if sessions.iter().any(|session| self.came_back(person, session)) {
            return Ok(Is::Back);
        }
        let open = self.on.ledger.erasures_with(&prints).await?.into_iter().any(|erasure| {
            let is_here = erasure.steps.iter().any(|step| step.target == self.target);
            erasure.ended.is_none() && is_here && *erasure.subject.installation() == self.installation
        });
        if open {
            return Ok(Is::UnderWay);
        }
        Ok(if self.is_held(person, &sessions).await? { Is::Held } else { Is::Again })
    }

    /// Whether a session may be theirs.
    fn may_be_theirs(&self, person: &Person, session: &SessionView) -> bool {
        let sets = &self.on.settings.person.r#match;
        Comparison::of(&person.fingerprints, &session.fingerprints).judge(sets).is_some()
    }

    /// Whether a hold keeps them, or a session that may be theirs: their erasure reaches no session, and so would not wait for that one.
    async fn is_held(&self, person: &Person, sessions: &[SessionView]) -> Result<bool, OperationError> {
        let whole = MaybeHeld {
            installation: self.installation.clone(),
            session: None,
            guest: None,
            rules: Vec::new(),
            identifiers: person.fingerprints.clone(),
        };
        if !self.on.ledger.holds_on(&whole).await?.is_empty() {
            return Ok(true);
        }
        for view in sessions.iter().filter(|view| self.may_be_theirs(person, view)) {
            let session = Some(view.record.session.session);
            let one = MaybeHeld { session, identifiers: Vec::new(), ..whole.clone() };
            if !self.on.ledger.holds_on(&one).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a session may be theirs and is newer than their erasure, or a consent in it.
    fn came_back(&self, person: &Person, session: &SessionView) -> bool {
        if !self.may_be_theirs(person, session) {
            return false;
        }
        // It names somebody although it was erased: that has come since.
        if session.erased_at.is_some() {
            return true;
        }
        let record = &session.record;
        let newest = record.started.max(record.ended).max(record.consent.since);
        // One that says no time may be new.
        newest.is_none_or(|newest| newest > person.gone_at)
    }

    /// Has one erased the ordinary way, at this target alone, by what their records and the first erasure have in common.
    async fn request(&self, person: Person, kept: &mut Kept<'_>) -> Result<ErasureId, OperationError> {
        let seal = self.on.seal_key(&self.keys).await?;
        let fingerprints = self.fingerprinter.of_all(&person.identifiers);
        let digest = self.fingerprinter.person(&fingerprints);
        let erasure = NewErasure {
            id: ErasureId::generate(self.now),
            subject: Subject::Person { installation: self.installation.clone(), digest },
            // On the receipt it says why, and which one it follows, whose receipt stays true of its time.
            rule: rule_after(ERASED_AGAIN, person.erasure),
            version: None,
            targets: vec![self.target.clone()],
            due: self.now,
            // Whom a machine has found is nobody's second look: where a second person is wanted, it is wanted here, too.
            approve: self.on.settings.four_eyes,
            approved: None,
            confirm: None,
            origin: None,
            // It tells the target no more than the first one did, which may have left out sessions: only what is in common, and no guest.
            selection: Selection { identifiers_only: true, ..Selection::default() },
            capsule: ToSeal::of(Whom { identifiers: person.identifiers, ..Whom::default() }, &seal),
            fingerprints,
        };
        kept.ask(person.erasure, &erasure, &seal).await
    }
}

/// What the audit says of a sweep.
fn entry(
    (target, installation): (&TargetName, &InstallationName),
    since: Timestamp,
    then: &Then,
    (by, result): (&Actor, ActResult),
) -> AuditEntry {
    let how = if then == &Then::Count { "count" } else { "erase" };
    AuditEntry::new(by, Act::EraseAgain, Object::target(target), result)
        .with_word("mluvii", installation)
        .with_word("since", since)
        .with_word("then", how)
}

fn entry_of(job: &SweepJob, by: &Actor, result: ActResult) -> AuditEntry {
    entry((&job.target, &job.mluvii), job.since, &job.then, (by, result))
}

/// Whether the target no longer held it. Where nobody could see it, it was asked for all the same; what was stopped before that is there
/// as it was.
pub(in crate::operations) fn is_gone(step: &Step) -> bool {
    match step.outcome() {
        Some(Outcome::Erased | Outcome::Absent) => true,
        Some(Outcome::Unverifiable) => !step.stopped || step.may_have_erased(),
        _ => false,
    }
}

/// Whether a step is over and its data was gone, not before `since` as far as that is known.
fn is_done_since(step: &Step, since: Timestamp) -> bool {
    let at = step.verified_at.max(step.erased_at);
    step.final_outcome().is_some() && is_gone(step) && at.is_none_or(|at| at >= since)
}

#[cfg(test)]
pub(in crate::operations) mod tests;
