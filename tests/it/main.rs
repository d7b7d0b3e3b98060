//! Tests that drive the real binary over real sockets, files and processes.

mod canary;
mod harness;
mod main_job;
