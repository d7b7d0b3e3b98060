//! The plugins that quietus brings, driven by the real binary.

mod sql;
