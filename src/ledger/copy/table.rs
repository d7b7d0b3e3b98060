//! The tables that a ledger consists of, as both backends have them. What a backend keeps beside them follows from them.

use super::Row;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Number,
    Text,
    Bytes,
    Truth,
}

use Column::{Bytes, Number, Text, Truth};

/// A table: its name, its columns, and how many of the first of them are its key in both backends.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Column)],
    key: usize,
    /// Which rows are copied.
    pub(crate) only: &'static str,
}

impl Table {
    pub(crate) fn key(&self) -> impl Iterator<Item = &(&'static str, Column)> {
        self.columns.iter().take(self.key)
    }

    pub(crate) fn key_of(&self, row: &Row) -> Row {
        row.iter().take(self.key).cloned().collect()
    }

    /// The columns' names, as they stand in a statement.
    pub(crate) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The statement that reads at most so many rows in the order of `key`, those of which `beyond` is true.
    pub(crate) fn selection(&self, key: &str, beyond: &str, most: usize) -> String {
        let names = self.names();
        let name = self.name;
        let only = self.only;
        format!("SELECT {names} FROM {name} WHERE {only} AND {beyond} ORDER BY {key} LIMIT {most}")
    }

    pub(crate) fn key_names(&self) -> String {
        self.key().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// A ledger belongs to its keys wherever it is, and gives no request a number that it has given before; whatever else stands there is
/// about the place.
const KEPT: &str = "name IN ('id', 'index key', 'seal key', 'receipt key', 'last request')";

const ALL: &str = "TRUE";

/// A table of which every row is copied.
const fn whole(name: &'static str, key: usize, columns: &'static [(&'static str, Column)]) -> Table {
    Table { name, columns, key, only: ALL }
}

/// In an order in which a row that refers to another comes after it. Claims are not copied: nobody works on the ledger.
pub(crate) const TABLES: &[Table] = &[
    Table { name: "meta", key: 1, columns: &[("name", Text), ("value", Bytes)], only: KEPT },
    Table {
        name: "installation",
        key: 1,
        columns: &[("id", Number), ("name", Text), ("tenants_are_departments", Truth), ("foreign_sessions", Number)],
        only: ALL,
    },
    Table { name: "source", key: 1, columns: &[("id", Number), ("name", Text)], only: ALL },
    Table {
        name: "event",
        key: 5,
        columns: &[
            ("happened", Number),
            ("source", Number),
            ("session", Number),
            ("kind", Number),
            ("digest", Bytes),
            ("received", Number),
        ],
        only: ALL,
    },
    Table {
        name: "inbox",
        key: 1,
        columns: &[
            ("seq", Number),
            ("installation", Number),
            ("received", Number),
            ("count", Number),
            ("events", Bytes),
            ("refused", Number),
            ("due", Number),
            ("parked", Truth),
        ],
        only: ALL,
    },
    Table {
        name: "task",
        key: 1,
        columns: &[
            ("id", Number),
            ("queue", Text),
            ("due", Number),
            ("fence", Number),
            ("attempt", Number),
            ("refused", Number),
            ("panics", Number),
            ("deaths", Number),
            ("parked", Truth),
            ("reason", Text),
            ("installation", Number),
            ("session", Number),
            ("erasure", Bytes),
            ("event", Bytes),
            ("since", Number),
            ("began", Number),
            ("held_by", Text),
            ("held_until", Number),
        ],
        only: ALL,
    },
    Table {
        name: "session",
        key: 2,
        columns: &[
            ("installation", Number),
            ("session", Number),
            ("version", Number),
            ("guest", Bytes),
            ("unread_since", Number),
            ("read_at", Number),
            ("settle_at", Number),
            ("concluded", Truth),
            ("recording_ready", Truth),
            ("erased_at", Number),
            ("unknown_cause", Text),
            ("record", Text),
            ("idle_since", Number),
            ("proof_since", Number),
            ("forms_seen", Bytes),
            ("sum", Number),
        ],
        only: ALL,
    },
    Table {
        name: "tombstone",
        key: 2,
        columns: &[("installation", Number), ("session", Number), ("at", Number), ("erased", Truth)],
        only: ALL,
    },
    Table {
        name: "expired",
        key: 1,
        columns: &[
            ("kind", Text),
            ("deleted", Number),
            ("last", Number),
            ("behind_since", Number),
            ("refused", Number),
            ("refused_since", Number),
            ("refused_one", Text),
        ],
        only: ALL,
    },
    Table {
        name: "fingerprint",
        key: 4,
        columns: &[
            ("fingerprint", Bytes),
            ("installation", Number),
            ("session", Number),
            ("version", Number),
            ("kind", Text),
            ("supplementary", Truth),
            ("beside", Text),
        ],
        only: ALL,
    },
    Table {
        name: "consent_fingerprint",
        key: 4,
        columns: &[
            ("fingerprint", Bytes),
            ("installation", Number),
            ("session", Number),
            ("version", Number),
            ("kind", Text),
            ("supplementary", Truth),
            ("beside", Text),
            ("since", Number),
        ],
        only: ALL,
    },
    Table {
        name: "erasure",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("installation", Number),
            ("subject", Text),
            ("subject_key", Text),
            ("merge_key", Text),
            ("selection", Text),
            ("rules", Text),
            ("targets", Text),
            ("demands", Text),
            ("rejected", Text),
            ("state", Text),
            ("created", Number),
            ("due_rule", Number),
            ("due", Number),
            ("approved", Number),
            ("confirm", Text),
            ("confirmed", Number),
            ("begun", Number),
            ("ended", Number),
            ("sessions", Number),
            ("findings", Text),
            ("verdict", Text),
            ("holds", Text),
            ("archived", Number),
            ("index_key", Text),
            ("sum", Number),
            ("reached_sum", Number),
        ],
        only: ALL,
    },
    Table {
        name: "confirmation_link",
        key: 1,
        columns: &[
            ("id", Number),
            ("erasure", Bytes),
            ("request", Bytes),
            ("state", Text),
            ("address", Bytes),
            ("token", Bytes),
            ("bound", Bytes),
            ("due", Number),
            ("attempts", Number),
            ("again", Truth),
            ("reason", Text),
            ("mailed", Number),
            ("expires", Number),
            ("ended", Number),
        ],
        only: ALL,
    },
    Table {
        name: "capsule",
        key: 1,
        columns: &[("id", Number), ("erasure", Bytes), ("wrapped_key", Bytes), ("content", Bytes), ("seal_key", Text)],
        only: ALL,
    },
    Table { name: "seal_generation", key: 1, columns: &[("id", Text), ("state", Text), ("made", Number)], only: ALL },
    Table {
        name: "erasure_session",
        key: 3,
        columns: &[("erasure", Bytes), ("installation", Number), ("session", Number), ("read_before", Truth)],
        only: ALL,
    },
    Table {
        name: "erasure_shown",
        key: 4,
        columns: &[
            ("erasure", Bytes),
            ("session", Number),
            ("digest", Bytes),
            ("version", Number),
            ("kind", Text),
            ("supplementary", Truth),
        ],
        only: ALL,
    },
    Table { name: "shared_guest", key: 2, columns: &[("installation", Number), ("guest", Bytes)], only: ALL },
    Table {
        name: "erasure_fingerprint",
        key: 3,
        columns: &[("fingerprint", Bytes), ("erasure", Bytes), ("version", Number), ("kind", Text), ("ended", Number)],
        only: ALL,
    },
    Table {
        name: "step",
        key: 2,
        columns: &[
            ("erasure", Bytes),
            ("target", Text),
            ("called", Text),
            ("stage", Text),
            ("parked", Truth),
            ("outcome", Text),
            ("reason", Text),
            ("attempts", Number),
            ("rounds", Number),
            ("counts", Text),
            ("evidence", Text),
            ("erased_at", Number),
            ("verified_at", Number),
            ("report_by", Number),
            ("report", Bytes),
            ("resume", Bytes),
            ("sent", Text),
            ("asked", Number),
            ("stopped", Truth),
            ("tried", Truth),
        ],
        only: ALL,
    },
    Table {
        name: "hold",
        key: 1,
        columns: &[
            ("id", Text),
            ("installation", Number),
            ("kind", Text),
            ("session", Number),
            ("guest", Bytes),
            ("rule", Text),
            ("reason", Text),
            ("reference", Text),
            ("until", Number),
            ("added", Number),
            ("actor", Text),
            ("lifted", Number),
            ("lifted_by", Text),
        ],
        only: ALL,
    },
    Table {
        name: "hold_fingerprint",
        key: 3,
        columns: &[("fingerprint", Bytes), ("hold", Text), ("version", Number), ("kind", Text)],
        only: ALL,
    },
    Table {
        name: "receipt",
        key: 1,
        columns: &[
            ("sequence", Number),
            ("erasure", Bytes),
            ("hash", Text),
            ("receipt", Text),
            ("verdict", Text),
            ("ended", Number),
            ("acknowledged", Truth),
        ],
        only: ALL,
    },
    Table { name: "receipt_gap", key: 1, columns: &[("sequence", Number), ("gap", Text)], only: ALL },
    Table {
        name: "audit",
        key: 1,
        columns: &[
            ("sequence", Number),
            ("at", Number),
            ("actor", Text),
            ("act", Text),
            ("object", Text),
            ("hash", Text),
            ("entry", Text),
        ],
        only: ALL,
    },
    Table {
        name: "chain_checkpoint",
        key: 2,
        columns: &[
            ("chain", Text),
            ("first_sequence", Number),
            ("last_sequence", Number),
            ("hash", Text),
            ("records", Number),
            ("checkpoint", Text),
        ],
        only: ALL,
    },
    Table {
        name: "quarantine",
        key: 1,
        columns: &[
            ("id", Number),
            ("source", Number),
            ("digest", Bytes),
            ("reason", Text),
            ("received", Number),
            ("sealed", Bytes),
        ],
        only: ALL,
    },
    Table {
        name: "mute",
        key: 2,
        columns: &[
            ("code", Text),
            ("object", Text),
            ("severity", Text),
            ("until", Number),
            ("digest", Text),
            ("actor", Text),
            ("at", Number),
        ],
        only: ALL,
    },
    whole("delivery_hour", 2, &[("source", Text), ("hour", Number), ("minutes", Number), ("taken", Number)]),
    Table { name: "past_job", key: 1, columns: &[("id", Number), ("version", Number), ("job", Text)], only: ALL },
    Table {
        name: "sweep_job",
        key: 2,
        columns: &[
            ("target", Text),
            ("installation", Text),
            ("version", Number),
            ("state", Text),
            ("job", Text),
            ("wrapped_key", Bytes),
            ("content", Bytes),
            ("seal_key", Text),
        ],
        only: ALL,
    },
    whole("sweep_asked", 3, &[("target", Text), ("installation", Text), ("erasure", Bytes), ("again", Bytes)]),
    Table {
        name: "request",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("seq", Number),
            ("installation", Text),
            ("number", Text),
            ("version", Number),
            ("state", Text),
            ("entered", Number),
            ("due", Number),
            ("ended", Number),
            ("to_approve", Truth),
            ("targets", Text),
            ("request", Text),
            ("wrapped_key", Bytes),
            ("content", Bytes),
            ("seal_key", Text),
        ],
        only: ALL,
    },
    Table {
        name: "request_fingerprint",
        key: 3,
        columns: &[("fingerprint", Bytes), ("request", Bytes), ("version", Number), ("kind", Text)],
        only: ALL,
    },
    Table { name: "request_erasure", key: 2, columns: &[("erasure", Bytes), ("request", Bytes)], only: ALL },
    Table {
        name: "recheck",
        key: 3,
        columns: &[
            ("erasure", Bytes),
            ("target", Text),
            ("due", Number),
            ("looked", Number),
            ("outcome", Text),
            ("why", Text),
            ("records", Number),
            ("unsettled", Truth),
        ],
        only: ALL,
    },
    Table {
        name: "account",
        key: 1,
        columns: &[
            ("name", Text),
            ("shown_as", Text),
            ("roles", Text),
            ("companies", Text),
            ("password", Text),
            ("password_changed", Number),
            ("disabled", Number),
            ("created", Number),
            ("sum", Number),
        ],
        only: ALL,
    },
    Table {
        name: "account_token",
        key: 1,
        columns: &[
            ("id", Text),
            ("account", Text),
            ("roles", Text),
            ("companies", Text),
            ("purpose", Text),
            ("hash", Bytes),
            ("issued", Number),
            ("expires", Number),
            ("sum", Number),
            ("last_used", Number),
        ],
        only: ALL,
    },
    Table {
        name: "account_session",
        key: 1,
        columns: &[
            ("id", Text),
            ("account", Text),
            ("browser", Text),
            ("hash", Bytes),
            ("created", Number),
            ("expires", Number),
            ("sum", Number),
            ("seen", Number),
        ],
        only: ALL,
    },
    Table {
        name: "order_answer",
        key: 1,
        columns: &[("id", Text), ("digest", Text), ("claimed", Number), ("status", Number), ("answer", Text)],
        only: ALL,
    },
    Table { name: "alert", key: 1, columns: &[("name", Text), ("version", Number), ("state", Text)], only: ALL },
    Table {
        name: "periodic",
        key: 1,
        columns: &[("name", Text), ("due", Number), ("mark", Number), ("item", Number), ("taken", Number)],
        only: ALL,
    },
    Table {
        name: "rule_version",
        key: 2,
        columns: &[
            ("name", Text),
            ("seq", Number),
            ("digest", Text),
            ("state", Text),
            ("since", Number),
            ("sessions", Number),
            ("would", Number),
            ("together", Number),
            ("mluvii", Text),
        ],
        only: ALL,
    },
    Table {
        name: "clock_seen",
        key: 1,
        columns: &[("one", Number), ("latest", Number), ("looked", Number), ("doubt", Text), ("jump_max_ms", Number)],
        only: ALL,
    },
    Table {
        name: "target_pause",
        key: 1,
        columns: &[
            ("target", Text),
            ("reason", Text),
            ("reference", Text),
            ("until", Number),
            ("since", Number),
            ("actor", Text),
        ],
        only: ALL,
    },
    Table {
        name: "target",
        key: 1,
        columns: &[
            ("name", Text),
            ("until", Number),
            ("reason", Text),
            ("needs_person", Truth),
            ("tries", Number),
            ("since", Number),
            ("began", Number),
        ],
        only: ALL,
    },
    Table {
        name: "pace",
        key: 1,
        columns: &[
            ("target", Text),
            ("failures", Number),
            ("failed", Text),
            ("refused", Text),
            ("refused_why", Text),
            ("at_once", Number),
            ("limited_sort", Text),
            ("limited_since", Number),
            ("limited_until", Number),
            ("next_call_us", Number),
            ("began", Number),
        ],
        only: ALL,
    },
];
