//! Several processes on one PostgreSQL database.

mod calls;
mod fire;
mod load;
