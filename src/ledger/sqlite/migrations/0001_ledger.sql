-- Times are milliseconds since 1970. Ids of erasures grow with time, as session ids do: rows are added at the right edge.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- The ledger's own id, made once; a copy of the ledger and a backup of it keep it.
INSERT INTO meta (name, value) VALUES ('id', randomblob(16));

-- The migrations that were applied, this one too; `checksum` is the SHA-256 of the text.
CREATE TABLE migration (
  number   INTEGER PRIMARY KEY,
  applied  INTEGER NOT NULL,
  program  TEXT NOT NULL,
  checksum TEXT NOT NULL
) STRICT;

-- Counts that would otherwise need a walk over a large table; kept by the triggers at the end.
CREATE TABLE tally (
  name TEXT PRIMARY KEY,
  n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO tally (name, n) VALUES
  ('sessions', 0),
  ('requested', 0), ('scheduled', 0), ('erasing', 0), ('verifying', 0), ('parked', 0), ('done', 0), ('cancelled', 0),
  ('verdict:complete', 0), ('verdict:retained', 0), ('verdict:incomplete', 0);

-- One mluvii company. `tenants_are_departments` is null until a session has proved or disproved it.
CREATE TABLE installation (
  id                      INTEGER PRIMARY KEY,
  name                    TEXT NOT NULL UNIQUE,
  tenants_are_departments INTEGER,
  foreign_sessions        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE source (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Finds duplicate deliveries, and holds nothing else. `happened` is the event's own time, 0 when it tells none: part of
-- the key where a ledger is partitioned by it.
CREATE TABLE event (
  source   INTEGER NOT NULL,
  session  INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  digest   BLOB NOT NULL,
  received INTEGER NOT NULL,
  happened INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source, session, kind, digest)
) STRICT, WITHOUT ROWID;

-- The new events of one commit and installation, one JSON per line behind its checksum: the work that they cause, until it is expanded into
-- tasks.
CREATE TABLE inbox (
  seq          INTEGER PRIMARY KEY,
  installation INTEGER NOT NULL,
  received     INTEGER NOT NULL,
  count        INTEGER NOT NULL,
  events       BLOB NOT NULL,
  -- How often the ledger did not let it become tasks, when it is tried again, and whether a person is needed before that.
  refused      INTEGER NOT NULL DEFAULT 0,
  due          INTEGER NOT NULL DEFAULT 0,
  parked       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX inbox_of_installation ON inbox (installation, seq);
CREATE INDEX inbox_parked ON inbox (seq) WHERE parked = 1;

-- Work. A claim moves `due` to the end of its lease, so that lost work is due again by itself, and raises `fence`. `began` is
-- when the lease or the pause began that ends at `due`; null where `due` is a date of its own.
-- Ids are never used twice, or an old claim could finish new work. `queue` names the installation, too, or the target as
-- it is called; `holder` is the process that works on it, null when nobody does.
CREATE TABLE task (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  queue        TEXT NOT NULL,
  due          INTEGER NOT NULL,
  fence        INTEGER NOT NULL DEFAULT 0,
  attempt      INTEGER NOT NULL DEFAULT 0,
  -- Ends that were no attempt: the ledger refused to write them, or the work panics.
  refused      INTEGER NOT NULL DEFAULT 0,
  panics       INTEGER NOT NULL DEFAULT 0,
  -- How often in a row the process that worked on it was gone before it had ended.
  deaths       INTEGER NOT NULL DEFAULT 0,
  parked       INTEGER NOT NULL DEFAULT 0,
  reason       TEXT,
  -- Of a look for settling.
  installation INTEGER,
  session      INTEGER,
  erasure      BLOB,
  event        BLOB,
  -- When an event came, or a session was to be looked at, whatever `due` has become meanwhile.
  since        INTEGER,
  holder       INTEGER,
  began        INTEGER,
  -- The ids of the holds by which it waits, with a blank between, since it was last to be done; and when the last of them ends.
  held_by      TEXT,
  held_until   INTEGER
) STRICT;
CREATE INDEX task_due ON task (queue, due) WHERE parked = 0;
CREATE INDEX task_parked ON task (queue) WHERE parked = 1;
CREATE INDEX task_failing ON task (since) WHERE parked = 0 AND attempt > 0 AND since IS NOT NULL;
CREATE INDEX task_suspect ON task (queue, due) WHERE deaths > 0;
CREATE INDEX task_held ON task (queue, due) WHERE holder IS NOT NULL;
CREATE INDEX task_on_hold ON task (erasure) WHERE held_by IS NOT NULL;
CREATE UNIQUE INDEX task_of_session ON task (installation, session) WHERE session IS NOT NULL;
CREATE UNIQUE INDEX task_of_erasure ON task (erasure, queue) WHERE erasure IS NOT NULL;

-- `guest` is a digest; the guest's id itself is in `record`, and goes when the session is erased. `read_at` says when
-- mluvii was last read and understood of it; `unread_since`, when the oldest event of it came after which that did not happen yet.
-- `idle_since`: since when nothing of it is open, unless
-- it was never read; `proof_since` instead, once the record is reduced to what proves its consent.
CREATE TABLE session (
  installation    INTEGER NOT NULL,
  session         INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  guest           BLOB,
  unread_since    INTEGER,
  read_at         INTEGER,
  settle_at       INTEGER,
  concluded       INTEGER NOT NULL,
  recording_ready INTEGER NOT NULL,
  erased_at       INTEGER,
  unknown_cause   TEXT,
  record          TEXT NOT NULL,
  idle_since      INTEGER,
  proof_since     INTEGER,
  forms_seen      BLOB NOT NULL,
  sum             INTEGER,
  PRIMARY KEY (installation, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_guest ON session (installation, guest) WHERE guest IS NOT NULL;
CREATE INDEX session_unread ON session (installation, unread_since)
  WHERE unread_since IS NOT NULL AND settle_at IS NOT NULL AND erased_at IS NULL;
CREATE INDEX session_never_read ON session (installation, session)
  WHERE read_at IS NULL AND settle_at IS NULL AND erased_at IS NULL;
CREATE INDEX session_unknown ON session (unknown_cause) WHERE unknown_cause IS NOT NULL;
CREATE INDEX session_idle ON session (idle_since, installation, session) WHERE idle_since IS NOT NULL;
CREATE INDEX session_proof ON session (proof_since, installation, session) WHERE proof_since IS NOT NULL;
CREATE INDEX session_erased ON session (erased_at, installation, session) WHERE erased_at IS NOT NULL;

-- Sessions whose records are gone, so that they are not found anew: what happened until `at` is no news of them. `erased`: what
-- comes to them after that goes, too.
CREATE TABLE tombstone (
  installation INTEGER NOT NULL,
  session      INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  erased       INTEGER NOT NULL,
  PRIMARY KEY (installation, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_at ON tombstone (at);

-- What was deleted by its age, by kind; since `behind_since`, not all of it that was due.
-- `refused`: how many the ledger refuses to delete, since when, and the name of one.
CREATE TABLE expired (
  kind          TEXT PRIMARY KEY,
  deleted       INTEGER NOT NULL,
  last          INTEGER,
  behind_since  INTEGER,
  refused       INTEGER NOT NULL DEFAULT 0,
  refused_since INTEGER,
  refused_one   TEXT
) STRICT, WITHOUT ROWID;

-- `supplementary`: it can agree, but never contradict.
-- `beside`: of a name, which other kinds the session tells of its guest: whose name is common is found without reading of all who have it.
CREATE TABLE fingerprint (
  fingerprint   BLOB NOT NULL,
  installation  INTEGER NOT NULL,
  session       INTEGER NOT NULL,
  version       INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  supplementary INTEGER NOT NULL,
  beside        TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (fingerprint, installation, session, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX fingerprint_of_session ON fingerprint (installation, session);

-- By these the consent of a session is found that was erased, at `since`; its record proves it. They are kept for a while.
CREATE TABLE consent_fingerprint (
  fingerprint   BLOB NOT NULL,
  installation  INTEGER NOT NULL,
  session       INTEGER NOT NULL,
  version       INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  supplementary INTEGER NOT NULL,
  beside        TEXT NOT NULL DEFAULT '',
  since         INTEGER NOT NULL,
  PRIMARY KEY (fingerprint, installation, session, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_fingerprint_of_session ON consent_fingerprint (installation, session);
CREATE INDEX consent_fingerprint_since ON consent_fingerprint (since);

-- Two that have not begun and have one `merge_key` become one.
CREATE TABLE erasure (
  id           BLOB PRIMARY KEY,
  installation INTEGER NOT NULL,
  subject      TEXT NOT NULL,
  subject_key  TEXT NOT NULL,
  merge_key    TEXT NOT NULL,
  selection    TEXT NOT NULL,
  rules        TEXT NOT NULL,
  targets      TEXT NOT NULL,
  -- By which versions of its rules it is demanded, and by which a person has rejected, as JSON.
  demands      TEXT NOT NULL DEFAULT '[]',
  rejected     TEXT NOT NULL DEFAULT '[]',
  state        TEXT NOT NULL,
  created      INTEGER NOT NULL,
  due_rule     INTEGER NOT NULL,
  due          INTEGER NOT NULL,
  approved     INTEGER,
  -- What lets it begin in the place of a person (`email`, or `no_address` where nothing can), and when that did.
  confirm      TEXT,
  confirmed    INTEGER,
  begun        INTEGER,
  ended        INTEGER,
  sessions     INTEGER NOT NULL DEFAULT 0,
  findings     TEXT,
  verdict      TEXT,
  -- The holds by which it was kept, as JSON.
  holds        TEXT NOT NULL DEFAULT '[]',
  -- The number of its receipt, once that is in an archive.
  archived     INTEGER,
  -- The id of the index key under which it was begun.
  index_key    TEXT,
  sum          INTEGER,
  reached_sum  INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX erasure_mergeable ON erasure (merge_key) WHERE state IN ('requested', 'scheduled');
CREATE INDEX erasure_waiting ON erasure (subject_key) WHERE state IN ('requested', 'scheduled');
CREATE INDEX erasure_in_state ON erasure (state, id);
CREATE INDEX erasure_ended ON erasure (ended, id) WHERE ended IS NOT NULL;
-- Few beside all that have ended; by these they are counted by the day.
CREATE INDEX erasure_incomplete ON erasure (ended, verdict) WHERE verdict = 'incomplete';
CREATE INDEX erasure_without_receipt ON erasure (ended, verdict) WHERE ended IS NOT NULL AND verdict IS NULL;
-- One company has them looked at again, past all that are of others.
CREATE INDEX erasure_ended_of ON erasure (installation, ended, id) WHERE ended IS NOT NULL AND verdict IS NOT NULL;
CREATE INDEX erasure_due ON erasure (due, id) WHERE ended IS NULL;
CREATE INDEX erasure_confirmable ON erasure (id) WHERE state = 'requested' AND confirm = 'email';
CREATE INDEX erasure_open ON erasure (MAX(due_rule, created)) WHERE ended IS NULL AND state <> 'requested';

-- By which erasures are found: a `rule` that demands one, or a `target`, each with the state that it is in; kept by the triggers at the end.
-- What is rare is found without reading of all that is in its state.
CREATE TABLE erasure_label (
  kind    TEXT NOT NULL,
  name    TEXT NOT NULL,
  state   TEXT NOT NULL,
  erasure BLOB NOT NULL,
  PRIMARY KEY (kind, name, state, erasure)
) STRICT, WITHOUT ROWID;

-- Links that let an erasure begin, or verify a request, each mailed to the address that its form or request names. Of the token there are digests only:
-- `token` finds it, `bound` is of its erasure or request as well, so that a row that was changed is good for nothing else; `address` bounds how much mail it gets.
-- `state`: `waiting` until its mail is sent, `sending` until `due`, `sent`, `used`, `failed` or `over`. `again`: it is that of a second mail.
CREATE TABLE confirmation_link (
  id       INTEGER PRIMARY KEY,
  -- One of them: what it lets begin, or whose it shows.
  erasure  BLOB,
  request  BLOB,
  state    TEXT NOT NULL,
  address  BLOB NOT NULL,
  token    BLOB,
  bound    BLOB,
  due      INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  again    INTEGER NOT NULL,
  reason   TEXT,
  mailed   INTEGER,
  expires  INTEGER,
  ended    INTEGER,
  CHECK ((erasure IS NULL) <> (request IS NULL))
) STRICT;
CREATE UNIQUE INDEX confirmation_link_token ON confirmation_link (token) WHERE token IS NOT NULL;
CREATE INDEX confirmation_link_of_erasure ON confirmation_link (erasure, id);
CREATE INDEX confirmation_link_of_request ON confirmation_link (request, id) WHERE request IS NOT NULL;
CREATE INDEX confirmation_link_due ON confirmation_link (due, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX confirmation_link_to ON confirmation_link (address, mailed) WHERE mailed IS NOT NULL;
CREATE INDEX confirmation_link_mailed ON confirmation_link (mailed) WHERE mailed IS NOT NULL;
CREATE INDEX confirmation_link_old ON confirmation_link (COALESCE(ended, expires)) WHERE COALESCE(ended, expires) IS NOT NULL;

CREATE TABLE capsule (
  id          INTEGER PRIMARY KEY,
  erasure     BLOB NOT NULL REFERENCES erasure (id),
  wrapped_key BLOB NOT NULL,
  content     BLOB NOT NULL,
  -- The id of the generation under which its key is.
  seal_key    TEXT NOT NULL
) STRICT;
CREATE INDEX capsule_of_erasure ON capsule (erasure);
CREATE INDEX capsule_of_seal_key ON capsule (seal_key);

-- The generations of the seal key, by the ids that stand in front of what is sealed under them. `state`: `new` while its key is being
-- written, `open` for the one that seals, `closed`, and `lost` where its key is gone and somebody has accepted that.
CREATE TABLE seal_generation (
  id    TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  made  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX seal_generation_open ON seal_generation (state) WHERE state = 'open';

CREATE TABLE erasure_session (
  erasure      BLOB NOT NULL REFERENCES erasure (id),
  installation INTEGER NOT NULL,
  session      INTEGER NOT NULL,
  read_before  INTEGER NOT NULL,
  PRIMARY KEY (erasure, installation, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_session_of ON erasure_session (installation, session);

-- What mluvii showed of the sessions that an erasure reaches, of which there may be no record here: by it a hold finds them, until
-- the erasure is over. The kind of a guest's digest is `guest_id`.
CREATE TABLE erasure_shown (
  erasure       BLOB NOT NULL REFERENCES erasure (id),
  session       INTEGER NOT NULL,
  digest        BLOB NOT NULL,
  version       INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  supplementary INTEGER NOT NULL,
  PRIMARY KEY (erasure, session, digest, version)
) STRICT, WITHOUT ROWID;

-- Guest ids, by their digests, that several people use; it outlives the sessions that showed it.
CREATE TABLE shared_guest (
  installation INTEGER NOT NULL,
  guest        BLOB NOT NULL,
  PRIMARY KEY (installation, guest)
) STRICT, WITHOUT ROWID;

-- By these an erasure is found again; `ended` is when it was over, from which on they are kept for a while.
CREATE TABLE erasure_fingerprint (
  fingerprint BLOB NOT NULL,
  erasure     BLOB NOT NULL REFERENCES erasure (id),
  version     INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  ended       INTEGER,
  PRIMARY KEY (fingerprint, erasure, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_fingerprint_of ON erasure_fingerprint (erasure);
CREATE INDEX erasure_fingerprint_ended ON erasure_fingerprint (ended) WHERE ended IS NOT NULL;

-- `called` is the target's name in queues. `stage` is null once the outcome is final, and while others are asked
-- what they know; `parked` says that a person is needed before it goes on. `report_by` and `report`: what somebody who has accepted a demand is to report by then, and has
-- reported, sealed, until it is taken in. `resume`: how far the target said it is, sealed, until the step is over.
-- `sent`: a target that must not be asked twice was asked to erase; written before the call.
-- `asked`: the round in which a target is asked what it knows, which others wait for; below zero once it has answered.
-- `stopped`: a person has no further call of it begin. `tried`: it was claimed to have the target erase, and no answer has come since.
CREATE TABLE step (
  erasure     BLOB NOT NULL REFERENCES erasure (id),
  target      TEXT NOT NULL,
  called      TEXT NOT NULL,
  stage       TEXT,
  parked      INTEGER NOT NULL DEFAULT 0,
  outcome     TEXT,
  reason      TEXT,
  attempts    INTEGER NOT NULL DEFAULT 0,
  rounds      INTEGER NOT NULL DEFAULT 0,
  counts      TEXT NOT NULL DEFAULT '{}',
  evidence    TEXT NOT NULL DEFAULT '{}',
  erased_at   INTEGER,
  verified_at INTEGER,
  report_by   INTEGER,
  report      BLOB,
  resume      BLOB,
  sent        TEXT,
  asked       INTEGER,
  stopped     INTEGER NOT NULL DEFAULT 0,
  tried       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (erasure, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX step_sealed ON step (erasure) WHERE report IS NOT NULL OR resume IS NOT NULL;
CREATE INDEX step_accepted ON step (erasure)
  WHERE stage = 'erase' AND (report_by IS NOT NULL OR sent = 'unanswered' OR SUBSTR(reason, 1, 15) = 'it was accepted');

-- What stays for now: a session, a guest by a digest, a person by the fingerprints beside, or what a rule demands. `reference` is a
-- case's number. It is in force until it is lifted, or until `until`.
CREATE TABLE hold (
  id           TEXT PRIMARY KEY,
  installation INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  session      INTEGER,
  guest        BLOB,
  rule         TEXT,
  reason       TEXT NOT NULL,
  reference    TEXT,
  until        INTEGER,
  added        INTEGER NOT NULL,
  actor        TEXT NOT NULL,
  lifted       INTEGER,
  lifted_by    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_in_force ON hold (installation, added) WHERE lifted IS NULL;

CREATE TABLE hold_fingerprint (
  fingerprint BLOB NOT NULL,
  hold        TEXT NOT NULL,
  version     INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  PRIMARY KEY (fingerprint, hold, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_fingerprint_of ON hold_fingerprint (hold);

-- `receipt` is the text as it was signed. `acknowledged`: a person has seen that it is incomplete.
CREATE TABLE receipt (
  sequence     INTEGER PRIMARY KEY,
  erasure      BLOB NOT NULL UNIQUE REFERENCES erasure (id),
  hash         TEXT NOT NULL,
  receipt      TEXT NOT NULL,
  verdict      TEXT NOT NULL,
  ended        INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX receipt_ended ON receipt (ended);
CREATE INDEX receipt_of_verdict ON receipt (verdict, sequence);
CREATE INDEX receipt_unseen ON receipt (sequence) WHERE verdict = 'incomplete' AND acknowledged = 0;

-- Receipts that were issued and are lost: `sequence` is the last of them. The chain goes on after it, and the next receipt
-- repeats `gap`.
CREATE TABLE receipt_gap (
  sequence INTEGER PRIMARY KEY,
  gap      TEXT NOT NULL
) STRICT;

-- The oldest records of a chain that have moved to an archive file: the chain goes on after the newest of them. `checkpoint` is the
-- signed statement, of which the other columns are.
CREATE TABLE chain_checkpoint (
  chain          TEXT NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence  INTEGER NOT NULL,
  hash           TEXT NOT NULL,
  records        INTEGER NOT NULL,
  checkpoint     TEXT NOT NULL,
  PRIMARY KEY (chain, first_sequence)
) STRICT, WITHOUT ROWID;

-- Who ordered what, as a chain. `entry` is the text of which `hash` is; the other columns are of it, to find it by.
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  actor    TEXT NOT NULL,
  act      TEXT NOT NULL,
  object   TEXT NOT NULL,
  hash     TEXT NOT NULL,
  entry    TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_of_actor ON audit (actor, sequence);
CREATE INDEX audit_of_act ON audit (act, sequence);
CREATE INDEX audit_of_object ON audit (object, sequence);

CREATE TABLE quarantine (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  source   INTEGER NOT NULL,
  digest   BLOB NOT NULL,
  reason   TEXT NOT NULL,
  received INTEGER NOT NULL,
  sealed   BLOB NOT NULL,
  UNIQUE (source, digest)
) STRICT;
CREATE INDEX quarantine_of_source ON quarantine (source, id);
CREATE INDEX quarantine_of_reason ON quarantine (reason, id);

-- What nobody wants to be told of: until a time, or while what it is about has this digest. `severity` is how severe it was.
CREATE TABLE mute (
  code     TEXT NOT NULL,
  object   TEXT NOT NULL,
  severity TEXT NOT NULL,
  until    INTEGER,
  digest   TEXT,
  actor    TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (code, object)
) STRICT, WITHOUT ROWID;

-- Deliveries that were refused, by source; and those to paths of no source (`astray`), by the source whose name is most like the path, or
-- the empty one where none is.
CREATE TABLE refused (
  source TEXT NOT NULL,
  astray INTEGER NOT NULL,
  count  INTEGER NOT NULL,
  since  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  PRIMARY KEY (source, astray)
) STRICT, WITHOUT ROWID;

-- In which minutes of an hour (since 1970) anything came of a source that was taken: bit 0 is the first minute. `taken`: how much in the hour.
CREATE TABLE delivery_hour (
  source  TEXT NOT NULL,
  hour    INTEGER NOT NULL,
  minutes INTEGER NOT NULL,
  taken   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source, hour)
) STRICT, WITHOUT ROWID;

-- Who was to keep the newest receipt's place outside of the ledger and could not, since when, and why.
CREATE TABLE keeper (
  name   TEXT PRIMARY KEY,
  since  INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The rules by which servers have worked, each version of them: of a name, the newest is worked by. `state`: `in_force`, `waiting`
-- where it was new or changed and would have erased `would` of the `sessions` of a month, so that a person is to confirm it before
-- anything of it begins, and `rejected` where one did not.
CREATE TABLE rule_version (
  name     TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  state    TEXT NOT NULL,
  since    INTEGER NOT NULL,
  sessions INTEGER NOT NULL,
  would    INTEGER NOT NULL,
  -- By all rules that came with it; and the company of which that is said, where it is one.
  together INTEGER NOT NULL,
  mluvii   TEXT NOT NULL,
  PRIMARY KEY (name, seq)
) STRICT, WITHOUT ROWID;

-- What one server of a deployment does for all of them: when it is due next, and how far it has come, with which `item` of several of one
-- moment. `taken`: 0 nobody does it, 1 somebody does until then, 2 and it is wanted once more.
CREATE TABLE periodic (
  name  TEXT PRIMARY KEY,
  due   INTEGER NOT NULL,
  mark  INTEGER,
  item  INTEGER,
  taken INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What was ordered of the past, to be shown, and done once it is confirmed: `job` is JSON, and `version` grows with each change of it.
CREATE TABLE past_job (
  id      INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  job     TEXT NOT NULL
) STRICT;

-- The newest sweep of `quietus erase-again` of a target for an installation's people: `job` is JSON, in which nobody stands, `state` is of it,
-- and `version` grows with each change, also with the next sweep. Whom it has found so far, and where it goes on, is sealed until it is over.
CREATE TABLE sweep_job (
  target       TEXT NOT NULL,
  installation TEXT NOT NULL,
  version      INTEGER NOT NULL,
  state        TEXT NOT NULL,
  job          TEXT NOT NULL,
  wrapped_key  BLOB,
  content      BLOB,
  seal_key     TEXT,
  PRIMARY KEY (target, installation)
) STRICT;

-- Who was asked for by it: the erasure by which they were erased, and the one by which they go again. It goes with the sweep.
CREATE TABLE sweep_asked (
  target       TEXT NOT NULL,
  installation TEXT NOT NULL,
  erasure      BLOB NOT NULL,
  again        BLOB NOT NULL,
  PRIMARY KEY (target, installation, erasure)
) STRICT, WITHOUT ROWID;

-- What persons have asked for: `request` is JSON, in which no name stands; the other columns are of it. `seq` is the order in which they
-- were entered, `version` grows with each change, `due` is the last day since 1970, null where none runs. Whom it is about is sealed until it has ended.
CREATE TABLE request (
  id           BLOB PRIMARY KEY,
  seq          INTEGER NOT NULL UNIQUE,
  installation TEXT NOT NULL,
  number       TEXT NOT NULL,
  version      INTEGER NOT NULL,
  state        TEXT NOT NULL,
  entered      INTEGER NOT NULL,
  due          INTEGER,
  ended        INTEGER,
  to_approve   INTEGER NOT NULL,
  -- As JSON, in which a name stands in quotes.
  targets      TEXT NOT NULL,
  request      TEXT NOT NULL,
  wrapped_key  BLOB,
  content      BLOB,
  seal_key     TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX request_number ON request (number, installation);
CREATE INDEX request_in_state ON request (state, entered);
CREATE INDEX request_due ON request (due, number) WHERE ended IS NULL AND due IS NOT NULL;
-- The open ones are listed by their last day, those that do not run behind all others.
CREATE INDEX request_open ON request (COALESCE(due, 2147483647), seq) WHERE ended IS NULL;
CREATE INDEX request_to_approve ON request (entered, seq) WHERE to_approve;
CREATE INDEX request_ended ON request (ended, seq) WHERE ended IS NOT NULL;
CREATE INDEX request_of_seal_key ON request (seal_key, seq) WHERE seal_key IS NOT NULL;

-- By these a request is found again, and another one of the same person known.
CREATE TABLE request_fingerprint (
  fingerprint BLOB NOT NULL,
  request     BLOB NOT NULL REFERENCES request (id),
  version     INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  PRIMARY KEY (fingerprint, request, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_fingerprint_of ON request_fingerprint (request);

-- Which erasures a request has become.
CREATE TABLE request_erasure (
  erasure BLOB NOT NULL,
  request BLOB NOT NULL REFERENCES request (id),
  PRIMARY KEY (erasure, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_erasure_of ON request_erasure (request);

-- What came of looking again at what an erasure has ended with, at a target, for one of the dates of `erasing.recheck`. `unsettled`: a person
-- has to see to it, as nothing has followed yet.
CREATE TABLE recheck (
  erasure   BLOB NOT NULL,
  target    TEXT NOT NULL,
  due       INTEGER NOT NULL,
  looked    INTEGER NOT NULL,
  outcome   TEXT NOT NULL,
  why       TEXT,
  records   INTEGER NOT NULL,
  unsettled INTEGER NOT NULL,
  PRIMARY KEY (erasure, target, due)
) STRICT, WITHOUT ROWID;
CREATE INDEX recheck_unsettled ON recheck (target, outcome) WHERE unsettled = 1;

-- Who may use the admin API and the pages. `roles` and `companies` are JSON; `password` is a PHC string, empty where there is none; times that
-- are not there are 0.
CREATE TABLE account (
  name             TEXT PRIMARY KEY,
  shown_as         TEXT NOT NULL,
  roles            TEXT NOT NULL,
  companies        TEXT NOT NULL,
  password         TEXT NOT NULL,
  password_changed INTEGER NOT NULL,
  disabled         INTEGER NOT NULL,
  created          INTEGER NOT NULL,
  sum              INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Of the secret of a token or a session, only its digest is kept.
CREATE TABLE account_token (
  id        TEXT PRIMARY KEY,
  account   TEXT NOT NULL REFERENCES account (name),
  roles     TEXT NOT NULL,
  companies TEXT NOT NULL,
  purpose   TEXT NOT NULL,
  hash      BLOB NOT NULL,
  issued    INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  sum       INTEGER NOT NULL,
  last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_token_of ON account_token (account);

CREATE TABLE account_session (
  id      TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (name),
  browser TEXT NOT NULL,
  hash    BLOB NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  sum     INTEGER NOT NULL,
  seen    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_session_of ON account_session (account);

-- What was answered to an order that may come again, by the digest of its account and key: kept for a day. `status` is 0 until it is answered.
CREATE TABLE order_answer (
  id      TEXT PRIMARY KEY,
  digest  TEXT NOT NULL,
  claimed INTEGER NOT NULL,
  status  INTEGER NOT NULL,
  answer  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_answer_claimed ON order_answer (claimed);

-- What an alert has told, and what it has still to tell, as JSON. Who writes it names the version that it has read.
CREATE TABLE alert (
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  state   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Targets, as they are called, that nobody calls because a person has said so.
CREATE TABLE target_pause (
  target    TEXT PRIMARY KEY,
  reason    TEXT NOT NULL,
  reference TEXT,
  until     INTEGER,
  since     INTEGER NOT NULL,
  actor     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE target (
  name         TEXT PRIMARY KEY,
  until        INTEGER NOT NULL,
  reason       TEXT NOT NULL,
  needs_person INTEGER NOT NULL,
  tries        INTEGER NOT NULL,
  since        INTEGER NOT NULL,
  -- When the pause began that ends at `until`.
  began        INTEGER
) STRICT, WITHOUT ROWID;

-- What is counted of a target over all processes; `next_call_us` is the earliest time of its next call, in microseconds.
CREATE TABLE pace (
  target        TEXT PRIMARY KEY,
  failures      INTEGER NOT NULL DEFAULT 0,
  -- The records at which it failed since it answered last, and those that were refused alike in a row, as JSON, and why.
  failed        TEXT NOT NULL DEFAULT '[]',
  refused       TEXT NOT NULL DEFAULT '[]',
  refused_why   TEXT NOT NULL DEFAULT '',
  -- What it is slowed down to; and what of its work is only answered that it wants fewer calls, since when, and until when.
  at_once       INTEGER,
  limited_sort  TEXT,
  limited_since INTEGER,
  limited_until INTEGER,
  next_call_us  INTEGER NOT NULL DEFAULT 0,
  -- When `next_call_us` was counted.
  began         INTEGER
) STRICT, WITHOUT ROWID;

-- What was seen of the ledger's clock: the latest time that was believed, and that of the last look. `doubt` is JSON: why the
-- clock cannot be right.
CREATE TABLE clock_seen (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  latest      INTEGER,
  looked      INTEGER,
  doubt       TEXT,
  jump_max_ms INTEGER NOT NULL
) STRICT;

-- The last look from a machine since its start (`boot`): what the clock showed, and the time since the start then. Since
-- `steady_since_ms`, the clock has not gone ahead of time.
CREATE TABLE clock_anchor (
  boot            TEXT PRIMARY KEY,
  seen            INTEGER NOT NULL,
  at_ms           INTEGER NOT NULL,
  steady_since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE process (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  version TEXT NOT NULL,
  place   TEXT NOT NULL,
  since   INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  -- The names of the targets in its configuration, as JSON.
  targets TEXT NOT NULL,
  -- Those of them that cannot work, with the reason, as JSON.
  conditions TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TRIGGER tally_sessions AFTER INSERT ON session BEGIN
  UPDATE tally SET n = n + 1 WHERE name = 'sessions';
END;
CREATE TRIGGER tally_forgotten AFTER DELETE ON session BEGIN
  UPDATE tally SET n = n - 1 WHERE name = 'sessions';
END;
CREATE TRIGGER tally_erasures AFTER INSERT ON erasure BEGIN
  UPDATE tally SET n = n + 1 WHERE name = NEW.state;
END;
CREATE TRIGGER tally_expired AFTER DELETE ON erasure BEGIN
  UPDATE tally SET n = n - 1 WHERE name = OLD.state;
END;
CREATE TRIGGER tally_states AFTER UPDATE OF state ON erasure WHEN OLD.state <> NEW.state BEGIN
  UPDATE tally SET n = n - 1 WHERE name = OLD.state;
  UPDATE tally SET n = n + 1 WHERE name = NEW.state;
END;
CREATE TRIGGER label_erasure AFTER INSERT ON erasure BEGIN
  INSERT INTO erasure_label (kind, name, state, erasure)
    SELECT 'rule', value, NEW.state, NEW.id FROM json_each(NEW.rules)
    UNION SELECT 'target', value, NEW.state, NEW.id FROM json_each(NEW.targets);
END;
CREATE TRIGGER label_changed AFTER UPDATE OF state, rules, targets ON erasure
WHEN OLD.state <> NEW.state OR OLD.rules <> NEW.rules OR OLD.targets <> NEW.targets BEGIN
  DELETE FROM erasure_label WHERE kind = 'rule' AND name IN (SELECT value FROM json_each(OLD.rules)) AND state = OLD.state AND erasure = OLD.id;
  DELETE FROM erasure_label WHERE kind = 'target' AND name IN (SELECT value FROM json_each(OLD.targets)) AND state = OLD.state AND erasure = OLD.id;
  INSERT INTO erasure_label (kind, name, state, erasure)
    SELECT 'rule', value, NEW.state, NEW.id FROM json_each(NEW.rules)
    UNION SELECT 'target', value, NEW.state, NEW.id FROM json_each(NEW.targets);
END;
CREATE TRIGGER label_expired AFTER DELETE ON erasure BEGIN
  DELETE FROM erasure_label WHERE kind = 'rule' AND name IN (SELECT value FROM json_each(OLD.rules)) AND state = OLD.state AND erasure = OLD.id;
  DELETE FROM erasure_label WHERE kind = 'target' AND name IN (SELECT value FROM json_each(OLD.targets)) AND state = OLD.state AND erasure = OLD.id;
END;
CREATE TRIGGER tally_receipts AFTER INSERT ON receipt BEGIN
  UPDATE tally SET n = n + 1 WHERE name = 'verdict:' || NEW.verdict;
END;
CREATE TRIGGER tally_archived AFTER DELETE ON receipt BEGIN
  UPDATE tally SET n = n - 1 WHERE name = 'verdict:' || OLD.verdict;
END;
