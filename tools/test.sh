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
cargo nextest run --workspace --locked --no-fail-fast "$@"
