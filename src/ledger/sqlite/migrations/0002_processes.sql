-- Who works on a claimed task; null when nobody does.
ALTER TABLE task ADD COLUMN holder INTEGER;
CREATE INDEX task_held ON task (queue, due) WHERE holder IS NOT NULL;

CREATE TABLE process (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  version TEXT NOT NULL,
  place   TEXT NOT NULL,
  since   INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  -- The names of the targets in its configuration, as JSON.
  targets TEXT NOT NULL
) STRICT;

-- What is counted of a target over all processes; `next_call_us` is the earliest time of its next call, in microseconds.
CREATE TABLE pace (
  target       TEXT PRIMARY KEY,
  failures     INTEGER NOT NULL DEFAULT 0,
  next_call_us INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- When the event happened, by its own words: part of its key where a ledger is partitioned by it. 0 when it tells none.
ALTER TABLE event ADD COLUMN happened INTEGER NOT NULL DEFAULT 0;
