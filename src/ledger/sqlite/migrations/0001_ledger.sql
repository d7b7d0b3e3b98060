-- Times are milliseconds since 1970. Ids of erasures grow with time, as session ids do: rows are added at the right edge.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Counts that would otherwise need a walk over a large table; kept by the triggers at the end.
CREATE TABLE tally (
  name TEXT PRIMARY KEY,
  n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO tally (name, n) VALUES
  ('sessions', 0), ('scheduled', 0), ('erasing', 0), ('verifying', 0), ('parked', 0), ('done', 0), ('cancelled', 0);

CREATE TABLE source (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Finds duplicate deliveries, and holds nothing else.
CREATE TABLE event (
  source   INTEGER NOT NULL,
  session  INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  digest   BLOB NOT NULL,
  received INTEGER NOT NULL,
  PRIMARY KEY (source, session, kind, digest)
) STRICT, WITHOUT ROWID;

-- The new events of one commit, one JSON per line: the work that they cause, until it is unfolded into tasks.
CREATE TABLE inbox (
  seq      INTEGER PRIMARY KEY,
  received INTEGER NOT NULL,
  count    INTEGER NOT NULL,
  events   BLOB NOT NULL
) STRICT;

-- Work. A claim moves `due` to the end of its lease, so that lost work is due again by itself, and raises `fence`.
-- Ids are never used twice, or an old claim could finish new work.
CREATE TABLE task (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  queue   TEXT NOT NULL,
  due     INTEGER NOT NULL,
  fence   INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  parked  INTEGER NOT NULL DEFAULT 0,
  reason  TEXT,
  source  INTEGER,
  session INTEGER,
  erasure BLOB,
  event   BLOB,
  -- When an event came, or a session was to be looked at, whatever `due` has become meanwhile.
  since   INTEGER
) STRICT;
CREATE INDEX task_due ON task (queue, due) WHERE parked = 0;
CREATE INDEX task_parked ON task (queue) WHERE parked = 1;
CREATE INDEX task_failing ON task (since) WHERE parked = 0 AND attempt > 0 AND since IS NOT NULL;
CREATE UNIQUE INDEX task_of_session ON task (source, session) WHERE queue = 'settle';
CREATE UNIQUE INDEX task_of_erasure ON task (erasure, queue) WHERE erasure IS NOT NULL;

CREATE TABLE session (
  source          INTEGER NOT NULL,
  session         INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  guest           TEXT,
  settle_at       INTEGER,
  concluded       INTEGER NOT NULL,
  recording_ready INTEGER NOT NULL,
  erased_at       INTEGER,
  record          TEXT NOT NULL,
  forms_seen      BLOB NOT NULL,
  PRIMARY KEY (source, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_guest ON session (source, guest) WHERE guest IS NOT NULL;

CREATE TABLE fingerprint (
  fingerprint BLOB NOT NULL,
  source      INTEGER NOT NULL,
  session     INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  PRIMARY KEY (fingerprint, source, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX fingerprint_of_session ON fingerprint (source, session);

CREATE TABLE erasure (
  id          BLOB PRIMARY KEY,
  subject     TEXT NOT NULL,
  subject_key TEXT NOT NULL,
  rules       TEXT NOT NULL,
  targets     TEXT NOT NULL,
  state       TEXT NOT NULL,
  created     INTEGER NOT NULL,
  due_rule    INTEGER NOT NULL,
  due         INTEGER NOT NULL,
  begun       INTEGER,
  ended       INTEGER,
  sessions    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX erasure_scheduled ON erasure (subject_key) WHERE state = 'scheduled';
CREATE INDEX erasure_in_state ON erasure (state, id);
CREATE INDEX erasure_open ON erasure (due_rule) WHERE ended IS NULL;

CREATE TABLE capsule (
  id          INTEGER PRIMARY KEY,
  erasure     BLOB NOT NULL REFERENCES erasure (id),
  wrapped_key BLOB NOT NULL,
  content     BLOB NOT NULL
) STRICT;
CREATE INDEX capsule_of_erasure ON capsule (erasure);

CREATE TABLE erasure_session (
  erasure BLOB NOT NULL REFERENCES erasure (id),
  source  INTEGER NOT NULL,
  session INTEGER NOT NULL,
  PRIMARY KEY (erasure, source, session)
) STRICT, WITHOUT ROWID;

-- `stage` is null once the outcome is final; `parked` says that a person is needed before it goes on.
CREATE TABLE step (
  erasure     BLOB NOT NULL REFERENCES erasure (id),
  target      TEXT NOT NULL,
  stage       TEXT,
  parked      INTEGER NOT NULL DEFAULT 0,
  outcome     TEXT,
  reason      TEXT,
  attempts    INTEGER NOT NULL DEFAULT 0,
  rounds      INTEGER NOT NULL DEFAULT 0,
  counts      TEXT NOT NULL DEFAULT '{}',
  erased_at   INTEGER,
  verified_at INTEGER,
  PRIMARY KEY (erasure, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
  sequence INTEGER PRIMARY KEY,
  erasure  BLOB NOT NULL UNIQUE REFERENCES erasure (id),
  hash     TEXT NOT NULL,
  receipt  TEXT NOT NULL
) STRICT;

CREATE TABLE quarantine (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  source   INTEGER NOT NULL,
  digest   BLOB NOT NULL,
  reason   TEXT NOT NULL,
  received INTEGER NOT NULL,
  sealed   BLOB NOT NULL,
  UNIQUE (source, digest)
) STRICT;

CREATE TABLE target (
  name   TEXT PRIMARY KEY,
  until  INTEGER,
  reason TEXT NOT NULL,
  since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tally_sessions AFTER INSERT ON session BEGIN
  UPDATE tally SET n = n + 1 WHERE name = 'sessions';
END;
CREATE TRIGGER tally_erasures AFTER INSERT ON erasure BEGIN
  UPDATE tally SET n = n + 1 WHERE name = NEW.state;
END;
CREATE TRIGGER tally_states AFTER UPDATE OF state ON erasure WHEN OLD.state <> NEW.state BEGIN
  UPDATE tally SET n = n - 1 WHERE name = OLD.state;
  UPDATE tally SET n = n + 1 WHERE name = NEW.state;
END;
