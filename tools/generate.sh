#!/usr/bin/env bash
# Writes the generated files, or with --check fails when they are stale:
#   .sqlx            what PostgreSQL says of each checked query
#   openapi.json     the public interface
#   docs/permissions.md, docs/configuration.md and regulars.example.toml
set -euo pipefail
cd "$(dirname "$0")/.."
check=${1:-}
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
mkdir -p "$kept/.sqlx" docs

# The queries are checked against a database that has exactly the migrations of this checkout. Touching the crates makes
# their macros ask again; everything else stays built.
url=$(cargo run --quiet --package regulars-testkit --no-default-features --bin regulars-test-postgres -- url)
touch crates/*/src/lib.rs crates/*/src/main.rs crates/*/tests/it/main.rs 2>/dev/null || true
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$kept/.sqlx" DATABASE_URL="$url" cargo check --quiet --workspace --all-targets >&2
touch crates/*/src/lib.rs crates/*/src/main.rs crates/*/tests/it/main.rs 2>/dev/null || true

regulars() { cargo run --quiet --package regulars-server -- "$@"; }
if [ -z "$check" ]; then
  rm -rf .sqlx && mv "$kept/.sqlx" .sqlx
  regulars openapi > openapi.json
  regulars reference permissions > docs/permissions.md
  regulars reference errors > docs/errors.md
  regulars reference configuration > docs/configuration.md
  regulars reference example > regulars.example.toml
  exit
fi

stale=0
same() { diff -r "$1" "$2" >/dev/null || { echo "stale: $1; run make generate" >&2; stale=1; }; }
same .sqlx "$kept/.sqlx"
regulars openapi > "$kept/openapi.json"; same openapi.json "$kept/openapi.json"
regulars reference permissions > "$kept/permissions.md"; same docs/permissions.md "$kept/permissions.md"
regulars reference errors > "$kept/errors.md"; same docs/errors.md "$kept/errors.md"
regulars reference configuration > "$kept/configuration.md"; same docs/configuration.md "$kept/configuration.md"
regulars reference example > "$kept/example.toml"; same regulars.example.toml "$kept/example.toml"
exit $stale
