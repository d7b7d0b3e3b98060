//! A report: the answer that somebody gives later to a demand that a target has accepted. Its token is good for one stage
//! of one round of one step, and is not kept: it follows from them and the index key.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::{Answer, ErasureId, Stage, Step};
use crate::keys::{IndexKey, NotOpened, SealKey, Sealed, SealedAs};
use crate::subject::TargetName;

/// What a report answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reportable {
    pub(crate) erasure: ErasureId,
    pub(crate) target: TargetName,
    pub(crate) stage: Stage,
    pub(crate) round: u32,
}

impl Reportable {
    /// What is to be reported of a step that is in this stage now.
    pub(crate) fn now(erasure: ErasureId, stage: Stage, step: &Step) -> Self {
        Self { erasure, target: step.target.clone(), stage, round: step.rounds }
    }

    /// Seals a report: only as the answer to this can it be opened again.
    pub(crate) fn seal(&self, report: &Answer, key: &SealKey) -> Sealed {
        let plain = Zeroizing::new(serde_json::to_vec(report).unwrap_or_default());
        key.seal(&self.sealed_as(), &plain)
    }

    /// The report; one on something else, such as an earlier round, does not open.
    pub(crate) fn open(&self, report: &Sealed, key: &SealKey) -> Result<Answer, NotOpened> {
        let plain = key.open(&self.sealed_as(), report)?;
        serde_json::from_slice(&plain).map_err(|_| NotOpened::Broken)
    }

    fn sealed_as(&self) -> SealedAs {
        let (target, stage) = (self.target.0.as_bytes(), self.stage.as_str().as_bytes());
        SealedAs::new("report", &[&self.erasure.0, target, stage, &self.round.to_be_bytes()])
    }

    /// The address below the listener's, free of personal data.
    pub(crate) fn path(&self) -> String {
        format!("/v1/reports/{}/{}", self.erasure, self.target)
    }

    /// Such as `erase-0-` and 64 hex digits.
    pub(crate) fn token(&self, key: &IndexKey) -> String {
        let mut token = format!("{}-{}-", self.stage.as_str(), self.round);
        for byte in key.report(&self.erasure.to_string(), &self.target.0, self.stage.as_str(), self.round) {
            let _infallible = write!(token, "{byte:02x}");
        }
        token
    }

    /// What a token is good for; nothing unless it was made with this key for this step.
    pub(crate) fn of_token(erasure: ErasureId, target: TargetName, token: &str, key: &IndexKey) -> Option<Self> {
        let mut parts = token.splitn(3, '-');
        let word = parts.next()?;
        let stage = [Stage::Erase, Stage::Verify].into_iter().find(|stage| stage.as_str() == word)?;
        let round = parts.next()?.parse().ok()?;
        let reportable = Self { erasure, target, stage, round };
        // It takes the same time wherever they differ, so that no token can be found out piece by piece.
        let same = subtle::ConstantTimeEq::ct_eq(reportable.token(key).as_bytes(), token.as_bytes());
        bool::from(same).then_some(reportable)
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn reportable(round: u32) -> Reportable {
        let target = TargetName("crm".into());
        Reportable { erasure: ErasureId([7; 16]), target, stage: Stage::Erase, round }
    }

    #[test]
    fn a_report_opens_as_the_answer_to_its_own_demand_only() {
        let key = SealKey::new(&Zeroizing::new([3; 32]));
        let outcome = crate::erasure::Outcome::Erased;
        let reason = Some("Ann had two".to_owned());
        let report = Answer {
            outcome,
            reason,
            counts: [("tickets".to_owned(), 2)].into(),
            verify_after: None,
            evidence: Default::default(),
        };
        let sealed = reportable(0).seal(&report, &key);
        assert!(!sealed.0.windows(3).any(|part| part == b"Ann"));
        assert_eq!(reportable(0).open(&sealed, &key).expect("opens"), report);
        assert!(reportable(1).open(&sealed, &key).is_err());
        assert!(Reportable { stage: Stage::Verify, ..reportable(0) }.open(&sealed, &key).is_err());
        assert!(reportable(0).open(&sealed, &SealKey::new(&Zeroizing::new([4; 32]))).is_err());
    }

    #[test]
    fn a_token_is_good_for_one_stage_of_one_round_of_one_step() {
        let key = IndexKey::new(&Zeroizing::new([1; 32]));
        let other = IndexKey::new(&Zeroizing::new([2; 32]));
        let first = reportable(0);
        let token = first.token(&key);
        let read = |erasure, target: &str, token: &str, key| {
            Reportable::of_token(erasure, TargetName(target.into()), token, key)
        };
        assert_eq!(read(first.erasure, "crm", &token, &key), Some(first.clone()));
        assert_eq!(read(ErasureId([8; 16]), "crm", &token, &key), None);
        assert_eq!(read(first.erasure, "crm2", &token, &key), None);
        assert_eq!(read(first.erasure, "crm", &token, &other), None);
        let tampered = [token.replace("erase-0", "erase-1"), token.replace("erase-0", "verify-0")];
        let broken = [
            "".into(),
            "erase".into(),
            "erase-0".into(),
            "erase-0-".into(),
            "erase--1-aa".into(),
            token.to_uppercase(),
        ];
        for wrong in tampered.iter().chain(&broken) {
            assert_eq!(read(first.erasure, "crm", wrong, &key), None, "{wrong}");
        }
        assert_ne!(reportable(1).token(&key), token);
    }
}
