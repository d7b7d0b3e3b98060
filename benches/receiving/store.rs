//! Where the measured quietus keeps its ledger.

use std::process::Stdio;

use crate::server::{Server, configure, folder, quietus};
use crate::shared::postgres::{Database, Postgres};

/// A file beside it, or a database.
#[derive(Clone, Copy)]
pub(crate) enum Store<'a> {
    Sqlite,
    Postgres(&'a Postgres),
}

/// quietus with a ledger of its own, which goes with it.
pub(crate) struct Quietus<'a> {
    pub(crate) server: Server,
    database: Option<Database<'a>>,
}

impl<'a> Store<'a> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// quietus with an empty ledger and no rule, and with mluvii away: nothing is looked up, receiving goes on.
    pub(crate) fn quietus(self) -> Quietus<'a> {
        self.quietus_at("http://127.0.0.1:9", "")
    }

    /// quietus against the given mluvii with further configuration.
    pub(crate) fn quietus_at(self, mluvii: &str, more: &str) -> Quietus<'a> {
        let Self::Postgres(postgres) = self else {
            return Quietus { server: Server::quietus_in(folder(), mluvii, more), database: None };
        };
        let (database, folder) = (postgres.database(), folder());
        let more = format!("{more}\n[ledger]\nurl = \"{}\"\n", database.url());
        let config = configure(&folder, mluvii, &more);
        let migrated = quietus().arg("migrate").arg("--config").arg(config).stdout(Stdio::null()).status();
        assert!(migrated.expect("quietus runs").success(), "the ledger can be made");
        Quietus { server: Server::quietus_in(folder, mluvii, &more), database: Some(database) }
    }
}

impl Quietus<'_> {
    /// Asserts that the ledger holds just as many events.
    pub(crate) fn assert_holds(&self, events: usize) {
        const COUNT: &str = "SELECT count(*) FROM event";
        let held = match &self.database {
            Some(database) => database.sql(COUNT).parse().expect("a number"),
            None => {
                let path = self.server.folder.path().join("quietus.db");
                let ledger = rusqlite::Connection::open(path).expect("the ledger opens");
                ledger.query_row(COUNT, [], |row| row.get::<_, i64>(0)).expect("it has events")
            }
        };
        assert_eq!(held as usize, events, "every acknowledged event is in the ledger, once");
    }
}
