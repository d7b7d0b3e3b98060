//! A look into the ledger's file, past the program that keeps it.

use rusqlite::{Connection, OpenFlags};

use super::{Deployment, PATIENCE};

impl Deployment {
    /// The ledger's file, opened beside the server that has it open.
    pub(crate) fn ledger(&self) -> Connection {
        let path = self.path("quietus.db");
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).expect("a ledger");
        connection.busy_timeout(PATIENCE).expect("a timeout");
        connection
    }

    /// A number from the ledger.
    #[track_caller]
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.ledger().query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// The events that the ledger remembers.
    #[track_caller]
    pub(crate) fn events(&self) -> i64 {
        self.count("SELECT count(*) FROM event")
    }
}
