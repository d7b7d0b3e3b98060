//! Several processes on one PostgreSQL database.

mod away;
mod calls;
mod clocks;
mod copied;
mod fire;
mod frozen;
mod load;
mod main_job;
mod reconciling;
mod refusing;
mod schema;
mod status;
mod upgrade;
mod verdict;
