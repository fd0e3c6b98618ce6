# Everything a person types. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One target directory for every checkout of this user keeps a second build warm.
export CARGO_TARGET_DIR ?= $(CURDIR)/target
DATA_DIR ?= data
LISTEN ?= 127.0.0.1:8080
export SQLX_OFFLINE ?= true

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.PHONY: run
run: setup ## Build (release) and start the server with its own PostgreSQL in ./data
	cargo build --release --package regulars-server
	"$(CARGO_TARGET_DIR)/release/regulars" serve --listen $(LISTEN) --data-dir $(DATA_DIR)

.PHONY: test
test: setup browser ## Every test, the browser's included
	tools/test.sh

.PHONY: check
check: setup ## What CI checks beside the tests: format, clippy, licences, generated files, house rules
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	tools/deny.sh
	cargo xtask tidy
	tools/generate.sh --check

.PHONY: fuzz
fuzz: setup ## Generated requests against every operation of the API (some minutes)
	tools/fuzz.sh

.PHONY: test-postgres
test-postgres: setup ## The tests that speak SQL, on PostgreSQL 15, 16 and 17 (some minutes)
	tools/test-postgres.sh

.PHONY: generate
generate: setup ## Write the generated files: .sqlx, openapi.json, docs tables
	tools/generate.sh

.PHONY: bench
bench: setup ## Measure the running release server at a million customers; writes docs/performance.md
	tests/load/run.sh

.PHONY: screenshots
screenshots: setup browser ## Take the pictures of the guides anew
	tools/screenshots.sh

.PHONY: demo
demo: setup ## Fill ./data with a shop that looks real
	cargo run --release --package regulars-server -- demo --data-dir $(DATA_DIR)

.PHONY: dist
dist: setup ## One folder to copy to a server: dist/regulars
	tools/dist.sh

.PHONY: clean-test
clean-test: ## Stop the PostgreSQL that tests share
	tools/test.sh --stop

# --- set-up: installs what is missing, or names it -------------------------------------------------------------------

.PHONY: setup
setup: tools/postgres/node_modules/.stamp tools/firestore/node_modules/.stamp assets/dist/manifest.json
	@tools/require.sh

tools/postgres/node_modules/.stamp: tools/postgres/package-lock.json
	@tools/require.sh
	cd tools/postgres && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Used where Google's emulator is not installed.
tools/firestore/node_modules/.stamp: tools/firestore/package-lock.json
	@tools/require.sh
	cd tools/firestore && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

assets/node_modules/.stamp: assets/package-lock.json
	@tools/require.sh
	cd assets && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

assets/dist/manifest.json: assets/node_modules/.stamp $(shell find assets/css assets/js crates -name '*.css' -o -name '*.js' -o -path '*pages*' -name '*.rs') assets/build.mjs assets/icons.mjs
	cd assets && npm run --silent build
	@touch $@

.PHONY: browser
browser:
	@tools/require.sh --browser
