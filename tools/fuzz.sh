#!/usr/bin/env bash
# Generated requests for every operation of the OpenAPI document against a server of its own: no 500, no answer that the
# document does not know, no body or header that breaks its schema, no write that a wrong or missing key gets through.
#   FUZZ_EXAMPLES  how many requests each operation gets while fuzzing (15)
#   FUZZ_SECONDS   when to give up (600)
# Further arguments go to `schemathesis run`, such as --seed 2 or --include-path /api/v1/customers.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/require.sh --fuzz
cache=${XDG_CACHE_HOME:-$HOME/.cache}/regulars/schemathesis-4
if ! "$cache/bin/schemathesis" --version >/dev/null 2>&1; then
  echo "installing schemathesis into $cache" >&2
  python3 -m venv --clear "$cache"
  "$cache/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4.28,<5' >&2
fi
cargo build --quiet --locked --package regulars-server
regulars=$(realpath "${CARGO_TARGET_DIR:-target}")/debug/regulars
# Its own PostgreSQL, whatever database the shell speaks of.
unset DATABASE_URL "${!REGULARS_@}"

folder=$(mktemp -d)
# The private PostgreSQL runs as another user where this one is root.
chmod 755 "$folder"
server=
end() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap end EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
REGULARS_RATE_LIMIT=0 REGULARS_LOG=warn "$regulars" serve --listen "127.0.0.1:$port" --data-dir "$folder/data" >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 600); do
  curl -fs "$url/readyz" >/dev/null 2>&1 && break
  kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
  sleep 0.1
done
"$regulars" organization create Fuzz --slug fuzz --data-dir "$folder/data" >/dev/null
key=$("$regulars" key create --organization fuzz --name fuzz --role owner --data-dir "$folder/data")

# Left out: the stream, which never ends, and what would take the fuzzer's own key away.
# Not asked: that whatever fits the schema is accepted (a name may be taken), and that whatever does not is refused
# (a query parameter is text, whatever its type).
setup=$PWD/tools/fuzz-setup.py
cd "$folder"
python3 "$setup" "$url" "$key" >schemathesis.toml
failed=0
timeout --signal INT "${FUZZ_SECONDS:-600}" "$cache/bin/schemathesis" --config-file schemathesis.toml run "$url/api/openapi.json" \
  --header "Authorization: Bearer $key" --url "$url" \
  --exclude-operation-id streamEvents --exclude-operation-id revokeKey --exclude-operation-id updateKey \
  --exclude-checks positive_data_acceptance,negative_data_rejection \
  --phases examples,coverage,fuzzing,stateful --max-examples "${FUZZ_EXAMPLES:-15}" \
  --request-timeout 30 --seed 1 --workers 2 --warnings off --no-color "$@" || failed=$?
if [ "$failed" != 0 ] || grep -q ERROR "$folder/log"; then
  echo "what the server said:" >&2
  tail -60 "$folder/log" >&2
  exit 1
fi
