//! What goes wrong, and what quietus does then: the table of faults, row by row.

mod configuration;
mod damage;
mod deaths;
mod ending;
mod ledger;
mod log;
mod mluvii;
mod quarantine;
mod reader;
mod refusing;
mod requests;
mod seals;
mod shutdown;
mod strangers;
