-- What the servers' role may do, and nothing else. Run after each `quietus migrate`, as the owner:
--
--   psql -d quietus -U quietus_owner -f grants.sql
--
-- Where UPDATE stands for a table that is never updated, it is for `SELECT … FOR UPDATE`, which asks for it.

SET search_path = quietus;

GRANT SELECT ON migration TO quietus;
GRANT SELECT, INSERT, UPDATE ON meta, tally, installation, source, erasure, step, pace, clock_seen TO quietus;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox, task, session, waiting, target, mute, refused, keeper, process, erasure_fingerprint,
  clock_anchor TO quietus;
GRANT SELECT, INSERT, DELETE ON event, fingerprint, capsule, erasure_session, quarantine, damage TO quietus;
GRANT SELECT, DELETE ON event_other TO quietus;
GRANT SELECT, UPDATE ON chain TO quietus;
GRANT SELECT, INSERT ON receipt, audit, shared_guest TO quietus;
GRANT SELECT, INSERT, UPDATE ON receipt_gap TO quietus;
-- Nothing of a receipt but that somebody has seen it.
GRANT UPDATE (acknowledged) ON receipt TO quietus;
GRANT EXECUTE ON FUNCTION keep_months(BIGINT), drop_months(BIGINT) TO quietus;
