//! What a request would do: which sessions it would reach, and what would go where. It asks the ledger, mluvii and every target, and
//! changes nothing but the audit, which names the look.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::checked::{Checked, Request};
use super::holding::{MayHold, holds};
use super::reach::{self, NotReached, Reach};
use crate::attention::time;
use crate::audit::{Act, Actor};
use crate::erasure::life::Finds;
use crate::erasure::{ErasureId, Evidence, Foreseen, Outcome, SaidBefore, Subject};
use crate::key_files::Keys;
use crate::ledger::TargetPause;
use crate::operations::looks::note_look;
use crate::operations::{OperationError, Operations, RunningTargets};
use crate::subject::{InstallationName, Kind, TargetName};
use crate::target::{Answer, TargetCall, TargetError, no_checkpoint};
use crate::worker::{ScopeResolution, finds_of, given};

/// What a request would do. Holds personal data in memory.
#[derive(Debug)]
pub(crate) struct Preview {
    pub(crate) reach: Reach,
    pub(crate) targets: Said,
    /// What the receipt will have to say.
    pub(crate) foreseen: Foreseen,
    /// The holds that concern it, and would keep it waiting.
    pub(crate) holds: Vec<MayHold>,
}

/// What each target says of what would go there.
pub(crate) type Said = BTreeMap<TargetName, Result<WouldBe, NotSaid>>;

/// What came of asking all targets.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) said: Said,
    /// Whether each can be looked at again, on the dates of `erasing.recheck`.
    pub(crate) again: BTreeMap<TargetName, LookAgain>,
}

/// Whether it can be looked again, after the receipt, whether what was erased at a target is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LookAgain {
    Yes,
    /// No session goes that mluvii could show again.
    NothingGoes,
    /// A law keeps what it holds, so that nothing is erased.
    Retained,
    /// People erase there, and nobody else can look.
    ByPeople,
    /// It cannot say whom its system holds.
    CannotSay,
    /// It may be told nothing that the person is found by, so that they are never among whom it says.
    NotTold,
    /// It has not started.
    NotKnown,
}

/// Is told which target is being asked.
pub(crate) type Tell<'t> = &'t (dyn Fn(&TargetName) + Sync);

/// Between two looks at targets that are being started.
const STARTING_PAUSE: Duration = Duration::from_millis(50);

/// What would become of the data at one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WouldBe {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    pub(crate) counts: BTreeMap<String, u64>,
    /// What it looked at, and what it did not.
    pub(crate) evidence: Evidence,
    /// The kinds of identifiers that it is told, as far as they are granted.
    pub(crate) told: BTreeSet<Kind>,
    /// How long after it has erased it is asked again: its vendor may purge until then.
    pub(crate) verify_after: Option<Duration>,
}

/// Why nothing is known of what would go at a target. It is never as if there were nothing.
#[derive(Debug)]
pub(crate) enum NotSaid {
    /// A person has paused it, and it was not asked.
    Paused(TargetPause),
    /// It could not be asked, or did not answer.
    Failed(TargetError),
    /// No target could be made of the configuration, such as for a secret that cannot be read.
    NotStarted(String),
}

impl fmt::Display for NotSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused(TargetPause { pause, .. }) => {
                write!(f, "it is paused ({}", pause.reason.as_str())?;
                if let Some(case) = &pause.case {
                    write!(f, ", {case}")?;
                }
                let until = pause.until.map(|until| format!(" until {}", time(until))).unwrap_or_default();
                write!(f, "){until}, and was not asked")
            }
            Self::Failed(error) => write!(f, "{error}"),
            Self::NotStarted(why) => write!(f, "it was not asked: {why}"),
        }
    }
}

/// Says what a request would do, by the code that the erasure itself uses. The audit names the look before it is answered.
pub(crate) async fn preview(
    on: &Operations,
    request: Request,
    tell: Tell<'_>,
    by: &Actor,
) -> Result<Preview, OperationError> {
    let keys = on.keys().await?;
    let about = request.about.clone();
    let checked = Checked::read(on, &keys, request)?;
    let client = on.client(checked.subject.installation())?;
    let mut reach = reach::find(on, &keys, &checked, &client).await?;
    // Before targets tell more: an erasure is compared by what is known without them.
    let holds = holds(on, &checked, &reach.found, |found| found.goes).await?;
    let Asked { said: targets, .. } = ask_targets(on, &keys, &checked, &mut reach, tell).await?;
    let foreseen = foresee(&checked, &reach, &targets, Timestamp::now());
    note_look(on, Act::ForeseeErasure, "sessions", &about, reach.found.sessions.len(), by).await?;
    Ok(Preview { reach, targets, foreseen, holds })
}

/// What the receipt will have to say, by what was found and what targets say now.
pub(in crate::operations) fn foresee(checked: &Checked, reach: &Reach, said: &Said, now: Timestamp) -> Foreseen {
    let before = said.iter().filter_map(|(target, answer)| {
        let WouldBe { outcome, reason, counts, evidence, .. } = answer.as_ref().ok()?;
        Some(SaidBefore { target, outcome: *outcome, reason: reason.as_deref(), counts, evidence })
    });
    let not_known = said.iter().filter(|(_, answer)| answer.is_err()).map(|(target, _)| target.clone()).collect();
    let further = reach.not_reached.iter().flat_map(|not| match not {
        NotReached::FurtherIdentifiers(targets) => targets.clone(),
        _ => Vec::new(),
    });
    let further = further.collect();
    Foreseen { further, ..Foreseen::of(&reach.found.findings, checked.subject.scope(), before, not_known, now) }
}

/// Asks each target what would go there. What they know the person by beside what is known is added to whom it reaches.
pub(in crate::operations) async fn ask_targets(
    on: &Operations,
    keys: &Keys,
    checked: &Checked,
    reach: &mut Reach,
    tell: Tell<'_>,
) -> Result<Asked, OperationError> {
    let running = (on.resources.targets)().map_err(OperationError::Configuration)?;
    let said = ask(on, keys, checked, &running, reach, tell).await;
    // Once they were asked, as they are started by then.
    let again = checked.targets.iter().map(|name| (name.clone(), look_again(on, checked, &running, reach, name)));
    let again = again.collect();
    running.stop().await;
    Ok(Asked { said: said?, again })
}

fn look_again(
    on: &Operations,
    checked: &Checked,
    running: &RunningTargets,
    reach: &Reach,
    name: &TargetName,
) -> LookAgain {
    if on.settings.exemptions.of(checked.subject.installation(), name).is_some() {
        return LookAgain::Retained;
    }
    if on.settings.manual.contains_key(name) {
        return LookAgain::ByPeople;
    }
    if name.is_mluvii() {
        let goes = reach.found.sessions.values().any(|session| session.goes);
        return if goes { LookAgain::Yes } else { LookAgain::NothingGoes };
    }
    let Some(target) = running.targets.get(&name.called_for(checked.subject.installation())) else {
        return LookAgain::NotKnown;
    };
    let takes = target.takes();
    match target.can_sweep() {
        Some(true) if checked.proved().iter().any(|one| takes.contains(&one.kind)) => LookAgain::Yes,
        Some(true) => LookAgain::NotTold,
        Some(false) => LookAgain::CannotSay,
        None => LookAgain::NotKnown,
    }
}

async fn ask(
    on: &Operations,
    keys: &Keys,
    checked: &Checked,
    running: &RunningTargets,
    reach: &mut Reach,
    tell: Tell<'_>,
) -> Result<Said, OperationError> {
    let installation = checked.subject.installation();
    let paused = on.ledger.paused_targets().await?;
    let mut said: Said = BTreeMap::new();
    let mut asked = Vec::new();
    for name in &checked.targets {
        let called = name.called_for(installation);
        if let Some(law) = on.settings.exemptions.of(installation, name) {
            // What a law keeps is not even asked.
            said.insert(name.clone(), Ok(kept(law)));
        } else if let Some(paused) = paused.iter().find(|one| one.pause.target == called) {
            said.insert(name.clone(), Err(NotSaid::Paused(paused.clone())));
        } else {
            asked.push(name.clone());
        }
    }
    let not_asked: BTreeSet<_> = said.iter().filter(|(_, one)| one.is_err()).map(|(name, _)| name.clone()).collect();
    further_identifiers(on, keys, checked, running, &asked, &not_asked, reach, tell).await?;
    for name in asked {
        tell(&name);
        let target = running.targets.get(&name.called_for(installation));
        let target = target.expect("only targets of the configuration are asked");
        let call = call(on, keys, &checked.subject, &name, &reach.found);
        let told = told(&call, &target.takes());
        let answer = target.erase(&call).await.map(|mut answer| {
            // As in the erasure itself.
            if let Some(accepted) = on.settings.accepted.get(&name) {
                accepted.note(&mut answer);
            }
            would_be(answer, told)
        });
        said.insert(name, answer.map_err(NotSaid::Failed));
    }
    Ok(said)
}

/// Whoever is asked next is told what one knows, as in the erasure itself: otherwise less would be found than goes later. Of what is not asked,
/// it is said that nobody knows what it would tell.
#[expect(clippy::too_many_arguments, reason = "each of them is needed for a call")]
async fn further_identifiers(
    on: &Operations,
    keys: &Keys,
    checked: &Checked,
    running: &RunningTargets,
    asked: &[TargetName],
    not_asked: &BTreeSet<TargetName>,
    reach: &mut Reach,
    tell: Tell<'_>,
) -> Result<(), OperationError> {
    let installation = checked.subject.installation();
    let all: Vec<_> = asked.iter().chain(not_asked).cloned().collect();
    let finds = finds(on, &all, installation, running).await?;
    let (to_ask, mut unsaid) = in_rounds(finds, not_asked);
    for name in &to_ask {
        tell(name);
        let target = running.targets.get(&name.called_for(installation)).expect("it was among them");
        // One that cannot say it now says in its own answer why.
        let found = target.find(&call(on, keys, &checked.subject, name, &reach.found)).await;
        if found.as_ref().map_or(true, |found| found.more) {
            unsaid.push(name.clone());
        }
        reach.found.whom.identifiers.0.extend(found.map(|found| found.identifiers.0).unwrap_or_default());
    }
    if !unsaid.is_empty() {
        reach.not_reached.push(NotReached::FurtherIdentifiers(unsaid));
    }
    Ok(())
}

/// In the order of their rounds: who needs what another one returns is asked after it. Then those that are not asked.
fn in_rounds(finds: Finds, not_asked: &BTreeSet<TargetName>) -> (Vec<TargetName>, Vec<TargetName>) {
    let Finds { first, later } = finds;
    let mut first: Vec<_> = first.into_iter().map(|(name, round)| (round, name)).collect();
    first.sort();
    first.into_iter().map(|(_, name)| name).chain(later).partition(|name| !not_asked.contains(name))
}

/// The targets that say what else they know. They have just been started, which ends by itself, well or not.
async fn finds(
    on: &Operations,
    asked: &[TargetName],
    installation: &InstallationName,
    running: &RunningTargets,
) -> Result<Finds, OperationError> {
    let given = given(&on.installation(installation)?.params);
    loop {
        if let Some(finds) = finds_of(asked, installation, &running.targets, &given) {
            return Ok(finds);
        }
        tokio::time::sleep(STARTING_PAUSE).await;
    }
}

/// The call that asks a target what would go, and changes nothing.
fn call(on: &Operations, keys: &Keys, subject: &Subject, target: &TargetName, reach: &ScopeResolution) -> TargetCall {
    // A new id each time: a plugin may keep what it has done by the key that follows from it, and would go on from
    // there.
    let erasure = ErasureId::generate(Timestamp::now());
    TargetCall {
        erasure,
        idempotency: keys.index.idempotency(&erasure.to_string(), &target.0, 0),
        scope: subject.scope(),
        dry_run: true,
        identifiers: reach.whom.identifiers.clone(),
        guests: reach.whom.guests.iter().cloned().collect(),
        whole_guests: reach.whom.whole_guests.iter().cloned().collect(),
        sessions: reach.going(),
        searched: reach.whom.searched,
        region: on.settings.person.region,
        erased_since: None,
        report: None,
        resume: None,
        checkpoint: no_checkpoint(),
    }
}

/// Of what is known, the kinds that a target takes.
fn told(call: &TargetCall, takes: &BTreeSet<Kind>) -> BTreeSet<Kind> {
    let mut known: BTreeSet<Kind> = call.identifiers.0.iter().map(|one| one.kind.clone()).collect();
    known.extend((!call.guests.is_empty()).then_some(Kind::GuestId));
    known.extend((!call.sessions.is_empty()).then_some(Kind::SessionId));
    known.intersection(takes).cloned().collect()
}

fn kept(law: &str) -> WouldBe {
    WouldBe {
        outcome: Outcome::Retained,
        reason: Some(law.to_owned()),
        counts: BTreeMap::new(),
        evidence: Evidence::default(),
        told: BTreeSet::new(),
        verify_after: None,
    }
}

/// What a dry run finds still there would be erased.
fn would_be(answer: Answer, told: BTreeSet<Kind>) -> WouldBe {
    let outcome = if answer.outcome == Outcome::Residual { Outcome::Erased } else { answer.outcome };
    let Answer { reason, counts, verify_after, evidence, .. } = answer;
    WouldBe { outcome, reason, counts, evidence, told, verify_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_paused_target_would_tell_the_others_is_not_known() {
        let name = |name: &str| TargetName(name.into());
        let finds = Finds {
            first: [(name("crm"), 2), (name("erp"), 0), (name("shop"), 1)].into(),
            later: [name("desk"), name("late")].into(),
        };
        let (to_ask, unsaid) = in_rounds(finds, &[name("shop"), name("late"), name("letters")].into());
        assert_eq!((to_ask, unsaid), (vec![name("erp"), name("crm"), name("desk")], vec![name("shop"), name("late")]));
    }
}
