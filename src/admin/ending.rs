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
