//! Reading a body within bounds of size and time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame};
use tokio::select;
use tokio::time::timeout;

use super::serve::BUFFER_BYTES_MAX;
use super::strangers::Place;

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

/// Reads a body of at most `bytes_max` within `read_max`. `enter` makes its place among those of strangers, of so many bytes of
/// memory. Only one that does not come in one piece takes any, and is copied; nearly all come in one.
pub(super) async fn read(
    body: Body,
    bytes_max: usize,
    read_max: Duration,
    enter: impl FnOnce(usize) -> Option<Place>,
) -> Result<Bytes, NoBody> {
    // The timer costs nothing as long as the body is there already.
    timeout(read_max, whole(body, bytes_max, enter)).await.unwrap_or(Err(NoBody::Slow))
}

/// Reads a body that is not wanted and throws it away, within bounds, so that the client sees the answer.
pub(super) async fn pass_over(body: Body, read_max: Duration) {
    let _ = timeout(read_max, discard(body)).await;
}

async fn whole(mut body: Body, bytes_max: usize, enter: impl FnOnce(usize) -> Option<Place>) -> Result<Bytes, NoBody> {
    if body.size_hint().lower() > bytes_max as u64 {
        discard(body).await;
        return Err(NoBody::TooLarge);
    }
    let mut all = Vec::new();
    let mut enter = Some(enter);
    let mut place = None;
    while let Some(frame) = next(&mut body, place.as_ref()).await? {
        let Ok(data) = frame.map_err(|_| NoBody::Broken)?.into_data() else { continue };
        if all.len() + data.len() > bytes_max {
            // Nothing of it is kept while the rest passes.
            drop((all, data));
            discard(body).await;
            return Err(NoBody::TooLarge);
        }
        let is_last = body.is_end_stream();
        if all.is_empty() && is_last {
            return Ok(data);
        }
        let before = all.capacity();
        all.extend_from_slice(&data);
        drop(data);
        if let Some(enter) = enter.take().filter(|_| !is_last) {
            place = enter(BUFFER_BYTES_MAX + all.capacity());
        } else if let Some(place) = place.as_ref().filter(|_| !is_last) {
            place.grow(all.capacity() - before);
        }
    }
    Ok(all.into())
}

/// The next frame, unless others take the body's place before it comes.
async fn next(body: &mut Body, place: Option<&Place>) -> Result<Option<Result<Frame<Bytes>, axum::Error>>, NoBody> {
    let Some(place) = place else { return Ok(body.frame().await) };
    select! {
        biased;
        () = place.displaced() => Err(NoBody::Displaced),
        frame = body.frame() => Ok(frame),
    }
}

async fn discard(mut body: Body) {
    if body.size_hint().lower() > DISCARDED_BYTES_MAX {
        return;
    }
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, Bytes::len) as u64;
        if discarded > DISCARDED_BYTES_MAX {
            return;
        }
    }
}
