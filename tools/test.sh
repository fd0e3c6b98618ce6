#!/usr/bin/env bash
# Runs every test against a throw-away PostgreSQL that the tests start and share; stops it at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
stop() { cargo run --quiet --package regulars-testkit --no-default-features --bin regulars-test-postgres -- stop >&2 || true; }
if [ "${1:-}" = --stop ]; then stop; exit; fi
trap stop EXIT
if ! command -v cargo-nextest >/dev/null; then
  echo "installing cargo-nextest" >&2
  cargo install --locked cargo-nextest >&2
fi
cargo build --workspace --locked
report=target/nextest/default/junit.xml
rm -f "$report"
status=0
cargo nextest run --workspace --locked --no-fail-fast "$@" || status=$?
# Tests that miss their fixtures pass, which must not go unseen. They say so on a line that begins with “skipped:”.
if [ -f "$report" ]; then
  skipped=$(awk '
    /<testcase / { match($0, / name="[^"]*"/); name = substr($0, RSTART + 7, RLENGTH - 8) }
    /skipped: / { why = $0; sub(/.*skipped: /, "", why); sub(/<.*/, "", why); print "  " name " (" why ")" }' "$report" | sort -u)
  if [ -n "$skipped" ]; then
    printf 'skipped, in whole or in part:\n%s\n' "$skipped" >&2
  fi
fi
exit "$status"
