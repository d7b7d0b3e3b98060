//! A request that has not come whole, and whose sender is proved only by the whole of it: others may take its place.

use std::sync::Arc;

use tokio::select;

use super::known::Seat;
use super::strangers::Place;

/// One such request, for as long as it is waited for.
pub(super) struct Unproved {
    place: Place,
    /// Its connection may be that of a proxy, known for what it has delivered before.
    seat: Option<Arc<Seat>>,
}

impl Unproved {
    pub(super) fn new(place: Place, seat: Option<Arc<Seat>>) -> Self {
        seat.as_ref().inspect(|seat| seat.waits());
        Self { place, seat }
    }

    /// It holds so many bytes more.
    pub(super) fn grow(&self, by: usize) {
        self.place.grow(by);
    }

    /// Returns when others have taken its place, or that of its connection.
    pub(super) async fn displaced(&self) {
        match &self.seat {
            Some(seat) => select! { () = self.place.displaced() => {}, () = seat.leaves() => {} },
            None => self.place.displaced().await,
        }
    }
}

impl Drop for Unproved {
    fn drop(&mut self) {
        self.seat.as_ref().inspect(|seat| seat.waits_no_more());
    }
}
