//! Where a session stands.

use tokio_postgres::Row;

/// A session's place in its table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) installation: i64,
    pub(super) session: i64,
}

impl Place {
    pub(super) fn read(row: &Row) -> Self {
        Self { installation: row.get(0), session: row.get(1) }
    }
}
