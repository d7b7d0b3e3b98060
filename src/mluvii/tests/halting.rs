//! A call that must erase no further: whether it may is asked before each request.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::erasing::{call, check, listing};
use super::*;
use crate::erasure::{Halt, Outcome};
use crate::target::{Checkpoint, NotStored, Target as _, TargetCall, TargetError};

type Said = Result<Option<Halt>, NotStored>;

/// Gives these answers, one after the other, and then says that nothing is in the way.
#[derive(Debug)]
struct Says(Mutex<Vec<Said>>);

impl Says {
    fn left(&self) -> usize {
        self.0.lock().expect("whole").len()
    }
}

#[async_trait]
impl Checkpoint for Says {
    async fn store(&self, _: &[u8]) -> Result<(), NotStored> {
        Ok(())
    }

    async fn sending(&self) -> Result<(), NotStored> {
        Ok(())
    }

    async fn halted(&self) -> Said {
        let mut all = self.0.lock().expect("whole");
        if all.is_empty() { Ok(None) } else { all.remove(0) }
    }
}

fn told(call: TargetCall, answers: Vec<Said>) -> (TargetCall, Arc<Says>) {
    let says = Arc::new(Says(Mutex::new(answers)));
    let checkpoint = Arc::clone(&says) as Arc<dyn Checkpoint>;
    (TargetCall { checkpoint, ..call }, says)
}

#[tokio::test]
async fn what_is_held_or_stopped_in_between_ends_the_call_and_the_next_one_goes_on_from_there() {
    for why in [Halt::Held, Halt::Stopped, Halt::LeaseLost] {
        let mluvii = Mluvii::start().await;
        let sessions: Vec<_> = (0..3).map(|_| mluvii.conversation("7", "ann@x.cz")).collect();
        let target = mluvii.target();
        let (call, _) = told(call(&[], &sessions), vec![Ok(None), Ok(Some(why))]);
        let halted = target.erase(&call).await;
        let Err(TargetError::Halted { why: said, done }) = halted else { panic!("{halted:?}") };
        assert_eq!((said, done), (why, BTreeMap::from([("sessions".to_owned(), 1)])));
        assert_eq!(mluvii.server.calls_of("anonymous"), 1);

        check(&target.erase(&call).await, Outcome::Erased, 3);
        assert_eq!(mluvii.server.calls_of("anonymous"), 3, "none of them twice");
    }
}

#[tokio::test]
async fn a_guest_is_asked_for_like_a_session() {
    let mluvii = listing().await;
    let whole = call(&["7"], &[mluvii.conversation("7", "ann@x.cz")]);
    let (call, _) = told(whole, vec![Ok(Some(Halt::Held))]);
    let halted = mluvii.target().erase(&call).await;
    assert!(matches!(&halted, Err(TargetError::Halted { done, .. }) if done.is_empty()), "{halted:?}");
    assert_eq!(mluvii.server.calls_of("anonymous"), 0);
    assert!(mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn a_request_that_is_made_once_more_is_asked_for_once_more() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.server.fail("anonymous", 1, Wrong::Status(404));
    let (call, _) = told(call(&[], &[session]), vec![Ok(None), Ok(Some(Halt::Held))]);
    let halted = mluvii.target().erase(&call).await;
    assert!(matches!(halted, Err(TargetError::Halted { .. })), "{halted:?}");
    assert_eq!(mluvii.server.calls_of("anonymous"), 1);
    assert!(mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn nothing_is_erased_where_it_is_not_known_whether_it_may_be() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let away = NotStored { why: "the ledger is busy or away".into(), refused: false };
    let (call, _) = told(call(&[], &[session]), vec![Err(away)]);
    let target = mluvii.target();
    let unasked = target.erase(&call).await;
    assert!(matches!(unasked, Err(TargetError::NotNoted(_))), "{unasked:?}");
    assert_eq!(mluvii.server.calls_of("anonymous"), 0);
    check(&target.erase(&call).await, Outcome::Erased, 1);
}

#[tokio::test]
async fn who_only_looks_needs_no_leave() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let (call, says) = told(call(&[], &[session]), vec![Ok(Some(Halt::Held))]);
    let target = mluvii.target();
    let preview = target.erase(&TargetCall { dry_run: true, ..call.clone() }).await;
    assert!(preview.is_ok(), "{preview:?}");
    let verified = target.verify(&call).await;
    assert!(!matches!(verified, Err(TargetError::Halted { .. })), "{verified:?}");
    assert_eq!(says.left(), 1, "nobody has asked");
}
