//! How the domain's values are read from a row, the same for both backends: which column is what is said here once. A
//! value that is not what it should be is an error that quotes nothing: it may be personal.

use jiff::Timestamp;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};

use super::{LedgerError, broken};
use crate::erasure::confirmation::{Link, LinkFor};
use crate::erasure::life::Waiting;
use crate::erasure::{Asked, ErasureId, ReportState, Step, StepState};
use crate::keys::{Digest, Sealed};
use crate::request::RequestId;
use crate::subject::TargetName;

/// A row of one backend; columns are numbered from 0.
pub(super) trait Row {
    fn text(&self, column: usize) -> Result<Option<&str>, LedgerError>;
    fn number(&self, column: usize) -> Result<Option<i64>, LedgerError>;
    fn bytes(&self, column: usize) -> Result<Option<&[u8]>, LedgerError>;
    fn truth(&self, column: usize) -> Result<bool, LedgerError>;

    fn erasure_id(&self, column: usize) -> Result<ErasureId, LedgerError> {
        let bytes = there(self.bytes(column)?)?;
        bytes.try_into().map(ErasureId).map_err(|_| broken("an erasure's id has another length"))
    }

    fn request_id(&self, column: usize) -> Result<RequestId, LedgerError> {
        let bytes = there(self.bytes(column)?)?;
        bytes.try_into().map(RequestId).map_err(|_| broken("a request's id has another length"))
    }

    fn maybe_digest(&self, column: usize) -> Result<Option<Digest>, LedgerError> {
        let Some(bytes) = self.bytes(column)? else { return Ok(None) };
        bytes.try_into().map(|bytes| Some(Digest(bytes))).map_err(|_| broken("a digest has another length"))
    }

    /// In milliseconds since 1970.
    fn time(&self, column: usize) -> Result<Timestamp, LedgerError> {
        there(self.maybe_time(column)?)
    }

    fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>, LedgerError> {
        let millis = self.number(column)?;
        millis.map(Timestamp::from_millisecond).transpose().map_err(|_| broken("a number of milliseconds is no time"))
    }

    /// A number that is never negative.
    fn small(&self, column: usize) -> Result<u32, LedgerError> {
        Ok(u32::try_from(there(self.number(column)?)?).unwrap_or(u32::MAX))
    }

    /// A value that is one word, such as a state.
    fn word<T: DeserializeOwned>(&self, column: usize) -> Result<T, LedgerError> {
        there(self.maybe_word(column)?)
    }

    fn maybe_word<T: DeserializeOwned>(&self, column: usize) -> Result<Option<T>, LedgerError> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        let word: StrDeserializer<'_, WordError> = text.into_deserializer();
        T::deserialize(word).map(Some).map_err(|_| broken("a word that this quietus does not know"))
    }

    /// A value of several parts, as JSON text.
    fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T, LedgerError> {
        serde_json::from_str(there(self.text(column)?)?).map_err(|error| {
            broken(format!("unexpected JSON: {:?} error at column {}", error.classify(), error.column()))
        })
    }
}

fn there<T>(value: Option<T>) -> Result<T, LedgerError> {
    value.ok_or_else(|| broken("a column that always has a value has none"))
}

/// The columns of [`step`].
pub(super) const STEP: &str = "step.target, step.called, step.stage, step.parked, step.outcome, step.report_by, \
                               step.report, step.attempts, step.rounds, step.counts, step.evidence, step.erased_at, \
                               step.verified_at, step.reason, step.resume, step.sent, step.asked, step.stopped, \
                               step.tried, CAST(NULL AS BIGINT)";

/// The same of a step that is shown: when its target is called next stands with its work, and so does why it is being repeated, which is
/// shown where the target itself has given no reason.
pub(super) const STEP_SHOWN: &str = "step.target, step.called, step.stage, step.parked, step.outcome, step.report_by, \
                                     step.report, step.attempts, step.rounds, step.counts, step.evidence, \
                                     step.erased_at, step.verified_at, COALESCE(step.reason, task.reason), \
                                     CAST(NULL AS BYTEA), step.sent, step.asked, step.stopped, step.tried, \
                                     CASE WHEN task.holder IS NULL THEN task.due END";

/// Where the columns of [`STEP_SHOWN`] come from.
pub(super) const FROM_STEP_SHOWN: &str =
    "FROM step LEFT JOIN task ON task.erasure = step.erasure AND task.queue = 'step:' || step.called";

pub(super) fn step(row: &impl Row) -> Result<Step, LedgerError> {
    Ok(Step {
        target: TargetName(there(row.text(0)?)?.into()),
        called: TargetName(there(row.text(1)?)?.into()),
        state: step_state(row)?,
        reason: row.text(13)?.map(str::to_owned),
        attempts: row.small(7)?,
        rounds: row.small(8)?,
        counts: row.json(9)?,
        evidence: row.json(10)?,
        erased_at: row.maybe_time(11)?,
        verified_at: row.maybe_time(12)?,
        resume: row.bytes(14)?.map(|bytes| Sealed(bytes.to_vec())),
        sent: row.maybe_word(15)?,
        asked: row.number(16)?.map(Asked::of_number),
        stopped: row.truth(17)?,
        tried: row.truth(18)?,
        due: row.maybe_time(19)?,
    })
}

/// The one state that the columns are in; any other combination was not written by this program.
fn step_state(row: &impl Row) -> Result<StepState, LedgerError> {
    let report = match (row.bytes(6)?, row.maybe_time(5)?) {
        (Some(sealed), _) => ReportState::Came(Sealed(sealed.to_vec())),
        (None, Some(by)) => ReportState::Awaited { by },
        (None, None) => ReportState::NotExpected,
    };
    match (row.maybe_word(2)?, row.truth(3)?, row.maybe_word(4)?) {
        (Some(stage), false, so_far) => Ok(StepState::UnderWay { stage, so_far, report }),
        (Some(stage), true, Some(outcome)) => Ok(StepState::Parked { stage, outcome }),
        (None, false, Some(outcome)) => Ok(StepState::Over { outcome }),
        (None, false, None) => Ok(StepState::WaitsForFinds),
        _ => Err(broken("a step is in no state that there is")),
    }
}

/// What the columns of a step's state are to hold.
pub(super) struct StateColumns<'a> {
    pub(super) stage: Option<&'static str>,
    pub(super) parked: bool,
    pub(super) outcome: Option<&'static str>,
    pub(super) report_by: Option<Timestamp>,
    pub(super) report: Option<&'a [u8]>,
}

impl<'a> StateColumns<'a> {
    pub(super) fn of(step: &'a Step) -> Self {
        Self {
            stage: step.stage().map(|stage| stage.as_str()),
            parked: matches!(step.state, StepState::Parked { .. }),
            outcome: step.outcome().map(|outcome| outcome.as_str()),
            report_by: step.report_by(),
            report: step.report().map(|report| report.0.as_slice()),
        }
    }
}

/// The columns of [`waiting`].
pub(super) const WAITING: &str = "id, state, merge_key, rules, targets, due_rule, due, approved, demands, rejected, confirm, \
                                  confirmed";

pub(super) fn waiting(row: &impl Row) -> Result<Waiting, LedgerError> {
    Ok(Waiting {
        id: row.erasure_id(0)?,
        state: row.word(1)?,
        merge_key: there(row.text(2)?)?.to_owned(),
        rules: row.json(3)?,
        targets: row.json(4)?,
        due_rule: row.time(5)?,
        due: row.time(6)?,
        approved: row.maybe_time(7)?,
        demands: row.json(8)?,
        rejected: row.json(9)?,
        confirm: row.maybe_word(10)?,
        confirmed: row.maybe_time(11)?,
    })
}

/// The columns of [`link`].
pub(super) const LINK: &str =
    "erasure, state, address, token, bound, due, attempts, again, reason, mailed, expires, ended, request";

pub(super) fn link(row: &impl Row) -> Result<Link, LedgerError> {
    Ok(Link {
        of: match row.bytes(0)? {
            Some(_) => LinkFor::Erasure(row.erasure_id(0)?),
            None => LinkFor::Request(row.request_id(12)?),
        },
        state: row.word(1)?,
        address: there(row.maybe_digest(2)?)?,
        token: row.maybe_digest(3)?,
        bound: row.maybe_digest(4)?,
        due: row.time(5)?,
        attempts: row.small(6)?,
        again: row.truth(7)?,
        reason: row.text(8)?.map(str::to_owned),
        mailed: row.maybe_time(9)?,
        expires: row.maybe_time(10)?,
        ended: row.maybe_time(11)?,
    })
}
