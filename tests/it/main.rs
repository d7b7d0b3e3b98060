//! Tests that drive the real binary over real sockets, files and processes.

mod harness;
mod main_job;
