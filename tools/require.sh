#!/usr/bin/env bash
# Installs what the project needs where it may (Debian, as root), and names what is missing where it may not.
set -euo pipefail

missing=()
packages=()
need() { # command, Debian package
  command -v "$1" >/dev/null 2>&1 || { missing+=("$1"); packages+=("$2"); }
}
need cc build-essential
need curl curl
need node nodejs
need npm npm
if [ "${1:-}" = --browser ]; then
  need chromium chromium
  need chromedriver chromium-driver
fi
if [ "${1:-}" = --bench ]; then
  need wrk wrk
  need pgbench postgresql-contrib
fi

if [ "${1:-}" = --fuzz ]; then
  need python3 python3
  # Debian keeps what makes a virtual environment apart.
  python3 -c 'import ensurepip, venv' 2>/dev/null || { missing+=("python3 -m venv"); packages+=(python3-venv); }
fi

if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing: ${packages[*]}" >&2
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
  else
    echo "missing: ${missing[*]}; on Debian: sudo apt-get install ${packages[*]}" >&2
    exit 1
  fi
fi
if ! command -v cargo >/dev/null; then
  echo "missing: Rust 1.95 or newer; see https://rustup.rs" >&2
  exit 1
fi
major=$(node --version | sed -E 's/^v([0-9]+).*/\1/')
if [ "$major" -lt 20 ]; then
  echo "missing: Node 20 or newer; this is $(node --version)" >&2
  exit 1
fi
