//! Plan, then do. What a request would have erased is shown, and kept as a hash over what is included; it runs by that hash, does
//! exactly that, and refuses where something of it has changed. What comes to the person meanwhile is for another plan: somebody
//! who goes on chatting can be erased all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::acts::change;
use super::{Named, Shown, changed_meanwhile, one, refused, whom};
use crate::audit::{Act, Actor, Detail};
use crate::consent::ConsentRecord;
use crate::deadline::Calendar;
use crate::erasure::{ErasureId, ForeseenHold, NewErasure, Outcome, Selection, ToSeal};
use crate::key_files::Keys;
use crate::ledger::{RequestChange, StoredRequest, sealing};
use crate::mluvii::{Look, LookUp};
use crate::operations::erasures::{
    About, Asked, Checked, LookAgain, MayHold, NotSaid, Reach, Said, Tell, WouldBe, find_reach,
};
use crate::operations::{InputError, OperationError, Operations, erasures};
use crate::policy::REQUEST;
use crate::request::{Choice, Chosen, Plan, PlannedSession, Refused, Request, masked};
use crate::subject::{SessionKey, TargetName};
use crate::worker::ScopeResolution;

/// A vendor that purges within less than this is no second clock.
const PURGE_MIN: Duration = Duration::from_secs(86_400);

/// What a request would have erased. Holds personal data in memory.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) shown: Shown,
    pub(crate) plan: Plan,
    pub(crate) reach: Reach,
    /// What the ledger knows of each session that was found.
    pub(crate) records: BTreeMap<SessionKey, ConsentRecord>,
    /// Which guest each session is of, as a number that tells one of the plan from another.
    pub(crate) guests: BTreeMap<SessionKey, usize>,
    /// What tells a person whose each session is, masked; empty where nobody has asked for it.
    pub(crate) hints: BTreeMap<SessionKey, Vec<String>>,
    /// What each target says of what would go there. It is no part of the plan's hash: what a target holds changes by itself.
    pub(crate) targets: Said,
    /// Whether each target can be looked at again after the receipt.
    pub(crate) again: BTreeMap<TargetName, LookAgain>,
    /// The targets whose vendors may purge for a day or longer once they have erased.
    pub(crate) purges: Vec<Purge>,
    /// The last day on which the request can be extended, if it still can be.
    pub(crate) extendable_until: Option<Date>,
    /// The holds that concern it, and would keep it waiting.
    pub(crate) holds: Vec<MayHold>,
}

/// The vendor's own window: a second clock beside the request's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Purge {
    pub(crate) target: TargetName,
    /// About when it can be seen that all is gone, were it erased now.
    pub(crate) until: Date,
    /// Whether that lies after the last day of the request.
    pub(crate) too_late: bool,
}

/// Shows what a request would have erased, and keeps that as its plan. Without a word about single sessions, what was decided about
/// them before holds; a session may be named by a source of its installation.
pub(crate) async fn plan(
    on: &Operations,
    named: &Named,
    chosen: Option<Chosen>,
    with_hints: bool,
    by: &Actor,
    tell: Tell<'_>,
) -> Result<Planned, OperationError> {
    let read = one(on, named).await?;
    let number = read.request.number.clone();
    let mut taken = chosen.iter().flat_map(|chosen| &chosen.include);
    if let Some(Choice { session, because }) = taken.find(|one| !one.because.fits_taking()) {
        return Err(InputError::NoReasonToTake { session: session.clone(), because: *because }.into());
    }
    let chosen = own(on, chosen.unwrap_or_else(|| before(&read.request)))?;
    let planned = |plan: Plan| read.request.clone().planned(plan, chosen.clone());
    // Whether it may be planned at all is said before mluvii is asked.
    planned(drafted(&read.request, &ScopeResolution::default(), by)).map_err(|why| refused(&number, why))?;
    let ((keys, checked), mut reach) = reach(on, &read, &chosen).await?;
    // Before targets tell more: an erasure is compared by what is known without them.
    let holds = erasures::holds(on, &checked, &reach.found, |found| found.goes).await?;
    let Asked { said: targets, again } = match erasures::ask_targets(on, &keys, &checked, &mut reach, tell).await {
        // Which sessions go is known all the same.
        Err(OperationError::Configuration(why)) => not_started(&checked.targets, &format!("{why:#}")),
        asked => asked?,
    };
    let found = &reach.found;
    let mut foreseen = erasures::foresee(&checked, &reach, &targets, Timestamp::now());
    foreseen.holds = holds.iter().map(|hold| ForeseenHold { held: hold.held.clone(), waits: hold.waits }).collect();
    let plan = Plan { foreseen: Some(foreseen), ..drafted(&read.request, found, by) };
    let changed = planned(plan.clone());
    let records = records(on, found.sessions.keys()).await?;
    let hints = if with_hints { hints(on, &read.request, found).await? } else { BTreeMap::new() };
    let mut details = vec![
        ("plan", Detail::Word(plan.hash.clone())),
        ("sessions", (plan.sessions.len() as u64).into()),
        ("included", (chosen.include.len() as u64).into()),
        ("excluded", (chosen.exclude.len() as u64).into()),
    ];
    if with_hints {
        details.push(("hints", Detail::Flag(true)));
    }
    let shown = change(on, read, changed, Act::PlanRequest, details, by).await?;
    // The same plan stays whose it was, and approved.
    let plan = shown.request.plan.clone().unwrap_or(plan);
    let (calendar, now) = (&on.settings.limits.calendar, Timestamp::now());
    let purges = purges(&targets, shown.due, calendar, now);
    let extendable_until = shown.request.extendable_until(calendar.day(now));
    let guests = guests(&records);
    Ok(Planned { shown, plan, reach, records, guests, hints, targets, again, purges, extendable_until, holds })
}

/// None of them could be asked.
fn not_started(targets: &[TargetName], why: &str) -> Asked {
    let said = targets.iter().map(|target| (target.clone(), Err(NotSaid::NotStarted(why.to_owned()))));
    let again = targets.iter().map(|target| (target.clone(), LookAgain::NotKnown));
    Asked { said: said.collect(), again: again.collect() }
}

/// When it could be seen at the earliest that all is gone, where that takes a vendor its time.
fn purges(targets: &Said, due: Option<Date>, calendar: &Calendar, now: Timestamp) -> Vec<Purge> {
    let purge = |(target, answer): (&TargetName, &Result<WouldBe, NotSaid>)| {
        let would_be = answer.as_ref().ok().filter(|would_be| would_be.outcome == Outcome::Erased)?;
        let pause = would_be.verify_after.filter(|pause| *pause >= PURGE_MIN)?;
        let until = calendar.day(now.checked_add(SignedDuration::try_from(pause).ok()?).ok()?);
        Some(Purge { target: target.clone(), until, too_late: due.is_some_and(|due| until > due) })
    };
    targets.iter().filter_map(purge).collect()
}

/// Numbers in the order of the sessions, as no id of a guest is to be shown.
fn guests(records: &BTreeMap<SessionKey, ConsentRecord>) -> BTreeMap<SessionKey, usize> {
    let mut numbers = BTreeMap::new();
    let mut guests = BTreeMap::new();
    for (key, record) in records {
        let Some(guest) = record.guest_digest else { continue };
        let next = numbers.len() + 1;
        guests.insert(key.clone(), *numbers.entry(guest).or_insert(next));
    }
    guests
}

pub(super) async fn records<'k>(
    on: &Operations,
    keys: impl Iterator<Item = &'k SessionKey>,
) -> Result<BTreeMap<SessionKey, ConsentRecord>, OperationError> {
    let mut records = BTreeMap::new();
    for key in keys {
        if let Some(view) = on.ledger.session(key).await? {
            records.insert(key.clone(), view.record);
        }
    }
    Ok(records)
}

/// Read from mluvii now, and kept nowhere. Of a session that mluvii does not show there is none.
async fn hints(
    on: &Operations,
    request: &Request,
    found: &ScopeResolution,
) -> Result<BTreeMap<SessionKey, Vec<String>>, OperationError> {
    let client = on.client(&request.mluvii)?;
    let mut hints = BTreeMap::new();
    for key in found.sessions.keys() {
        let looked = client.look_up(key.session, Look::SESSION_ONLY).await;
        let Ok(LookUp::Found(facts)) = looked else { continue };
        let masked = facts.all_identifiers().0.iter().map(|one| masked(&one.kind, &one.value)).collect();
        hints.insert(key.clone(), masked);
    }
    Ok(hints)
}

fn before(request: &Request) -> Chosen {
    Chosen { include: request.include.clone(), exclude: request.exclude.clone(), ..Chosen::default() }
}

/// Each session by the name of its installation.
fn own(on: &Operations, chosen: Chosen) -> Result<Chosen, OperationError> {
    let own = |choices: Vec<Choice>| -> Result<Vec<Choice>, OperationError> {
        choices.into_iter().map(|one| Ok(Choice { session: on.session_key(&one.session)?, ..one })).collect()
    };
    Ok(Chosen { include: own(chosen.include)?, exclude: own(chosen.exclude)?, ..chosen })
}

fn drafted(request: &Request, found: &ScopeResolution, by: &Actor) -> Plan {
    let sessions = going(found);
    Plan {
        hash: Plan::hash(request.id, &request.targets, &sessions),
        sessions,
        by: by.clone(),
        at: Timestamp::now(),
        approved: None,
        foreseen: None,
    }
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) shown: Shown,
    pub(crate) erasure: ErasureId,
    /// The holds for whose end it waits.
    pub(crate) holds: Vec<MayHold>,
}

/// Asks for what was shown, by its hash. Refuses where something of it is not found now as it was then.
pub(crate) async fn run(on: &Operations, named: &Named, hash: &str, by: &Actor) -> Result<Ran, OperationError> {
    let read = one(on, named).await?;
    let number = read.request.number.clone();
    let now = Timestamp::now();
    let id = ErasureId::generate(now);
    let ran = read.request.clone().run(hash, id, on.settings.four_eyes);
    let (request, plan) = ran.map_err(|why| refused(&number, why))?;
    let chosen = before(&read.request);
    let ((keys, checked), Reach { found, .. }) = reach(on, &read, &chosen).await?;
    must_be_as_planned(&plan, &found).map_err(|why| refused(&number, why))?;
    let only: BTreeSet<SessionKey> = plan.sessions.iter().map(|one| one.session.clone()).collect();
    let mut holds = erasures::holds(on, &checked, &found, |found| only.contains(&found.key)).await?;
    if let Some(MayHold { held, .. }) = holds.iter().find(|hold| hold.unproved) {
        return Err(OperationError::Conflict(format!(
            "request {number}: the hold {held} concerns what is given and not proved, so that it may be of the same person: verify it \
             otherwise than by a link, or wait for the hold's end"
        )));
    }
    holds.retain(|hold| hold.waits);
    let seal = on.seal_key(&keys).await?;
    let fingerprints = checked.proved();
    let Checked { subject, whom, selection, targets, .. } = checked;
    let of_address = || on.fingerprinter(&keys, &read.request.mluvii).person(&fingerprints);
    let origin = whom.by_address_alone.then(of_address);
    let erasure = NewErasure {
        id,
        subject,
        rule: REQUEST.to_owned(),
        version: None,
        targets,
        due: now,
        // Who had to approve it has approved the plan, and its receipt says when.
        approve: false,
        approved: plan.approved.as_ref().map(|approval| approval.at),
        confirm: None,
        origin,
        selection: Selection { only: Some(only), ..selection },
        capsule: ToSeal::of(whom, &seal),
        fingerprints,
    };
    let details = vec![("plan", Detail::Word(plan.hash.clone())), ("sessions", (plan.sessions.len() as u64).into())];
    let change = RequestChange { read_version: read.version, request, act: Act::RunRequest, details };
    let stands = sealing(&seal, || on.ledger.run_request(&change, erasure.clone(), by)).await?;
    let erasure = stands.ok_or_else(|| changed_meanwhile(&number))?;
    let shown = super::show(on, named).await.map_err(OperationError::after_the_act)?;
    Ok(Ran { shown, erasure, holds })
}

/// Those that go, in their order.
fn going(found: &ScopeResolution) -> Vec<PlannedSession> {
    let going = found.sessions.values().filter(|session| session.goes);
    let planned = |session: &crate::worker::Found| PlannedSession {
        session: session.key.clone(),
        certainty: session.certainty.as_str().to_owned(),
        reason: session.reason.clone(),
    };
    going.map(planned).collect()
}

fn must_be_as_planned(plan: &Plan, found: &ScopeResolution) -> Result<(), Refused> {
    let now: BTreeMap<SessionKey, PlannedSession> =
        going(found).into_iter().map(|one| (one.session.clone(), one)).collect();
    let changed: Vec<_> = plan.sessions.iter().filter(|one| now.get(&one.session) != Some(*one)).collect();
    let Some(first) = changed.first() else { return Ok(()) };
    Err(Refused::NotAsPlanned { count: changed.len(), first: first.session.clone() })
}

type Reached = ((Keys, Checked), Reach);

/// Whom the request means now, by the code that the erasure itself uses.
async fn reach(on: &Operations, read: &StoredRequest, chosen: &Chosen) -> Result<Reached, OperationError> {
    let request = &read.request;
    let keys = on.keys().await?;
    let whom = whom(on, &keys, request).await?;
    let identifiers = whom.identifiers.0.into_iter().map(|one| (one.kind, one.value)).collect();
    let sessions = |choices: &[Choice]| choices.iter().map(|choice| choice.session.clone()).collect();
    let needed = chosen.exclude.iter().filter(|choice| choice.because.says_theirs());
    let asked = erasures::Request {
        about: About::Person { installation: Some(request.mluvii.clone()), identifiers },
        targets: request.targets.iter().map(|target| target.to_string()).collect(),
        selection: Selection {
            include: sessions(&chosen.include),
            exclude: sessions(&chosen.exclude),
            needed: needed.map(|choice| choice.session.clone()).collect(),
            ..Selection::default()
        },
        after: Duration::ZERO,
    };
    let mut checked = Checked::read(on, &keys, asked)?;
    checked.whom.by_address_alone = request.is_by_address_alone();
    let client = on.client(&request.mluvii)?;
    let reach = find_reach(on, &keys, &checked, &client).await?;
    Ok(((keys, checked), reach))
}
