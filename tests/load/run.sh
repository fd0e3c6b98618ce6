#!/usr/bin/env bash
# Measures the running release server at a million customers, then what comes in at a hundred thousand, and, in the same run, the same statements sent straight to
# the same PostgreSQL by pgbench. Writes docs/performance.md. Takes about half an hour; the data folder is kept for the next run.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/require.sh --bench
cargo build --release --locked --package regulars-server >&2
binary="${CARGO_TARGET_DIR:-target}/release/regulars"
python3 tests/load/bench.py --binary "$binary" --section customers "$@"
python3 tests/load/bench.py --binary "$binary" --section commerce "$@"
