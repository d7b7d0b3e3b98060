//! Reading a body within bounds of size and time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame};
use tokio::select;
use tokio::time::timeout;

use super::serve::BUFFER_BYTES_MAX;
use super::unproved::Unproved;

/// How much of a body that is too large is read and thrown away: a client that is still sending when the connection
/// closes may never see the answer.
const DISCARDED_BYTES_MAX: u64 = 8 << 20;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBody {
    TooLarge,
    Slow,
    /// Others took its place: it came slowly, and was the oldest of those whose sender is not known.
    Displaced,
    /// The client went away, or its chunks are no chunks.
    Broken,
}

/// Reads a body of at most `bytes_max` within `read_max`. `enter` makes its place among those of strangers, for so many bytes of
/// memory: taken where it has to be waited for.
pub(super) async fn read(
    body: Body,
    bytes_max: usize,
    read_max: Duration,
    enter: impl FnOnce(usize) -> Option<Unproved>,
) -> Result<Bytes, NoBody> {
    // The timer costs nothing as long as the body is there already.
    timeout(read_max, whole(Waited::new(body, enter), bytes_max)).await.unwrap_or(Err(NoBody::Slow))
}

/// Reads a body that is not wanted and throws it away, within bounds, so that the client sees the answer.
pub(super) async fn pass_over(body: Body, read_max: Duration, enter: impl FnOnce(usize) -> Option<Unproved>) {
    let _ = timeout(read_max, Waited::new(body, enter).discard()).await;
}

async fn whole<E: FnOnce(usize) -> Option<Unproved>>(mut waited: Waited<E>, bytes_max: usize) -> Result<Bytes, NoBody> {
    if waited.body.size_hint().lower() > bytes_max as u64 {
        waited.discard().await;
        return Err(NoBody::TooLarge);
    }
    let mut all = Vec::new();
    while let Some(frame) = waited.next(all.capacity()).await? {
        let Ok(data) = frame.map_err(|_| NoBody::Broken)?.into_data() else { continue };
        if all.len() + data.len() > bytes_max {
            // Nothing of it is kept while the rest passes.
            drop((all, data));
            waited.discard().await;
            return Err(NoBody::TooLarge);
        }
        // A body in one piece, as nearly all are, is never copied.
        if all.is_empty() && waited.body.is_end_stream() {
            return Ok(data);
        }
        all.extend_from_slice(&data);
    }
    Ok(all.into())
}

/// A body, and its place among those of strangers once it was waited for.
struct Waited<E> {
    body: Body,
    enter: Option<E>,
    unproved: Option<Unproved>,
    counted: usize,
}

impl<E: FnOnce(usize) -> Option<Unproved>> Waited<E> {
    fn new(body: Body, enter: E) -> Self {
        Self { body, enter: Some(enter), unproved: None, counted: 0 }
    }

    /// The next frame, unless others take the body's place before it comes; so many bytes are held meanwhile, beside what the connection
    /// buffers.
    async fn next(&mut self, held: usize) -> Result<Option<Result<Frame<Bytes>, axum::Error>>, NoBody> {
        let mut frame = pin!(self.body.frame());
        if let Poll::Ready(frame) = poll_fn(|context| Poll::Ready(frame.as_mut().poll(context))).await {
            return Ok(frame);
        }
        // What it has let go of meanwhile stays counted until it ends.
        let more = (BUFFER_BYTES_MAX + held).saturating_sub(self.counted);
        match (&self.unproved, self.enter.take()) {
            (Some(unproved), _) => unproved.grow(more),
            (None, Some(enter)) => self.unproved = enter(more),
            (None, None) => {}
        }
        self.counted += more;
        let Some(unproved) = &self.unproved else { return Ok(frame.await) };
        select! {
            biased;
            () = unproved.displaced() => Err(NoBody::Displaced),
            frame = frame => Ok(frame),
        }
    }

    async fn discard(mut self) {
        if self.body.size_hint().lower() > DISCARDED_BYTES_MAX {
            return;
        }
        let mut discarded = 0;
        while let Ok(Some(Ok(frame))) = self.next(0).await {
            discarded += frame.data_ref().map_or(0, Bytes::len) as u64;
            if discarded > DISCARDED_BYTES_MAX {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::Context;

    use super::super::strangers::Strangers;
    use super::*;

    /// Pieces of a body, each of which has to be waited for.
    struct Pieces(VecDeque<usize>, bool);

    impl hyper::body::Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.1 = !self.1;
            if self.1 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(self.0.pop_front().map(|length| Ok(Frame::data(vec![b'x'; length].into()))))
        }
    }

    async fn taken(strangers: &Arc<Strangers>, pieces: &[usize]) -> Result<usize, NoBody> {
        let enter = |size| Some(Unproved::new(Some(strangers.enter(None, size)), None));
        let body = Body::new(Pieces(pieces.iter().copied().collect(), false));
        read(body, 100_000, Duration::from_secs(60), enter).await.map(|body| body.len())
    }

    #[tokio::test]
    async fn a_body_in_pieces_holds_what_it_takes_and_gives_it_back_however_it_ends() {
        let strangers = Strangers::new(1 << 20);
        assert_eq!(taken(&strangers, &[60_000, 40_000]).await, Ok(100_000));
        assert_eq!(taken(&strangers, &[60_000, 60_000, 60_000]).await, Err(NoBody::TooLarge));
        assert_eq!(strangers.size(), 0);
        // Less than the first piece and the buffer of its connection.
        let few = Strangers::new(70_000);
        assert_eq!(taken(&few, &[60_000, 1]).await, Err(NoBody::Displaced));
        assert_eq!((taken(&few, &[20_000, 1]).await, few.size()), (Ok(20_001), 0));
    }
}
