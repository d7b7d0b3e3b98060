//! The lists by which a vendor tells whom it holds. Knows no vendor.

use quietus_plugin::http::Request;

use crate::engine::{LastPage, Object, Place};

/// What of people is read: what they are looked for by, and their names, each if it was asked for.
pub(crate) struct Shown {
    pub(crate) addresses: bool,
    pub(crate) numbers: bool,
    pub(crate) names: bool,
    pub(crate) ids: bool,
}

impl Shown {
    /// Whether nothing is left that people are looked for by: a list would then tell of nobody, whoever there is.
    pub(crate) fn is_nobody(&self) -> bool {
        !(self.addresses || self.numbers || self.ids)
    }

    /// Those of these places that are read.
    pub(crate) fn places(&self, addresses: &[Place], numbers: &[Place]) -> Vec<Place> {
        let addresses = addresses.iter().filter(|_| self.addresses);
        addresses.chain(numbers.iter().filter(|_| self.numbers)).copied().collect()
    }
}

/// Makes the request for the page at a place, or for the first one, of at most so many records.
type Page = Box<dyn Fn(Option<&str>, u32) -> Request>;

/// One list: all records of a kind, and where in a page and in each of its records what stands: JSON pointers.
pub(crate) struct List {
    pub(crate) object: &'static Object,
    pub(crate) page: Page,
    pub(crate) follow: Follow,
    pub(crate) items: &'static str,
    pub(crate) addresses: &'static [Place],
    pub(crate) numbers: &'static [Place],
    /// Texts that are a name together.
    pub(crate) names: &'static [&'static str],
    /// Times, as RFC 3339 writes them.
    pub(crate) created: &'static str,
    pub(crate) changed: &'static str,
}

/// How a list goes on, and what says that it is over.
#[derive(Clone, Copy)]
pub(crate) enum Follow {
    /// By a cursor in the answer.
    Cursor { next: &'static str, last: LastPage },
    /// By a link in the answer, which the last page has not. `context`: where the answer says, behind a `#`, of which set it is.
    Link { next: &'static str, context: &'static str },
    /// Behind the last id, in the order of ids; over by a page of none. Nothing of it can expire. `total`: of how many records the answer
    /// is; `done`: whether it has them all.
    Id { total: &'static str, done: &'static str },
    /// By how many records came before, in the order of ids, which are numbers; over when there were as many as `total` says.
    Offset { total: &'static str },
}
