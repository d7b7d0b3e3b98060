//! A request that has not come whole, and whose sender is proved only by the whole of it: others may take its place.

use std::future::pending;
use std::sync::Arc;

use tokio::select;

use super::known::Seat;
use super::strangers::Place;

/// One such request, for as long as it is waited for.
pub(super) struct Unproved {
    /// Among those of strangers, where the listener has such.
    place: Option<Place>,
    /// Its connection may be that of a proxy, known for what it has delivered before.
    seat: Option<Arc<Seat>>,
}

impl Unproved {
    pub(super) fn new(place: Option<Place>, seat: Option<Arc<Seat>>) -> Self {
        seat.as_ref().inspect(|seat| seat.waits());
        Self { place, seat }
    }

    /// It holds so many bytes more.
    pub(super) fn grow(&self, by: usize) {
        self.place.as_ref().inspect(|place| place.grow(by));
    }

    /// Returns when others have taken its place, or that of its connection.
    pub(super) async fn displaced(&self) {
        let place = async {
            match &self.place {
                Some(place) => place.displaced().await,
                None => pending().await,
            }
        };
        let seat = async {
            match &self.seat {
                Some(seat) => seat.leaves().await,
                None => pending().await,
            }
        };
        select! { () = place => {}, () = seat => {} }
    }
}

impl Drop for Unproved {
    fn drop(&mut self) {
        self.seat.as_ref().inspect(|seat| seat.waits_no_more());
    }
}
