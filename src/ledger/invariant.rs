//! What holds between the tables whatever happens, as one statement for each that counts the rows for which it does not. The
//! same text in both dialects.

/// Something that holds between tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    /// What is promised is being worked on.
    OpenErasureHasWork,
    WorkHasOpenErasure,
    StepHasWork,
    /// A look for settling is planned for each session that has not settled.
    SessionHasWork,
    DoneErasureHasReceipt,
    ReceiptHasEndedErasure,
    DoneErasureHasOutcomes,
    /// Who is meant is known as long as it is needed, and no longer.
    BegunErasureHasCapsule,
    EndedErasureHasNoCapsule,
    /// Nothing that waits for nothing is kept for ever.
    SettledSessionHasAge,
    TombstoneHasNoSession,
    StepHasErasure,
    /// What is found by a rule or a target is there, in that state.
    LabelHasErasure,
    /// Of every event that came either its session is known, or something is left to be decided on.
    EventHasWork,
}

impl Invariant {
    pub(crate) const ALL: [Self; 14] = [
        Self::OpenErasureHasWork,
        Self::WorkHasOpenErasure,
        Self::StepHasWork,
        Self::SessionHasWork,
        Self::DoneErasureHasReceipt,
        Self::ReceiptHasEndedErasure,
        Self::DoneErasureHasOutcomes,
        Self::BegunErasureHasCapsule,
        Self::EndedErasureHasNoCapsule,
        Self::SettledSessionHasAge,
        Self::TombstoneHasNoSession,
        Self::StepHasErasure,
        Self::LabelHasErasure,
        Self::EventHasWork,
    ];

    /// The name of what breaks it: part of the interface.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::OpenErasureHasWork => "erasure_without_work",
            Self::WorkHasOpenErasure => "work_without_erasure",
            Self::StepHasWork => "step_without_work",
            Self::SessionHasWork => "session_without_work",
            Self::DoneErasureHasReceipt => "done_without_receipt",
            Self::ReceiptHasEndedErasure => "receipt_of_open_erasure",
            Self::DoneErasureHasOutcomes => "done_without_outcome",
            Self::BegunErasureHasCapsule => "erasure_without_capsule",
            Self::EndedErasureHasNoCapsule => "capsule_of_ended_erasure",
            Self::SettledSessionHasAge => "session_without_age",
            Self::TombstoneHasNoSession => "tombstone_of_session",
            Self::StepHasErasure => "step_without_erasure",
            Self::LabelHasErasure => "label_without_erasure",
            Self::EventHasWork => "event_without_work",
        }
    }

    /// What is wrong, after a number.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::OpenErasureHasWork => "open erasures have no work, and would never end",
            Self::WorkHasOpenErasure => "pieces of work are for an erasure that is over or not there",
            Self::StepHasWork => "steps are under way and have no work",
            Self::SessionHasWork => "sessions wait to settle and have no work",
            Self::DoneErasureHasReceipt => "erasures are done and have no receipt",
            Self::ReceiptHasEndedErasure => "receipts are of erasures that are still open",
            Self::DoneErasureHasOutcomes => "steps of erasures that are done have no outcome",
            Self::BegunErasureHasCapsule => "erasures are under way, and nobody can say of whom",
            Self::EndedErasureHasNoCapsule => "capsules are left of erasures that are over",
            Self::SettledSessionHasAge => "sessions have settled and no age, or an age and have not settled",
            Self::TombstoneHasNoSession => "sessions have a record and a tombstone",
            Self::StepHasErasure => "steps are of erasures that are not there",
            Self::LabelHasErasure => "rules and targets find erasures that are not there, or not in that state",
            Self::EventHasWork => {
                "sessions at least of which events came are not known, and no work is left that would look at them"
            }
        }
    }

    /// Counts what breaks it: one row with one number.
    pub(super) fn sql(self) -> &'static str {
        match self {
            // Those that wait for an approval have none.
            Self::OpenErasureHasWork => {
                "SELECT COUNT(*) FROM erasure WHERE ended IS NULL AND state <> 'requested'
                   AND NOT EXISTS (SELECT 1 FROM task WHERE task.erasure = erasure.id)"
            }
            Self::WorkHasOpenErasure => {
                "SELECT COUNT(*) FROM task WHERE erasure IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.id = task.erasure AND erasure.ended IS NULL)"
            }
            Self::StepHasWork => {
                "SELECT COUNT(*) FROM step WHERE stage IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM task WHERE task.erasure = step.erasure AND task.queue = 'step:' || step.called)"
            }
            Self::SessionHasWork => {
                "SELECT COUNT(*) FROM session WHERE settle_at IS NOT NULL AND erased_at IS NULL AND NOT EXISTS (
                   SELECT 1 FROM task
                   WHERE task.installation = session.installation AND task.session = session.session)"
            }
            Self::DoneErasureHasReceipt => {
                "SELECT COUNT(*) FROM erasure WHERE state = 'done'
                   AND NOT EXISTS (SELECT 1 FROM receipt WHERE receipt.erasure = erasure.id)
                   AND NOT EXISTS (SELECT 1 FROM chain_checkpoint WHERE chain = 'receipts'
                                     AND erasure.archived BETWEEN first_sequence AND last_sequence)"
            }
            Self::ReceiptHasEndedErasure => {
                "SELECT COUNT(*) FROM receipt
                 WHERE EXISTS (SELECT 1 FROM erasure WHERE erasure.id = receipt.erasure AND erasure.ended IS NULL)"
            }
            Self::DoneErasureHasOutcomes => {
                "SELECT COUNT(*) FROM step WHERE outcome IS NULL
                   AND EXISTS (SELECT 1 FROM erasure WHERE erasure.id = step.erasure AND erasure.state = 'done')"
            }
            Self::BegunErasureHasCapsule => {
                "SELECT COUNT(*) FROM erasure WHERE begun IS NOT NULL AND ended IS NULL
                   AND NOT EXISTS (SELECT 1 FROM capsule WHERE capsule.erasure = erasure.id)"
            }
            Self::EndedErasureHasNoCapsule => {
                "SELECT COUNT(*) FROM capsule
                 WHERE NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.id = capsule.erasure AND erasure.ended IS NULL)"
            }
            Self::SettledSessionHasAge => {
                "SELECT COUNT(*) FROM session
                 WHERE (settle_at IS NULL AND (read_at IS NOT NULL OR erased_at IS NOT NULL))
                         = (idle_since IS NULL AND proof_since IS NULL)
                   OR (idle_since IS NOT NULL AND proof_since IS NOT NULL)"
            }
            Self::TombstoneHasNoSession => {
                "SELECT COUNT(*) FROM tombstone WHERE EXISTS (
                   SELECT 1 FROM session
                   WHERE session.installation = tombstone.installation AND session.session = tombstone.session)"
            }
            Self::StepHasErasure => {
                "SELECT COUNT(*) FROM step
                 WHERE NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.id = step.erasure)"
            }
            Self::LabelHasErasure => {
                "SELECT COUNT(*) FROM erasure_label WHERE NOT EXISTS (
                   SELECT 1 FROM erasure WHERE erasure.id = erasure_label.erasure AND erasure.state = erasure_label.state)"
            }
            // What waits does not show its sessions here, nor is it known any more which ones were foreign and whose tombstones
            // are over: each of these accounts for one. So none is counted that is not missing, but not all that are.
            Self::EventHasWork => {
                "SELECT CAST(CASE WHEN missing > 0 THEN missing ELSE 0 END AS BIGINT) FROM (
                   SELECT (SELECT COUNT(*) FROM (SELECT session FROM event
                                                 EXCEPT SELECT session FROM session
                                                 EXCEPT SELECT session FROM tombstone) AS heard)
                          - (SELECT COALESCE(SUM(count), 0) FROM inbox)
                          - (SELECT COUNT(*) FROM task WHERE event IS NOT NULL)
                          - (SELECT COALESCE(SUM(foreign_sessions), 0) FROM installation)
                          - (SELECT COALESCE(SUM(deleted), 0) FROM expired WHERE kind = 'tombstones') AS missing
                 ) AS counted"
            }
        }
    }
}
