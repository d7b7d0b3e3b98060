//! sql-purge: erases people from PostgreSQL, MySQL and MariaDB by the operator's own statements. Statements with places for
//! values enter (README.md describes them), and are refused unless each can be about one person only; rows go, all in one
//! transaction, and their numbers become the outcome. Knows no schema.

mod address;
mod config;
mod database;
mod outcome;
mod past;
mod person;
mod plan;
mod run;
mod statement;
mod told;
mod trouble;
mod waiting;

use std::time::Duration;

use quietus_plugin::{
    ANY, Answer, Call, Found, Manifest, Plugin, PluginError, Request, Secrets, Sweep, Swept, export_plugin,
};

use address::Address;
use config::Config;
use database::Database;
use plan::Plan;
use run::Run;

/// The longest wait for others' locks, unless the configuration says otherwise.
const LOCK_MAX: Duration = Duration::from_secs(10);

/// The plugin: a plan made from the configuration, and where the database is.
pub struct SqlPurge {
    plan: Plan,
    database: Database,
    lock_max: Duration,
}

impl SqlPurge {
    fn run<'a>(&'a self, call: &'a Call<'a>) -> Run<'a> {
        Run { plan: &self.plan, database: &self.database, lock_max: self.lock_max, call }
    }
}

impl Plugin for SqlPurge {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("sql-purge", env!("CARGO_PKG_VERSION"))
            .accepts(ANY)
            .accepts_secret(ANY)
            .port_from("/url")
            .reads("/ca_file")
            .dry_run()
            .resumes()
            .sweeps()
            .finds_from("/find/*/returns")
            .call_max(Duration::from_secs(240))
            .concurrency(4)
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        let address = Address::parse(&config.url).map_err(PluginError::needs_operator)?;
        let plan = Plan::make(&config, address.engine).map_err(PluginError::needs_operator)?;
        let database = Database::make(&config, address, &secrets)?;
        let lock_max = config.lock_max.map_or(LOCK_MAX, |span| span.0);
        Ok(Self { plan, database, lock_max })
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        match request.writes() {
            Some(writes) => self.run(call).erase(request, writes),
            None => self.run(call).look(request),
        }
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        self.run(call).look(request)
    }

    fn find(&self, request: &Request, call: &Call) -> Result<Found, PluginError> {
        self.run(call).find(request)
    }

    fn sweep(&self, wanted: &Sweep, call: &Call) -> Result<Swept, PluginError> {
        self.run(call).sweep(wanted)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.run(call).health()
    }
}

export_plugin!(SqlPurge);

#[cfg(test)]
mod tests;
