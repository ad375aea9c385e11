#!/bin/sh
# Creates Temporal's two databases and brings their tables up to date. Safe to repeat; never drops anything.
# Reads SQL_HOST, SQL_USER and SQL_PASSWORD; SQL_PORT and TEMPORAL_SCHEMA where they are not as in Temporal's image.
set -eu

schema=${TEMPORAL_SCHEMA:-/etc/temporal/schema}

for name in temporal temporal_visibility; do
  versions=temporal
  if [ "$name" = temporal_visibility ]; then versions=visibility; fi
  tool() { temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" --port "${SQL_PORT:-5432}" --user "$SQL_USER" --db "$name" "$@"; }
  tool create
  tool setup-schema -v 0.0 # leaves a database alone that is further on already
  tool update-schema -d "$schema/postgresql/v12/$versions/versioned"
done
