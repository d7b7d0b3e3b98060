#!/bin/sh
# Restores a backup of backup.sh into an empty database, in which roles.sql was run before. Run it as the role that owns the tables,
# with no server of quietus on that database:
#
#   createdb quietus && psql -d quietus -f roles.sql
#   restore.sh postgres://quietus_owner@db.example.com/quietus /backups/quietus-2026-05-02.dump
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 DATABASE-URL FILE" >&2
    exit 2
fi
database=$1
file=$2

ask() {
    psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$database" --command="$1"
}

if [ "$(ask "SELECT count(*) FROM pg_namespace WHERE nspname = 'quietus'")" = 0 ]; then
    echo "the database has no schema quietus: run roles.sql in it first, as a superuser" >&2
    exit 1
fi
if [ "$(ask "SELECT count(*) FROM pg_class WHERE relnamespace = 'quietus'::regnamespace")" != 0 ]; then
    echo "the database holds a ledger; a backup overwrites nothing: make a new database" >&2
    exit 1
fi
# All or nothing.
pg_restore --exit-on-error --single-transaction --schema=quietus --dbname="$database" "$file"
# The servers of then do not work on this copy; and the planner knows nothing of it yet.
ask "DELETE FROM quietus.process; ANALYZE"
cat <<'END'
The backup is restored. What was received, ordered and erased since it was made is lost, and so are its receipts. Go on like this, on the
machine with the newest `server.state_dir`, before any server starts:

  quietus check --connect     # says which receipts are missing, by what was remembered; ask your witnesses, too
  quietus ledger accept --restored   # goes on after all receipts that may have been issued; the next one states the gap, signed
  quietus serve
END
