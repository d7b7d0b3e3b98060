//! Sweeps of `erase-again`: what each was ordered for, how far it is and what came of it. Whom it has found so far, and where its target is to
//! go on, is personal: it is sealed beside the job, under a key of its own that is destroyed when the job ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::request::capsule;
use super::row::Row;
use super::{LedgerError, broken};
use crate::attention::UnfinishedSweep;
use crate::audit::Actor;
use crate::erasure::{Capsule, ErasureId};
use crate::keys::{NotOpened, SealKey, SealedAs};
use crate::subject::{InstallationName, TargetName};

/// What is to be done with who is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SweepThen {
    /// They are counted.
    Count,
    /// They are erased, if they are those whom this plan is about.
    Erase { plan: String },
    /// They are erased, whoever they are.
    EraseAll,
}

/// A sweep of one target for the people of one installation. Free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SweepJob {
    pub(crate) target: TargetName,
    pub(crate) mluvii: InstallationName,
    /// Who was erased since then is looked for.
    pub(crate) since: Timestamp,
    pub(crate) then: SweepThen,
    /// Who has ordered it: whoever goes on with it does so in their name.
    pub(crate) by: Actor,
    /// When it was ordered: whose erasure ended later is not compared, as some pages would be missing of them.
    pub(crate) begun: Timestamp,
    pub(crate) state: SweepState,
    /// Records that the target has told of so far.
    pub(crate) records: u64,
    /// Since when its records are compared: when it was ordered, or began from its start once more. Who was found is of no later time.
    pub(crate) swept: Timestamp,
    /// When it has gone on last.
    pub(crate) moved: Timestamp,
    /// How often a process has taken it up.
    pub(crate) tries: u32,
    /// What tells the configuration by which records were compared from others.
    pub(crate) decides: String,
    /// How often it has begun from its start once more, and why the last time.
    #[serde(default)]
    pub(crate) restarts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) restarted: Option<Restarted>,
    /// Why it does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Who else has gone on with it: nobody of them may approve what it asks for from then on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) went_on: Vec<Actor>,
    /// The erasures of those who are to be asked for, once that has begun: whoever goes on asks for nobody else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) planned: Vec<ErasureId>,
    /// Who was asked for: not written with it, see [`written`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) asked: Vec<AskedAgain>,
    /// What came of it, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<serde_json::Value>,
}

impl SweepJob {
    /// Whether it is what was ordered so.
    pub(crate) fn is_for(&self, since: Timestamp, then: &SweepThen) -> bool {
        self.since == since && self.then == *then
    }

    /// The erasure by which one goes again, where it was asked for.
    pub(crate) fn again(&self, erasure: ErasureId) -> Option<ErasureId> {
        self.asked.iter().find(|one| one.erasure == erasure).map(|one| one.again)
    }

    /// Whether it asks for those who were found, or did before it began from its start once more.
    pub(crate) fn has_begun_asking(&self) -> bool {
        self.state == SweepState::Asking || !self.planned.is_empty() || !self.asked.is_empty()
    }

    /// Seals how far it is. It opens as this job's only.
    pub(crate) fn seal(&self, progress: &[u8], under: &SealKey) -> Capsule {
        let [key_as, content_as] = self.sealed_as();
        Capsule::seal_bytes(progress, &key_as, &content_as, under)
    }

    /// Opens what [`SweepJob::seal`] has sealed.
    pub(crate) fn open(&self, capsule: &Capsule, under: &SealKey) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let [key_as, content_as] = self.sealed_as();
        capsule.open_bytes(&key_as, &content_as, under)
    }

    fn sealed_as(&self) -> [SealedAs; 2] {
        let begun = self.begun.as_millisecond().to_be_bytes();
        let of = [self.target.0.as_bytes(), self.mluvii.0.as_bytes(), &begun[..]];
        ["sweep key", "sweep"].map(|purpose| SealedAs::new(purpose, &of))
    }
}

/// One who was found, and the erasure that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AskedAgain {
    /// The erasure by which they were erased.
    pub(crate) erasure: ErasureId,
    pub(crate) again: ErasureId,
}

/// Why a sweep has begun from its start once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Restarted {
    /// The target had not said where it could go on.
    NoCursor,
    /// The target does not go on where it said that it could.
    CursorRefused,
    /// What was kept does not open.
    NotOpened,
    /// Records are compared by another configuration, or the target is another one, by its own configuration or its file.
    Reconfigured,
    /// What was compared is of so long ago that who was found may have come back since.
    Old,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SweepState {
    /// The target tells whom it holds.
    Sweeping,
    /// It has told all, and who is to go is asked for.
    Asking,
    Done,
    /// It was given up.
    Failed,
    Cancelled,
}

impl SweepState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sweeping => "sweeping",
            Self::Asking => "asking",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// One as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSweepJob {
    /// Grows with each change, also with the next job in its place.
    pub(crate) version: i64,
    pub(crate) job: SweepJob,
    /// How far it is, sealed. Nothing once it is over.
    pub(crate) progress: Option<Capsule>,
}

/// What a change leaves of how far a job is. What is over keeps nothing.
#[derive(Clone, Debug)]
pub(crate) enum KeptProgress {
    Same,
    New(Capsule),
    Nothing,
}

/// As many are listed: there is one for each target and installation.
pub(super) const SWEEPS_MAX: i64 = 1_000;

/// One as it is listed: without what is sealed of it, and with how many were asked for in the place of who was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ListedSweep {
    #[serde(flatten)]
    pub(crate) job: SweepJob,
    pub(crate) asked: u64,
}

/// The columns of [`stored`], of one.
pub(super) const ONE: &str = "SELECT wrapped_key, content, seal_key, version, job FROM sweep_job
     WHERE target = $1 AND installation = $2";

/// The columns of [`asked`]: who was asked for. Read behind the job, as whoever is asked for meanwhile gives it another version.
pub(super) const ASKED: &str =
    "SELECT erasure, again FROM sweep_asked WHERE target = $1 AND installation = $2 ORDER BY erasure";

/// The columns of [`listed`], of at most so many.
pub(super) const LISTED: &str = "SELECT job, (SELECT COUNT(*) FROM sweep_asked
       WHERE sweep_asked.target = sweep_job.target AND sweep_asked.installation = sweep_job.installation)
     FROM sweep_job ORDER BY target, installation LIMIT $1";

/// The columns of [`open`], of at most so many of those that are under way, or were cut off.
pub(super) const OPEN: &str = "SELECT target, installation FROM sweep_job WHERE state IN ('sweeping', 'asking')
     ORDER BY target, installation LIMIT $1";

/// The column of [`job`], of at most so many that may be [`unfinished`].
pub(super) const UNFINISHED: &str = "SELECT job FROM sweep_job WHERE state NOT IN ('done', 'cancelled')
     ORDER BY target, installation LIMIT $1";

/// The columns of [`versioned`], of those that are over.
pub(super) const OVER: &str = "SELECT version, job FROM sweep_job WHERE state NOT IN ('sweeping', 'asking')";

/// One that is over; nothing where another one has taken its place.
pub(super) const FORGET: &str = "DELETE FROM sweep_job WHERE target = $1 AND installation = $2 AND version = $3";

/// Who was asked for by one that is there no more.
pub(super) const FORGET_ASKED: &str = "DELETE FROM sweep_asked WHERE target = $1 AND installation = $2";

/// In the place of one that is over and was read as version $5; nothing where that has changed.
pub(super) const ADD: &str =
    "INSERT INTO sweep_job (target, installation, version, state, job) VALUES ($1, $2, 1, $3, $4)
     ON CONFLICT (target, installation) DO UPDATE SET version = sweep_job.version + 1, state = excluded.state,
       job = excluded.job, wrapped_key = NULL, content = NULL, seal_key = NULL
     WHERE sweep_job.version = $5
     RETURNING version";

/// Nothing where somebody else has changed it.
pub(super) const SAVE: &str = "UPDATE sweep_job SET version = version + 1, state = $1, job = $2
     WHERE target = $3 AND installation = $4 AND version = $5";

pub(super) const KEEP: &str =
    "UPDATE sweep_job SET wrapped_key = $1, content = $2, seal_key = $3 WHERE target = $4 AND installation = $5";

/// Somebody is asked for: a row, and a version that is another one. The job itself, in which thousands may stand, is not written.
pub(super) const ASK: &str = "INSERT INTO sweep_asked (target, installation, erasure, again) VALUES ($1, $2, $3, $4)";
pub(super) const MOVE_ON: &str =
    "UPDATE sweep_job SET version = version + 1 WHERE target = $1 AND installation = $2 AND version = $3";

/// A job as it is written: who was asked for has rows of their own.
pub(super) fn written(job: &SweepJob) -> Result<String, LedgerError> {
    let mut written = serde_json::to_value(job).map_err(|error| LedgerError::Broken(error.into()))?;
    if let Some(members) = written.as_object_mut() {
        members.remove("asked");
    }
    Ok(written.to_string())
}

pub(super) fn stored(row: &impl Row) -> Result<StoredSweepJob, LedgerError> {
    let progress = capsule(row)?;
    let version = row.number(3)?.unwrap_or_default();
    Ok(StoredSweepJob { version, job: row.json(4)?, progress })
}

pub(super) fn asked(row: &impl Row) -> Result<AskedAgain, LedgerError> {
    Ok(AskedAgain { erasure: row.erasure_id(0)?, again: row.erasure_id(1)? })
}

pub(super) fn listed(row: &impl Row) -> Result<ListedSweep, LedgerError> {
    Ok(ListedSweep { job: row.json(0)?, asked: row.number(1)?.unwrap_or_default().unsigned_abs() })
}

pub(super) fn open(row: &impl Row) -> Result<(TargetName, InstallationName), LedgerError> {
    let name = |column| row.text(column)?.ok_or_else(|| broken("a sweep has no name"));
    Ok((TargetName(name(0)?.into()), InstallationName(name(1)?.into())))
}

pub(super) fn job(row: &impl Row) -> Result<SweepJob, LedgerError> {
    row.json(0)
}

pub(super) fn versioned(row: &impl Row) -> Result<(i64, SweepJob), LedgerError> {
    Ok((row.number(0)?.unwrap_or_default(), row.json(1)?))
}

/// Those that are neither done nor cancelled.
pub(super) fn unfinished(jobs: Vec<SweepJob>) -> Vec<UnfinishedSweep> {
    let jobs = jobs.into_iter().filter(|job| !matches!(job.state, SweepState::Done | SweepState::Cancelled));
    let told = jobs.map(|SweepJob { target, mluvii, begun, moved, reason, state, .. }| UnfinishedSweep {
        target,
        mluvii,
        begun,
        moved,
        reason,
        is_given_up: state == SweepState::Failed,
    });
    told.collect()
}

/// Those that were over at this time: what their targets have said of them, such as where they did not look, is in the words of others.
pub(super) fn over_before(jobs: Vec<(i64, SweepJob)>, before: Timestamp) -> Vec<(i64, SweepJob)> {
    jobs.into_iter().filter(|(_, job)| job.state.is_over() && job.moved <= before).collect()
}

/// What is to be sealed of a change, if that changes.
pub(super) fn kept<'k>(job: &SweepJob, kept: &'k KeptProgress) -> Option<Option<&'k Capsule>> {
    match kept {
        _ if job.state.is_over() => Some(None),
        KeptProgress::Same => None,
        KeptProgress::New(capsule) => Some(Some(capsule)),
        KeptProgress::Nothing => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_keeps_nothing_whatever_is_said() {
        let job = |state| SweepJob { state, ..sample() };
        let key = SealKey::new(&Zeroizing::new([7; 32]));
        let sealed = job(SweepState::Sweeping).seal(b"ann@x.cz", &key);
        let all = [KeptProgress::Same, KeptProgress::New(sealed.clone()), KeptProgress::Nothing];
        for state in [SweepState::Done, SweepState::Failed, SweepState::Cancelled] {
            assert!(all.iter().all(|one| kept(&job(state), one) == Some(None)), "{state:?}");
        }
        let open = job(SweepState::Asking);
        let said: Vec<_> = all.iter().map(|one| kept(&open, one)).collect();
        assert_eq!(said, [None, Some(Some(&sealed)), Some(None)]);
    }

    #[test]
    fn a_list_says_how_many_were_asked_for_and_a_job_is_written_without_them() {
        let one = AskedAgain { erasure: ErasureId([1; 16]), again: ErasureId([2; 16]) };
        let job = SweepJob { asked: vec![one], ..sample() };
        let read: SweepJob = serde_json::from_str(&written(&job).expect("written")).expect("reads");
        assert_eq!(read, sample());
        let listed = serde_json::to_value(ListedSweep { job: sample(), asked: 7 }).expect("JSON");
        assert_eq!((&listed["asked"], &listed["target"]), (&serde_json::json!(7), &serde_json::json!("crm")));
    }

    #[test]
    fn what_was_asked_for_is_known_also_after_it_began_from_its_start() {
        let one = AskedAgain { erasure: ErasureId([1; 16]), again: ErasureId([2; 16]) };
        assert!(!sample().has_begun_asking());
        assert!(SweepJob { state: SweepState::Asking, ..sample() }.has_begun_asking());
        assert!(SweepJob { planned: vec![one.erasure], ..sample() }.has_begun_asking());
        assert!(SweepJob { asked: vec![one], ..sample() }.has_begun_asking());
    }

    #[test]
    fn what_is_not_over_or_was_given_up_is_unfinished_and_only_what_is_over_grows_old() {
        use SweepState::{Asking, Cancelled, Done, Failed, Sweeping};
        let all = [Sweeping, Asking, Done, Failed, Cancelled].map(|state| SweepJob { state, ..sample() });
        let told: Vec<_> = unfinished(all.to_vec()).iter().map(|one| one.is_given_up).collect();
        assert_eq!(told, [false, false, true]);
        let read = || all.iter().map(|job| (1, job.clone())).collect();
        let old: Vec<_> = over_before(read(), Timestamp::UNIX_EPOCH).into_iter().map(|(_, job)| job.state).collect();
        assert_eq!(old, [Done, Failed, Cancelled]);
        assert!(over_before(read(), Timestamp::MIN).is_empty());
    }

    #[test]
    fn what_is_sealed_opens_as_its_own_jobs_only() {
        let key = SealKey::new(&Zeroizing::new([7; 32]));
        let job = sample();
        let sealed = job.seal(b"ann@x.cz", &key);
        assert_eq!(&job.open(&sealed, &key).expect("opens")[..], b"ann@x.cz");
        let later = SweepJob { begun: Timestamp::from_second(2).expect("a time"), ..job.clone() };
        let other = SweepJob { target: TargetName("erp".into()), ..job };
        assert!(later.open(&sealed, &key).is_err() && other.open(&sealed, &key).is_err());
    }

    fn sample() -> SweepJob {
        SweepJob {
            target: TargetName("crm".into()),
            mluvii: InstallationName("acme".into()),
            since: Timestamp::UNIX_EPOCH,
            then: SweepThen::Count,
            by: Actor::watch(),
            begun: Timestamp::UNIX_EPOCH,
            state: SweepState::Sweeping,
            records: 0,
            swept: Timestamp::UNIX_EPOCH,
            moved: Timestamp::UNIX_EPOCH,
            tries: 0,
            decides: String::new(),
            restarts: 0,
            restarted: None,
            reason: None,
            went_on: Vec::new(),
            planned: Vec::new(),
            asked: Vec::new(),
            result: None,
        }
    }
}
