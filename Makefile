# Everything here works on a fresh Debian or Ubuntu with Python 3.11+, make and git. `make help` lists the words.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test test-long test-slow check style types floors generated house browser-types generate format build screenshots bench lock clean venv venv-dev console peers

PYTHON := .venv/bin/python
NPM := scripts/console.sh npm

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r word text; do printf '  make %-12s %s\n' "$$word" "$$text"; done
	@printf '\nHUB_PORT (8080) and HUB_DATA_DIR (./var) are passed on: make run HUB_PORT=9000\n'

run: venv console ## The hub with demo agents and a sample shop page, on http://localhost:8080
	@exec .venv/bin/hub demo

# CI takes the long ones along.
ORDINARY = $(if $(filter true,$(CI)),not slow,not slow and not long)

test: venv-dev console peers ## The tests of both sides but the long and the slow ones (ARGS="…" goes to pytest)
	@$(NPM) test
	@$(PYTHON) -m pytest -m "$(ORDINARY)" -n auto --dist loadfile $(ARGS)

test-long: venv-dev console peers ## The long tests: browsers, kills, real telephones
	@$(PYTHON) -m pytest -m "long and not slow" -n auto --dist loadfile $(ARGS)

test-slow: venv-dev console peers ## The slow tests: crashes, load, whole days
	@$(PYTHON) -m pytest -m slow $(ARGS)

check: style types floors generated house browser-types ## Style, types, import floors, house rules (make -k check shows all at once)

style: venv-dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: venv-dev
	@.venv/bin/mypy

floors: venv-dev
	@.venv/bin/lint-imports --no-logo

generated: venv-dev
	@$(PYTHON) -m hub.console.typescript --check

house: venv-dev
	@$(PYTHON) -m pytest -q tests/house

browser-types: venv-dev
	@$(NPM) run check

format: venv-dev ## Lays the Python code out and mends what can be mended
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

generate: venv-dev ## Writes the console's TypeScript types anew from the Python ones
	@$(PYTHON) -m hub.console.typescript --write

build: venv console ## The wheel with the console inside, in dist/
	@.venv/bin/uv build --quiet --wheel --out-dir dist --build-constraints requirements-build.lock
	@ls -1 dist

screenshots: venv-dev console peers ## Every screen in every size and light, into var/screenshots
	@$(PYTHON) -m tests.screenshots

bench: venv console ## The figures of `hub bench` (ARGS="--only routing --json")
	@exec .venv/bin/hub bench $(ARGS)

lock: venv ## Writes the lock files anew: newest versions that pyproject.toml and package.json allow
	@scripts/lock.sh
	@$(NPM) update --package-lock-only

clean: ## Removes all that was made here but the data in var/
	@rm -rf .venv .make hub/static dist agent_ui/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

venv:
	@scripts/venv.sh run

venv-dev:
	@scripts/venv.sh dev

console: venv
	@scripts/console.sh build

peers:
	@scripts/peers.sh
