-- What somebody who has accepted a demand is to report by then, and has reported, sealed, until it is taken in.
ALTER TABLE step ADD COLUMN report_by BIGINT, ADD COLUMN report BYTEA;
