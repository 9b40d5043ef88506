# Every target sets up what it needs: Python 3.11 or later and make are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-long test-oldest lint format docs bench wheel clean

help:
	@echo "make demo    compare the ladder on a small real series, and write the report into build/demo/airline-skrnn"
	@echo "make test    run the tests"
	@echo "make test-long  and those that take minutes"
	@echo "make test-oldest  the tests with the oldest dependencies that are allowed"
	@echo "make lint    check style and formatting"
	@echo "make format  apply the formatting"
	@echo "make docs    build the documentation into docs/_build/html"
	@echo "make bench   run every benchmark in turn"
	@echo "make wheel   build the wheel into dist, with kernels for x86 processors"
	@echo "make clean   remove the environment and everything built"

venv: $(READY)

$(READY): pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	@# Dependency groups need pip 25.1; the one inside a new environment may be older.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group dev
	@touch $@

demo: $(READY)
	mkdir -p build/demo
	cd build/demo && ../../$(BIN)/skrnn demo --force

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-long: $(READY)
	SKRNN_FUZZ=10000 SKRNN_CASES=2000 $(BIN)/python -m pytest -n 2 --dist worksteal -m "long or not long"

test-oldest:
	$(PYTHON) -m venv --clear $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)-oldest/bin/python -m pip install --quiet --constraint tests/oldest.txt \
		--editable ".[all]" --group test
	$(VENV)-oldest/bin/python -m pytest -n 2 --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

wheel: $(READY)
	$(BIN)/python -c "from skrnn.neural.compiled import ship_kernels; print(*ship_kernels())"
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	rm -rf skrnn/neural/fused/compiled

clean:
	rm -rf $(VENV) $(VENV)-oldest build dist docs/_build docs/generated .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
