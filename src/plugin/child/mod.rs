//! The child: the process that a plugin lives in. It is told on the socket that is its standard input what to become, confines
//! itself, speaks the protocol on that socket, and ends when the socket does. Knows nothing of the server.
//!
//! [`entry`] is the order in which that happens; [`serve`] is a library's life, [`program`] a program's.

mod calls;
mod code;
mod end;
mod entry;
mod native;
mod pool;
mod program;
mod sandbox;
mod serve;
mod socket;

pub(crate) use entry::plugin_host_main;
