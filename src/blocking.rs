//! What blocks its thread in the midst of asynchronous work: a program that is asked, a folder that is mounted from elsewhere.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Does it on this thread, whose place in the runtime another one takes meanwhile, so that everything else goes on.
pub(crate) fn in_place<T>(act: impl FnOnce() -> T) -> T {
    let is_shared = |handle: Handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread;
    if Handle::try_current().is_ok_and(is_shared) { block_in_place(act) } else { act() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn the_only_worker_does_something_else_meanwhile() {
        let (tell, told) = mpsc::channel();
        let waits = tokio::spawn(async move { in_place(|| told.recv().is_ok()) });
        tokio::spawn(async move { tell.send(()).expect("it waits") });
        assert!(waits.await.expect("no panic"));
    }

    #[tokio::test]
    async fn a_runtime_of_one_thread_waits() {
        assert_eq!(in_place(|| 7), 7);
    }

    #[test]
    fn where_there_is_no_runtime_it_is_done_all_the_same() {
        assert_eq!(in_place(|| 7), 7);
    }
}
