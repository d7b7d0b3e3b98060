-- The two roles of a ledger in PostgreSQL, and its schema. Run once in the ledger's database, as a superuser:
--
--   createdb quietus
--   psql -d quietus -f roles.sql
--   psql -d quietus -c '\password quietus_owner' -c '\password quietus'
--
-- quietus_owner migrates (`quietus migrate --user quietus_owner`, then grants.sql). The servers connect as quietus:
-- it can neither change a table nor what a receipt says.

CREATE ROLE quietus_owner LOGIN;
CREATE ROLE quietus LOGIN;
CREATE SCHEMA quietus AUTHORIZATION quietus_owner;
GRANT USAGE ON SCHEMA quietus TO quietus;
