//! What every log line of a piece of work says beside its own words: which erasure, or session, it is about.

use tracing::{Span, error_span};

use crate::ledger::Work;

/// Around the work on a claim. At the highest level, as the level of a span decides whether it is there at all: at `warn`, the lines of
/// a failure would otherwise not say which erasure failed.
pub(super) fn of(work: &Work) -> Span {
    let sort = work.sort();
    match work {
        Work::Decide(decide) => error_span!("work", work = sort, session = %decide.event.head.session),
        Work::Settle(settle) => error_span!("work", work = sort, session = %settle.session),
        Work::Resolve(resolve) => error_span!("work", work = sort, erasure.id = %resolve.id),
        Work::Step(step) => {
            error_span!("work", work = sort, erasure.id = %step.erasure, target = %step.step.called)
        }
        Work::Close(erasure) => error_span!("work", work = sort, erasure.id = %erasure.id),
    }
}
