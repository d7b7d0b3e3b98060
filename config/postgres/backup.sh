#!/bin/sh
# Writes a backup of a ledger in PostgreSQL, of one moment, while servers work on it. It has its name only when it is whole and was
# read to its end. Run it as the role that owns the tables:
#
#   backup.sh postgres://quietus_owner@db.example.com/quietus /backups/quietus-$(date +%F).dump
#
# No password belongs into the address, which others on this machine see: PostgreSQL's programs take it from ~/.pgpass.
set -eu
umask 077

if [ $# -ne 2 ]; then
    echo "usage: $0 DATABASE-URL FILE" >&2
    exit 2
fi
database=$1
file=$2
if [ -e "$file" ]; then
    echo "$file is there already; a backup overwrites nothing" >&2
    exit 1
fi

partial=$file.partial-$$
trap 'rm -f "$partial"' EXIT
trap 'exit 1' HUP INT TERM
pg_dump --format=custom --schema=quietus --file="$partial" --dbname="$database"
# What cannot be read to its end is no backup.
pg_restore --file=/dev/null "$partial"
sync "$partial"
# Not `mv`: another backup may have got the name meanwhile.
ln "$partial" "$file"
echo "wrote $file: copy it to another machine, and keep it apart from the keys"
