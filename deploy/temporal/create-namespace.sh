#!/bin/sh
# Creates the namespace and the search attributes of runs. Safe to repeat. Names and types are those of
# workflows/messages.ts, a test compares them. Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE as the CLI does.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}
retention=${CUTOVER_RETENTION:-720h} # how long `cutover status` and `report` can read a run that has ended

temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$namespace" --retention "$retention"

# A new namespace is known everywhere only after the server has read its list again, about ten seconds later.
tries=0
until temporal operator search-attribute list --namespace "$namespace" >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    echo "namespace $namespace is not answered for a minute after it was created" >&2
    exit 1
  fi
  sleep 1
done

temporal operator search-attribute create --namespace "$namespace" \
  --name CutoverService --type Keyword \
  --name CutoverPhase --type Keyword \
  --name CutoverGate --type Keyword \
  --name CutoverOutcome --type Keyword \
  --name CutoverWeight --type Int
