#!/usr/bin/env bash
# Takes a picture of every page (1440 and 390 px wide, light and dark) and puts those of the guides into docs/pictures.
# Usage: tools/screenshots.sh [FOLDER]   the folder for all of them; tests/browser/shots if absent
set -euo pipefail
cd "$(dirname "$0")/.."
shots=$(realpath -m "${1:-tests/browser/shots}")
mkdir -p "$shots" docs/pictures
REGULARS_SHOTS="$shots" cargo test --locked --package regulars-server --test browser -- --exact --nocapture look::pictures_of_every_page_are_taken
cp "$shots/customers-1440-light.png" docs/pictures/customers.png
echo "$(ls "$shots" | wc -l) pictures in $shots" >&2
