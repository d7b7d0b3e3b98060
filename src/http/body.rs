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
        let holds = BUFFER_BYTES_MAX + held;
        match (&self.unproved, self.enter.take()) {
            (Some(unproved), _) => unproved.grow(holds - self.counted),
            (None, Some(enter)) => self.unproved = enter(holds),
            (None, None) => {}
        }
        self.counted = holds;
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
