-- What somebody who has accepted a demand is to report by then, and has reported, as JSON, until it is taken in.
ALTER TABLE step ADD COLUMN report_by BIGINT, ADD COLUMN report TEXT;
