# make train | test | lint | docs: each makes what it needs in .venv, on a machine that has Python 3.11 or newer and nothing else.

PYTHON ?= python3
ARGS ?=
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check
PROJECTS := $(wildcard pyproject.toml backends/*/pyproject.toml)
PLUGINS := $(patsubst %/pyproject.toml,-e './%[test]',$(wildcard backends/*/pyproject.toml))

.PHONY: train test test-cupy test-gpu lint docs bench bench-compare peers counters

# With a seed, so that what README.md promises can be kept: of twenty runs with others one ended at 97.3 %. ARGS="--seed 2" for another.
train: $(VENV)/.train
	$(RUN) -m arraynet train mnist --seed 1 $(ARGS)

# Two workers are all the parallelism: BLAS threads beside them would only wait for one another.
test: $(VENV)/.test
	OPENBLAS_NUM_THREADS=1 $(RUN) -m pytest -n 2 $(ARGS)

# What `make test` leaves to this: every test that has a backend, on CuPy computing on the CPU. Compiling takes minutes, once.
test-cupy: $(VENV)/.test
	OPENBLAS_NUM_THREADS=1 $(RUN) -m pytest -n 2 --backend cupy -k '[cupy' $(ARGS)

# On a machine with a GPU: all that can run on the CuPy backend, and a line in docs/gpu-runs.md. Elsewhere all is skipped.
# CUDA's libraries, 1.7 GB, are installed where there is a use for them.
test-gpu: $(VENV)/.test
	@! nvidia-smi -L > /dev/null 2>&1 || $(PIP) -e './backends/cupy[cuda12]'
	$(RUN) -m pytest -m gpu --backend cupy $(ARGS)

lint: $(VENV)/.lint
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

# No warnings, every reference found, every notebook run, every example of a docstring; then every link, and a look at the pages.
docs: $(VENV)/.docs
	OPENBLAS_NUM_THREADS=1 $(RUN) -m sphinx -b html -W --keep-going docs docs/_build/html
	$(RUN) -m sphinx -b doctest -W --keep-going -D nb_execution_mode=off docs docs/_build/doctest
	$(RUN) -m pytest tests/docs/test_site.py $(ARGS)

# Quick, on the working tree, nothing kept: steps of the four networks, what an op costs, the book's loops. BENCH=Forward chooses by
# name, BENCH=. takes all: every op on every backend is more than an hour.
BENCH ?= Step|Dispatch|Book|Import
bench: $(VENV)/.bench
	$(RUN) -m asv machine --yes > /dev/null
	$(RUN) -m asv run --quick --python=same --dry-run --show-stderr --bench '$(BENCH)' $(ARGS)

# make bench-compare BASE=main: a revision and the working tree, in turn.
bench-compare: $(VENV)/.bench
	$(RUN) tests/benchmarks/compare.py $(or $(BASE),$(error BASE=revision is missing)) $(ARGS)

# docs/performance.md anew, against the peers that tests/benchmarks/peers/setup.sh put into .asv/peers: an hour.
peers: $(VENV)/.bench
	$(RUN) tests/benchmarks/peers/report.py --run $(ARGS)

# The counters that the tests compare with, written anew.
counters: $(VENV)/.test
	PYTHONPATH=tests $(RUN) -m benchmarks.counting

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

$(VENV)/.docs: $(PROJECTS) | $(RUN)
	$(PIP) -e '.[docs]' $(PLUGINS)
	@touch $@

$(VENV)/.bench: $(PROJECTS) | $(RUN)
	$(PIP) -e '.[bench]' $(PLUGINS)
	@touch $@

$(VENV)/.lint: pyproject.toml | $(RUN)
	$(PIP) -e '.[lint]'
	@touch $@
