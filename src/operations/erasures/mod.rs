//! Erasures: asked for, looked at, and decided about. What begins them later is the worker's.

mod acts;
mod checked;
mod explain;
mod find;
mod holding;
mod preview;
mod reach;
mod request;

pub(crate) use acts::{
    Retried, RetriedShown, UndecidedRetried, approve, asked_by_hand, begin, cancel, list, ordered, reject, retry,
    retry_parked, retry_shown, retry_undecided, show, stop, why_not_by, with_marks,
};
pub(crate) use checked::{About, Request};
pub(super) use checked::{Checked, installation_of_person, named_targets};
pub(super) use explain::surroundings;
pub(crate) use explain::{Demanded, Explained, ToApprove, explain};
pub(crate) use find::{Found, find};
pub(crate) use holding::MayHold;
pub(super) use holding::holds;
pub(super) use preview::{Asked, ask_targets, foresee};
pub(crate) use preview::{LookAgain, NotSaid, Preview, Said, Tell, WouldBe, preview};
pub(super) use reach::find as find_reach;
pub(crate) use reach::{NotReached, Reach};
pub(crate) use request::{Requested, request};
