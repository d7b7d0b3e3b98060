//! The child: the process that a plugin lives in. It is told on the socket that is its standard input what to become, confines
//! itself, speaks the protocol on that socket, and ends when the socket does. Knows nothing of the server.
//!
//! [`entry`] is the order in which that happens; [`serve`] is a library's life, [`program`] the start of a program, which
//! [`guard`] watches from another such process.

mod acl;
mod besides;
mod calls;
mod code;
mod end;
mod entry;
mod guard;
mod named;
mod native;
mod owned;
mod pool;
mod program;
mod sandbox;
mod script;
mod serve;
mod socket;
mod way;

pub(crate) use entry::plugin_host_main;
