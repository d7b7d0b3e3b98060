//! The admin API and the pages: what officers and operators order, over HTTP, on a listener of its own. An adapter over `operations`, as the
//! command line is one: it knows who asks ([`caller`]), reads what is asked for, and answers; what may be done, and what becomes of it, is
//! decided elsewhere.

mod answer;
mod api;
mod caller;
mod ending;
mod exporting;
mod given;
mod keyed;
mod paged;
mod pages;
mod problem;
mod routes;
mod seen;
mod settings;
mod spent;
mod state;

pub(crate) use routes::router;
pub(crate) use settings::AdminSettings;
pub(crate) use state::Admin;
