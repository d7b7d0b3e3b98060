-- What the servers' role may do, and nothing else. Run after each `quietus migrate`, as the owner:
--
--   psql -d quietus -U quietus_owner -f grants.sql
--
-- Where UPDATE stands for a table that is never updated, it is for `SELECT … FOR UPDATE`, which asks for it.

SET search_path = quietus;

-- What erasures are found by follows from them by itself.
GRANT SELECT ON migration, erasure_label TO quietus;
GRANT SELECT, INSERT, UPDATE ON meta, tally, installation, source, erasure, step, pace, clock_seen,
  expired, periodic, alert, rule_version, account TO quietus;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox, task, session, waiting, target, mute, refused, keeper, process, erasure_fingerprint,
  consent_fingerprint,
  clock_anchor, tombstone, seal_generation, delivery_hour, past_job, confirmation_link,
  request, request_fingerprint, request_erasure, hold, hold_fingerprint, target_pause, recheck, sweep_job, sweep_asked,
  account_token, account_session, order_answer TO quietus;
GRANT SELECT, INSERT, DELETE ON event, fingerprint, capsule, erasure_session, erasure_shown, quarantine, damage TO quietus;
GRANT SELECT, DELETE ON event_other TO quietus;
-- What stands under the index key, for when it is replaced.
GRANT UPDATE (digest) ON event, quarantine, erasure_shown TO quietus;
-- What is sealed anew, under the next generation of the seal key.
GRANT UPDATE (sealed) ON quarantine TO quietus;
GRANT UPDATE (fingerprint) ON fingerprint TO quietus;
GRANT UPDATE (guest) ON shared_guest TO quietus;
GRANT SELECT, UPDATE ON chain TO quietus;
GRANT SELECT, INSERT ON receipt, audit, shared_guest TO quietus;
GRANT SELECT, INSERT, UPDATE ON receipt_gap TO quietus;
-- What is deleted of receipts and audit is what a checkpoint names.
GRANT SELECT, INSERT ON chain_checkpoint TO quietus;
-- Nothing of a receipt but that somebody has seen it.
GRANT UPDATE (acknowledged) ON receipt TO quietus;
GRANT EXECUTE ON FUNCTION keep_months(BIGINT), drop_months(BIGINT), forget_erasures(BYTEA[]),
  drop_archived(TEXT, BIGINT, BIGINT) TO quietus;
