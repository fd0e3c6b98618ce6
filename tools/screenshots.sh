#!/usr/bin/env bash
# Takes a picture of every page (1440 and 390 px wide, light and dark) and puts those of the guides into docs/pictures.
# Usage: tools/screenshots.sh [FOLDER]   the folder for all of them; tests/browser/shots if absent
set -euo pipefail
cd "$(dirname "$0")/.."
shots=$(realpath -m "${1:-tests/browser/shots}")
mkdir -p "$shots" docs/pictures/guides
REGULARS_SHOTS="$shots" cargo test --locked --package regulars-server --test browser -- --exact --nocapture look::pictures_of_every_page_are_taken help::pictures_of_the_guides_are_taken
cp "$shots/customers-1440-light.png" docs/pictures/customers.png
for name in dashboard search filters expression view import-map import-check members definitions shortcuts; do
  cp "$shots/guide-$name.png" "docs/pictures/guides/$name.png"
done
echo "$(ls "$shots" | wc -l) pictures in $shots" >&2
