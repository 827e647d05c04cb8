# Kippu's commands. `make run` and `make demo` need nothing but Python 3.11 or newer; with BUS=kafka also Java 17 and Maven.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BUS ?= embedded
STORIES ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help run demo test terms bench lint format lock schemas clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

run: $(INSTALLED)  ## set up, play the stories on real input, stay up until Ctrl-C (BUS=kafka for Kafka, STORIES="svt cwc" for some)
	@exec $(BIN)/kippu up --bus $(BUS) --story $(STORIES:%=--only %)

demo: $(INSTALLED)  ## the same, and exit
	@exec $(BIN)/kippu up --bus $(BUS) --story --exit $(STORIES:%=--only %)

test: $(INSTALLED)  ## set up and pass all tests, with a real PostgreSQL and a real Kafka, every clause among them
	@$(BIN)/python -m pytest -p tests.terms.clause_table

terms: $(INSTALLED)  ## the clauses of all terms, each with its scenarios and whether they pass
	@$(BIN)/python -m pytest -q -p tests.terms.clause_table -m clause tests/terms

bench: $(INSTALLED)  ## measure it, against bare PostgreSQL and a peer (BENCH="--quick" for less): docs/performance.md
	@$(BIN)/uv pip install -q --python $(BIN)/python --target .bench -r bench/requirements.txt
	@PYTHONPATH=.bench $(BIN)/python bench/run.py $(BENCH)

lint: $(INSTALLED)  ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy libs services cli
	@$(BIN)/lint-imports

format: $(INSTALLED)  ## lay the code out, and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(INSTALLED)  ## pin everything of pyproject.toml anew, with hashes, for every platform
	@tools/lock $(BIN)

schemas: $(INSTALLED)  ## export the JSON Schema of every published event to tests/contract/schemas
	@$(BIN)/kippu events schemas tests/contract/schemas

clean:  ## remove what was installed and the embedded mode's data
	@rm -rf $(VENV) .bench .kippu .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(INSTALLED): requirements.lock pyproject.toml tools/setup
	@tools/setup $(PYTHON) $(VENV)
	@touch $@
