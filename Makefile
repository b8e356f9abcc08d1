# Each command sets up what it needs first (.venv, from the locked requirements), then does its work.
# Recipes call nothing but Python, so that a bare machine will do.

PYTHON ?= $(shell for p in python3 python python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)
ifeq ($(strip $(PYTHON)),)
$(error No Python 3.11 or newer found on PATH: install one, or name it: make PYTHON=/path/to/python3 ...)
endif

RUNTIME = $(PYTHON) -m tools.python runtime
DEV = $(PYTHON) -m tools.python dev

PORT ?= 8000
PUSH_PORT ?= 8100
SIMULATOR_PORT ?= 9100
DATA ?= var/demo
SECONDS ?= 600
SEED ?= 1
DATABASE ?= sqlite
WHAT ?= trouble
WX_CONFIG ?= config.toml
CONFIG ?= $(WX_CONFIG)
ROUNDS ?= 5
RACES = tests/catalog/test_stock.py tests/flows/reconcile/test_at_once.py
SWEEPS = tests/console/test_naughty.py tests/terminal/test_naughty.py tests/storefront/test_naughty.py
HISTORIES = tests/handlers/test_histories.py
MACHINES = tests/ledger/test_machine.py tests/settlement/test_machine.py tests/flows/test_trade_machine.py

.DEFAULT_GOAL := help
.PHONY: help demo story doctor chaos endure test quick nightly lint bench hosts planted migration lock sbom advisories history format clean

help:
	@$(PYTHON) -m tools.menu

demo: ## everything on this machine: services, simulator, web, push door, workers, clock; PORT=, PUSH_PORT=, SIMULATOR_PORT=, DATA=
	@$(RUNTIME) -m demo --port $(PORT) --push-port $(PUSH_PORT) --simulator-port $(SIMULATOR_PORT) --data "$(DATA)"

story: ## the whole story headless, checked against database and witness; then 60 s of trouble; ARGS="--chaos 0"
	@$(RUNTIME) -m demo.story $(ARGS)

doctor: export WX_CONFIG := $(CONFIG)
doctor: ## every setting of a real account, and what to do next; CONFIG=config.toml, ARGS="--trial-order NUMBER"
	@$(RUNTIME) -m wx_backend.cli doctor $(ARGS)

chaos: ## ten minutes of trouble on real processes, then every invariant; SECONDS=, SEED= (the same schedule again), DATABASE=sqlite|postgresql|URL
	@$(DEV) -m demo.chaos --seconds $(SECONDS) --seed $(SEED) --database "$(DATABASE)"

endure: ## one thing for as long as asked, counts in one JSON line; WHAT=trouble|kills|duplicates|sale|restarts|fuzz|hosts|soak|callbacks|notices|sends|access|bill|restore, SECONDS=, SEED=, DATABASE=sqlite|postgresql; WHAT=all ROUNDS=, then WHAT=table
	@$(DEV) -m bench.endure $(WHAT) --seconds $(SECONDS) --seed $(SEED) --database "$(DATABASE)" --rounds $(ROUNDS) --journal build/endure.jsonl $(ARGS)

test: ## everything CI runs: lint, types, layers, tests on SQLite and PostgreSQL, browser tests
	@$(DEV) -m tools.checks

quick: ## pytest alone, on SQLite; ARGS="tests/members -k follow" narrows it
	@$(DEV) -m pytest -q --database=sqlite -m "not browser" $(ARGS)

nightly: ## the state machines of money (2,000 sequences of 50 steps), races a hundred times larger, fuzzers and histories of pushes (5,000 each), every naughty text in every form; ARGS="-k ledger" narrows it
	@$(DEV) -m pytest -q --sequences=2000 --steps=50 --size=100 --examples=5000 --slice=all --timeout=0 $(MACHINES) $(RACES) $(SWEEPS) $(HISTORIES) tests/fuzzing $(ARGS)

lint: ## ruff, mypy, import-linter
	@$(DEV) -m tools.checks --lint

bench: ## the figures, side by side
	@$(DEV) -m bench $(ARGS)

hosts: ## two web hosts, two worker hosts, a database with a standby, in network namespaces: five go silent in turn, nothing is lost
	@$(DEV) -m demo.hosts $(ARGS)

planted: ## known bugs, each alone in a copy: the tests must catch it; ARGS="money" narrows it, ARGS=--resume goes on
	@$(DEV) -m tools.planted $(ARGS)

migration: ## a new migration from the models; m="add refund reason"
	@$(DEV) -m tools.migration "$(m)"

lock: ## write requirements/*.txt anew from pyproject.toml; ARGS=--upgrade for newer versions
	@$(DEV) -m tools.lock $(ARGS)

sbom: ## the bill of materials of the runtime lock (CycloneDX), in build/sbom.json; ARGS="--lock requirements/dev.txt"
	@$(DEV) -m tools.sbom $(ARGS)

advisories: ## ask the network whether something is known against a locked package; says plainly when nobody can be asked
	@$(DEV) -m tools.advisories $(ARGS)

history: ## search every commit for keys and secrets; ARGS="--texts FILE" for other texts too
	@$(DEV) -m tools.history $(ARGS)

format: ## ruff's formatter and its safe repairs
	@$(DEV) -m ruff check --fix-only --quiet .
	@$(DEV) -m ruff format .

clean: ## remove caches, build results and the demo's data; ARGS=--all takes .venv too
	@$(PYTHON) -m tools.clean $(ARGS)
