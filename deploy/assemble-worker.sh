#!/bin/sh
# assemble-worker.sh SOURCE TARGET: what the worker's image holds, built from a checkout. The Dockerfile runs it in the image
# that builds; test/package/image.test.ts runs it too and starts what comes out.
set -eu
source=$1
target=$2

cd "$source"
npm run --silent build

mkdir -p "$target"
cp -R bin dist schema package.json package-lock.json LICENSE "$target"
rm -rf "$target/dist/types" # for programs that are compiled against cutover, not for one that runs

# Exactly what the lock file says, without what only building needs; no script of a package runs.
cd "$target"
npm ci --omit=dev --omit=peer --ignore-scripts --no-audit --no-fund

# Whoever runs it may read all of it and change nothing.
chmod -R a+rX,a-w "$target"
