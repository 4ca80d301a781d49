# make train | test | lint: each makes what it needs in .venv, on a machine that has Python 3.11 or newer and nothing else.

PYTHON ?= python3
ARGS ?=
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check
PROJECTS := $(wildcard pyproject.toml backends/*/pyproject.toml)
PLUGINS := $(patsubst %/pyproject.toml,-e ./%,$(wildcard backends/*/pyproject.toml))

.PHONY: train test lint

train: $(VENV)/.train
	$(RUN) -m arraynet train mnist $(ARGS)

# Two workers are all the parallelism: BLAS threads beside them would only wait for one another.
test: $(VENV)/.test
	OPENBLAS_NUM_THREADS=1 $(RUN) -m pytest -n 2 $(ARGS)

lint: $(VENV)/.lint
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

$(RUN):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "arraynet needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# Stamps: installed once, and again only when a pyproject.toml has changed.
$(VENV)/.train: pyproject.toml | $(RUN)
	$(PIP) -e '.[plot]'
	@touch $@

$(VENV)/.test: $(PROJECTS) | $(RUN)
	$(PIP) -e '.[test]' $(PLUGINS)
	@touch $@

$(VENV)/.lint: pyproject.toml | $(RUN)
	$(PIP) -e '.[lint]'
	@touch $@
