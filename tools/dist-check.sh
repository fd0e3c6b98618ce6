#!/usr/bin/env bash
# Fails unless the folder of `make dist`, copied elsewhere, starts from there with its own PostgreSQL, and `doctor` is content.
# The binary is that of the tests: linking one for servers takes minutes and changes nothing about the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
chmod 755 "$place"
server=
stop() {
  [ -z "$server" ] || { kill "$server" && wait "$server" || true; }
  rm -rf "$place"
}
trap stop EXIT
tools/dist.sh dev "$place/made"
mv "$place/made" "$place/copied"
cd "$place/copied"
# Nothing of the checkout may help.
unset DATABASE_URL CARGO_MANIFEST_DIR "${!REGULARS_@}"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
./regulars serve --listen "127.0.0.1:$port" --data-dir "$place/data" > "$place/log" 2>&1 &
server=$!
for _ in $(seq 150); do
  curl -fs "http://127.0.0.1:$port/readyz" > /dev/null && break
  kill -0 "$server" 2> /dev/null || break
  sleep 0.2
done
curl -fsS "http://127.0.0.1:$port/readyz" > /dev/null || { cat "$place/log" >&2; echo "the copied folder does not start" >&2; exit 1; }
./regulars doctor --data-dir "$place/data" >&2
postgres=$(head -1 "$place/data/postgres/data/postmaster.pid")
[ "$(readlink -f "/proc/$postgres/exe")" = "$(readlink -f "$place/copied/postgres/bin/postgres")" ] ||
  { echo "its PostgreSQL is $(readlink -f "/proc/$postgres/exe")" >&2; exit 1; }
echo "the folder of make dist runs where it was copied" >&2
