//! What a request would do: which sessions it would reach, and what would go where. It asks the ledger, mluvii and every target, and
//! changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::checked::{Checked, Request};
use super::reach::{self, NotReached, Reach};
use crate::erasure::life::Finds;
use crate::erasure::{ErasureId, Outcome, Subject};
use crate::hold::HeldBy;
use crate::key_files::Keys;
use crate::ledger::MaybeHeld;
use crate::operations::{OperationError, Operations, RunningTargets};
use crate::subject::{InstallationName, TargetName};
use crate::target::{Answer, TargetCall, TargetError, no_checkpoint};
use crate::worker::{ScopeResolution, finds_of, given};

/// What a request would do. Holds personal data in memory.
#[derive(Debug)]
pub(crate) struct Preview {
    pub(crate) reach: Reach,
    /// What each target says.
    pub(crate) targets: BTreeMap<TargetName, Result<WouldBe, TargetError>>,
    /// The holds that would keep it waiting, and how many of its sessions each may concern.
    pub(crate) holds: BTreeMap<HeldBy, usize>,
}

/// Between two looks at targets that are being started.
const STARTING_PAUSE: Duration = Duration::from_millis(50);

/// What would become of the data at one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WouldBe {
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    pub(crate) counts: BTreeMap<String, u64>,
}

/// Says what a request would do, by the code that the erasure itself uses.
pub(crate) async fn preview(on: &Operations, request: Request) -> Result<Preview, OperationError> {
    let keys = on.keys().await?;
    let checked = Checked::read(on, &keys, request)?;
    let running = (on.resources.targets)().map_err(OperationError::Configuration)?;
    let preview = ask(on, &keys, &checked, &running).await;
    running.stop().await;
    preview
}

async fn ask(
    on: &Operations,
    keys: &Keys,
    checked: &Checked,
    running: &RunningTargets,
) -> Result<Preview, OperationError> {
    let installation = checked.subject.installation();
    let client = running.clients.get(installation).expect("a request names an installation of the configuration");
    let mut reach = reach::find(on, keys, checked, client).await?;
    // Before targets tell more: an erasure is compared by what is known without them.
    let holds = holds(on, checked, &reach).await?;
    // What a law keeps is not even asked.
    let asked: Vec<_> =
        checked.targets.iter().filter(|name| !on.settings.retained.contains_key(*name)).cloned().collect();
    let Finds { first, later } = finds(on, &asked, installation, running).await?;
    // In the order of their rounds: who needs what another one returns is asked after it.
    let mut first: Vec<_> = first.into_iter().map(|(name, round)| (round, name)).collect();
    first.sort();
    let mut unsaid = Vec::new();
    for name in first.iter().map(|(_, name)| name).chain(&later) {
        let target = running.targets.get(&name.called_for(installation)).expect("it was among them");
        // One that cannot say it now says in its own answer why.
        let found = target.find(&call(on, keys, &checked.subject, name, &reach.found)).await;
        if found.as_ref().map_or(true, |found| found.more) {
            unsaid.push(name.clone());
        }
        // Whoever is asked next is told of it, as in the erasure itself: otherwise less would be found than goes later.
        reach.found.whom.identifiers.0.extend(found.map(|found| found.identifiers.0).unwrap_or_default());
    }
    if !unsaid.is_empty() {
        reach.not_reached.push(NotReached::FurtherIdentifiers(unsaid));
    }
    let mut targets = BTreeMap::new();
    for name in &checked.targets {
        if let Some(law) = on.settings.retained.get(name) {
            let kept = WouldBe { outcome: Outcome::Retained, reason: Some(law.clone()), counts: BTreeMap::new() };
            targets.insert(name.clone(), Ok(kept));
            continue;
        }
        let target = running.targets.get(&name.called_for(installation));
        let target = target.expect("only targets of the configuration are asked");
        let answer = target.erase(&call(on, keys, &checked.subject, name, &reach.found)).await;
        targets.insert(name.clone(), answer.map(would_be));
    }
    Ok(Preview { reach, targets, holds })
}

/// The holds that would keep it waiting: by what it is compared with when it begins, and once it is known which sessions it reaches.
async fn holds(on: &Operations, checked: &Checked, reach: &Reach) -> Result<BTreeMap<HeldBy, usize>, OperationError> {
    let (session, guest) = match &checked.subject {
        Subject::Session(key) => (Some(key.session), None),
        Subject::Guest { digest, .. } => (None, Some(*digest)),
        Subject::Person { .. } => (None, None),
    };
    let whole = MaybeHeld {
        installation: checked.subject.installation().clone(),
        session,
        guest,
        rules: Vec::new(),
        identifiers: Vec::new(),
    };
    let mut holds: BTreeMap<HeldBy, usize> = BTreeMap::new();
    for identifiers in [&checked.fingerprints, &reach.found.fingerprints] {
        let whole = MaybeHeld { identifiers: identifiers.clone(), ..whole.clone() };
        for held in on.ledger.holds_on(&whole).await? {
            holds.entry(held).or_default();
        }
    }
    // By what mluvii showed of a session, too: the ledger may have no record of it.
    let shown: BTreeMap<_, _> = reach.found.shown.iter().map(|shown| (shown.session, &shown.fingerprints)).collect();
    for found in reach.found.sessions.values().filter(|found| found.goes) {
        let session = found.key.session;
        let identifiers = shown.get(&session).map(|prints| prints.to_vec()).unwrap_or_default();
        let one = MaybeHeld { session: Some(session), guest: None, identifiers, ..whole.clone() };
        for held in on.ledger.holds_on(&one).await? {
            *holds.entry(held).or_default() += 1;
        }
    }
    Ok(holds)
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

/// What a dry run finds still there would be erased.
fn would_be(answer: Answer) -> WouldBe {
    let outcome = if answer.outcome == Outcome::Residual { Outcome::Erased } else { answer.outcome };
    WouldBe { outcome, reason: answer.reason, counts: answer.counts }
}
