//! Orders that are done to their end, also where whoever has sent one hangs up: what calls others midway would be left half done, and the
//! audit would say no more than that it began.

use super::problem::{Code, Problem};

/// Does it to its end.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |_| Err(Problem::new(Code::Failed, "the server could not do it; its log says why"));
    tokio::spawn(work).await.unwrap_or_else(failed)
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_done_also_where_nobody_waits_for_it_any_more() {
        let (go, may_go) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel::<()>();
        let mut work = Box::pin(to_its_end(async move {
            may_go.await.expect("it is let go");
            done.send(()).expect("somebody looks");
            Ok(())
        }));
        tokio::select! {
            biased;
            _ = &mut work => panic!("it waits"),
            () = std::future::ready(()) => {}
        }
        drop(work);
        go.send(()).expect("it goes on");
        is_done.await.expect("it is done");
    }
}
