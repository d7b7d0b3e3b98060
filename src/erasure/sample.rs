//! Erasures for tests: one that has ended well, from which a test departs where it matters to it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Erasure, ErasureId, ErasureState, Evidence, Findings, Outcome, Step, StepState, Subject};
use crate::subject::{InstallationName, SessionId, SessionKey, TargetName};

/// A step that has ended with `outcome`, erased and verified.
pub(crate) fn step(target: &str, outcome: Outcome) -> Step {
    Step {
        target: TargetName(target.into()),
        called: TargetName(target.into()),
        state: StepState::Over { outcome },
        reason: None,
        attempts: 1,
        rounds: 1,
        asked: None,
        counts: BTreeMap::from([("sessions".to_owned(), 1)]),
        evidence: Evidence::default(),
        erased_at: Some(Timestamp::UNIX_EPOCH),
        verified_at: Some(Timestamp::UNIX_EPOCH),
        resume: None,
        sent: None,
        stopped: false,
        tried: false,
        due: None,
    }
}

/// An erasure of one session that was found for certain.
pub(crate) fn session(steps: Vec<Step>) -> Erasure {
    let session = SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) };
    Erasure {
        id: ErasureId([7; 16]),
        subject: Subject::Session(session),
        rules: vec!["r".into()],
        rejected: Vec::new(),
        demands: Vec::new(),
        state: ErasureState::Verifying,
        created: Timestamp::UNIX_EPOCH,
        due: Timestamp::UNIX_EPOCH,
        begun: Some(Timestamp::UNIX_EPOCH),
        ended: None,
        approved: None,
        confirmation: None,
        sessions: 1,
        findings: Some(Findings { certain: 1, ..Findings::default() }),
        verdict: None,
        holds: Vec::new(),
        held: false,
        steps,
    }
}
