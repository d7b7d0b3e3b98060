//! Not anonymized yet: when mluvii is re-checked, and what it counts as in the end.

use super::erasing::{call, check, reason};
use super::*;
use crate::erasure::Outcome;
use crate::target::{Answer, Target as _, TargetError};

/// What verification says so long after the anonymizing.
async fn verified_after(mluvii: &Mluvii, session: SessionId, secs: u64) -> Result<Answer, TargetError> {
    let mut call = call(&[], &[session]);
    call.erased_since = Some(Duration::from_secs(secs));
    mluvii.target().verify(&call).await
}

async fn check_wait(mluvii: &Mluvii, session: SessionId, secs: u64, wait: u64) {
    match verified_after(mluvii, session, secs).await {
        Err(TargetError::NotYet { after }) => assert_eq!(after.as_secs(), wait, "{secs} s after the anonymizing"),
        other => panic!("{secs} s after the anonymizing: {other:?}"),
    }
}

#[tokio::test]
async fn not_anonymized_yet_is_asked_again_at_half_a_minute_five_minutes_and_an_hour() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    check_wait(&mluvii, session, 5, 25).await;
    check_wait(&mluvii, session, 30, 270).await;
    check_wait(&mluvii, session, 300, 3300).await;
    let residual = verified_after(&mluvii, session, 3600).await;
    check(&residual, Outcome::Residual, 0);
    assert_eq!(reason(&residual), "1 of 1 sessions are not anonymized after the time that they may take");
}

#[tokio::test]
async fn marks_beyond_the_configured_time_are_dropped() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.verify_within = "2m".parse().expect("a span");
    let session = mluvii.conversation("7", "ann@x.cz");
    check_wait(&mluvii, session, 5, 25).await;
    check_wait(&mluvii, session, 30, 90).await;
    check(&verified_after(&mluvii, session, 120).await, Outcome::Residual, 0);
}

#[tokio::test]
async fn a_session_in_neither_list_is_waited_for_and_then_unverifiable() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.target().erase(&call(&[], &[session])).await.expect("accepted");
    mluvii.server.held().unlisted.insert(session.0);
    check_wait(&mluvii, session, 5, 25).await;
    let unverifiable = verified_after(&mluvii, session, 3600).await;
    check(&unverifiable, Outcome::Unverifiable, 0);
    assert!(reason(&unverifiable).contains("neither as anonymized nor as not anonymized"), "{unverifiable:?}");
}

#[tokio::test]
async fn what_was_accepted_and_comes_later_is_erased() {
    let mluvii = Mluvii::start().await;
    let sessions = [mluvii.conversation("7", "ann@x.cz"), mluvii.conversation("7", "ann@x.cz")];
    mluvii.server.held().not_anonymized_yet.insert(sessions[0].0);
    let target = mluvii.target();
    let call = call(&[], &sessions);
    check(&target.erase(&call).await, Outcome::Erased, 2);
    assert!(matches!(target.verify(&call).await, Err(TargetError::NotYet { .. })));
    mluvii.server.held().not_anonymized_yet.clear();
    target.erase(&call).await.expect("asked again");
    let (verified, calls) = counted(target.verify(&call)).await;
    check(&verified, Outcome::Erased, 2);
    assert_eq!(calls, 3, "what was seen is not re-checked");
}

#[tokio::test]
async fn sessions_that_are_not_ready_do_not_keep_the_others_from_being_seen() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.call_max = short(400);
    let sessions: Vec<_> = (0..6).map(|_| mluvii.conversation("7", "ann@x.cz")).collect();
    mluvii.server.fail("Anonymized.Null", u32::MAX, Wrong::Slow(Duration::from_millis(100)));
    let mut call = call(&[], &sessions);
    call.erased_since = Some(Duration::from_secs(5));
    // The time of one call does not suffice for all: it goes on at the next mark, not at once and forever.
    let first = mluvii.target().verify(&call).await;
    assert!(matches!(first, Err(TargetError::NotYet { after }) if after.as_secs() == 25), "{first:?}");
}
