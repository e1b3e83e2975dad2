# Everything a newcomer needs: Python 3.11+ and make. `make help` lists the targets.
# .venv is made once from requirements.lock; a stamp file keeps the second call quick.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
JARS := .kafka/lib/.fetched
JOBS ?= 2
SEED ?= 1
ROUNDS ?= 3
CASES ?= 1000000

.DEFAULT_GOAL := help
.PHONY: help install demo test test-long mutants kafka lint types bench lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

install: $(READY) ## makes .venv with everything in it

$(READY): requirements.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "shoal needs Python 3.11 or newer, and found none on the PATH: install it, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "no virtual environment could be made: on Debian and Ubuntu, install the package python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## the whole system with simulated visitors; Ctrl-C ends it
	@exec $(BIN)/shoal up --demo

test: $(READY) ## every test
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-long: $(READY) ## a million cases against the reference, then systems broken in every way; SEED=2 for others, CASES, ROUNDS
	@$(BIN)/python -m tests.parity.search --seed $(SEED) --cases $(CASES) --jobs $(JOBS)
	@SEED=$(SEED) ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -n 0 -m long

mutants: $(READY) ## deliberate faults, each of which the tests must catch; JOBS=4 at once
	@$(BIN)/python -m tests.mutants.run --jobs $(JOBS)

kafka: $(JARS) ## fetches Apache Kafka (Java 17+ and Maven), for --broker kafka and the tests on it

$(JARS): deploy/kafka/pom.xml
	@command -v java >/dev/null || { echo "make kafka needs Java 17 or newer, and found no java on the PATH" >&2; exit 1; }
	@command -v mvn >/dev/null || { echo "make kafka needs Maven, and found no mvn on the PATH" >&2; exit 1; }
	@rm -rf .kafka/lib && mkdir -p .kafka/lib
	@mvn --batch-mode --quiet --file deploy/kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/.kafka/lib
	@touch $@ && echo "Apache Kafka is in .kafka/lib"

lint: $(READY) ## ruff, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

types: $(READY) ## mypy, strict
	@$(BIN)/mypy

bench: $(READY) ## every figure that the README quotes
	@$(BIN)/python -m bench.run

lock: ## requirements.lock anew, from pyproject.toml
	@rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]'
	@{ echo "# Exact versions of everything in .venv; made by 'make lock'."; .venv-lock/bin/python -m pip freeze --all --exclude pip --exclude shoal; } > requirements.lock
	@rm -rf .venv-lock build shoal.egg-info

clean: ## removes .venv and the caches
	@rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
