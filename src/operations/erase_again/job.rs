//! A sweep is a job in the ledger: who has ordered it works on it, and where that process is killed, the same order anew or any server goes on.
//! One process at a time does: a lease says whose it is, and the job's version who has written it last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::kept::{Kept, STALE};
use super::progress::Progress;
use super::{ErasedAgain, Run, Tell, Then};
use crate::audit::{ActResult, Actor, AuditEntry};
use crate::causes::with_causes;
use crate::ledger::{KeptProgress, ListedSweep, StoredSweepJob, SweepJob, SweepState};
use crate::operations::lease::renewed_for;
use crate::operations::{OperationError, Operations};
use crate::subject::{InstallationName, TargetName};
use crate::target::Target;

/// For so long nobody else works on one, also where the process that does is killed.
const LEASE: Duration = Duration::from_secs(30);

/// Between two looks at one on which another process works.
const POLL: Duration = Duration::from_secs(1);

/// After a failure of a server's: the first pause, which grows by as much with each try.
const AGAIN: Duration = Duration::from_secs(60);

/// As many processes work on one.
const TRIES_MAX: u32 = 30;

const GIVEN_UP: &str = "it has not gone on for a day, and who was found may be a customer again: run the command anew";

/// What came of working on one.
enum Came {
    Ended(Box<ErasedAgain>),
    /// Another process works on it.
    Later,
}

/// Carries an order out, or goes on with it where it was cut off; waits while another process does.
pub(super) async fn carry_out(run: &Run<'_>, by: &Actor, tell: Tell<'_>) -> Result<ErasedAgain, OperationError> {
    let name = lease_of(&run.target, &run.installation);
    // The job whose end is waited for.
    let mut followed = None;
    loop {
        let came = match run.on.ledger.take_periodic(&name, LEASE).await? {
            Some(_) => {
                let working = work(run, by, &mut followed, tell);
                let came = renewed_for(run.on, (name.as_str(), LEASE), || None, working).await;
                let_go(run.on, &name, Duration::ZERO).await;
                came?
            }
            None => follow(run, &mut followed, tell).await?,
        };
        match came {
            Came::Ended(done) => return Ok(*done),
            Came::Later => tokio::time::sleep(POLL).await,
        }
    }
}

/// Writes an order down, for a server to take up.
pub(super) async fn order(run: &Run<'_>, by: &Actor) -> Result<SweepJob, OperationError> {
    let known = one(run.on, &run.target, &run.installation).await?;
    let (StoredSweepJob { job, .. }, _) = ordered(run, by, known).await?;
    // What is under way is done in the name of who has ordered it: another one could approve what comes of their own order.
    if job.by == *by { Ok(job) } else { Err(another(&job)) }
}

/// Works on what was ordered, under the lease.
async fn work(
    run: &Run<'_>,
    by: &Actor,
    followed: &mut Option<Timestamp>,
    tell: Tell<'_>,
) -> Result<Came, OperationError> {
    let known = one(run.on, &run.target, &run.installation).await?;
    if let Some(ended) =
        known.as_ref().filter(|known| *followed == Some(known.job.begun)).and_then(|known| end_of(&known.job))
    {
        return ended.map(Came::Ended);
    }
    let (mut stored, is_new) = ordered(run, by, known).await?;
    *followed = Some(stored.job.begun);
    if !is_new {
        note_who_goes_on(&mut stored.job, by);
    }
    let entry = (!is_new).then(|| goes_on(run, &stored.job, by));
    let seal = run.on.seal_key(&run.keys).await;
    let (mut kept, progress) = Kept::take(run.on, stored, seal, entry).await?;
    let done = run.go(&mut kept, progress, tell).await;
    if kept.is_lost() {
        return Ok(Came::Later);
    }
    // A person stands before it and sees why: nobody else tries it again.
    let ended = end(run, &mut kept, &done).await;
    match (done, ended) {
        (Ok(done), _) => Ok(Came::Ended(Box::new(done))),
        (Err(error), Ok(())) => Err(error),
        (Err(_), Err(_)) if kept.is_lost() => Ok(Came::Later),
        (Err(error), Err(why)) => Err(unwritten(&run.target, &error, &why)),
    }
}

/// Whoever else goes on with one must not approve what it asks for, as if it were somebody else's.
fn note_who_goes_on(job: &mut SweepJob, by: &Actor) {
    if job.by != *by && !job.went_on.contains(by) {
        job.went_on.push(by.clone());
    }
}

/// What the audit says of whoever goes on with one.
fn goes_on(run: &Run<'_>, job: &SweepJob, by: &Actor) -> AuditEntry {
    run.entry(by, ActResult::Begun).with("try", u64::from(job.tries) + 1)
}

/// The failure of one that stands as under way all the same.
fn unwritten(target: &TargetName, error: &OperationError, why: &OperationError) -> OperationError {
    OperationError::Unavailable(anyhow::anyhow!(
        "{}; that it has ended so could not be written ({}): a server goes on with it; `quietus erase-again cancel --target {target}` ends it",
        with_causes(error),
        with_causes(why)
    ))
}

/// Looks at what another process works on.
async fn follow(run: &Run<'_>, followed: &mut Option<Timestamp>, tell: Tell<'_>) -> Result<Came, OperationError> {
    let Some(StoredSweepJob { job, .. }) = one(run.on, &run.target, &run.installation).await? else {
        return Ok(Came::Later);
    };
    if *followed == Some(job.begun) {
        if let Some(ended) = end_of(&job) {
            return ended.map(Came::Ended);
        }
    } else if job.state.is_over() {
        return Ok(Came::Later);
    }
    if !job.is_for(run.since, run.then) {
        return Err(another(&job));
    }
    if let Some(reason) = &job.reason {
        return Err(OperationError::Unavailable(anyhow::anyhow!(
            "{reason}; a server tries it again, see `quietus erase-again status`"
        )));
    }
    *followed = Some(job.begun);
    tell(job.records);
    Ok(Came::Later)
}

/// What one that is over came to, for whoever waits for it.
fn end_of(job: &SweepJob) -> Option<Result<Box<ErasedAgain>, OperationError>> {
    let failed = |why: &str| OperationError::Unavailable(anyhow::anyhow!("{}: {why}", job.target));
    match job.state {
        SweepState::Sweeping | SweepState::Asking => None,
        SweepState::Done => {
            let read = job.result.clone().and_then(|result| serde_json::from_value(result).ok());
            Some(read.map(Box::new).ok_or_else(|| failed("its result cannot be read")))
        }
        SweepState::Failed => Some(Err(failed(job.reason.as_deref().unwrap_or("it was given up")))),
        SweepState::Cancelled => Some(Err(OperationError::Conflict("it was cancelled".to_owned()))),
    }
}

/// The job that stands for an order: the one that was cut off, or a new one; and whether it is that.
async fn ordered(
    run: &Run<'_>,
    by: &Actor,
    mut known: Option<StoredSweepJob>,
) -> Result<(StoredSweepJob, bool), OperationError> {
    if let Some(open) = known.as_mut().filter(|known| !known.job.state.is_over()) {
        if !is_stale(&open.job, run.now) {
            return if open.job.is_for(run.since, run.then) {
                Ok((open.clone(), false))
            } else {
                Err(another(&open.job))
            };
        }
        if !give_up(run.on, open.clone()).await? {
            return Err(another(&open.job));
        }
        open.version += 1;
    }
    // It is written before: somebody reads what a whole system holds.
    run.on.ledger.note(run.entry(by, ActResult::Begun)).await?;
    let job = SweepJob {
        target: run.target.clone(),
        mluvii: run.installation.clone(),
        since: run.since,
        then: run.then.clone(),
        by: by.clone(),
        begun: run.now,
        state: SweepState::Sweeping,
        records: 0,
        swept: run.now,
        moved: run.now,
        tries: 0,
        decides: String::new(),
        restarts: 0,
        restarted: None,
        reason: None,
        went_on: Vec::new(),
        planned: Vec::new(),
        asked: Vec::new(),
        result: None,
    };
    let replaced = known.map_or(0, |known| known.version);
    let added = run.on.ledger.add_sweep_job(&job, replaced).await?;
    let added = added.map(|added| (added, true));
    added.ok_or_else(|| OperationError::Conflict("somebody else has ordered another one meanwhile".to_owned()))
}

fn another(job: &SweepJob) -> OperationError {
    let SweepJob { target, mluvii, since, by, .. } = job;
    OperationError::Conflict(format!(
        "{target} is swept already for what {by} has ordered (mluvii {mluvii}, since {since}); see `quietus erase-again status`, and `quietus \
         erase-again cancel --target {target}`, which ends that"
    ))
}

fn is_stale(job: &SweepJob, now: Timestamp) -> bool {
    now.duration_since(job.moved) > STALE
}

/// Gives one up on which nobody works; `false` where somebody has changed it.
async fn give_up(on: &Operations, mut stored: StoredSweepJob) -> Result<bool, OperationError> {
    (stored.job.state, stored.job.reason) = (SweepState::Failed, Some(GIVEN_UP.to_owned()));
    let entry = super::entry_of(&stored.job, &stored.job.by, ActResult::Failed);
    Ok(on.ledger.save_sweep_job(&stored, &KeptProgress::Nothing, Some(&entry)).await?)
}

/// Writes what came of one. Where that cannot be written, whoever goes on finds that all is done.
async fn end(
    run: &Run<'_>,
    kept: &mut Kept<'_>,
    done: &Result<ErasedAgain, OperationError>,
) -> Result<(), OperationError> {
    let by = kept.job().by.clone();
    let ended = match done {
        Ok(done) => {
            let entry = run.entry(&by, ActResult::Done).with_counts(done, kept.job());
            kept.end(SweepState::Done, serde_json::to_value(done).ok(), None, Some(entry)).await
        }
        Err(error) => {
            let entry = run.entry(&by, ActResult::Failed);
            kept.end(SweepState::Failed, None, Some(with_causes(error)), Some(entry)).await
        }
    };
    if let Err(error) = &ended {
        warn!(target = %run.target, error = with_causes(error), "the end of a sweep could not be written");
    }
    ended
}

/// The newest of each target and installation.
pub(crate) async fn jobs(on: &Operations) -> Result<Vec<ListedSweep>, OperationError> {
    Ok(on.ledger.sweep_jobs().await?)
}

/// Has no more done of one. Who was asked for already is erased.
pub(crate) async fn cancel(
    on: &Operations,
    target: &str,
    installation: Option<&InstallationName>,
    by: &Actor,
) -> Result<(), OperationError> {
    // Who works on it writes how far it is meanwhile.
    for _ in 0..3 {
        let is_meant = |(of, mluvii): &Sweep| *of.0 == *target && installation.is_none_or(|name| mluvii == name);
        let mut open = open(on).await?.into_iter().filter(is_meant);
        let Some((of, mluvii)) = open.next() else {
            return Err(OperationError::NotFound("nothing is under way there".to_owned()));
        };
        if open.next().is_some() {
            let why = "there is one for each of several mluvii installations: name one with --mluvii";
            return Err(OperationError::Conflict(why.to_owned()));
        }
        let still_open = one(on, &of, &mluvii).await?.filter(|stored| !stored.job.state.is_over());
        let Some(mut stored) = still_open else { continue };
        stored.job.state = SweepState::Cancelled;
        let entry = super::entry_of(&stored.job, by, ActResult::Done).with_word("state", stored.job.state.as_str());
        if on.ledger.save_sweep_job(&stored, &KeptProgress::Nothing, Some(&entry)).await? {
            let_go(on, &lease_of(&stored.job.target, &stored.job.mluvii), Duration::ZERO).await;
            return Ok(());
        }
    }
    Err(OperationError::Conflict("it was changed meanwhile; try again".to_owned()))
}

/// Whose people are looked for at which target.
pub(crate) type Sweep = (TargetName, InstallationName);

/// Those that are under way, or were cut off.
pub(crate) async fn open(on: &Operations) -> Result<Vec<Sweep>, OperationError> {
    Ok(on.ledger.open_sweeps().await?)
}

/// Whether nobody works on one, and it is this process's from now on: [`go_on`] has to follow.
pub(crate) async fn is_taken(on: &Operations, (target, mluvii): &Sweep) -> Result<bool, OperationError> {
    Ok(on.ledger.take_periodic(&lease_of(target, mluvii), LEASE).await?.is_some())
}

/// What a server does: goes on with one that was cut off, and that it has taken. Its targets run, and are known by the names under which they
/// are called.
pub(crate) async fn go_on(
    on: &Operations,
    targets: &BTreeMap<TargetName, Arc<dyn Target>>,
    (target, mluvii): &Sweep,
    stop: &CancellationToken,
) -> Result<(), OperationError> {
    let name = lease_of(target, mluvii);
    let called = targets.get(&target.called_for(mluvii)).map(|called| &**called);
    let working = take_up(on, target, mluvii, called);
    let worked = stop.run_until_cancelled(renewed_for(on, (name.as_str(), LEASE), || None, working)).await;
    // Whoever comes next goes on at once, and need not wait for the end of the lease.
    let pause = worked.unwrap_or(Ok(Duration::ZERO));
    let_go(on, &name, pause.as_ref().copied().unwrap_or(AGAIN)).await;
    pause.map(|_| ())
}

/// Works on one for whoever has ordered it; returns when it is to be tried again.
async fn take_up(
    on: &Operations,
    target: &TargetName,
    installation: &InstallationName,
    called: Option<&dyn Target>,
) -> Result<Duration, OperationError> {
    let open = one(on, target, installation).await?.filter(|stored| !stored.job.state.is_over());
    let Some(stored) = open else { return Ok(Duration::ZERO) };
    if is_stale(&stored.job, on.ledger.clock().await?.now) {
        give_up(on, stored).await?;
        return Ok(Duration::ZERO);
    }
    // Another server may have it.
    let Some(called) = called else { return Ok(AGAIN) };
    let (then, read) = (stored.job.then.clone(), stored.clone());
    let (run, mut kept, progress) = match taken(on, stored, &then, called).await {
        Ok(taken) => taken,
        Err(error) => {
            note_why_not(on, read, &error).await;
            return Err(error);
        }
    };
    let done = run.go(&mut kept, progress, &|_| {}).await;
    if kept.is_lost() {
        return Ok(Duration::ZERO);
    }
    match &done {
        Err(error) if may_help(error) && kept.job().tries < TRIES_MAX && !kept.is_spent() => {
            let reason = with_causes(error);
            warn!(target = %target, reason, "a sweep that was cut off does not go on; it is tried again");
            let (state, pause) = (kept.job().state, AGAIN.saturating_mul(kept.job().tries));
            kept.end(state, None, Some(reason), None).await?;
            return Ok(pause);
        }
        Err(error) => warn!(target = %target, reason = with_causes(error), "a sweep that was cut off was given up"),
        Ok(_) => info!(target = %target, "a sweep that was cut off is done"),
    }
    // Where that cannot be written, it is tried again.
    end(&run, &mut kept, &done).await.map(|()| Duration::ZERO)
}

/// Takes one up, where it can be gone on with now.
async fn taken<'a>(
    on: &'a Operations,
    stored: StoredSweepJob,
    then: &'a Then,
    called: &'a dyn Target,
) -> Result<(Run<'a>, Kept<'a>, Option<Progress>), OperationError> {
    let SweepJob { target, mluvii, since, .. } = &stored.job;
    let run = Run::of(on, then, (target.clone(), mluvii.clone()), *since, Some(called)).await?;
    let entry = goes_on(&run, &stored.job, &stored.job.by);
    let seal = on.seal_key(&run.keys).await;
    let (kept, progress) = Kept::take(on, stored, seal, Some(entry)).await?;
    Ok((run, kept, progress))
}

/// Writes why one does not go on, for those who look: a target that is paused, a clock in doubt, a key that is away.
async fn note_why_not(on: &Operations, mut read: StoredSweepJob, error: &OperationError) {
    let reason = Some(with_causes(error));
    if read.job.reason == reason {
        return;
    }
    read.job.reason = reason;
    if let Err(error) = on.ledger.save_sweep_job(&read, &KeptProgress::Same, None).await {
        debug!(target = %read.job.target, error = with_causes(&error), "why a sweep does not go on could not be written");
    }
}

/// Whether what failed may succeed later as it is.
fn may_help(error: &OperationError) -> bool {
    matches!(error, OperationError::Ledger(_) | OperationError::Unavailable(_) | OperationError::Failed(_))
}

async fn one(
    on: &Operations,
    target: &TargetName,
    installation: &InstallationName,
) -> Result<Option<StoredSweepJob>, OperationError> {
    Ok(on.ledger.sweep_job(target, installation).await?)
}

fn lease_of(target: &TargetName, installation: &InstallationName) -> String {
    format!("erase-again/{target}/{installation}")
}

/// Lets go of a lease. Where that fails, it ends by itself.
async fn let_go(on: &Operations, name: &str, pause: Duration) {
    if let Err(error) = on.ledger.put_off_periodic(name, pause, None).await {
        warn!(name, error = with_causes(&error), "a lease could not be let go of; it ends by itself");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_goes_on_with_anothers_order_is_noted_once() {
        let (ann, bob) = (Actor::cli("ann"), Actor::cli("bob"));
        let mut job = crate::operations::erase_again::tests::job();
        for by in [&ann, &bob, &ann, &bob] {
            note_who_goes_on(&mut job, by);
        }
        assert_eq!((&job.by, &job.went_on), (&ann, &vec![bob]));
    }

    #[test]
    fn an_end_that_could_not_be_written_is_said_with_what_to_do() {
        let why = |why: &str| OperationError::Unavailable(anyhow::anyhow!("{why}"));
        let said = unwritten(&TargetName("crm".into()), &why("no answer"), &why("the ledger is away")).to_string();
        for part in ["no answer", "the ledger is away", "a server goes on", "quietus erase-again cancel --target crm"] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn what_changes_by_waiting_is_tried_again() {
        let why = || anyhow::anyhow!("it is out");
        assert!(may_help(&OperationError::Unavailable(why())) && may_help(&OperationError::Ledger(why())));
        assert!(!may_help(&OperationError::Conflict("others".to_owned())));
        assert!(!may_help(&OperationError::Configuration(why())));
    }
}
