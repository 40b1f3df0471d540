# Two commands: `make run` and `make test`. Both make their own environment first, from Python 3.11 and pip alone.

PYTHON ?= python3
VENV := .venv
EDITABLE ?= --editable  # empty, as in CI: the tests run against the package as it is installed

.PHONY: run test test-deep check wheel-check kernel benchmark clean

run: $(VENV)/.ready
	$(VENV)/bin/emu run --cores 4 --variant wakeq

test: $(VENV)/.ready-dev
	$(VENV)/bin/pytest -n 2 --dist loadfile -m "not deep"

test-deep: $(VENV)/.ready-dev
	$(VENV)/bin/pytest -n 2 --dist loadfile -m deep

check: $(VENV)/.ready-dev
	$(VENV)/bin/ruff check emu tests benchmarks
	$(VENV)/bin/ruff format --check emu tests benchmarks
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# The guest's sources and the data files must be in the package as it is installed, not in a checkout alone. Nothing is compiled: the
# tests do that, with the same package.
wheel-check: $(VENV)/.ready-dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/pip install --quiet build/wheel/*.whl
	cd build/wheel && export NUMBA_DISABLE_JIT=1 && venv/bin/emu run --messages 2 --json > run.json && venv/bin/emu report run.json --html page.html && venv/bin/emu bench mcs --cores 1 --rounds 2 > bench.txt && venv/bin/emu machines

# Debian's stock cloud kernel, 27 MB, by apt and without root: tests and benchmarks that boot it skip where it is missing.
kernel: $(VENV)/.ready
	$(VENV)/bin/python benchmarks/debian_kernel.py

benchmark: $(VENV)/.ready
	$(VENV)/bin/python benchmarks/engine_speed.py
	$(VENV)/bin/python benchmarks/exploration.py

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet $(EDITABLE) .
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(VENV)/bin/pip install --quiet $(EDITABLE) '.[dev]'
	touch $@

clean:
	rm -rf $(VENV)
