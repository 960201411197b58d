# Every command a developer or a new user needs. `make help` lists them.

VENV    := .venv
PYTHON  ?= $(shell for v in python3.13 python3.12 python3.11 python3; do \
	"$$v" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$v && break; done)
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
# Half the time of the tests passes in waiting for another process, so three run at once, on two cores too; the tests
# of a file stay together, and share what was set up for them.
PYTEST  := $(BIN)/python -m pytest -n 3 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo test fast sipp readers lint format types charts check races mutants soak compile compiled bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "session_fsm needs Python 3.11 or newer; none was found"; exit 2; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment (Debian: apt-get install python3-venv)"; exit 2; }
	@echo "installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: $(STAMP) ## install into .venv

demo: $(STAMP) ## two processes call each other and each hears the other
	@$(BIN)/session-fsm demo $(ARGS)

test: $(STAMP) sipp readers ## all tests; SIPp is installed by apt where that is allowed
	$(PYTEST) $(ARGS)

fast: $(STAMP) ## the tests that take no time and need no other program
	$(PYTEST) -m "not slow and not wire" $(ARGS)

# SIPp is a program that nobody here wrote: the tests drive it against us in both directions.
sipp: ## SIPp, by apt where that is allowed
	@command -v sipp >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing sip-tester"; apt-get update -qq && apt-get install -y -qq --no-install-recommends sip-tester >/dev/null; \
	  else echo "sipp is not installed (Debian: apt-get install sip-tester); its tests will be skipped"; fi; }

# XState, SCION and Mermaid read what `draw` writes; without them their tests are skipped.
READERS := build/readers
readers: ## what reads our drawings, by npm where that is there
	@mkdir -p $(READERS)
	@cmp -s tests/render/programs/package.json $(READERS)/package.json && test -d $(READERS)/node_modules || { \
	  command -v npm >/dev/null && cp tests/render/programs/package.json $(READERS)/ && \
	  timeout 90 npm install --prefix $(READERS) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null 2>&1 || { \
	    rm -rf $(READERS); echo "npm could not fetch XState, SCION and Mermaid; their tests will be skipped"; }; }

lint: $(STAMP) ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## let ruff write the layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) ## mypy, strict
	$(BIN)/mypy

check: $(STAMP) ## every rule of every chart
	$(BIN)/session-fsm check

charts: $(STAMP) ## write docs/charts and docs/events.md from the charts and events
	$(BIN)/python -m tools.charts
	$(BIN)/python -m tools.event_list

races: $(STAMP) ## the published races, sans-IO and over UDP; writes docs/races.md
	$(BIN)/python -m tools.races --wire

mutants: $(STAMP) ## change each row of each chart and see who notices; writes docs/mutants.md
	$(BIN)/python -m tools.mutants $(ARGS)

soak: $(STAMP) ## loss, endurance and mutated datagrams, the long way; writes docs/reliability.md
	$(BIN)/python -m tools.soak $(ARGS)

# Beside the checkout, never in it: a compiled module would hide its source.
compile: $(STAMP) ## build/compiled: a copy whose hot modules are compiled (mypyc)
	$(BIN)/python -m tools.compiled

compiled: compile ## run the fast tests of those modules there
	cd build/compiled && $(CURDIR)/$(BIN)/python -m pytest -n 3 --dist loadfile -q -m "not slow and not wire" \
	  tests/machine tests/sip tests/sdp tests/rtp tests/session tests/runtime tests/user_agent/test_arguments.py $(ARGS)

bench: compile ## measure side by side and print ratios
	$(BIN)/python -m tools.bench $(ARGS)

clean: ## remove what the other targets made
	rm -rf $(VENV) .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build demo-out
