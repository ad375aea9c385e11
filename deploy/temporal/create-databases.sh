#!/bin/sh
# Creates Temporal's two databases and brings their tables up to date. Safe to repeat; never drops anything.
set -eu

for name in temporal temporal_visibility; do
  versions=temporal
  if [ "$name" = temporal_visibility ]; then versions=visibility; fi
  tool() { temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" --port 5432 --user "$SQL_USER" --db "$name" "$@"; }
  tool create
  tool setup-schema -v 0.0 # leaves a database alone that is further on already
  tool update-schema -d "/etc/temporal/schema/postgresql/v12/$versions/versioned"
done
