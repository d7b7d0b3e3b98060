//! Tests that drive the real binary over real sockets, files and processes.

mod authentication;
mod authors;
mod campaign;
mod canary;
mod cgroup;
mod clocks;
mod demo;
mod endurance;
mod faults;
mod finding;
mod fleet;
mod harness;
mod hostile;
mod interop;
mod layers;
mod main_job;
mod once;
mod outside;
mod people;
mod plugins;
mod purging;
mod receipts;
mod restarts;
mod shapes;
mod storage;
mod truth;
