//! What an officer keeps from being erased, or has no more of done.

mod stopping;
