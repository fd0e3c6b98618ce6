#!/usr/bin/env bash
# Generated requests for every operation of the OpenAPI document against a running server: no 500, no undocumented answer.
# FUZZ_EXAMPLES (default 15) sets how many requests each operation gets.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/regulars
tool="$cache/schemathesis-4/bin/schemathesis"
if [ ! -x "$tool" ]; then
  echo "installing schemathesis into $cache" >&2
  python3 -m venv "$cache/schemathesis-4"
  "$cache/schemathesis-4/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4,<5' >&2
fi
cargo build --quiet --package regulars-server --package regulars-testkit
regulars="${CARGO_TARGET_DIR:-target}/debug/regulars"
folder=$(mktemp -d)
chmod 755 "$folder"
server=
end() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap end EXIT
port=${FUZZ_PORT:-18999}
REGULARS_RATE_LIMIT=0 REGULARS_LOG=warn "$regulars" serve --listen "127.0.0.1:$port" --data-dir "$folder/data" >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 300); do
  curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && break
  kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
  sleep 0.1
done
"$regulars" organization create Fuzz --slug fuzz --data-dir "$folder/data" >/dev/null
key=$("$regulars" key create --organization fuzz --name fuzz --role owner --data-dir "$folder/data")
# The stream never ends, so it is left out; signing the fuzzer's own key out of the game too.
"$tool" run "http://127.0.0.1:$port/api/openapi.json" \
  --header "Authorization: Bearer $key" --url "http://127.0.0.1:$port" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
  --exclude-path-regex '/events/stream$|/keys/' --phases examples,coverage,fuzzing \
  --max-examples "${FUZZ_EXAMPLES:-15}" --request-timeout 20 --seed 1 --workers 2 --no-color "$@" || { tail -40 "$folder/log" >&2; exit 1; }
